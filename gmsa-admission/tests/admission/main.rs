//! Tests of gmsa-admission, one module a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types,
    reason = "recordings and golden texts are files, and cargo is asked what manifests mean"
)]
#![allow(unreachable_pub, reason = "modules of one program")]

mod allocations;
mod api_server;
mod configuration;
mod conformance;
mod corpus;
mod decisions;
// What must hold of any bytes is not written twice: this is the library of the fuzz package.
#[path = "../../fuzz/src/lib.rs"]
mod fuzz;
mod generators;
mod golden;
mod install;
mod kube;
mod laws;
mod lint;
mod policies;
#[cfg(feature = "cel")]
mod policy_evaluation;
mod readers;
mod recorded;
mod release;
mod remedy;
mod requester;
mod reviews;
mod simulate;
mod snapshot;
mod template;
mod vectors;
mod workload;
