//! Strategies for property tests: pods with gMSA fields anywhere, reviews of them as an API server sends them, and facts.
//!
//! All of them are about the world of [`samples`](crate::samples). A webhook that is built on this crate, or on nothing of
//! it, can be tested with them: whatever the review, it answers with the same uid, and no answer shows
//! [`SECRET`](crate::samples::SECRET), which every container has in its environment, and every credential spec in its
//! contents.
//!
//! ```
//! use gmsa_admission::{Policy, Request, samples, strategy, validate};
//! use proptest::{prelude::*, test_runner::TestRunner};
//!
//! /// The webhook under test.
//! fn serve(body: &[u8]) -> Option<Vec<u8>> {
//!     match Request::from_slice(body) {
//!         Ok(request) => Some(validate(&request, &Policy::default()).respond(&samples::permissive_facts()).to_vec()),
//!         Err(error) => Some(error.into_response()?.to_vec()),
//!     }
//! }
//!
//! TestRunner::default().run(&strategy::review_bytes(), |body| {
//!     let answer = String::from_utf8(serve(&body).ok_or(TestCaseError::fail("no answer"))?).expect("text");
//!     prop_assert!(answer.contains(samples::UID) && !answer.contains(samples::SECRET));
//!     Ok(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod pod;
mod review;

use gmsa_types::CredentialSpecName;
use proptest::{option, prelude::*};

pub use pod::{contents, expanded_pod, misshapen_pod, name, pod, proper_pod};
pub use review::{
    create_review, damaged_review, ephemeral_review, other_review, review_bytes, update_review,
};

use crate::{
    AccessAnswer, CredSpecAnswer, Facts,
    samples::{NAMES, found, question},
};

/// Answers to what made-up pods can ask, each yes, no, or unknown, and some of them missing.
pub fn facts() -> impl Strategy<Value = Facts<'static>> {
    let answers = NAMES
        .map(|name| (option::weighted(0.9, cred_spec_answer(name)), option::weighted(0.9, access_answer())));
    answers.prop_map(|answers| {
        let mut facts = Facts::default();
        for (name, (contents, access)) in NAMES.into_iter().zip(answers) {
            if let (Ok(valid), Some(contents)) = (CredentialSpecName::try_from(name), contents) {
                facts.insert_credential_spec(valid, contents);
            }
            if let Some(access) = access {
                facts.insert_access(question(name), access);
            }
        }
        facts
    })
}

fn cred_spec_answer(name: &'static str) -> impl Strategy<Value = CredSpecAnswer<'static>> {
    prop_oneof![
        6 => Just(found(name).unwrap_or(CredSpecAnswer::NotFound)),
        1 => Just(CredSpecAnswer::NotFound),
        1 => Just(CredSpecAnswer::Empty),
        1 => Just(CredSpecAnswer::Unavailable("etcd is away".into())),
    ]
}

fn access_answer() -> impl Strategy<Value = AccessAnswer<'static>> {
    prop_oneof![
        6 => Just(AccessAnswer::Allow),
        1 => Just(AccessAnswer::DenyRequester { user: "ann".into(), reason: "".into() }),
        1 => Just(AccessAnswer::Deny { reason: "".into() }),
        1 => Just(AccessAnswer::Deny { reason: "no \"such\" role".into() }),
        1 => Just(AccessAnswer::Unavailable("timed out".into())),
    ]
}
