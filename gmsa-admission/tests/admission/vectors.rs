//! Replays what a Kubernetes API server sent to upstream's webhook, against what that webhook answered.

use std::path::Path;

use crate::recorded::{Answer, Judge, answer, read, reviews};
use gmsa_admission::{Policy, Request, Snapshot, mutate, validate};
use serde_json::Value;

fn vectors() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/admission"))
}

fn cluster() -> Snapshot {
    let mut cluster = Snapshot::default();
    cluster.insert(&read(&vectors().join("cluster.json"))).unwrap();
    cluster
}

fn ours(case: &Value, cluster: &Snapshot) -> Value {
    let body = serde_json::to_vec(&case["request"]).unwrap();
    let request = Request::from_slice(&body).unwrap();
    let policy = Policy::default();
    let bytes = match case["endpoint"].as_str().unwrap() {
        "/mutate" => {
            let plan = mutate(&request, &policy);
            plan.respond(&cluster.facts(&plan.needs())).to_vec()
        }
        "/validate" => {
            let plan = validate(&request, &policy);
            plan.respond(&cluster.facts(&plan.needs())).to_vec()
        }
        other => panic!("unknown endpoint {other}"),
    };
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn every_recorded_review_is_answered_as_upstream_did_or_differs_on_purpose() {
    let cluster = cluster();
    let mut judge = Judge::default();
    for (name, case) in reviews(vectors()) {
        judge.judge(&name, &case, &ours(&case, &cluster));
    }
    judge.close();
}

#[test]
fn no_answer_to_a_recording_repeats_contents() {
    let cluster = cluster();
    for (name, case) in reviews(vectors()) {
        let Answer { message, .. } = answer(&ours(&case, &cluster));
        for secret in ["S-1-5-21", "244818ae", "DnsTreeName", "gmsaccg", "ain't"] {
            assert!(!message.contains(secret), "{name}: {message}");
        }
    }
}
