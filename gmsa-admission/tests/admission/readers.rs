//! A review is read the same however it is spelt, by the quick reader and by the one behind it.

use std::{fmt::Write, fs};

use gmsa_admission::{Request, TemplateRequest, strategy};
use proptest::{
    collection,
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Value, json};

use crate::fuzz::readers;

/// What a field may have instead of what it should have.
fn surprise() -> impl Strategy<Value = Value> {
    let number = select(vec![
        "-0",
        "0",
        "1.5",
        "1e3",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
    ]);
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number.prop_map(|number| serde_json::from_str(number).unwrap()),
        select(vec![
            "",
            "a\"b\\c/d\u{8}\u{c}\n\r\t\u{1}",
            "\u{e9}\u{2028}\u{1f600}",
            "gmsaCredentialSpec",
            "webapp0"
        ])
        .prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[{"gmsaCredentialSpecName": "webapp0"}]])),
        Just(
            json!({"securityContext": {"windowsOptions": {"gmsaCredentialSpec": "{}", "gmsaCredentialSpecs": [1]}}})
        ),
    ]
}

/// Every value in a review, in order.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    let segment = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| pointers(value, &segment(key), all)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, value)| pointers(value, &segment(&n.to_string()), all))
        }
        _ => {}
    }
}

/// A review of a pod or of a Deployment with the pod as its template, in which some values are others.
fn review() -> impl Strategy<Value = Value> {
    let changes = collection::vec((any::<Index>(), surprise()), 0..3);
    (strategy::review_bytes(), any::<bool>(), changes).prop_map(|(body, is_template, changes)| {
        let mut review: Value = serde_json::from_slice(&body).unwrap();
        if is_template {
            review["request"]["kind"] = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
            for object in ["object", "oldObject"] {
                let template = review["request"][object].take();
                if !template.is_null() {
                    review["request"][object] =
                        json!({"metadata": {"name": "web"}, "spec": {"template": template}});
                }
            }
        }
        for (index, value) in changes {
            let mut all = Vec::new();
            pointers(&review, "", &mut all);
            if let Some(there) = review.pointer_mut(index.get::<String>(&all)) {
                *there = value;
            }
        }
        review
    })
}

/// Spells a value as the next numbers say: space anywhere, letters as escapes.
fn spell(value: &Value, how: &mut impl Iterator<Item = u8>, text: &mut String) {
    fn space(how: &mut impl Iterator<Item = u8>, text: &mut String) {
        text.push_str(match how.next() {
            Some(0) => " ",
            Some(1) => "\n\t",
            Some(2) => "\r\n  ",
            _ => "",
        });
    }
    fn string(string: &str, how: &mut impl Iterator<Item = u8>, text: &mut String) {
        if how.next() != Some(3) {
            text.push_str(&Value::from(string).to_string());
            return;
        }
        text.push('"');
        for unit in string.encode_utf16() {
            write!(text, "\\u{unit:04x}").unwrap();
        }
        text.push('"');
    }
    space(how, text);
    match value {
        Value::Object(fields) => {
            text.push('{');
            for (index, (key, value)) in fields.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                space(how, text);
                string(key, how, text);
                space(how, text);
                text.push(':');
                spell(value, how, text);
            }
            text.push('}');
        }
        Value::Array(list) => {
            text.push('[');
            for (index, value) in list.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                spell(value, how, text);
            }
            text.push(']');
        }
        Value::String(text_of_it) => string(text_of_it, how, text),
        scalar => text.push_str(&scalar.to_string()),
    }
    space(how, text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4 * ProptestConfig::default().cases))]

    #[test]
    fn both_readers_see_the_same_in_any_review(review in review()) {
        readers::run(review.to_string().as_bytes());
    }

    #[test]
    fn both_readers_see_the_same_in_damaged_reviews(
        review in review(),
        damage in collection::vec((any::<Index>(), select(b"{}[]\",:\\ \n\0-+.eE01nul\xff\xc3".to_vec()), 0..3_u8), 1..3),
    ) {
        let mut body = review.to_string().into_bytes();
        for (index, byte, how) in damage {
            prop_assume!(!body.is_empty());
            let at = index.index(body.len());
            match how {
                0 => body.insert(at, byte),
                1 => drop(body.remove(at)),
                _ => body.truncate(at.max(1)),
            }
        }
        readers::run(&body);
    }

    /// Space and escapes are no part of what is said. Mostly plain, so that most of it is read quickly.
    #[test]
    fn spelling_changes_nothing(review in review(), how in collection::vec(prop_oneof![30 => Just(9), 1 => 0..4_u8], 64)) {
        let mut spelt = String::new();
        spell(&review, &mut how.into_iter().cycle(), &mut spelt);
        let plain = review.to_string();
        readers::run(spelt.as_bytes());
        prop_assert_eq!(Request::from_slice(plain.as_bytes()).ok(), Request::from_slice(spelt.as_bytes()).ok());
        let template = |text| TemplateRequest::from_slice(text).ok();
        prop_assert_eq!(template(plain.as_bytes()), template(spelt.as_bytes()));
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "recordings are files")]
fn both_readers_see_the_same_in_what_an_api_server_sent() {
    let mut reviews = 0;
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/admission")).unwrap() {
        let recording: Value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let Some(review) = recording.get("request") else { continue };
        readers::run(review.to_string().as_bytes());
        readers::run(serde_json::to_string_pretty(review).unwrap().as_bytes());
        reviews += 1;
    }
    assert!(reviews >= 61, "only {reviews} recordings were found");
}

/// A review of a pod with this in its `spec`.
fn with(members: &str) -> String {
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","operation":"CREATE",
        "kind":{{"kind":"Pod"}},"object":{{"spec":{{{members},"containers":[]}}}}}}}}"#
    )
}

