//! Pods, reviews and facts for the laws: what the crate gives its users to test with, under short names.

#![allow(unreachable_pub, unused_imports, dead_code, reason = "each test beside it takes what it needs")]

pub use gmsa_admission::samples::{
    NAMES, NAMESPACE, SECRET, SERVICE_ACCOUNT, UNANSWERED, contents as canonical, permissive_facts, review,
};
pub use gmsa_admission::strategy::{expanded_pod, facts, misshapen_pod, name, pod, proper_pod};

/// The lists of containers that there are, told apart from those of the crate, whose walk of them is on trial.
pub const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// The contents of the credential spec of that name.
pub fn document(name: &str) -> String {
    gmsa_admission::samples::document(name).to_string()
}
