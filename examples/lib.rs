//! What the example programs share: reading manifests, and making a cluster of them.

pub mod cluster;
pub mod manifest;
mod manifest_json;
mod manifest_yaml;
pub mod program;

/// The code in the workspace's README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
