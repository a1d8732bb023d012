//! The canonical form, case by case.

use gmsa_credspec::CanonicalContents;
use gmsa_types::CredentialSpec;

fn canonical(text: &str) -> String {
    CanonicalContents::from_json(text).unwrap().into_string()
}

#[test]
fn numbers_are_written_as_kubernetes_decodes_and_go_prints_them() {
    for (literal, written) in [
        ("0", "0"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("0e5", "0"),
        ("1e-999", "0"),
        ("1.0", "1"),
        ("10e-1", "1"),
        ("-7", "-7"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "9223372036854776000"),
        ("18446744073709551615", "18446744073709552000"),
        ("9007199254740993", "9007199254740993"),
        ("9007199254740993.0", "9007199254740992"),
        ("100000000000000000000", "100000000000000000000"),
        ("999999999999999999999", "1e+21"),
        ("1e21", "1e+21"),
        ("1.5E+300", "1.5e+300"),
        ("-123456789012345678901234567890", "-1.2345678901234568e+29"),
        ("0.1", "0.1"),
        ("0.000001", "0.000001"),
        ("0.00000123", "0.00000123"),
        ("0.0000001", "1e-7"),
        ("9.999999999999997e-7", "9.999999999999997e-7"),
        ("1.25e-10", "1.25e-10"),
        ("5e-324", "5e-324"),
        ("2.5", "2.5"),
        ("-1234.5678", "-1234.5678"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("1e3", "1000"),
        ("123.456e1", "1234.56"),
        // Halfway between two shortest candidates: the even one.
        ("1125899906842624.25", "1125899906842624.2"),
        ("1125899906842624.75", "1125899906842624.8"),
        ("-1918903800694069.25", "-1918903800694069.2"),
        ("1918903800694069.75", "1918903800694069.8"),
        // 2^-24, whose even neighbour is the number before it.
        ("5.960464477539063e-8", "5.960464477539063e-8"),
    ] {
        let contents = canonical(&format!("{{\"n\":{literal}}}"));
        assert_eq!(contents, format!("{{\"n\":{written}}}"), "{literal}");
        assert_eq!(canonical(&contents), contents);
    }
}

#[test]
fn strings_are_escaped_as_go_escapes_them() {
    let all: String = ('\0'..='\u{7f}')
        .chain(['\u{80}', 'â', '\u{2027}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{feff}', '😀'])
        .collect();
    let text = serde_json::json!({ all.as_str(): all.as_str() }).to_string();
    let escaped = concat!(
        r"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f",
        r"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f",
        r##" !\"#$%\u0026'()*+,-./0123456789:;\u003c=\u003e?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"##,
        "abcdefghijklmnopqrstuvwxyz{|}~\u{7f}\u{80}â\u{2027}\\u2028\\u2029\u{202a}\u{feff}😀",
    );
    assert_eq!(canonical(&text), format!("{{\"{escaped}\":\"{escaped}\"}}"));
}

#[test]
fn keys_are_sorted_by_their_bytes_once_escapes_are_resolved() {
    let text = r#"{"😀":1,"\uff5e":1,"a":1,"B":1,"\u0061a":1,"":1,"10":1,"9":1,"é":1,"<":1}"#;
    assert_eq!(
        canonical(text),
        "{\"\":1,\"10\":1,\"9\":1,\"\\u003c\":1,\"B\":1,\"a\":1,\"aa\":1,\"é\":1,\"\u{ff5e}\":1,\"😀\":1}"
    );
}

#[test]
fn a_canonical_text_is_borrowed_and_another_is_not() {
    let text = r#"{"a":[true,false,null,{},[]],"b":"\u003c"}"#;
    let contents = CanonicalContents::from_json(text).unwrap();
    assert_eq!(contents.as_str().as_ptr(), text.as_ptr());
    let spaced = format!("{text}\n");
    let contents = CanonicalContents::from_json(&spaced).unwrap();
    assert_ne!(contents.as_str().as_ptr(), spaced.as_ptr());
    assert_eq!(contents.as_str(), text);
}

#[test]
fn an_empty_model_is_an_empty_object() {
    assert_eq!(CanonicalContents::from_spec(&CredentialSpec::default()).unwrap().as_str(), "{}");
}
