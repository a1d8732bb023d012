//! The CEL of webhook configurations and policies, evaluated: each expression gives the right answer, and the policies
//! agree with the webhook's functions.

use std::{fs, path::Path};

use crate::generators::*;
use gmsa_admission::{
    Denial, Policy, Request, Snapshot,
    admission_policy::{
        AuthorizingPolicy, CompletePolicies, MOST_NAMES,
        evaluation::{Conditions, Evaluator, PolicyDenial, PolicyRequest, ValidatingProgram, Verdict},
    },
    configuration::{EndpointUrl, Trust, WebhookConfiguration},
    index::Index,
    template::Enforcement,
    validate,
    workload::WorkloadKind,
};
use gmsa_rbac::Rbac;
use gmsa_types::CredentialSpecName;
use proptest::prelude::*;
use serde_json::{Value, json};

fn conditions() -> Conditions {
    let endpoint = EndpointUrl::try_from("https://gmsa").unwrap();
    let configuration = WebhookConfiguration::new(endpoint, Trust::SystemRoots).validating();
    Conditions::new(configuration.webhooks.unwrap()[0].match_conditions.as_ref().unwrap()).unwrap()
}

fn evaluator(cluster: &Snapshot) -> Evaluator {
    Evaluator::new(cluster.rbac()).with_index(&Index::of(cluster).object().unwrap())
}

// Parsing takes far longer than evaluating.
thread_local! {
    static COMPLETE: ValidatingProgram = ValidatingProgram::new(&CompletePolicies::new().validating()).unwrap();
    static AUTHORIZING: ValidatingProgram = ValidatingProgram::new(&AuthorizingPolicy::new().policy()).unwrap();
    static CONDITIONS: Conditions = conditions();
}

fn complete(cluster: &Snapshot, request: &PolicyRequest) -> Verdict {
    COMPLETE.with(|program| evaluator(cluster).validate(program, request))
}

fn authorizing(cluster: &Snapshot, request: &PolicyRequest) -> Verdict {
    AUTHORIZING.with(|program| evaluator(cluster).validate(program, request))
}

fn matches(cluster: &Snapshot, request: &PolicyRequest) -> bool {
    CONDITIONS.with(|conditions| evaluator(cluster).matches(conditions, request)).unwrap()
}

/// What the webhook says; no denial is an allowance.
fn webhook(cluster: &Snapshot, review: &Value) -> Option<Denial> {
    let body = review.to_string();
    let request = Request::from_slice(body.as_bytes()).unwrap();
    let plan = validate(&request, &Policy::default());
    match plan.decide(&cluster.facts(&plan.needs())) {
        validate::Decision::Allow => None,
        validate::Decision::Deny(denial) => Some(denial),
    }
}

fn denied(verdict: Verdict) -> PolicyDenial {
    match verdict {
        Verdict::Deny(denial) => denial,
        other => panic!("{other:?}"),
    }
}

fn told(verdict: Verdict) -> (u16, String) {
    let denial = denied(verdict);
    assert_eq!(denial.error(), None);
    (denial.code(), denial.message().to_owned())
}

fn pod_of(spec: Value) -> Value {
    let mut spec = spec;
    spec["serviceAccountName"] = json!(SERVICE_ACCOUNT);
    spec.as_object_mut().unwrap().entry("containers").or_insert(json!([{"name": "plain"}]));
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": NAMESPACE}, "spec": spec})
}

fn context(options: Value) -> Value {
    json!({"windowsOptions": options})
}

