//! Runs `access` with its commands as a user does; see `runner` for the output that is checked in.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use crate::runner::{check_golden, run, text};
use serde_json::Value;

const CLUSTER: &str = "gmsa-admission/tests/vectors/admission/cluster.json";

fn access(arguments: &[&str], input: &str) -> Output {
    run("access", arguments, input)
}

/// Runs it for text and for JSON, compares both with what is checked in, and returns the JSON.
fn both(name: &str, arguments: &[&str], code: i32) -> Value {
    let output = access(arguments, "");
    assert_eq!(output.status.code(), Some(code), "{name}: {}", text(&output.stderr));
    assert!(!output.stdout.contains(&0x1b), "colours go to terminals only");
    check_golden(&format!("access-{name}.txt"), &text(&output.stdout));
    let output = access(&[arguments, &["--output", "json"]].concat(), "");
    assert_eq!(output.status.code(), Some(code));
    check_golden(&format!("access-{name}.json"), &text(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn who_lists_everybody_with_their_chains() {
    let answer = both("who", &["who", "webapp0", "--cluster", CLUSTER], 0);
    assert_eq!(answer["exists"], true);
    // Either side of the command will do.
    let before = access(&["--cluster", CLUSTER, "--output", "json", "who", "webapp0"], "");
    assert_eq!(serde_json::from_slice::<Value>(&before.stdout).unwrap(), answer);
    let folder = "examples/manifests/unauthorized";
    both("who-nobody", &["who", "gmsa-payroll", "--cluster", folder], 1);
    let output = access(&["who", "gmsa-payrol", "--cluster", folder], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).starts_with("note: there is no credential spec gmsa-payrol\n"));
}

#[test]
fn audit_finds_what_is_wrong() {
    both("audit-unauthorized", &["audit", "--cluster", "examples/manifests/unauthorized"], 1);
    both("audit-as-documented", &["audit", "--cluster", "examples/manifests/as-documented"], 1);
    let recorded = both("audit-recorded", &["audit", "--cluster", CLUSTER], 1);
    let ids: Vec<&str> =
        recorded.as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect();
    for id in ["GR101", "GR102", "GR104", "GR106"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
    let clean = both("audit-clean", &["audit", "--cluster", "examples/manifests/several-specs"], 0);
    assert_eq!(clean, serde_json::json!([]));
}

#[test]
fn what_is_granted_is_granted() {
    let flags = [
        "--namespace",
        "shop",
        "--service-account",
        "web",
        "--service-account",
        "batch",
        "--credential-spec",
        "db",
    ];
    let granted = access(&[&["grant"], &flags[..]].concat(), "");
    assert_eq!(granted.status.code(), Some(0), "{}", text(&granted.stderr));
    check_golden("access-grant.yaml", &text(&granted.stdout));
    for account in ["web", "batch"] {
        let question = ["--namespace", "shop", "--service-account", account, "--credential-spec", "db"];
        let asked = access(&[&["--cluster", "-"], &question[..]].concat(), &text(&granted.stdout));
        assert_eq!(asked.status.code(), Some(0), "{}", text(&asked.stderr));
    }
    let list = access(&[&["grant"], &flags[..], &["--output", "json"]].concat(), "");
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!((&list["kind"], list["items"].as_array().unwrap().len()), (&"List".into(), 3));
}

#[test]
fn the_fewest_grants_make_the_audit_clean() {
    let folder = "examples/manifests/unauthorized";
    let minimal = access(&["minimize", "--cluster", folder], "");
    assert_eq!(minimal.status.code(), Some(0), "{}", text(&minimal.stderr));
    check_golden("access-minimize.yaml", &text(&minimal.stdout));
    // The folder without its permissions, with these instead.
    let read = |name: &str| fs::read_to_string(Path::new("manifests/unauthorized").join(name)).unwrap();
    let keeps = |document: &&str| !document.contains("rbac.authorization.k8s.io");
    let cluster = read("cluster.yaml");
    let kept: Vec<&str> = cluster.split("---\n").filter(keeps).collect();
    let all = [kept.join("---\n"), read("deployments.yaml"), text(&minimal.stdout)];
    let audit = access(&["audit", "--cluster", "-"], &all.join("---\n"));
    assert_eq!(text(&audit.stdout), "nothing found\n");
    assert_eq!(audit.status.code(), Some(0));

    let left_out = access(&["minimize", "--cluster", "examples/manifests/as-documented"], "");
    assert_eq!(left_out.status.code(), Some(1));
    assert!(text(&left_out.stderr).contains("left out: "), "{}", text(&left_out.stderr));
}

#[test]
fn no_two_grants_share_a_name() {
    let names = [
        "--service-account",
        "b-c",
        "--service-account",
        "c",
        "--credential-spec",
        "a",
        "--credential-spec",
        "a-b",
    ];
    let output = access(&[&["grant", "--namespace", "team-a", "--output", "json"], &names[..]].concat(), "");
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let objects = list["items"].as_array().unwrap();
    let mut named: Vec<_> =
        objects.iter().map(|object| (&object["kind"], &object["metadata"]["name"])).collect();
    assert_eq!(named.len(), 6);
    named.sort_by_key(|(kind, name)| (kind.to_string(), name.to_string()));
    named.dedup();
    assert_eq!(named.len(), 6);
}

const USE_S: &str =
    "[{apiGroups: [windows.k8s.io], resources: [gmsacredentialspecs], verbs: [use], resourceNames: [s]}]";

/// A binding in `metadata` of `role` to the account `web`.
fn bound(metadata: &str, role: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {metadata}\n\
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}\n\
         subjects: [{{kind: ServiceAccount, name: web}}]\n"
    )
}

fn made(metadata: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {metadata}\n{rest}\n"
    )
}

