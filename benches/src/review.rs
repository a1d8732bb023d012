//! Reviews as a Kubernetes 1.36 API server sent them, and larger ones made of their parts.

use std::{fs, path::Path};

use serde_json::{Value, json};

/// A review of a new pod without gMSA fields.
const NONE: &str = "none.mutate.json";
/// A review of a new pod that names a credential spec.
const POD_LEVEL: &str = "pod-level.mutate.json";
/// The same pod with its contents, as the validating endpoint sees it.
const EXPANDED: &str = "pod-level.validate.json";
/// A pod with contents that say the same in other words.
const EQUIVALENT: &str = "preset-equivalent.validate.json";
/// A pod in which every container names a credential spec.
const EACH_CONTAINER: &str = "same-name-many.mutate.json";
/// An ephemeral container that is added to a running pod.
const EPHEMERAL: &str = "ephemeral-inline.mutate.ephemeralcontainers.json";
/// What is in the cluster.
const CLUSTER: &str = "cluster.json";

/// A review to measure with.
#[derive(Clone, Copy)]
pub(crate) enum Review {
    /// A recorded pod, which names a credential spec or does not.
    Pod { gmsa: bool },
    /// The pod that names one, at the validating endpoint.
    Preset,
    /// A pod with contents in another spelling, at the validating endpoint.
    PresetSpeltOtherwise,
    /// A pod with so many containers, each with a name or none with one, and so many bytes of annotations.
    Large { gmsa: bool, containers: usize, annotations: usize },
    /// An update that adds an ephemeral container.
    Ephemeral { gmsa: bool },
}

impl Review {
    /// The body of the request, as compact as the API server writes it.
    pub(crate) fn body(self) -> Vec<u8> {
        let review = match self {
            Self::Pod { gmsa } => recorded(if gmsa { POD_LEVEL } else { NONE }),
            Self::Preset => recorded(EXPANDED),
            Self::PresetSpeltOtherwise => recorded(EQUIVALENT),
            Self::Large { gmsa, containers, annotations } => {
                let mut review = recorded(if gmsa { EACH_CONTAINER } else { NONE });
                let pod = &mut review["request"]["object"];
                multiply(pod, containers);
                annotate(pod, annotations);
                review
            }
            Self::Ephemeral { gmsa } => {
                let mut review = recorded(EPHEMERAL);
                let added = &mut review["request"]["object"]["spec"]["ephemeralContainers"][0];
                added["securityContext"] = json!({"windowsOptions": {"gmsaCredentialSpecName": "webapp0"}});
                if !gmsa {
                    forget_gmsa(&mut review);
                }
                review
            }
        };
        review.to_string().into_bytes()
    }
}

/// What is in the cluster: a list of credential specs, roles and bindings.
pub(crate) fn cluster() -> Value {
    recording(CLUSTER)
}

/// A recording by its name. It is read when a case is made, not when it is compiled: the package also builds where the
/// other members of the workspace are not beside it, as `cargo package --workspace` does.
fn recording(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gmsa-admission/tests/vectors/admission");
    let text = fs::read(folder.join(name)).expect("the recordings are beside the benchmarks");
    serde_json::from_slice(&text).expect("recordings are JSON")
}

fn recorded(name: &str) -> Value {
    recording(name)["request"].take()
}

/// Repeats the first container, and what `managedFields` says of it.
fn multiply(pod: &mut Value, count: usize) {
    let containers = &mut pod["spec"]["containers"];
    let first = containers[0].clone();
    let name = |index: usize| format!("c{index}");
    *containers = (0..count)
        .map(|index| {
            let mut container = first.clone();
            container["name"] = name(index).into();
            container
        })
        .collect();
    let managed = &mut pod["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:containers"];
    let first = managed[r#"k:{"name":"c0"}"#].clone();
    assert!(first.is_object(), "the recording has a container c0");
    *managed =
        (0..count).map(|index| (format!(r#"k:{{"name":"{}"}}"#, name(index)), first.clone())).collect();
}

/// Annotates the pod as tools do: with what kubectl applied, and with JSON documents as text, until there are `bytes`.
fn annotate(pod: &mut Value, bytes: usize) {
    let spec = json!({"containers": pod["spec"]["containers"], "tolerations": pod["spec"]["tolerations"]});
    let applied = json!({"apiVersion": "v1", "kind": "Pod", "spec": spec}).to_string();
    let note = pod["spec"]["volumes"].to_string();
    let names = (0..).map(|index| format!("example.com/note-{index}"));
    let notes = names.map(|name| (name, note.as_str()));
    let applied = ("kubectl.kubernetes.io/last-applied-configuration".to_owned(), applied.as_str());
    let mut length = 0;
    let mut annotations = serde_json::Map::new();
    for (name, text) in [applied].into_iter().chain(notes) {
        if length >= bytes {
            break;
        }
        let text = Value::from(text);
        length += name.len() + text.to_string().len();
        annotations.insert(name, text);
    }
    if !annotations.is_empty() {
        pod["metadata"]["annotations"] = annotations.into();
    }
}

/// Takes out whatever has to do with gMSA, also where `managedFields` lists it.
fn forget_gmsa(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|key, _| !key.contains("gmsaCredentialSpec"));
            members.values_mut().for_each(forget_gmsa);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_gmsa),
        _ => {}
    }
}
