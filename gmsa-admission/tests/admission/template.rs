//! The template check: what a workload is told about the pods that it would make.

use std::collections::BTreeSet;

use crate::generators::*;
use gmsa_admission::{
    AccessAnswer, CredSpecAnswer, Denial, Facts, Policy, Request, StatusReason, TemplateRequest,
    api_server::default_pod,
    check_template, mutate,
    template::{Decision, Enforcement},
    validate,
    workload::{WorkloadKind, pod_of},
};
use gmsa_credspec::CanonicalContents;
use gmsa_rbac::AccessQuestion;
use gmsa_types::CredentialSpecName;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

const DENY: fn() -> Policy = || Policy::default().with_templates(Enforcement::Deny);
const KINDS: [WorkloadKind; 7] = [
    WorkloadKind::Deployment,
    WorkloadKind::StatefulSet,
    WorkloadKind::DaemonSet,
    WorkloadKind::ReplicaSet,
    WorkloadKind::ReplicationController,
    WorkloadKind::Job,
    WorkloadKind::CronJob,
];

/// The path of the template, spelt out here once more.
fn path(kind: WorkloadKind) -> &'static str {
    if kind == WorkloadKind::CronJob { "spec.jobTemplate.spec.template" } else { "spec.template" }
}

/// A workload with that `spec` in its template.
fn workload(kind: WorkloadKind, spec: &Value) -> Value {
    let template = json!({"metadata": {"labels": {"run": "web"}, "name": "ignored"}, "spec": spec});
    let mut object = json!({
        "apiVersion": kind.api_version(), "kind": kind.as_str(),
        "metadata": {"name": "web", "namespace": NAMESPACE}, "spec": {},
    });
    match kind {
        WorkloadKind::CronJob => object["spec"]["jobTemplate"] = json!({"spec": {"template": template}}),
        _ => object["spec"]["template"] = template,
    }
    object
}

fn template_mut(object: &mut Value) -> &mut Value {
    let pointer = match object["kind"] == "CronJob" {
        true => "/spec/jobTemplate/spec/template",
        false => "/spec/template",
    };
    object.pointer_mut(pointer).unwrap()
}

/// The `spec` that a `replicas`, a `parallelism` and the template stand in.
fn owner_mut(object: &mut Value) -> &mut Value {
    let pointer = if object["kind"] == "CronJob" { "/spec/jobTemplate/spec" } else { "/spec" };
    object.pointer_mut(pointer).unwrap()
}

fn body_of(operation: &str, sub_resource: &str, kind: &Value, object: &Value, old: &Value) -> Vec<u8> {
    let mut review = review(operation, sub_resource, object, old);
    review["request"]["kind"] = kind.clone();
    serde_json::to_vec(&review).unwrap()
}

fn body(operation: &str, object: &Value, old: &Value) -> Vec<u8> {
    let (group, version) = object["apiVersion"].as_str().unwrap().rsplit_once('/').unwrap_or(("", "v1"));
    let kind = json!({"group": group, "version": version, "kind": object["kind"]});
    body_of(operation, "", &kind, object, old)
}

fn create(object: &Value) -> Vec<u8> {
    body("CREATE", object, &Value::Null)
}

fn decide(body: &[u8], facts: &Facts<'_>, policy: &Policy) -> Decision {
    check_template(&TemplateRequest::from_slice(body).unwrap(), policy).decide(facts)
}

/// What is wrong, whatever the policy makes of it.
fn denial(body: &[u8], facts: &Facts<'_>) -> Denial {
    let Decision::Warn(warned) = decide(body, facts, &Policy::default()) else { panic!("no warning") };
    let Decision::Deny(denied) = decide(body, facts, &DENY()) else { panic!("not denied") };
    assert_eq!(warned, denied);
    denied
}

fn warnings(body: &[u8], facts: &Facts<'_>) -> Vec<String> {
    let request = TemplateRequest::from_slice(body).unwrap();
    let response = check_template(&request, &Policy::default()).respond(facts);
    assert!(response.allowed() && response.denial().is_none() && response.patch().is_none());
    for warning in response.warnings() {
        assert!(warning.len() <= 120, "{warning}");
        assert!(warning.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{warning}");
    }
    response.warnings().to_vec()
}

fn named(name: &str) -> Value {
    json!({"windowsOptions": {"gmsaCredentialSpecName": name}})
}

fn container(name: &str, context: Value) -> Value {
    json!({"name": name, "securityContext": context})
}

/// A template with the account of the generators, and whatever else.
fn spec(rest: Value) -> Value {
    let mut spec = json!({"serviceAccountName": SERVICE_ACCOUNT, "containers": [{"name": "iis"}]});
    spec.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    spec
}

fn facts_with(
    name: &str,
    account: &str,
    contents: CredSpecAnswer<'static>,
    access: AccessAnswer<'static>,
) -> Facts<'static> {
    let mut facts = Facts::default();
    facts.insert_credential_spec(CredentialSpecName::try_from(name.to_owned()).unwrap(), contents);
    facts.insert_access(AccessQuestion::new(NAMESPACE, account.to_owned(), name.to_owned()), access);
    facts
}

fn found(name: &str) -> CredSpecAnswer<'static> {
    CredSpecAnswer::Found(CanonicalContents::from_json(&document(name)).unwrap().into_owned())
}

const NO: AccessAnswer<'static> = AccessAnswer::Deny { reason: std::borrow::Cow::Borrowed("") };

