//! Each pod-level rule, with what it finds and what it lets pass.

use crate::generators::*;
use gmsa_admission::{
    Snapshot,
    lint::{RULES, lint},
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn cluster() -> Snapshot {
    let mut cluster = Snapshot::default();
    let spec: Value = serde_json::from_str(&document("webapp0")).unwrap();
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec", "metadata": {"name": "webapp0"}, "credspec": spec},
        {"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec", "metadata": {"name": "empty"}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "use"}, "rules": [
            {"apiGroups": ["windows.k8s.io"], "resources": ["gmsacredentialspecs"], "verbs": ["use"]}]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "b", "namespace": "team-a"},
         "subjects": [{"kind": "ServiceAccount", "name": "web"}],
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "use"}}]});
    cluster.insert(&objects).unwrap();
    cluster
}

/// A Deployment about which there is nothing to say.
fn deployment() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "team-a"},
        "spec": {"replicas": 2, "template": {"spec": {
            "serviceAccountName": "web", "nodeSelector": {"kubernetes.io/os": "windows"},
            "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp0"}},
            "containers": [{"name": "iis"}]}}}})
}

fn with(pointer: &str, key: &str, value: Value) -> Value {
    let mut deployment = deployment();
    deployment.pointer_mut(pointer).unwrap()[key] = value;
    deployment
}

fn found(object: &Value) -> Vec<String> {
    lint(object, &cluster()).unwrap().iter().map(ToString::to_string).collect()
}

const SPEC: &str = "/spec/template/spec";
const OPTIONS: &str = "/spec/template/spec/securityContext/windowsOptions";

#[test]
fn a_deployment_that_is_right_has_no_findings() {
    assert_eq!(found(&deployment()), [""; 0]);
    let plain = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "linux"},
        "spec": {"containers": [{"name": "a"}], "hostname": "a-name-longer-than-fifteen"}});
    assert_eq!(found(&plain), [""; 0], "pods without gMSA fields are nobody's business here");
    assert_eq!(found(&json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}})), [""; 0]);
}

#[test]
fn each_rule_finds_what_it_is_for() {
    let inline = json!({"gmsaCredentialSpec": canonical("webapp0")});
    let wrong = json!({"gmsaCredentialSpecName": "webapp0", "gmsaCredentialSpec": canonical("webapp1")});
    let right = json!({"gmsaCredentialSpecName": "webapp0", "gmsaCredentialSpec": canonical("webapp0")});
    let context = |name: &str| json!({"windowsOptions": {"gmsaCredentialSpecName": name}});
    let init = json!([{"name": "first", "securityContext": context("webapp0")}]);
    let host = json!({"gmsaCredentialSpecName": "webapp0", "hostProcess": true});
    let security = "/spec/template/spec/securityContext";
    for (object, expected) in [
        (
            with(security, "windowsOptions", inline),
            format!("error[GC706] {OPTIONS}/gmsaCredentialSpec: contents without gmsaCredentialSpecName"),
        ),
        (
            with(security, "windowsOptions", wrong),
            format!("error[GC706] {OPTIONS}/gmsaCredentialSpec: contents that are not those of the named resource"),
        ),
        (
            with(OPTIONS, "gmsaCredentialSpecName", json!("WebApp0")),
            format!("error[GC706] {OPTIONS}/gmsaCredentialSpecName: no credential spec has the name `WebApp0`"),
        ),
        (
            with(OPTIONS, "gmsaCredentialSpecName", json!("empty")),
            format!("error[GC706] {OPTIONS}/gmsaCredentialSpecName: credential spec `empty` has no contents"),
        ),
        (
            with(SPEC, "initContainers", init),
            "warning[GC707] /spec/template/spec/initContainers/0/securityContext/windowsOptions: gMSA fields on an init \
             container"
                .to_owned(),
        ),
        (
            with(SPEC, "serviceAccountName", json!("stranger")),
            format!(
                "warning[GC708] {OPTIONS}/gmsaCredentialSpecName: service account `stranger` may not `use` credential spec \
                 `webapp0`"
            ),
        ),
        (
            with(SPEC, "hostname", json!("fixed")),
            "warning[GC709] /spec/template/spec/hostname: replicas with one gMSA share a fixed hostname".to_owned(),
        ),
        (
            with(SPEC, "hostname", json!("sixteen-letters-")),
            "warning[GC709] /spec/template/spec/hostname: hostname of more than 15 characters".to_owned(),
        ),
        (
            with(SPEC, "nodeSelector", Value::Null),
            "warning[GC710] /spec/template/spec: nothing puts the pod on Windows nodes".to_owned(),
        ),
        (
            with(security, "windowsOptions", host),
            format!("warning[GC710] {OPTIONS}: gMSA fields on a hostProcess pod"),
        ),
    ] {
        let findings = found(&object);
        assert!(findings.contains(&expected), "{expected}: {findings:?}");
        // A name that is wrong may also lack its permission; all else is one finding.
        assert!(findings.iter().all(|finding| *finding == expected || finding.contains("GC708")), "{findings:?}");
    }
    assert_eq!(found(&with(security, "windowsOptions", right)), [""; 0]);
    assert_eq!(found(&with("/spec", "replicas", json!(1))), [""; 0]);
}

