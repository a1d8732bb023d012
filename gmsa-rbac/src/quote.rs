//! Text inside other text: as Go's `%q` prints it, as a sentence shows it, as a shell and as JSON read it.

use std::fmt::Write as _;

/// Quotes as Go's `%q` does, which is how the API server writes names into its reasons.
///
/// Source: Go `strconv/quote.go`, `Quote`.
pub(crate) fn go(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            ' '..='~' => quoted.push(c),
            _ => push_non_ascii(&mut quoted, c),
        }
    }
    quoted.push('"');
    quoted
}

fn push_non_ascii(quoted: &mut String, c: char) {
    // Rust's own quoting knows which characters can be printed. It escapes a combining mark at the start of a
    // text only, and Go escapes none, hence the letter before it.
    let printable = !format!("a{c}").escape_debug().to_string().contains('\\');
    let code = u32::from(c);
    // Writing to a String cannot fail.
    let _ = match code {
        _ if printable => write!(quoted, "{c}"),
        0..0x80 => write!(quoted, "\\x{code:02x}"),
        0x80..0x1_0000 => write!(quoted, "\\u{code:04x}"),
        _ => write!(quoted, "\\U{code:08x}"),
    };
}

/// A name within a sentence: in backticks, and on one line whatever it contains.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().saturating_add(2));
    shown.push('`');
    for c in text.chars() {
        match c {
            // U+2028 and U+2029 break lines too, in some viewers.
            _ if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => shown.extend(c.escape_default()),
            _ => shown.push(c),
        }
    }
    shown.push('`');
    shown
}

/// A word of a shell command: as it stands if no shell can take it for something else, else in single quotes.
pub(crate) fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/' | '=');
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A JSON string.
///
/// Source: RFC 8259 section 7.
pub(crate) fn json(text: &str) -> String {
    let mut json = String::with_capacity(text.len().saturating_add(2));
    json.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            // Writing to a String cannot fail.
            _ if c.is_control() => drop(write!(json, "\\u{:04x}", u32::from(c))),
            _ => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::{go, json, shell, shown};

    #[test]
    fn go_quoting_is_that_of_strconv() {
        assert_eq!(go("b8/team-b"), r#""b8/team-b""#);
        assert_eq!(go("a\"b\\c\n\u{7}\u{1}\u{7f}"), r#""a\"b\\c\n\a\x01\x7f""#);
        assert_eq!(go("é世\u{301}"), "\"é世\u{301}\"");
        assert_eq!(go("'"), "\"'\"");
        assert_eq!(go("\u{a0}\u{200b}\u{2028}\u{e0001}"), r#""\u00a0\u200b\u2028\U000e0001""#);
    }

    #[test]
    fn a_shell_gets_one_word_and_a_sentence_one_line() {
        assert_eq!(shell("--role=use-gmsa"), "--role=use-gmsa");
        assert_eq!(shell("it's; rm"), r"'it'\''s; rm'");
        assert_eq!(shell(""), "''");
        assert_eq!(shown("a\nb"), r"`a\nb`");
        assert_eq!(json("a\"\n"), r#""a\"\u000a""#);
    }
}
