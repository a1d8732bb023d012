//! Admission policies and the index, as they are applied to a cluster. What they should look like lies under
//! `tests/golden`; to write that anew, run the tests with `UPDATE_GOLDEN=1` and read the difference.

use crate::golden::assert_golden;
use gmsa_admission::{
    CredSpecAnswer, Snapshot,
    admission_policy::{AuthorizingPolicy, CompletePolicies, MOST_NAMES, PolicyTooLarge},
    configuration::{EndpointUrl, Namespaces, Trust, WebhookConfiguration},
    index::{self, GmsaIndex, Index, LeftOut},
};
use gmsa_credspec::CanonicalContents;
use gmsa_types::CredentialSpecName;
use serde::Serialize;
use serde_json::{Value, json};

fn cluster() -> Snapshot {
    let mut cluster = Snapshot::default();
    for (name, credspec) in [
        (
            "webapp1",
            json!({"DomainJoinConfig": {"NetBiosName": "<É&\u{2028}>"}, "CmsPlugins": ["ActiveDirectory"]}),
        ),
        ("webapp0", json!({"CmsPlugins": ["ActiveDirectory"]})),
        ("empty", Value::Null),
        ("broken", json!([])),
    ] {
        cluster
            .insert(&json!({"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec",
                "metadata": {"name": name}, "credspec": credspec}))
            .unwrap();
    }
    cluster
}

fn named(name: &str) -> CredentialSpecName<'_> {
    CredentialSpecName::try_from(name).unwrap()
}

fn json(object: &impl Serialize) -> Value {
    serde_json::to_value(object).unwrap()
}

fn found(text: &str) -> CredSpecAnswer<'_> {
    CredSpecAnswer::Found(CanonicalContents::from_json(text).unwrap())
}

#[test]
fn the_policies_are_as_recorded() {
    let authorizing = AuthorizingPolicy::new();
    assert_golden("policy-authorizing.json", &authorizing.policy());
    assert_golden("policy-authorizing-binding.json", &authorizing.binding());
    let complete = CompletePolicies::new();
    assert_golden("policy-complete-validating.json", &complete.validating());
    assert_golden("policy-complete-validating-binding.json", &complete.validating_binding());
    k8s_openapi::k8s_if_ge_1_36! {
        assert_golden("policy-complete-mutating.json", &complete.mutating());
        assert_golden("policy-complete-mutating-binding.json", &complete.mutating_binding());
    }
    assert_golden("index-definition.json", &index::definition());
    assert_golden("index.json", &Index::of(&cluster()).object().unwrap());
}

#[test]
fn choices_go_into_every_object() {
    let index = Index::default().named("contoso").unwrap();
    let policies = CompletePolicies::new()
        .named("contoso-gmsa")
        .unwrap()
        .reading(&index)
        .in_namespaces(Namespaces::except_upstream_opt_outs())
        .without_labels()
        .label("team", "identity");
    let bindings = [json(&policies.validating_binding())];
    let objects = [json(&policies.validating())];
    k8s_openapi::k8s_if_ge_1_36! {
        let bindings = bindings.into_iter().chain([json(&policies.mutating_binding())]).collect::<Vec<_>>();
        let objects = objects.into_iter().chain([json(&policies.mutating())]).collect::<Vec<_>>();
    }
    let selector = serde_json::to_value(Namespaces::except_upstream_opt_outs().selector()).unwrap();
    for binding in &bindings {
        assert_eq!(binding["spec"]["policyName"], "contoso-gmsa");
        assert_eq!(
            binding["spec"]["paramRef"],
            json!({"name": "contoso", "parameterNotFoundAction": "Deny"})
        );
        assert_eq!(binding["spec"]["matchResources"]["namespaceSelector"], selector);
    }
    for object in &objects {
        assert_eq!(
            object["spec"]["paramKind"],
            json!({"apiVersion": "gmsa.internal/v1", "kind": "GMSAIndex"})
        );
        assert_eq!(object["spec"]["failurePolicy"], "Fail");
    }
    for object in objects.iter().chain(&bindings) {
        assert_eq!(object["metadata"], json!({"name": "contoso-gmsa", "labels": {"team": "identity"}}));
        assert!(!object.to_string().contains("objectSelector"));
    }
    assert!(AuthorizingPolicy::new().named("GMSA").is_err());
    assert!(CompletePolicies::new().named("").is_err());
    assert!(Index::default().named("a/b").is_err());
}

#[test]
fn a_webhook_and_a_policy_go_together_in_one_call() {
    let webhook =
        WebhookConfiguration::new(EndpointUrl::try_from("https://gmsa").unwrap(), Trust::SystemRoots)
            .in_namespaces(Namespaces::except_upstream_opt_outs())
            .label("team", "identity");
    let both = webhook.with_policy();
    assert_eq!((&both.mutating, &both.validating), (&webhook.mutating(), &webhook.validating()));
    assert_eq!(both.policy.metadata.labels, both.validating.metadata.labels);
    assert_eq!(both.binding.metadata.labels, both.validating.metadata.labels);
    let selector = &both.validating.webhooks.unwrap()[0].namespace_selector;
    let binding = serde_json::to_value(&both.binding).unwrap();
    assert_eq!(
        binding["spec"]["matchResources"]["namespaceSelector"],
        serde_json::to_value(selector).unwrap()
    );
    // Whoever has the webhook only needs no index.
    let policy = serde_json::to_value(&both.policy).unwrap();
    assert_eq!((&policy["spec"]["paramKind"], &binding["spec"]["paramRef"]), (&Value::Null, &Value::Null));
    assert!(!policy.to_string().contains("params"));
}

