//! The API server's own behaviour, against what a real one recorded and said.

use std::{fs, path::PathBuf};

use gmsa_admission::api_server::{
    FieldErrorKind, check_credential_spec, check_object, check_pod, check_rbac_name, default_pod, prune,
    pruned_fields,
};
use gmsa_types::{ActiveDirectoryConfig, CredentialSpec, DomainJoinConfig};
use proptest::prelude::*;
use serde_json::{Value, json};

type Change = fn(&mut Value);

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/admission")
}

fn read(path: &PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The recorded creations at one endpoint: case, pod, and upstream's response.
fn creations(endpoint: &str) -> Vec<(String, Value, Value)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(vectors()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with(&format!(".{endpoint}.json")) {
            let vector = read(&path);
            let case = vector["case"].as_str().unwrap().to_owned();
            assert_eq!(vector["request"]["request"]["operation"], "CREATE", "{case}");
            found.push((
                case,
                vector["request"]["request"]["object"].clone(),
                vector["upstream"]["response"].clone(),
            ));
        }
    }
    assert!(found.len() > 10, "recordings are missing");
    found
}

fn decode_base64(text: &str) -> Vec<u8> {
    let quoted = format!("\"{text}\"");
    serde_json::from_str::<k8s_openapi::ByteString>(&quoted).unwrap().0
}

#[test]
fn what_a_real_api_server_passed_on_has_no_errors() {
    for (case, pod, _) in creations("validate") {
        assert_eq!(check_pod(&pod), [], "{case}");
    }
    let cluster = read(&vectors().join("cluster.json"));
    let items = cluster["items"].as_array().unwrap();
    for object in items {
        assert_eq!(check_object(object), [], "{}", object["metadata"]["name"]);
    }
    assert!(items.len() > 10);
}

#[test]
fn what_a_real_api_server_refused_between_the_webhooks_has_errors() {
    let passed: Vec<_> = creations("validate").into_iter().map(|(case, ..)| case).collect();
    let mut refused = Vec::new();
    for (case, mut pod, response) in creations("mutate") {
        if response["allowed"] != true || passed.contains(&case) {
            continue;
        }
        if let Some(patch) = response["patch"].as_str() {
            let patch: json_patch::Patch = serde_json::from_slice(&decode_base64(patch)).unwrap();
            json_patch::patch(&mut pod, &patch).unwrap();
        }
        assert!(!check_pod(&pod).is_empty(), "{case}");
        refused.push(case);
    }
    assert!(refused.len() >= 2, "{refused:?}");
}

#[test]
fn recorded_pods_are_defaulted_already_and_what_was_taken_away_comes_back() {
    for (case, pod, _) in creations("mutate") {
        let mut again = pod.clone();
        default_pod(&mut again);
        assert_eq!(again, pod, "{case}");
        for field in ["serviceAccount", "serviceAccountName"] {
            let mut without = pod.clone();
            without["spec"].as_object_mut().unwrap().remove(field);
            default_pod(&mut without);
            assert_eq!(without, pod, "{case}");
        }
    }
}

#[test]
fn the_service_account_is_defaulted_and_kept_equal_to_its_alias() {
    let spec = |mut pod: Value| {
        default_pod(&mut pod);
        pod["spec"].clone()
    };
    let named = |name: &str| json!({"serviceAccountName": name, "serviceAccount": name});
    assert_eq!(spec(json!({"spec": {}})), named("default"));
    assert_eq!(spec(json!({"spec": {"serviceAccountName": "", "serviceAccount": null}})), named("default"));
    assert_eq!(spec(json!({"spec": {"serviceAccount": "a"}})), named("a"));
    assert_eq!(spec(json!({"spec": {"serviceAccount": "a", "serviceAccountName": "b"}})), named("b"));
    // Left alone: a mirror pod without one, and what is no pod.
    let annotations = json!({"kubernetes.io/config.mirror": "x"});
    assert_eq!(spec(json!({"metadata": {"annotations": annotations}, "spec": {}})), json!({}));
    assert_eq!(spec(json!({"spec": {"serviceAccountName": 1}})), json!({"serviceAccountName": 1}));
    assert_eq!(spec(json!({"spec": []})), json!([]));
    let mut text = json!("pod");
    default_pod(&mut text);
    assert_eq!(text, json!("pod"));
}

