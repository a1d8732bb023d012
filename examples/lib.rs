//! What the example programs share: reading manifests, making a cluster of them, and playing its policies.

pub mod cluster;
pub mod finding;
pub mod manifest;
mod manifest_json;
mod manifest_yaml;
pub mod policies;
pub mod program;

/// The code in the workspace's README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
