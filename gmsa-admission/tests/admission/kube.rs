//! The same decisions from kube-core's types as from bytes.

#![cfg(feature = "kube")]

use crate::generators::*;
use gmsa_admission::{
    Policy, Request, TemplateRequest, check_template, mutate, validate, workload::WorkloadKind,
};
use k8s_openapi::api::core::v1::Pod;
use kube_core::{
    DynamicObject,
    admission::{AdmissionRequest, AdmissionResponse, AdmissionReview},
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

/// kube-core asks for more fields than matter here.
fn kube_review(operation: &str, sub_resource: &str, pod: &Value, old: &Value) -> Value {
    let mut review = review(operation, sub_resource, pod, old);
    review["request"]["userInfo"] = json!({"username": "admin"});
    review["request"]["name"] = json!("web");
    review
}

/// Typed pods cannot hold what the generators put beside the fields that matter.
fn typed(pod: &Value) -> Value {
    let mut pod = pod.clone();
    pod["spec"]["volumes"] = json!([]);
    for list in LISTS {
        for container in pod["spec"][list].as_array_mut().into_iter().flatten() {
            container["volumeMounts"] = json!([]);
        }
    }
    pod
}

proptest! {
    #[test]
    fn all_ways_of_reading_a_request_agree(
        pod in prop_oneof![pod(), expanded_pod(), proper_pod()], old in pod(), facts in facts(),
        (operation, sub_resource) in prop_oneof![
            Just(("CREATE", "")), Just(("UPDATE", "")), Just(("UPDATE", "ephemeralcontainers")), Just(("DELETE", "")),
        ],
    ) {
        let (pod, old) = (typed(&pod), typed(&old));
        let review = kube_review(operation, sub_resource, &pod, &old);
        let body = serde_json::to_vec(&review).unwrap();
        let bytes = Request::from_slice(&body).unwrap();
        let review_of_pods: AdmissionReview<Pod> = serde_json::from_value(review.clone()).unwrap();
        let of_pods: AdmissionRequest<Pod> = review_of_pods.try_into().unwrap();
        let review_of_objects: AdmissionReview<DynamicObject> = serde_json::from_value(review).unwrap();
        let of_objects: AdmissionRequest<DynamicObject> = review_of_objects.try_into().unwrap();
        let policy = Policy::default();
        for request in [Request::try_from(&of_pods).unwrap(), Request::try_from(&of_objects).unwrap()] {
            prop_assert_eq!(&request, &bytes);
            let ours = mutate(&request, &policy).respond(&facts);
            let base = AdmissionResponse::from(&of_pods);
            let theirs = ours.clone().into_kube(base).unwrap();
            prop_assert_eq!(theirs.allowed, ours.allowed());
            prop_assert_eq!(&theirs.uid, ours.uid());
            let patch = theirs.patch.map(|patch| serde_json::from_slice::<Value>(&patch).unwrap());
            prop_assert_eq!(patch, ours.patch().map(|patch| serde_json::to_value(patch).unwrap()));
            let ours = validate(&request, &policy).respond(&facts);
            let theirs = ours.clone().into_kube(AdmissionResponse::from(&of_pods)).unwrap();
            if let Some(denial) = ours.denial() {
                prop_assert_eq!(&theirs.result.message, denial.message());
                prop_assert_eq!(theirs.result.code, denial.status().code());
                prop_assert_eq!(theirs.result.details.unwrap().causes.len(), denial.causes().len());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 2))]

    #[test]
    fn templates_are_read_from_untyped_requests_as_from_bytes(
        pod in prop_oneof![pod(), expanded_pod(), proper_pod()], old in pod(), facts in facts(), unchanged in any::<bool>(),
        kind in select(WorkloadKind::templated().collect::<Vec<_>>()), name in select(&["name", "generateName"][..]),
        (operation, sub_resource) in prop_oneof![
            2 => Just(("CREATE", "")), 2 => Just(("UPDATE", "")), 1 => Just(("UPDATE", "scale")), 1 => Just(("DELETE", "")),
        ],
    ) {
        let object = |pod: &Value, replicas: u64| {
            let mut object = json!({"metadata": {name: "web"}, "spec": {"replicas": replicas}});
            let template = json!({"spec": pod["spec"], "metadata": {"name": "ignored"}});
            match kind {
                WorkloadKind::CronJob => object["spec"]["jobTemplate"] = json!({"spec": {"template": template}}),
                _ => object["spec"]["template"] = template,
            }
            object
        };
        let (new, old) = (object(&pod, 2), object(if unchanged { &pod } else { &old }, 1));
        let old = if operation == "UPDATE" { old } else { Value::Null };
        let mut review = kube_review(operation, sub_resource, &new, &old);
        review["request"]["kind"] = json!({"group": kind.group(), "version": kind.version(), "kind": kind.as_str()});
        let body = serde_json::to_vec(&review).unwrap();
        let bytes = TemplateRequest::from_slice(&body).unwrap();
        let review: AdmissionReview<DynamicObject> = serde_json::from_value(review).unwrap();
        let request: AdmissionRequest<DynamicObject> = review.try_into().unwrap();
        let request = TemplateRequest::try_from(&request).unwrap();
        prop_assert_eq!(&request, &bytes);
        let policy = Policy::default();
        prop_assert_eq!(
            check_template(&request, &policy).respond(&facts),
            check_template(&bytes, &policy).respond(&facts)
        );
    }
}

#[test]
fn an_untyped_template_is_guarded_and_refused_like_one_in_bytes() {
    let read = |kind: Value, object: &Value| {
        let mut review = kube_review("CREATE", "", object, &Value::Null);
        review["request"]["kind"] = kind;
        let review: AdmissionReview<DynamicObject> = serde_json::from_value(review).unwrap();
        let request: AdmissionRequest<DynamicObject> = review.try_into().unwrap();
        TemplateRequest::try_from(&request)
            .map(|request| request.unknown_places().to_vec())
            .map_err(|error| (error.to_string(), error.into_response().is_some()))
    };
    let job = || json!({"group": "batch", "version": "v1", "kind": "Job"});
    let later = json!({"metadata": {"name": "web"}, "spec": {"template": {"spec": {"later": {"gmsaCredentialSpec": "{}"}}}}});
    assert_eq!(read(job(), &later).unwrap(), ["/spec/template/spec/later/gmsaCredentialSpec"]);
    let odd = json!({"metadata": {"name": "web"}, "spec": {"template": 7}});
    let (message, answered) = read(job(), &odd).unwrap_err();
    assert_eq!((&*message, answered), ("`object` of the admission request cannot be read as a Job", true));
    let service = json!({"group": "", "version": "v1", "kind": "Service"});
    let (message, answered) = read(service, &later).unwrap_err();
    assert_eq!(
        (&*message, answered),
        ("expected an object with a pod template, got a Service of `v1`", true)
    );
}

#[test]
fn an_untyped_request_shows_unknown_places() {
    let pod = json!({"metadata": {"name": "web"}, "spec": {"later": {"gmsaCredentialSpec": "{}"}}});
    let review: AdmissionReview<DynamicObject> =
        serde_json::from_value(kube_review("CREATE", "", &pod, &Value::Null)).unwrap();
    let request: AdmissionRequest<DynamicObject> = review.try_into().unwrap();
    let request = Request::try_from(&request).unwrap();
    assert_eq!(request.pod().unwrap().unknown_places(), ["/spec/later/gmsaCredentialSpec"]);
}

#[test]
fn a_request_about_something_else_is_refused() {
    let mut review = kube_review("CREATE", "", &json!({"metadata": {}}), &Value::Null);
    review["request"]["kind"]["kind"] = json!("Service");
    let review: AdmissionReview<DynamicObject> = serde_json::from_value(review).unwrap();
    let request: AdmissionRequest<DynamicObject> = review.try_into().unwrap();
    let error = Request::try_from(&request).unwrap_err();
    assert!(error.to_string().starts_with("expected a Pod object, got a Service"));
    assert!(error.into_response().is_some());
}