#[test]
fn a_folder_counts_as_a_cluster_would_hold_it_and_a_question_says_where_that_differs() {
    let question =
        ["--cluster", "-", "--namespace", "a", "--service-account", "web", "--credential-spec", "s"];
    let to_edit = "{name: use-s, labels: {rbac.authorization.k8s.io/aggregate-to-edit: \"true\"}}";
    let selecting = "aggregationRule: {clusterRoleSelectors: [{matchLabels: {all: \"true\"}}]}\n\
                     rules: [{apiGroups: [\"\"], resources: [pods], verbs: [list]}]";
    let anything = "rules: [{apiGroups: [\"*\"], resources: [\"*\"], verbs: [\"*\"]}]";
    for (role, objects) in [
        ("cluster-admin", String::new()),
        ("edit", made(to_edit, &format!("rules: {USE_S}"))),
        (
            "stale",
            made("{name: stale}", selecting) + &made("{name: sneaky, labels: {all: \"true\"}}", anything),
        ),
    ] {
        let cluster = bound("{name: b, namespace: a}", role) + &objects;
        let asked = access(&question, &cluster);
        assert_eq!(asked.status.code(), Some(1), "{role}");
        let story = text(&asked.stdout);
        let note = format!("a cluster has ClusterRole `{role}`");
        assert!(story.contains("  note: ") && story.contains(&note), "{story}");
        let json = access(&[&question[..], &["--output", "json"]].concat(), &cluster);
        let json: Value = serde_json::from_slice(&json.stdout).unwrap();
        assert!(json["note"].as_str().unwrap().contains(&note), "{json}");
        let who = access(&["who", "s", "--cluster", "-"], &cluster);
        assert!(text(&who.stdout).contains("the pods of service account `a/web`"), "{}", text(&who.stdout));
        assert_eq!(who.status.code(), Some(0));
    }
}

#[test]
fn a_role_binding_without_a_namespace_is_in_default() {
    let cluster = bound("{name: b}", "use-s") + &made("{name: use-s}", &format!("rules: {USE_S}"));
    let who = access(&["who", "s", "--cluster", "-"], &cluster);
    assert!(text(&who.stdout).contains("the pods of service account `default/web`"), "{}", text(&who.stdout));
    let question = ["--namespace", "default", "--service-account", "web", "--credential-spec", "s"];
    let asked = access(&[&["--cluster", "-"], &question[..]].concat(), &cluster);
    assert_eq!(asked.status.code(), Some(1), "in a cluster there is none without a namespace");
}

