//! Runs the programs as a user does; see `runner` for the output that is checked in.

use std::{fs, path::Path};

use crate::runner::{check_golden, run, text};
use serde_json::{Value, json};

#[test]
fn simulate_tells_what_becomes_of_each_folder() {
    for (folder, code) in [
        ("webapp1", 0),
        ("as-documented", 1),
        ("several-specs", 0),
        ("init-and-ephemeral", 1),
        ("unauthorized", 1),
        ("workloads", 0),
    ] {
        let path = format!("examples/manifests/{folder}");
        let output = run("simulate", &[&path], "");
        assert_eq!(output.status.code(), Some(code), "{folder}: {}", text(&output.stderr));
        assert!(output.stderr.is_empty());
        assert!(!output.stdout.contains(&0x1b), "colours go to terminals only");
        check_golden(&format!("{folder}.txt"), &text(&output.stdout));
        let output = run("simulate", &[&path, "--output", "json"], "");
        assert_eq!(output.status.code(), Some(code));
        check_golden(&format!("{folder}.json"), &text(&output.stdout));
    }
}

#[test]
fn simulate_warns_of_what_admission_lets_pass_and_repeats_nothing_of_a_refusal() {
    let deployment = |name: &str, spec: &str| {
        let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {
            "hostname": "web",
            "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": spec}},
            "containers": [{"name": "iis", "image": "iis"}]}});
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
               "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}})
    };
    let simulate = |object: Value| {
        let cluster = "examples/manifests/webapp1/credential-spec.yaml";
        let permissions = "examples/manifests/webapp1/rbac.yaml";
        run("simulate", &["--output", "json", cluster, permissions, "-"], object.to_string())
    };
    for (spec, code) in [("gmsa-webapp1", 0), ("gmsa-webapp2", 1)] {
        let output = simulate(deployment("web", spec));
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["workloads"][0]["findings"].as_array().unwrap();
        let ids: Vec<_> = findings.iter().map(|finding| finding["id"].as_str().unwrap()).collect();
        // Two replicas with one name, and no nodes of Windows; that the webhook refuses the second is told above.
        assert_eq!(ids, ["GC710", "GC709"], "{spec}");
    }
}

#[test]
fn simulate_finds_that_policies_and_webhook_agree_about_each_folder() {
    for (folder, code) in [
        ("webapp1", 0),
        ("as-documented", 1),
        ("several-specs", 0),
        ("init-and-ephemeral", 1),
        ("unauthorized", 1),
        ("workloads", 0),
    ] {
        let path = format!("examples/manifests/{folder}");
        let output = run("simulate", &["--policies", &path], "");
        assert_eq!(output.status.code(), Some(code), "{folder}: {}", text(&output.stderr));
        let told = text(&output.stdout);
        assert!(told.ends_with("; policies and webhook agree\n"), "{told}");
        check_golden(&format!("policies-{folder}.txt"), &told);
    }
}

#[test]
fn simulate_tells_where_policies_and_webhook_disagree() {
    // The same value in another spelling, and a credential spec without a document.
    let more = r#"
apiVersion: v1
kind: Pod
metadata: {name: respelt}
spec:
  containers:
  - name: iis
    securityContext:
      windowsOptions:
        gmsaCredentialSpecName: small
        gmsaCredentialSpec: '{ "CmsPlugins": ["ActiveDirectory"] }'
---
apiVersion: windows.k8s.io/v1
kind: GMSACredentialSpec
metadata: {name: small}
credspec: {CmsPlugins: [ActiveDirectory]}
---
apiVersion: windows.k8s.io/v1
kind: GMSACredentialSpec
metadata: {name: empty}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: use-small}
rules: [{apiGroups: [windows.k8s.io], resources: [gmsacredentialspecs], verbs: [use], resourceNames: [small]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: use-small}
subjects: [{kind: ServiceAccount, name: default, namespace: default}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: use-small}
"#;
    let output = run("simulate", &["-"], more);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let output = run("simulate", &["--policies", "-"], more);
    assert_eq!(output.status.code(), Some(1));
    check_golden("policies-disagreement.txt", &text(&output.stdout));
    let output = run("simulate", &["--policies", "--output", "json", "-"], more);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        report["summary"],
        json!({"admitted": 1, "denied": 0, "refusedObjects": 0, "disagreements": 1})
    );
    assert_eq!(
        report["notInIndex"],
        json!(["cred spec empty is not in the index: it does not have a credspec key"])
    );
    let policies = &report["workloads"][0]["policies"];
    assert_eq!(policies["admitted"], false);
    assert_eq!(
        policies["disagreement"],
        "the policies compare contents as text, and the webhook by value; leave gmsaCredentialSpec out, and both fill in the same"
    );
    let output = run("simulate", &["--policies", "--output", "yaml", "-"], more);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "disagreement: Pod default/respelt: the policies compare contents as text, and the webhook by value; leave gmsaCredentialSpec out, and both fill in the same\n"
    );
}

#[test]
fn simulate_writes_the_pods_that_would_be_stored() {
    let output = run("simulate", &["examples/manifests/webapp1", "--output", "yaml"], "");
    let pods = text(&output.stdout);
    // The pods are admitted as they are written, contents included.
    let cluster = ["examples/manifests/webapp1/credential-spec.yaml", "examples/manifests/webapp1/rbac.yaml"];
    let again = run("simulate", &[cluster[0], cluster[1], "-", "--output", "yaml"], &pods);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert_eq!(text(&again.stdout), pods);
    assert_eq!(pods.matches("gmsaCredentialSpec: ").count(), 2);
}

