//! What each situation is answered: code, message, causes, warnings.

use crate::generators::{NAMESPACE, SERVICE_ACCOUNT, canonical, permissive_facts, review};
use gmsa_admission::{
    AccessAnswer, CauseReason, CredSpecAnswer, Denial, Facts, Operation, Policy, Request, mutate, validate,
};
use gmsa_credspec::CanonicalContents;
use gmsa_rbac::AccessQuestion;
use gmsa_types::CredentialSpecName;
use serde_json::{Value, json};

fn pod(spec: Value) -> Value {
    let mut pod = json!({"metadata": {"name": "web"}, "spec": {"serviceAccountName": SERVICE_ACCOUNT}});
    pod["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    pod
}

fn options(options: Value) -> Value {
    json!({"windowsOptions": options})
}

fn named(name: &str) -> Value {
    options(json!({"gmsaCredentialSpecName": name}))
}

fn expanded(name: &str) -> Value {
    options(json!({"gmsaCredentialSpecName": name, "gmsaCredentialSpec": canonical(name)}))
}

fn container(name: &str, context: Value) -> Value {
    json!({"name": name, "securityContext": context})
}

fn body(operation: &str, sub_resource: &str, object: &Value, old: &Value) -> Vec<u8> {
    serde_json::to_vec(&review(operation, sub_resource, object, old)).unwrap()
}

fn create(object: &Value) -> Vec<u8> {
    body("CREATE", "", object, &Value::Null)
}

fn mutation_denial(body: &[u8], facts: &Facts<'_>) -> Denial {
    match mutate(&Request::from_slice(body).unwrap(), &Policy::default()).decide(facts) {
        mutate::Decision::Deny(denial) => denial,
        mutate::Decision::Allow(patch) => panic!("allowed with {patch:?}"),
    }
}

fn validation_denial(body: &[u8], facts: &Facts<'_>) -> Denial {
    match validate(&Request::from_slice(body).unwrap(), &Policy::default()).decide(facts) {
        validate::Decision::Deny(denial) => denial,
        validate::Decision::Allow => panic!("allowed"),
    }
}

fn facts_with(
    name: &'static str,
    contents: CredSpecAnswer<'static>,
    access: AccessAnswer<'static>,
) -> Facts<'static> {
    let mut facts = Facts::default();
    facts.insert_credential_spec(CredentialSpecName::try_from(name).unwrap(), contents);
    facts.insert_access(AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, name), access);
    facts
}

#[test]
fn every_container_kind_is_expanded_in_the_order_of_places() {
    let pod = pod(json!({
        "ephemeralContainers": [container("debug", named("webapp0"))],
        "initContainers": [container("a", json!({})), container("init", named("webapp1"))],
        "containers": [container("iis", named("dotted.name")), container("sidecar", expanded("webapp1"))],
        "securityContext": named("webapp0"),
    }));
    let body = create(&pod);
    let request = Request::from_slice(&body).unwrap();
    let policy = Policy::default();
    let plan = mutate(&request, &policy);
    let names: Vec<_> = plan.needs().credential_specs().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["dotted.name", "webapp0", "webapp1"], "each name is looked up once");
    let facts = permissive_facts();
    assert!(plan.missing(&facts).is_empty());
    let mutate::Decision::Allow(patch) = plan.decide(&facts) else { panic!("denied") };
    let paths: Vec<_> = patch.operations().iter().map(|operation| operation.path()).collect();
    assert_eq!(
        paths,
        [
            "/spec/securityContext/windowsOptions/gmsaCredentialSpec",
            "/spec/containers/0/securityContext/windowsOptions/gmsaCredentialSpec",
            "/spec/initContainers/1/securityContext/windowsOptions/gmsaCredentialSpec",
            "/spec/ephemeralContainers/0/securityContext/windowsOptions/gmsaCredentialSpec",
        ]
    );
    assert_eq!(patch.operations()[0].value(), canonical("webapp0"));
}

