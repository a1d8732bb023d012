use super::error::SourceErrorKind;
use super::node::NodeValue;
use crate::number::{Number, write_canonical};

/// What a scalar without quotes and without a tag is.
///
/// Source: sigs.k8s.io/yaml, `goyaml.v2/resolve.go`, through which `kubectl` reads, and the JSON that it makes of the
/// values. Those are the rules of YAML 1.1, but for numbers of base 60. What looks like a time stays a string.
///
/// # Errors
/// A number that JSON does not have.
pub(super) fn resolve(text: &str) -> Result<NodeValue, SourceErrorKind> {
    let value = match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            NodeValue::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            NodeValue::Bool(false)
        }
        "" | "~" | "null" | "Null" | "NULL" => NodeValue::Null,
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf"
        | "-.Inf" | "-.INF" => return Err(SourceErrorKind::NumberNotJson),
        _ if text.starts_with(['+', '-']) || text.starts_with(|first: char| first.is_ascii_digit()) => {
            number(&text.replace('_', ""))?.unwrap_or_else(|| NodeValue::String(text.to_owned()))
        }
        _ if text.starts_with('.') => float(text).unwrap_or_else(|| NodeValue::String(text.to_owned())),
        _ => NodeValue::String(text.to_owned()),
    };
    Ok(value)
}

fn number(text: &str) -> Result<Option<NodeValue>, SourceErrorKind> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)),
        [b'0', _, ..] => (8, digits.get(1..)),
        _ => (10, Some(digits)),
    };
    let digits =
        digits.filter(|digits| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix)));
    if let Some(magnitude) = digits.and_then(|digits| u64::from_str_radix(digits, radix).ok()) {
        // Go reads an unsigned number after a signed one alone fails, and then takes no sign.
        let limit = if sign == "-" {
            1 << 63
        } else if text.starts_with('+') {
            (1 << 63) - 1
        } else {
            u64::MAX
        };
        if magnitude <= limit {
            let sign = if magnitude == 0 { "" } else { sign };
            return Ok(Some(NodeValue::Number(format!("{sign}{magnitude}").into())));
        }
    }
    match float(text) {
        Some(float) => Ok(Some(float)),
        // Kubernetes hands it on as an integer that nothing reads.
        None if digits.is_some() => Err(SourceErrorKind::NumberNotJson),
        None => Ok(None),
    }
}

/// Digits with a point or an exponent, or more digits than an integer has.
fn float(text: &str) -> Option<NodeValue> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // Rust has words for numbers that Go does not accept here.
    let digits = unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let value: f64 = text.parse().ok().filter(|value: &f64| digits && value.is_finite())?;
    let literal = format!("{value:e}");
    let mut canonical = String::new();
    write_canonical(Number::in_range(&literal)?, &mut canonical);
    Some(NodeValue::Number(canonical.into()))
}
