use std::{io, panic};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{LogFormat, Settings};

/// The library and the program.
const OWN: [&str; 2] = [env!("CARGO_CRATE_NAME"), "webhook"];

/// How much is logged, with the names that upstream's image knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level(LevelFilter);

/// Reads a level by its name in logrus.
///
/// Source: sirupsen/logrus `logrus.go`, `ParseLevel`.
pub(crate) fn level(text: &str) -> Result<Level, &'static str> {
    Ok(Level(match text.to_ascii_lowercase().as_str() {
        // Here nothing is worse than an error.
        "panic" | "fatal" | "error" => LevelFilter::ERROR,
        "warn" | "warning" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => return Err("write panic, fatal, error, warn, info, debug or trace"),
    }))
}

/// Starts logging to the standard output. Only this program's own lines: what libraries log may quote what they read,
/// and credential specs must not get into a log.
pub fn start(settings: &Settings) {
    let Level(level) = settings.log_level();
    let own = filter::Targets::new().with_targets(OWN.map(|target| (target, level)));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_target(false).with_writer(io::stdout);
    let lines = match settings.log_format() {
        LogFormat::Text => lines.with_filter(own).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(own).boxed(),
    };
    // A second start, in tests, changes nothing.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// Makes panics leave a line with their place alone: their message may quote what was worked on.
pub fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}
