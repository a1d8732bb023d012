//! Reviews: from the bytes of the request to the bytes of the answer, beside what else one could do with those bytes.

use std::hint::black_box;

use gmsa_admission::{AccessAnswer, CredSpecAnswer, Facts, Policy, Request, Snapshot, mutate, validate};
use k8s_openapi::ByteString;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{
    Case, Operation, Table,
    alternative::{ALTERNATIVES, Alternative, Contents, unexpanded},
    kept,
    review::{self, Review},
    verdict::{Known, VALIDATORS, Validator},
};

const CONTAINERS: [usize; 4] = [1, 10, 100, 1_000];
const ANNOTATIONS: [usize; 3] = [30_000, 300_000, 3_000_000];

pub(crate) fn tables() -> Vec<Table> {
    let large = |gmsa| Review::Large { gmsa, containers: 20, annotations: 60_000 };
    let mut expanding = mutating("mutate/pod-level", Review::Pod { gmsa: true });
    expanding.extend(mutating("mutate/20-containers-60-kb-of-annotations", large(true)));
    expanding.extend(mutating("mutate/ephemeral-container", Review::Ephemeral { gmsa: true }));
    let mut none = reading("review/no-gmsa-pod", Review::Pod { gmsa: false });
    none.extend(reading("review/no-gmsa-20-containers-60-kb", large(false)));
    none.extend(reading("review/no-gmsa-ephemeral-container", Review::Ephemeral { gmsa: false }));
    let mut enforcing = validating("validate/preset-equal", Review::Preset);
    enforcing.extend(validating("validate/preset-spelt-otherwise", Review::PresetSpeltOtherwise));
    vec![
        Table { title: "Mutate: pods that name credential specs", unit: None, cases: expanding },
        Table { title: "Review: pods without gMSA fields", unit: None, cases: none },
        Table { title: "Validate: pods with names and contents", unit: None, cases: enforcing },
        growing("Mutate: the cost of a container", "containers", CONTAINERS, |containers| {
            let review = Review::Large { gmsa: true, containers, annotations: 0 };
            mutating(&format!("mutate/{containers}-containers"), review)
        }),
        growing(
            "Review: the cost of a container without gMSA fields",
            "containers",
            CONTAINERS,
            |containers| {
                let review = Review::Large { gmsa: false, containers, annotations: 0 };
                reading(&format!("review/no-gmsa-{containers}-containers"), review)
            },
        ),
        growing("Mutate: the cost of a byte", "bytes", ANNOTATIONS, |annotations| {
            let review = Review::Large { gmsa: true, containers: 1, annotations };
            mutating(&format!("mutate/{annotations}-bytes"), review)
        }),
        growing("Review: the cost of a byte without gMSA fields", "bytes", ANNOTATIONS, |annotations| {
            let review = Review::Large { gmsa: false, containers: 1, annotations };
            reading(&format!("review/no-gmsa-{annotations}-bytes"), review)
        }),
    ]
}

fn growing(
    title: &'static str,
    unit: &'static str,
    sizes: impl IntoIterator<Item = usize>,
    cases: impl Fn(usize) -> Vec<Case>,
) -> Table {
    let of_size = |size| {
        let sized = move |case: Case| case.sized(size).heavy_if(size >= 1_000);
        cases(size).into_iter().map(sized)
    };
    Table { title, unit: Some(unit), cases: sizes.into_iter().flat_map(of_size).collect() }
}

/// The mutating endpoint, what is to be written at least, the alternatives, and the floor.
fn mutating(subject: &str, review: Review) -> Vec<Case> {
    let name = |name: &str| format!("{subject}/{name}");
    let mut cases = vec![
        Case::new(name("bytes-to-bytes"), "read, decide, write the answer", move || expand(review)),
        Case::new(name("write-answer"), "of which to write the answer", move || write_answer(review)),
    ];
    cases.extend(ALTERNATIVES.map(|alternative| {
        Case::new(name(alternative.name), alternative.what, move || expand_by(alternative, review))
    }));
    beside_floor(subject, review, cases)
}

/// Finding out that there is nothing to do, by us and by the alternatives, and the floor.
fn reading(subject: &str, review: Review) -> Vec<Case> {
    let mut cases =
        vec![Case::new(subject, "read, find that nothing is needed", move || find_nothing(review))];
    cases.extend(ALTERNATIVES.map(|alternative| {
        let name = format!("{subject}/{}", alternative.name);
        Case::new(name, alternative.what, move || find_nothing_by(alternative, review))
    }));
    beside_floor(subject, review, cases)
}

