//! The whole way of a workload into a cluster, with no cluster at hand.
//!
//! [`simulate`] plays the API server: it makes the workload's pod, fills in defaults, calls the mutating
//! endpoint, applies the patch, makes its own field checks, and calls the validating endpoint, all against a
//! [`Snapshot`]. A CI check needs no more than this:
//!
//! ```
//! use gmsa_admission::{Policy, Snapshot, simulate::simulate};
//! use serde_json::json;
//!
//! let manifests = [
//!     json!({"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec",
//!            "metadata": {"name": "webapp1"}, "credspec": {"CmsPlugins": ["ActiveDirectory"]}}),
//!     json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "iis"}, "spec": {"containers": [
//!         {"name": "iis", "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp1"}}}]}}),
//! ];
//! let mut cluster = Snapshot::default();
//! for manifest in &manifests {
//!     cluster.insert(manifest)?;
//! }
//! for manifest in &manifests {
//!     if let Some(simulation) = simulate(&cluster, manifest, &Policy::default())? {
//!         let refusal = simulation.refusal().expect("nobody granted anything");
//!         assert!(refusal.message().contains("service account \"default\" is not authorized to `use`"));
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use gmsa_rbac::{AccessQuestion, Answer, Grant};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::{Value, json};

use crate::{
    ContainerList, Denial, Place, Policy, Request, Response, Snapshot,
    api_server::{FieldError, check_object, check_pod, default_pod},
    mutate,
    place::{CONTENTS_FIELD, NAME_FIELD},
    validate,
    workload::{WorkloadError, WorkloadKind, WorkloadPod, pod_of},
};

/// Plays the API server for one object. `None` if it is no workload.
///
/// A pod is refused by the first step that refuses it, as in a cluster; for the other workload kinds the API
/// server checks the template before there is any pod. The fields of a refusal are those of the object that was
/// given, template included.
///
/// # Errors
///
/// [`WorkloadError`] if the object is a workload from which no pod can be made.
pub fn simulate(
    cluster: &Snapshot,
    object: &Value,
    policy: &Policy,
) -> Result<Option<Simulation>, WorkloadError> {
    let Some(workload) = pod_of(object)? else { return Ok(None) };
    let run = Run { cluster, policy, template: workload.template_pointer() };
    let mut simulation = Simulation {
        kind: workload.kind(),
        namespace: workload.namespace().to_owned(),
        name: workload.name().to_owned(),
        service_account: String::new(),
        refusal: None,
        identities: Vec::new(),
        warnings: Vec::new(),
        pod: Value::Null,
    };
    let (mut pod, errors) = run.created(object, workload);
    default_pod(&mut pod);
    simulation.service_account = text(&pod, "/spec/serviceAccountName").to_owned();
    simulation.refusal = match errors.is_empty() {
        true => run.admit(&mut pod, &mut simulation),
        false => Some(run.refused_fields(Step::Template, errors)),
    };
    if simulation.refusal.is_none() {
        simulation.identities = identities(cluster, &simulation.namespace, &pod);
    }
    simulation.pod = pod;
    Ok(Some(simulation))
}

/// What became of a workload.
///
/// Its serde form is the report without the pod; [`pod`](Self::pod) holds credential spec contents.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Simulation {
    #[serde(serialize_with = "write_kind")]
    kind: WorkloadKind,
    namespace: String,
    name: String,
    service_account: String,
    #[serde(rename = "denied", skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    identities: Vec<Identity>,
    warnings: Vec<String>,
    #[serde(skip)]
    pod: Value,
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

/// Who refuses a workload, in the order in which they are asked.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    step: Step,
    code: u16,
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    fix: String,
    faults: Vec<RefusedField>,
    /// What came close to permitting it, and how to get there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    near_misses: Vec<Hint>,
}

/// A field that is refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedField {
    field: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

/// Something in the cluster's permissions that nearly allows the pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hint {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

/// The identity that one container gets.
///
/// Source: Kubernetes `pkg/securitycontext/util.go`, `DetermineEffectiveSecurityContext`: a container that sets a
/// gMSA field of its own inherits neither from the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    place: Place,
    container: String,
    credential_spec: String,
    inherited: bool,
    grant: Option<Grant>,
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

    /// What is wrong, as the user sees it; a webhook's message ends with what to do.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do, by itself; empty where [`faults`](Self::faults) have fixes of their own.
    pub fn fix(&self) -> &str {
        &self.fix
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

    /// What to write instead, if that is clear.
    pub fn fix(&self) -> Option<&str> {
        self.fix.as_deref()
    }
}

impl Hint {
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
    /// The container's place.
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

struct Run<'s> {
    cluster: &'s Snapshot,
    policy: &'s Policy,
    template: &'static str,
}