/// A valid pod with one container of each kind that a created pod may have, and `change`.
fn pod_with(change: impl Fn(&mut Value)) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"containers": [{"name": "iis"}], "initContainers": [{"name": "setup"}]},
    });
    change(&mut pod);
    pod
}

fn messages(pod: &Value) -> Vec<String> {
    check_pod(pod).iter().map(ToString::to_string).collect()
}

#[test]
fn a_credential_spec_name_is_checked_at_every_place() {
    let places = [
        ("/spec", "spec"),
        ("/spec/containers/0", "spec.containers[0]"),
        ("/spec/initContainers/0", "spec.initContainers[0]"),
        ("/spec/ephemeralContainers/0", "spec.ephemeralContainers[0]"),
    ];
    for (pointer, path) in places {
        let pod = pod_with(|pod| {
            if pointer.contains("ephemeral") {
                pod["spec"]["ephemeralContainers"] = json!([{"name": "debug"}]);
            }
            pod.pointer_mut(pointer).unwrap()["securityContext"] =
                json!({"windowsOptions": {"gmsaCredentialSpecName": "gmsa-WebApp1"}});
        });
        let errors = check_pod(&pod);
        let error = errors.last().unwrap();
        assert_eq!(
            error.to_string(),
            format!(
                "{path}.securityContext.windowsOptions.gmsaCredentialSpecName: Invalid value: \"gmsa-WebApp1\": {SUBDOMAIN}"
            )
        );
        assert_eq!(error.fix(), Some("write `gmsa-webapp1`"));
        assert_eq!(pod.pointer(&error.pointer()), Some(&json!("gmsa-WebApp1")));
        assert_eq!(errors.len(), if pointer.contains("ephemeral") { 2 } else { 1 });
    }
}

fn with_options(options: &Value) -> Value {
    pod_with(|pod| pod["spec"]["securityContext"] = json!({"windowsOptions": options}))
}

fn option_errors(options: &Value) -> Vec<String> {
    let prefix = "spec.securityContext.windowsOptions.";
    messages(&with_options(options)).iter().map(|m| m.strip_prefix(prefix).unwrap().to_owned()).collect()
}

#[test]
fn credential_spec_names_are_dns_subdomains() {
    for good in [json!("a"), json!("gmsa-webapp1"), json!("a.b-c.0"), json!("a".repeat(253)), json!(null)] {
        assert_eq!(option_errors(&json!({"gmsaCredentialSpecName": good})), [""; 0]);
    }
    for bad in ["", "-a", "a-", "a..b", ".a", "a_b", "a b", "a/b", "A"] {
        let expected = format!("gmsaCredentialSpecName: Invalid value: {bad:?}: {SUBDOMAIN}");
        assert_eq!(option_errors(&json!({"gmsaCredentialSpecName": bad})), [expected]);
    }
    assert_eq!(
        option_errors(&json!({"gmsaCredentialSpecName": "a".repeat(254)})),
        ["gmsaCredentialSpecName: Invalid value: <254 bytes>: must be no more than 253 bytes"]
    );
}

#[test]
fn contents_are_counted_in_bytes_and_never_shown() {
    let errors = |contents: &str| option_errors(&json!({"gmsaCredentialSpec": contents}));
    assert_eq!(errors("not json"), [""; 0]);
    assert_eq!(errors(&"x".repeat(65536)), [""; 0]);
    let size = "gmsaCredentialSpec size must be under 64 KiB";
    assert_eq!(
        errors(&"x".repeat(65537)),
        [format!("gmsaCredentialSpec: Invalid value: <65537 bytes>: {size}")]
    );
    assert_eq!(errors(&"€".repeat(21845)), [""; 0]);
    assert_eq!(
        errors(&"€".repeat(21846)),
        [format!("gmsaCredentialSpec: Invalid value: <65538 bytes>: {size}")]
    );
    assert_eq!(
        errors(""),
        ["gmsaCredentialSpec: Invalid value: <0 bytes>: gmsaCredentialSpec cannot be an empty string"]
    );
}

