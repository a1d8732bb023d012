//! Runs the programs as a user does, one module a program.

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

mod access;
mod credspec;
mod deploy;
mod manifests;
mod programs;
mod runner;
