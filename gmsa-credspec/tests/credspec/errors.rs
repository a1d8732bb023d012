//! Every kind of refusal, with its message and place.

use gmsa_credspec::{
    CanonicalContents, Comparison, DEPTH_LIMIT, Expected, JsonType, ReadError, ReadErrorKind, Side, compare,
    read,
};
use gmsa_types::{AsWritten, CredentialSpec, DomainJoinConfig};
use serde_json::json;

fn refusal(text: &str) -> ReadError {
    let error = CanonicalContents::from_json(text).unwrap_err();
    assert_eq!(read(text).unwrap_err(), error);
    assert_eq!(compare(text, text), Comparison::Unreadable { side: Side::Left, error: error.clone() });
    assert_eq!(compare("{}", text), Comparison::Unreadable { side: Side::Right, error: error.clone() });
    error
}

fn check(text: &str, kind: ReadErrorKind, message: &str, pointer: &str) {
    let error = refusal(text);
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, message), "{text}");
    assert_eq!(error.pointer().as_str(), pointer, "{text}");
    let place = format!(" at line {}, column {}", error.line(), error.column());
    assert!(message.ends_with(&place), "{message}");
}

fn syntax(expected: Expected) -> ReadErrorKind {
    ReadErrorKind::Syntax { expected }
}

#[test]
fn nothing_is_not_a_document() {
    check("", ReadErrorKind::Empty, "empty document at line 1, column 1", "");
    check(" \n\n ", ReadErrorKind::Empty, "empty document at line 3, column 2", "");
}

#[test]
fn a_byte_order_mark_is_refused() {
    let bom = ReadErrorKind::ByteOrderMark;
    check("\u{feff}{}", bom, "byte order mark at line 1, column 1", "");
    check("\u{feff}", bom, "byte order mark at line 1, column 1", "");
    check(" \u{feff}{}", syntax(Expected::Value), "expected a value at line 1, column 2", "");
}

#[test]
fn only_an_object_is_a_document() {
    for (text, found, name) in [
        ("null", JsonType::Null, "null"),
        ("true", JsonType::Boolean, "a boolean"),
        ("-1.5", JsonType::Number, "a number"),
        ("\"x\"", JsonType::String, "a string"),
        ("[{}]", JsonType::Array, "an array"),
    ] {
        let message = format!("{name} in place of an object at line 2, column 2");
        check(&format!("\n {text}"), ReadErrorKind::NotAnObject { found }, &message, "");
    }
}

#[test]
fn broken_syntax_says_what_was_expected() {
    for (text, expected, message, pointer) in [
        ("{\"a\":}", Expected::Value, "expected a value at line 1, column 6", "/a"),
        ("{\"a\":[1,]}", Expected::Value, "expected a value at line 1, column 9", "/a/1"),
        ("{\"a\":nul}", Expected::Value, "expected a value at line 1, column 6", "/a"),
        ("{\"a\":+1}", Expected::Value, "expected a value at line 1, column 6", "/a"),
        ("{\"a\":NaN}", Expected::Value, "expected a value at line 1, column 6", "/a"),
        ("// no\n{}", Expected::Value, "expected a value at line 1, column 1", ""),
        ("\u{a0}{}", Expected::Value, "expected a value at line 1, column 1", ""),
        ("{\"a\":1,}", Expected::Key, "expected a key in double quotes at line 1, column 8", ""),
        ("{'a':1}", Expected::KeyOrBrace, "expected a key in double quotes or `}` at line 1, column 2", ""),
        ("{\"é\" 1}", Expected::Colon, "expected `:` at line 1, column 6", ""),
        ("{\"a\":{\"b\":1;}}", Expected::CommaOrBrace, "expected `,` or `}` at line 1, column 12", "/a"),
        ("{\"a\":truex}", Expected::CommaOrBrace, "expected `,` or `}` at line 1, column 10", ""),
        ("{\"a\":[1 2]}", Expected::CommaOrBracket, "expected `,` or `]` at line 1, column 9", "/a"),
        ("{\"a\":-}", Expected::Digit, "expected a digit at line 1, column 7", "/a"),
        ("{\"a\":1.}", Expected::Digit, "expected a digit at line 1, column 8", "/a"),
        ("{\"a\":1e+}", Expected::Digit, "expected a digit at line 1, column 9", "/a"),
        (
            "{\"a\":\"\\x\"}",
            Expected::Escape,
            "expected one of `\"\\/bfnrtu` after `\\` at line 1, column 8",
            "/a",
        ),
        (
            "{\"a\":\"\\u12g4\"}",
            Expected::HexDigits,
            "expected four hexadecimal digits after `\\u` at line 1, column 11",
            "/a",
        ),
    ] {
        check(text, syntax(expected), message, pointer);
    }
}

