//! Whole workloads against a cluster in memory.

use crate::generators::*;
use gmsa_admission::{
    ContainerList, Place, Policy, Request, Snapshot,
    api_server::{check_pod, default_pod},
    mutate,
    simulate::{Step, simulate},
    validate,
    workload::WorkloadKind,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What the generators put where admission does not look would be refused by the API server for its own reasons.
fn bare(mut pod: Value) -> Value {
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["namespace"] = json!(NAMESPACE);
    pod["spec"]["volumes"] = json!([]);
    for list in LISTS {
        for container in pod["spec"][list].as_array_mut().into_iter().flatten() {
            container["volumeMounts"] = json!([]);
        }
    }
    pod
}

/// Mutates and validates by hand, the API server's part left out.
fn by_hand(cluster: &Snapshot, pod: &Value) -> (Option<u16>, Option<u16>) {
    let policy = Policy::default();
    let mut pod = pod.clone();
    default_pod(&mut pod);
    let body = review("CREATE", "", &pod, &Value::Null).to_string();
    let request = Request::from_slice(body.as_bytes()).unwrap();
    let plan = mutate(&request, &policy);
    let patch = match plan.decide(&cluster.facts(&plan.needs())) {
        mutate::Decision::Allow(patch) => serde_json::to_value(&patch).unwrap(),
        mutate::Decision::Deny(denial) => return (Some(denial.status().code()), None),
    };
    json_patch::patch(&mut pod, &serde_json::from_value::<json_patch::Patch>(patch).unwrap()).unwrap();
    let body = review("CREATE", "", &pod, &Value::Null).to_string();
    let request = Request::from_slice(body.as_bytes()).unwrap();
    let plan = validate(&request, &policy);
    match plan.decide(&cluster.facts(&plan.needs())) {
        validate::Decision::Allow => (None, None),
        validate::Decision::Deny(denial) => (None, Some(denial.status().code())),
    }
}

proptest! {
    #[test]
    fn a_pod_is_admitted_only_if_every_step_lets_it_pass(
        pod in prop_oneof![pod(), proper_pod(), expanded_pod()],
        permitted in prop::sample::subsequence(NAMES.to_vec(), 0..=3),
    ) {
        let (cluster, pod) = (cluster(&NAMES, &permitted), bare(pod));
        let simulation = simulate(&cluster, &pod, &Policy::default()).unwrap().unwrap();
        let (mutation, validation) = by_hand(&cluster, &pod);
        let refused = simulation.refusal().map(|refusal| (refusal.step(), refusal.code()));
        match (mutation, validation) {
            (Some(code), _) => prop_assert_eq!(refused, Some((Step::Mutate, code))),
            (None, validation) => {
                let api_server = !check_pod(simulation.pod()).is_empty();
                match (api_server, validation) {
                    (true, _) => prop_assert_eq!(refused, Some((Step::Pod, 422))),
                    (false, Some(code)) => prop_assert_eq!(refused, Some((Step::Validate, code))),
                    (false, None) => prop_assert_eq!(refused, None),
                }
            }
        }
        if refused.is_none() {
            for identity in simulation.identities() {
                prop_assert!(permitted.contains(&identity.credential_spec()));
                prop_assert!(identity.grant().is_some());
            }
        }
        let shown = format!("{simulation:?} {}", serde_json::to_string(&simulation).unwrap());
        prop_assert!(!shown.contains(SECRET));
    }
}

#[test]
fn a_container_inherits_unless_it_sets_a_field_of_its_own() {
    let context = |name: &str| json!({"windowsOptions": {"gmsaCredentialSpecName": name}});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"serviceAccountName": SERVICE_ACCOUNT, "securityContext": context("webapp0"),
        "initContainers": [{"name": "first", "securityContext": context("dotted.name")}],
        "containers": [{"name": "a"}, {"name": "b", "securityContext": context("webapp1")},
            {"name": "c", "securityContext": {"windowsOptions": {"runAsUserName": "ContainerUser"}}}]}});
    let simulation = simulate(&cluster(&NAMES, &NAMES), &pod, &Policy::default()).unwrap().unwrap();
    let identities: Vec<_> = simulation
        .identities()
        .iter()
        .map(|it| (it.container(), it.credential_spec(), it.inherited()))
        .collect();
    assert_eq!(
        identities,
        [
            ("a", "webapp0", true),
            ("b", "webapp1", false),
            ("c", "webapp0", true),
            ("first", "dotted.name", false)
        ]
    );
}