#[test]
fn simulate_refuses_what_it_cannot_use_and_prints_nothing() {
    for (arguments, input, says) in [
        (&["no/such/folder"][..], "", "error: no/such/folder: "),
        (&["-"], "kind: [", "error: -:1:"),
        (&["-"], "kind: Pod\napiVersion: v1\nkind: Pod\n", "error: -:3:"),
        (&["-"], "just text", "error: -:1:1: "),
        (&["-"], "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n", "error: -:1:1: "),
        (&["examples/manifests/webapp1", "-"], "\tkind: x", "error: -:1:"),
        (&["--output", "xml", "-"], "", "error: invalid value 'xml'"),
        (&[], "", "error: the following required arguments were not provided"),
    ] {
        let output = run("simulate", arguments, input);
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {input:?}");
        assert!(output.stdout.is_empty());
        assert!(text(&output.stderr).starts_with(says), "{}", text(&output.stderr));
    }
}

fn vector(name: &str) -> Value {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../gmsa-admission/tests/vectors/admission").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

const CLUSTER: &str = "gmsa-admission/tests/vectors/admission/cluster.json";

#[test]
fn review_answers_as_upstream_did() {
    for (name, endpoint) in [("pod-level.mutate.json", "mutate"), ("unauthorized.validate.json", "validate")]
    {
        let case = vector(name);
        let arguments = ["--endpoint", endpoint, "--cluster", CLUSTER];
        let output = run("review", &arguments, case["request"].to_string());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let (ours, upstream): (Value, _) =
            (serde_json::from_slice(&output.stdout).unwrap(), &case["upstream"]);
        for field in ["uid", "allowed", "patch", "patchType"] {
            assert_eq!(ours["response"][field], upstream["response"][field], "{name}: {field}");
        }
        let message =
            |review: &Value| review["response"]["status"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message(&ours).starts_with(&message(upstream)));
    }
}

#[test]
fn review_tells_a_workload_what_becomes_of_its_pods() {
    let context = |name: &str| json!({"windowsOptions": {"gmsaCredentialSpecName": name}});
    let template = json!({"spec": {
        "serviceAccountName": "nobody", "hostname": "fixed", "securityContext": context("webapp0"),
        "initContainers": [{"name": "first", "securityContext": context("no-such")}],
        "containers": [{"name": "iis", "securityContext": context("WebApp0")}]}});
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "operation": "CREATE", "namespace": "team-a",
        "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "object": {"metadata": {"name": "web"}, "spec": {"replicas": 2, "template": template}}}});
    for (flags, golden) in
        [(&[][..], "review-template-warn.json"), (&["--deny-templates"], "review-template-deny.json")]
    {
        let arguments = [&["--endpoint", "template", "--cluster", CLUSTER][..], flags].concat();
        let output = run("review", &arguments, review.to_string());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        check_golden(golden, &format!("{answer:#}\n"));
    }
    let output = run("review", &["--endpoint", "template", "--cluster", CLUSTER], "{");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn review_answers_or_says_in_one_line_why_not() {
    let arguments = ["--endpoint", "validate", "--cluster", CLUSTER];
    for input in ["", "{", "[]", "{}", "\u{feff}{}", r#"{"kind":"Pod","apiVersion":"v1"}"#, "\0"] {
        let output = run("review", &arguments, input);
        assert_eq!(output.status.code(), Some(2), "{input:?}");
        assert!(output.stdout.is_empty());
        assert_eq!(text(&output.stderr).lines().count(), 1, "{}", text(&output.stderr));
    }
    let mut review = vector("pod-level.validate.json")["request"].clone();
    review["request"]["kind"]["kind"] = json!("Deployment");
    let output = run("review", &arguments, review.to_string());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["response"]["uid"], review["request"]["uid"]);
    assert_eq!(answer["response"]["status"]["code"], 400);
}

#[test]
fn access_explains_one_answer() {
    let ask = |account: &str, spec: &str| {
        let arguments = ["--cluster", CLUSTER, "--namespace", "team-a"];
        run(
            "access",
            &[&arguments[..], &["--service-account", account, "--credential-spec", spec]].concat(),
            "",
        )
    };
    let output = ask("one", "webapp0");
    assert_eq!(output.status.code(), Some(0));
    check_golden("access-allowed.txt", &text(&output.stdout));
    let output = ask("getonly", "webapp0");
    assert_eq!(output.status.code(), Some(1));
    check_golden("access-denied.txt", &text(&output.stdout));
}

#[test]
fn access_answers_recorded_questions_in_their_order() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gmsa-rbac/tests/vectors/access.json");
    let recorded: Vec<Value> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let output = run("access", &["--cluster", CLUSTER, "--queries", path.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), recorded.len());
    for (answer, recorded) in answers.iter().zip(&recorded) {
        for field in ["namespace", "serviceAccount", "credentialSpec"] {
            assert_eq!(answer[field], recorded[field]);
        }
        assert_eq!(answer["allowed"], recorded["status"]["allowed"], "{answer}");
    }
    let output = run("access", &["--cluster", CLUSTER, "--queries", "README.md"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: README.md:"));
}
