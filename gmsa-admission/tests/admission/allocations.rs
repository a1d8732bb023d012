//! A pod without gMSA fields costs no memory, whatever its size, and nothing costs more than a multiple of its size.

use allocation_counter::{AllocationInfo, measure};
use gmsa_admission::{
    CredSpecAnswer, Facts, Policy, Request, TemplateRequest, check_template, mutate,
    samples::{self, permissive_facts},
    strategy::{damaged_review, facts, review_bytes},
    validate,
};
use gmsa_credspec::{
    CanonicalContents, compare,
    diagnose::{Expected, diagnose},
    lint::{LintOptions, lint},
    source::{ReadOptions, read_source},
    strategy::{contents, hostile_contents},
};
use gmsa_types::strategy::hostile_document;
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::generators::LISTS;

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

/// The most bytes in use at once: so many, and so many for each byte of the input. A growing list has three times its
/// items in use while it moves, so that a list of one more item than a power of two is the worst of its kind.
struct Bound {
    base: usize,
    times: usize,
}

/// For reviews and their answers, at either endpoint. The worst that is known is 18, of containers with a short name and
/// nothing else: a place in the pod and its step in the plan.
const REVIEW: Bound = Bound { base: 4096, times: 20 };

/// Of the answer that denies: 32 causes at the most, with three names of 253 bytes and a reason of 1,024 characters each.
const LONGEST_DENIAL: usize = 400_000;

/// For contents that are read or compared: 60, of an array of digits, each a value for two bytes of text.
const CONTENTS: Bound = Bound { base: 4096, times: 64 };

/// For files, of which the place and the spelling of every value are kept: 132, of such a list in YAML. The base is the YAML
/// reader's. Aliases are left out: what they repeat has no size in the file, and `ReadOptions` bounds it.
const FILE: Bound = Bound { base: 16384, times: 160 };

/// For files that are read and checked: 960, of a list of accounts that are `{}`, each with two findings for three bytes. A
/// finding tells its path and what to do in texts of its own, and `ReadOptions` bounds how many there can be.
const LINT: Bound = Bound { base: 16384, times: 1100 };

/// For what a container says: twice the text, whatever it is.
const DIAGNOSIS: Bound = Bound { base: 4096, times: 3 };

fn within(what: &str, bound: &Bound, size: usize, work: impl FnOnce()) -> Result<(), TestCaseError> {
    let most = usize::try_from(measure(work).bytes_max).unwrap();
    prop_assert!(most <= bound.base + bound.times * size, "{what}: {most} bytes in use for {size}");
    Ok(())
}

