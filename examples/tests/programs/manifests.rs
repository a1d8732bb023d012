//! Reading manifests, and the manifests that the examples come with.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use gmsa_admission::{
    api_server::{check_object, check_pod, default_pod, pruned_fields},
    workload::{WorkloadKind, pod_of},
};
use gmsa_examples::manifest::{Manifest, ManifestError, parse, read, to_yaml};
use proptest::prelude::*;
use serde_json::{Value, json};

const FOLDERS: [&str; 6] =
    ["webapp1", "as-documented", "several-specs", "init-and-ephemeral", "unauthorized", "workloads"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests").join(name)
}

fn manifests(name: &str) -> Vec<Manifest> {
    read(&[folder(name)]).unwrap_or_else(|errors| panic!("{}", lines(&errors).join("\n")))
}

fn lines(errors: &[ManifestError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn text<'m>(manifest: &'m Manifest, pointer: &str) -> &'m str {
    manifest.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn every_folder_is_read_with_all_its_objects() {
    let kinds = |name: &str| {
        let mut kinds = BTreeMap::new();
        for manifest in manifests(name) {
            *kinds.entry(text(&manifest, "/kind").to_owned()).or_insert(0) += 1;
        }
        kinds.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(kinds("webapp1"), "1 ClusterRole, 2 Deployment, 1 GMSACredentialSpec, 1 RoleBinding");
    assert_eq!(kinds("as-documented"), "1 ClusterRole, 2 Deployment, 1 GMSACredentialSpec, 1 RoleBinding");
    assert_eq!(
        kinds("several-specs"),
        "2 ClusterRole, 1 DaemonSet, 3 GMSACredentialSpec, 1 Namespace, 1 Pod, 2 RoleBinding, 2 ServiceAccount, 1 StatefulSet"
    );
    assert_eq!(
        kinds("init-and-ephemeral"),
        "1 ClusterRole, 1 GMSACredentialSpec, 1 Namespace, 3 Pod, 1 RoleBinding"
    );
    assert_eq!(
        kinds("unauthorized"),
        "2 ClusterRole, 1 ClusterRoleBinding, 3 Deployment, 1 GMSACredentialSpec, 2 Namespace, 1 RoleBinding, 3 ServiceAccount"
    );
    assert_eq!(
        kinds("workloads"),
        "1 CronJob, 1 DaemonSet, 2 Deployment, 1 GMSACredentialSpec, 1 Job, 1 Namespace, 1 Pod, 1 ReplicaSet, \
         1 ReplicationController, 1 Role, 1 RoleBinding, 1 ServiceAccount, 1 StatefulSet"
    );
    let in_tree = fs::read_dir(folder("")).unwrap().count();
    assert_eq!(in_tree, FOLDERS.len(), "a folder of manifests is not tested");
}

#[test]
fn the_api_server_takes_everything_but_what_is_shown_to_be_refused() {
    for name in FOLDERS {
        let mut refused = Vec::new();
        for manifest in manifests(name) {
            let object = &manifest.object;
            assert_eq!(pruned_fields(object), [""; 0], "{manifest:?}");
            refused.extend(check_object(object).iter().map(|error| {
                let kind = text(&manifest, "/kind");
                format!("{kind} {} {} {}", error.path(), error.kind(), error.fix().unwrap_or_default())
            }));
            // A pod of a workload that is taken is taken.
            if let Some(workload) = pod_of(object).unwrap() {
                let mut pod = workload.into_pod();
                default_pod(&mut pod);
                assert_eq!(check_object(object).is_empty(), check_pod(&pod).is_empty(), "{manifest:?}");
            }
        }
        let expected: &[&str] = match name {
            "as-documented" => &[
                "Deployment spec.template.spec.containers[0].securityContext.windowsOptions.gmsaCredentialSpecName \
                 Invalid value write `gmsa-webapp1`",
                "GMSACredentialSpec metadata.name Invalid value write `gmsa-webapp1`",
            ],
            "init-and-ephemeral" => &[
                "Pod spec.ephemeralContainers Forbidden remove it; `kubectl debug` adds such a container to a running pod",
            ],
            _ => &[],
        };
        assert_eq!(refused, expected, "{name}");
    }
}

#[test]
fn the_documented_folder_is_what_the_page_prints() {
    let names: Vec<_> = manifests("as-documented")
        .iter()
        .map(|manifest| text(manifest, "/metadata/name").to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "with-creds",
            "gmsa-WebApp1",
            "with-creds",
            "webapp1-role",
            "allow-default-svc-account-read-on-gmsa-WebApp1"
        ]
    );
}

#[test]
fn the_workloads_folder_has_every_kind_of_workload_and_merged_specs_are_whole() {
    let pods: Vec<_> = manifests("workloads").iter().filter_map(|m| pod_of(&m.object).unwrap()).collect();
    for kind in WorkloadKind::ALL {
        assert!(pods.iter().any(|pod| pod.kind() == kind), "{kind}");
    }
    let orders =
        manifests("several-specs").into_iter().find(|m| text(m, "/metadata/name") == "gmsa-orders").unwrap();
    assert_eq!(text(&orders, "/credspec/DomainJoinConfig/MachineAccountName"), "Orders");
    assert_eq!(text(&orders, "/credspec/DomainJoinConfig/NetBiosName"), "CONTOSO");
    assert!(orders.object.pointer("/credspec/DomainJoinConfig/<<").is_none());
}

#[test]
fn a_manifest_tells_its_file_document_and_line() {
    let file = folder("webapp1").join("rbac.yaml");
    let found = manifests("webapp1");
    let binding = found.iter().find(|m| text(m, "/kind") == "RoleBinding").unwrap();
    assert_eq!((Path::new(&binding.file), binding.document), (file.as_path(), 1));
    let source = fs::read_to_string(&file).unwrap();
    let line = source.lines().nth(usize::try_from(binding.line).unwrap() - 1);
    assert_eq!(line, Some("apiVersion: rbac.authorization.k8s.io/v1"));
    assert!(!format!("{:?}", found[0]).contains("contoso"), "a manifest shows its contents");
}

fn object(fields: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\n{fields}")
}

fn one(yaml: &str) -> Value {
    let mut found =
        parse("a.yaml", yaml.as_bytes()).unwrap_or_else(|errors| panic!("{}", lines(&errors).join("\n")));
    assert_eq!(found.len(), 1);
    found.remove(0).object
}

#[test]
fn scalars_are_read_as_kubectl_reads_them() {
    // The right-hand side is what kubectl 1.32 printed.
    for (yaml, value) in [
        ("yes", json!(true)),
        ("NO", json!(false)),
        ("on", json!(true)),
        ("Off", json!(false)),
        ("y", json!(true)),
        ("N", json!(false)),
        ("True", json!(true)),
        ("~", json!(null)),
        ("Null", json!(null)),
        ("", json!(null)),
        ("0123", json!(83)),
        ("-0123", json!(-83)),
        ("0o17", json!(15)),
        ("0x1f", json!(31)),
        ("0b101", json!(5)),
        ("1_000", json!(1000)),
        ("+5", json!(5)),
        (".5", json!(0.5)),
        ("1:30", json!("1:30")),
        ("2001-01-01", json!("2001-01-01")),
        ("1.2.3", json!("1.2.3")),
        ("\"NO\"", json!("NO")),
        ("!!str 0123", json!("0123")),
        ("!!binary aGVsbG8=", json!("hello")),
        ("0.10", json!(0.1)),
        ("=", json!("=")),
        ("9e", json!("9e")),
    ] {
        assert_eq!(one(&object(&format!("v: {yaml}\n")))["v"], value, "{yaml}");
    }
    // Here it printed no fraction; the numbers are equal.
    for (yaml, value) in [("1e3", 1000.0), ("5.", 5.0), ("08", 8.0), ("012e3", 12000.0)] {
        assert_eq!(one(&object(&format!("v: {yaml}\n")))["v"].as_f64(), Some(value), "{yaml}");
    }
}

#[test]
fn numbers_of_any_size_are_read_or_refused() {
    for yaml in ["18446744073709551615", "18446744073709551616", "-9223372036854775809", &"9".repeat(200)] {
        assert!(one(&object(&format!("v: {yaml}\n")))["v"].is_number(), "{yaml}");
        let json = format!(r#"{{"apiVersion":"v1","kind":"A","v":{yaml}}}"#);
        assert!(parse("a.json", json.as_bytes()).unwrap()[0].object["v"].is_number(), "{yaml}");
    }
    for yaml in ["1e400", ".inf", "-.INF", ".nan", &"9".repeat(400)] {
        let errors = parse("a.yaml", object(&format!("v: {yaml}\n")).as_bytes()).unwrap_err();
        assert_eq!(
            lines(&errors),
            ["a.yaml:3:4: a number that JSON cannot hold; write it in quotes if it is text"]
        );
    }
}

#[test]
fn documents_and_lists_come_as_single_objects() {
    let yaml = "# nothing here\n---\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A}\n\
        - apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: B}\n- {apiVersion: v1, kind: C}\n\
        --- # a comment\nnull\n---\napiVersion: v1\nkind: PodList\nitems:\n- {metadata: {name: p}}\n---\n\
        apiVersion: x.example/v1\nkind: AllowList\nspec: {}\n...\n---\napiVersion: v1\nkind: List\n";
    let found = parse("a.yaml", yaml.as_bytes()).unwrap();
    let seen: Vec<_> =
        found.iter().map(|m| format!("{} {} {}", text(m, "/kind"), m.document, m.line)).collect();
    assert_eq!(seen, ["A 0 4", "B 0 4", "C 0 4", "Pod 1 16", "AllowList 2 21"]);
    assert_eq!(text(&found[3], "/apiVersion"), "v1");

    let json = "{\"apiVersion\":\"v1\",\"kind\":\"A\"}\n\n  {\"apiVersion\":\"v1\",\n\"kind\":\"B\"}\nnull\n";
    for file in ["a.json", "a.JSON", "-"] {
        let found = parse(file, json.as_bytes()).unwrap();
        let seen: Vec<_> =
            found.iter().map(|m| format!("{} {} {}", text(m, "/kind"), m.document, m.line)).collect();
        assert_eq!(seen, ["A 0 1", "B 1 3"]);
    }
    assert_eq!(parse("-", b"{apiVersion: v1, kind: A}\n").unwrap().len(), 1);
    assert_eq!(parse("a.yaml", "\u{feff}apiVersion: v1\nkind: A\n".as_bytes()).unwrap()[0].line, 1);
    assert_eq!(
        parse("a.yaml", b"apiVersion: v1\r\nkind: A\r\nv: |\r\n  x\r\n").unwrap()[0].object["v"],
        "x\n"
    );
}

fn errors(file: &str, bytes: impl AsRef<[u8]>) -> Vec<String> {
    lines(&parse(file, bytes.as_ref()).unwrap_err())
}

#[test]
fn faults_of_yaml_have_a_place_and_a_remedy() {
    let tab = errors("a.yaml", "apiVersion: v1\nkind: A\nspec:\n\tx: 1\n");
    assert!(
        tab[0].starts_with("a.yaml:4:2: ")
            && tab[0].ends_with("; indent with spaces: YAML takes no tabs there"),
        "{tab:?}"
    );
    assert_eq!(
        errors("a.yaml", "apiVersion: v1\nkind: A\nspec: {a: 1, b: 2}\nspec: {}\n"),
        ["a.yaml:4:1: duplicate key `spec`; remove one of the two"]
    );
    for cut in [
        "apiVersion: v1\nkind: [A\n",
        "apiVersion: v1\nkind: \"A\n",
        "a: &x\nb: *y\n",
        "a: 'b' c\n",
        "a: b: c\n",
        "@\n",
        "a: !!int x\n",
        "%\n",
    ] {
        let found = errors("a.yaml", cut);
        assert_eq!(found.len(), 1, "{cut:?} {found:?}");
        let place = found[0].strip_prefix("a.yaml:").and_then(|rest| rest.split_once(": ")).unwrap().0;
        assert!(
            place.split(':').all(|number| number.parse::<u64>().is_ok_and(|number| number > 0)),
            "{found:?}"
        );
    }
    let what = "a manifest is an object with `apiVersion` and `kind`, or a List of such";
    assert_eq!(
        errors(
            "a.yaml",
            "just text\n---\n- 1\n---\nkind: A\n---\napiVersion: v1\nkind: List\nitems: [7]\n---\napiVersion: v1\nkind: List\nitems: 7\n"
        ),
        [
            format!("a.yaml:1:1: expected an object, found text; {what}"),
            format!("a.yaml:3:1: expected an object, found a list; {what}"),
            format!("a.yaml:5:1: `apiVersion` or `kind` is missing, or no text; {what}"),
            format!("a.yaml:7:1: `/items/0`: expected an object, found a number; {what}"),
            format!("a.yaml:11:1: `items` of a List is no list; {what}"),
        ]
    );
}

#[test]
fn what_was_meant_is_guessed_where_it_is_plain() {
    assert_eq!(
        errors("a.json", r#"{"CmsPlugins":["ActiveDirectory"]}"#),
        [
            "a.json:1:1: a bare credential spec, not a resource; make it the `credspec` of a GMSACredentialSpec"
        ]
    );
    let found = errors("a.yaml", "apiVersion: v1\nkind: A\nmetadata:\n  name: {{ .Values.name }}\n");
    assert!(found[0].starts_with("a.yaml:4:"), "{found:?}");
    assert!(
        found[0].ends_with("; fill in the template first, with `helm template` for a chart"),
        "{found:?}"
    );
}

#[test]
fn faults_of_json_have_a_place_and_a_remedy() {
    assert_eq!(
        errors("a.json", "{\"apiVersion\":\"v1\",\n \"kind\":"),
        ["a.json:2:8: EOF while parsing a value; the file is cut off: get it again, or close what is open"]
    );
    assert_eq!(
        errors("a.json", "{\"kind\":\"A\",\n \"spec\":{\"a\":1,\"\\u0061\":2}}"),
        ["a.json:2:23: duplicate key `a`; remove one of the two"]
    );
    assert_eq!(
        errors("a.json", "apiVersion: v1"),
        ["a.json:1:1: expected value; correct the JSON there; a file of YAML is named `.yaml`"]
    );
    assert_eq!(
        errors("a.json", r#"{"v":1e999}"#),
        ["a.json:1:10: number out of range; write it in quotes if it is text"]
    );
}

#[test]
fn errors_repeat_no_values() {
    let secret = "hunter2";
    for file in ["a.yaml", "a.json"] {
        for bad in [
            "{\"a\": \"hunter2\", \"a\": \"hunter2\"}",
            "a: hunter2: b",
            "a: !!int hunter2",
            "a: \"hunter2\\q\"",
            "hunter2",
            "{\"a\": hunter2",
            "- hunter2",
            "a: *hunter2",
            "a: !!binary hunter2",
            "a: !!float hunter2",
            "\"hunter2",
        ] {
            let found = errors(file, bad).join("\n");
            assert!(!found.contains(secret), "{found}");
        }
    }
}

#[test]
fn bombs_and_depths_are_refused_quickly() {
    let mut bomb = String::from("apiVersion: v1\nkind: A\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let alias = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 10].join(", ")));
    }
    let deep_flow = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let deep_maps = (0..3000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
    let deep_lists = "- ".repeat(100_000);
    let deep_aliases = (1..60).fold("a0: &a0 []\n".to_owned(), |yaml, level| {
        let (open, close) = ("[".repeat(100), "]".repeat(100));
        format!("{yaml}a{level}: &a{level} {open}*a{}{close}\n", level - 1)
    });
    let inputs = [
        bomb,
        deep_flow.clone(),
        deep_maps,
        deep_lists,
        deep_aliases,
        "a: &a\n  b: *a\n".into(),
        "? ".repeat(100_000),
    ];
    for bad in inputs {
        let found = errors("a.yaml", bad);
        assert!(found[0].starts_with("a.yaml:") && found[0].matches(':').count() >= 3, "{found:?}");
        assert!(found[0].len() < 300, "{found:?}");
    }
    assert_eq!(
        errors("a.json", deep_flow),
        [
            "a.json:1:128: recursion limit exceeded; no Kubernetes object is nested as deep: check what made the file"
        ]
    );
}

#[test]
fn what_is_no_utf_8_text_is_refused() {
    let utf8 = "save it as UTF-8, if it is text at all";
    assert_eq!(errors("a.yaml", b"a: 1\nb: \xffx"), [format!("a.yaml:2:4: is not UTF-8; {utf8}")]);
    assert_eq!(
        errors("a.yaml", b"\x7fELF\x02\x00\x00"),
        ["a.yaml:1:6: holds a NUL byte, so it is no text; name a text file"]
    );
    let utf16: Vec<u8> = "\u{feff}a: 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(
        errors("a.yaml", utf16),
        [
            "a.yaml:1:1: is UTF-16, not UTF-8; save it as UTF-8; in Windows PowerShell, `Out-File -Encoding utf8`"
        ]
    );
}

/// A folder of its own for one test, under the build directory.
fn scratch(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("manifests").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (file, text) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn folders_are_read_in_order_and_all_their_faults_are_told() {
    let ok = "apiVersion: v1\nkind: A\n";
    let good = scratch(
        "good",
        &[
            ("b.yml", ok),
            ("a/z.yaml", ok),
            ("a.JSON", "{\"apiVersion\":\"v1\",\"kind\":\"J\"}"),
            ("notes.txt", "\t"),
            ("empty.yaml", "# nothing\n"),
        ],
    );
    let files: Vec<_> = read(&[&good]).unwrap().iter().map(|m| PathBuf::from(&m.file)).collect();
    assert_eq!(files, ["a/z.yaml", "a.JSON", "b.yml"].map(|file| good.join(file)));
    // A file named by itself is read whatever its name.
    assert_eq!(lines(&read(&[good.join("notes.txt")]).unwrap_err()).len(), 1);

    let bad =
        scratch("bad", &[("1.yaml", "a: [\n"), ("2.yaml", ok), ("3.json", "{"), ("4.yaml", "x\n---\ny\n")]);
    let found = read(&[&bad, &good.join("missing.yaml")]).unwrap_err();
    let seen: Vec<_> = found.iter().map(|error| Path::new(&error.file).file_name().unwrap()).collect();
    assert_eq!(seen, ["1.yaml", "3.json", "4.yaml", "4.yaml", "missing.yaml"]);
    // Between them is what the system says.
    let missing = &lines(&found)[4];
    assert!(missing.contains("missing.yaml: ") && missing.ends_with("; check the path"), "{missing}");
}

#[test]
fn a_path_without_objects_is_an_error() {
    let empty = scratch("empty", &[("notes.txt", "")]);
    let comment = scratch("comment", &[("a.yaml", "# nothing\n---\n")]);
    for path in [empty, comment.join("a.yaml"), comment] {
        let found = lines(&read(&[&path]).unwrap_err());
        let expected =
            "holds no Kubernetes object; name a `.yaml`, `.yml` or `.json` file, or a folder that has some";
        assert_eq!(found, [format!("{}: {expected}", path.display())]);
    }
}

#[test]
fn what_is_written_is_read_back() {
    let contents = r#"{"ActiveDirectoryConfig":{"GroupManagedServiceAccounts":[{"Name":"WebApp1","Scope":"CONTOSO"},{"Name":"WebApp1","Scope":"contoso.com"}]},"CmsPlugins":["ActiveDirectory"],"DomainJoinConfig":{"DnsName":"contoso.com","NetBiosName":"NO"}}"#;
    for text in [
        "",
        " ",
        "NO",
        "no",
        "y",
        "0123",
        "1e5",
        "1_000",
        "1__0",
        "0x_1",
        "{x}",
        "[x]",
        "*a",
        "&a",
        "!a",
        "# a",
        "a # b",
        "a: b",
        "a:",
        "- a",
        "-",
        "?",
        "%a",
        "@a",
        "`a",
        "'a'",
        "\"a\"",
        "~",
        "null",
        ".inf",
        "<<",
        "=",
        "---",
        "...",
        "a\nb",
        "a\nb\n",
        "a\n\n",
        "\na",
        "\n",
        "  a\n b",
        "a\tb",
        "\ta",
        "a\r\nb",
        "\r",
        "\u{0}",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{1f600}",
        "2001-01-01",
        "1:30",
        "a ",
        " a",
        contents,
        &"long ".repeat(100),
        &format!("{contents}\n{contents}\n"),
        "C:\\Windows",
        "yes: no",
        "|",
        ">",
        "true",
    ] {
        let value = json!({"apiVersion": "v1", "kind": "A", "v": text, "list": [text, [text]], "map": {text: {text: text}}});
        let yaml = to_yaml(&value).unwrap();
        assert_eq!(one(&yaml), value, "{text:?}\n{yaml}");
    }
    let value = json!({"apiVersion": "v1", "kind": "A", "spec": {"contents": contents}, "empty": {"map": {}, "list": []}});
    assert_eq!(to_yaml(&value).unwrap().lines().filter(|line| line.contains("CmsPlugins")).count(), 1);
    assert_eq!(one(&to_yaml(&value).unwrap()), value);
    // `kubectl` takes such keys for booleans and numbers unless they are in quotes.
    assert_eq!(
        to_yaml(&json!({"on": "on", "1__0": 1, "app": "web"})).unwrap(),
        "\"1__0\": 1\napp: web\n\"on\": \"on\"\n"
    );
    for name in FOLDERS {
        for Manifest { object, .. } in manifests(name) {
            assert_eq!(one(&to_yaml(&object).unwrap()), object);
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let text =
        prop_oneof!["\\PC{0,12}", "[ \\n\\t:#'\"a-]{0,10}", "[0-9._eExobyYnN+-]{0,6}", any::<String>()];
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(text.clone(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_survives_writing_and_reading(value in any_json()) {
        let value = json!({"apiVersion": "v1", "kind": "A", "v": value});
        let yaml = to_yaml(&value).unwrap();
        let found = parse("a.yaml", yaml.as_bytes()).map_err(|errors| lines(&errors).join("\n"));
        prop_assert_eq!(found.map(|found| found[0].object.clone()), Ok(value), "{}", yaml);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in "[-:?{}\\[\\]&*!|>'\"%@#, \\n\\ta-c0]{0,60}") {
        for file in ["a.yaml", "a.json", "-"] {
            let _ = parse(file, &bytes);
            let _ = parse(file, text.as_bytes());
        }
    }
}
