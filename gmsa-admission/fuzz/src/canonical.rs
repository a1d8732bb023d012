//! Two texts, apart by a NUL: canonical writing and comparison against what `serde_json` makes of them.

use gmsa_credspec::{CanonicalContents, compare, read};
use serde_json::{Map, Number, Value};

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (left, right) = text.split_once('\0').unwrap_or((text, text));
    let (Some(naive_left), Some(naive_right)) = (check(left), check(right)) else {
        assert!(!compare(left, right).is_equal());
        assert!(!compare(right, left).is_equal());
        return;
    };
    let equal = compare(left, right).is_equal();
    assert_eq!(equal, compare(right, left).is_equal());
    let canonical = CanonicalContents::from_json(left).unwrap();
    if equal {
        assert_eq!(canonical, CanonicalContents::from_json(right).unwrap());
    }
    // Numbers are told apart by their digits here, and by what a floating-point number can hold there.
    if has_only_integers(&naive_left) && has_only_integers(&naive_right) {
        assert_eq!(equal, naive_left == naive_right);
        assert_eq!(equal, canonical.compare(right).is_equal());
    } else if equal {
        assert_eq!(rounded(naive_left), rounded(naive_right));
    }
}

/// What the text says, if it is one document read strictly.
fn check(text: &str) -> Option<Value> {
    let naive = serde_json::from_str::<Map<String, Value>>(text).map(Value::Object);
    let canonical = match CanonicalContents::from_json(text) {
        Ok(canonical) => canonical,
        Err(error) => {
            assert!(read(text).is_err());
            let before = text.get(..error.offset()).expect("an error lies within the text");
            assert_eq!(error.line(), before.matches('\n').count() + 1);
            return None;
        }
    };
    let naive = naive.expect("what is read strictly is JSON");
    assert!(read(text).is_ok());
    let again = CanonicalContents::from_json(canonical.as_str()).unwrap();
    assert_eq!(again, canonical, "canonical writing is a fixed point");
    let reread: Value = serde_json::from_str(canonical.as_str()).unwrap();
    assert_eq!(rounded(reread), rounded(naive.clone()));
    if has_only_integers(&naive) {
        assert_eq!(canonical.as_str(), as_go_writes(&naive));
    }
    Some(naive)
}

fn has_only_integers(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_i64(),
        Value::Array(items) => items.iter().all(has_only_integers),
        Value::Object(members) => members.values().all(has_only_integers),
        _ => true,
    }
}

/// The value with every number as floating point, and no minus zero.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let float = number.as_f64().expect("a number") + 0.0;
            Value::Number(Number::from_f64(float).expect("a finite number"))
        }
        Value::Array(items) => items.into_iter().map(rounded).collect(),
        Value::Object(members) => members.into_iter().map(|(key, value)| (key, rounded(value))).collect(),
        other => other,
    }
}

/// `serde_json` sorts keys and escapes as Go does, but for these characters, which stand in texts alone.
fn as_go_writes(value: &Value) -> String {
    let mut text = value.to_string();
    for (character, escape) in [
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u{2028}", "\\u2028"),
        ("\u{2029}", "\\u2029"),
    ] {
        text = text.replace(character, escape);
    }
    text
}
