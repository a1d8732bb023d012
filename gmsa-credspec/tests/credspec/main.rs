//! Tests of gmsa-credspec, one module a subject.

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

mod canonical;
mod compare;
mod convert;
mod convert_forms;
mod diagnose;
mod diff;
mod documents;
mod errors;
mod generate;
mod generate_facts;
mod generate_forms;
mod generated;
mod laws;
mod lint;
mod lint_carriers;
mod lint_laws;
mod lint_mistakes;
mod secrecy;
mod source;
mod source_laws;
mod source_yaml;
mod vectors;
