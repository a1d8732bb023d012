//! Comparison, case by case.

use gmsa_credspec::{
    CanonicalContents, Comparison, DIFFERENCE_LIMIT, DifferenceKind, JsonType, ReadErrorKind, Side, compare,
};

fn differences(left: &str, right: &str) -> Vec<String> {
    match compare(left, right) {
        Comparison::Equal => vec![],
        Comparison::Different(differences) => differences.iter().map(ToString::to_string).collect(),
        Comparison::Unreadable { side, error } => panic!("{side}: {error}"),
    }
}

#[test]
fn numbers_are_equal_by_their_exact_decimal_value() {
    let equal = |left: &str, right: &str| {
        compare(&format!("{{\"n\":{left}}}"), &format!("{{\"n\":{right}}}")).is_equal()
    };
    for (left, right) in [
        ("1", "1.0"),
        ("1", "10e-1"),
        ("1", "0.1E+1"),
        ("0", "-0"),
        ("0", "-0.000e77"),
        ("120", "1.2e2"),
        ("0.00120", "12e-4"),
        ("-5", "-5.0"),
        ("1e00000000000000000000000", "1"),
        ("1e-99999999999999999999", "1e-99999999999999999999"),
    ] {
        assert!(equal(left, right) && equal(right, left), "{left} {right}");
    }
    for (left, right) in [
        ("1", "1.00000000000000000001"),
        ("9007199254740993", "9007199254740992"),
        ("1", "-1"),
        ("1", "10"),
        ("1e-400", "0"),
        ("1e-400", "1e-401"),
        ("0.1", "0.1000000000000000055511151231257827"),
        ("12", "21"),
        ("1e-99999999999999999999", "0"),
    ] {
        assert!(!equal(left, right) && !equal(right, left), "{left} {right}");
    }
}

#[test]
fn every_kind_of_difference_has_its_sentence() {
    assert_eq!(
        differences(
            r#"{"CmsPlugins":["a","b"],"DomainJoinConfig":{"Sid":"a","Guid":"g","DnsName":"x"},"odd":{"Name":[{"k":1}]}}"#,
            r#"{"CmsPlugins":["c"],"DomainJoinConfig":{"Sid":"b","Guid":null,"NetBiosName":1},"odd":{"Name":[{"k":2}]}}"#,
        ),
        [
            "`/CmsPlugins` has another length: 2 on the left and 1 on the right",
            "`/CmsPlugins/0` has another value",
            "`/DomainJoinConfig/DnsName` is only on the left",
            "`/DomainJoinConfig/Guid` is a string on the left and null on the right",
            "`/DomainJoinConfig/NetBiosName` is only on the right",
            "`/DomainJoinConfig/Sid` has another value",
            "`/*/Name/0/*` has another value",
        ]
    );
}

#[test]
fn a_difference_is_data() {
    let Comparison::Different(found) = compare(r#"{"a~/b":[1,true]}"#, r#"{"a~/b":[1,"true"]}"#) else {
        panic!("they differ");
    };
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].pointer().as_str(), "/a~0~1b/1");
    assert_eq!(found[0].kind(), DifferenceKind::Type { left: JsonType::Boolean, right: JsonType::String });
}

#[test]
fn case_and_the_order_of_arrays_matter() {
    assert!(!compare(r#"{"Sid":"a"}"#, r#"{"sid":"a"}"#).is_equal());
    assert!(!compare(r#"{"Sid":"a"}"#, r#"{"Sid":"A"}"#).is_equal());
    assert!(!compare(r#"{"Sid":"é"}"#, "{\"Sid\":\"e\u{301}\"}").is_equal());
    assert!(!compare(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#).is_equal());
    assert!(!compare(r#"{"a":null}"#, "{}").is_equal());
}

#[test]
fn reports_are_bounded() {
    let object = |value: u8| {
        let members: Vec<_> = (0..1000).map(|n| format!("\"{n:04}\":[{value},{value}]")).collect();
        format!("{{{}}}", members.join(","))
    };
    let found = differences(&object(1), &object(2));
    assert_eq!(found.len(), DIFFERENCE_LIMIT);
    assert_eq!(found[0], "`/*/0` has another value");
    assert_eq!(differences(&object(1), "{}").len(), DIFFERENCE_LIMIT);
}

#[test]
fn a_smuggled_second_value_does_not_compare_equal() {
    let resource = CanonicalContents::from_json(r#"{"DomainJoinConfig":{"Sid":"good"}}"#).unwrap();
    for contents in [
        r#"{"DomainJoinConfig":{"Sid":"evil"},"DomainJoinConfig":{"Sid":"good"}}"#,
        r#"{"DomainJoinConfig":{"Sid":"evil","Sid":"good"}}"#,
        r#"{"DomainJoinConfig":{"Sid":"evil","\u0053id":"good"}}"#,
    ] {
        match resource.compare(contents) {
            Comparison::Unreadable { side: Side::Right, error } => {
                assert_eq!(error.kind(), ReadErrorKind::DuplicateKey);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(!resource.compare(r#"{"DomainJoinConfig":{"Sid":"good"}}{}"#).is_equal());
    assert!(resource.compare(r#" {"DomainJoinConfig":{"Sid":"\u0067ood"}}"#).is_equal());
}

#[test]
fn if_neither_side_can_be_read_the_left_is_reported() {
    let Comparison::Unreadable { side, error } = compare("[]", "") else { panic!("neither is a document") };
    assert_eq!((side, error.kind()), (Side::Left, ReadErrorKind::NotAnObject { found: JsonType::Array }));
}