#[test]
fn a_hostname_is_judged_by_what_the_controller_makes_of_it() {
    let hostname = |object: &Value| -> Vec<String> {
        found(object).into_iter().filter(|finding| finding.contains("GC709")).collect()
    };
    let shared = "replicas with one gMSA share a fixed hostname";
    let of_kind = |kind: &str, version: &str, owner: Value| {
        let mut object = with(SPEC, "hostname", json!("fixed"));
        object["kind"] = json!(kind);
        object["apiVersion"] = json!(version);
        let mut owner = owner;
        owner["template"] = object["spec"]["template"].take();
        object["spec"] = if kind == "CronJob" { json!({"jobTemplate": {"spec": owner}}) } else { owner };
        object
    };
    for (kind, version, at) in
        [("Job", "batch/v1", "/spec"), ("CronJob", "batch/v1", "/spec/jobTemplate/spec")]
    {
        assert_eq!(
            hostname(&of_kind(kind, version, json!({"parallelism": 2}))),
            [format!("warning[GC709] {at}/template/spec/hostname: {shared}")]
        );
        for owner in
            [json!({}), json!({"replicas": 2}), json!({"parallelism": 2, "completionMode": "Indexed"})]
        {
            assert_eq!(hostname(&of_kind(kind, version, owner)), [""; 0]);
        }
    }
    assert_eq!(hostname(&of_kind("DaemonSet", "apps/v1", json!({}))).len(), 1);
    let mut set = of_kind("StatefulSet", "apps/v1", json!({"replicas": 2}));
    assert_eq!(hostname(&set), [""; 0]);
    set["metadata"]["name"] = json!("fourteen-chars");
    assert_eq!(hostname(&set), ["warning[GC709] /metadata/name: hostname of more than 15 characters"]);

    let mut own = with(SPEC, "hostname", json!("WEBAPP0"));
    assert_eq!(hostname(&own)[0], format!("warning[GC709] {SPEC}/hostname: {shared}"));
    own["spec"]["replicas"] = json!(1);
    assert_eq!(hostname(&own), [format!("info[GC709] {SPEC}/hostname: hostname that is the account's name")]);
}

#[test]
fn a_name_in_another_case_is_named_in_the_help() {
    let findings = lint(&with(OPTIONS, "gmsaCredentialSpecName", json!("WebApp0")), &cluster()).unwrap();
    let finding = findings.iter().find(|finding| finding.id().as_str() == "GC706").unwrap();
    assert_eq!(finding.help(), Some("write `webapp0`, which exists"));
    assert_eq!(finding.object().unwrap().to_string(), "Deployment team-a/web");
}

proptest! {
    #[test]
    fn any_pod_is_judged_by_known_rules_and_without_its_contents(
        pod in prop_oneof![pod(), expanded_pod(), misshapen_pod()],
    ) {
        let Ok(findings) = lint(&pod, &cluster()) else { return Ok(()) };
        for finding in &findings {
            prop_assert!(RULES.contains(&finding.id()));
            let shown = format!("{finding} {finding:?} {}", serde_json::to_string(finding).unwrap());
            prop_assert!(!shown.to_ascii_lowercase().contains(SECRET), "{}", shown);
        }
    }
}
