//! How the programs end, and how they say what went wrong.

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};

/// The exit code for input that cannot be used. Nothing was printed on the standard output then.
pub const BAD_INPUT: u8 = 2;

/// Errors as red; only what goes to a terminal is coloured.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What is as it should be.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What the reader may want to look at.
pub const NOTE: Style = AnsiColor::Yellow.on_default();
/// What can be skipped.
pub const FAINT: Style = Style::new().dimmed();

/// Errors beyond these are counted, not shown: a folder that holds something else has thousands.
const MOST_ERRORS: usize = 20;

/// Ends a program over bad input: a line for each error on the standard error.
pub fn bad_input<E: Display>(errors: impl IntoIterator<Item = E>) -> ExitCode {
    let mut errors = errors.into_iter();
    for error in errors.by_ref().take(MOST_ERRORS) {
        anstream::eprintln!("{BAD}error{BAD:#}: {error}");
    }
    match errors.count() {
        0 => {}
        more => anstream::eprintln!("{BAD}error{BAD:#}: and {more} more"),
    }
    ExitCode::from(BAD_INPUT)
}

/// A fix as it stands under what it mends; commands stand alone on their lines, ready to be copied.
pub fn fix<C: Display>(what: &str, commands: impl IntoIterator<Item = C>) -> String {
    let mut text = format!("    {}: {what}", styled(GOOD, "fix"));
    for (index, command) in commands.into_iter().enumerate() {
        let colon = if index == 0 && !what.is_empty() { ":" } else { "" };
        text.push_str(&format!("{colon}\n      {command}"));
    }
    text + "\n"
}

/// A fix that is either a sentence or commands, one a line.
pub fn fix_or_commands(fix: &str) -> String {
    match ["kubectl ", "echo "].iter().any(|command| fix.starts_with(command)) {
        true => self::fix("run", fix.lines()),
        false => self::fix(fix, [""; 0]),
    }
}

/// The text with `style`, which disappears where colours are not shown.
pub fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// A name on one line, without what a terminal would take for a command.
pub fn one_line(text: impl Display) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let escaped = |c: char| match breaks(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.to_string().chars().map(escaped).collect()
}

/// Prints text in one go, and gives the program its exit code. A reader that has gone away, as `head` does, is no
/// error; what cannot be written otherwise is lost, and said so.
pub fn print(text: &str, code: ExitCode) -> ExitCode {
    write(anstream::stdout().lock(), text, code)
}

/// Prints what other programs read, byte for byte: what [`print()`] takes for a colour could be part of it.
pub fn print_exactly(text: &str, code: ExitCode) -> ExitCode {
    write(io::stdout().lock(), text, code)
}

fn write(mut out: impl Write, text: &str, code: ExitCode) -> ExitCode {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            bad_input([format!("the standard output cannot be written: {error}")])
        }
        _ => code,
    }
}
