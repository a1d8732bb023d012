//! What two documents say differently.

use crate::generated::{contoso, generator};
use gmsa_credspec::diff::{Difference, DifferenceKind, diff, render};
use gmsa_credspec::generate::{Generator, PluginInput};
use gmsa_credspec::strategy::{exact_document, taste};
use gmsa_credspec::{CanonicalContents, JsonType, Side, read};
use gmsa_types::CredentialSpec;
use proptest::prelude::*;
use serde_json::Value;

fn of(left: &str, right: &str) -> Vec<Difference> {
    diff(&read(left).unwrap(), &read(right).unwrap())
}

fn accounts(left: &str, right: &str) -> Vec<Difference> {
    let document =
        |items| format!(r#"{{"ActiveDirectoryConfig":{{"GroupManagedServiceAccounts":[{items}]}}}}"#);
    of(&document(left), &document(right))
}

fn texts(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(ToString::to_string).collect()
}

fn joined() -> CredentialSpec {
    Generator::new(contoso(), "WebApp1").build().unwrap()
}

#[test]
fn each_kind_is_told_and_rendered() {
    let differences = of(
        r#"{"CmsPlugins":["ActiveDirectory"],"DomainJoinConfig":{"Sid":"S-1-5-21-1-2-3","Guid":7,
            "DnsName":"contoso.com"},"Old":1}"#,
        r#"{"CmsPlugins":["ActiveDirectory","Other"],"DomainJoinConfig":{"Sid":"S-1-5-21-1-2-4",
            "Guid":"244818ae-87ac-4fcd-92ec-e79e5252348a","DnsName":"Contoso.COM"},"ActiveDirectoryConfig":{}}"#,
    );
    assert_eq!(
        texts(&differences),
        [
            "`/ActiveDirectoryConfig` is only on the right",
            "`/CmsPlugins/1` is only on the right",
            "`/DomainJoinConfig/DnsName` is spelt in another way",
            "`/DomainJoinConfig/Guid` is a number on the left and a string on the right",
            "`/DomainJoinConfig/Sid` has another value",
            "`/*` is only on the left",
        ]
    );
    assert_eq!(
        render(&differences),
        "+ /ActiveDirectoryConfig: (an object)\n\
         + /CmsPlugins/1: Other\n\
         = /DomainJoinConfig/DnsName: contoso.com -> Contoso.COM (the same value)\n\
         ~ /DomainJoinConfig/Guid: (a number) -> 244818ae-87ac-4fcd-92ec-e79e5252348a\n\
         ~ /DomainJoinConfig/Sid: S-1-5-21-1-2-3 -> S-1-5-21-1-2-4\n\
         - /*: (hidden)\n"
    );
    let kind = DifferenceKind::Type { left: JsonType::Number, right: JsonType::String };
    assert_eq!(differences[3].kind(), kind);
    assert_eq!(differences[0].pointer(Side::Left), None);
    assert_eq!(differences[5].pointer(Side::Left).unwrap().as_str(), "/Old");
    assert_eq!(render(&[]), "");
}