#[test]
fn contents_in_the_field_of_the_name_are_not_shown_either() {
    let pasted = r#"{"PluginInput":"contoso.com:svc:hunter2"}"#;
    for options in
        [json!({"gmsaCredentialSpecName": pasted}), json!({"runAsUserName": "contoso\\svc:hunter2"})]
    {
        let errors = check_pod(&with_options(&options));
        assert_eq!(errors.len(), 1);
        let text = format!("{errors:?} {}", errors[0]);
        assert!(!text.contains("hunter2"), "{text}");
    }
    let spec = json!({"kind": "GMSACredentialSpec", "metadata": {"name": "a"},
        "credspec": {"ActiveDirectoryConfig": {"HostAccountConfig": {"PluginInput": {"hunter2": "hunter2"}}}}});
    let text = format!("{:?}", check_credential_spec(&spec));
    assert!(text.contains("PluginInput") && !text.contains("hunter2"), "{text}");
}

#[test]
fn run_as_user_name_is_a_user_with_or_without_a_domain() {
    let errors = |name: &str| {
        let full = option_errors(&json!({"runAsUserName": name}));
        full.iter().map(|m| m.rsplit_once("bytes>: ").unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    let long_domain = |length: usize| "a".repeat(63) + &".a".repeat((length - 63) / 2) + r"\u";
    for good in [
        "ContainerAdministrator",
        r"NT AUTHORITY\SYSTEM",
        r"contoso.com\svc",
        r"15-characters-x\u",
        r"a&b\u",
        &"u".repeat(104),
        &long_domain(255),
    ] {
        assert_eq!(errors(good), [""; 0], "{good}");
    }
    let format = "runAsUserName's Domain doesn't match the NetBios nor the DNS format";
    let characters = r#"runAsUserName's User cannot contain the following characters: "/\:;|=,+*?<>@[]"#;
    let dots = "runAsUserName's User cannot contain only periods or spaces";
    for (bad, faults) in [
        ("", vec!["runAsUserName cannot be an empty string"]),
        ("a\tb", vec!["runAsUserName cannot contain control characters"]),
        (r"a\b\c", vec!["runAsUserName cannot contain more than one backslash"]),
        (r"\u", vec![format]),
        (r".a\u", vec![format]),
        (r"16-characters_xx\u", vec![format]),
        (r"a*b\u", vec![format]),
        (r"a\", vec!["runAsUserName's User cannot be empty"]),
        (&"u".repeat(105), vec!["runAsUserName's User length must not be longer than 104 characters"]),
        (". .", vec![dots]),
        ("u@contoso.com", vec![characters]),
        ("u[1]", vec![characters]),
        (&long_domain(257), vec!["runAsUserName's Domain length must be under 256 characters"]),
    ] {
        assert_eq!(errors(bad), faults, "{bad}");
    }
}

#[test]
fn host_process_is_all_or_nothing_and_on_the_host_network() {
    let host = |pod: Option<bool>, containers: [Option<bool>; 2], network: bool| {
        let options = |value: Option<bool>| json!({"windowsOptions": {"hostProcess": value}});
        messages(&pod_with(|object| {
            object["spec"]["hostNetwork"] = json!(network);
            object["spec"]["securityContext"] = options(pod);
            object["spec"]["containers"][0]["securityContext"] = options(containers[0]);
            object["spec"]["initContainers"][0]["securityContext"] = options(containers[1]);
        }))
    };
    assert_eq!(host(Some(true), [None, None], true), [""; 0]);
    assert_eq!(host(None, [Some(true), Some(true)], true), [""; 0]);
    assert_eq!(host(Some(false), [None, Some(false)], false), [""; 0]);
    let all = "spec: Invalid value: \"\": If pod contains any hostProcess containers then all containers must be HostProcess containers";
    assert_eq!(host(None, [Some(true), None], true), [all]);
    assert_eq!(
        host(Some(true), [None, None], false),
        [
            "spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers"
        ]
    );
    assert_eq!(
        host(Some(true), [None, Some(false)], true),
        [
            "spec.initContainers[0].securityContext.windowsOptions.hostProcess: Invalid value: false: pod hostProcess value must be identical if both are specified, was true",
            all,
        ]
    );
}

#[test]
fn a_linux_pod_has_no_windows_options_at_all() {
    let pod = |os: &str| {
        pod_with(|pod| {
            pod["spec"]["os"] = json!({"name": os});
            pod["spec"]["securityContext"] = json!({"windowsOptions": {}});
            pod["spec"]["containers"][0]["securityContext"] = json!({"windowsOptions": null});
            pod["spec"]["initContainers"][0]["securityContext"] =
                json!({"windowsOptions": {"gmsaCredentialSpecName": "a"}});
        })
    };
    let detail = "Forbidden: windows options cannot be set for a linux pod";
    assert_eq!(
        messages(&pod("linux")),
        [
            format!("spec.securityContext.windowsOptions: {detail}"),
            format!("spec.initContainers[0].securityContext.windowsOptions: {detail}"),
        ]
    );
    assert_eq!(messages(&pod("windows")), [""; 0]);
    assert_eq!(messages(&pod("")), ["spec.os.name: Required value: cannot be empty"]);
    assert_eq!(
        messages(&pod("Windows")),
        [r#"spec.os: Unsupported value: "Windows": supported values: "linux", "windows""#]
    );
}

#[test]
fn names_of_pods_and_containers_are_checked() {
    let errors = |change: fn(&mut Value)| messages(&pod_with(change));
    assert_eq!(
        errors(|p| p["metadata"] = json!({})),
        ["metadata.name: Required value: name or generateName is required"]
    );
    assert_eq!(errors(|p| p["metadata"] = json!({"generateName": "web-"})), [""; 0]);
    assert_eq!(
        errors(|p| p["metadata"] = json!({"generateName": "Web-"})),
        [format!("metadata.generateName: Invalid value: \"Web-\": {SUBDOMAIN}")]
    );
    assert_eq!(
        errors(|p| p["metadata"]["namespace"] = json!("a.b")),
        [format!("metadata.namespace: Invalid value: \"a.b\": {LABEL}")]
    );
    assert_eq!(
        errors(|p| p["spec"]["serviceAccountName"] = json!("Web")),
        [format!("spec.serviceAccountName: Invalid value: \"Web\": {SUBDOMAIN}")]
    );
    assert_eq!(
        errors(|p| p["spec"]["containers"][0]["name"] = json!("I.I.S")),
        [format!("spec.containers[0].name: Invalid value: \"I.I.S\": {LABEL}")]
    );
    assert_eq!(
        errors(|p| p["spec"]["initContainers"][0]["name"] = json!("iis")),
        [r#"spec.initContainers[0].name: Duplicate value: "iis""#]
    );
    assert_eq!(
        errors(|p| p["spec"]["containers"] = json!([null])),
        ["spec.containers[0].name: Required value"]
    );
    assert_eq!(errors(|p| p["spec"]["containers"] = json!([])), ["spec.containers: Required value"]);
    assert_eq!(errors(|p| p["spec"] = json!(null)), ["spec.containers: Required value"]);
    assert_eq!(
        errors(|p| p["spec"]["ephemeralContainers"] = json!([{"name": "debug"}])),
        ["spec.ephemeralContainers: Forbidden: cannot be set on create"]
    );
}

#[test]
fn values_of_the_wrong_type_are_errors_of_their_field() {
    let typed = |change: fn(&mut Value)| {
        let errors = check_pod(&pod_with(change));
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].kind(), FieldErrorKind::TypeInvalid);
        errors[0].to_string()
    };
    assert_eq!(
        typed(|p| p["spec"]["securityContext"] = json!({"windowsOptions": {"gmsaCredentialSpecName": 7}})),
        "spec.securityContext.windowsOptions.gmsaCredentialSpecName: Invalid value: \"integer\": spec.securityContext.windowsOptions.gmsaCredentialSpecName in body must be of type string: \"integer\""
    );
    let cases: [(Change, &str); 11] = [
        (|p| p["metadata"] = json!([]), "metadata"),
        (|p| p["metadata"]["name"] = json!(true), "metadata.name"),
        (|p| p["spec"] = json!("x"), "spec"),
        (|p| p["spec"]["containers"] = json!({}), "spec.containers"),
        (|p| p["spec"]["containers"][0] = json!(true), "spec.containers[0]"),
        (|p| p["spec"]["initContainers"] = json!("x"), "spec.initContainers"),
        (|p| p["spec"]["initContainers"][0]["name"] = json!(1.5), "spec.initContainers[0].name"),
        (|p| p["spec"]["securityContext"] = json!("x"), "spec.securityContext"),
        (
            |p| p["spec"]["securityContext"] = json!({"windowsOptions": []}),
            "spec.securityContext.windowsOptions",
        ),
        (|p| p["spec"]["os"] = json!({"name": 1}), "spec.os.name"),
        (|p| p["spec"]["serviceAccount"] = json!(1), "spec.serviceAccount"),
    ];
    for (change, path) in cases {
        assert!(typed(change).starts_with(&format!("{path}: Invalid value: ")), "{path}");
    }
    assert_eq!(check_pod(&json!("pod"))[0].kind(), FieldErrorKind::TypeInvalid);
    // Nothing at all is an empty pod.
    assert_eq!(messages(&json!(null)), messages(&json!({})));
    assert_eq!(check_pod(&json!(null)).len(), 2);
}

fn credential_spec(name: &str, credspec: &Value) -> Value {
    json!({"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec", "metadata": {"name": name}, "credspec": credspec})
}

#[test]
fn credential_specs_are_checked_against_the_schema() {
    let errors = |credspec: Value| {
        let errors = check_credential_spec(&credential_spec("webapp1", &credspec));
        errors.iter().map(|error| format!("{} {:?}", error.path(), error.fix())).collect::<Vec<_>>()
    };
    // All observed on a real API server: nothing is required, a null key is dropped.
    for good in [
        json!(null),
        json!({}),
        json!({"CmsPlugins": null, "DomainJoinConfig": {"Sid": null}}),
        json!({"New": 1}),
    ] {
        assert_eq!(errors(good), [""; 0]);
    }
    assert_eq!(errors(json!("{}")), ["credspec None"]);
    assert_eq!(errors(json!({"CmsPlugins": "ActiveDirectory"})), ["credspec.CmsPlugins None"]);
    assert_eq!(errors(json!({"CmsPlugins": [null]})), ["credspec.CmsPlugins[0] None"]);
    assert_eq!(
        errors(json!({"DomainJoinConfig": {"NetBiosName": false}, "ActiveDirectoryConfig": {
            "GroupManagedServiceAccounts": [{"Name": 1}, null], "HostAccountConfig": {"PortableCcgVersion": 1, "PluginInput": {}}}})),
        [
            "credspec.DomainJoinConfig.NetBiosName Some(\"write the value in quotes\")",
            "credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts[0].Name Some(\"write the value in quotes\")",
            "credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts[1] None",
            "credspec.ActiveDirectoryConfig.HostAccountConfig.PortableCcgVersion Some(\"write the value in quotes\")",
            "credspec.ActiveDirectoryConfig.HostAccountConfig.PluginInput None",
        ]
    );
    let errors = check_object(&credential_spec("gmsa-WebApp1", &json!({})));
    assert_eq!(errors[0].to_string(), format!("metadata.name: Invalid value: \"gmsa-WebApp1\": {SUBDOMAIN}"));
    assert_eq!(errors[0].fix(), Some("write `gmsa-webapp1`"));
}

#[test]
fn every_known_key_of_the_document_survives_and_every_other_is_pruned() {
    for (pointer, keys) in [
        ("", CredentialSpec::KEYS),
        ("/DomainJoinConfig", DomainJoinConfig::KEYS),
        ("/ActiveDirectoryConfig", ActiveDirectoryConfig::KEYS),
    ] {
        for key in keys {
            for (key, pruned) in [((*key).to_owned(), false), (key.to_ascii_lowercase(), true)] {
                let mut credspec = json!({"DomainJoinConfig": {}, "ActiveDirectoryConfig": {}});
                credspec.pointer_mut(pointer).unwrap()[&key] = json!(null);
                let expected = if pruned { vec![format!("/credspec{pointer}/{key}")] } else { vec![] };
                assert_eq!(pruned_fields(&credential_spec("a", &credspec)), expected);
            }
        }
    }
    let mut object = credential_spec(
        "a",
        &json!({"ActiveDirectoryConfig": {"GroupManagedServiceAccounts": [{"name": "x"}]}}),
    );
    object["metadata"]["namespace"] = json!("default");
    object["spec/~"] = json!({});
    assert_eq!(
        pruned_fields(&object),
        [
            "/credspec/ActiveDirectoryConfig/GroupManagedServiceAccounts/0/name",
            "/metadata/namespace",
            "/spec~1~0"
        ]
    );
}

#[test]
fn what_is_null_in_a_credential_spec_was_never_there() {
    let mut object = credential_spec(
        "a",
        &json!({"CmsPlugins": ["ActiveDirectory", null], "DomainJoinConfig": {"Sid": null, "Guid": "g", "sid": null},
            "ActiveDirectoryConfig": {"HostAccountConfig": null, "GroupManagedServiceAccounts": [{"Name": null}, null]}}),
    );
    assert_eq!(prune(&mut object), ["/credspec/DomainJoinConfig/sid"]);
    let kept = json!({"CmsPlugins": ["ActiveDirectory", null], "DomainJoinConfig": {"Guid": "g"},
        "ActiveDirectoryConfig": {"GroupManagedServiceAccounts": [{}, null]}});
    assert_eq!(object["credspec"], kept);
    let mut object = credential_spec("a", &Value::Null);
    assert!(prune(&mut object).is_empty());
    assert!(object.get("credspec").is_none());
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"credspec": null}, "credspec": null});
    let whole = pod.clone();
    prune(&mut pod);
    assert_eq!(pod, whole, "of other kinds nothing is known");
}

