//! Tests of gmsa-types, one module a subject.

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

mod autotraits;
mod crd;
mod crd_compare;
mod crd_invariants;
mod crd_strict;
mod document;
mod finding;
mod json_schema;
mod judge;
mod made_up;
mod names;
mod resource;