#[test]
fn each_name_is_asked_for_once() {
    let containers: Vec<_> =
        (0..9).map(|index| container(&format!("c{index}"), expanded("webapp0"))).collect();
    let mut pod = pod(json!({"securityContext": named("webapp0"), "serviceAccountName": "web",
        "containers": containers, "initContainers": [container("i", named("webapp1"))]}));
    pod["metadata"]["namespace"] = json!("team-a");
    let body = create(&pod);
    let request = Request::from_slice(&body).unwrap();
    let policy = Policy::default();
    assert_eq!(mutate(&request, &policy).needs().credential_specs().len(), 2);
    let plan = validate(&request, &policy);
    let needs = plan.needs();
    assert_eq!((needs.credential_specs().len(), needs.access().len()), (1, 2));
}

#[test]
fn only_new_ephemeral_containers_are_expanded_and_checked() {
    let old = pod(json!({
        "securityContext": expanded("webapp0"),
        "ephemeralContainers": [container("old", named("webapp1"))],
    }));
    let mut new = old.clone();
    new["spec"]["ephemeralContainers"] =
        json!([container("new", named("dotted.name")), container("old", named("webapp1"))]);
    let update = body("UPDATE", "ephemeralcontainers", &new, &old);
    let request = Request::from_slice(&update).unwrap();
    let policy = Policy::default();
    let names: Vec<_> =
        mutate(&request, &policy).needs().credential_specs().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["dotted.name"]);
    let questions = validate(&request, &policy).needs().access().to_vec();
    assert_eq!(questions, [AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, "dotted.name")]);
    let denial = validation_denial(&update, &permissive_facts());
    assert_eq!(denial.status().code(), 422);
    assert!(denial.message().starts_with(
        "ephemeral container \"new\" names GMSA cred spec \"dotted.name\", but it was not expanded"
    ));
}

#[test]
fn an_ephemeral_container_that_inherits_an_identity_is_a_new_process_with_it() {
    let old = pod(json!({"securityContext": expanded("webapp0"), "ephemeralContainers": []}));
    let joined_by = |containers: Value| {
        let mut new = old.clone();
        new["spec"]["ephemeralContainers"] = containers;
        body("UPDATE", "ephemeralcontainers", &new, &old)
    };
    let question = AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, "webapp0");
    let mut revoked = permissive_facts();
    revoked.insert_access(question.clone(), AccessAnswer::Deny { reason: "".into() });

    let inherits = joined_by(json!([container("debug", json!({}))]));
    let request = Request::from_slice(&inherits).unwrap();
    let policy = Policy::default();
    let needs = validate(&request, &policy).needs();
    assert_eq!(needs.access(), [question]);
    assert_eq!(validate(&request, &policy).next(&Facts::default(), 32).access(), needs.access());
    assert!(needs.credential_specs().is_empty(), "what the pod has was compared when it came");
    assert!(mutate(&request, &policy).needs().is_empty());
    assert!(validate(&request, &policy).respond(&permissive_facts()).allowed());
    let denial = validation_denial(&inherits, &revoked);
    assert_eq!(denial.status().code(), 403);
    assert_eq!(denial.causes()[0].field(), "spec.securityContext.windowsOptions.gmsaCredentialSpecName");
    assert_eq!(validation_denial(&inherits, &Facts::default()).status().code(), 503);

    // One that has its own does not inherit, and a pod without an identity hands none on.
    let own = joined_by(json!([container("debug", expanded("webapp1"))]));
    let request = Request::from_slice(&own).unwrap();
    assert!(validate(&request, &policy).respond(&revoked).allowed());
    let plain = pod(json!({}));
    let mut new = plain.clone();
    new["spec"]["ephemeralContainers"] = json!([container("debug", json!({}))]);
    let none = body("UPDATE", "ephemeralcontainers", &new, &plain);
    let request = Request::from_slice(&none).unwrap();
    assert!(validate(&request, &policy).respond(&Facts::default()).allowed());
}