#[test]
fn misspelt_and_misplaced_fields_of_a_workload_are_pruned() {
    let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": {
        "windowsOptions": {}, "securityContext": {"windowsOptions": {"gmsaCredentialspecName": "a", "runAsUserName": "u"}},
        "initContainers": [{"securityContext": {"gmsaCredentialSpecName": "a", "WindowsOptions": {}}}],
    }}}});
    assert_eq!(
        pruned_fields(&object),
        [
            "/spec/template/spec/initContainers/0/securityContext/WindowsOptions",
            "/spec/template/spec/initContainers/0/securityContext/gmsaCredentialSpecName",
            "/spec/template/spec/securityContext/windowsOptions/gmsaCredentialspecName",
            "/spec/template/spec/windowsOptions",
        ]
    );
}

#[test]
fn workloads_are_checked_with_their_template() {
    let object = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "a".repeat(53)},
    "spec": {"jobTemplate": {"spec": {"template": {"spec": {
        "containers": [{"name": "iis"}], "ephemeralContainers": [{"name": "debug"}],
        "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "gmsa-Webapp1"}},
    }}}}}});
    let errors: Vec<_> = check_object(&object).iter().map(ToString::to_string).collect();
    let template = "spec.jobTemplate.spec.template.spec";
    assert_eq!(
        errors,
        [
            format!("metadata.name: Invalid value: {:?}: must be no more than 52 characters", "a".repeat(53)),
            format!(
                "{template}.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template"
            ),
            format!(
                "{template}.securityContext.windowsOptions.gmsaCredentialSpecName: Invalid value: \"gmsa-Webapp1\": {SUBDOMAIN}"
            ),
        ]
    );
    let bare = |kind: &str, name: &str| {
        let object = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}});
        check_object(&object).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(bare("Deployment", "a.b"), ["spec.template: Required value"]);
    // Since Kubernetes 1.27, the hostname of its pods is to be a label.
    assert_eq!(
        bare("StatefulSet", "a.b"),
        [
            format!("metadata.name: Invalid value: \"a.b\": {LABEL}"),
            "spec.template: Required value".to_owned()
        ]
    );
}