#[test]
fn every_kind_of_workload_is_told_at_every_place_what_its_pods_will_be_told() {
    for kind in KINDS {
        let template = path(kind);
        for (spec, place, whom) in [
            (json!({"securityContext": named("webapp0")}), "spec", "pod"),
            (
                json!({"containers": [{"name": "a"}, container("b", named("webapp0"))]}),
                "spec.containers[1]",
                "container",
            ),
            (
                json!({"initContainers": [container("b", named("webapp0"))]}),
                "spec.initContainers[0]",
                "init container",
            ),
        ] {
            let body = create(&workload(kind, &self::spec(spec.clone())));
            let request = TemplateRequest::from_slice(&body).unwrap();
            assert_eq!(request.kind(), Some(kind));
            let plan = check_template(&request, &Policy::default());
            let needs = plan.needs();
            assert_eq!(
                needs.credential_specs(),
                [CredentialSpecName::try_from("webapp0").unwrap()],
                "{kind}"
            );
            assert_eq!(
                needs.access(),
                [AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, "webapp0")],
                "{kind}"
            );

            let facts = permissive_facts();
            assert!(plan.missing(&facts).is_empty());
            assert_eq!(plan.decide(&facts), Decision::Allow, "{kind}");
            assert_eq!(warnings(&body, &facts), [""; 0], "{kind}");

            let facts = facts_with("webapp0", SERVICE_ACCOUNT, CredSpecAnswer::NotFound, NO);
            let denied = denial(&body, &facts);
            assert_eq!(denied.status(), StatusReason::NotFound);
            let field = format!("{template}.{place}.securityContext.windowsOptions.gmsaCredentialSpecName");
            let causes: Vec<_> =
                denied.causes().iter().map(|cause| (cause.field(), cause.message())).collect();
            let refused = format!(
                "service account \"{SERVICE_ACCOUNT}\" is not authorized to `use` GMSA cred spec \"webapp0\""
            );
            assert_eq!(causes, [(&*field, "cred spec webapp0 does not exist"), (&*field, &*refused)]);
            assert!(denied.causes()[1].commands()[0].ends_with("| kubectl apply -f -"));
            assert_eq!(
                warnings(&body, &facts)[0],
                format!("{template}.{place}: cred spec webapp0 does not exist"),
            );

            let mut inline = spec;
            let text =
                inline.to_string().replace("gmsaCredentialSpecName\":\"webapp0", "gmsaCredentialSpec\":\"{}");
            inline = serde_json::from_str(&text).unwrap();
            let denied = denial(&create(&workload(kind, &self::spec(inline))), &permissive_facts());
            assert_eq!(denied.status(), StatusReason::Invalid);
            assert!(denied.message().starts_with(whom), "{denied}");
            assert!(denied.causes()[0].field().starts_with(&format!("{template}.{place}.")));
        }
    }
}