#[test]
fn a_leading_zero_is_refused() {
    check("{\"a\":01}", ReadErrorKind::LeadingZero, "number with a leading zero at line 1, column 6", "/a");
    check(
        "{\"a\":-00.5}",
        ReadErrorKind::LeadingZero,
        "number with a leading zero at line 1, column 6",
        "/a",
    );
}

#[test]
fn a_document_that_is_cut_off_is_refused_wherever_it_is_cut() {
    let text = "{\"a\": [tru\u{65}, -1.5e+7, \"x\\n\\ud83d\\ude00\u{e9}\", {\"b\": null}]}";
    for end in (1..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let error = refusal(&text[..end]);
        assert_eq!(error.kind(), ReadErrorKind::UnexpectedEnd, "{}", &text[..end]);
        assert_eq!(error.offset(), end);
    }
    let end = ReadErrorKind::UnexpectedEnd;
    check("{\n\"a\":\n", end, "unexpected end of the document at line 3, column 1", "/a");
}

#[test]
fn data_after_the_document_is_refused() {
    let trailing = ReadErrorKind::TrailingData;
    check("{} {}", trailing, "data after the document at line 1, column 4", "");
    check("{}\u{feff}", trailing, "data after the document at line 1, column 3", "");
    check("{}\0", trailing, "data after the document at line 1, column 3", "");
    check("{}\r\n]", trailing, "data after the document at line 2, column 1", "");
}

#[test]
fn a_key_twice_is_refused_with_the_place_of_the_second() {
    let twice = ReadErrorKind::DuplicateKey;
    check("{\"a\":1,\n \"b\":2,\n    \"a\":1}", twice, "duplicate key at line 3, column 5", "/a");
    check("{\"\\u0061\":1,\"a\":1}", twice, "duplicate key at line 1, column 13", "/a");
    check("{\"x\":[0,{\"Sid\":1,\"Sid\":2}]}", twice, "duplicate key at line 1, column 18", "/x/1/Sid");
    check("{\"b\":1,\"b\":1,\"a\":1,\"a\":1}", twice, "duplicate key at line 1, column 8", "/b");
    check("{\"\":1,\"\":1}", twice, "duplicate key at line 1, column 7", "/");
    check("{\"a/~\":1,\"a/~\":1}", twice, "duplicate key at line 1, column 10", "/a~1~0");
    // Keys that differ in case are two keys, and composed and decomposed characters are two characters.
    assert!(CanonicalContents::from_json("{\"Sid\":1,\"sid\":1,\"\u{e9}\":1,\"e\u{301}\":1}").is_ok());
}

