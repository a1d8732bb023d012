//! What a simulation tells.

use gmsa_rbac::Grant;
use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::{Value, json};

use crate::{Place, workload::WorkloadKind};

/// What became of a workload.
///
/// Its serde form is the report without the pod; [`pod`](Self::pod) holds credential spec contents.
///
/// ```
/// use gmsa_admission::{Policy, Snapshot, simulate::simulate};
/// use serde_json::json;
///
/// let mut cluster = Snapshot::default();
/// cluster.insert(&json!({"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec",
///     "metadata": {"name": "webapp1"}, "credspec": {"CmsPlugins": ["ActiveDirectory"]}}))?;
/// cluster.insert(&json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
///     "metadata": {"name": "use-webapp1"}, "rules": [{"apiGroups": ["windows.k8s.io"],
///         "resources": ["gmsacredentialspecs"], "resourceNames": ["webapp1"], "verbs": ["use"]}]}))?;
/// cluster.insert(&json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
///     "metadata": {"namespace": "shop", "name": "web"},
///     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "use-webapp1"},
///     "subjects": [{"kind": "ServiceAccount", "name": "web"}]}))?;
/// let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}, "spec": {
///     "serviceAccountName": "web", "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp1"}},
///     "containers": [{"name": "iis"}]}});
///
/// let simulation = simulate(&cluster, &pod, &Policy::default())?.ok_or("a pod is a workload")?;
/// assert!(simulation.refusal().is_none());
/// let identity = &simulation.identities()[0];
/// assert_eq!((identity.container(), identity.credential_spec()), ("iis", "webapp1"));
/// assert!(identity.inherited());
/// assert_eq!(identity.grant().map(|grant| grant.role().name()), Some("use-webapp1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Simulation {
    #[serde(serialize_with = "write_kind")]
    pub(super) kind: WorkloadKind,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) service_account: String,
    #[serde(rename = "denied", skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<Refusal>,
    pub(super) identities: Vec<Identity>,
    pub(super) warnings: Vec<String>,
    #[serde(rename = "prunedFields")]
    pub(super) pruned: Vec<String>,
    #[serde(skip)]
    pub(super) pod: Value,
}

/// Without the pod, which holds contents.
impl std::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulation")
            .field("kind", &self.kind)
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .field("refusal", &self.refusal)
            .field("identities", &self.identities)
            .finish_non_exhaustive()
    }
}

/// Who refuses a workload, in the order in which they are asked. [`Refusal`] has an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Step {
    /// The API server, when the workload is created.
    Template,
    /// The mutating endpoint.
    Mutate,
    /// The API server, which checks the pod after mutation.
    Pod,
    /// The validating endpoint.
    Validate,
}

impl Step {
    /// Who that is, in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Template | Self::Pod => "the API server",
            Self::Mutate => "the mutating webhook",
            Self::Validate => "the validating webhook",
        }
    }
}

/// Why a workload does not get its pod.
///
/// ```
/// use gmsa_admission::{Policy, Snapshot, simulate::{Step, simulate}};
/// use serde_json::json;
///
/// let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}, "spec": {
///     "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp1"}},
///     "containers": [{"name": "iis"}]}});
/// let simulation = simulate(&Snapshot::default(), &pod, &Policy::default())?.ok_or("a pod is a workload")?;
/// let refusal = simulation.refusal().ok_or("there is no such credential spec")?;
/// assert_eq!((refusal.step(), refusal.code()), (Step::Mutate, 404));
/// assert_eq!(
///     refusal.faults()[0].field(),
///     "spec.securityContext.windowsOptions.gmsaCredentialSpecName",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    pub(super) step: Step,
    pub(super) code: u16,
    pub(super) message: String,
    pub(super) faults: Vec<RefusedField>,
    /// What came close to permitting it, and how to get there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) near_misses: Vec<Hint>,
}

/// A field that is refused, and why. [`Refusal`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedField {
    pub(super) field: String,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) commands: Vec<String>,
}

/// Something in the cluster's permissions that nearly allows the pod: [`NearMiss`](gmsa_rbac::NearMiss) as text.
/// [`Refusal::near_misses`] lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hint {
    pub(super) credential_spec: String,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix: Option<String>,
}

