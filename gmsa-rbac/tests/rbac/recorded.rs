//! What a Kubernetes 1.36 API server answered, replayed.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::world::insert;
use gmsa_rbac::{AccessQuestion, Answer, Rbac};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Recording {
    objects: List,
    reviews: Vec<Review>,
}

#[derive(Deserialize)]
struct List {
    items: Vec<Value>,
}

#[derive(Deserialize)]
struct Review {
    #[serde(flatten)]
    question: AccessQuestion<'static>,
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    allowed: bool,
    #[serde(default)]
    denied: bool,
    #[serde(default)]
    reason: String,
}

/// The messages within a reason for a refusal, whose order the API server leaves to chance.
fn messages(reason: &str) -> BTreeSet<&str> {
    let list = reason.strip_prefix("RBAC: ").unwrap_or(reason);
    list.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(list).split(", ").collect()
}

fn check(objects: &List, reviews: &[Review], name: &str) {
    let mut rbac = Rbac::default();
    insert(&mut rbac, objects.items.iter().cloned());
    assert!(!reviews.is_empty(), "{name}");
    for Review { question, status } in reviews {
        assert!(!status.denied, "RBAC never says so: {name} {question:?}");
        let answer = rbac.answer(question);
        assert_eq!(answer.is_allowed(), status.allowed, "{name} {question:?}");
        let holders = rbac.who_can_use(question.credential_spec());
        let (namespace, account) = (question.namespace(), question.service_account());
        let held = holders.iter().any(|holder| holder.pods().include(namespace, account));
        assert_eq!(held, status.allowed, "{name} {question:?}: {holders:?}");
        let reasons: Vec<_> = rbac.grants(question).map(|grant| grant.reason()).collect();
        match answer {
            Answer::Allow(grant) => {
                assert_eq!(reasons.first(), Some(&grant.reason()), "{name} {question:?}");
                assert!(reasons.contains(&status.reason), "{name} {question:?}: {reasons:?}");
            }
            Answer::Deny(refusal) => {
                assert!(reasons.is_empty(), "{name} {question:?}");
                let reason = refusal.reason();
                assert_eq!(messages(&reason), messages(&status.reason), "{name} {question:?}");
                assert_eq!(reason.len(), status.reason.len(), "{name} {question:?}: {reason}");
            }
        }
    }
}

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    serde_json::from_slice(&fs::read(vectors().join(name)).unwrap()).unwrap()
}

#[test]
fn random_roles_and_bindings_are_answered_as_the_api_server_did() {
    let mut checked = 0;
    for entry in fs::read_dir(vectors()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.starts_with("random-") {
            let recording: Recording = read(&name);
            check(&recording.objects, &recording.reviews, &name);
            checked += 1;
        }
    }
    assert!(checked >= 3, "{checked} recordings");
}

#[test]
fn the_accounts_of_the_admission_cluster_are_answered_as_the_api_server_did() {
    let reviews: Vec<Review> = read("access.json");
    // One cluster answered these and the admission reviews.
    let cluster = "../../../gmsa-admission/tests/vectors/admission/cluster.json";
    check(&read(cluster), &reviews, "access.json");
}
