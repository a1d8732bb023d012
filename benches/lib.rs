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

/// A credential spec of some 1 KB, with a plug-in, as people write it: keys in no order, with spaces.
pub fn document() -> String {
    let cluster: Value = serde_json::from_str(CLUSTER).expect("recordings are JSON");
    let specs = cluster["items"].as_array().into_iter().flatten().map(|item| &item["credspec"]);
    let plugged = specs.filter(|spec| spec.pointer("/ActiveDirectoryConfig/HostAccountConfig").is_some());
    let spec = plugged.max_by_key(|spec| spec.to_string().len()).expect("one has a plug-in");
    serde_json::to_string_pretty(spec).expect("JSON")
}

/// A review of a new pod with so many containers, none of which has gMSA fields.
pub fn containers(count: usize) -> Vec<u8> {
    let mut review: Value = serde_json::from_str(NO_GMSA).expect("recordings are JSON");
    let containers = &mut review["request"]["request"]["object"]["spec"]["containers"];
    let one = containers[0].clone();
    let named = (0..count).map(|index| {
        let mut container = one.clone();
        container["name"] = format!("c{index}").into();
        container
    });
    *containers = named.collect();
    review["request"].to_string().into_bytes()
}