/// The same options at each of the four places, with what messages call the place.
fn at_each_place(options: &Value) -> [(Value, &'static str); 4] {
    let list =
        |list: &str| pod_of(json!({list: [{"name": "c", "securityContext": context(options.clone())}]}));
    [
        (pod_of(json!({"securityContext": context(options.clone())})), "pod \"web\""),
        (list("containers"), "container \"c\""),
        (list("initContainers"), "init container \"c\""),
        (list("ephemeralContainers"), "ephemeral container \"c\""),
    ]
}

#[test]
fn pods_without_gmsa_fields_meet_no_condition_and_no_policy() {
    let cluster = cluster(&[], &[]);
    let mut pods = vec![
        json!({"metadata": {"name": "web"}, "spec": {}}),
        json!({"metadata": {"name": "web"}, "spec": {"containers": null}}),
        pod_of(json!({})),
        pod_of(json!({"securityContext": {}, "initContainers": [], "ephemeralContainers": []})),
        pod_of(json!({"containers": [{"name": "a", "securityContext": {}}, {"name": "b"}]})),
    ];
    for options in [json!({}), json!({"runAsUserName": "ContainerUser"}), json!({"hostProcess": true})] {
        pods.extend(at_each_place(&options).map(|(pod, _)| pod));
    }
    for pod in pods {
        for request in [
            PolicyRequest::creation(NAMESPACE, &pod),
            PolicyRequest::ephemeral_containers(NAMESPACE, &pod, &pod),
        ] {
            assert!(!matches(&cluster, &request), "{pod}");
            assert_eq!(complete(&cluster, &request), Verdict::Unmatched);
            assert_eq!(authorizing(&cluster, &request), Verdict::Unmatched);
        }
    }
}

#[test]
fn a_gmsa_field_at_any_place_is_seen_and_checked() {
    let permitted = cluster(&NAMES, &NAMES);
    let forbidden = cluster(&NAMES, &[]);
    let (name, contents) = (NAMES[0], canonical(NAMES[0]));
    let cases = [
        (json!({"gmsaCredentialSpecName": name, "gmsaCredentialSpec": contents}), None),
        (
            json!({"gmsaCredentialSpec": contents}),
            Some(
                "PLACE has a GMSA cred spec set, but does not define the name of the corresponding resource",
            ),
        ),
        (
            json!({"gmsaCredentialSpecName": "", "gmsaCredentialSpec": contents}),
            Some("PLACE has an empty GMSA cred spec name"),
        ),
        (
            json!({"gmsaCredentialSpecName": name, "hostProcess": true}),
            Some("PLACE names GMSA cred spec \"webapp0\", but it was not expanded"),
        ),
        (
            json!({"gmsaCredentialSpecName": "other", "gmsaCredentialSpec": contents}),
            Some("cred spec other does not exist in the index of cred specs"),
        ),
        (
            json!({"gmsaCredentialSpecName": name, "gmsaCredentialSpec": canonical(NAMES[1])}),
            Some(
                "the GMSA cred spec contents for PLACE does not match the contents of GMSA resource \"webapp0\"",
            ),
        ),
    ];
    for (options, sentence) in cases {
        for (pod, place) in at_each_place(&options) {
            let request = PolicyRequest::creation(NAMESPACE, &pod);
            assert!(matches(&permitted, &request));
            match sentence {
                None => {
                    assert_eq!(complete(&permitted, &request), Verdict::Allow);
                    assert_eq!(authorizing(&permitted, &request), Verdict::Allow);
                    let refusal =
                        "service account \"web\" is not authorized to `use` GMSA cred spec \"webapp0\"";
                    assert_eq!(told(complete(&forbidden, &request)), (403, refusal.to_owned()));
                    assert_eq!(told(authorizing(&forbidden, &request)), (403, refusal.to_owned()));
                }
                Some(sentence) => {
                    let expected = (422, sentence.replace("PLACE", place));
                    assert_eq!(told(complete(&permitted, &request)), expected);
                    // Beside the webhook, what the contents should be is for the webhook.
                    match sentence {
                        _ if sentence.contains("index") => {
                            assert_eq!(told(authorizing(&permitted, &request)).0, 403);
                        }
                        _ if sentence.contains("match") => {
                            assert_eq!(authorizing(&permitted, &request), Verdict::Allow);
                        }
                        _ => assert_eq!(told(authorizing(&permitted, &request)), expected),
                    }
                }
            }
        }
    }
}

#[test]
fn as_many_names_as_an_api_server_can_check_are_checked_and_no_more() {
    let names: Vec<String> = (0..=MOST_NAMES).map(|number| format!("webapp-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // Each name twice: only different ones count.
    let pod = |names: &[&str]| {
        let containers = names.iter().chain(names).enumerate().map(|(number, name)| {
            json!({"name": format!("c{number}"), "securityContext": context(
                json!({"gmsaCredentialSpecName": name, "gmsaCredentialSpec": canonical(name)}))})
        });
        pod_of(json!({"containers": containers.collect::<Vec<_>>()}))
    };
    let most = PolicyRequest::creation(NAMESPACE, &pod(&names[..MOST_NAMES]));
    let more = PolicyRequest::creation(NAMESPACE, &pod(&names));
    let everything = cluster(&names, &names);
    for judge in [complete, authorizing] {
        assert_eq!(judge(&everything, &most), Verdict::Allow);
        let (code, message) = told(judge(&everything, &more));
        assert_eq!((code, message.contains("more than 26 GMSA cred specs")), (422, true));
        // Every one of them is checked.
        for missing in [0, 1, MOST_NAMES / 2, MOST_NAMES - 1] {
            let mut permitted = names.clone();
            let name = permitted.remove(missing);
            let (code, message) = told(judge(&cluster(&names, &permitted), &most));
            assert_eq!((code, message.ends_with(&format!("\"{name}\""))), (403, true), "{message}");
        }
    }
}

#[test]
fn a_pod_without_a_service_account_is_denied() {
    let cluster = cluster(&NAMES, &NAMES);
    let options = json!({"gmsaCredentialSpecName": NAMES[0], "gmsaCredentialSpec": canonical(NAMES[0])});
    let [(mut pod, _), ..] = at_each_place(&options);
    for account in [json!(""), Value::Null] {
        pod["spec"]["serviceAccountName"] = account;
        for judge in [complete, authorizing] {
            let (code, message) = told(judge(&cluster, &PolicyRequest::creation(NAMESPACE, &pod)));
            assert_eq!((code, message.starts_with("service account \"\" is not authorized")), (403, true));
        }
    }
    // No account can have that name; an API server refuses to ask about it.
    pod["spec"]["serviceAccountName"] = json!("Web");
    for judge in [complete, authorizing] {
        assert!(denied(judge(&cluster, &PolicyRequest::creation(NAMESPACE, &pod))).error().is_some());
    }
}

#[test]
fn new_ephemeral_containers_are_checked_and_old_ones_must_stay() {
    let cluster = cluster(&NAMES, &[NAMES[0]]);
    let container = |name: &str, spec: &str| {
        json!({"name": name, "securityContext": context(
            json!({"gmsaCredentialSpecName": spec, "gmsaCredentialSpec": canonical(spec)}))})
    };
    let pod = |containers: &[Value]| {
        // What was admitted is not asked for again: nobody may use that one any more.
        pod_of(json!({"containers": [container("main", NAMES[1])], "ephemeralContainers": containers}))
    };
    let old = pod(&[container("first", NAMES[1])]);
    let update =
        |containers: &[Value]| PolicyRequest::ephemeral_containers(NAMESPACE, &pod(containers), &old);
    for judge in [complete, authorizing] {
        assert_eq!(judge(&cluster, &update(&[container("first", NAMES[1])])), Verdict::Allow);
        let added = [container("first", NAMES[1]), container("second", NAMES[0])];
        assert_eq!(judge(&cluster, &update(&added)), Verdict::Allow);
        let added = [container("first", NAMES[1]), container("second", NAMES[1])];
        assert_eq!(told(judge(&cluster, &update(&added))).0, 403);
        for changed in [vec![], vec![container("first", NAMES[0])], vec![json!({"name": "first"})]] {
            let (code, message) = told(judge(&cluster, &update(&changed)));
            assert_eq!((code, message.as_str()), (403, "cannot update an existing pod's GMSA settings"));
        }
    }
}

#[test]
fn without_the_index_complete_policies_refuse_every_pod() {
    let cluster = cluster(&NAMES, &NAMES);
    let evaluator = Evaluator::new(cluster.rbac());
    let request = PolicyRequest::creation(NAMESPACE, &pod_of(json!({})));
    let denial = denied(COMPLETE.with(|program| evaluator.validate(program, &request)));
    assert!(denial.message().contains("no params found"));
    assert_eq!(AUTHORIZING.with(|program| evaluator.validate(program, &request)), Verdict::Unmatched);
}

#[test]
fn policies_that_carry_the_contents_need_no_index() {
    let mut cluster = cluster(&NAMES, &NAMES);
    let odd = json!({"a": "it's \\ \"quoted\" \u{2028} <\n>", "b": "'"});
    cluster
        .insert(&json!({"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec",
            "metadata": {"name": NAMES[0]}, "credspec": odd}))
        .unwrap();
    let policies = CompletePolicies::new().carrying(&Index::of(&cluster)).unwrap();
    assert!(!format!("{policies:?} {:?}", Index::of(&cluster)).contains(SECRET));
    let program = ValidatingProgram::new(&policies.validating()).unwrap();
    let evaluator = Evaluator::new(cluster.rbac());
    let object = Index::of(&cluster).object().unwrap();
    let judge = |name: &str, contents: &str| {
        let options = json!({"gmsaCredentialSpecName": name, "gmsaCredentialSpec": contents});
        let pod = pod_of(json!({"securityContext": context(options)}));
        evaluator.validate(&program, &PolicyRequest::creation(NAMESPACE, &pod))
    };
    for name in NAMES {
        assert_eq!(judge(name, &object.data[name]), Verdict::Allow);
    }
    assert_eq!(told(judge(NAMES[0], &object.data[NAMES[1]])).0, 422);
    assert_eq!(told(judge("other", "{}")).1, "cred spec other does not exist in the index of cred specs");
    let plain = PolicyRequest::creation(NAMESPACE, &pod_of(json!({})));
    assert_eq!(evaluator.validate(&program, &plain), Verdict::Unmatched);
    let binding = serde_json::to_value(policies.validating_binding()).unwrap();
    assert_eq!(binding["spec"]["paramRef"], Value::Null);
    assert!(!serde_json::to_string(&policies.validating()).unwrap().contains("param"));
}

#[test]
fn a_policy_that_is_no_cel_is_refused_without_the_contents_that_it_carries() {
    let index = Index::of(&cluster(&NAMES, &NAMES));
    let policies = CompletePolicies::new().carrying(&index).unwrap();
    let mut policy = serde_json::to_value(policies.validating()).unwrap();
    let variables = policy["spec"]["variables"].as_array_mut().unwrap();
    let carrying = variables.iter_mut().find(|it| it["expression"].to_string().contains(SECRET)).unwrap();
    let expression = carrying["expression"].as_str().unwrap().to_owned();
    for broken in [format!("{expression} )"), expression[..expression.len() - 9].to_owned()] {
        let mut policy = policy.clone();
        let variables = policy["spec"]["variables"].as_array_mut().unwrap();
        let carrying = variables.iter_mut().find(|it| it["expression"].to_string().contains(SECRET)).unwrap();
        carrying["expression"] = json!(broken);
        let error = ValidatingProgram::new(&serde_json::from_value(policy).unwrap()).err().unwrap();
        assert!(
            error.expression().contains("\"webapp0\"") || error.expression().contains("'webapp0'"),
            "{error}"
        );
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(SECRET) && !shown.contains("DomainJoinConfig"), "{shown}");
    }
}

/// A pod as validating sees it: an API server has made its name by then, and lets none pass without containers.
fn stored(mut pod: Value) -> Value {
    if pod["metadata"]["name"].is_null() {
        pod["metadata"]["name"] = json!("web-x7k2p");
    }
    if pod["spec"]["containers"].as_array().is_none_or(Vec::is_empty) {
        pod["spec"]["containers"] = json!([{"name": "plain"}]);
    }
    pod
}

/// The contents of some place are spelt otherwise than the index has them.
fn is_respelt(pod: &Value) -> bool {
    let mut places = vec![&pod["spec"]];
    places.extend(LISTS.iter().flat_map(|list| pod["spec"][list].as_array().into_iter().flatten()));
    places.iter().any(|place| {
        let options = &place["securityContext"]["windowsOptions"];
        let name = options["gmsaCredentialSpecName"].as_str().unwrap_or_default();
        options["gmsaCredentialSpec"].as_str().is_some_and(|contents| contents != canonical(name))
    })
}

fn names_of(pod: &Value) -> Vec<String> {
    let body = review("CREATE", "", pod, &Value::Null).to_string();
    let request = Request::from_slice(body.as_bytes()).unwrap();
    request.pod().unwrap().gmsa().iter().filter_map(|fields| fields.name().map(str::to_owned)).collect()
}

/// The policies and the webhook say the same, or differ as the table in the documentation of the module says.
fn agree(cluster: &Snapshot, request: &PolicyRequest, review: &Value) -> Result<(), TestCaseError> {
    let pod = &review["request"]["object"];
    let theirs = webhook(cluster, review);
    let (complete, authorizing) = (complete(cluster, request), authorizing(cluster, request));
    if let Verdict::Deny(denial) = &complete {
        prop_assert!(!denial.message().contains(SECRET));
    }
    match (&theirs, &complete) {
        (None, Verdict::Allow | Verdict::Unmatched) => {}
        (None, Verdict::Deny(denial)) => {
            prop_assert!(is_respelt(pod), "{denial:?}");
            prop_assert!(denial.message().starts_with("the GMSA cred spec contents for "), "{denial:?}");
        }
        (Some(theirs), Verdict::Deny(ours)) => {
            prop_assert_eq!(ours.error(), None);
            let names = names_of(pod);
            // An API server lets no other names pass, and would show them in a message as they are.
            if names.iter().all(|name| name.is_empty() || CredentialSpecName::try_from(name.as_str()).is_ok())
            {
                let sentence = ours.message().replace(" in the index of cred specs", "");
                let is_told = theirs.causes().iter().any(|cause| cause.message().starts_with(&sentence));
                let is_unknown = sentence == format!("cred spec {UNANSWERED} does not exist");
                // Contents that are equal by value fail here before those that are not do there.
                let is_respelt = sentence.starts_with("the GMSA cred spec contents for ") && is_respelt(pod);
                prop_assert!(is_told || is_unknown || is_respelt, "{}: {:?}", sentence, theirs);
            }
        }
        (Some(theirs), other) => prop_assert!(false, "{other:?}, but the webhook says {theirs:?}"),
    }
    match (&theirs, &authorizing) {
        (None, Verdict::Deny(denial)) => prop_assert!(false, "{denial:?}, but the webhook allows"),
        // What it leaves to the webhook.
        (Some(theirs), Verdict::Allow) => prop_assert!(
            theirs.causes().iter().all(|cause| cause.message().contains("does not match the contents")),
            "{theirs:?}"
        ),
        (Some(theirs), Verdict::Unmatched) => {
            prop_assert!(false, "unmatched, but the webhook says {theirs:?}")
        }
        _ => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn the_match_condition_is_true_where_the_visitor_finds_a_field(
        pod in prop_oneof![pod(), proper_pod(), expanded_pod()],
    ) {
        let body = review("CREATE", "", &pod, &Value::Null).to_string();
        let request = Request::from_slice(body.as_bytes()).unwrap();
        let found = !request.pod().unwrap().gmsa().is_empty();
        prop_assert_eq!(matches(&Snapshot::default(), &PolicyRequest::creation(NAMESPACE, &pod)), found);
    }

    #[test]
    fn policies_agree_with_the_webhook_on_new_pods(
        pod in prop_oneof![1 => pod(), 1 => proper_pod(), 4 => expanded_pod()],
        permitted in prop::sample::subsequence(NAMES.to_vec(), 0..=3),
    ) {
        let (cluster, pod) = (cluster(&NAMES, &permitted), stored(pod));
        let review = review("CREATE", "", &pod, &Value::Null);
        agree(&cluster, &PolicyRequest::creation(NAMESPACE, &pod), &review)?;
    }

    #[test]
    fn policies_agree_with_the_webhook_on_new_ephemeral_containers(
        old in expanded_pod(),
        more in prop_oneof![1 => pod(), 2 => expanded_pod()],
        permitted in prop::sample::subsequence(NAMES.to_vec(), 0..=3),
    ) {
        let old = stored(old);
        let mut pod = old.clone();
        let mut containers = pod["spec"]["ephemeralContainers"].as_array().cloned().unwrap_or_default();
        for mut container in more["spec"]["ephemeralContainers"].as_array().cloned().unwrap_or_default() {
            container["name"] = json!(format!("new-{}", container["name"].as_str().unwrap()));
            containers.push(container);
        }
        pod["spec"]["ephemeralContainers"] = json!(containers);
        let cluster = cluster(&NAMES, &permitted);
        let review = review("UPDATE", "ephemeralcontainers", &pod, &old);
        let request = PolicyRequest::ephemeral_containers(NAMESPACE, &pod, &old);
        agree(&cluster, &request, &review)?;
    }
}

k8s_openapi::k8s_if_ge_1_36! {
        mod expansion;
}

/// What the policies answer otherwise than the webhook, of what was recorded: the case, the webhook's code, the
/// policy's code, and the row of the table in the documentation of the module.
const DIFFERENCES: &[(&str, Option<u16>, Option<u16>, &str)] =
    &[("preset-equivalent.validate", None, Some(422), "contents of the same value in another spelling")];

fn recordings(endpoint: &str) -> Vec<(String, Value)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/admission"));
    let mut recordings = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let case: Value = match path.extension().is_some_and(|extension| extension == "json") {
            true => serde_json::from_slice(&fs::read(&path).unwrap()).unwrap(),
            false => continue,
        };
        if case["endpoint"] == endpoint {
            recordings
                .push((path.file_stem().unwrap().to_str().unwrap().to_owned(), case["request"].clone()));
        }
    }
    recordings
}

fn recorded_cluster() -> Snapshot {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/admission/cluster.json");
    let mut cluster = Snapshot::default();
    cluster.insert(&serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).unwrap();
    cluster
}

/// The recorded request as policies see it; `None` for an update of the pod itself, which they are not asked about.
fn recorded(review: &Value) -> Option<PolicyRequest> {
    let request = &review["request"];
    let namespace = request["namespace"].as_str().unwrap();
    match (request["operation"].as_str().unwrap(), request["subResource"].as_str()) {
        ("CREATE", None) => Some(PolicyRequest::creation(namespace, &request["object"])),
        ("UPDATE", Some("ephemeralcontainers")) => {
            Some(PolicyRequest::ephemeral_containers(namespace, &request["object"], &request["oldObject"]))
        }
        _ => None,
    }
}

#[test]
fn policies_agree_with_the_webhook_on_every_recorded_review() {
    let cluster = recorded_cluster();
    let (mut replayed, mut differing) = (0, 0);
    for (name, review) in recordings("/validate") {
        let Some(request) = recorded(&review) else { continue };
        replayed += 1;
        let theirs = webhook(&cluster, &review);
        let code = theirs.as_ref().map(|denial| denial.status().code());
        let (complete, authorizing) = (complete(&cluster, &request), authorizing(&cluster, &request));
        let ours = match &complete {
            Verdict::Deny(denial) => Some(denial.code()),
            _ => None,
        };
        if let Some((_, webhook, policy, _)) = DIFFERENCES.iter().find(|difference| difference.0 == name) {
            assert_eq!((code, ours), (*webhook, *policy), "{name}");
            differing += 1;
        } else {
            assert_eq!(ours, code, "{name}: {complete:?} {theirs:?}");
            if let (Verdict::Deny(ours), Some(theirs)) = (&complete, &theirs) {
                assert!(theirs.message().starts_with(ours.message()), "{name}: {ours:?} {theirs:?}");
                assert_eq!(ours.error(), None);
            }
        }
        let is_left_to_webhook =
            theirs.is_some_and(|denial| denial.message().contains("does not match the contents"));
        match authorizing {
            Verdict::Deny(denial) => assert_eq!(Some(denial.code()), code, "{name}"),
            _ => assert!(code.is_none() || is_left_to_webhook, "{name}"),
        }
    }
    assert!(replayed >= 25, "only {replayed} recordings were found");
    assert_eq!(differing, DIFFERENCES.len());
}

#[test]
fn templates_are_looked_at_where_they_use_gmsa_and_a_person_wrote_them() {
    let endpoint = EndpointUrl::try_from("https://gmsa").unwrap();
    let configuration =
        WebhookConfiguration::new(endpoint, Trust::SystemRoots).templates(Enforcement::Warn).validating();
    let hook = &configuration.webhooks.unwrap()[1];
    let conditions = Conditions::new(hook.match_conditions.as_ref().unwrap()).unwrap();
    let evaluator = Rbac::default();
    let evaluator = Evaluator::new(&evaluator);
    let matches =
        |object: &Value| evaluator.matches(&conditions, &PolicyRequest::creation(NAMESPACE, object)).unwrap();
    let mut rules = hook.rules.iter().flatten();
    for kind in WorkloadKind::templated() {
        let rule = rules.next().unwrap();
        assert_eq!(rule.resources.as_deref(), Some(&[kind.resource().to_owned()][..]));
        let workload = |pod: &Value| {
            let mut object = json!({"metadata": {"name": "web"}, "spec": {}});
            let mut place = &mut object;
            for part in kind.template_pointer().split('/').skip(1) {
                place = &mut place[part];
            }
            *place = json!({"spec": pod["spec"]});
            object
        };
        for (pod, place) in at_each_place(&json!({"gmsaCredentialSpecName": "webapp1"})) {
            let mut object = workload(&pod);
            assert!(matches(&object), "{kind} {place}");
            object["metadata"]["ownerReferences"] = json!([{"kind": "Owner", "name": "o"}]);
            assert!(matches(&object), "{kind} {place}");
            object["metadata"]["ownerReferences"][0]["controller"] = true.into();
            assert!(!matches(&object), "{kind} {place}");
        }
        assert!(!matches(&workload(&pod_of(json!({"containers": [{"name": "c"}]})))), "{kind}");
    }
    assert!(rules.next().is_none());
    assert!(!matches(&json!({"metadata": {"name": "web"}, "spec": {}})));
}