#[test]
fn the_table_of_kinds_is_that_of_kubernetes() {
    let rows: Vec<_> = WorkloadKind::templated()
        .map(|kind| {
            format!(
                "{}/{} {} {} {}",
                kind.group(),
                kind.version(),
                kind.resource(),
                kind,
                kind.template_path()
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            "apps/v1 deployments Deployment spec.template",
            "apps/v1 statefulsets StatefulSet spec.template",
            "apps/v1 daemonsets DaemonSet spec.template",
            "apps/v1 replicasets ReplicaSet spec.template",
            "/v1 replicationcontrollers ReplicationController spec.template",
            "batch/v1 jobs Job spec.template",
            "batch/v1 cronjobs CronJob spec.jobTemplate.spec.template",
        ]
    );
    let pod = WorkloadKind::Pod;
    assert_eq!((pod.group(), pod.version(), pod.resource(), pod.template_path()), ("", "v1", "pods", ""));
    for kind in WorkloadKind::ALL {
        assert_eq!(kind.template_pointer().replace('/', ".").trim_start_matches('.'), kind.template_path());
    }
}

#[test]
fn faults_warn_by_default_and_deny_by_choice() {
    let body =
        create(&workload(WorkloadKind::Deployment, &spec(json!({"securityContext": named("webapp0")}))));
    let facts = facts_with("webapp0", SERVICE_ACCOUNT, found("webapp0"), NO);
    let request = TemplateRequest::from_slice(&body).unwrap();
    let expected = "service account \"web\" is not authorized to `use` GMSA cred spec \"webapp0\"";

    let warned = check_template(&request, &Policy::default()).respond(&facts);
    assert_eq!((warned.allowed(), warned.uid()), (true, request.uid()));
    assert_eq!(warned.warnings(), [format!("spec.template.spec: {expected}")]);
    let wire: Value = serde_json::from_slice(&warned.to_vec()).unwrap();
    assert_eq!(wire["response"]["allowed"], true);
    assert_eq!(wire["response"]["status"], Value::Null);
    assert_eq!(
        wire["response"]["auditAnnotations"],
        json!({"decision": "allow", "credential-specs": "webapp0"})
    );

    let denied = check_template(&request, &DENY()).respond(&facts);
    assert_eq!((denied.allowed(), denied.uid()), (false, request.uid()));
    assert_eq!(denied.warnings(), [""; 0], "the denial says it all");
    let denial = denied.denial().unwrap();
    assert_eq!(denial.status(), StatusReason::Forbidden);
    assert!(denial.message().starts_with(expected), "{denial}");
    assert!(
        denial.message().contains("--namespace=team-a") || denial.message().contains("-n team-a"),
        "{denial}"
    );
}

#[test]
fn a_failed_lookup_never_blocks_under_warn_and_is_503_under_deny() {
    let object = workload(WorkloadKind::Job, &spec(json!({"securityContext": named("webapp0")})));
    let body = create(&object);
    let away = |()| "etcd is away".into();
    for (facts, says) in [
        (
            facts_with(
                "webapp0",
                SERVICE_ACCOUNT,
                CredSpecAnswer::Unavailable(away(())),
                AccessAnswer::Allow,
            ),
            "unable to retrieve the contents of cred spec webapp0: etcd is away",
        ),
        (
            facts_with("webapp0", SERVICE_ACCOUNT, found("webapp0"), AccessAnswer::Unavailable(away(()))),
            "unable to check whether service account \"web\" may `use` GMSA cred spec \"webapp0\"",
        ),
        (Facts::default(), "unable to retrieve the contents of cred spec webapp0: it was not looked up"),
    ] {
        let told = denial(&body, &facts);
        assert_eq!(told.status().code(), 503, "{told}");
        assert!(told.message().starts_with(says), "{told}");
        assert!(warnings(&body, &facts)[0].starts_with(&format!("spec.template.spec: {says}")));
    }
    // Both lookups failed, and both are told.
    assert_eq!(denial(&body, &Facts::default()).causes().len(), 2);
    // A refusal is no failed lookup.
    let refused = denial(&body, &facts_with("webapp0", SERVICE_ACCOUNT, found("webapp0"), NO));
    assert_eq!(refused.status().code(), 403);
}

#[test]
fn a_template_without_a_service_account_is_for_the_default_one() {
    for account in [json!(null), json!("")] {
        let mut template = spec(json!({"securityContext": named("webapp0")}));
        template["serviceAccountName"] = account;
        let body = create(&workload(WorkloadKind::CronJob, &template));
        let request = TemplateRequest::from_slice(&body).unwrap();
        assert_eq!(request.pod().unwrap().service_account(), "default");
        let needs = check_template(&request, &Policy::default()).needs();
        assert_eq!(needs.access(), [AccessQuestion::new(NAMESPACE, "default", "webapp0")]);
        let facts = facts_with("webapp0", "default", found("webapp0"), AccessAnswer::Allow);
        assert_eq!(decide(&body, &facts, &DENY()), Decision::Allow);
    }
    let mut template = spec(json!({"securityContext": named("webapp0")}));
    template["serviceAccountName"] = json!("No Such");
    let body = create(&workload(WorkloadKind::CronJob, &template));
    let request = TemplateRequest::from_slice(&body).unwrap();
    assert!(check_template(&request, &Policy::default()).needs().access().is_empty());
    let told = denial(&body, &permissive_facts());
    assert_eq!(told.status(), StatusReason::Forbidden);
    assert!(told.message().contains("set spec.jobTemplate.spec.template.spec.serviceAccountName"), "{told}");
}

#[test]
fn contents_in_a_template_must_be_named_permitted_and_those_of_the_resource() {
    let with = |contents: String| {
        let options = json!({"gmsaCredentialSpecName": "webapp0", "gmsaCredentialSpec": contents});
        create(&workload(
            WorkloadKind::DaemonSet,
            &spec(json!({"containers": [container("iis", json!({"windowsOptions": options}))]})),
        ))
    };
    assert_eq!(decide(&with(document("webapp0")), &permissive_facts(), &DENY()), Decision::Allow);

    let wrong = with(canonical("webapp1"));
    let told = denial(&wrong, &permissive_facts());
    assert_eq!(told.status(), StatusReason::Invalid);
    assert_eq!(
        told.causes()[0].field(),
        "spec.template.spec.containers[0].securityContext.windowsOptions.gmsaCredentialSpec"
    );
    let sentence = "the GMSA cred spec contents for container \"iis\" does not match the contents of GMSA resource \"webapp0\"";
    assert_eq!(told.causes()[0].message(), sentence);
    assert_eq!(warnings(&wrong, &permissive_facts()), [format!("...containers[0]: {sentence}")]);

    // Whoever may not use it does not learn whether it is the same.
    for contents in [canonical("webapp0"), canonical("webapp1")] {
        let told = denial(&with(contents), &facts_with("webapp0", SERVICE_ACCOUNT, found("webapp0"), NO));
        assert_eq!((told.status(), told.causes().len()), (StatusReason::Forbidden, 1));
    }
    let duplicated = denial(&with("{\"a\":1,\"a\":1}".to_owned()), &permissive_facts());
    assert_eq!(duplicated.status(), StatusReason::Invalid);
}

#[test]
fn contents_that_no_pod_can_hold_are_told() {
    let long = json!({"CmsPlugins": ["x".repeat(70_000)]}).to_string();
    let long = CredSpecAnswer::Found(CanonicalContents::from_json(&long).unwrap().into_owned());
    let body = create(&workload(WorkloadKind::Job, &spec(json!({"securityContext": named("webapp0")}))));
    let told = denial(&body, &facts_with("webapp0", SERVICE_ACCOUNT, long, AccessAnswer::Allow));
    assert!(told.message().contains("and a pod holds 65536 at most"), "{told}");

    let nearly = json!({"CmsPlugins": ["x".repeat(65_000)]}).to_string();
    let nearly = CredSpecAnswer::Found(CanonicalContents::from_json(&nearly).unwrap().into_owned());
    let facts = facts_with("webapp0", SERVICE_ACCOUNT, nearly, AccessAnswer::Allow);
    let many = |count: usize| {
        let containers: Vec<_> = (0..count).map(|n| container(&format!("c{n}"), named("webapp0"))).collect();
        create(&workload(WorkloadKind::Job, &spec(json!({"containers": containers}))))
    };
    assert_eq!(decide(&many(128), &facts, &DENY()), Decision::Allow);
    let told = denial(&many(200), &facts);
    assert_eq!(told.causes().len(), 1, "told once");
    assert!(told.message().starts_with("the contents of all cred specs of the pod have more than"), "{told}");
}

#[test]
fn each_name_is_asked_for_once_and_told_at_each_place() {
    let template = spec(json!({
        "securityContext": named("webapp1"),
        "containers": [container("a", named("webapp0")), container("b", named("webapp0"))],
        "initContainers": [container("c", named("webapp0"))],
    }));
    let body = create(&workload(WorkloadKind::ReplicaSet, &template));
    let request = TemplateRequest::from_slice(&body).unwrap();
    let needs = check_template(&request, &Policy::default()).needs();
    assert_eq!((needs.credential_specs().len(), needs.access().len()), (2, 2));
    let mut facts = permissive_facts();
    facts.insert_credential_spec(CredentialSpecName::try_from("webapp0").unwrap(), CredSpecAnswer::Empty);
    let says = "cred spec webapp0 does not have a credspec key";
    assert_eq!(
        warnings(&body, &facts),
        ["containers[0]", "containers[1]", "initContainers[0]"]
            .map(|at| format!("spec.template.spec.{at}: {says}")),
    );
}

#[test]
fn names_that_cannot_be_are_told_without_asking() {
    let body = create(&workload(
        WorkloadKind::Deployment,
        &spec(json!({
            "containers": [container("a", named("WebApp0")), container("b", named(""))],
        })),
    ));
    let request = TemplateRequest::from_slice(&body).unwrap();
    assert!(check_template(&request, &Policy::default()).needs().is_empty());
    let told = denial(&body, &permissive_facts());
    assert_eq!((told.status(), told.causes().len()), (StatusReason::NotFound, 2));
    assert_eq!(told.causes()[1].message(), "container \"b\" has an empty GMSA cred spec name");
}

#[test]
fn an_update_that_leaves_the_template_asks_and_says_nothing() {
    for kind in KINDS {
        let old = workload(
            kind,
            &spec(json!({"securityContext": named("webapp0"), "hostname": "a-name-of-more-than-15"})),
        );
        let mut new = old.clone();
        new["metadata"]["labels"] = json!({"gmsaCredentialSpec": "label"});
        new["spec"]["paused"] = json!(true);
        owner_mut(&mut new)["minReadySeconds"] = json!(3);
        let update = body("UPDATE", &new, &old);
        let request = TemplateRequest::from_slice(&update).unwrap();
        for policy in [Policy::default(), DENY()] {
            let plan = check_template(&request, &policy);
            assert!(plan.needs().is_empty(), "{kind}");
            assert_eq!(plan.decide(&Facts::default()), Decision::Allow, "{kind}");
            let response = plan.respond(&Facts::default());
            assert!(
                response.allowed() && response.warnings().is_empty(),
                "{kind}: {:?}",
                response.warnings()
            );
        }

        // Anything in the template makes new pods.
        for (pointer, value) in [
            ("/metadata/annotations", json!({"kubectl.kubernetes.io/restartedAt": "now"})),
            ("/spec/containers/0/image", json!("iis:2")),
            ("/spec/serviceAccountName", json!("other")),
            ("/spec/securityContext", named("webapp1")),
        ] {
            let mut new = old.clone();
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            template_mut(&mut new).pointer_mut(parent).unwrap()[key] = value;
            let update = body("UPDATE", &new, &old);
            let request = TemplateRequest::from_slice(&update).unwrap();
            let plan = check_template(&request, &DENY());
            assert!(!plan.needs().is_empty(), "{kind} {pointer}");
            assert!(matches!(plan.decide(&Facts::default()), Decision::Deny(_)), "{kind} {pointer}");
        }
        let removed = workload(kind, &spec(json!({})));
        assert_eq!(decide(&body("UPDATE", &removed, &old), &Facts::default(), &DENY()), Decision::Allow);
        assert!(matches!(
            decide(&body("UPDATE", &old, &removed), &Facts::default(), &DENY()),
            Decision::Deny(_)
        ));
        // A creation is new whatever stands beside it.
        assert!(matches!(decide(&body("CREATE", &old, &old), &Facts::default(), &DENY()), Decision::Deny(_)));
    }
}

#[test]
fn other_requests_are_allowed_with_a_warning() {
    let object = workload(WorkloadKind::Deployment, &spec(json!({"securityContext": named("nope")})));
    let deployment = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
    let scale = json!({"group": "autoscaling", "version": "v1", "kind": "Scale"});
    let unreadable = json!({"spec": {"template": 7}});
    for (operation, sub_resource, kind, object, says) in [
        ("UPDATE", "scale", &scale, &unreadable, "UPDATE of subresource scale"),
        ("UPDATE", "status", &deployment, &object, "UPDATE of subresource status"),
        ("UPDATE", "ephemeralcontainers", &deployment, &object, "UPDATE of subresource ephemeralcontainers"),
        ("CREATE", "ephemeralcontainers", &deployment, &object, "CREATE of subresource ephemeralcontainers"),
        ("DELETE", "", &deployment, &Value::Null, "DELETE of objects"),
        ("DELETE", "", &json!({"version": "v1", "kind": "Pod"}), &object, "DELETE of objects"),
        ("CONNECT", "", &deployment, &object, "CONNECT of objects"),
    ] {
        let body = body_of(operation, sub_resource, kind, object, &Value::Null);
        let request = TemplateRequest::from_slice(&body).unwrap();
        assert!(request.kind().is_none() && request.pod().is_none());
        let plan = check_template(&request, &DENY());
        assert!(plan.needs().is_empty());
        assert_eq!(plan.decide(&Facts::default()), Decision::Allow);
        let expected =
            format!("gMSA template check called for {says}: it needs CREATE, UPDATE of workloads only");
        assert_eq!(warnings(&body, &Facts::default()), [expected]);
    }
}

#[test]
fn objects_without_a_template_are_refused_as_validate_refuses_what_is_no_pod() {
    let object = workload(WorkloadKind::Deployment, &spec(json!({})));
    for (group, version, kind, says) in [
        ("", "v1", "Pod", "expected an object with a pod template, got a Pod of `v1`"),
        ("", "v1", "Service", "expected an object with a pod template, got a Service of `v1`"),
        (
            "apps",
            "v1beta1",
            "Deployment",
            "expected an object with a pod template, got a Deployment of `apps/v1beta1`",
        ),
        ("", "v1", "Deployment", "expected an object with a pod template, got a Deployment of `v1`"),
        ("", "", "", "expected an object with a pod template, got an object without a kind"),
    ] {
        let kind = json!({"group": group, "version": version, "kind": kind});
        let error =
            TemplateRequest::from_slice(&body_of("CREATE", "", &kind, &object, &Value::Null)).unwrap_err();
        assert_eq!(error.to_string(), says);
        let response = error.into_response().unwrap();
        assert_eq!(response.denial().unwrap().status().code(), 400);
        assert_eq!(response.uid(), "705ab4f5-6393-11e8-b7cc-42010a800002");
    }
    // The endpoints for pods go on refusing workloads.
    let error = Request::from_slice(&create(&object)).unwrap_err();
    assert_eq!(error.to_string(), "expected a Pod object, got a Deployment.apps");
}

#[test]
fn what_cannot_be_read_is_refused_with_its_field() {
    for (pointer, value, says) in [
        ("/spec/containers", json!({}), "the CronJob's spec.jobTemplate.spec.template.spec.containers"),
        (
            "/spec/securityContext",
            json!([]),
            "the CronJob's spec.jobTemplate.spec.template.spec.securityContext",
        ),
    ] {
        let mut object = workload(WorkloadKind::CronJob, &spec(json!({})));
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        template_mut(&mut object).pointer_mut(parent).unwrap()[key] = value;
        let error = TemplateRequest::from_slice(&create(&object)).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.into_response().is_some());
    }
    let object = workload(WorkloadKind::Job, &spec(json!({"securityContext": named("webapp0")})));
    for operation in ["CREATE", "UPDATE"] {
        let error = TemplateRequest::from_slice(&body_of(
            operation,
            "",
            &json!({"group": "batch", "version": "v1", "kind": "Job"}),
            &Value::Null,
            &object,
        ))
        .unwrap_err();
        assert_eq!(error.to_string(), "the admission request has no `object`");
    }
    let error = TemplateRequest::from_slice(&body("UPDATE", &object, &Value::Null)).unwrap_err();
    assert_eq!(error.to_string(), "the admission request has no `oldObject`");
    let twice = String::from_utf8(create(&object))
        .unwrap()
        .replace("\"template\":{", "\"template\":{},\"template\":{");
    assert!(
        TemplateRequest::from_slice(twice.as_bytes()).is_err(),
        "which of two templates counts is anybody's guess"
    );
    for body in [&b""[..], b"{", b"[]", b"null", b"{}", b"{\"kind\":\"AdmissionReview\",\"request\":{}}"] {
        assert!(TemplateRequest::from_slice(body).is_err());
    }
}

