//! Somebody's text in a message: bounded, on one line, and only where it can be shown at all.

use std::borrow::Cow;

/// The longest name that Kubernetes has.
const LONGEST_NAME: usize = 253;

/// Whether text looks like a name, or like an attempt at one. What does not may be a credential spec that got into
/// the wrong field, and is not shown.
pub(crate) fn is_name(text: &str) -> bool {
    let of_names = |c: char| c.is_ascii_alphanumeric() || "-_./%: ".contains(c);
    text.len() <= LONGEST_NAME && text.chars().all(of_names)
}

/// A name as it is; other text by its length.
pub(crate) fn name(text: &str) -> Cow<'_, str> {
    match is_name(text) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("<{} bytes>", text.len())),
    }
}

/// The same in quotes, as upstream writes service accounts, pods and containers.
pub(crate) fn quoted(text: &str) -> String {
    match is_name(text) {
        true => format!("\"{text}\""),
        false => name(text).into_owned(),
    }
}

/// The name of a user in quotes. An authenticator may give any text as one, so it is escaped, and cut where it is long.
pub(crate) fn free(text: &str) -> String {
    const LONGEST: usize = 256;
    let is_cut = text.chars().nth(LONGEST).is_some();
    let start: String = text.chars().take(LONGEST).collect();
    // Escapes what cannot be printed, marks that turn the direction of text among it.
    format!("{start:?}{}", if is_cut { "..." } else { "" })
}

/// What a caller says about a failure, as part of one line, and no longer than a line can be.
pub(crate) fn line(text: &str) -> String {
    const LONGEST: usize = 1024;
    let mut line: String = text.chars().take(LONGEST).flat_map(escape_control).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push_str("...");
    }
    line
}

fn escape_control(c: char) -> impl Iterator<Item = char> {
    let (escaped, kept) = match c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
        true => (Some(c.escape_default()), None),
        false => (None, Some(c)),
    };
    escaped.into_iter().flatten().chain(kept)
}
