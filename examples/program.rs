//! How the programs end, and how they say what went wrong.

use std::{fmt::Display, process::ExitCode};

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
pub fn fix(fix: &str) -> String {
    let mut fix = fix.replace(" && ", "\n").replace(": kubectl", ":\nkubectl");
    if fix.starts_with("kubectl") {
        fix.insert(0, '\n');
    }
    let gap = if fix.starts_with('\n') { "" } else { " " };
    format!("    {}:{gap}{}\n", styled(GOOD, "fix"), fix.replace('\n', "\n      "))
}

/// The text with `style`, which disappears where colours are not shown.
pub fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Prints text in one go. A reader that has gone away, as `head` does, is no error.
pub fn print(text: &str) {
    use std::io::Write;

    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
