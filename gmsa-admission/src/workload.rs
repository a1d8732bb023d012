//! From a manifest to the pod that it makes.
//!
//! Admission sees pods, users write Deployments. [`pod_of`] bridges the two, so that the checks of a pod can be
//! made long before a controller creates one, and told in terms of the manifest.
//!
//! ```
//! use gmsa_admission::workload::{WorkloadKind, pod_of};
//! use serde_json::json;
//!
//! let manifest = json!({
//!     "apiVersion": "apps/v1", "kind": "Deployment",
//!     "metadata": {"name": "with-creds", "namespace": "shop"},
//!     "spec": {"template": {"spec": {"containers": [{"name": "iis"}]}}},
//! });
//! let workload = pod_of(&manifest)?.ok_or("no workload")?;
//! assert_eq!(workload.kind(), WorkloadKind::Deployment);
//! assert_eq!(workload.pod()["metadata"]["generateName"], "with-creds-");
//! assert_eq!(workload.pod()["metadata"]["namespace"], "shop");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod kind;

use std::fmt;

use gmsa_types::check_dns_subdomain;
use serde_json::{Map, Value, json};

pub(crate) use kind::TemplateAt;
pub use kind::WorkloadKind;

/// The pod that the controller of `object` would create; `None` if `object` makes no pods.
///
/// The pod has the template's labels, annotations, finalizers and `spec`, the workload's namespace (`default`
/// if it says none), and the name of the controller's form:
///
/// | kind | name |
/// |---|---|
/// | Pod | as it stands |
/// | StatefulSet | `NAME-0` (or the first of `spec.ordinals`), also as its `hostname` |
/// | Job, CronJob | `generateName: NAME-`; where pods are indexed `NAME-0-`, with `hostname: NAME-0` |
/// | all others | `generateName: NAME-` |
///
/// What only a cluster knows is left out: owner references, the hash of the template that stands in the names
/// and labels of a Deployment's pods, the time in the names of a CronJob's, the volumes of claims, the
/// tolerations of a DaemonSet. None of that bears on gMSA. A manifest with `generateName` instead of a name
/// lends its prefix.
///
/// Source: Kubernetes `pkg/controller/controller_utils.go`, `GetPodFromTemplate`;
/// `pkg/controller/statefulset/stateful_set_utils.go`, `newStatefulSetPod`; `pkg/controller/job`,
/// `podGenerateNameWithIndex`.
///
/// # Errors
///
/// [`WorkloadError`] if `object` is of a workload kind and has no template, no name, a field of the wrong JSON
/// type, or a version of its API group that API servers no longer serve; or if it has no kind at all.
///
/// ```
/// use gmsa_admission::workload::pod_of;
/// use serde_json::json;
///
/// let manifest = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
///     "spec": {"template": {"spec": {"containers": [{"name": "sql"}]}}}});
/// let pod = pod_of(&manifest)?.ok_or("no workload")?.into_pod();
/// assert_eq!((&pod["metadata"]["name"], &pod["spec"]["hostname"]), (&json!("db-0"), &json!("db-0")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn pod_of(object: &Value) -> Result<Option<WorkloadPod>, WorkloadError> {
    let Some(kind) = WorkloadKind::of(object)? else { return Ok(None) };
    object_at(object, "/metadata")?.ok_or_else(|| WorkloadError::missing("/metadata"))?;
    let namespace = text_at(object, "/metadata/namespace")?.unwrap_or("default");
    let own_name = text_at(object, "/metadata/name")?;
    let prefix = text_at(object, "/metadata/generateName")?;
    let name = own_name.or(prefix).ok_or_else(|| WorkloadError::missing("/metadata/name"))?;
    let (pod, names_hosts) = match kind {
        WorkloadKind::Pod => (bare_pod(object, namespace)?, false),
        _ => templated_pod(object, kind, namespace, own_name, prefix)?,
    };
    let count = |field: &str| present(object, &format!("{}/{field}", owner(kind))).and_then(Value::as_i64);
    let several = kind.makes_several(count("replicas"), count("parallelism"));
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    Ok(Some(WorkloadPod { kind, namespace, name, names_hosts, several, pod }))
}

/// A pod as a controller makes it, and where it comes from. Made by [`pod_of`].
#[derive(Clone, PartialEq)]
pub struct WorkloadPod {
    kind: WorkloadKind,
    namespace: String,
    name: String,
    names_hosts: bool,
    several: bool,
    pod: Value,
}

impl WorkloadPod {
    /// The kind of the workload.
    pub fn kind(&self) -> WorkloadKind {
        self.kind
    }

    /// The namespace of the workload and of its pod.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name of the workload, or the prefix if it has a `generateName` alone.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the controller gives each pod a hostname of its own.
    pub(crate) fn names_hosts(&self) -> bool {
        self.names_hosts
    }

