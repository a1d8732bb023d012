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

mod report;

use gmsa_rbac::{AccessQuestion, Answer, ProposedGrant};
use serde_json::{Value, json};

use crate::{
    ContainerList, Denial, Place, Policy, Request, Response, Snapshot,
    api_server::{FieldError, FieldErrorKind, check_object, check_pod, default_pod, prune},
    mutate,
    place::{CONTENTS_FIELD, NAME_FIELD, within},
    validate,
    workload::{WorkloadError, WorkloadKind, WorkloadPod, pod_of},
};

pub use report::{Hint, Identity, Refusal, RefusedField, Simulation, Step};

/// Plays the API server for one object. `None` if it is no workload. The [module](self) has an example.
///
/// A pod is refused by the first step that refuses it, as in a cluster; for the other workload kinds the API
/// server checks the template before there is any pod. The fields of a refusal are those of the object that was
/// given, template included.
///
/// Source: Kubernetes, "Admission Control in Kubernetes", section "Admission control phases".
///
/// # Errors
///
/// [`WorkloadError`] if the object is a workload from which no pod can be made.
pub fn simulate(
    cluster: &Snapshot,
    object: &Value,
    policy: &Policy,
) -> Result<Option<Simulation>, WorkloadError> {
    let mut object = object.clone();
    let pruned = prune(&mut object);
    let Some(workload) = pod_of(&object)? else { return Ok(None) };
    let run = Run { cluster, policy, template: workload.kind().template_path() };
    let mut simulation = Simulation {
        kind: workload.kind(),
        namespace: workload.namespace().to_owned(),
        name: workload.name().to_owned(),
        service_account: String::new(),
        refusal: None,
        identities: Vec::new(),
        warnings: Vec::new(),
        pruned,
        pod: Value::Null,
    };
    let (mut pod, errors) = run.created(&object, workload);
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
            let rbac = self.cluster.rbac();
            // The webhook sees no roles and proposes names that may be taken; here those that are free are known.
            if let (Ok(proposed), Some(free)) = (ProposedGrant::new(question), rbac.grant_for(question)) {
                let proposed = proposed.commands();
                for fault in refusal.faults.iter_mut().filter(|fault| fault.commands == proposed) {
                    fault.commands = free.text().lines().map(str::to_owned).collect();
                }
            }
            if let Answer::Deny(explained) = rbac.explain(question) {
                refusal.near_misses.extend(explained.near_misses().iter().map(|near| Hint {
                    credential_spec: question.credential_spec().to_owned(),
                    message: near.to_string(),
                    fix: near.fix().map(str::to_owned),
                }));
            }
        }
        Some(refusal)
    }

    fn refused(&self, step: Step, denial: &Denial) -> Refusal {
        let faults = denial.causes().iter().map(|cause| RefusedField {
            field: within(self.template, cause.field()),
            message: cause.message().to_owned(),
            fix: Some(cause.fix().to_owned()),
            commands: cause.commands().to_vec(),
        });
        Refusal {
            faults: faults.collect(),
            ..Refusal::of(step, denial.status().code(), denial.message().to_owned())
        }
    }

    fn refused_fields(&self, step: Step, errors: Vec<FieldError>) -> Refusal {
        // What cannot be decoded is refused before any field is checked.
        let decodes = errors.iter().all(|error| error.kind() != FieldErrorKind::TypeInvalid);
        let faults: Vec<_> = errors
            .iter()
            .map(|error| RefusedField {
                field: error.path(),
                message: error.to_string(),
                fix: error.fix().map(str::to_owned),
                commands: Vec::new(),
            })
            .collect();
        let messages: Vec<_> = faults.iter().map(|fault| fault.message.as_str()).collect();
        let message = messages.join("; ");
        Refusal { faults, ..Refusal::of(step, if decodes { 422 } else { 400 }, message) }
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
    let identity = |place: Place, container: &str, fields: Option<&Value>, inherited: bool| {
        let credential_spec = fields?.get(NAME_FIELD)?.as_str()?;
        let question = AccessQuestion::new(namespace, service_account, credential_spec);
        let grant = match cluster.rbac().answer(&question) {
            Answer::Allow(grant) => Some(grant),
            Answer::Deny(_) => None,
        };
        let (container, credential_spec) = (container.to_owned(), credential_spec.to_owned());
        Some(Identity { place, container, credential_spec, inherited, grant })
    };
    let of_pod = options(pod, Place::Pod);
    let on_host = |place: Place| {
        let own = pod.pointer(&format!("{}/hostProcess", place.pointer())).and_then(Value::as_bool);
        let of_pod = pod.pointer(&format!("{}/hostProcess", Place::Pod.pointer())).and_then(Value::as_bool);
        own.or(of_pod).unwrap_or(false)
    };
    let mut identities = Vec::new();
    for list in ContainerList::ALL {
        let containers =
            pod.pointer("/spec").and_then(|spec| spec.get(list.field())).and_then(Value::as_array);
        for (index, container) in containers.into_iter().flatten().enumerate() {
            let place = Place::Container { list, index };
            let own = options(pod, place);
            let (fields, inherited) = if own.is_some() { (own, false) } else { (of_pod, true) };
            // Windows gives a process on the host no identity of its own.
            if !on_host(place) {
                identities.extend(identity(place, text(container, "/name"), fields, inherited));
            }
        }
    }
    // The sandbox gets the pod's contents even if no container does.
    if !identities.iter().any(|identity| identity.inherited) && !on_host(Place::Pod) {
        identities.extend(identity(Place::Pod, "", of_pod, false));
    }
    identities.sort_by_key(|identity| identity.place);
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
