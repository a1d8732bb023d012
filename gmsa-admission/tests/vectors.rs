//! Replays what a Kubernetes API server sent to upstream's webhook, against what that webhook answered.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "recordings and golden texts are files")]

mod differences;

use std::{fs, path::Path};

use differences::DIFFERENCES;
use gmsa_admission::{Policy, Request, Snapshot, mutate, validate};
use serde_json::Value;

#[derive(Debug, PartialEq)]
struct Answer {
    allowed: bool,
    code: Option<u64>,
    message: String,
    patch: Vec<Value>,
}

fn vectors() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/admission"))
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn cluster() -> Snapshot {
    let mut cluster = Snapshot::default();
    cluster.insert(&read(&vectors().join("cluster.json"))).unwrap();
    cluster
}

/// Reads an answer off the wire, as the API server does.
fn answer(review: &Value) -> Answer {
    let response = &review["response"];
    assert_eq!(review["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(review["kind"], "AdmissionReview");
    assert_eq!(response["patch"].is_string(), response["patchType"] == "JSONPatch");
    let patch: Option<k8s_openapi::ByteString> = serde_json::from_value(response["patch"].clone()).unwrap();
    Answer {
        allowed: response["allowed"].as_bool().unwrap(),
        code: response["status"]["code"].as_u64(),
        message: response["status"]["message"].as_str().unwrap_or_default().to_owned(),
        patch: patch.map(|patch| serde_json::from_slice(&patch.0).unwrap()).unwrap_or_default(),
    }
}

fn ours(case: &Value, cluster: &Snapshot) -> Answer {
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
    let review: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(review["response"]["uid"], case["request"]["request"]["uid"]);
    answer(&review)
}

#[test]
fn every_recorded_review_is_answered_as_upstream_did_or_differs_on_purpose() {
    let cluster = cluster();
    let (mut replayed, mut differing) = (0, Vec::new());
    for entry in fs::read_dir(vectors()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !name.contains(".mutate") && !name.contains(".validate") {
            continue;
        }
        let case = read(&path);
        let (ours, upstream) = (ours(&case, &cluster), answer(&case["upstream"]));
        replayed += 1;
        if let Some(difference) = DIFFERENCES.iter().find(|difference| difference.case == name) {
            assert_ne!(
                ours, upstream,
                "{name} is listed as a difference (row {}) and is none",
                difference.row
            );
            assert_eq!(ours.code, difference.code.map(u64::from), "{name}: {}", ours.message);
            assert_eq!(ours.allowed, difference.code.is_none(), "{name}");
            assert!(ours.message.starts_with(difference.sentence), "{name}: {}", ours.message);
            let patched: Vec<_> =
                ours.patch.iter().map(|operation| operation["path"].as_str().unwrap()).collect();
            assert_eq!(patched, difference.patched, "{name}");
            differing.push(name);
            continue;
        }
        assert_eq!((ours.allowed, ours.code), (upstream.allowed, upstream.code), "{name}: {}", ours.message);
        assert_eq!(ours.patch, upstream.patch, "{name}");
        // Where upstream goes on to quote the contents, ours names the fault instead.
        let sentence = upstream.message.split(": unable to parse").next().unwrap();
        assert!(ours.message.starts_with(sentence), "{name}: `{}` for `{sentence}`", ours.message);
    }
    assert!(replayed >= 61, "only {replayed} recordings were found");
    assert_eq!(differing.len(), DIFFERENCES.len(), "of the differences only {differing:?} were met");
}

#[test]
fn no_answer_to_a_recording_repeats_contents() {
    let cluster = cluster();
    for entry in fs::read_dir(vectors()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().unwrap() != "json" || path.file_stem().unwrap() == "cluster" {
            continue;
        }
        let answer = ours(&read(&path), &cluster);
        for secret in ["S-1-5-21", "244818ae", "DnsTreeName", "gmsaccg", "ain't"] {
            assert!(!answer.message.contains(secret), "{}: {}", path.display(), answer.message);
        }
    }
}