    /// See [`WorkloadKind::makes_several`].
    pub(crate) fn makes_several(&self) -> bool {
        self.several
    }

    /// The JSON pointer of the pod template in the workload; see [`WorkloadKind::template_pointer`].
    pub fn template_pointer(&self) -> &'static str {
        self.kind.template_pointer()
    }

    /// The pod.
    pub fn pod(&self) -> &Value {
        &self.pod
    }

    /// The pod, owned.
    pub fn into_pod(self) -> Value {
        self.pod
    }
}

/// Names the workload, not its pod: environments and credential specs belong in no log.
impl fmt::Debug for WorkloadPod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadPod")
            .field("kind", &self.kind)
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Why an object is no workload from which a pod can be made.
///
/// ```
/// use gmsa_admission::workload::{WorkloadFault, pod_of};
///
/// let error = pod_of(&serde_json::json!({"apiVersion": "apps/v1", "kind": "Deployment"})).unwrap_err();
/// assert_eq!((error.pointer(), error.fault()), ("/metadata", &WorkloadFault::Missing));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadError {
    pointer: String,
    fault: WorkloadFault,
}

/// The kind of a [`WorkloadError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkloadFault {
    /// A field that every such object has is not there, or empty.
    Missing,
    /// A field has the wrong JSON type.
    WrongType {
        /// The type that belongs there: `an object`, `a string`.
        expected: &'static str,
    },
    /// The API group of the kind, in a version that API servers don't serve.
    NotServed {
        /// The kind.
        kind: WorkloadKind,
    },
}

impl WorkloadError {
    fn missing(pointer: &str) -> Self {
        Self { pointer: pointer.to_owned(), fault: WorkloadFault::Missing }
    }

    fn wrong_type(pointer: &str, expected: &'static str) -> Self {
        Self { pointer: pointer.to_owned(), fault: WorkloadFault::WrongType { expected } }
    }

    /// The JSON pointer (RFC 6901) of the field.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is wrong with it.
    pub fn fault(&self) -> &WorkloadFault {
        &self.fault
    }
}

impl fmt::Display for WorkloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = &self.pointer;
        match self.fault {
            WorkloadFault::Missing => write!(f, "`{pointer}` is missing"),
            WorkloadFault::WrongType { expected } if pointer.is_empty() => {
                write!(f, "the manifest is not {expected}")
            }
            WorkloadFault::WrongType { expected } => write!(f, "`{pointer}` is not {expected}"),
            WorkloadFault::NotServed { kind } => {
                let version = kind.api_version();
                write!(f, "`{pointer}` names a version that is not served: a {kind} is of `{version}`")
            }
        }
    }
}

impl std::error::Error for WorkloadError {}

fn bare_pod(object: &Value, namespace: &str) -> Result<Value, WorkloadError> {
    object_at(object, "/spec")?.ok_or_else(|| WorkloadError::missing("/spec"))?;
    let mut pod = object.clone();
    if let Some(fields) = pod.as_object_mut() {
        // The API server starts every new pod with a status of its own.
        fields.remove("status");
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("namespace".to_owned(), json!(namespace));
        }
    }
    Ok(pod)
}

/// The pointer of the `spec` that the template stands in.
fn owner(kind: WorkloadKind) -> &'static str {
    let template = kind.template_pointer();
    template.strip_suffix("/template").unwrap_or(template)
}