#[test]
fn a_denial_says_of_which_object_it_is_and_how_many_faults_there_are() {
    let of = |body: &[u8]| {
        let request = Request::from_slice(body).unwrap();
        let response = validate(&request, &Policy::default()).respond(&Facts::default()).to_vec();
        let answer: Value = serde_json::from_slice(&response).unwrap();
        answer["response"]["status"].clone()
    };
    let nameless = || options(json!({"gmsaCredentialSpec": "{}"}));
    let mut one = pod(json!({"containers": [container("a", nameless())]}));
    one["metadata"] = json!({"name": "web-0"});
    let status = of(&create(&one));
    assert_eq!((&status["details"]["kind"], &status["details"]["name"]), (&json!("Pod"), &json!("web-0")));
    let told = status["details"]["causes"][0]["message"].as_str().unwrap();
    assert!(told.ends_with(" (denied by the gMSA admission webhook)"), "{told}");
    assert!(!status["message"].as_str().unwrap().contains("more fault"));

    let containers =
        |count| (0..count).map(|index| container(&format!("c{index}"), nameless())).collect::<Vec<_>>();
    let mut several = pod(json!({"containers": containers(2)}));
    several["metadata"] = json!({"generateName": "web-"});
    let status = of(&create(&several));
    assert_eq!(status["details"]["name"], "web-*");
    let ends =
        |status: &Value, end: &str| assert!(status["message"].as_str().unwrap().ends_with(end), "{status}");
    ends(&status, "; 1 more fault is listed in status.details.causes");
    ends(
        &of(&create(&pod(json!({"containers": containers(3)})))),
        "; 2 more faults are listed in status.details.causes",
    );
    let end = "; 31 or more further faults: status.details.causes lists the first 31";
    ends(&of(&create(&pod(json!({"containers": containers(40)})))), end);
}

#[test]
fn an_ephemeral_container_that_was_there_cannot_get_an_identity() {
    let old = pod(json!({"ephemeralContainers": [container("debug", json!({}))]}));
    let new = pod(json!({"ephemeralContainers": [container("debug", expanded("webapp0"))]}));
    let denial = validation_denial(&body("UPDATE", "ephemeralcontainers", &new, &old), &permissive_facts());
    assert_eq!(denial.status().code(), 403);
    assert_eq!(
        denial.message(),
        "cannot update an existing pod's GMSA settings (GMSA name and contents modified on ephemeral container \
         \"debug\"); delete the pod and create it anew with the settings it shall have"
    );
}

#[test]
fn an_update_may_neither_set_nor_change_nor_remove() {
    let with =
        pod(json!({"securityContext": expanded("webapp0"), "containers": [container("iis", json!({}))]}));
    let without = pod(json!({"containers": [container("iis", json!({}))]}));
    let renamed = pod(json!({"securityContext": options(
        json!({"gmsaCredentialSpecName": "webapp1", "gmsaCredentialSpec": canonical("webapp0")})
    ), "containers": [container("iis", json!({}))]}));
    let moved = pod(json!({"containers": [container("iis", expanded("webapp0"))]}));
    for (new, old, what) in [
        (&with, &without, "GMSA name and contents modified on pod \"web\""),
        (&without, &with, "GMSA name and contents modified on pod \"web\""),
        (&renamed, &with, "GMSA name modified on pod \"web\""),
        (&moved, &without, "GMSA name and contents modified on container \"iis\""),
    ] {
        let denial = validation_denial(&body("UPDATE", "", new, old), &permissive_facts());
        assert_eq!(denial.status().code(), 403);
        assert!(denial.message().contains(what), "{denial}");
    }
    let same = body("UPDATE", "", &with, &with);
    let request = Request::from_slice(&same).unwrap();
    let policy = Policy::default();
    assert!(
        validate(&request, &policy).needs().is_empty(),
        "revoking a permission must not break running pods"
    );
    assert_eq!(validate(&request, &policy).decide(&Facts::default()), validate::Decision::Allow);
}

#[test]
fn containers_are_told_apart_by_name_not_by_index() {
    let one = pod(
        json!({"containers": [container("a", expanded("webapp0")), container("b", expanded("webapp1"))]}),
    );
    let two = pod(
        json!({"containers": [container("b", expanded("webapp1")), container("a", expanded("webapp0"))]}),
    );
    let update = body("UPDATE", "", &one, &two);
    let request = Request::from_slice(&update).unwrap();
    let policy = Policy::default();
    assert_eq!(validate(&request, &policy).decide(&Facts::default()), validate::Decision::Allow);
}

