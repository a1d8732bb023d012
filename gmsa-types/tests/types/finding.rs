//! Findings: their order, what they show, and fixes that apply or say why not.

use gmsa_types::finding::{
    Edit, Finding, Fix, FixErrorKind, ObjectRef, Pointer, RuleId, Severity, SourcePosition,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const RULE: RuleId = RuleId::new("GC302");
const MARKER: &str = "hunter2";

#[test]
fn a_finding_is_one_line() {
    let finding = Finding::error(RULE, "this is the SID of an account").at("/DomainJoinConfig/Sid");
    assert_eq!(finding.to_string(), "error[GC302] /DomainJoinConfig/Sid: this is the SID of an account");
    assert_eq!(Finding::info(RULE, "two documents").to_string(), "info[GC302]: two documents");
    let sly = Finding::warning(RULE, "a\nerror[GC101]: b\u{202e}c").at("/x\r\ny");
    assert_eq!(sly.to_string(), "warning[GC302] /x\\r\\ny: a\\nerror[GC101]: b\\u{202e}c");
}

#[test]
fn the_worse_severity_is_the_greater() {
    assert!(Severity::Info < Severity::Warning && Severity::Warning < Severity::Error);
}

#[test]
fn a_finding_is_serialized_with_what_it_has() {
    assert_eq!(
        serde_json::to_value(Finding::info(RULE, "m")).unwrap(),
        json!({"id": "GC302", "severity": "info", "pointer": "", "message": "m"})
    );
    let finding = Finding::error(RULE, "m")
        .at(Pointer::shown_as("/hunter2/Sid", "/*/Sid"))
        .in_source(SourcePosition::new(3, 12, 40, 5))
        .about(ObjectRef::named("GMSACredentialSpec", "web").in_file("web.yaml"))
        .because("w")
        .with_help("h")
        .with_fix(Fix::new("t", [Edit::rename_key("/a", "b"), Edit::Rewrite]));
    assert_eq!(
        serde_json::to_value(&finding).unwrap(),
        json!({
            "id": "GC302", "severity": "error", "pointer": "/*/Sid", "message": "m", "why": "w", "help": "h",
            "position": {"line": 3, "column": 12, "offset": 40, "length": 5},
            "object": {"file": "web.yaml", "kind": "GMSACredentialSpec", "name": "web"},
            "fix": {"title": "t", "edits": [{"op": "renameKey", "pointer": "/a", "to": "b"}, {"op": "rewrite"}]},
        })
    );
    assert_eq!(finding.pointer().as_str(), "/hunter2/Sid");
    assert_eq!((finding.why(), finding.help()), (Some("w"), Some("h")));
    assert_eq!(finding.fix().map(|fix| (fix.title(), fix.edits().len())), Some(("t", 2)));
}

#[test]
fn nothing_that_is_shown_has_a_value_of_the_document() {
    let edits = [
        Edit::replace("/hunter2", json!(MARKER)),
        Edit::add("/hunter2", json!({MARKER: MARKER})),
        Edit::remove("/hunter2"),
        Edit::rename_key("/hunter2", MARKER),
        Edit::move_value("/hunter2", "/hunter2"),
    ];
    let finding = Finding::error(RULE, "m")
        .at(Pointer::shown_as("/hunter2", "/*"))
        .with_fix(Fix::new("t", edits.clone()));
    let shown = [
        finding.to_string(),
        format!("{finding:?}"),
        format!("{finding:#?}"),
        serde_json::to_string(&finding.without_fix()).unwrap(),
    ];
    for text in shown {
        assert!(!text.contains(MARKER), "{text}");
    }
    for edit in edits {
        let error =
            Fix::new("t", [edit, Edit::remove("/hunter2/no")]).apply(&json!({MARKER: 1})).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(MARKER), "{error}");
    }
}