/// The identity that one container gets, or the pod's sandbox, if none of its containers inherits the pod's.
///
/// Source: Kubernetes `pkg/securitycontext/util.go`, `DetermineEffectiveSecurityContext`: a container that sets a
/// gMSA field of its own inherits neither from the pod.
///
/// Its serde form has the binding and the role in place of the whole grant. [`Simulation`] has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub(super) place: Place,
    pub(super) container: String,
    pub(super) credential_spec: String,
    pub(super) inherited: bool,
    pub(super) grant: Option<Grant>,
}

impl Simulation {
    /// The kind of the workload.
    pub fn kind(&self) -> WorkloadKind {
        self.kind
    }

    /// The workload's namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The workload's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The service account that the pod runs as.
    pub fn service_account(&self) -> &str {
        &self.service_account
    }

    /// Why the pod is refused; `None` if it is admitted.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// The identity of each container that has one, in the order of places. Empty if the pod is refused.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// What the user is warned of.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// JSON pointers (RFC 6901) of the fields that the API server drops unread, such as gMSA fields in another case.
    pub fn pruned_fields(&self) -> &[String] {
        &self.pruned
    }

    /// The pod as the API server would store it, or as far as it got. It holds the contents of credential specs.
    pub fn pod(&self) -> &Value {
        &self.pod
    }
}

impl Refusal {
    /// Who refuses.
    pub fn step(&self) -> Step {
        self.step
    }

    /// The HTTP status code that the user sees.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// What is wrong, as the user sees it; a webhook's message ends with what to do about the first fault.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Each refused field.
    pub fn faults(&self) -> &[RefusedField] {
        &self.faults
    }

    /// For a missing permission: what nearly permits it, nearest first.
    pub fn near_misses(&self) -> &[Hint] {
        &self.near_misses
    }
}

impl RefusedField {
    /// The path of the field in the object that was given.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What is wrong with it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, if that is clear.
    pub fn fix(&self) -> Option<&str> {
        self.fix.as_deref()
    }

    /// The commands that do it, one after the other, where commands can.
    pub fn commands(&self) -> &[String] {
        &self.commands
    }
}

impl Hint {
    /// The credential spec that is asked for.
    pub fn credential_spec(&self) -> &str {
        &self.credential_spec
    }

    /// What nearly allows it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to run or to change.
    pub fn fix(&self) -> Option<&str> {
        self.fix.as_deref()
    }
}

impl Identity {
    /// The container's place; [`Place::Pod`] for the sandbox.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The container's name.
    pub fn container(&self) -> &str {
        &self.container
    }

    /// The credential spec that it runs with.
    pub fn credential_spec(&self) -> &str {
        &self.credential_spec
    }

    /// Whether it has it from the pod.
    pub fn inherited(&self) -> bool {
        self.inherited
    }

    /// What permits it.
    pub fn grant(&self) -> Option<&Grant> {
        self.grant.as_ref()
    }
}

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut identity = serializer.serialize_struct("Identity", 6)?;
        identity.serialize_field("container", &self.container)?;
        identity.serialize_field("kind", self.place.kind())?;
        identity.serialize_field("credentialSpec", &self.credential_spec)?;
        identity.serialize_field("inherited", &self.inherited)?;
        let named = |kind: &str, namespace: Option<&str>, name: &str| match namespace {
            Some(namespace) => json!({"kind": kind, "namespace": namespace, "name": name}),
            None => json!({"kind": kind, "name": name}),
        };
        let binding = self.grant.as_ref().map(Grant::binding);
        let role = self.grant.as_ref().map(Grant::role);
        identity
            .serialize_field("binding", &binding.map(|it| named(it.kind(), it.namespace(), it.name())))?;
        identity.serialize_field("role", &role.map(|it| named(it.kind(), it.namespace(), it.name())))?;
        identity.end()
    }
}

fn write_kind<S: Serializer>(kind: &WorkloadKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

impl Refusal {
    pub(super) fn of(step: Step, code: u16, message: String) -> Self {
        Self { step, code, message, faults: Vec::new(), near_misses: Vec::new() }
    }
}