#[test]
fn an_object_without_a_template_makes_no_pods() {
    for object in [
        json!({}),
        json!({"spec": null}),
        json!({"spec": {"template": null}}),
        json!({"spec": {"jobTemplate": {}}}),
    ] {
        for (group, kind) in [("", "ReplicationController"), ("batch", "CronJob"), ("apps", "Deployment")] {
            let kind = json!({"group": group, "version": "v1", "kind": kind});
            let body = body_of("CREATE", "", &kind, &object, &Value::Null);
            assert_eq!(decide(&body, &Facts::default(), &DENY()), Decision::Allow);
            assert_eq!(warnings(&body, &Facts::default()), [""; 0]);
        }
    }
}

#[test]
fn gmsa_fields_at_an_unknown_place_are_told_with_their_path() {
    for kind in KINDS {
        let template = path(kind);
        let later = json!([container("a", named("webapp0"))]);
        let body =
            create(&workload(kind, &spec(json!({"sidecars": later, "securityContext": named("webapp0")}))));
        let request = TemplateRequest::from_slice(&body).unwrap();
        let pointer = format!(
            "/{}/spec/sidecars/0/securityContext/windowsOptions/gmsaCredentialSpecName",
            template.replace('.', "/")
        );
        assert_eq!(request.unknown_places(), [pointer]);
        assert!(check_template(&request, &DENY()).needs().is_empty());
        let told = denial(&body, &permissive_facts());
        assert_eq!(told.status(), StatusReason::Invalid);
        assert_eq!(
            told.causes()[0].field(),
            format!("{template}.spec.sidecars[0].securityContext.windowsOptions.gmsaCredentialSpecName")
        );
        let warning = &warnings(&body, &permissive_facts())[0];
        assert!(
            warning.starts_with(&format!("{template}.spec.sidecars[0]: gMSA fields stand at a place that")),
            "{warning}"
        );
    }
}