/// The validating endpoint, the alternatives, and the floor.
fn validating(subject: &str, review: Review) -> Vec<Case> {
    let mut cases = vec![Case::new(subject, "read, decide, write the answer", move || enforce(review))];
    cases.extend(VALIDATORS.map(|validator| {
        let name = format!("{subject}/{}", validator.name);
        Case::new(name, validator.what, move || enforce_by(validator, review))
    }));
    beside_floor(subject, review, cases)
}

/// The cases, held against the floor, and the floor itself.
fn beside_floor(subject: &str, review: Review, cases: Vec<Case>) -> Vec<Case> {
    let floor = format!("{subject}/floor-ignored-any");
    let mut cases: Vec<Case> = cases.into_iter().map(|case| case.over(floor.as_str())).collect();
    cases.push(Case::new(floor, "the floor: `serde_json` skips the bytes", move || skip(review)));
    cases
}

fn expand(review: Review) -> Operation {
    let body = kept(review.body());
    let Ready { facts, policy, changes, .. } = ready(body);
    let respond = move || {
        let request = Request::from_slice(black_box(body)).expect("a review");
        let response = mutate(&request, policy).respond(facts);
        assert_eq!(response.patch().map_or(0, |patch| patch.operations().len()), changes);
        response.to_vec()
    };
    check(body, changes, &respond());
    Box::new(move || drop(black_box(respond())))
}

fn write_answer(review: Review) -> Operation {
    let body = kept(review.body());
    let Ready { request, facts, policy, changes } = ready(body);
    let response = mutate(request, policy).respond(facts);
    let length = response.to_vec().len();
    check(body, changes, &response.to_vec());
    Box::new(move || assert_eq!(black_box(&response).to_vec().len(), length))
}

fn expand_by(alternative: Alternative, review: Review) -> Operation {
    let body = review.body();
    let (contents, changes) = (contents(), changes(&body));
    check(&body, changes, &(alternative.expand)(&body, &contents).body);
    Box::new(move || {
        let answer = (alternative.expand)(black_box(&body), &contents);
        assert_eq!(answer.changes, changes);
        black_box(answer.body);
    })
}

fn find_nothing(review: Review) -> Operation {
    let (body, policy) = (review.body(), Policy::default());
    assert_eq!(changes(&body), 0);
    Box::new(move || {
        let request = Request::from_slice(black_box(&body)).expect("a review");
        assert!(mutate(&request, &policy).needs().is_empty());
    })
}

fn find_nothing_by(alternative: Alternative, review: Review) -> Operation {
    let body = review.body();
    assert_eq!(changes(&body), 0);
    Box::new(move || assert_eq!((alternative.names)(black_box(&body)), 0))
}

fn enforce(review: Review) -> Operation {
    let body = kept(review.body());
    let (request, policy) = (kept(Request::from_slice(body).expect("a review")), kept(Policy::default()));
    let needs = validate(request, policy).needs();
    assert_eq!((needs.credential_specs().len(), needs.access().len()), (1, 1));
    let facts = kept(kept(cluster()).facts(&needs));
    let other = validate(request, policy).respond(kept(Facts::default()));
    assert!(!other.allowed(), "it depends on the facts");
    Box::new(move || {
        let request = Request::from_slice(black_box(body)).expect("a review");
        let response = validate(&request, policy).respond(facts);
        assert!(response.allowed());
        black_box(response.to_vec());
    })
}

/// What it allows and denies is checked once: as ours does, of the right contents and of changed ones.
fn enforce_by(validator: Validator, review: Review) -> Operation {
    let (body, cluster) = (review.body(), cluster());
    let known = known(&body, &cluster);
    let changed = with_other_contents(&body);
    for (body, allowed) in [(&body, true), (&changed, false)] {
        assert_eq!((ours(body, &cluster), (validator.judge)(body, &known).allowed), (allowed, allowed));
    }
    let unpermitted = Known { contents: known.contents.clone(), ..Known::default() };
    assert!(!(validator.judge)(&body, &unpermitted).allowed, "it depends on the permission");
    let answer: Value = serde_json::from_slice(&(validator.judge)(&body, &known).body).expect("JSON");
    assert_eq!(answer["response"]["allowed"], true);
    Box::new(move || {
        let verdict = (validator.judge)(black_box(&body), &known);
        assert!(verdict.allowed);
        black_box(verdict.body);
    })
}

