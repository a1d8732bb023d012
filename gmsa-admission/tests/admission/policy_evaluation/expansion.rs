//! The mutating policy, where Kubernetes has such policies.

use gmsa_admission::{
    admission_policy::evaluation::{Expansion, MutatingProgram},
    mutate,
};

use super::*;

thread_local! {
    static EXPANDING: MutatingProgram = MutatingProgram::new(&CompletePolicies::new().mutating()).unwrap();
}

fn expand(cluster: &Snapshot, request: &PolicyRequest) -> Expansion {
    EXPANDING.with(|program| evaluator(cluster).mutate(program, request))
}

/// The webhook's patch as data; the code if it denies.
fn webhook_patch(cluster: &Snapshot, review: &Value) -> Result<Value, u16> {
    let body = review.to_string();
    let request = Request::from_slice(body.as_bytes()).unwrap();
    let plan = mutate(&request, &Policy::default());
    match plan.decide(&cluster.facts(&plan.needs())) {
        mutate::Decision::Allow(patch) => Ok(serde_json::to_value(&patch).unwrap()),
        mutate::Decision::Deny(denial) => Err(denial.status().code()),
    }
}

fn patch(expansion: Expansion) -> Value {
    match expansion {
        Expansion::Unmatched => json!([]),
        Expansion::Apply(patch) => serde_json::to_value(&patch).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Where the webhook expands, the policy expands the same; where it denies for want of contents, the policy leaves
/// the name as it is, and the validating policy denies it.
fn agree(cluster: &Snapshot, request: &PolicyRequest, review: &Value) -> Result<(), TestCaseError> {
    let ours = patch(expand(cluster, request));
    match webhook_patch(cluster, review) {
        Ok(theirs) => prop_assert_eq!(ours, theirs),
        Err(_) => {
            let mut pod = stored(review["request"]["object"].clone());
            let operations: gmsa_admission::Patch<'_> = serde_json::from_value(ours).unwrap();
            operations.apply(&mut pod).unwrap();
            let namespace = review["request"]["namespace"].as_str().unwrap();
            let old = &review["request"]["oldObject"];
            let patched = match old.is_null() {
                true => PolicyRequest::creation(namespace, &pod),
                false => PolicyRequest::ephemeral_containers(namespace, &pod, old),
            };
            prop_assert!(matches!(complete(cluster, &patched), Verdict::Deny(_)));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn the_policy_expands_what_the_webhook_expands(pod in prop_oneof![pod(), proper_pod()]) {
        let cluster = cluster(&NAMES, &NAMES);
        let review = review("CREATE", "", &pod, &Value::Null);
        agree(&cluster, &PolicyRequest::creation(NAMESPACE, &pod), &review)?;
    }

    #[test]
    fn of_ephemeral_containers_the_new_ones_are_expanded(old in proper_pod(), pod in prop_oneof![pod(), proper_pod()]) {
        let cluster = cluster(&NAMES, &NAMES);
        // The mutating phase sees whatever the user sent.
        let review = review("UPDATE", "ephemeralcontainers", &pod, &old);
        let request = PolicyRequest::ephemeral_containers(NAMESPACE, &pod, &old);
        let ours = patch(expand(&cluster, &request));
        if let Ok(theirs) = webhook_patch(&cluster, &review) {
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn a_proper_pod_is_admitted_once_it_is_expanded(pod in proper_pod()) {
        let cluster = cluster(&NAMES, &NAMES);
        prop_assume!(!is_respelt(&pod));
        let mut pod = pod;
        let operations = patch(expand(&cluster, &PolicyRequest::creation(NAMESPACE, &pod)));
        let operations: json_patch::Patch = serde_json::from_value(operations).unwrap();
        json_patch::patch(&mut pod, &operations).unwrap();
        let expanded = PolicyRequest::creation(NAMESPACE, &stored(pod));
        prop_assert!(!matches!(complete(&cluster, &expanded), Verdict::Deny(_)));
        prop_assert_eq!(patch(expand(&cluster, &expanded)), json!([]));
    }
}

#[test]
fn policies_that_carry_the_contents_expand_the_same() {
    let cluster = cluster(&NAMES, &[]);
    let policies = CompletePolicies::new().carrying(&Index::of(&cluster)).unwrap();
    let program = MutatingProgram::new(&policies.mutating()).unwrap();
    for name in NAMES {
        for (pod, _) in at_each_place(&json!({"gmsaCredentialSpecName": name})) {
            let request = PolicyRequest::creation(NAMESPACE, &pod);
            let carried = Evaluator::new(cluster.rbac()).mutate(&program, &request);
            assert_eq!(patch(carried), patch(expand(&cluster, &request)));
        }
    }
    assert_eq!(serde_json::to_value(policies.mutating_binding()).unwrap()["spec"]["paramRef"], Value::Null);
}

#[test]
fn each_place_is_expanded() {
    let cluster = cluster(&NAMES, &[]);
    let options = json!({"gmsaCredentialSpecName": NAMES[0], "runAsUserName": "ContainerUser"});
    let paths = [
        "/spec/securityContext/windowsOptions/gmsaCredentialSpec",
        "/spec/containers/0/securityContext/windowsOptions/gmsaCredentialSpec",
        "/spec/initContainers/0/securityContext/windowsOptions/gmsaCredentialSpec",
        "/spec/ephemeralContainers/0/securityContext/windowsOptions/gmsaCredentialSpec",
    ];
    for ((pod, _), path) in at_each_place(&options).into_iter().zip(paths) {
        let operations = patch(expand(&cluster, &PolicyRequest::creation(NAMESPACE, &pod)));
        assert_eq!(operations, json!([{"op": "add", "path": path, "value": canonical(NAMES[0])}]));
    }
    // The index is that of the container, not of the one that is expanded.
    let pod = pod_of(json!({"containers": [
        {"name": "a"},
        {"name": "b", "securityContext": {"windowsOptions": {"hostProcess": false}}},
        {"name": "c", "securityContext": context(options)},
    ]}));
    let operations = patch(expand(&cluster, &PolicyRequest::creation(NAMESPACE, &pod)));
    assert_eq!(operations[0]["path"], "/spec/containers/2/securityContext/windowsOptions/gmsaCredentialSpec");
}

#[test]
fn the_policy_expands_every_recorded_review_as_the_webhook_does() {
    let cluster = recorded_cluster();
    let (mut replayed, mut denied) = (0, Vec::new());
    for (name, review) in recordings("/mutate") {
        let Some(request) = recorded(&review) else { continue };
        replayed += 1;
        let ours = patch(expand(&cluster, &request));
        match webhook_patch(&cluster, &review) {
            Ok(theirs) => assert_eq!(ours, theirs, "{name}"),
            Err(code) => {
                assert_eq!(ours, json!([]), "{name}");
                let denial = super::denied(complete(&cluster, &request));
                assert_eq!(denial.error(), None);
                denied.push((name, code, denial.code()));
            }
        }
    }
    denied.sort();
    let expected = [
        ("name-empty-string.mutate", 422, 422),
        ("nokey-credspec.mutate", 417, 422),
        ("unknown.mutate", 404, 422),
    ];
    assert_eq!(denied, expected.map(|(name, theirs, ours)| (name.to_owned(), theirs, ours)));
    assert!(replayed >= 28, "only {replayed} recordings were found");
}