#[test]
fn an_unknown_place_cannot_hide_behind_an_equal_key_or_an_escape() {
    let object = workload(WorkloadKind::CronJob, &spec(json!({"later": {"gmsaCredentialSpec": "{}"}})));
    let text = String::from_utf8(create(&object)).unwrap();
    let key = "\"later\":{\"gmsaCredentialSpec\":\"{}\"}";
    assert!(text.contains(key));
    for hidden in [format!("{key},\"later\":{{}}"), key.replace("gmsa", "\\u0067msa")] {
        let body = text.replace(key, &hidden).into_bytes();
        let request = TemplateRequest::from_slice(&body).unwrap();
        assert_eq!(
            request.unknown_places(),
            ["/spec/jobTemplate/spec/template/spec/later/gmsaCredentialSpec"]
        );
    }
}

#[test]
fn the_template_of_another_kind_is_an_unknown_place() {
    let context = named("webapp0");
    let mut job = workload(WorkloadKind::Job, &spec(json!({})));
    job["spec"]["jobTemplate"] = json!({"spec": {"template": {"spec": {"securityContext": context}}}});
    let mut cron = workload(WorkloadKind::CronJob, &spec(json!({})));
    cron["spec"]["template"] = json!({"spec": {"securityContext": context}});
    let mut bare = workload(WorkloadKind::Deployment, &spec(json!({})));
    bare["spec"]["securityContext"] = context;
    for object in [job, cron, bare] {
        let body = create(&object);
        let request = TemplateRequest::from_slice(&body).unwrap();
        assert_eq!(request.unknown_places().len(), 1, "{object}");
        assert!(matches!(decide(&body, &permissive_facts(), &DENY()), Decision::Deny(_)));
        // And one that was there before is not brought in.
        let update = self::body("UPDATE", &object, &object);
        assert_eq!(decide(&update, &Facts::default(), &DENY()), Decision::Allow);
    }
}

#[test]
fn quoted_field_names_are_no_unknown_place() {
    let mut object =
        workload(WorkloadKind::StatefulSet, &spec(json!({"nodeSelector": {"gmsaCredentialSpec": "x"}})));
    object["metadata"]["annotations"] = json!({"gmsaCredentialSpecName": "x"});
    object["metadata"]["managedFields"] =
        json!([{"fieldsV1": {"f:spec": {"f:gmsaCredentialSpecName": {}, "gmsaCredentialSpec": {}}}}]);
    object["spec"]["selector"] = json!({"matchLabels": {"gmsaCredentialSpec": "x"}});
    object["spec"]["volumeClaimTemplates"] = json!([{"metadata": {"labels": {"gmsaCredentialSpec": "x"}}}]);
    template_mut(&mut object)["metadata"] =
        json!({"labels": {"gmsaCredentialSpec": "x"}, "gmsaCredentialSpec": "x"});
    assert_eq!(decide(&create(&object), &Facts::default(), &DENY()), Decision::Allow);

    let mut controller = workload(WorkloadKind::ReplicationController, &spec(json!({})));
    controller["spec"]["selector"] = json!({"gmsaCredentialSpec": "x"});
    assert_eq!(decide(&create(&controller), &Facts::default(), &DENY()), Decision::Allow);

    let mut cron = workload(WorkloadKind::CronJob, &spec(json!({})));
    cron["spec"]["jobTemplate"]["metadata"] = json!({"annotations": {"gmsaCredentialSpec": "x"}});
    assert_eq!(decide(&create(&cron), &Facts::default(), &DENY()), Decision::Allow);
}

#[test]
fn a_namespace_that_cannot_be_is_told_without_asking() {
    let object = workload(WorkloadKind::Deployment, &spec(json!({"securityContext": named("webapp0")})));
    let mut review: Value = serde_json::from_slice(&create(&object)).unwrap();
    review["request"]["namespace"] = json!("");
    let body = serde_json::to_vec(&review).unwrap();
    let request = TemplateRequest::from_slice(&body).unwrap();
    assert!(check_template(&request, &DENY()).needs().is_empty());
    let told = denial(&body, &permissive_facts());
    assert_eq!(told.status(), StatusReason::BadRequest);
    assert!(
        warnings(&body, &permissive_facts())[0]
            .starts_with("metadata.namespace: the admission request has no valid namespace")
    );
    let plain = workload(WorkloadKind::Deployment, &spec(json!({})));
    review["request"]["object"] = plain;
    assert_eq!(decide(&serde_json::to_vec(&review).unwrap(), &Facts::default(), &DENY()), Decision::Allow);
}