/// Our verdict.
fn ours(body: &[u8], cluster: &Snapshot) -> bool {
    let (request, policy) = (Request::from_slice(body).expect("a review"), Policy::default());
    let validation = validate(&request, &policy);
    validation.respond(&cluster.facts(&validation.needs())).allowed()
}

/// What there is to know for a review, in the form that the alternatives want.
fn known(body: &[u8], cluster: &Snapshot) -> Known {
    let (request, policy) = (Request::from_slice(body).expect("a review"), Policy::default());
    let needs = validate(&request, &policy).needs();
    let facts = cluster.facts(&needs);
    let value = |text: String| serde_json::from_str(&text).expect("JSON");
    let contents = contents().into_iter().map(|(name, text)| (name, value(text))).collect();
    let mut known = Known { contents, ..Known::default() };
    for question in needs.access() {
        if let Some(AccessAnswer::Allow) = facts.access(question) {
            let accounts = known.permitted.entry(question.namespace().to_owned()).or_default();
            let names = accounts.entry(question.service_account().to_owned()).or_default();
            names.insert(question.credential_spec().to_owned());
        }
    }
    known
}

/// The same review, with the name of another domain in the contents.
fn with_other_contents(body: &[u8]) -> Vec<u8> {
    let mut review: Value = serde_json::from_slice(body).expect("JSON");
    let place = "/request/object/spec/securityContext/windowsOptions/gmsaCredentialSpec";
    let contents = review.pointer_mut(place).expect("contents");
    let changed = contents.as_str().expect("a text").replacen("CONTOSO", "FABRIKAM", 1);
    assert_ne!(contents.as_str(), Some(changed.as_str()));
    *contents = changed.into();
    review.to_string().into_bytes()
}

fn skip(review: Review) -> Operation {
    let body = review.body();
    Box::new(move || {
        black_box(serde_json::from_slice::<IgnoredAny>(black_box(&body)).expect("JSON"));
    })
}

/// A request with the facts at hand, and how many changes are wanted.
struct Ready {
    request: &'static Request<'static>,
    facts: &'static Facts<'static>,
    policy: &'static Policy,
    changes: usize,
}

fn ready(body: &'static [u8]) -> Ready {
    let (request, policy) = (kept(Request::from_slice(body).expect("a review")), kept(Policy::default()));
    let facts = kept(kept(cluster()).facts(&mutate(request, policy).needs()));
    Ready { request, facts, policy, changes: changes(body) }
}

fn cluster() -> Snapshot {
    let mut cluster = Snapshot::default();
    cluster.insert(&review::cluster()).expect("a cluster");
    cluster
}

fn contents() -> Contents {
    let cluster = cluster();
    let found = cluster.credential_specs().filter_map(|(name, answer)| match answer {
        CredSpecAnswer::Found(contents) => Some((name.to_string(), contents.as_str().to_owned())),
        _ => None,
    });
    found.collect()
}

fn object(body: &[u8]) -> Value {
    let mut review: Value = serde_json::from_slice(body).expect("JSON");
    review["request"]["object"].take()
}

/// How many places of the pod have a name and no contents.
fn changes(body: &[u8]) -> usize {
    unexpanded(&object(body)).len()
}

/// Checks that an answer makes of the pod what it should be: as it was, with contents at each place that lacked them.
fn check(body: &[u8], changes: usize, answer: &[u8]) {
    assert_ne!(changes, 0);
    let answer: Value = serde_json::from_slice(answer).expect("JSON");
    let response = &answer["response"];
    assert_eq!(response["allowed"], true);
    assert_eq!(response["patchType"], "JSONPatch");
    // kube-core writes the bytes as numbers.
    let bytes = match &response["patch"] {
        Value::Array(_) => serde_json::from_value(response["patch"].clone()).expect("bytes"),
        text => serde_json::from_value::<ByteString>(text.clone()).expect("base64").0,
    };
    let patch: json_patch::Patch = serde_json::from_slice(&bytes).expect("a patch");
    assert_eq!(patch.0.len(), changes);

    let pod = object(body);
    let (mut expected, mut patched, contents) = (pod.clone(), pod.clone(), contents());
    for (pointer, name) in unexpanded(&pod) {
        let options = expected.pointer_mut(&pointer).expect("it was met there");
        options["gmsaCredentialSpec"] = contents[name].as_str().into();
    }
    json_patch::patch(&mut patched, &patch).expect("it applies");
    assert!(patched == expected, "the answer makes something else of the pod");
}