impl Run<'_> {
    /// The pod, and what the API server has against the object that makes it.
    fn created(&self, object: &Value, workload: WorkloadPod) -> (Value, Vec<FieldError>) {
        let errors = match workload.kind() {
            // A pod meets the webhooks first.
            WorkloadKind::Pod => Vec::new(),
            _ => check_object(object),
        };
        (workload.into_pod(), errors)
    }

    fn admit(&self, pod: &mut Value, simulation: &mut Simulation) -> Option<Refusal> {
        let body = creation_review(&simulation.namespace, pod);
        let request = match Request::from_slice(&body) {
            Ok(request) => request,
            // The API server could not decode such a pod in the first place, and its own checks tell better why.
            Err(error) => {
                let errors = check_pod(pod);
                return Some(match errors.is_empty() {
                    true => Refusal::of(Step::Pod, 400, error.to_string()),
                    false => self.refused_fields(Step::Pod, errors),
                });
            }
        };
        let plan = mutate(&request, self.policy);
        let needs = plan.needs();
        let facts = self.cluster.facts(&needs);
        let response = plan.respond(&facts);
        if let Some(denial) = response.denial() {
            return Some(self.refused(Step::Mutate, denial));
        }
        if let Some(Err(error)) = response.patch().map(|patch| patch.apply(pod)) {
            return Some(Refusal::of(Step::Mutate, 500, error.to_string()));
        }
        let errors = check_pod(pod);
        if !errors.is_empty() {
            return Some(self.refused_fields(Step::Pod, errors));
        }
        let body = creation_review(&simulation.namespace, pod);
        let request = match Request::from_slice(&body) {
            Ok(request) => request,
            Err(error) => return Some(Refusal::of(Step::Validate, 400, error.to_string())),
        };
        let plan = validate(&request, self.policy);
        let needs = plan.needs();
        let facts = self.cluster.facts(&needs);
        let response: Response<'_> = plan.respond(&facts);
        simulation.warnings = response.warnings().to_vec();
        let mut refusal = self.refused(Step::Validate, response.denial()?);
        for question in needs.access() {
            if let Answer::Deny(explained) = self.cluster.rbac().explain(question) {
                refusal.near_misses.extend(
                    explained
                        .near_misses()
                        .iter()
                        .map(|near| Hint { message: near.to_string(), fix: near.fix().map(str::to_owned) }),
                );
            }
        }
        Some(refusal)
    }

    fn refused(&self, step: Step, denial: &Denial) -> Refusal {
        let prefix = self.template.trim_start_matches('/').replace('/', ".");
        let fault = |field: &str, message: &str| RefusedField {
            field: match prefix.is_empty() {
                true => field.to_owned(),
                false => format!("{prefix}.{field}"),
            },
            message: message.to_owned(),
            fix: None,
        };
        Refusal {
            fix: denial.fix().to_owned(),
            faults: denial.causes().iter().map(|cause| fault(cause.field(), cause.message())).collect(),
            ..Refusal::of(step, denial.status().code(), denial.message().to_owned())
        }
    }

    fn refused_fields(&self, step: Step, errors: Vec<FieldError>) -> Refusal {
        let faults: Vec<_> = errors
            .iter()
            .map(|error| RefusedField {
                field: error.path(),
                message: error.to_string(),
                fix: error.fix().map(str::to_owned),
            })
            .collect();
        let messages: Vec<_> = faults.iter().map(|fault| fault.message.as_str()).collect();
        let message = messages.join("; ");
        Refusal { faults, ..Refusal::of(step, 422, message) }
    }
}

impl Refusal {
    fn of(step: Step, code: u16, message: String) -> Self {
        Self { step, code, message, fix: String::new(), faults: Vec::new(), near_misses: Vec::new() }
    }
}

/// The body that the API server posts when the pod is created.
fn creation_review(namespace: &str, pod: &Value) -> Vec<u8> {
    let name = match text(pod, "/metadata/name") {
        "" => text(pod, "/metadata/generateName"),
        name => name,
    };
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": format!("simulated:{namespace}/{name}"),
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "namespace": namespace,
            "operation": "CREATE",
            "object": pod,
        },
    })
    .to_string()
    .into_bytes()
}

fn identities(cluster: &Snapshot, namespace: &str, pod: &Value) -> Vec<Identity> {
    let service_account = text(pod, "/spec/serviceAccountName");
    let of_pod = options(pod, Place::Pod);
    let mut identities = Vec::new();
    for list in ContainerList::ALL {
        let containers =
            pod.pointer("/spec").and_then(|spec| spec.get(list.field())).and_then(Value::as_array);
        for (index, container) in containers.into_iter().flatten().enumerate() {
            let place = Place::Container { list, index };
            let own = options(pod, place);
            let (fields, inherited) = if own.is_some() { (own, false) } else { (of_pod, true) };
            let Some(credential_spec) = fields.and_then(|fields| fields.get(NAME_FIELD)?.as_str()) else {
                continue;
            };
            let question = AccessQuestion::new(namespace, service_account, credential_spec);
            let grant = match cluster.rbac().answer(&question) {
                Answer::Allow(grant) => Some(grant),
                Answer::Deny(_) => None,
            };
            identities.push(Identity {
                place,
                container: text(container, "/name").to_owned(),
                credential_spec: credential_spec.to_owned(),
                inherited,
                grant,
            });
        }
    }
    identities
}

/// The `windowsOptions` of a place, if they have a gMSA field.
fn options(pod: &Value, place: Place) -> Option<&Value> {
    let is_set = |options: &Value, field| options.get(field).is_some_and(|value| !value.is_null());
    let options = pod.pointer(&place.pointer().to_string())?;
    (is_set(options, NAME_FIELD) || is_set(options, CONTENTS_FIELD)).then_some(options)
}

fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