#[test]
fn rbac_names_are_path_segments() {
    for good in ["webapp1-role", "Use-GMSA-WebApp1:v1", "UPPER_case", "...", "ключ"] {
        assert!(check_rbac_name(good).is_empty(), "{good}");
    }
    assert_eq!(check_rbac_name("."), ["may not be '.'"]);
    assert_eq!(check_rbac_name("a/b%c"), ["may not contain '/'", "may not contain '%'"]);
}

#[test]
fn rbac_objects_are_checked() {
    let errors = |kind: &str, fields: Value| {
        let mut object = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "Use:x"}});
        object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        check_object(&object).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let group = "rbac.authorization.k8s.io";
    let role = json!({"kind": "ClusterRole", "name": "webapp1-role"});
    for kind in ["RoleBinding", "ClusterRoleBinding"] {
        let subjects = json!([{"kind": "ServiceAccount", "name": "a", "namespace": "b"},
            {"kind": "Group", "name": "system:serviceaccounts"}, {"kind": "User", "name": "x", "apiGroup": group}]);
        assert_eq!(errors(kind, json!({"roleRef": role, "subjects": subjects})), [""; 0], "{kind}");
    }
    assert_eq!(
        errors("RoleBinding", json!({"roleRef": {"kind": "clusterrole", "apiGroup": "rbac", "name": "a/b"}})),
        [
            format!(r#"roleRef.apiGroup: Unsupported value: "rbac": supported values: "{group}""#),
            r#"roleRef.kind: Unsupported value: "clusterrole": supported values: "Role", "ClusterRole""#
                .to_owned(),
            r#"roleRef.name: Invalid value: "a/b": may not contain '/'"#.to_owned(),
        ]
    );
    assert_eq!(
        errors("ClusterRoleBinding", json!({"roleRef": {"kind": "Role", "name": ""}})),
        [
            r#"roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole""#,
            "roleRef.name: Required value",
        ]
    );
    let subjects = json!([
        {"kind": "ServiceAccount", "name": "Web", "namespace": "x", "apiGroup": group},
        {"kind": "ServiceAccount", "name": "web"},
        {"kind": "Team", "name": "a"},
        {"kind": "User"},
    ]);
    assert_eq!(
        errors("ClusterRoleBinding", json!({"roleRef": role, "subjects": subjects})),
        [
            format!("subjects[0].name: Invalid value: \"Web\": {SUBDOMAIN}"),
            format!(r#"subjects[0].apiGroup: Unsupported value: "{group}": supported values: """#),
            "subjects[1].namespace: Required value".to_owned(),
            r#"subjects[2].kind: Unsupported value: "Team": supported values: "ServiceAccount", "User", "Group""#.to_owned(),
            "subjects[3].name: Required value".to_owned(),
        ]
    );
    let rules = json!([
        {"verbs": ["use"], "apiGroups": ["windows.k8s.io"], "resources": ["gmsacredentialspecs"], "resourceNames": ["A"]},
        {"apiGroups": [""], "resources": "pods"},
        {"verbs": ["get"]},
        {"verbs": ["get"], "nonResourceURLs": ["/healthz"]},
    ]);
    let common = [
        "rules[1].verbs: Required value: verbs must contain at least one value",
        "rules[1].resources: Invalid value: \"string\": rules[1].resources in body must be of type array: \"string\"",
        "rules[2].apiGroups: Required value: resource rules must supply at least one api group",
        "rules[2].resources: Required value: resource rules must supply at least one resource",
    ];
    assert_eq!(errors("ClusterRole", json!({"rules": rules})), common);
    let last =
        "rules[3].nonResourceURLs: Invalid value: [...]: namespaced rules cannot apply to non-resource URLs";
    assert_eq!(errors("Role", json!({"rules": rules})), [&common[..], &[last]].concat());
}

#[test]
fn kinds_are_known_by_their_group() {
    let errors = |version: &str, kind: &str| {
        let object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "A"}});
        check_object(&object).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(errors("v1", "ConfigMap"), [""; 0]);
    assert_eq!(errors("batch.volcano.sh/v1", "Job"), [""; 0]);
    assert_eq!(errors("v1", "Namespace"), [format!("metadata.name: Invalid value: \"A\": {LABEL}")]);
    assert_eq!(errors("v1", "ServiceAccount"), [format!("metadata.name: Invalid value: \"A\": {SUBDOMAIN}")]);
    assert_eq!(
        errors("auth.k8s.io/v1alpha1", "GMSACredentialSpec"),
        [
            r#"apiVersion: Unsupported value: "auth.k8s.io/v1alpha1": supported values: "windows.k8s.io/v1", "windows.k8s.io/v1alpha1""#
        ]
    );
    assert_eq!(
        errors("extensions/v1beta1", "Deployment"),
        [r#"apiVersion: Unsupported value: "extensions/v1beta1": supported values: "apps/v1""#]
    );
    assert_eq!(
        errors("rbac.authorization.k8s.io/v1beta1", "Role"),
        [
            r#"apiVersion: Unsupported value: "rbac.authorization.k8s.io/v1beta1": supported values: "rbac.authorization.k8s.io/v1""#
        ]
    );
    assert_eq!(
        check_object(&json!({})).iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["apiVersion: Required value", "kind: Required value"]
    );
    assert_eq!(check_object(&json!(null)).len(), 2);
    // Cleared, since the kind is cluster-scoped.
    let metadata = json!({"name": "a", "namespace": "Not a namespace"});
    assert_eq!(check_object(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})), []);
    assert_eq!(
        check_object(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})).len(),
        1
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    let keys = "metadata|name|spec|containers|initContainers|securityContext|windowsOptions|gmsaCredentialSpecName|\
        gmsaCredentialSpec|runAsUserName|hostProcess|os|template|rules|verbs|subjects|roleRef|credspec|CmsPlugins|\
        DomainJoinConfig|ActiveDirectoryConfig|GroupManagedServiceAccounts";
    leaf.prop_recursive(6, 48, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::hash_map(keys, inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_shape_of_object_panics_and_every_pruned_pointer_leads_somewhere(
        kind in prop_oneof![
            Just(("v1", "Pod")), Just(("apps/v1", "Deployment")), Just(("batch/v1", "CronJob")),
            Just(("windows.k8s.io/v1", "GMSACredentialSpec")), Just(("v1", "Namespace")),
            Just(("rbac.authorization.k8s.io/v1", "Role")), Just(("rbac.authorization.k8s.io/v1", "RoleBinding")),
        ],
        mut object in any_json(),
    ) {
        if let Some(fields) = object.as_object_mut() {
            fields.insert("apiVersion".to_owned(), json!(kind.0));
            fields.insert("kind".to_owned(), json!(kind.1));
        }
        for error in check_object(&object) {
            prop_assert!(error.to_string().starts_with(&error.path()));
        }
        for pointer in pruned_fields(&object) {
            prop_assert!(object.pointer(&pointer).is_some(), "{}", pointer);
        }
        let mut once = object;
        default_pod(&mut once);
        let mut twice = once.clone();
        default_pod(&mut twice);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn a_name_is_refused_exactly_where_the_vocabulary_refuses_it(name in "[a-zA-Z0-9._/-]{0,8}|[a-z.-]{1,5}") {
        let valid = gmsa_types::CredentialSpecName::try_from(name.as_str()).is_ok();
        prop_assert_eq!(check_pod(&with_options(&json!({"gmsaCredentialSpecName": name}))).is_empty(), valid);
    }
}
