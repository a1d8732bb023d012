//! From manifests to pods.

use gmsa_admission::{
    ContainerList, Place,
    workload::{WorkloadFault, WorkloadKind, pod_of},
};
use proptest::prelude::*;
use serde_json::{Value, json};

type Change = fn(&mut Value);

fn template() -> Value {
    json!({
        "metadata": {"labels": {"run": "with-creds"}, "annotations": {"team": "shop"}, "name": "ignored"},
        "spec": {
            "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "gmsa-webapp1"}},
            "containers": [{"name": "iis", "image": "iis"}],
            "nodeSelector": {"kubernetes.io/os": "windows"},
        },
    })
}

fn workload(kind: WorkloadKind, name: &str) -> Value {
    let mut object = json!({
        "apiVersion": kind.api_version(), "kind": kind.as_str(), "metadata": {"name": name},
    });
    match kind {
        WorkloadKind::Pod => object["spec"] = template()["spec"].clone(),
        WorkloadKind::CronJob => {
            object["spec"] = json!({"jobTemplate": {"spec": {"template": template()}}});
        }
        _ => object["spec"] = json!({"template": template()}),
    }
    object
}

#[test]
fn every_kind_yields_the_pod_of_its_template() {
    for kind in WorkloadKind::ALL {
        let made = pod_of(&workload(kind, "with-creds")).unwrap().unwrap();
        assert_eq!((made.kind(), made.namespace(), made.name()), (kind, "default", "with-creds"));
        assert_eq!(made.template_pointer(), kind.template_pointer());
        let pod = made.pod();
        assert_eq!((&pod["apiVersion"], &pod["kind"]), (&json!("v1"), &json!("Pod")));
        assert_eq!(pod["metadata"]["namespace"], "default");
        if kind != WorkloadKind::StatefulSet {
            assert_eq!(pod["spec"], template()["spec"], "{kind}");
        }
        if kind != WorkloadKind::Pod {
            assert_eq!(pod["metadata"]["labels"]["run"], "with-creds", "{kind}");
            assert_eq!(pod["metadata"]["annotations"], json!({"team": "shop"}), "{kind}");
            assert_eq!(pod["metadata"]["generateName"], "with-creds-", "{kind}");
        }
        assert_eq!(made.clone().into_pod(), *made.pod());
    }
}

#[test]
fn a_pointer_into_the_pod_behind_the_template_pointer_is_a_place_in_the_manifest() {
    let place = Place::Container { list: ContainerList::Containers, index: 0 };
    for kind in WorkloadKind::ALL {
        let object = workload(kind, "web");
        for (pointer, field) in [
            (Place::Pod.pointer().to_string(), "/gmsaCredentialSpecName"),
            ("/spec/containers/0".into(), "/name"),
        ] {
            let in_manifest = format!("{}{pointer}{field}", kind.template_pointer());
            assert!(object.pointer(&in_manifest).is_some(), "{in_manifest}");
        }
        assert!(place.pointer().to_string().starts_with("/spec/"));
    }
}

#[test]
fn a_bare_pod_keeps_everything_but_its_status() {
    let mut object = workload(WorkloadKind::Pod, "web");
    object["metadata"]["namespace"] = json!("shop");
    object["metadata"]["labels"] = json!({"a": "b"});
    let mut expected = object.clone();
    object["status"] = json!({"phase": "Running"});
    assert_eq!(pod_of(&object).unwrap().unwrap().into_pod(), expected);

    object["metadata"]["namespace"] = json!("");
    expected["metadata"]["namespace"] = json!("default");
    assert_eq!(pod_of(&object).unwrap().unwrap().into_pod(), expected);
}