#[test]
fn names_are_printed_without_control_characters() {
    let cluster =
        bound("{name: b, namespace: a}", "use-s") + &made("{name: use-s}", &format!("rules: {USE_S}"));
    let question =
        ["--namespace", "a\u{1b}[2J", "--service-account", "w\nx", "--credential-spec", "s\u{2028}"];
    let asked = access(&[&["--cluster", "-"], &question[..]].concat(), &cluster);
    let who = access(&["who", "s\u{1b}[2J\n", "--cluster", "-"], &cluster);
    for output in [asked, who] {
        assert_eq!(output.status.code(), Some(1));
        let story = text(&output.stdout);
        assert!(!story.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{2028}'), "{story:?}");
        assert!(story.lines().next().unwrap().contains("\\u{1b}[2J"), "{story:?}");
    }
}

#[test]
fn minimize_says_what_runs_as_default_and_whether_it_is_proven() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: a}\nspec: {containers: [{name: c, image: x}], \
               securityContext: {windowsOptions: {gmsaCredentialSpecName: s}}}\n";
    let minimal = access(&["minimize", "--cluster", "-", "--output", "json"], pod);
    assert!(
        text(&minimal.stderr).contains("note: -: Pod a/p runs as `default`"),
        "{}",
        text(&minimal.stderr)
    );
    let list: Value = serde_json::from_slice(&minimal.stdout).unwrap();
    assert_eq!(list["provenSmallest"], true);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_cannot_be_used_is_refused_in_words() {
    for (arguments, input, says) in [
        (&["who", "webapp0"][..], "", "error: the command needs --cluster <PATH>"),
        (&["audit", "--cluster", "no/such/folder"], "", "error: no/such/folder: "),
        (&["audit", "--cluster", "-"], "kind: [", "error: -:1:"),
        (&["audit", "--cluster", "-"], "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n", "error: -:1:1: "),
        (&["--queries", "x.json", "audit", "--cluster", "-"], "", "error: a question and a command"),
        (
            &["grant", "--namespace", "A", "--service-account", "x", "--credential-spec", "s"],
            "",
            "error: namespace must not contain `A`",
        ),
        (&["who", "", "--cluster", "-"], "", "error: no credential spec has an empty name"),
        (&["--namespace", "a"], "", "error: the following required arguments were not provided"),
        (&[], "", "error: the following required arguments were not provided"),
    ] {
        let output = access(arguments, input);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(text(&output.stderr).starts_with(says), "{}", text(&output.stderr));
    }
}

/// 10,000 bindings, 1,000 credential specs, 100,000 questions, in one run.
#[test]
fn a_large_cluster_answers_many_questions() {
    const NAMES: usize = 1_000;
    const BINDINGS: usize = 10_000;
    let role = |index: usize| {
        serde_json::json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": format!("use-gmsa-s{index}")},
            "rules": [{"apiGroups": ["windows.k8s.io"], "resources": ["gmsacredentialspecs"], "verbs": ["use"],
                       "resourceNames": [format!("s{index}")]}]})
    };
    let binding = |index: usize| {
        serde_json::json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": format!("b{index}"), "namespace": format!("n{}", index / 10)},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                        "name": format!("use-gmsa-s{}", index % NAMES)},
            "subjects": [{"kind": "ServiceAccount", "name": format!("a{}", index % 10)}]})
    };
    let items: Vec<Value> = (0..NAMES).map(role).chain((0..BINDINGS).map(binding)).collect();
    let questions: Vec<Value> = (0..100_000)
        .map(|index| {
            let bound = index % BINDINGS;
            serde_json::json!({"namespace": format!("n{}", bound / 10), "serviceAccount": format!("a{}", bound % 10),
                "credentialSpec": format!("s{}", (bound + index / BINDINGS) % NAMES)})
        })
        .collect();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (cluster, queries) = (folder.join("large-cluster.json"), folder.join("large-queries.json"));
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items});
    fs::write(&cluster, list.to_string()).unwrap();
    fs::write(&queries, Value::from(questions).to_string()).unwrap();
    let output =
        access(&["--cluster", cluster.to_str().unwrap(), "--queries", queries.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    for (index, answer) in answers.iter().enumerate() {
        assert_eq!(answer["allowed"], Value::from(index < BINDINGS), "{answer}");
    }
    assert_eq!(answers.len(), 100_000);
}
