//! What the fuzz targets assert, as plain functions: a target panics if a law does not hold.
//!
//! The binaries in `fuzz_targets` hand them what libFuzzer makes up. `gmsa-admission/tests/corpus.rs` includes this file and
//! replays the corpus, so that whatever was found once is asked in every test run.

pub mod canonical;
pub mod diagnose;
pub mod lint;
pub mod mutation;
pub mod permission;
pub mod review;
pub mod source;

/// Every target: its name, which is that of its binary and of its folder in the corpus, and what it does.
pub const TARGETS: [(&str, fn(&[u8])); 7] = [
    ("review", review::run),
    ("mutation", mutation::run),
    ("canonical", canonical::run),
    ("source", source::run),
    ("lint", lint::run),
    ("permission", permission::run),
    ("diagnose", diagnose::run),
];
