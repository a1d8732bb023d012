//! Reviews of which every part is chosen, mutated and then validated: the patch applies, as it does for an independent
//! implementation, and nothing passes without the permission for a name and contents equal to that name's.

use arbitrary::{Arbitrary, Unstructured};
use gmsa_admission::{
    AccessAnswer, CredSpecAnswer, Facts, Operation, Policy, Request, mutate,
    samples::{self, ReviewBytes},
    validate,
};
use gmsa_rbac::AccessQuestion;
use gmsa_types::CredentialSpecName;
use serde_json::Value;

use super::review::places;

pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let policy = Policy::default().with_random_hostname(input.arbitrary().unwrap_or_default());
    match input.arbitrary() {
        Ok(true) => {
            let review = ReviewBytes::proper_creation(&mut input).unwrap();
            proper(review.as_slice(), &policy);
        }
        _ => {
            let review = ReviewBytes::arbitrary(&mut input).unwrap();
            any(review.as_slice(), &Facts::arbitrary(&mut input).unwrap(), &policy);
        }
    }
}

/// A creation that is in order is allowed by both, and is complete after one mutation.
fn proper(body: &[u8], policy: &Policy) {
    let facts = samples::permissive_facts();
    let body = patched(body, &facts, policy).expect("a proper pod was refused");
    let request = Request::from_slice(&body).unwrap();
    assert_eq!(mutate(&request, policy).decide(&facts), mutate::Decision::Allow(Default::default()));
    assert_eq!(validate(&request, policy).decide(&facts), validate::Decision::Allow);
}

fn any(body: &[u8], facts: &Facts<'static>, policy: &Policy) {
    let Some(body) = patched(body, facts, policy) else { return };
    let request = Request::from_slice(&body).unwrap();
    let allowed = validate(&request, policy).decide(facts) == validate::Decision::Allow;
    if !allowed || request.operation() != Operation::Create || !request.sub_resource().is_empty() {
        return;
    }
    let review: Value = serde_json::from_slice(&body).unwrap();
    for options in places(&review["request"]["object"]) {
        let (name, contents) = (&options["gmsaCredentialSpecName"], &options["gmsaCredentialSpec"]);
        if name.is_null() && contents.is_null() {
            continue;
        }
        let name = name.as_str().expect("contents need a name");
        let question = AccessQuestion::new(samples::NAMESPACE, samples::SERVICE_ACCOUNT, name);
        assert_eq!(facts.access(&question), Some(&AccessAnswer::Allow));
        let name = CredentialSpecName::try_from(name).unwrap();
        let Some(CredSpecAnswer::Found(resource)) = facts.credential_spec(&name) else {
            panic!("contents of a resource that was not found");
        };
        let contents = contents.as_str().expect("a name needs contents");
        assert!(!contents.contains("evil"), "a duplicate key passed");
        let value = |text| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(value(contents), value(resource.as_str()));
    }
}

/// The review with the mutated object, unless it was refused.
fn patched(body: &[u8], facts: &Facts<'static>, policy: &Policy) -> Option<Vec<u8>> {
    let request = Request::from_slice(body).unwrap();
    // Not with the facts at hand: what an authorizer gives as its reason may quote anything, and is shown.
    let found = samples::permissive_facts();
    let response = mutate(&request, policy).respond(&found);
    assert!(!format!("{request:?} {found:?} {response:?}").contains("\"PluginInput"), "contents are shown");
    let mutate::Decision::Allow(patch) = mutate(&request, policy).decide(facts) else { return None };
    let mut review: Value = serde_json::from_slice(body).unwrap();
    let object = &mut review["request"]["object"];
    let operations =
        serde_json::from_value::<json_patch::Patch>(serde_json::to_value(&patch).unwrap()).unwrap();
    let mut theirs = object.clone();
    json_patch::patch(&mut theirs, &operations).unwrap();
    patch.apply(object).unwrap();
    assert_eq!(*object, theirs);
    Some(review.to_string().into_bytes())
}
