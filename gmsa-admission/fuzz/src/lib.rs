//! What the fuzz targets assert, as plain functions: a target panics if a law does not hold.
//!
//! The binaries in `fuzz_targets` hand them what libFuzzer makes up. `gmsa-admission/tests/admission/corpus.rs` includes this file and
//! replays the corpus, so that whatever was found once is asked in every test run.

pub mod canonical;
pub mod diagnose;
pub mod lint;
pub mod mutation;
pub mod permission;
pub mod readers;
pub mod review;
pub mod source;

/// What a target does with an input: it panics if something does not hold.
pub type Law = fn(&[u8]);

/// Every target: its name, which is that of its binary and of its folder in the corpus, and its law.
pub const TARGETS: [(&str, Law); 8] = [
    ("review", review::run),
    ("readers", readers::run),
    ("mutation", mutation::run),
    ("canonical", canonical::run),
    ("source", source::run),
    ("lint", lint::run),
    ("permission", permission::run),
    ("diagnose", diagnose::run),
];