#[test]
fn fields_that_the_api_server_drops_count_for_nothing_and_are_told() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [
        {"name": "a", "securityContext": {"gmsaCredentialSpecName": "webapp0"}},
        {"name": "b", "securityContext": {"windowsOptions": {"gmsacredentialspecname": "webapp0"}}}]}});
    let simulation = simulate(&cluster(&NAMES, &[]), &pod, &Policy::default()).unwrap().unwrap();
    assert_eq!(simulation.refusal(), None);
    assert!(simulation.identities().is_empty());
    assert_eq!(
        simulation.pruned_fields(),
        [
            "/spec/containers/0/securityContext/gmsaCredentialSpecName",
            "/spec/containers/1/securityContext/windowsOptions/gmsacredentialspecname"
        ]
    );
}

#[test]
fn a_sandbox_has_the_identity_of_a_pod_whose_containers_all_have_their_own() {
    let context = |name: &str| json!({"windowsOptions": {"gmsaCredentialSpecName": name}});
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"serviceAccountName": SERVICE_ACCOUNT, "securityContext": context("webapp0"),
        "containers": [{"name": "a", "securityContext": context("webapp1")}]}});
    let names = |pod: &Value| -> Vec<_> {
        let simulation = simulate(&cluster(&NAMES, &NAMES), pod, &Policy::default()).unwrap().unwrap();
        simulation.identities().iter().map(|it| (it.place(), it.credential_spec().to_owned())).collect()
    };
    let container = Place::Container { list: ContainerList::Containers, index: 0 };
    assert_eq!(names(&pod), [(Place::Pod, "webapp0".to_owned()), (container, "webapp1".to_owned())]);
    // On the host there is no identity of its own.
    pod["spec"]["hostNetwork"] = json!(true);
    pod["spec"]["securityContext"]["windowsOptions"]["hostProcess"] = json!(true);
    assert_eq!(names(&pod), []);
}

#[test]
fn a_template_is_refused_in_the_words_of_its_workload() {
    let workload = |name: &str| {
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly", "namespace": NAMESPACE},
            "spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": {"spec": {
                "serviceAccountName": SERVICE_ACCOUNT, "restartPolicy": "Never", "containers": [{"name": "job",
                    "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": name}}}]}}}}}})
    };
    let path = "spec.jobTemplate.spec.template.spec.containers[0].securityContext.windowsOptions.gmsaCredentialSpecName";
    for (name, step, code) in [
        ("gmsa-WebApp1", Step::Template, 422),
        ("missing", Step::Mutate, 404),
        ("webapp0", Step::Validate, 403),
    ] {
        let simulation =
            simulate(&cluster(&NAMES, &[]), &workload(name), &Policy::default()).unwrap().unwrap();
        assert_eq!(simulation.kind(), WorkloadKind::CronJob);
        let refusal = simulation.refusal().unwrap();
        assert_eq!((refusal.step(), refusal.code()), (step, code));
        assert_eq!(refusal.faults()[0].field(), path);
    }
    let admitted =
        simulate(&cluster(&NAMES, &["webapp0"]), &workload("webapp0"), &Policy::default()).unwrap().unwrap();
    assert_eq!(admitted.refusal(), None);
}

/// The webhook cannot know which names are taken; whoever has the cluster's roles at hand can.
#[test]
fn the_commands_that_would_allow_it_make_objects_of_names_that_are_free() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"serviceAccountName": SERVICE_ACCOUNT, "containers": [{"name": "a"}],
        "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp0"}}}});
    let mut cluster = cluster(&NAMES, &[]);
    let commands = |cluster: &Snapshot| {
        let simulation = simulate(cluster, &pod, &Policy::default()).unwrap().unwrap();
        simulation.refusal().unwrap().faults()[0].commands().to_vec()
    };
    let [role, binding] = &commands(&cluster)[..] else { panic!("two commands") };
    assert!(role.contains(r#""name":"use-gmsa-webapp0""#), "{role}");
    assert!(binding.contains(" --clusterrole=use-gmsa-webapp0 "), "{binding}");
    cluster
        .insert(&json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "use-gmsa-webapp0"}, "rules": [{"apiGroups": [""], "resources": ["secrets"],
            "verbs": ["get"]}]}))
        .unwrap();
    let [role, binding] = &commands(&cluster)[..] else { panic!("two commands") };
    assert!(role.contains(r#""name":"use-gmsa-webapp0::2""#), "{role}");
    assert!(binding.contains(" --clusterrole=use-gmsa-webapp0::2 "), "{binding}");
}

#[test]
fn what_is_no_workload_is_none_and_a_broken_one_an_error() {
    let cluster = cluster(&NAMES, &[]);
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}});
    assert_eq!(simulate(&cluster, &service, &Policy::default()).unwrap(), None);
    let broken =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": 1});
    let error = simulate(&cluster, &broken, &Policy::default()).unwrap_err();
    assert_eq!(error.pointer(), "/spec/template");
}
