//! Bodies that are not, or only nearly, admission reviews: what is said, and to whom.

use gmsa_admission::{Facts, Policy, Request, ReviewVersion, validate};
use serde_json::{Value, json};

fn review() -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "u-1",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "operation": "CREATE",
            "namespace": "team-a",
            "object": {"metadata": {"name": "web"}, "spec": {"containers": []}},
        },
    })
}

fn with(pointer: &str, value: Value) -> String {
    let mut review = review();
    *review.pointer_mut(pointer).unwrap() = value;
    review.to_string()
}

fn without(parent: &str, key: &str) -> String {
    let mut review = review();
    review.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
    review.to_string()
}

#[test]
fn what_is_no_review_is_refused_in_words() {
    for (body, uid, says) in [
        (String::new(), "", "the body is not JSON: fault at line 1, column 0".to_owned()),
        ("\u{feff}{}".to_owned(), "", "the body is not JSON: fault at line 1, column 1".to_owned()),
        (format!("{} {{}}", review()), "", format!("the body is not JSON: fault at line 1, column {}", review().to_string().len() + 2)),
        ("[]".to_owned(), "", "the admission review cannot be read: a value of the wrong type or a duplicate key at line 1, column 0".to_owned()),
        ("{}".to_owned(), "", "the body is not an `AdmissionReview`".to_owned()),
        (r#"{"kind":"Pod","apiVersion":"v1","spec":{}}"#.to_owned(), "", "the body is not an `AdmissionReview`".to_owned()),
        (with("/kind", json!("Review")), "u-1", "the body is not an `AdmissionReview`".to_owned()),
        (without("", "request"), "", "no 'Request' field in JSON body".to_owned()),
        (with("/request", Value::Null), "", "no 'Request' field in JSON body".to_owned()),
        (without("/request", "uid"), "", "the admission request has no uid".to_owned()),
        (
            with("/apiVersion", json!("admission.k8s.io/v2")),
            "u-1",
            "apiVersion `admission.k8s.io/v2` is not understood".to_owned(),
        ),
        (
            with("/request/operation", json!("PATCH")),
            "u-1",
            "operation `PATCH` is not one of CREATE, UPDATE, DELETE, CONNECT".to_owned(),
        ),
        (
            with("/request/kind/kind", json!("Deployment")),
            "u-1",
            "expected a Pod object, got a Deployment".to_owned(),
        ),
        (
            with("/request/kind/group", json!("cats.example")),
            "u-1",
            "expected a Pod object, got a Pod.cats.example".to_owned(),
        ),
        (without("/request", "object"), "u-1", "the admission request has no `object`".to_owned()),
        (with("/request/operation", json!("UPDATE")), "u-1", "the admission request has no `oldObject`".to_owned()),
    ] {
        let error = Request::from_slice(body.as_bytes()).expect_err(&body);
        assert_eq!((error.to_string(), error.uid()), (says, uid), "{body}");
    }
    // Values of a wrong type inside the pod: the field is said, the value is not.
    for (spec, field) in [
        (json!({"containers": {}}), "spec.containers"),
        (json!({"containers": [["web"]]}), "spec.containers[0]"),
        (
            json!({"containers": [], "securityContext": {"windowsOptions": {"gmsaCredentialSpec": {"s3cr3t": 1}}}}),
            "spec.securityContext.windowsOptions.gmsaCredentialSpec",
        ),
        (
            json!({"containers": [], "securityContext": {"windowsOptions": {"hostProcess": "s3cr3t"}}}),
            "spec.securityContext.windowsOptions.hostProcess",
        ),
    ] {
        let body = with("/request/object/spec", spec);
        let error = Request::from_slice(body.as_bytes()).expect_err(&body);
        let says = format!(
            "the admission review cannot be read: the pod's {field} has a value of the wrong type, at line 1"
        );
        assert!(error.to_string().starts_with(&says), "{error}");
        let response = error.into_response().unwrap();
        let denial = response.denial().unwrap();
        assert_eq!((response.uid(), denial.status().code()), ("u-1", 400));
        assert_eq!(denial.causes()[0].field(), format!("request.object.{field}"));
        assert!(!String::from_utf8(response.to_vec()).unwrap().contains("s3cr3t"));
    }
}

#[test]
fn every_error_with_an_answer_says_what_to_do() {
    for body in [
        with("/kind", json!("Review")),
        with("/apiVersion", json!("")),
        with("/request/operation", json!("PATCH")),
        with("/request/kind/kind", json!("")),
        with("/request/object/spec", json!({"containers": 1})),
        without("/request", "object"),
        without("", "request"),
    ] {
        let response = Request::from_slice(body.as_bytes()).unwrap_err().into_response().unwrap();
        let denial = response.denial().unwrap();
        assert!(!denial.causes()[0].fix().is_empty() && !denial.causes()[0].field().is_empty());
        assert!(denial.message().ends_with(denial.causes()[0].fix()));
    }
}

#[test]
fn a_request_from_a_file_is_held_to_what_the_reader_makes_sure_of() {
    for replayed in [
        json!({"uid": "u", "version": "admission.k8s.io/v1", "operation": "UPDATE", "subResource": "ephemeralcontainers",
            "pod": {"gmsa": [{"place": "pod", "contents": "x"}]}}),
        json!({"uid": "u", "version": "admission.k8s.io/v1", "operation": "CREATE"}),
        json!({"uid": "", "version": "admission.k8s.io/v1", "operation": "CREATE", "pod": {}}),
        json!({"uid": "u", "version": "admission.k8s.io/v1", "operation": "UPDATE", "pod": {}}),
    ] {
        assert!(serde_json::from_value::<Request<'_>>(replayed.clone()).is_err(), "{replayed}");
    }
}

#[test]
fn two_keys_of_one_name_are_refused() {
    let plain = review().to_string();
    for (once, twice) in [
        (r#""containers":[]"#, r#""containers":[],"containers":[]"#),
        (r#""containers":[]"#, r#""securityContext":{},"securityContext":{}"#),
        (
            r#""containers":[]"#,
            r#""securityContext":{"windowsOptions":{"gmsaCredentialSpecName":"a","gmsaCredentialSpecName":"b"}}"#,
        ),
        (
            r#""containers":[]"#,
            r#""containers":[{"name":"c","securityContext":{"windowsOptions":{},"windowsOptions":{}}}]"#,
        ),
        (r#""containers":[]"#, r#""initContainers":[],"init\u0043ontainers":[]"#),
    ] {
        assert!(plain.contains(once));
        let body = plain.replace(once, twice);
        let error = Request::from_slice(body.as_bytes()).expect_err(&body);
        assert_eq!(error.uid(), "u-1", "{twice}");
    }
}

#[test]
fn an_object_that_is_not_looked_at_may_be_anything() {
    let mut review = review();
    review["request"]["operation"] = json!("CONNECT");
    review["request"]["subResource"] = json!("exec");
    review["request"]["kind"]["kind"] = json!("PodExecOptions");
    review["request"]["object"] = json!({"spec": [1, 2], "command": ["sh"]});
    let body = review.to_string();
    let request = Request::from_slice(body.as_bytes()).unwrap();
    assert!(request.pod().is_none());
    assert!(validate(&request, &Policy::default()).respond(&Facts::default()).allowed());
}

#[test]
fn the_answer_is_in_the_version_asked() {
    let body = with("/apiVersion", json!("admission.k8s.io/v1beta1"));
    let request = Request::from_slice(body.as_bytes()).unwrap();
    assert_eq!(request.version(), ReviewVersion::V1Beta1);
    let response = validate(&request, &Policy::default()).respond(&Facts::default());
    let answer: Value = serde_json::from_slice(&response.to_vec()).unwrap();
    assert_eq!(
        answer,
        json!({
            "apiVersion": "admission.k8s.io/v1beta1",
            "kind": "AdmissionReview",
            "response": {"uid": "u-1", "allowed": true, "auditAnnotations": {"decision": "allow"}},
        })
    );
    let body = with("/apiVersion", json!("admission.k8s.io/v2"));
    let response = Request::from_slice(body.as_bytes()).unwrap_err().into_response().unwrap();
    let answer: Value = serde_json::from_slice(&response.to_vec()).unwrap();
    assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(answer["response"]["status"]["code"], 400);
    let empty = br#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1"}"#;
    let response = Request::from_slice(empty).unwrap_err().into_response().unwrap();
    assert_eq!(response.version(), ReviewVersion::V1Beta1);
}

#[test]
fn a_review_without_a_request_is_answered_as_upstream_does() {
    let body = without("", "request");
    let response = Request::from_slice(body.as_bytes()).unwrap_err().into_response().unwrap();
    assert_eq!(
        response.denial().unwrap().message(),
        "no 'Request' field in JSON body; send the AdmissionReview as the API server makes it"
    );
    assert_eq!(response.denial().unwrap().status().code(), 400);
    assert!(Request::from_slice(b"{").unwrap_err().into_response().is_none());
}

#[test]
fn deep_nesting_neither_overflows_nor_hides_anything() {
    let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(100_000), "]".repeat(100_000));
    let within = |volumes: String| {
        review().to_string().replace(r#""containers":[]"#, &format!(r#""volumes":{volumes}"#))
    };
    assert!(Request::from_slice(deep("").as_bytes()).is_err());
    let body = within(deep(""));
    let request = Request::from_slice(body.as_bytes()).unwrap();
    assert!(validate(&request, &Policy::default()).respond(&Facts::default()).allowed());
    let body = within(deep(r#"{"gmsaCredentialSpec":"{}"}"#));
    let request = Request::from_slice(body.as_bytes()).unwrap();
    let response = validate(&request, &Policy::default()).respond(&Facts::default());
    assert_eq!(response.denial().unwrap().status().code(), 422);
}