#[test]
fn failed_lookups_say_so() {
    let body = create(&pod(json!({"containers": [container("iis", named("webapp0"))]})));
    let deny = |answer| mutation_denial(&body, &facts_with("webapp0", answer, AccessAnswer::Allow));
    let denial = deny(CredSpecAnswer::NotFound);
    assert_eq!(denial.status().code(), 404);
    assert_eq!(
        denial.message(),
        "cred spec webapp0 does not exist; create it, or correct the name; `kubectl get gmsacredentialspecs` lists \
         those that exist"
    );
    assert_eq!(
        denial.causes()[0].field(),
        "spec.containers[0].securityContext.windowsOptions.gmsaCredentialSpecName"
    );
    assert_eq!(denial.causes()[0].reason(), CauseReason::FieldValueNotFound);
    let denial = deny(CredSpecAnswer::Empty);
    assert_eq!(denial.status().code(), 417);
    assert!(denial.message().starts_with("cred spec webapp0 does not have a credspec key; "));
    let denial = deny(CredSpecAnswer::Unavailable("connection\nrefused".into()));
    assert_eq!(denial.status().code(), 500);
    assert!(
        denial
            .message()
            .starts_with("unable to retrieve the contents of cred spec webapp0: connection\\nrefused; "),
        "{denial}"
    );
    let denial = mutation_denial(&body, &Facts::default());
    assert_eq!(denial.status().code(), 500);
    assert!(denial.message().contains("it was not looked up"));
}