#[test]
fn the_same_value_in_another_spelling_is_told_apart() {
    let same = [
        ("Guid", "{244818AE-87AC-4FCD-92EC-E79E5252348A}", "244818ae-87ac-4fcd-92ec-e79e5252348a"),
        ("Guid", "244818ae87ac4fcd92ece79e5252348a", "244818ae-87ac-4fcd-92ec-e79e5252348a"),
        ("Sid", "s-1-5-21-1-2-3", "S-1-5-21-1-2-3"),
        ("NetBiosName", "CONTOSO", "contoso"),
        ("MachineAccountName", "WebApp1", "webapp1"),
    ];
    let other = [
        ("Guid", "244818ae-87ac-4fcd-92ec-e79e5252348b", "244818ae-87ac-4fcd-92ec-e79e5252348a"),
        ("Guid", "hunter2", "HUNTER2"),
        ("NetBiosName", "ÄRZTE", "ärzte"),
        ("MachineAccountName", "WebApp1$", "WebApp1"),
    ];
    let found = |key: &str, left: &str, right: &str| {
        let document = |value: &str| format!(r#"{{"DomainJoinConfig":{{"{key}":"{value}"}}}}"#);
        let found = of(&document(left), &document(right));
        assert_eq!(found.len(), 1);
        found[0].kind()
    };
    for (key, left, right) in same {
        assert_eq!(found(key, left, right), DifferenceKind::Spelling, "{left}");
    }
    for (key, left, right) in other {
        assert_eq!(found(key, left, right), DifferenceKind::Value, "{left}");
    }
    // Case makes a difference to the name of a plug-in, to a version and to an input.
    assert_eq!(
        of(r#"{"CmsPlugins":["activedirectory"]}"#, r#"{"CmsPlugins":["ActiveDirectory"]}"#)[0].kind(),
        DifferenceKind::Value
    );
}

#[test]
fn entries_of_accounts_are_matched_by_name_and_scope() {
    let a = r#"{"Name":"A","Scope":"contoso.com"}"#;
    let a_lower = r#"{"Name":"a","Scope":"CONTOSO.com"}"#;
    let b = r#"{"Name":"B","Scope":"contoso.com"}"#;
    let noted = r#"{"Name":"B","Scope":"contoso.com","Note":1}"#;
    let list = |items: &[&str]| items.join(",");
    assert!(accounts(&list(&[a, b]), &list(&[b, a])).is_empty());
    assert!(accounts(&list(&[a, a_lower]), &list(&[a_lower, a])).is_empty());

    let found = accounts(&list(&[a, b]), &list(&[b, a_lower]));
    let pointers = |found: &Difference| {
        [Side::Left, Side::Right].map(|side| found.pointer(side).map(|pointer| pointer.as_str().to_owned()))
    };
    let at = |rest: &str| Some(format!("/ActiveDirectoryConfig/GroupManagedServiceAccounts/{rest}"));
    assert_eq!(found.len(), 2);
    assert_eq!(pointers(&found[0]), [at("0/Name"), at("1/Name")]);
    assert_eq!((found[0].kind(), found[1].kind()), (DifferenceKind::Spelling, DifferenceKind::Spelling));

    let found = accounts(&list(&[a, b]), &list(&[noted]));
    assert_eq!(
        render(&found),
        "- /ActiveDirectoryConfig/GroupManagedServiceAccounts/0: A in contoso.com\n\
         + /ActiveDirectoryConfig/GroupManagedServiceAccounts/0/*: (hidden)\n"
    );
    // How often an entry is there counts; entries without a name pair only with the same.
    assert_eq!(accounts(&list(&[a, a]), a).len(), 1);
    assert_eq!(accounts(r#"{"Name":"A"},7"#, r#"7,{"Name":"A","X":1}"#).len(), 2);
    assert_eq!(
        render(&accounts(r#"{"Name":"A"},7"#, "")),
        "- /ActiveDirectoryConfig/GroupManagedServiceAccounts/0: A in (nothing)\n\
         - /ActiveDirectoryConfig/GroupManagedServiceAccounts/1: (a number)\n"
    );
}

#[test]
fn inputs_and_what_may_be_a_secret_are_hidden() {
    let document = |secret: &str| {
        format!(
            r#"{{"Extra":"{secret}","DomainJoinConfig":{{"Sid":"PASSWORD={secret}","DnsName":"https://{secret}",
                "NetBiosName":"x\u0007{secret}","Guid":{{"{secret}":"{secret}"}}}},
                "ActiveDirectoryConfig":{{"GroupManagedServiceAccounts":[{{"Name":"u:{secret}","Scope":"x","{secret}":1}}],
                "HostAccountConfig":{{"PluginInput":"{secret}","PortableCcgVersion":["{secret}"]}}}}}}"#
        )
    };
    let (left, right) = (document("hunter2"), document("hunter2+"));
    for found in [of(&left, &right), of(&left, "{}"), of("{}", &left)] {
        assert!(!found.is_empty());
        let shown = [render(&found), format!("{found:?}"), format!("{found:#?}"), texts(&found).join("")];
        assert!(
            shown.iter().all(|shown| !shown.contains("hunter2") && !shown.contains('\u{7}')),
            "{shown:?}"
        );
    }
    let input = |arn: &str| {
        Generator::new(contoso(), "WebApp1")
            .with_plugin_input(PluginInput::AwsLinux { credential_arn: arn.to_owned() })
            .build()
            .unwrap()
    };
    let arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:";
    let found = diff(&input(&format!("{arn}a")), &input(&format!("{arn}b")));
    assert_eq!(
        render(&found),
        "~ /ActiveDirectoryConfig/HostAccountConfig/PluginInput/*: (hidden) -> (hidden)\n"
    );
    // Neither does the place of a value that nobody asked to see show it.
    let found = of(r#"{"DomainJoinConfig":{"DnsName":"contoso.com"}}"#, r#"{"DomainJoinConfig":{}}"#);
    assert!(!format!("{found:?}{}", found[0]).contains("contoso"));
}

#[test]
fn a_document_that_no_text_could_have_been_equals_nothing() {
    let mut twice = joined();
    twice.unknown.insert("CmsPlugins".to_owned(), Value::Null);
    let found = diff(&twice, &joined());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind(), DifferenceKind::NoDocument(Side::Left));
    assert_eq!(
        found[0].to_string(),
        "the document on the left is not one that can be read, at `/CmsPlugins`"
    );
    assert_eq!(diff(&twice, &twice).len(), 2);
    assert!(render(&found).starts_with("! the document on the left "));
}

/// The document with its accounts in one order, as Kubernetes sees it.
fn normal(spec: &CredentialSpec) -> Value {
    let canonical = CanonicalContents::from_spec(spec).unwrap();
    let mut value: Value = serde_json::from_str(canonical.as_str()).unwrap();
    let list = value.pointer_mut("/ActiveDirectoryConfig/GroupManagedServiceAccounts");
    if let Some(Value::Array(items)) = list {
        items.sort_by_key(ToString::to_string);
    }
    value
}

fn mirrored(found: &[Difference], swap: bool) -> Vec<String> {
    let mut all: Vec<String> = found
        .iter()
        .map(|found| {
            let (mut left, mut right) = (found.pointer(Side::Left), found.pointer(Side::Right));
            let kind = match (swap, found.kind()) {
                (true, DifferenceKind::OnlyLeft) => DifferenceKind::OnlyRight,
                (true, DifferenceKind::OnlyRight) => DifferenceKind::OnlyLeft,
                (true, DifferenceKind::Type { left, right }) => {
                    DifferenceKind::Type { left: right, right: left }
                }
                (_, kind) => kind,
            };
            if swap {
                (left, right) = (right, left);
            }
            let text = |pointer: Option<&gmsa_credspec::JsonPointer>| pointer.map(|p| p.as_str().to_owned());
            format!("{:?} {:?} {kind:?}", text(left), text(right))
        })
        .collect();
    all.sort();
    all
}

/// Documents that have much in common: each is made of the same few values.
fn similar() -> impl Strategy<Value = CredentialSpec> {
    let name = || proptest::sample::select(vec!["\"A\"", "\"a\"", "\"B\"", "null", "7"]);
    let entry = prop_oneof![
        8 => (name(), name(), proptest::option::of(0..2)).prop_map(|(name, scope, note)| {
            let note = note.map_or_else(String::new, |note| format!(",\"Note\":{note}"));
            format!("{{\"Name\":{name},\"Scope\":{scope}{note}}}")
        }),
        1 => name().prop_map(str::to_owned),
    ];
    (proptest::collection::vec(entry, 0..6), name(), proptest::option::of(name())).prop_map(
        |(entries, guid, extra)| {
            let extra = extra.map_or_else(String::new, |extra| format!(",\"Extra\":{extra}"));
            read(&format!(
                r#"{{"DomainJoinConfig":{{"Guid":{guid}}},
                    "ActiveDirectoryConfig":{{"GroupManagedServiceAccounts":[{}]}}{extra}}}"#,
                entries.join(",")
            ))
            .unwrap()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2 * ProptestConfig::default().cases))]

    #[test]
    fn differences_are_empty_exactly_between_equals(left in similar(), right in similar()) {
        prop_assert_eq!(diff(&left, &right).is_empty(), normal(&left) == normal(&right));
        prop_assert!(diff(&left, &left).is_empty());
    }

    #[test]
    fn mirrored_documents_have_mirrored_differences(left in similar(), right in similar()) {
        prop_assert_eq!(mirrored(&diff(&left, &right), true), mirrored(&diff(&right, &left), false));
    }

    #[test]
    fn any_two_documents_can_be_compared(left in exact_document(), right in exact_document(), taste in taste()) {
        let again = read(&left.written(&taste)).unwrap();
        let (left, right) = (read(&left.plain()).unwrap(), read(&right.plain()).unwrap());
        prop_assert!(diff(&left, &again).is_empty());
        let found = diff(&left, &right);
        prop_assert_eq!(found.is_empty(), normal(&left) == normal(&right));
        prop_assert_eq!(mirrored(&found, true), mirrored(&diff(&right, &left), false));
        prop_assert_eq!(render(&found).lines().count(), found.len());
    }

    /// A place that a difference names is one in the document, so that whoever has it can look.
    #[test]
    fn places_are_places_in_the_documents((left, _) in generator(), (right, _) in generator()) {
        let (left, right) = (left.build().unwrap(), right.build().unwrap());
        let values = [&left, &right].map(|spec| serde_json::to_value(spec).unwrap());
        for found in diff(&left, &right) {
            for (side, value) in [Side::Left, Side::Right].into_iter().zip(&values) {
                if let Some(pointer) = found.pointer(side) {
                    prop_assert!(value.pointer(pointer.as_str()).is_some());
                }
            }
        }
    }
}