/// Containers of which many cost more than their bytes, so short are they or so much is said of them.
fn costly_containers() -> Vec<String> {
    let with = |fields: &str| format!("{{\"securityContext\":{{\"windowsOptions\":{{{fields}}}}}}}");
    // As long as a name may be, and as many as there are ways to have one refused.
    let long = "a".repeat(253);
    vec![
        with(r#""gmsaCredentialSpecName":"webapp0""#),
        with(r#""gmsaCredentialSpecName":"a""#),
        with(r#""gmsaCredentialSpecName":"""#),
        with(r#""gmsa\u0043redentialSpecName":"\u0061\n""#),
        with(r#""gmsaCredentialSpec":"""#),
        with(r#""gmsaCredentialSpecName":"webapp0","gmsaCredentialSpec":"{\"\\u0061\":[0,0,0,0]}""#),
        with(&format!(r#""gmsaCredentialSpecName":"{long}""#)),
        with(&format!(r#""gmsaCredentialSpecName":"{long}","gmsaCredentialSpec":"{{}}""#)),
        with(&format!(r#""gmsaCredentialSpecName":"{}""#, "A".repeat(253))),
        with(&format!(r#""gmsaCredentialSpecName":"{}""#, "\u{e9}".repeat(128))),
        format!(r#"{{"name":"{long}","securityContext":{{"windowsOptions":{{"gmsaCredentialSpec":""}}}}}}"#),
        r#"{"name":"\u0061"}"#.to_owned(),
        r#"{"name":"a"}"#.to_owned(),
        r#"{"env":["\"\u00e9"]}"#.to_owned(),
        "{}".to_owned(),
    ]
}

const REQUESTS: [(&str, &str); 3] = [("CREATE", ""), ("UPDATE", ""), ("UPDATE", "ephemeralcontainers")];

/// A review in which a container stands many times.
fn crowded(container: &str, times: usize, list: &str, request: (&str, &str), was_there: bool) -> Vec<u8> {
    let account = "s".repeat(if times.is_multiple_of(2) { 1 } else { 253 });
    let containers = vec![container; times].join(",");
    let new = format!(r#"{{"spec":{{"serviceAccountName":"{account}","{list}":[{containers}]}}}}"#);
    let old = if was_there { &new } else { r#"{"spec":{}}"# };
    let review = samples::review(request.0, request.1, &json!("NEW"), &json!("OLD")).to_string();
    review.replace("\"NEW\"", &new).replace("\"OLD\"", old).into_bytes()
}

fn crowded_review() -> impl Strategy<Value = Vec<u8>> {
    (select(costly_containers()), 0..1000_usize, select(&LISTS[..]), select(&REQUESTS[..]), any::<bool>())
        .prop_map(|(container, times, list, request, was_there)| {
            crowded(&container, times, list, request, was_there)
        })
}

/// What both endpoints answer to a body.
fn answers(body: &[u8], facts: &Facts<'_>, policy: &Policy) -> [Vec<u8>; 2] {
    let answer = |endpoint: &dyn Fn(&Request<'_>) -> Vec<u8>| match Request::from_slice(body) {
        Ok(request) => endpoint(&request),
        Err(error) => error.into_response().map(|response| response.to_vec()).unwrap_or_default(),
    };
    [
        answer(&|request| {
            let plan = mutate(request, policy);
            drop(plan.needs());
            plan.respond(facts).to_vec()
        }),
        answer(&|request| {
            let plan = validate(request, policy);
            drop(plan.needs());
            plan.respond(facts).to_vec()
        }),
    ]
}

/// Reading and deciding take a multiple of what is read, writing one of what is written.
fn review_is_within_bounds(
    body: &[u8],
    facts: &Facts<'_>,
    random_hostname: bool,
) -> Result<(), TestCaseError> {
    let policy = Policy::default().with_random_hostname(random_hostname);
    let patch = Request::from_slice(body)
        .ok()
        .and_then(|request| Some(mutate(&request, &policy).respond(facts).patch()?.operations().len()));
    let written = answers(body, facts, &policy).map(|answer| answer.len());
    if patch.is_none() {
        prop_assert!(written[0] <= LONGEST_DENIAL, "{} bytes of denial", written[0]);
    }
    prop_assert!(written[1] <= LONGEST_DENIAL, "{} bytes of denial", written[1]);
    let size = body.len() + written[0].max(written[1]);
    within("answering", &REVIEW, size, || drop(answers(body, facts, &policy)))
}

#[test]
fn law_1_the_worst_known_reviews_take_a_small_multiple_of_their_size() {
    let facts = [Facts::default(), permissive_facts()];
    for container in costly_containers() {
        // A list that grows has most in use just after it has moved.
        for times in [1, 8, 33, 257] {
            for list in LISTS {
                for (request, was_there) in REQUESTS.into_iter().flat_map(|it| [(it, false), (it, true)]) {
                    let body = crowded(&container, times, list, request, was_there);
                    for facts in &facts {
                        review_is_within_bounds(&body, facts, true).unwrap_or_else(|error| {
                            panic!("{times} {list} of {container}, {request:?}: {error}")
                        });
                    }
                }
            }
        }
    }
}

/// What answers a body at one endpoint, template check included.
fn template_answer(body: &[u8], facts: &Facts<'_>) -> Vec<u8> {
    // The same object, called a workload of each depth: its pod is then an unknown key, or none.
    let body = String::from_utf8_lossy(body).replace(r#""kind":"Pod""#, r#""kind":"ReplicationController""#);
    match TemplateRequest::from_slice(body.as_bytes()) {
        Ok(request) => check_template(&request, &Policy::default()).respond(facts).to_vec(),
        Err(error) => error.into_response().map(|response| response.to_vec()).unwrap_or_default(),
    }
}

#[test]
fn law_1_hostile_reviews_take_work_and_memory_that_grow_as_they_do() {
    const SIZE: usize = 64 * 1024;
    let facts = permissive_facts();
    let policy = Policy::default();
    let bodies = |size| samples::hostile_reviews(size).into_iter();
    for (((what, small), (_, double)), (_, large)) in bodies(SIZE).zip(bodies(2 * SIZE)).zip(bodies(4 * SIZE))
    {
        let measured = [&small, &double, &large].map(|body| {
            let reviews = measure(|| drop(answers(body, &facts, &policy)));
            let template = measure(|| drop(template_answer(body, &facts)));
            (reviews, template)
        });
        for (body, (reviews, _)) in [small, double, large].iter().zip(&measured) {
            // The answer apart, which is bounded by itself: four bytes in use for each.
            let most = usize::try_from(reviews.bytes_max).unwrap();
            assert!(most <= 4 * body.len() + LONGEST_DENIAL, "{what}: {most} bytes for {}", body.len());
        }
        let works = |one: &AllocationInfo| [one.count_total, one.bytes_total];
        for pick in
            [|it: &(AllocationInfo, AllocationInfo)| it.0, |it: &(AllocationInfo, AllocationInfo)| it.1]
        {
            let [small, double, large] = [0, 1, 2].map(|index| works(&pick(&measured[index])));
            for index in 0..2 {
                let (first, second) =
                    (double[index].abs_diff(small[index]), large[index].abs_diff(double[index]));
                assert!(
                    second <= 3 * first + 100_000,
                    "{what}: {} {} {}",
                    small[index],
                    double[index],
                    large[index]
                );
            }
        }
    }
}

/// Texts in which one short piece stands many times, most of them contents or files that can be read.
fn crowded_text() -> impl Strategy<Value = String> {
    let parts = select(vec![
        (r#"{"a":["#, "0", ",", "]}"),
        (r#"{"a":["#, "{}", ",", "]}"),
        (r#"{"a":["#, r#""""#, ",", "]}"),
        (r#"{"a":""#, r"\n", "", "\"}"),
        (r#"{"a":""#, r"\u0001", "", "\"}"),
        (r#"{"a":""#, "<", "", "\"}"),
        (r#"{"a":""#, "\u{2028}", "", "\"}"),
        ("{", r#""":0"#, ",", "}"),
        (r#"{"DomainJoinConfig":{"#, r#""sid":0"#, ",", "}}"),
        (r#"{"CmsPlugins":["#, r#""x""#, ",", "]}"),
        (r#"{"ActiveDirectoryConfig":{"GroupManagedServiceAccounts":["#, "{}", ",", "]}}"),
        ("{", "a", ",", "}"),
        ("a: [", "a", ",", "]"),
        ("", "-", "\n", ""),
        ("", "---", "\n", ""),
        ("", "---\n{}", "\n", ""),
        ("", "[", "", ""),
        ("", "0xC0000001", " ", ""),
    ]);
    let repeated = (parts, 0..2000_usize).prop_map(|((start, piece, between, end), times)| {
        format!("{start}{}{end}", vec![piece; times].join(between))
    });
    let members = (0..2000_usize).prop_map(|many| {
        format!("{{{}}}", (0..many).map(|key| format!("\"{key}\":0")).collect::<Vec<_>>().join(","))
    });
    prop_oneof![4 => repeated, 1 => members]
}

fn text() -> impl Strategy<Value = String> {
    let document = hostile_document().prop_map(|document| document.to_string());
    prop_oneof![1 => document, 1 => contents(), 1 => hostile_contents(), 3 => crowded_text()]
}

proptest! {
    #[test]
    fn law_1_a_review_takes_a_small_multiple_of_its_size(
        body in prop_oneof![damaged_review(), review_bytes(), crowded_review()], facts in facts(),
        random_hostname: bool,
    ) {
        review_is_within_bounds(&body, &facts, random_hostname)?;
    }

    #[test]
    fn law_1_contents_and_files_take_a_small_multiple_of_their_size(text in text(), other in text()) {
        let size = text.len();
        within("reading contents", &CONTENTS, size, || drop(CanonicalContents::from_json(&text)))?;
        within("comparing", &CONTENTS, size + other.len(), || drop(compare(&text, &other)))?;
        within("comparing with itself", &CONTENTS, size, || drop(compare(&text, &text)))?;
        let options = ReadOptions::new();
        within("reading a file", &FILE, size, || drop(read_source(text.as_bytes(), &options)))?;
        within("lint", &LINT, size, || {
            drop(lint(&read_source(text.as_bytes(), &options), &LintOptions::default()));
        })?;
        within("diagnosing", &DIAGNOSIS, size, || drop(diagnose(&text, &Expected::default())))?;
    }
}
