//! What the builders make, and that it grants what it says.

use crate::world::question;
use gmsa_rbac::{
    ProposedGrant, Rbac, RbacName, RbacObject,
    build::{UseBinding, UseRole, WebhookAccess, editor_role, viewer_role},
};
use gmsa_types::CredentialSpecName;
use serde_json::{Value, json, to_value};

fn spec(name: &str) -> CredentialSpecName<'_> {
    CredentialSpecName::try_from(name).unwrap()
}

fn name(text: &str) -> RbacName {
    RbacName::try_from(text).unwrap()
}

/// The two examples of the Kubernetes page "Configure GMSA for Windows Pods and containers", as printed.
#[test]
fn the_examples_of_the_documentation_come_out_field_for_field() {
    let role = UseRole::as_printed("gmsa-WebApp1").named(name("webapp1-role")).without_labels();
    assert_eq!(
        to_value(RbacObject::from(role.cluster_role())).unwrap(),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "webapp1-role"},
            "rules": [{
                "apiGroups": ["windows.k8s.io"],
                "resources": ["gmsacredentialspecs"],
                "verbs": ["use"],
                "resourceNames": ["gmsa-WebApp1"],
            }],
        })
    );
    let binding = UseBinding::new(&role, "default")
        .unwrap()
        .service_account("default")
        .unwrap()
        .named(name("allow-default-svc-account-read-on-gmsa-WebApp1"));
    assert_eq!(
        to_value(RbacObject::from(binding.role_binding())).unwrap(),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "allow-default-svc-account-read-on-gmsa-WebApp1", "namespace": "default"},
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}],
            "roleRef": {
                "kind": "ClusterRole", "name": "webapp1-role", "apiGroup": "rbac.authorization.k8s.io",
            },
        })
    );
}

#[test]
fn a_role_and_its_binding_grant_just_that() {
    let role = UseRole::new(spec("web")).and(spec("db"));
    let binding = UseBinding::new(&role, "a").unwrap().service_account("x").unwrap();
    let mut rbac = Rbac::default();
    rbac.insert(role.cluster_role());
    rbac.insert(binding.role_binding());
    let allowed = |rbac: &Rbac, account: &str, spec: &str| rbac.answer(&question(account, spec)).is_allowed();
    assert!(allowed(&rbac, "a/x", "web") && allowed(&rbac, "a/x", "db"));
    assert!(
        !allowed(&rbac, "a/x", "other") && !allowed(&rbac, "a/y", "web") && !allowed(&rbac, "b/x", "web")
    );
    rbac.insert(UseBinding::new(&role, "b").unwrap().every_service_account().role_binding());
    assert!(allowed(&rbac, "b/x", "web") && !allowed(&rbac, "a/y", "web"));
    let everyone = UseBinding::new(&role, "b").unwrap().group("system:serviceaccounts");
    rbac.insert(everyone.cluster_role_binding_for_every_namespace());
    assert!(allowed(&rbac, "c/z", "db") && !allowed(&rbac, "c/z", "other"));
}

#[test]
fn names_follow_from_what_is_granted_and_stay_apart() {
    let of = |specs: &[&str]| UseRole::of(specs.iter().copied().map(spec)).unwrap();
    assert_eq!(of(&["web"]).name().as_str(), "use-gmsa-web");
    assert_eq!(of(&["web", "db", "web"]).name().as_str(), "use-gmsa-db:web");
    assert_eq!(of(&["web", "db"]), of(&["db", "web"]));
    assert_ne!(of(&["a", "b-c"]).name(), of(&["a-b", "c"]).name());
    assert_eq!(UseRole::of([]), None);
    let grant = ProposedGrant::new(&question("a/x", "web")).unwrap();
    assert_eq!(grant.role_name(), of(&["web"]).name().as_str());
    let long: Vec<String> = (0..9).map(|n| format!("{}{n}", "x".repeat(200))).collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    assert_eq!(of(&long).name().as_str().len(), 253);
    assert_ne!(of(&long).name(), of(&long[..8]).name());
    let labels = of(&["web"]).label("team", "shop").cluster_role().metadata.labels.unwrap();
    assert_eq!((labels["app.kubernetes.io/part-of"].as_str(), labels["team"].as_str()), ("gmsa", "shop"));
}

#[test]
fn names_are_checked_as_the_api_server_does() {
    for good in ["Use-GMSA-WebApp1:v1", "UPPER_case", "a b", "...", "é"] {
        assert_eq!(RbacName::try_from(good).unwrap().as_str(), good);
    }
    for (bad, fault) in [
        ("", "must not be empty"),
        (".", "may not be '.'"),
        ("..", "may not be '..'"),
        ("a/b", "may not contain '/'"),
        ("a%b", "may not contain '%'"),
    ] {
        assert_eq!(RbacName::try_from(bad).unwrap_err().faults(), [fault]);
        assert!(serde_json::from_value::<RbacName>(json!(bad)).is_err());
    }
    let role = UseRole::new(spec("web"));
    assert!(UseBinding::new(&role, "a.b").is_err());
    assert!(UseBinding::new(&role, "a").unwrap().service_account("X").is_err());
    assert!(RbacName::try_from(UseRole::as_printed("a/b%").name().as_str()).is_ok());
}

#[test]
fn the_webhook_reads_and_asks_and_uses_nothing() {
    let access = WebhookAccess::new("gmsa-system/hook".parse().unwrap());
    let role = to_value(access.cluster_role()).unwrap();
    assert_eq!(
        role["rules"],
        json!([
            {"apiGroups": ["windows.k8s.io"], "resources": ["gmsacredentialspecs"],
             "verbs": ["get", "list", "watch"]},
            {"apiGroups": ["authorization.k8s.io"], "resources": ["localsubjectaccessreviews"],
             "verbs": ["create"]},
        ])
    );
    let binding = to_value(access.cluster_role_binding()).unwrap();
    assert_eq!(
        binding["subjects"],
        json!([{"kind": "ServiceAccount", "name": "hook", "namespace": "gmsa-system"}])
    );
    assert_eq!(binding["roleRef"]["name"], role["metadata"]["name"]);
    let account = to_value(access.service_account()).unwrap();
    assert_eq!(
        (&account["metadata"]["namespace"], &account["metadata"]["name"]),
        (&json!("gmsa-system"), &json!("hook"))
    );
    let mut rbac = Rbac::default();
    rbac.insert(access.cluster_role());
    rbac.insert(access.cluster_role_binding());
    assert!(!rbac.answer(&question("gmsa-system/hook", "web")).is_allowed());
}

#[test]
fn people_read_or_write_and_use_nothing() {
    let rules = |role: &Value| role["rules"][0]["verbs"].clone();
    let viewer = to_value(viewer_role()).unwrap();
    assert_eq!(rules(&viewer), json!(["get", "list", "watch"]));
    assert_eq!(viewer["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"], "true");
    let editor = to_value(editor_role()).unwrap();
    assert_eq!(rules(&editor), json!(["get", "list", "watch", "create", "update", "patch", "delete"]));
    assert!(!editor["metadata"]["labels"].to_string().contains("aggregate"));
}