#[test]
fn pods_are_called_as_their_controller_calls_them() {
    for (kind, generated, called) in [
        (WorkloadKind::Deployment, false, "pod \"web-*\" in namespace \"team-a\""),
        (WorkloadKind::Job, true, "pod \"gen-*\" in namespace \"team-a\""),
        (WorkloadKind::StatefulSet, false, "pod \"web-0\" has"),
    ] {
        let mut object = workload(
            kind,
            &spec(json!({"securityContext": {"windowsOptions": {"gmsaCredentialSpec": "{}"}}})),
        );
        if generated {
            object["metadata"] = json!({"generateName": "gen-"});
        }
        let told = denial(&create(&object), &permissive_facts());
        assert!(told.message().starts_with(called), "{told}");
        let warning = &warnings(&create(&object), &permissive_facts())[0];
        let name = called.split('"').nth(1).unwrap();
        assert_eq!(
            *warning,
            format!(
                "spec.template.spec: pod \"{name}\" has a GMSA cred spec set, but does not define the name of the \
                 corresponding resource"
            )
        );
    }
}

#[test]
fn a_warning_with_long_names_says_what_is_wrong() {
    let long = "a".repeat(120) + "-" + &"b".repeat(132);
    let mut template = spec(json!({"containers": [container("iis", named(&long))]}));
    template["serviceAccountName"] = json!(long);
    for kind in [WorkloadKind::Deployment, WorkloadKind::CronJob] {
        let body = create(&workload(kind, &template));
        let mut facts = facts_with(&long, &long, CredSpecAnswer::NotFound, NO);
        let told = warnings(&body, &facts);
        assert!(
            told[0].starts_with(&format!("{}.spec.containers[0]: cred spec aaaaaaaaa", path(kind))),
            "{}",
            told[0]
        );
        assert!(told[0].contains("..b") && told[0].ends_with("bbb does not exist"), "{}", told[0]);
        assert!(told[1].starts_with("...containers[0]: service account \"aaaaaaaa.."), "{}", told[1]);
        assert!(told[1].contains(" is not authorized to `use` GMSA cred spec \"aaaaaaaa.."), "{}", told[1]);
        assert!(told[1].ends_with("bbb\""), "{}", told[1]);
        // A reason that does not fit is left out rather than cut.
        let reason = AccessAnswer::Deny { reason: "RBAC: no role, \u{e9}\n and more ".repeat(40).into() };
        facts.insert_access(AccessQuestion::new(NAMESPACE, long.clone(), long.clone()), reason);
        assert_eq!(warnings(&body, &facts), told);
    }
    let body = create(&workload(
        WorkloadKind::Deployment,
        &spec(json!({"containers": [container("iis", named("a"))]})),
    ));
    let facts = facts_with(
        "a",
        SERVICE_ACCOUNT,
        CredSpecAnswer::Unavailable("caf\u{e9}\r\nclosed".into()),
        AccessAnswer::Allow,
    );
    assert_eq!(
        warnings(&body, &facts),
        [r"spec.template.spec.containers[0]: unable to retrieve the contents of cred spec a: caf?\r\nclosed"]
    );
}

#[test]
fn answers_stay_small_however_large_the_template() {
    let containers: Vec<_> = (0..20_000).map(|n| container(&format!("c{n}"), named("nope"))).collect();
    let body = create(&workload(WorkloadKind::CronJob, &spec(json!({"containers": containers}))));
    let facts = facts_with("nope", SERVICE_ACCOUNT, CredSpecAnswer::NotFound, NO);
    let told = warnings(&body, &facts);
    assert_eq!(told.len(), 16);
    assert_eq!(told[15], "and 17 more warnings about gMSA fields of this object");
    assert!(told.iter().map(String::len).sum::<usize>() <= 4096);
    assert!(denial(&body, &facts).causes().len() <= Denial::MOST_CAUSES);
    let request = TemplateRequest::from_slice(&body).unwrap();
    assert!(check_template(&request, &DENY()).respond(&facts).to_vec().len() < 64 * 1024);

    // As many as are delivered are not counted together.
    let body = create(&workload(WorkloadKind::CronJob, &spec(json!({"containers": containers[..8]}))));
    let told = warnings(&body, &facts);
    assert!(told.len() == 16 && !told[15].starts_with("and "), "{told:?}");
    let body = create(&workload(WorkloadKind::CronJob, &spec(json!({"containers": containers[..9]}))));
    assert_eq!(warnings(&body, &facts)[15], "and 3 more warnings about gMSA fields of this object");

    let key = "k.\u{e9} ".repeat(300);
    let body = create(&workload(WorkloadKind::Job, &spec(json!({key: named("x")}))));
    assert_eq!(warnings(&body, &facts).len(), 1);
}

#[test]
fn hostnames_are_warned_of_and_never_denied() {
    let shares = "replicas with one gMSA share a fixed hostname (GC709)";
    let long = "hostname of more than 15 characters (GC709)";
    let account = "hostname that is the account's name (GC709)";
    let check = |kind: WorkloadKind, count: Option<(&str, u64)>, hostname: &str, indexed: bool| {
        let mut object =
            workload(kind, &spec(json!({"securityContext": named("webapp0"), "hostname": hostname})));
        if let Some((field, count)) = count {
            owner_mut(&mut object)[field] = json!(count);
        }
        if indexed {
            owner_mut(&mut object)["completionMode"] = json!("Indexed");
        }
        let body = create(&object);
        assert_eq!(decide(&body, &permissive_facts(), &DENY()), Decision::Allow);
        let request = TemplateRequest::from_slice(&body).unwrap();
        let denying = check_template(&request, &DENY()).respond(&permissive_facts());
        assert!(denying.allowed());
        assert_eq!(denying.warnings(), warnings(&body, &permissive_facts()));
        warnings(&body, &permissive_facts())
    };
    let at = |kind, says: &str| vec![format!("{}.spec.hostname: {says}", path(kind))];
    for kind in [WorkloadKind::Deployment, WorkloadKind::ReplicaSet, WorkloadKind::ReplicationController] {
        assert_eq!(check(kind, Some(("replicas", 2)), "fixed", false), at(kind, shares));
        for one in [None, Some(("replicas", 1)), Some(("replicas", 0)), Some(("parallelism", 2))] {
            assert_eq!(check(kind, one, "fixed", false), [""; 0], "{kind} {one:?}");
        }
    }
    for kind in [WorkloadKind::Job, WorkloadKind::CronJob] {
        assert_eq!(check(kind, Some(("parallelism", 2)), "fixed", false), at(kind, shares));
        assert_eq!(check(kind, Some(("parallelism", 2)), "fixed", true), [""; 0], "each index has its own");
        assert_eq!(check(kind, Some(("replicas", 2)), "fixed", false), [""; 0]);
    }
    assert_eq!(check(WorkloadKind::DaemonSet, None, "fixed", false), at(WorkloadKind::DaemonSet, shares));
    assert_eq!(
        check(WorkloadKind::StatefulSet, Some(("replicas", 2)), "fixed", false),
        [""; 0],
        "each has its own"
    );
    for kind in KINDS {
        assert_eq!(check(kind, Some(("replicas", 2)), "", false), [""; 0], "{kind}");
    }
    let deployment = WorkloadKind::Deployment;
    assert_eq!(check(deployment, None, "sixteen-letters-", false), at(deployment, long));
    assert_eq!(check(deployment, None, "fifteen-letters", false), [""; 0]);
    assert_eq!(check(deployment, None, "WEBAPP0", false), at(deployment, account));
    assert_eq!(check(deployment, None, "webapp1", false), [""; 0], "an account of another credential spec");
    assert_eq!(check(deployment, Some(("replicas", 3)), "webapp0", false), at(deployment, shares));

    // Accounts are written with `$` too.
    let contents = json!({"DomainJoinConfig": {"MachineAccountName": "Shop$"}}).to_string();
    let shop = CredSpecAnswer::Found(CanonicalContents::from_json(&contents).unwrap().into_owned());
    let object = workload(deployment, &spec(json!({"securityContext": named("shop"), "hostname": "shop"})));
    let facts = facts_with("shop", SERVICE_ACCOUNT, shop, AccessAnswer::Allow);
    assert_eq!(warnings(&create(&object), &facts), at(deployment, account));

    // The hostnames of a stateful set are made of its name.
    let mut object = workload(WorkloadKind::StatefulSet, &spec(json!({"securityContext": named("webapp0")})));
    object["metadata"]["name"] = json!("fourteen-chars");
    assert_eq!(warnings(&create(&object), &permissive_facts()), [format!("metadata.name: {long}")]);
    object["metadata"]["name"] = json!("thirteen-char");
    assert_eq!(warnings(&create(&object), &permissive_facts()), [""; 0]);

    // Without gMSA fields a hostname is nobody's business here.
    let plain = workload(deployment, &spec(json!({"hostname": "a-name-of-more-than-15"})));
    assert_eq!(warnings(&create(&plain), &Facts::default()), [""; 0]);
}

