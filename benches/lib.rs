//! Inputs of the benchmarks: reviews as a Kubernetes 1.36 API server sent them.

use std::{fs, path::Path};

use serde_json::Value;

/// A review of a new pod without gMSA fields.
pub const NO_GMSA: &str = "none.mutate.json";
/// A review of a new pod that names a credential spec.
pub const POD_LEVEL: &str = "pod-level.mutate.json";
/// The same pod with its contents.
pub const EXPANDED: &str = "pod-level.validate.json";
/// What is in the cluster.
pub const CLUSTER: &str = "cluster.json";

/// A recording by its name. It is read when a benchmark runs, not when it is compiled: the package also builds where the
/// other members of the workspace are not beside it, as `cargo package --workspace` does.
pub fn recording(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gmsa-admission/tests/vectors/admission");
    let text = fs::read(folder.join(name)).expect("the recordings are beside the benchmarks");
    serde_json::from_slice(&text).expect("recordings are JSON")
}

/// The body of a recorded review, as compact as the API server writes it.
pub fn review(name: &str) -> Vec<u8> {
    recording(name)["request"].to_string().into_bytes()
}

/// A credential spec of some 1 KB, with a plug-in, as people write it: keys in no order, with spaces.
pub fn document() -> String {
    let cluster = recording(CLUSTER);
    let specs = cluster["items"].as_array().into_iter().flatten().map(|item| &item["credspec"]);
    let plugged = specs.filter(|spec| spec.pointer("/ActiveDirectoryConfig/HostAccountConfig").is_some());
    let spec = plugged.max_by_key(|spec| spec.to_string().len()).expect("one has a plug-in");
    serde_json::to_string_pretty(spec).expect("JSON")
}

/// A review of a new pod with so many containers, none of which has gMSA fields.
pub fn containers(count: usize) -> Vec<u8> {
    let mut review = recording(NO_GMSA);
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