#[test]
fn no_policy_asks_more_than_an_api_server_answers() {
    for policy in [AuthorizingPolicy::new().policy(), CompletePolicies::new().validating()] {
        let policy = serde_json::to_value(policy).unwrap();
        let validations = policy["spec"]["validations"].as_array().unwrap();
        let asks = |text: &Value| text.as_str().unwrap_or_default().matches(".check(").count();
        let checks: Vec<_> = validations.iter().map(|validation| asks(&validation["expression"])).collect();
        assert_eq!(checks.iter().sum::<usize>(), MOST_NAMES);
        // A check costs 350 000: an expression may cost 1 000 000, all of them 10 000 000.
        assert!(checks.iter().all(|checks| *checks <= 2));
        assert!(checks.iter().sum::<usize>() * 350_000 < 9_500_000);
        for validation in validations {
            // Messages are made without the authorizer, and must not repeat contents.
            let message = validation["messageExpression"].as_str().unwrap_or_default();
            for hidden in ["authorizer", "variables.access", "params", "gmsaCredentialSpec "] {
                assert!(!message.contains(hidden));
            }
            let fallback = validation["message"].as_str().unwrap();
            assert!(!fallback.trim().is_empty() && !fallback.contains('\n'));
            assert!(["Forbidden", "Invalid"].contains(&validation["reason"].as_str().unwrap()));
        }
        for variable in policy["spec"]["variables"].as_array().unwrap() {
            assert!(variable["expression"].as_str().unwrap().len() < 100_000);
        }
    }
}

#[test]
fn the_index_has_what_the_webhook_would_write_and_tells_what_it_has_not() {
    let index = Index::of(&cluster());
    assert_eq!(index.names().map(ToString::to_string).collect::<Vec<_>>(), ["webapp0", "webapp1"]);
    let object = index.object().unwrap();
    let CredSpecAnswer::Found(contents) =
        cluster().credential_specs().find(|(name, _)| name.as_str() == "webapp1").unwrap().1.clone()
    else {
        panic!("it is there")
    };
    assert_eq!(object.data["webapp1"], contents.as_str());
    let left_out: Vec<_> = index.left_out().map(|(name, why)| format!("{name}: {why}")).collect();
    assert_eq!(left_out, ["broken: its credspec is not an object", "empty: it does not have a credspec key"]);
    let json = serde_json::to_string(&object).unwrap();
    assert_eq!(serde_json::from_str::<GmsaIndex>(&json).unwrap(), object);
    assert!(!format!("{object:?}").contains("ActiveDirectory"));
    for other in [json.replace("GMSAIndex", "ConfigMap"), json.replace("gmsa.internal/v1", "v1")] {
        assert!(serde_json::from_str::<GmsaIndex>(&other).is_err());
    }
}

#[test]
fn an_index_takes_the_latest_answer() {
    let mut index = Index::default();
    index.insert(&named("webapp0"), &found(r#"{"a":1}"#));
    index.insert(&named("webapp0"), &found(r#"{"a":2}"#));
    assert_eq!(index.object().unwrap().data["webapp0"], r#"{"a":2}"#);
    index.insert(&named("webapp0"), &CredSpecAnswer::Empty);
    assert!(index.object().unwrap().data.is_empty());
    assert_eq!(index.left_out().next().unwrap().1, &LeftOut::Empty);
    index.insert(&named("webapp0"), &CredSpecAnswer::NotFound);
    assert_eq!((index.names().count(), index.left_out().count()), (0, 0));
}

#[test]
fn credential_specs_that_do_not_fit_are_an_error() {
    let of_length = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length - 8));
    let mut index = Index::default();
    index.insert(&named("fits"), &found(&of_length(64 * 1024)));
    index.insert(&named("too-long"), &found(&of_length(64 * 1024 + 1)));
    assert_eq!(index.names().count(), 1);
    assert_eq!(index.left_out().next().unwrap().1, &LeftOut::TooLong { length: 65537 });
    for number in 0..14 {
        index.insert(&named(&format!("n{number}")), &found(&of_length(64 * 1024)));
    }
    assert!(serde_json::to_vec(&index.object().unwrap()).unwrap().len() <= Index::LARGEST);
    index.insert(&named("last"), &found(&of_length(64 * 1024)));
    let error = index.object().unwrap_err();
    assert_eq!(error.specs(), 16);
    assert!(error.bytes() > Index::LARGEST);
    assert!(
        error.to_string().starts_with(&format!("the index of 16 cred specs has {} bytes; ", error.bytes()))
    );

    // What fits into an index need not fit into a policy.
    let error = CompletePolicies::new().carrying(&index).unwrap_err();
    assert!(error.length() > PolicyTooLarge::LIMIT);
    let mut index = Index::default();
    index.insert(&named("webapp0"), &found("{}"));
    assert!(CompletePolicies::new().carrying(&index).is_ok());

    let mut index = Index::default();
    for number in 0..=Index::MOST {
        index.insert(&named(&format!("n{number}")), &found("{}"));
    }
    assert_eq!(index.object().unwrap_err().specs(), Index::MOST + 1);
    index.insert(&named("n0"), &CredSpecAnswer::NotFound);
    assert!(index.object().is_ok());
}