#[test]
fn scaling_that_makes_pods_share_a_hostname_says_so_once() {
    let with = |replicas: u64| {
        let mut object = workload(
            WorkloadKind::Deployment,
            &spec(json!({"securityContext": named("webapp0"), "hostname": "fixed"})),
        );
        object["spec"]["replicas"] = json!(replicas);
        object
    };
    let told = |old, new| warnings(&body("UPDATE", &with(new), &with(old)), &Facts::default());
    assert_eq!(
        told(1, 2),
        ["spec.template.spec.hostname: replicas with one gMSA share a fixed hostname (GC709)"]
    );
    assert_eq!((told(2, 3), told(2, 1), told(1, 1)), (vec![], vec![], vec![]));
}

#[test]
fn fields_that_windows_ignores_are_warned_of() {
    let template = spec(json!({
        "os": {"name": "linux"},
        "securityContext": {"windowsOptions": {"hostProcess": true, "gmsaCredentialSpecName": "webapp0"}},
        "initContainers": [container("a", named("webapp1"))],
    }));
    let body = create(&workload(WorkloadKind::Deployment, &template));
    assert_eq!(
        warnings(&body, &permissive_facts()),
        [
            "spec.template.spec.os.name is linux: the gMSA fields of this pod have no effect",
            "gMSA fields have no effect on a hostProcess pod",
            "gMSA fields have no effect on spec.template.spec.initContainers[0], a hostProcess container",
        ]
    );
}

#[test]
fn the_choice_is_part_of_the_policy_as_it_is_written() {
    let policy: Policy = serde_json::from_value(json!({"templates": "deny"})).unwrap();
    assert_eq!(policy, DENY());
    let policy: Policy = serde_json::from_value(json!({"randomHostname": true})).unwrap();
    assert_eq!(policy.templates(), Enforcement::Warn, "denying is chosen explicitly");
    assert!(serde_json::from_value::<Policy>(json!({"templates": "ignore"})).is_err());
}

#[test]
fn the_random_hostname_of_pods_means_nothing_here() {
    let body =
        create(&workload(WorkloadKind::Deployment, &spec(json!({"securityContext": named("webapp0")}))));
    let request = TemplateRequest::from_slice(&body).unwrap();
    let facts = permissive_facts();
    let policy = Policy::default().with_random_hostname(true);
    assert_eq!(
        check_template(&request, &policy).respond(&facts),
        check_template(&request, &Policy::default()).respond(&facts)
    );
}

/// The faults of a pod: what mutate says, and what validate says of it once it is expanded as far as that goes.
fn faults_of_pod(pod: &Value, facts: &Facts<'_>) -> BTreeSet<(String, String)> {
    let causes = |denial: Denial| -> Vec<(String, String)> {
        denial.causes().iter().map(|cause| (cause.field().to_owned(), cause.message().to_owned())).collect()
    };
    let mut faults = BTreeSet::new();
    let body = serde_json::to_vec(&review("CREATE", "", pod, &Value::Null)).unwrap();
    let request = Request::from_slice(&body).unwrap();
    let mut expanded = pod.clone();
    match mutate(&request, &Policy::default()).decide(facts) {
        mutate::Decision::Allow(patch) => patch.apply(&mut expanded).unwrap(),
        mutate::Decision::Deny(denial) => {
            faults.extend(causes(denial));
            // Mutate patches all or nothing; the places that it has nothing against would be expanded.
            for fields in request.pod().unwrap().gmsa() {
                let Some(Ok(name)) = fields.name().map(CredentialSpecName::try_from) else { continue };
                if let (None, Some(CredSpecAnswer::Found(contents))) =
                    (fields.contents(), facts.credential_spec(&name))
                {
                    let options = expanded.pointer_mut(&fields.place().pointer().to_string()).unwrap();
                    options["gmsaCredentialSpec"] = json!(contents.as_str());
                }
            }
        }
    }
    let body = serde_json::to_vec(&review("CREATE", "", &expanded, &Value::Null)).unwrap();
    let request = Request::from_slice(&body).unwrap();
    if let validate::Decision::Deny(denial) = validate(&request, &Policy::default()).decide(facts) {
        faults
            .extend(causes(denial).into_iter().filter(|(_, message)| !message.ends_with("was not expanded")));
    }
    faults
}

/// What a failed lookup of contents is told by: mutate looks the name up, validate looks it up for the contents.
fn faults_of_template(told: Decision, path: &str) -> BTreeSet<(String, String)> {
    match told {
        Decision::Allow => BTreeSet::new(),
        Decision::Warn(denial) | Decision::Deny(denial) => denial
            .causes()
            .iter()
            .map(|cause| {
                let field = cause.field().strip_prefix(path).unwrap().strip_prefix('.').unwrap();
                (field.to_owned(), cause.message().to_owned())
            })
            .collect(),
    }
}