#[test]
fn a_stateful_set_names_its_first_pod() {
    let mut object = workload(WorkloadKind::StatefulSet, "db");
    object["spec"]["serviceName"] = json!("db-peers");
    let pod = pod_of(&object).unwrap().unwrap().into_pod();
    assert_eq!(pod["metadata"]["name"], "db-0");
    assert_eq!(pod["metadata"]["generateName"], "db-");
    assert_eq!(pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"], "db-0");
    assert_eq!(pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"], "0");
    assert_eq!((&pod["spec"]["hostname"], &pod["spec"]["subdomain"]), (&json!("db-0"), &json!("db-peers")));

    object["spec"]["ordinals"] = json!({"start": 5});
    assert_eq!(pod_of(&object).unwrap().unwrap().pod()["metadata"]["name"], "db-5");
}

#[test]
fn indexed_jobs_name_pods_and_hosts_by_index() {
    let mut job = workload(WorkloadKind::Job, "import");
    job["spec"]["completionMode"] = json!("Indexed");
    let mut cron = workload(WorkloadKind::CronJob, "import");
    cron["spec"]["jobTemplate"]["spec"]["completionMode"] = json!("Indexed");
    for object in [job, cron] {
        let pod = pod_of(&object).unwrap().unwrap().into_pod();
        assert_eq!(pod["metadata"]["generateName"], "import-0-");
        assert_eq!(pod["spec"]["hostname"], "import-0");
        assert_eq!(pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"], "0");
    }
    let long = "h".repeat(68);
    let mut job = workload(WorkloadKind::Job, &long);
    job["spec"]["completionMode"] = json!("Indexed");
    let pod = pod_of(&job).unwrap().unwrap().into_pod();
    assert_eq!(pod["metadata"]["generateName"], format!("{}-0-", "h".repeat(55)));
}

#[test]
fn prefixes_follow_the_controllers() {
    let prefix = |name: &str| {
        let made = pod_of(&workload(WorkloadKind::ReplicaSet, name)).unwrap().unwrap();
        made.pod()["metadata"]["generateName"].as_str().unwrap().to_owned()
    };
    assert_eq!(prefix("web"), "web-");
    // `getPodsPrefix` leaves out the dash where the prefix would be no name.
    assert_eq!(prefix(&"a".repeat(252)), "a".repeat(252) + "-");
    assert_eq!(prefix(&"a".repeat(253)), "a".repeat(253));
    assert_eq!(prefix("Web_1"), "Web_1");

    let mut object = workload(WorkloadKind::Job, "import");
    object["metadata"] = json!({"generateName": "import-"});
    let made = pod_of(&object).unwrap().unwrap();
    assert_eq!((made.name(), &made.pod()["metadata"]["generateName"]), ("import-", &json!("import-")));
}

#[test]
fn other_kinds_make_no_pods() {
    for (version, kind) in [
        ("v1", "Service"),
        ("windows.k8s.io/v1", "GMSACredentialSpec"),
        ("batch.volcano.sh/v1alpha1", "Job"),
        ("apps.kruise.io/v1beta1", "StatefulSet"),
    ] {
        assert_eq!(
            pod_of(&json!({"apiVersion": version, "kind": kind, "metadata": {}})),
            Ok(None),
            "{version} {kind}"
        );
    }
}

#[test]
fn what_is_malformed_is_told_with_its_place() {
    let deployment = |change: fn(&mut Value)| {
        let mut object = workload(WorkloadKind::Deployment, "web");
        change(&mut object);
        pod_of(&object).unwrap_err().to_string()
    };
    let cases: [(Change, &str); 12] = [
        (|o| *o = json!([1]), "the manifest is not an object"),
        (|o| o["kind"] = json!(null), "`/kind` is missing"),
        (|o| o["kind"] = json!(1), "`/kind` is not a string"),
        (|o| o["apiVersion"] = json!(""), "`/apiVersion` is missing"),
        (|o| o["metadata"] = json!(null), "`/metadata` is missing"),
        (|o| o["metadata"] = json!({}), "`/metadata/name` is missing"),
        (|o| o["metadata"]["name"] = json!(7), "`/metadata/name` is not a string"),
        (|o| o["metadata"]["namespace"] = json!([]), "`/metadata/namespace` is not a string"),
        (|o| o["spec"] = json!(3), "`/spec/template` is missing"),
        (|o| o["spec"]["template"] = json!("x"), "`/spec/template` is not an object"),
        (|o| o["spec"]["template"]["spec"] = json!(null), "`/spec/template/spec` is missing"),
        (
            |o| o["spec"]["template"]["metadata"]["labels"] = json!([]),
            "`/spec/template/metadata/labels` is not an object",
        ),
    ];
    for (change, message) in cases {
        assert_eq!(deployment(change), message);
    }

    let mut old = workload(WorkloadKind::Deployment, "web");
    for version in ["extensions/v1beta1", "apps/v1beta2"] {
        old["apiVersion"] = json!(version);
        let error = pod_of(&old).unwrap_err();
        assert_eq!(error.pointer(), "/apiVersion");
        assert_eq!(error.fault(), &WorkloadFault::NotServed { kind: WorkloadKind::Deployment });
        assert_eq!(
            error.to_string(),
            "`/apiVersion` names a version that is not served: a Deployment is of `apps/v1`"
        );
    }
}

#[test]
fn debug_output_has_no_contents_of_the_pod() {
    let mut object = workload(WorkloadKind::Pod, "web");
    object["spec"]["containers"][0]["env"] = json!([{"name": "PASSWORD", "value": "hunter2"}]);
    let made = pod_of(&object).unwrap().unwrap();
    let text = format!("{made:?}");
    assert!(!text.contains("hunter2") && text.contains("web"), "{text}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-zA-Z.-]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::hash_map("metadata|spec|template|name|labels", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_shape_of_workload_panics(kind in 0_usize..8, metadata in any_json(), spec in any_json()) {
        let kind = WorkloadKind::ALL[kind];
        let object = json!({
            "apiVersion": kind.api_version(), "kind": kind.as_str(), "metadata": metadata, "spec": spec,
        });
        if let Ok(made) = pod_of(&object) {
            prop_assert!(made.unwrap().pod()["spec"].is_object());
        }
    }
}