#[test]
fn a_refusal_and_a_failed_check_are_not_the_same() {
    let body = create(&pod(json!({"securityContext": expanded("webapp0")})));
    let found = permissive_facts().credential_spec(&"webapp0".parse().unwrap()).unwrap().clone();
    let deny = |access| validation_denial(&body, &facts_with("webapp0", found.clone(), access));
    let denial = deny(AccessAnswer::Deny { reason: "".into() });
    assert_eq!(denial.status().code(), 403);
    assert!(
        denial.message().starts_with(
            "service account \"web\" is not authorized to `use` GMSA cred spec \"webapp0\"; to allow it, in a POSIX \
             shell or PowerShell: "
        ),
        "{denial}"
    );
    assert!(denial.message().contains("kubectl create rolebinding"), "{denial}");
    assert!(denial.message().contains(r#""verbs":["use"]}]}' | kubectl apply -f -"#), "{denial}");
    let denial = deny(AccessAnswer::Deny { reason: "RBAC: role \"x\" not found".into() });
    assert!(denial.message().contains(", reason: \"RBAC: role \\\"x\\\" not found\"; "), "{denial}");
    let denial = deny(AccessAnswer::Unavailable("timed out".into()));
    assert_eq!(denial.status().code(), 503);
    assert!(denial.message().starts_with("unable to check whether service account \"web\" may `use`"));
    let mut unanswered = permissive_facts();
    unanswered.remove_access(&AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, "webapp0"));
    assert_eq!(validation_denial(&body, &unanswered).status().code(), 503);
}

#[test]
fn names_that_cannot_be_are_denied_without_asking() {
    for (name, code, says) in [
        ("", 422, "pod \"web\" has an empty GMSA cred spec name"),
        ("gmsa-WebApp1", 404, "cred spec gmsa-WebApp1 does not exist"),
        ("../secrets/x", 404, "cred spec ../secrets/x does not exist"),
        ("a\nb", 404, "cred spec <3 bytes> does not exist"),
    ] {
        let body = create(&pod(json!({"securityContext": named(name)})));
        let request = Request::from_slice(&body).unwrap();
        let policy = Policy::default();
        assert!(mutate(&request, &policy).needs().is_empty());
        assert!(validate(&request, &policy).needs().is_empty());
        for denial in [mutation_denial(&body, &Facts::default()), validation_denial(&body, &Facts::default())]
        {
            assert_eq!(denial.status().code(), code, "{denial}");
            assert!(denial.message().starts_with(says), "{denial}");
        }
    }
    let body = create(&pod(json!({"securityContext": named("gmsa-WebApp1")})));
    let denial = mutation_denial(&body, &Facts::default());
    assert!(denial.message().ends_with("write `gmsa-webapp1`"), "{denial}");
}

#[test]
fn a_credential_spec_in_the_wrong_field_is_not_repeated() {
    let body = create(&pod(
        json!({"containers": [container("{\"s3cr3t\": 1}", named("{\"PluginInput\": \"s3cr3t\"}"))],
        "serviceAccountName": "{\"s3cr3t\": 1}", "securityContext": expanded("webapp0")}),
    ));
    for denial in [mutation_denial(&body, &permissive_facts()), validation_denial(&body, &permissive_facts())]
    {
        let shown = format!("{denial:?}{}", serde_json::to_string(&denial.to_status()).unwrap());
        assert!(!shown.contains("s3cr3t"), "{shown}");
        assert!(
            denial.causes().iter().any(|cause| cause.message() == "cred spec <25 bytes> does not exist"),
            "{shown}"
        );
    }
}

#[test]
fn a_pod_without_a_service_account_is_denied_without_asking() {
    let mut pod = pod(json!({"securityContext": expanded("webapp0")}));
    pod["spec"]["serviceAccountName"] = Value::Null;
    let body = create(&pod);
    let request = Request::from_slice(&body).unwrap();
    assert!(validate(&request, &Policy::default()).needs().is_empty());
    let denial = validation_denial(&body, &permissive_facts());
    assert_eq!(denial.status().code(), 403);
    assert!(
        denial
            .message()
            .starts_with("service account \"\" is not authorized to `use` GMSA cred spec \"webapp0\"")
    );
}

#[test]
fn an_account_or_namespace_that_cannot_be_is_denied_without_asking() {
    for (account, namespace, code) in
        [("web:x", "team-a", 403), ("Web", "team-a", 403), ("web", "", 400), ("web", "a.b", 400)]
    {
        let mut review =
            review("CREATE", "", &pod(json!({"securityContext": expanded("webapp0")})), &Value::Null);
        review["request"]["namespace"] = json!(namespace);
        review["request"]["object"]["spec"]["serviceAccountName"] = json!(account);
        let body = serde_json::to_vec(&review).unwrap();
        let request = Request::from_slice(&body).unwrap();
        assert!(validate(&request, &Policy::default()).needs().is_empty());
        assert_eq!(
            validation_denial(&body, &permissive_facts()).status().code(),
            code,
            "{account} {namespace}"
        );
    }
}

#[test]
fn an_update_cannot_borrow_the_permission_of_another_account() {
    let mut old = pod(json!({}));
    old["spec"]["serviceAccountName"] = json!("poor");
    let new = pod(json!({"ephemeralContainers": [container("debug", expanded("webapp0"))]}));
    let update = body("UPDATE", "ephemeralcontainers", &new, &old);
    let request = Request::from_slice(&update).unwrap();
    let questions = validate(&request, &Policy::default()).needs().access().to_vec();
    assert_eq!(questions, [AccessQuestion::new(NAMESPACE, "poor", "webapp0")]);
}

#[test]
fn contents_that_no_pod_can_hold_are_not_put_into_one() {
    let facts = |length: usize| {
        let contents = json!({"x": "y".repeat(length - 8)}).to_string();
        assert_eq!(contents.len(), length);
        let contents = CanonicalContents::from_json(&contents).unwrap().into_owned();
        facts_with("webapp0", CredSpecAnswer::Found(contents), AccessAnswer::Allow)
    };
    let one = create(&pod(json!({"securityContext": named("webapp0")})));
    let policy = Policy::default();
    let request = Request::from_slice(&one).unwrap();
    assert!(mutate(&request, &policy).respond(&facts(65_536)).allowed());
    let denial = mutation_denial(&one, &facts(65_537));
    assert_eq!(
        denial.message(),
        "cred spec webapp0 has 65537 bytes, and a pod holds 65536 at most; shorten the resource's credspec"
    );
    let many = create(&pod(
        json!({"containers": (0..200).map(|_| container("c", named("webapp0"))).collect::<Vec<_>>()}),
    ));
    let denial = mutation_denial(&many, &facts(65_536));
    assert!(
        denial
            .message()
            .ends_with("name the credential spec once, at pod level, from where containers inherit it")
    );
}

#[test]
fn every_fault_is_a_cause_and_the_first_is_the_message() {
    let body = create(&pod(json!({
        "containers": [container("ok", expanded("webapp0")), container("bare", options(json!({"gmsaCredentialSpec": "{}"})))],
        "initContainers": [container("lazy", named("webapp1"))],
        "securityContext": options(json!({"gmsaCredentialSpecName": "webapp0", "gmsaCredentialSpec": canonical("webapp1")})),
    })));
    let denial = validation_denial(&body, &permissive_facts());
    assert!(
        denial.message().starts_with(
            "the GMSA cred spec contents for pod \"web\" does not match the contents of GMSA resource \"webapp0\"; "
        ),
        "{denial}"
    );
    assert!(denial.message().contains("/DomainJoinConfig/MachineAccountName"), "{denial}");
    let fields: Vec<_> = denial.causes().iter().map(|cause| cause.field()).collect();
    assert_eq!(
        fields,
        [
            "spec.securityContext.windowsOptions.gmsaCredentialSpec",
            "spec.containers[1].securityContext.windowsOptions.gmsaCredentialSpecName",
            "spec.initContainers[0].securityContext.windowsOptions.gmsaCredentialSpec",
        ]
    );
    // Each cause says what to do by itself.
    assert!(denial.causes().iter().all(|cause| !cause.fix().is_empty()));
    let status = denial.to_status();
    assert_eq!((status.code, status.reason.as_deref()), (Some(422), Some("Invalid")));
    assert_eq!(status.details.unwrap().causes.unwrap().len(), 3);
}

#[test]
fn a_pod_without_a_name_yet_is_called_by_its_generate_name_and_namespace() {
    let mut pod = pod(json!({"securityContext": options(json!({"gmsaCredentialSpec": "{}"}))}));
    pod["metadata"] = json!({"generateName": "web-"});
    let denial = validation_denial(&create(&pod), &permissive_facts());
    assert!(
        denial.message().starts_with("pod \"web-*\" in namespace \"team-a\" has a GMSA cred spec set, but"),
        "{denial}"
    );
}

#[test]
fn other_requests_are_allowed_with_a_warning() {
    let pod = pod(json!({"securityContext": named("webapp0")}));
    for (operation, sub_resource, kind, says) in [
        ("DELETE", "", "Pod", "DELETE pods"),
        ("CONNECT", "exec", "PodExecOptions", "CONNECT pods/exec"),
        ("UPDATE", "status", "Pod", "UPDATE pods/status"),
        ("UPDATE", "resize", "Pod", "UPDATE pods/resize"),
        ("CREATE", "binding", "Binding", "CREATE pods/binding"),
    ] {
        let mut review = review(operation, sub_resource, &pod, &Value::Null);
        review["request"]["kind"] = json!({"group": "", "version": "v1", "kind": kind});
        let body = serde_json::to_vec(&review).unwrap();
        let request = Request::from_slice(&body).unwrap();
        let (policy, facts) = (Policy::default(), Facts::default());
        for response in
            [mutate(&request, &policy).respond(&facts), validate(&request, &policy).respond(&facts)]
        {
            assert!(response.allowed() && response.patch().is_none());
            assert_eq!(
                response.warnings(),
                [format!(
                    "gMSA webhook called for {says}: it needs CREATE pods, UPDATE pods/ephemeralcontainers only"
                )]
            );
        }
    }
}

#[test]
fn fields_that_windows_ignores_are_warned_of() {
    let mut pod = pod(json!({
        "os": {"name": "linux"},
        "containers": [
            container("host", options(json!({"gmsaCredentialSpecName": "webapp0", "hostProcess": true}))),
            container("plain", named("webapp0")),
        ],
    }));
    let warnings = |pod: &Value| {
        let body = create(pod);
        let request = Request::from_slice(&body).unwrap();
        validate(&request, &Policy::default()).respond(&Facts::default()).warnings().to_vec()
    };
    assert_eq!(
        warnings(&pod),
        [
            "spec.os.name is linux: the gMSA fields of this pod have no effect",
            "gMSA fields have no effect on spec.containers[0], a hostProcess container",
        ]
    );
    pod["spec"]["os"]["name"] = json!("windows");
    pod["spec"]["containers"][0]["securityContext"]["windowsOptions"]["hostProcess"] = json!(false);
    assert!(warnings(&pod).is_empty());
}

#[test]
fn a_random_hostname_is_given_once_and_only_where_it_is_wanted() {
    let policy = Policy::default().with_random_hostname(true);
    let facts = permissive_facts();
    let hostname = |pod: &Value, policy: &Policy| {
        let body = create(pod);
        let request = Request::from_slice(&body).unwrap();
        let mutate::Decision::Allow(patch) = mutate(&request, policy).decide(&facts) else {
            panic!("denied")
        };
        patch.operations().iter().find(|it| it.path() == "/spec/hostname").map(|it| it.value().to_owned())
    };
    let named_pod = pod(json!({"containers": [container("iis", named("webapp0"))], "hostname": ""}));
    let given = hostname(&named_pod, &policy).unwrap();
    assert_eq!(given.len(), 15);
    gmsa_types::check_dns_label("hostname", &given).unwrap();
    assert!(given.starts_with(|c: char| c.is_ascii_alphabetic()));
    assert_eq!(hostname(&named_pod, &policy), Some(given.clone()), "the same request gets the same name");
    assert_eq!(hostname(&named_pod, &Policy::default()), None);
    assert_eq!(
        hostname(&pod(json!({"hostname": "own", "securityContext": named("webapp0")})), &policy),
        None
    );
    assert_eq!(hostname(&pod(json!({"containers": []})), &policy), None);
    let mut review = review("CREATE", "", &named_pod, &Value::Null);
    review["request"]["uid"] = json!("705ab4f5-6393-11e8-b7cc-42010a800003");
    let body = serde_json::to_vec(&review).unwrap();
    let request = Request::from_slice(&body).unwrap();
    let mutate::Decision::Allow(patch) = mutate(&request, &policy).decide(&facts) else { panic!("denied") };
    assert_ne!(patch.operations().last().unwrap().value(), given);
}

#[test]
fn gmsa_fields_at_an_unknown_place_are_denied_with_their_path() {
    let mut pod = pod(json!({"containers": [container("iis", json!({}))]}));
    pod["spec"]["futureContainers"] = json!([container("x", expanded("webapp0"))]);
    let pointer = "/spec/futureContainers/0/securityContext/windowsOptions/gmsaCredentialSpec";
    for denial in [
        mutation_denial(&create(&pod), &permissive_facts()),
        validation_denial(&create(&pod), &permissive_facts()),
    ] {
        assert_eq!(denial.status().code(), 422);
        assert!(denial.message().contains(pointer), "{denial}");
    }
    // Spelt with an escape, it is the same key.
    let body = String::from_utf8(create(&pod))
        .unwrap()
        .replace("\"gmsaCredentialSpec\":", "\"gms\\u0061CredentialSpec\":");
    assert!(validation_denial(body.as_bytes(), &permissive_facts()).message().contains(pointer));
}

#[test]
fn an_unknown_place_that_was_there_before_brings_in_nothing() {
    let old = pod(json!({"futureContainers": [container("x", expanded("webapp0"))]}));
    let mut same = old.clone();
    same["metadata"]["labels"] = json!({"a": "b"});
    let mut other = old.clone();
    other["spec"]["futureContainers"][0] = container("x", expanded("webapp1"));
    for sub_resource in ["", "ephemeralcontainers"] {
        let body = body("UPDATE", sub_resource, &same, &old);
        let request = Request::from_slice(&body).unwrap();
        let decision = validate(&request, &Policy::default()).decide(&Facts::default());
        assert_eq!(decision, validate::Decision::Allow);
    }
    let denial = validation_denial(&body("UPDATE", "", &other, &old), &permissive_facts());
    assert_eq!(
        denial.causes()[0].field(),
        "spec.futureContainers[0].securityContext.windowsOptions.gmsaCredentialSpec"
    );
}

#[test]
fn answers_stay_small_however_large_the_request() {
    let long = "x".repeat(100_000);
    let many: Vec<_> =
        (0..2000).map(|index| container(&format!("{long}{index}")[index..], named("webapp0"))).collect();
    let pods = [
        json!({"containers": many[..20].to_vec(), "serviceAccountName": long}),
        json!({"containers": (0..2000).map(|_| container("c", named("webapp0"))).collect::<Vec<_>>()}),
        json!({long: (0..2000).map(|_| json!({"gmsaCredentialSpec": ""})).collect::<Vec<_>>()}),
    ];
    for spec in pods {
        let body = create(&pod(spec));
        let request = Request::from_slice(&body).unwrap();
        let facts = Facts::default();
        let policy = Policy::default();
        for response in
            [mutate(&request, &policy).respond(&facts), validate(&request, &policy).respond(&facts)]
        {
            let denial = response.denial().unwrap();
            assert!(denial.causes().len() <= Denial::MOST_CAUSES);
            assert!(response.to_vec().len() < 100_000, "{}", response.to_vec().len());
        }
    }
}

#[test]
fn quoted_field_names_are_no_unknown_place() {
    let manifest = json!({"spec": {"gmsaCredentialSpecName": "webapp0"}}).to_string();
    let mut pod = pod(json!({
        "containers": [{"name": "iis", "env": [{"name": "gmsaCredentialSpecName", "value": manifest}]}],
        "securityContext": options(json!({"gmsaCredentialSpecName": null})),
    }));
    pod["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/last-applied-configuration": manifest, "gmsaCredentialSpec": "x"});
    pod["spec"]["nodeSelector"] = json!({"gmsaCredentialSpec": "yes"});
    pod["spec"]["topologySpreadConstraints"] =
        json!([{"labelSelector": {"matchLabels": {"gmsaCredentialSpecName": "web"}}}]);
    pod["metadata"]["managedFields"] = json!([{"fieldsV1": {"f:gmsaCredentialSpecName": {}}}]);
    let body = create(&pod);
    let request = Request::from_slice(&body).unwrap();
    assert!(request.pod().unwrap().unknown_places().is_empty());
    assert_eq!(request.operation(), Operation::Create);
    assert_eq!(validate(&request, &Policy::default()).decide(&Facts::default()), validate::Decision::Allow);
}