/// The pod, and whether the controller made its hostname.
fn templated_pod(
    object: &Value,
    kind: WorkloadKind,
    namespace: &str,
    own_name: Option<&str>,
    prefix: Option<&str>,
) -> Result<(Value, bool), WorkloadError> {
    let template = kind.template_pointer();
    let at = |field: &str| format!("{template}{field}");
    object_at(object, template)?.ok_or_else(|| WorkloadError::missing(template))?;
    let spec = object_at(object, &at("/spec"))?.ok_or_else(|| WorkloadError::missing(&at("/spec")))?;
    object_at(object, &at("/metadata"))?;

    let mut spec = spec.clone();
    let mut labels = object_at(object, &at("/metadata/labels"))?.cloned().unwrap_or_default();
    let mut annotations = object_at(object, &at("/metadata/annotations"))?.cloned().unwrap_or_default();
    let mut metadata = Map::new();
    metadata.insert("namespace".to_owned(), json!(namespace));

    let (mut ordinal, mut indexed) = (0, false);
    match kind {
        WorkloadKind::StatefulSet => {
            ordinal = number_at(object, "/spec/ordinals/start")?.unwrap_or(0);
            labels.insert("apps.kubernetes.io/pod-index".to_owned(), json!(ordinal.to_string()));
            if let Some(service) = text_at(object, "/spec/serviceName")? {
                spec.insert("subdomain".to_owned(), json!(service));
            }
        }
        WorkloadKind::Job | WorkloadKind::CronJob => {
            indexed = text_at(object, &format!("{}/completionMode", owner(kind)))? == Some(INDEXED);
            if indexed {
                let index = "batch.kubernetes.io/job-completion-index";
                labels.insert(index.to_owned(), json!("0"));
                annotations.insert(index.to_owned(), json!("0"));
            }
        }
        _ => {}
    }
    let identity = PodIdentity::of(kind, own_name, prefix, ordinal, indexed);
    if let Some(name) = identity.name {
        labels.insert("statefulset.kubernetes.io/pod-name".to_owned(), json!(name));
        metadata.insert("name".to_owned(), json!(name));
    }
    let names_hosts = identity.hostname.is_some();
    if let Some(hostname) = identity.hostname {
        spec.insert("hostname".to_owned(), json!(hostname));
    }
    let generate_name = identity.generate_name;

    metadata.insert("generateName".to_owned(), json!(generate_name));
    for (field, map) in [("labels", labels), ("annotations", annotations)] {
        if !map.is_empty() {
            metadata.insert(field.to_owned(), Value::Object(map));
        }
    }
    if let Some(finalizers) = present(object, &at("/metadata/finalizers")) {
        metadata.insert("finalizers".to_owned(), finalizers.clone());
    }
    Ok((json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}), names_hosts))
}

/// The completion mode in which each of a job's pods has an index.
pub(crate) const INDEXED: &str = "Indexed";

/// What a controller calls its pods.
pub(crate) struct PodIdentity {
    /// Only where the controller makes the whole name.
    pub(crate) name: Option<String>,
    pub(crate) generate_name: String,
    /// Only where the controller gives each pod a hostname, in place of the template's.
    pub(crate) hostname: Option<String>,
}

impl PodIdentity {
    /// The identity of the first pod. `indexed` is a job's completion mode.
    pub(crate) fn of(
        kind: WorkloadKind,
        own_name: Option<&str>,
        prefix: Option<&str>,
        ordinal: u64,
        indexed: bool,
    ) -> Self {
        let name = own_name.or(prefix).unwrap_or_default();
        let generate_name = if own_name.is_some() { pod_prefix(name) } else { name.to_owned() };
        match kind {
            WorkloadKind::StatefulSet => {
                let pod = format!("{name}-{ordinal}");
                Self { name: Some(pod.clone()), generate_name, hostname: Some(pod) }
            }
            WorkloadKind::Job | WorkloadKind::CronJob if indexed => {
                Self { name: None, generate_name: indexed_prefix(name), hostname: Some(format!("{name}-0")) }
            }
            _ => Self { name: None, generate_name, hostname: None },
        }
    }
}

/// `NAME-`, or `NAME` where that would make no pod name: `getPodsPrefix`, which checks the prefix with its last
/// two characters replaced, since a generated suffix follows.
fn pod_prefix(name: &str) -> String {
    let mut masked = name.to_owned();
    masked.pop();
    masked.push('a');
    if name.is_ascii() && name.len() < 253 && check_dns_subdomain("pod name", &masked).is_ok() {
        format!("{name}-")
    } else {
        name.to_owned()
    }
}

/// `podGenerateNameWithIndex`: the name gives way so that the index fits into the 58 bytes of a prefix.
fn indexed_prefix(name: &str) -> String {
    let index = "-0-";
    let kept: String = name.chars().take(58 - index.len()).collect();
    if name.len() + index.len() > 58 { kept + index } else { format!("{name}{index}") }
}

/// A value that is there: Kubernetes takes `null` as absent.
fn present<'v>(object: &'v Value, pointer: &str) -> Option<&'v Value> {
    object.pointer(pointer).filter(|value| !value.is_null())
}

fn object_at<'v>(object: &'v Value, pointer: &str) -> Result<Option<&'v Map<String, Value>>, WorkloadError> {
    match present(object, pointer) {
        None => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map)),
        Some(_) => Err(WorkloadError::wrong_type(pointer, "an object")),
    }
}

fn text_at<'v>(object: &'v Value, pointer: &str) -> Result<Option<&'v str>, WorkloadError> {
    match present(object, pointer) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(WorkloadError::wrong_type(pointer, "a string")),
    }
}

fn number_at(object: &Value, pointer: &str) -> Result<Option<u64>, WorkloadError> {
    match present(object, pointer) {
        None => Ok(None),
        Some(value) => {
            value.as_u64().map(Some).ok_or_else(|| WorkloadError::wrong_type(pointer, "a whole number"))
        }
    }
}
