use crate::generate::ordered::in_order;
use crate::generate::write_error::key;
use crate::generate::{WriteError, WriteErrorKind};
use crate::json::{Node, Value};
use crate::pointer::Segment;

/// Writes a value in block style, from a cursor that stands at `column`. It ends without a line feed.
///
/// Every text is in double quotes and ASCII, so that a reader of YAML 1.1 and one of 1.2 see the same: without
/// quotes the one reads `NO` as false, `0123` as 83 and a GUID in braces as a map. The recursion is as deep as the
/// nesting, which [`with_document`](super::ordered::with_document) limits.
pub(crate) fn write_block<'n>(
    node: &'n Node<'_>,
    column: usize,
    path: &mut Vec<Segment<'n>>,
    out: &mut String,
) -> Result<(), WriteError> {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number_for_all_readers(number.literal())),
        Value::String(text) => out.push_str(&quoted(text)),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                start_line(index, column, out);
                out.push_str("- ");
                path.push(Segment::Index(index));
                write_block(item, column.saturating_add(2), path, out)?;
                path.pop();
            }
        }
        Value::Object(members) if members.is_empty() => out.push_str("{}"),
        Value::Object(members) => {
            for (index, member) in in_order(members).into_iter().enumerate() {
                start_line(index, column, out);
                path.push(key(&member.key));
                let name =
                    if is_plain_key(&member.key) { member.key.to_string() } else { quoted(&member.key) };
                if name.len() > LONGEST_KEY {
                    return Err(WriteError::new(WriteErrorKind::LongKey, path));
                }
                out.push_str(&name);
                out.push(':');
                let inner = column.saturating_add(2);
                if is_block(&member.node) {
                    out.push('\n');
                    out.push_str(&" ".repeat(inner));
                } else {
                    out.push(' ');
                }
                write_block(&member.node, inner, path, out)?;
                path.pop();
            }
        }
    }
    Ok(())
}

/// Text in double quotes, as ASCII.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(character),
            // YAML joins no surrogates, and has escapes of eight digits.
            _ => match u32::from(character) {
                code @ ..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    out.push('"');
    out
}

/// Whether every reader takes the text for itself when it stands without quotes after a key. Doubtful texts are
/// said not to be.
///
/// Source: YAML 1.1, the language-independent types `bool`, `float`, `int`, `merge`, `null`, `timestamp`.
pub(super) fn is_plain(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let is_printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    starts_well
        && is_printable
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !is_word(text)
        && !is_number(text)
        && !is_date(text)
}

/// YAML 1.1 lets a key and its `:` span 1024 characters of one line.
const LONGEST_KEY: usize = 1000;

fn start_line(index: usize, column: usize, out: &mut String) {
    if index > 0 {
        out.push('\n');
        out.push_str(&" ".repeat(column));
    }
}

fn is_block(node: &Node<'_>) -> bool {
    match &node.value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => false,
    }
}

fn is_plain_key(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && is_plain(text)
}

/// YAML 1.1 sees floating point only in numbers with a point, and an exponent only with a sign.
fn number_for_all_readers(literal: &str) -> String {
    let Some((mantissa, exponent)) = literal.split_once(['e', 'E']) else {
        return literal.to_owned();
    };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
    format!("{mantissa}{point}e{sign}{exponent}")
}

fn is_word(text: &str) -> bool {
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text))
}

/// Numbers as the schemas of YAML 1.1 and 1.2 have them, and what comes close: with `_`, base 60, base 2, 8 and 16.
fn is_number(text: &str) -> bool {
    let is_decimal = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'_' | b'.' | b':'))
    };
    let is_exponent = |text: &str| {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    let is_based = |text: &str| {
        ["0x", "0o", "0b"]
            .iter()
            .any(|base| text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(base)))
            && text.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit() || byte == b'_')
    };
    is_decimal(text)
        || is_based(text)
        || text
            .split_once(['e', 'E'])
            .is_some_and(|(mantissa, exponent)| is_decimal(mantissa) && is_exponent(exponent))
}

/// `2001-12-14`, with or without a time.
fn is_date(text: &str) -> bool {
    let date = text.split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = date.split('-').collect();
    let is_digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    parts.iter().all(is_digits)
        && matches!(parts.as_slice(), [year, month, day]
            if year.len() == 4 && matches!(month.len(), 1 | 2) && matches!(day.len(), 1 | 2))
}
