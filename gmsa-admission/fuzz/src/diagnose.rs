//! Any text, as somebody copied it together: the verdict, its causes and the lines they rest on go together, and what ends the
//! lines makes no difference.

use std::cmp::Reverse;

use gmsa_credspec::diagnose::{
    Confidence, Diagnosis, Expected, OBSERVATION_LIMIT, Outcome, Verdict, diagnose,
};

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let domain = Expected::default().domain("contoso.com".parse().expect("a domain"));
    for expected in [Expected::default(), domain] {
        check(&text, &diagnose(&text, &expected));
    }
    if !text.contains('\r') {
        let (plain, other) = (of(&text), of(&text.replace('\n', "\r\n")));
        assert_eq!(plain.verdict(), other.verdict());
        assert_eq!(ids(&plain), ids(&other));
    }
}

fn of(text: &str) -> Diagnosis {
    diagnose(text, &Expected::default())
}

fn ids(diagnosis: &Diagnosis) -> Vec<(&str, &[usize])> {
    diagnosis.causes().iter().map(|cause| (cause.id(), cause.evidence())).collect()
}

fn check(text: &str, diagnosis: &Diagnosis) {
    let (lines, causes, observations) =
        (text.split('\n').count(), diagnosis.causes(), diagnosis.observations());
    assert!(observations.len() <= OBSERVATION_LIMIT);
    assert!(observations.is_sorted_by_key(|observation| observation.line()));
    assert!(observations.iter().all(|observation| (1..=lines).contains(&observation.line())));
    assert!(causes.is_sorted_by_key(|cause| Reverse(cause.confidence())));
    assert!(causes.iter().all(|cause| !cause.evidence().is_empty() && cause.evidence().is_sorted()));
    match diagnosis.verdict() {
        Verdict::Broken => assert!(!causes.is_empty()),
        Verdict::Healthy => assert!(causes.iter().all(|cause| cause.confidence() == Confidence::Unlikely)),
        _ => {}
    }
    for failure in observations.iter().filter(|observation| observation.outcome() == Outcome::Fails) {
        assert_eq!(diagnosis.verdict(), Verdict::Broken);
        assert!(causes.iter().any(|cause| cause.evidence().contains(&failure.line())));
    }
}