fn kind() -> impl Strategy<Value = WorkloadKind> {
    select(&KINDS[..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2 * ProptestConfig::default().cases))]

    #[test]
    fn a_template_has_the_faults_of_the_pod_that_it_makes(
        pod in prop_oneof![pod(), expanded_pod(), proper_pod()], facts in facts(), kind in kind(),
        account in option::of(Just(SERVICE_ACCOUNT)), generated in any::<bool>(), indexed in any::<bool>(),
    ) {
        let mut template = pod["spec"].clone();
        template["serviceAccountName"] = json!(account);
        let mut object = workload(kind, &template);
        if generated {
            object["metadata"] = json!({"generateName": "gen-", "namespace": NAMESPACE});
        }
        if indexed {
            owner_mut(&mut object)["completionMode"] = json!("Indexed");
        }
        let mut pod = pod_of(&object).unwrap().unwrap().into_pod();
        default_pod(&mut pod);
        let expected = faults_of_pod(&pod, &facts);

        let body = create(&object);
        let told = faults_of_template(decide(&body, &facts, &Policy::default()), path(kind));
        prop_assert_eq!(&told, &expected);
        prop_assert_eq!(faults_of_template(decide(&body, &facts, &DENY()), path(kind)), expected);

        // The pod is the one that the controller makes.
        let request = TemplateRequest::from_slice(&body).unwrap();
        let review = serde_json::to_vec(&review("CREATE", "", &pod, &Value::Null)).unwrap();
        let of_pod = Request::from_slice(&review).unwrap();
        prop_assert_eq!(request.pod().unwrap(), of_pod.pod().unwrap());
    }

    #[test]
    fn an_allowed_template_makes_pods_that_are_allowed(pod in proper_pod(), facts in facts(), kind in kind()) {
        let object = workload(kind, &pod["spec"]);
        let body = create(&object);
        let allowed = decide(&body, &facts, &DENY()) == Decision::Allow;
        prop_assert_eq!(warnings(&body, &facts).iter().all(|warning| warning.contains("GC709")), allowed);
        if allowed {
            let mut pod = pod_of(&object).unwrap().unwrap().into_pod();
            let review_of = |pod: &Value| serde_json::to_vec(&review("CREATE", "", pod, &Value::Null)).unwrap();
            let body = review_of(&pod);
            let request = Request::from_slice(&body).unwrap();
            match mutate(&request, &Policy::default()).decide(&facts) {
                mutate::Decision::Allow(patch) => patch.apply(&mut pod).unwrap(),
                mutate::Decision::Deny(denial) => panic!("{denial}"),
            }
            let body = review_of(&pod);
            let request = Request::from_slice(&body).unwrap();
            prop_assert_eq!(validate(&request, &Policy::default()).decide(&facts), validate::Decision::Allow);
        }
    }

    #[test]
    fn no_damaged_review_panics_and_no_answer_shows_contents(
        pod in prop_oneof![pod(), misshapen_pod(), expanded_pod()], old in misshapen_pod(), facts in facts(),
        kind in kind(), at in any::<prop::sample::Index>(), byte in any::<u8>(), damage in any::<bool>(),
        operation in select(&["CREATE", "UPDATE", "DELETE"][..]),
    ) {
        let spec = |pod: &Value| pod.get("spec").cloned().unwrap_or(Value::Null);
        let mut body = body(operation, &workload(kind, &spec(&pod)), &workload(kind, &spec(&old)));
        if damage {
            let at = at.index(body.len());
            body[at] = byte;
        }
        for policy in [Policy::default(), DENY()] {
            let (answer, shown) = match TemplateRequest::from_slice(&body) {
                Ok(request) => {
                    let plan = check_template(&request, &policy);
                    let (decision, response) = (plan.decide(&facts), plan.respond(&facts));
                    let shown = format!("{request:?} {plan:?} {decision:?} {response:?}");
                    if policy == Policy::default() {
                        prop_assert!(response.allowed());
                    }
                    (Some(response.to_vec()), shown)
                }
                Err(error) => {
                    let shown = format!("{error:?} {error}");
                    (error.into_response().map(|response| response.to_vec()), shown)
                }
            };
            let answer = String::from_utf8(answer.unwrap_or_default()).unwrap();
            for text in [&answer, &shown] {
                prop_assert!(!text.to_ascii_lowercase().contains(SECRET), "{}", text);
            }
            if let Ok(review) = serde_json::from_str::<Value>(&answer) {
                for warning in review["response"]["warnings"].as_array().into_iter().flatten() {
                    let warning = warning.as_str().unwrap();
                    prop_assert!(warning.len() <= 120 && warning.chars().all(|c| c == ' ' || c.is_ascii_graphic()));
                }
                let code = review["response"]["status"]["code"].as_u64();
                prop_assert!(code.is_none_or(|code| (400..=599).contains(&code)));
            }
        }
    }

    #[test]
    fn no_bytes_panic(body in vec(any::<u8>(), 0..256)) {
        prop_assert!(TemplateRequest::from_slice(&body).is_err());
    }

    #[test]
    fn a_fact_less_never_allows(pod in expanded_pod(), facts in facts(), kind in kind(), name in select(&NAMES[..])) {
        let body = create(&workload(kind, &pod["spec"]));
        let mut less = facts.clone();
        less.remove_credential_spec(&CredentialSpecName::try_from(name).unwrap());
        let question = AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, name);
        less.remove_access(&question);
        if decide(&body, &less, &DENY()) == Decision::Allow {
            prop_assert_eq!(decide(&body, &facts, &DENY()), Decision::Allow);
        }
    }

    #[test]
    fn a_request_and_its_decision_can_be_kept_in_a_file(
        pod in pod(), old in pod(), facts in facts(), kind in kind(), operation in select(&["CREATE", "UPDATE"][..]),
    ) {
        let body = body(operation, &workload(kind, &pod["spec"]), &workload(kind, &old["spec"]));
        let request = TemplateRequest::from_slice(&body).unwrap();
        let text = serde_json::to_string(&request).unwrap();
        let again: TemplateRequest<'_> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&again, &request);
        let decision = decide(&body, &facts, &DENY());
        let text = serde_json::to_string(&decision).unwrap();
        prop_assert_eq!(serde_json::from_str::<Decision>(&text).unwrap(), decision);
    }
}
