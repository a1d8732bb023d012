//! The laws that hold everywhere, each as a property or, where the law is about a real API server, as a replay.
//!
//! 1. No input panics, loops, or allocates more than a small multiple of its size (`allocations.rs` says which multiple,
//!    for reviews, contents and files).
//! 2. No container kind carries contents past `validate` without an access answer `Allow` for a name, and contents
//!    equal to that name's.
//! 3. Removing or changing a fact to something weaker never turns a denial into an allowance.
//! 4. The patch of `mutate` always applies to the object of the request, and after it `validate` with the same contents
//!    and `Allow` everywhere allows, and `mutate` again is empty.
//! 5. Contents are compared by value, and only if both sides parse as one JSON object without duplicate keys at any
//!    level, trailing data or BOM (more in gmsa-credspec's `laws.rs`).
//! 6. What is written is read back the same, unknown fields kept; canonical writing is a fixed point (more in
//!    gmsa-credspec's `laws.rs` and `source_laws.rs`).
//! 7. The evaluator in gmsa-rbac says what a Kubernetes RBAC authorizer says (more in its `recorded.rs`, and in
//!    `evaluation.rs` against a second evaluator).
//! 8. No message, `Debug` output, warning, annotation or log line has credential spec contents, `PluginInput` or a
//!    pod's environment in it.
//! 9. Answers keep the request's uid; status codes are within 400..=599 and have the matching reason; warnings are
//!    lines of ASCII of at most 120 characters. No answer says when to try again.
//! 10. Lint never changes meaning: a fix removes its finding and adds none of a higher severity (more in
//!     gmsa-credspec's `lint_laws.rs`).

use std::fs;

use crate::generators::*;
use gmsa_admission::{
    AccessAnswer, CredSpecAnswer, Facts, Needs, Policy, Request, Response, Snapshot, mutate, validate,
};
use gmsa_credspec::{
    CanonicalContents, compare,
    lint::{LintOptions, lint},
    source::{ReadOptions, read_source},
    strategy::{contents, document, exact_document, hostile_contents, taste},
};
use gmsa_rbac::AccessQuestion;
use gmsa_types::{
    CredentialSpec, CredentialSpecName,
    finding::Finding,
    strategy::{flawed_credential_spec, hostile_document},
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

const KEY: &str = "gmsaCredentialSpec";

fn bytes(review: &Value) -> Vec<u8> {
    serde_json::to_vec(review).unwrap()
}

/// Both endpoints' answers to a body, through the wire form.
fn answers(body: &[u8], facts: &Facts<'_>, policy: &Policy) -> Vec<Value> {
    let wire = |response: &Response<'_>| serde_json::from_slice(&response.to_vec()).unwrap();
    match Request::from_slice(body) {
        Ok(request) => vec![
            wire(&mutate(&request, policy).respond(facts)),
            wire(&validate(&request, policy).respond(facts)),
        ],
        Err(error) => error.into_response().iter().map(wire).collect(),
    }
}

/// Every place of a pod that has `windowsOptions`, found with a list of container kinds of the test's own.
fn places(pod: &Value) -> Vec<&Value> {
    let mut places = vec![&pod["spec"]["securityContext"]["windowsOptions"]];
    for list in LISTS {
        for container in pod["spec"][list].as_array().into_iter().flatten() {
            places.push(&container["securityContext"]["windowsOptions"]);
        }
    }
    places
}

fn is_allowed(answer: &Value) -> bool {
    answer["response"]["allowed"] == true
}

fn any_operation() -> impl Strategy<Value = (&'static str, &'static str)> {
    (
        select(&["CREATE", "UPDATE", "DELETE", "CONNECT"][..]),
        select(&["", "ephemeralcontainers", "status", "exec"][..]),
    )
}

/// What of `facts` was needed, and for the rest that it is unavailable.
fn answered(facts: &Facts<'static>, needs: &Needs<'_>) -> Facts<'static> {
    let mut known = Facts::default();
    for name in needs.credential_specs() {
        let answer = facts.credential_spec(name).cloned();
        let answer = answer.unwrap_or_else(|| CredSpecAnswer::Unavailable("away".into()));
        known.insert_credential_spec(name.clone().into_owned(), answer);
    }
    for question in needs.access() {
        let answer = facts.access(question).cloned();
        let answer = answer.unwrap_or_else(|| AccessAnswer::Unavailable("away".into()));
        known.insert_access(question.clone().into_owned(), answer);
    }
    known
}