#[test]
fn audit_annotations_tell_decision_and_names() {
    let body = create(&pod(json!({
        "securityContext": expanded("webapp1"),
        "containers": [container("iis", expanded("webapp0")), container("b", named("NOT VALID"))],
    })));
    let request = Request::from_slice(&body).unwrap();
    let (policy, facts) = (Policy::default(), permissive_facts());
    let response = validate(&request, &policy).respond(&facts);
    let annotations: Vec<_> = response.audit_annotations().collect();
    assert_eq!(annotations, [("decision", "deny"), ("credential-specs", "webapp0,webapp1")]);
}

#[test]
fn a_denial_that_is_full_needs_no_more_lookups() {
    let containers: Vec<_> = (0..2_000)
        .map(|number| {
            let options = json!({"gmsaCredentialSpecName": format!("unknown-{number}")});
            json!({"name": format!("c{number}"), "securityContext": {"windowsOptions": options}})
        })
        .collect();
    let pod = json!({"metadata": {"name": "web"}, "spec": {"containers": containers}});
    let body = serde_json::to_vec(&review("CREATE", "", &pod, &Value::Null)).unwrap();
    let request = Request::from_slice(&body).unwrap();
    let plan = mutate(&request, &Policy::default());
    assert_eq!(plan.needs().credential_specs().len(), 2_000);
    let mut facts = Facts::default();
    let first = plan.next(&facts, 32);
    assert_eq!(first.credential_specs().len(), 32);
    for name in first.credential_specs() {
        facts.insert_credential_spec(name.clone(), CredSpecAnswer::NotFound);
    }
    assert!(plan.next(&facts, 32).is_empty());
    let response = plan.respond(&facts);
    let denial = response.denial().unwrap();
    assert_eq!((denial.causes().len(), denial.status().code()), (Denial::MOST_CAUSES, 404));
    assert!(denial.causes().iter().all(|cause| cause.message().contains("does not exist")), "{denial}");
}
