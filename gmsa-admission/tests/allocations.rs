//! A pod without gMSA fields costs no memory, whatever its size.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use allocation_counter::{AllocationInfo, measure};
use gmsa_admission::{CredSpecAnswer, Facts, Policy, Request, mutate, validate};
use gmsa_credspec::CanonicalContents;
use serde_json::{Value, json};

fn review(containers: usize, fields: usize, gmsa: bool) -> Vec<u8> {
    let container = |index: usize| {
        let env: Vec<_> =
            (0..fields).map(|n| json!({"name": format!("V{n}"), "value": "a \"quoted\" \u{e9}"})).collect();
        let mut container = json!({"name": format!("c{index}"), "image": "iis", "env": env,
            "securityContext": {"windowsOptions": {"runAsUserName": "ContainerUser"}}});
        if gmsa {
            container["securityContext"]["windowsOptions"]["gmsaCredentialSpecName"] = json!("webapp0");
        }
        container
    };
    let review = json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "be6927ce-5f1f-46c5-a4c7-410eacbe2287",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "namespace": "team-a",
            "operation": "CREATE",
            "userInfo": {"username": "admin", "groups": ["system:masters"]},
            "object": {
                "metadata": {"name": "none", "annotations": {"manifest": "{\"gmsaCredentialSpec\":\"quoted\"}"}},
                "spec": {
                    "containers": (0..containers).map(container).collect::<Vec<_>>(),
                    "initContainers": (0..containers).map(container).collect::<Vec<_>>(),
                    "serviceAccountName": "default",
                },
            },
            "oldObject": Value::Null,
        },
    });
    serde_json::to_vec(&review).unwrap()
}

fn reading(body: &[u8]) -> AllocationInfo {
    measure(|| {
        let request = Request::from_slice(body).unwrap();
        assert_eq!(request.namespace(), "team-a");
    })
}

#[test]
fn reading_a_pod_without_gmsa_fields_allocates_nothing_per_container_or_field() {
    let (small, large) = (review(1, 1, false), review(50, 50, false));
    assert!(large.len() > 100 * small.len());
    // Warm up whatever is made once per process.
    reading(&small);
    let (few, many) = (reading(&small), reading(&large));
    assert_eq!(few.count_total, many.count_total);
    assert_eq!(few.count_total, 0, "{few:?}");
}

#[test]
fn answering_a_pod_without_gmsa_fields_allocates_no_more_for_a_large_one() {
    let answering = |body: &[u8]| {
        measure(|| {
            let request = Request::from_slice(body).unwrap();
            let policy = Policy::default();
            let facts = Facts::default();
            assert!(mutate(&request, &policy).needs().is_empty());
            assert!(mutate(&request, &policy).respond(&facts).allowed());
            assert!(validate(&request, &policy).respond(&facts).allowed());
        })
    };
    let (small, large) = (review(1, 1, false), review(50, 50, false));
    answering(&small);
    assert_eq!(answering(&small).count_total, answering(&large).count_total);
}

#[test]
fn the_bytes_of_an_answer_take_a_dozen_allocations_at_most() {
    let document = r#"{"ActiveDirectoryConfig":{"GroupManagedServiceAccounts":[{"Name":"webapp0"}]}}"#;
    let contents = CanonicalContents::from_json(document).unwrap();
    let mut facts = Facts::default();
    facts.insert_credential_spec("webapp0".try_into().unwrap(), CredSpecAnswer::Found(contents));
    let answering = |body: &[u8], patched: bool| {
        measure(|| {
            let request = Request::from_slice(body).unwrap();
            let response = mutate(&request, &Policy::default()).respond(&facts);
            assert!(response.allowed());
            assert_eq!(response.patch().is_some(), patched);
            assert!(!response.to_vec().is_empty());
        })
    };
    let (gmsa, none) = (review(1, 1, true), review(1, 1, false));
    answering(&gmsa, true);
    let (gmsa, none) = (answering(&gmsa, true), answering(&none, false));
    assert!(gmsa.count_total <= 12, "{gmsa:?}");
    assert!(none.count_total <= 3, "{none:?}");
}

#[test]
fn reading_gmsa_fields_borrows_them() {
    let body = review(50, 1, true);
    reading(&body);
    let info = reading(&body);
    // The growing list of places, and nothing else.
    assert!(info.count_total <= 8, "{info:?}");
}