/// The fixes that the rules need, each as it would be written.
#[test]
fn fixes_do_what_they_say() {
    let document = json!({
        "apiVersion": "windows.k8s.io/v1",
        "spec": {"credspec": {
            "domainJoinConfig": {"Sid": "S-1-5-21-1-2-3-1104", "DnsTreeName": "a.b.c", "DnsName": "b.c"},
            "Accounts": [{"Name": "web$"}, {"Name": "x"}, {"Name": "x"}],
            "PluginInput": {"a/b~": 1},
        }},
    });
    let fix = Fix::new(
        "all of it",
        [
            Edit::move_value("/spec/credspec", "/credspec"),
            Edit::remove("/spec"),
            Edit::rename_key("/credspec/domainJoinConfig", "DomainJoinConfig"),
            Edit::replace("/credspec/DomainJoinConfig/Sid", json!("S-1-5-21-1-2-3")),
            Edit::replace("/credspec/DomainJoinConfig/DnsTreeName", json!("b.c")),
            Edit::replace("/credspec/DomainJoinConfig/DnsName", json!("a.b.c")),
            Edit::replace("/credspec/Accounts/0/Name", json!("web")),
            Edit::remove("/credspec/Accounts/2"),
            Edit::add("/credspec/Accounts/-", json!({"Name": "web", "Scope": "B"})),
            Edit::add("/credspec/Accounts/1", json!({"Name": "web", "Scope": "b.c"})),
            Edit::rename_key("/credspec/PluginInput/a~1b~0", "c"),
            Edit::replace("/credspec/PluginInput", json!("{\"c\":1}")),
            Edit::Rewrite,
        ],
    );
    assert_eq!(
        fix.apply(&document).unwrap(),
        json!({
            "apiVersion": "windows.k8s.io/v1",
            "credspec": {
                "DomainJoinConfig": {"Sid": "S-1-5-21-1-2-3", "DnsTreeName": "b.c", "DnsName": "a.b.c"},
                "Accounts": [{"Name": "web"}, {"Name": "web", "Scope": "b.c"}, {"Name": "x"},
                    {"Name": "web", "Scope": "B"}],
                "PluginInput": "{\"c\":1}",
            },
        })
    );
    assert_eq!(Fix::new("all of it", [Edit::replace("", json!(1))]).apply(&document).unwrap(), json!(1));
}

#[test]
fn an_edit_that_does_not_fit_says_why() {
    let document = json!({"a": [1, 2], "b": {"c": 1}});
    for (edit, kind, says) in [
        (Edit::replace("/x", json!(1)), FixErrorKind::NotFound, "no value at its pointer"),
        (Edit::replace("a", json!(1)), FixErrorKind::NotFound, "no value at its pointer"),
        (Edit::remove("/b/x"), FixErrorKind::NotFound, "no value at its pointer"),
        (Edit::remove("/b/c/x"), FixErrorKind::NotFound, "no value at its pointer"),
        (Edit::remove("/a/2"), FixErrorKind::Index, "the array has no such index"),
        (Edit::remove("/a/-"), FixErrorKind::Index, "the array has no such index"),
        (Edit::remove("/a/01"), FixErrorKind::Index, "the array has no such index"),
        (Edit::add("/a/3", json!(1)), FixErrorKind::Index, "the array has no such index"),
        (Edit::add("/b", json!(1)), FixErrorKind::KeyTaken, "the key is there already"),
        (Edit::add("/x/y", json!(1)), FixErrorKind::NotFound, "no value at its pointer"),
        (Edit::rename_key("/a", "b"), FixErrorKind::KeyTaken, "the key is there already"),
        (Edit::rename_key("/a/0", "b"), FixErrorKind::NotFound, "no value at its pointer"),
        (Edit::move_value("/b", "/b/c"), FixErrorKind::NotFound, "no value at its pointer"),
        (Edit::move_value("/x", "/y"), FixErrorKind::NotFound, "no value at its pointer"),
        (Edit::remove(""), FixErrorKind::WholeDocument, "it is about the whole document"),
        (Edit::add("", json!(1)), FixErrorKind::WholeDocument, "it is about the whole document"),
    ] {
        let error = Fix::new("t", [Edit::Rewrite, edit.clone()]).apply(&document).unwrap_err();
        assert_eq!((error.edit(), error.kind()), (1, kind), "{edit:?}");
        assert_eq!(error.to_string(), format!("edit 2 of the fix does not fit the document: {says}"));
    }
}

