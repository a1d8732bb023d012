//! Inputs of the benchmarks: reviews as a Kubernetes 1.36 API server sent them.

use serde_json::Value;

/// The body of a recorded review, as compact as the API server writes it.
pub fn review(recording: &str) -> Vec<u8> {
    let recording: Value = serde_json::from_str(recording).expect("recordings are JSON");
    recording["request"].to_string().into_bytes()
}

/// A review of a new pod without gMSA fields.
pub const NO_GMSA: &str = include_str!("../gmsa-admission/tests/vectors/admission/none.mutate.json");
/// A review of a new pod that names a credential spec.
pub const POD_LEVEL: &str = include_str!("../gmsa-admission/tests/vectors/admission/pod-level.mutate.json");
/// The same pod with its contents.
pub const EXPANDED: &str = include_str!("../gmsa-admission/tests/vectors/admission/pod-level.validate.json");
/// What is in the cluster.
pub const CLUSTER: &str = include_str!("../gmsa-admission/tests/vectors/admission/cluster.json");