fn is_read(body: &str) -> bool {
    readers::run(body.as_bytes());
    Request::from_slice(body.as_bytes()).is_ok()
}

fn unknown_places(body: &str) -> Vec<String> {
    readers::run(body.as_bytes());
    let request = Request::from_slice(body.as_bytes()).unwrap();
    request.pod().unwrap().unknown_places().to_vec()
}

/// What the quick reader skips must be JSON all the same.
#[test]
fn every_form_of_a_value_is_taken_or_refused_as_json_says() {
    for value in [
        "0",
        "-0",
        "10",
        "1.0",
        "0.5e1",
        "1E+2",
        "1e-2",
        "true",
        "null",
        "[ ]",
        "{ }",
        "\"\\u00e9\\ud800\"",
        "\"\\/\"",
    ] {
        assert!(is_read(&with(&format!("\"x\":{value}"))), "{value}");
    }
    for value in [
        "",
        "00",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1.e1",
        "1e",
        "1e+",
        "0x1",
        "1 2",
        "tru",
        "truee",
        "nul",
        "NaN",
        "'a'",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{\"a\" 1}",
        "{a:1}",
        "{1:1}",
        "[}",
        "{]",
        "[1}",
        "{\"a\":1]",
        "[[1}]",
        "{\"a\":[1}]",
        "[{\"a\":1]}",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\u{1}\"",
        "\"\n\"",
    ] {
        assert!(!is_read(&with(&format!("\"x\":{value}"))), "{value}");
    }
}

/// What it does not skip means what `serde_json` says.
#[test]
fn looked_at_values_are_taken_or_refused_as_serde_json_says() {
    for (members, taken) in [
        (r#""hostname":"\ud83d\ude00\"\\\/\b\f\n\r\t\u00e9""#, true),
        (r#""hostname":"\ud800""#, false),
        (r#""hostname":"\ud800\u0041""#, false),
        (r#""hostname":"\udc00""#, false),
        (r#""securityContext":{"windowsOptions":{"gmsaCredentialSpec":"\ud800"}}"#, false),
        (r#""securityContext":{"windowsOptions":{"gmsaCredentialSpec":"{\"a\":\"\\u0041\u003c\"}"}}"#, true),
        (r#""securityContext":{"windowsOptions":{"hostProcess":-0}}"#, false),
        (r#""hostname":0"#, false),
        (r#""hostname":"a","hostname":"b""#, false),
    ] {
        assert_eq!(is_read(&with(members)), taken, "{members}");
    }
    for (number, taken) in
        [("-0", false), ("0", true), ("-1", true), ("9223372036854775808", false), ("1.0", false)]
    {
        let body = with("\"x\":0").replace(
            r#""kind":{"kind":"Pod"}"#,
            r#""kind":{"group":"apps","version":"v1","kind":"Deployment"}"#,
        );
        let body = body.replace("\"x\":0", &format!("\"replicas\":{number},\"template\":{{}}"));
        readers::run(body.as_bytes());
        assert_eq!(TemplateRequest::from_slice(body.as_bytes()).is_ok(), taken, "{number}");
    }
}

/// Wherever a key stands in what is skipped, it is met.
#[test]
fn no_key_of_a_skipped_value_goes_uncounted() {
    for (members, place) in [
        (r#""debugs":[{"gmsaCredentialSpecName":"w","x":1}]"#, "/spec/debugs/0/gmsaCredentialSpecName"),
        (r#""debugs":[{"x":1,"gmsaCredentialSpecName":"w"}]"#, "/spec/debugs/0/gmsaCredentialSpecName"),
        (
            r#""debugs":[{"x":{"y":[]},"z":[1,{"a":"b"}],"gmsaCredentialSpec":"w"}]"#,
            "/spec/debugs/0/gmsaCredentialSpec",
        ),
        (
            r#""debugs":[{"x":1},{"y":2,"o":{"a":1,"gmsaCredentialSpec":"w"}}]"#,
            "/spec/debugs/1/o/gmsaCredentialSpec",
        ),
        (
            r#""debugs":{"x":"\\","y":{},"gmsaCredentialSpecName":null}"#,
            "/spec/debugs/gmsaCredentialSpecName",
        ),
        (r#""debugs":{"x":"é","\u0067msaCredentialSpec":"w"}"#, "/spec/debugs/gmsaCredentialSpec"),
    ] {
        assert_eq!(unknown_places(&with(members)), [place], "{members}");
    }
    assert_eq!(unknown_places(&with(r#""x":"\"gmsaCredentialSpec\":1","gmsaCredentialSpe":1"#)), [""; 0]);
}

/// The kinds of brackets are kept in words of 128 bits.
#[test]
fn brackets_match_however_deep_they_are() {
    for depth in [1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 384, 385] {
        // Objects and lists in no order that repeats.
        let is_object = |level: usize| level.wrapping_mul(0x9e37_79b9) >> 7 & 1 == 1;
        let open: String = (0..depth).map(|level| if is_object(level) { r#"{"a":"# } else { "[" }).collect();
        let close = |wrong: Option<usize>| -> String {
            let closing = |level| if is_object(level) == (wrong != Some(level)) { '}' } else { ']' };
            (0..depth).rev().map(closing).collect()
        };
        let body = |inner: &str, wrong| with(&format!("\"x\":{open}{inner}{}", close(wrong)));
        // The other reader cannot search so deep, and would say that there may be something.
        assert_eq!(unknown_places(&body("1", None)), [""; 0], "{depth}");
        assert_eq!(unknown_places(&body(r#"{"a":1,"gmsaCredentialSpec":"w"}"#, None)).len(), 1, "{depth}");
        for level in 0..depth {
            assert!(!is_read(&body("1", Some(level))), "{depth}, {level}");
        }
    }
}