#[test]
fn findings_are_in_the_order_of_file_place_and_rule() {
    let at = |offset| SourcePosition::new(1, offset + 1, offset, 1);
    let file = |name: &str| ObjectRef::file_at(name);
    let other = RuleId::new("GC101");
    let sorted = [
        Finding::error(RULE, "no place"),
        Finding::error(RULE, "m").at("/a/9"),
        Finding::error(RULE, "m").at("/a/10"),
        Finding::error(RULE, "m").in_source(at(0)).about(file("a")),
        Finding::error(other, "m").in_source(at(2)).at("/b").about(file("a")),
        Finding::error(RULE, "m").in_source(at(2)).at("/b").about(file("a")),
        Finding::error(RULE, "m").in_source(at(10)).at("/a").about(file("a")),
        Finding::error(RULE, "m").in_source(at(0)).about(file("b")),
    ];
    let mut findings = sorted.clone();
    findings.reverse();
    findings.sort_by(Finding::order);
    assert_eq!(findings, sorted);
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<i64>().prop_map(Value::from),
        "[a-c~/]{0,3}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c~/]{0,3}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn pointer() -> impl Strategy<Value = String> {
    prop::collection::vec("(~[01]|[a-c0-2-]){0,3}", 0..4)
        .prop_map(|steps| steps.iter().map(|step| format!("/{step}")).collect())
}

proptest! {
    #[test]
    fn what_is_added_can_be_removed(document in value(), at in pointer(), new in value()) {
        if let Ok(with) = Fix::new("t", [Edit::add(&*at, new.clone())]).apply(&document)
            && !at.ends_with("/-")
        {
            prop_assert_eq!(with.pointer(&at), Some(&new));
            prop_assert_eq!(Fix::new("t", [Edit::remove(at)]).apply(&with).unwrap(), document);
        }
    }

    #[test]
    fn what_moves_can_move_back(document in value(), from in pointer(), to in pointer()) {
        if let Ok(moved) = Fix::new("t", [Edit::move_value(&*from, &*to)]).apply(&document)
            && !to.ends_with("/-")
        {
            prop_assert_eq!(moved.pointer(&to), document.pointer(&from));
            let back = Fix::new("t", [Edit::move_value(&*to, &*from)]).apply(&moved);
            // Moving into a later sibling of an array shifts the place that it came from.
            if let Ok(back) = back {
                prop_assert!(back == document || document.to_string().contains('['));
            }
        }
    }

    #[test]
    fn a_fix_applies_as_a_whole_or_not_at_all(document in value(), first in pointer(), second in pointer()) {
        let edits = [Edit::replace(&*first, json!("new")), Edit::remove(&*second)];
        let step = Fix::new("t", [edits[0].clone()]).apply(&document);
        let steps = step.and_then(|document| Fix::new("t", [edits[1].clone()]).apply(&document));
        let whole = Fix::new("t", edits).apply(&document);
        prop_assert_eq!(whole.ok(), steps.ok());
    }

    #[test]
    fn the_order_of_pointers_is_total(mut pointers in prop::collection::vec(pointer(), 3)) {
        pointers.push("/a/10".to_owned());
        let mut sorted: Vec<_> = pointers.iter().map(|pointer| Pointer::new(pointer.as_str())).collect();
        sorted.sort();
        for (index, one) in sorted.iter().enumerate() {
            for other in &sorted[index..] {
                prop_assert!(one <= other, "{} {}", one, other);
                prop_assert_eq!(one == other, one.cmp(other).is_eq());
            }
        }
    }
}