/// The same, round by round, until nothing more is needed.
fn in_rounds<'r>(facts: &Facts<'static>, next: impl Fn(&Facts<'_>) -> Needs<'r>) -> Facts<'static> {
    let mut known = Facts::default();
    loop {
        let needs = next(&known);
        if needs.is_empty() {
            return known;
        }
        let more = answered(facts, &needs);
        for name in needs.credential_specs() {
            assert!(known.credential_spec(name).is_none(), "looked up twice");
            known.insert_credential_spec(
                name.clone().into_owned(),
                more.credential_spec(name).unwrap().clone(),
            );
        }
        for question in needs.access() {
            assert!(known.access(question).is_none(), "asked twice");
            known.insert_access(question.clone().into_owned(), more.access(question).unwrap().clone());
        }
    }
}

/// A fact that says less than `facts` does.
fn weaken(facts: &Facts<'static>, name: &str, how: usize) -> Facts<'static> {
    let mut facts = facts.clone();
    let spec = CredentialSpecName::try_from(name.to_owned()).unwrap();
    let question = AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, name.to_owned());
    match how {
        0 => drop(facts.remove_credential_spec(&spec)),
        1 => drop(facts.remove_access(&question)),
        2 => facts.insert_credential_spec(spec, CredSpecAnswer::NotFound),
        3 => facts.insert_credential_spec(spec, CredSpecAnswer::Unavailable("away".into())),
        4 => facts.insert_credential_spec(spec, CredSpecAnswer::Empty),
        5 => facts.insert_access(question, AccessAnswer::Deny { reason: "".into() }),
        6 => {
            let answer = AccessAnswer::DenyRequester { user: "ann".into(), reason: "".into() };
            facts.insert_access(question, answer);
        }
        _ => facts.insert_access(question, AccessAnswer::Unavailable("away".into())),
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2 * ProptestConfig::default().cases))]

    #[test]
    fn law_1_no_bytes_panic(body in vec(any::<u8>(), 0..256)) {
        answers(&body, &permissive_facts(), &Policy::default());
    }

    #[test]
    fn law_1_no_damaged_review_panics(
        pod in misshapen_pod(), old in misshapen_pod(), (operation, sub_resource) in any_operation(),
        facts in facts(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut body = bytes(&review(operation, sub_resource, &pod, &old));
        answers(&body, &facts, &Policy::default());
        let at = at.index(body.len());
        body[at] = byte;
        answers(&body, &facts, &Policy::default());
        answers(&body[..at], &facts, &Policy::default());
    }

    #[test]
    fn law_2_no_contents_pass_without_permission_and_equality(
        pod in prop_oneof![1 => pod(), 4 => expanded_pod()],
        facts in prop_oneof![facts(), Just(permissive_facts())],
    ) {
        let body = bytes(&review("CREATE", "", &pod, &Value::Null));
        let answer = &answers(&body, &facts, &Policy::default())[1];
        for options in places(&pod) {
            let (name, contents) = (&options["gmsaCredentialSpecName"], &options[KEY]);
            if !is_allowed(answer) || (name.is_null() && contents.is_null()) {
                continue;
            }
            let name = CredentialSpecName::try_from(name.as_str().expect("contents need a name")).unwrap();
            let question = AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, name.as_str());
            prop_assert_eq!(facts.access(&question), Some(&AccessAnswer::Allow));
            let Some(CredSpecAnswer::Found(resource)) = facts.credential_spec(&name) else {
                return Err(TestCaseError::fail("contents of a resource that was not found"));
            };
            let contents = contents.as_str().expect("a name needs contents");
            prop_assert!(!contents.contains("evil"), "a duplicate key passed");
            let value = |text| serde_json::from_str::<Value>(text).unwrap();
            prop_assert_eq!(value(contents), value(resource.as_str()));
        }
    }

    #[test]
    fn what_is_looked_up_in_rounds_decides_as_all_of_it_at_once(
        pod in prop_oneof![pod(), expanded_pod()], facts in facts(), places in 1..4_usize,
        (operation, sub_resource) in prop_oneof![any_operation(), Just(("UPDATE", "ephemeralcontainers"))],
        join: bool,
    ) {
        // Ephemeral containers that join bring in names of their own, or inherit the pod's.
        let mut old = pod.clone();
        if join {
            old["spec"]["ephemeralContainers"] = json!([]);
        }
        let body = bytes(&review(operation, sub_resource, &pod, &old));
        if let Ok(request) = Request::from_slice(&body) {
            let (mutation, validation) =
                (mutate(&request, &Policy::default()), validate(&request, &Policy::default()));
            let all = answered(&facts, &mutation.needs());
            let known = in_rounds(&facts, |known| mutation.next(known, places));
            prop_assert_eq!(mutation.decide(&known), mutation.decide(&all));
            let all = answered(&facts, &validation.needs());
            let known = in_rounds(&facts, |known| validation.next(known, places));
            prop_assert_eq!(validation.decide(&known), validation.decide(&all));
        }
    }

    #[test]
    fn law_2_holds_for_new_ephemeral_containers(
        pod in proper_pod(), added in prop_oneof![pod(), expanded_pod()],
        facts in prop_oneof![facts(), Just(permissive_facts())],
    ) {
        // The new containers come last, under names of their own, as the API server requires.
        let mut after = pod.clone();
        let mut new = added["spec"]["ephemeralContainers"].as_array().cloned().unwrap_or_default();
        for container in &mut new {
            container["name"] = json!(format!("new-{}", container["name"].as_str().unwrap()));
        }
        let mut all = pod["spec"]["ephemeralContainers"].as_array().cloned().unwrap_or_default();
        all.extend(new.iter().cloned());
        after["spec"]["ephemeralContainers"] = Value::from(all);
        let body = bytes(&review("UPDATE", "ephemeralcontainers", &after, &pod));
        let update = &answers(&body, &facts, &Policy::default())[1];

        // What they do not have themselves they inherit.
        let fields = |container: &Value| {
            let options = &container["securityContext"]["windowsOptions"];
            !options["gmsaCredentialSpecName"].is_null() || !options[KEY].is_null()
        };
        if fields(&pod["spec"]) && !new.iter().all(fields) {
            let name = pod["spec"]["securityContext"]["windowsOptions"]["gmsaCredentialSpecName"].as_str().unwrap();
            let question = AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, name);
            if facts.access(&question) != Some(&AccessAnswer::Allow) {
                prop_assert!(!is_allowed(update));
                return Ok(());
            }
        }
        let alone = json!({"metadata": pod["metadata"], "spec": {
            "serviceAccountName": SERVICE_ACCOUNT, "ephemeralContainers": new}});
        let body = bytes(&review("CREATE", "", &alone, &Value::Null));
        let create = &answers(&body, &facts, &Policy::default())[1];
        prop_assert_eq!(is_allowed(update), is_allowed(create));
        prop_assert_eq!(&update["response"]["status"]["code"], &create["response"]["status"]["code"]);
    }

    #[test]
    fn law_2_nothing_changes_on_an_update(
        pod in pod(), other in prop_oneof![pod(), Just(Value::Null)], keep in any::<[bool; 4]>(),
        sub_resource in select(&["", "ephemeralcontainers"][..]),
    ) {
        // The old pod shares most with the new one, so that single changes are met.
        let mut old = pod.clone();
        for (part, keep) in ["securityContext", "containers", "initContainers", "volumes"].into_iter().zip(keep) {
            if !keep {
                old["spec"][part] = other["spec"][part].clone();
            }
        }
        let fixed = |pod: &Value| -> Vec<Value> {
            let fields = |options: &Value| json!([options["gmsaCredentialSpecName"], options[KEY]]);
            let names = |list: &str| pod["spec"][list].as_array().cloned().unwrap_or_default();
            let with_fields = |container: &Value| {
                let fields = fields(&container["securityContext"]["windowsOptions"]);
                (fields != json!([null, null])).then(|| json!([container["name"], fields]))
            };
            let mut all = vec![fields(&pod["spec"]["securityContext"]["windowsOptions"])];
            for list in ["containers", "initContainers"] {
                all.push(Value::from_iter(names(list).iter().filter_map(with_fields)));
            }
            all
        };
        let body = bytes(&review("UPDATE", sub_resource, &pod, &old));
        let answer = &answers(&body, &permissive_facts(), &Policy::default())[1];
        if fixed(&pod) != fixed(&old) {
            prop_assert!(!is_allowed(answer));
            prop_assert_eq!(&answer["response"]["status"]["code"], 403);
        }
        let body = bytes(&review("UPDATE", sub_resource, &pod, &pod));
        prop_assert!(is_allowed(&answers(&body, &Facts::default(), &Policy::default())[1]), "nothing changed");
    }

    #[test]
    fn law_3_less_knowledge_never_allows_more(
        pod in prop_oneof![pod(), proper_pod(), expanded_pod()], facts in facts(), name in select(&NAMES[..]),
        how in 0_usize..8,
    ) {
        let body = bytes(&review("CREATE", "", &pod, &Value::Null));
        let before = answers(&body, &facts, &Policy::default());
        let after = answers(&body, &weaken(&facts, name, how), &Policy::default());
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(is_allowed(before) || !is_allowed(after));
        }
    }

    #[test]
    fn law_4_the_patch_applies_and_then_all_is_well(pod in proper_pod(), random_hostname: bool) {
        let policy = Policy::default().with_random_hostname(random_hostname);
        let facts = permissive_facts();
        let body = bytes(&review("CREATE", "", &pod, &Value::Null));
        let request = Request::from_slice(&body).unwrap();
        let mutate::Decision::Allow(patch) = mutate(&request, &policy).decide(&facts) else {
            return Err(TestCaseError::fail("a proper pod was refused"));
        };
        let (mut ours, mut theirs) = (pod.clone(), pod);
        patch.apply(&mut ours).unwrap();
        let operations: json_patch::Patch = serde_json::from_value(serde_json::to_value(&patch).unwrap()).unwrap();
        json_patch::patch(&mut theirs, &operations).unwrap();
        prop_assert_eq!(&ours, &theirs);

        let body = bytes(&review("CREATE", "", &ours, &Value::Null));
        let request = Request::from_slice(&body).unwrap();
        let again = mutate(&request, &policy).decide(&facts);
        prop_assert_eq!(again, mutate::Decision::Allow(Default::default()));
        prop_assert_eq!(validate(&request, &policy).decide(&facts), validate::Decision::Allow);
    }

    #[test]
    fn law_4_ephemeral_containers_that_join_are_expanded_too(
        mut pod in proper_pod(), name in select(&NAMES[..]), preset: bool,
    ) {
        let (policy, facts) = (Policy::default(), permissive_facts());
        // What runs already was expanded when it came.
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            pod["spec"].as_object_mut().unwrap().remove(list);
        }
        pod["spec"]["securityContext"] = Value::Null;
        let mut with = pod.clone();
        let mut options = json!({"gmsaCredentialSpecName": name});
        if preset {
            options["gmsaCredentialSpec"] = canonical(name).into();
        }
        with["spec"]["ephemeralContainers"] =
            json!([{"name": "debugger", "securityContext": {"windowsOptions": options}}]);
        let body = bytes(&review("UPDATE", "ephemeralcontainers", &with, &pod));
        let request = Request::from_slice(&body).unwrap();
        let mutate::Decision::Allow(patch) = mutate(&request, &policy).decide(&facts) else {
            return Err(TestCaseError::fail("a proper container was refused"));
        };
        prop_assert_eq!(patch.operations().len(), usize::from(!preset));
        patch.apply(&mut with).unwrap();
        let body = bytes(&review("UPDATE", "ephemeralcontainers", &with, &pod));
        let request = Request::from_slice(&body).unwrap();
        prop_assert_eq!(mutate(&request, &policy).decide(&facts), mutate::Decision::Allow(Default::default()));
        prop_assert_eq!(validate(&request, &policy).decide(&facts), validate::Decision::Allow);
    }

    #[test]
    fn law_4_a_patch_applies_to_any_pod_that_gets_one(pod in misshapen_pod(), facts in facts()) {
        let body = bytes(&review("CREATE", "", &pod, &Value::Null));
        let Ok(request) = Request::from_slice(&body) else { return Ok(()) };
        let policy = Policy::default().with_random_hostname(true);
        if let mutate::Decision::Allow(patch) = mutate(&request, &policy).decide(&facts) {
            let operations: json_patch::Patch =
                serde_json::from_value(serde_json::to_value(&patch).unwrap()).unwrap();
            let mut patched = pod;
            json_patch::patch(&mut patched, &operations).unwrap();
        }
    }

    #[test]
    fn law_5_contents_are_equal_by_value_whatever_way_they_are_written(
        document in exact_document(), one in taste(), other in taste(),
    ) {
        prop_assert!(compare(&document.written(&one), &document.written(&other)).is_equal());
    }

    #[test]
    fn law_5_contents_on_which_readers_disagree_are_equal_to_nothing(
        hostile in hostile_contents(), whole in contents(),
    ) {
        for (left, right) in [(&hostile, &hostile), (&hostile, &whole), (&whole, &hostile)] {
            prop_assert!(!compare(left, right).is_equal());
        }
    }

    #[test]
    fn law_6_canonical_writing_is_a_fixed_point(document in document(), taste in taste()) {
        let written = document.written(&taste);
        let Ok(once) = CanonicalContents::from_json(&written) else { return Ok(()) };
        let twice = CanonicalContents::from_json(once.as_str()).unwrap();
        prop_assert_eq!(twice.as_str(), once.as_str());
    }

    #[test]
    fn law_6_documents_are_read_as_they_were_written(document in hostile_document()) {
        if let Ok(spec) = serde_json::from_value::<CredentialSpec>(document.clone()) {
            prop_assert_eq!(serde_json::to_value(&spec).unwrap(), document);
        }
    }

    #[test]
    fn law_6_requests_facts_and_decisions_survive_a_file(pod in pod(), facts in facts()) {
        fn reread<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
            serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
        }
        let body = bytes(&review("UPDATE", "ephemeralcontainers", &pod, &pod));
        let request = Request::from_slice(&body).unwrap();
        let text = serde_json::to_string(&request).unwrap();
        let replayed: Request<'_> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&replayed, &request);
        prop_assert_eq!(&reread(&facts), &facts);
        let body = bytes(&review("CREATE", "", &pod, &Value::Null));
        let request = Request::from_slice(&body).unwrap();
        let policy = Policy::default();
        let decision = mutate(&request, &policy).decide(&facts);
        let text = serde_json::to_string(&decision).unwrap();
        prop_assert_eq!(serde_json::from_str::<mutate::Decision<'_>>(&text).unwrap(), decision);
        let decision = validate(&request, &policy).decide(&facts);
        prop_assert_eq!(reread(&decision), decision);
    }

    #[test]
    fn law_10_a_fix_removes_its_finding_and_brings_none_that_is_worse(spec in flawed_credential_spec()) {
        let document = serde_json::to_value(&spec).unwrap();
        let findings = |document: &Value| {
            let source = read_source(document.to_string().as_bytes(), &ReadOptions::new());
            lint(&source, &LintOptions::default())
        };
        // One rule may warn of one thing and refuse another.
        let alike = |findings: &[Finding], one: &Finding| {
            let is_alike = |other: &&Finding| (other.id(), other.severity()) == (one.id(), one.severity());
            findings.iter().filter(is_alike).count()
        };
        let before = findings(&document);
        for finding in &before {
            let Some(fix) = finding.fix() else { continue };
            let after = findings(&fix.apply(&document).unwrap());
            prop_assert!(alike(&after, finding) < alike(&before, finding), "{} remains in {}", finding, document);
            for new in after.iter().filter(|new| new.severity() > finding.severity()) {
                prop_assert!(alike(&after, new) <= alike(&before, new), "{} after {} in {}", new, finding, document);
            }
        }
    }

    #[test]
    fn law_8_nothing_shows_contents(
        pod in prop_oneof![pod(), misshapen_pod()], facts in facts(), (operation, sub_resource) in any_operation(),
    ) {
        let body = bytes(&review(operation, sub_resource, &pod, &pod));
        let policy = Policy::default();
        let mut shown = format!("{facts:?}");
        match Request::from_slice(&body) {
            Ok(request) => {
                let (mutation, validation) = (mutate(&request, &policy), validate(&request, &policy));
                shown += &format!("{request:?} {mutation:?} {validation:?} {:?}", mutation.decide(&facts));
                for response in [mutation.respond(&facts), validation.respond(&facts)] {
                    shown += &format!("{response:?} {:?} {:?}", response.patch(), response.warnings());
                    shown += &format!("{:?}", response.audit_annotations().collect::<Vec<_>>());
                    shown += &response.denial().map(ToString::to_string).unwrap_or_default();
                    // The patch is where the contents belong.
                    let mut wire: Value = serde_json::from_slice(&response.to_vec()).unwrap();
                    wire["response"]["patch"].take();
                    shown += &wire.to_string();
                }
            }
            Err(error) => shown += &format!("{error} {error:?}"),
        }
        prop_assert!(!shown.to_ascii_lowercase().contains(SECRET), "{}", shown);
    }

    #[test]
    fn law_9_answers_are_what_an_api_server_takes(
        pod in prop_oneof![pod(), misshapen_pod()], facts in facts(), (operation, sub_resource) in any_operation(),
        random_hostname: bool,
    ) {
        let body = bytes(&review(operation, sub_resource, &pod, &pod));
        let policy = Policy::default().with_random_hostname(random_hostname);
        for answer in answers(&body, &facts, &policy) {
            let response = &answer["response"];
            prop_assert_eq!(&response["uid"], "705ab4f5-6393-11e8-b7cc-42010a800002");
            prop_assert_eq!(response["patch"].is_null(), response["patchType"].is_null());
            prop_assert_eq!(is_allowed(&answer), response["status"].is_null());
            if let Some(code) = response["status"]["code"].as_u64() {
                prop_assert!((400..=599).contains(&code));
                let reason = match code {
                    400 => "BadRequest",
                    403 => "Forbidden",
                    404 => "NotFound",
                    417 | 422 => "Invalid",
                    500 => "InternalError",
                    _ => "ServiceUnavailable",
                };
                prop_assert_eq!(&response["status"]["reason"], reason);
                prop_assert!(response["patch"].is_null());
                prop_assert!(!response["status"].to_string().contains("retryAfter"), "clients obey it");
            }
            for warning in response["warnings"].as_array().into_iter().flatten() {
                let warning = warning.as_str().unwrap();
                prop_assert!(warning.len() <= 120 && warning.chars().all(|c| c == ' ' || c.is_ascii_graphic()));
            }
            for key in response["auditAnnotations"].as_object().into_iter().flat_map(|all| all.keys()) {
                prop_assert!(key.len() <= 63 && key.chars().all(|c| c == '-' || c.is_ascii_alphanumeric()));
            }
        }
    }
}

#[test]
fn law_7_the_evaluator_says_what_the_api_server_said() {
    let recordings = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/admission/cluster.json");
    let answers = concat!(env!("CARGO_MANIFEST_DIR"), "/../gmsa-rbac/tests/vectors/access.json");
    let read = |path: &str| -> Value { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() };
    let mut cluster = Snapshot::default();
    cluster.insert(&read(recordings)).unwrap();
    let answers = read(answers);
    let text = |answer: &Value, key: &str| answer[key].as_str().unwrap().to_owned();
    let mut allowed = 0;
    for answer in answers.as_array().unwrap() {
        let [namespace, account, spec] =
            ["namespace", "serviceAccount", "credentialSpec"].map(|key| text(answer, key));
        let ours = cluster.rbac().answer(&AccessQuestion::new(namespace, account, spec)).is_allowed();
        assert_eq!(ours, answer["status"]["allowed"] == true, "{answer}");
        allowed += usize::from(ours);
    }
    assert!(allowed > 0, "none of the recorded answers is a yes");
}