#[test]
fn half_a_surrogate_pair_is_refused() {
    let lone = ReadErrorKind::LoneSurrogate;
    let message = "escape of half a surrogate pair at line 1, column 7";
    for text in
        [r"\ud800", r"\udc00", r"\ud800\ud800", r"\ud800x", r"\ud800\n", r"\uDBFF\uE000", r"\udfff\ud800"]
    {
        check(&format!("{{\"a\":\"{text}\"}}"), lone, message, "/a");
    }
    check("{\"\\ud800\":1}", lone, "escape of half a surrogate pair at line 1, column 3", "");
    let pair = CanonicalContents::from_json(r#"{"a":"\uD800\udc00\udbff\udfff"}"#).unwrap();
    assert_eq!(pair.as_str(), "{\"a\":\"\u{10000}\u{10ffff}\"}");
}

#[test]
fn a_raw_control_character_is_refused() {
    for character in '\0'..'\u{20}' {
        let (text, column) = (format!("{{\"é\":\"x\\\\{character}\"}}"), 10);
        let message = format!("control character in a string at line 1, column {column}");
        check(&text, ReadErrorKind::ControlCharacter, &message, "/é");
    }
    assert!(CanonicalContents::from_json("{\"a\":\"\u{7f}\u{80}\"}").is_ok());
}

#[test]
fn a_number_out_of_range_is_refused() {
    let range = ReadErrorKind::NumberOutOfRange;
    let message = "number out of range at line 1, column 6";
    check("{\"a\":1e999}", range, message, "/a");
    check("{\"a\":-1.8e308}", range, message, "/a");
    check("{\"a\":1e99999999999999999999}", range, message, "/a");
    check(&format!("{{\"a\":{}}}", "9".repeat(400)), range, message, "/a");
    for literal in ["1.7976931348623157e308", "1e-999", "0e999999999999", &"9".repeat(308)] {
        assert!(CanonicalContents::from_json(&format!("{{\"a\":{literal}}}")).is_ok(), "{literal}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |open: &str, close: &str, levels: usize| {
        format!("{{\"a\":{}1{}}}", open.repeat(levels), close.repeat(levels))
    };
    let limit = usize::from(DEPTH_LIMIT);
    for (open, close) in [("[", "]"), ("{\"b\":", "}")] {
        let deepest = nested(open, close, limit - 1);
        let contents = CanonicalContents::from_json(&deepest).unwrap();
        assert!(contents.compare(&format!("{deepest} ")).is_equal());
        assert_eq!(CanonicalContents::from_spec(&read(&deepest).unwrap()).unwrap(), contents);
        assert_eq!(
            refusal(&nested(open, close, limit)).kind(),
            ReadErrorKind::TooDeep { limit: DEPTH_LIMIT }
        );
    }
    let deep = ReadErrorKind::TooDeep { limit: 64 };
    let message = "nesting deeper than 64 levels at line 1, column 65";
    check(&"[".repeat(100_000), deep, message, &"/0".repeat(64));
    assert_eq!(refusal(&"{\"a\":".repeat(100_000)).kind(), deep);
}

#[test]
fn keys_with_a_meaning_to_serde_json_are_not_read_into_the_model() {
    for name in ["Number", "RawValue"] {
        let text = format!("{{\n\"a\":[{{\"$serde_json::private::{name}\":\"1\"}}]}}");
        let error = read(&text).unwrap_err();
        assert_eq!(error.kind(), ReadErrorKind::ReservedKey);
        assert_eq!(error.to_string(), "reserved key at line 2, column 7");
        assert_eq!(error.pointer().as_str(), format!("/a/0/$serde_json::private::{name}"));
        assert_eq!(error.pointer().to_string(), "/*/0/*");
        // The text as such is no riddle.
        assert!(CanonicalContents::from_json(&text).is_ok());
    }
}

#[test]
fn a_model_that_no_text_can_be_is_refused() {
    let mut domain = DomainJoinConfig { sid: Some("S-1-5-21-1-2-3".into()), ..DomainJoinConfig::default() };
    domain.unknown.insert("Sid".to_owned(), json!("S-1-5-21-9-9-9"));
    let spec = CredentialSpec { domain_join_config: Some(domain.into()), ..CredentialSpec::default() };
    let error = CanonicalContents::from_spec(&spec).unwrap_err();
    assert_eq!(error.kind(), ReadErrorKind::DuplicateKey);
    assert_eq!(error.pointer().to_string(), "/DomainJoinConfig/Sid");

    let deep = (0..1000).fold(json!(1), |inner, _| json!([inner]));
    for spec in [
        CredentialSpec { unknown: [("deep".to_owned(), deep.clone())].into(), ..CredentialSpec::default() },
        CredentialSpec { cms_plugins: Some(AsWritten::Other(deep)), ..CredentialSpec::default() },
    ] {
        let error = CanonicalContents::from_spec(&spec).unwrap_err();
        assert_eq!(error.kind(), ReadErrorKind::TooDeep { limit: DEPTH_LIMIT });
    }
}

#[test]
fn many_duplicates_and_long_lines_take_no_quadratic_time() {
    let keys: String = (0..60_000).map(|n| format!("\"k{}\":0,", (n * 7919) % 59_999)).collect();
    assert_eq!(refusal(&format!("{{{keys}\"z\":0}}")).kind(), ReadErrorKind::DuplicateKey);
    let wide = format!("{{\"a\":[{}0]}}", "[],".repeat(100_000));
    assert!(CanonicalContents::from_json(&wide).unwrap().compare(&format!(" {wide}")).is_equal());
}
