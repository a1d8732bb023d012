//! What a snapshot takes, and what it answers.

use gmsa_admission::{AccessAnswer, CredSpecAnswer, Policy, Request, Snapshot, validate};
use gmsa_credspec::CanonicalContents;
use gmsa_types::CredentialSpecName;
use serde_json::{Value, json};

fn spec(name: &str, credspec: Value) -> Value {
    json!({"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec", "metadata": {"name": name},
        "credspec": credspec})
}

fn answers(cluster: &Snapshot) -> Vec<String> {
    let answer = |answer: &CredSpecAnswer<'_>| match answer {
        CredSpecAnswer::Found(contents) => contents.as_str().to_owned(),
        other => format!("{other:?}"),
    };
    cluster.credential_specs().map(|(name, it)| format!("{name}: {}", answer(it))).collect()
}

#[test]
fn lists_of_every_form_are_taken_apart() {
    let mut cluster = Snapshot::default();
    let typed = json!({"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpecList",
        "items": [{"metadata": {"name": "a"}, "credspec": {}}]});
    let plain = json!({"apiVersion": "v1", "kind": "List", "items": [
        typed, spec("b", json!({"z": 1, "a": "<"})),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "passed over"}}]});
    cluster.insert(&plain).unwrap();
    cluster.insert(&spec("b", json!({"a": 2}))).unwrap();
    assert_eq!(answers(&cluster), ["a: {}", "b: {\"a\":2}"], "the later object replaces the earlier");
}

#[test]
fn a_resource_answers_by_what_it_holds() {
    let mut cluster = Snapshot::default();
    cluster.insert(&spec("none", Value::Null)).unwrap();
    cluster.insert(&spec("text", json!(""))).unwrap();
    cluster.insert(&spec("list", json!([]))).unwrap();
    cluster.insert(&spec("whole", json!({"b": "\u{2028}", "a": [{}]}))).unwrap();
    assert_eq!(
        answers(&cluster),
        [
            "list: Unavailable(\"its credspec is not an object\")",
            "none: Empty",
            "text: Empty",
            "whole: {\"a\":[{}],\"b\":\"\\u2028\"}"
        ]
    );
}

#[test]
fn numbers_come_through_a_resource_as_they_are() {
    let text = r#"{"n":[9007199254740993.0,2.3533425620811e-178,1e21,-0]}"#;
    let object = format!(
        r#"{{"apiVersion":"windows.k8s.io/v1","kind":"GMSACredentialSpec","metadata":{{"name":"n"}},"credspec":{text}}}"#
    );
    let mut cluster = Snapshot::default();
    cluster.insert(&serde_json::from_str(&object).unwrap()).unwrap();
    let canonical = CanonicalContents::from_json(text).unwrap();
    assert_eq!(answers(&cluster), [format!("n: {}", canonical.as_str())]);
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    for (object, pointer, says) in [
        (json!({"apiVersion": "v1"}), "", "the object has no kind"),
        (json!({"kind": "Role"}), "", "the object has no apiVersion"),
        (json!({"kind": "List", "items": {}}), "", "the items of a list must be an array"),
        (json!({"kind": "List", "items": [1]}), "/items/0", "an item of a list must be an object"),
        (
            json!({"kind": "List", "items": [{"kind": "List", "items": [spec("Upper", json!({}))]}]}),
            "/items/0/items/0",
            "credential spec name must not contain `U` (character 1)",
        ),
        (
            json!({"apiVersion": "windows.k8s.io/v2", "kind": "GMSACredentialSpec", "metadata": {"name": "a"}}),
            "",
            "apiVersion: Unsupported value: \"windows.k8s.io/v2\": supported values: \"windows.k8s.io/v1\", \
             \"windows.k8s.io/v1alpha1\"",
        ),
    ] {
        let error = Snapshot::default().insert(&object).unwrap_err();
        assert_eq!((error.pointer(), error.message()), (pointer, says));
    }
}

#[test]
fn kinds_of_other_groups_are_passed_over() {
    let mut cluster = Snapshot::default();
    for object in [
        json!({"apiVersion": "iam.aws.upbound.io/v1beta1", "kind": "Role", "metadata": {"name": "x"}, "spec": {}}),
        json!({"apiVersion": "auth.example/v1", "kind": "GMSACredentialSpec", "metadata": {"name": "x"}}),
        json!({"apiVersion": "v1", "kind": "List"}),
        json!({"apiVersion": "v1", "kind": "List", "items": null}),
    ] {
        cluster.insert(&object).unwrap();
    }
    assert_eq!(cluster.credential_specs().count(), 0);
}

#[test]
fn errors_repeat_no_values() {
    for object in [
        json!({"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec", "metadata": "s3cr3t"}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": ["s3cr3t"]}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "x"},
            "roleRef": "s3cr3t {}"}),
    ] {
        let error = Snapshot::default().insert(&object).unwrap_err();
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
    }
}

#[test]
fn every_need_gets_an_answer() {
    let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u",
        "operation": "CREATE", "namespace": "team-a", "kind": {"kind": "Pod"}, "object": {"spec": {
        "serviceAccountName": "web", "securityContext": {"windowsOptions":
            {"gmsaCredentialSpecName": "nobody-knows", "gmsaCredentialSpec": "{}"}}}}}})
    .to_string();
    let request = Request::from_slice(body.as_bytes()).unwrap();
    let plan = validate(&request, &Policy::default());
    let cluster = Snapshot::default();
    let needs = plan.needs();
    let facts = cluster.facts(&needs);
    assert!(plan.missing(&facts).is_empty());
    let name = CredentialSpecName::try_from("nobody-knows").unwrap();
    assert_eq!(facts.credential_spec(&name), Some(&CredSpecAnswer::NotFound));
    assert_eq!(facts.access(&needs.access()[0]), Some(&AccessAnswer::Deny { reason: "".into() }));
}
