//! What the API server itself does to objects on the way in, as far as it bears on gMSA.
//!
//! A webhook sees a pod after the API server's defaulting and, when validating, after its field checks. These
//! functions stand in for that, so that a pod can be judged without a cluster:
//!
//! ```
//! use gmsa_admission::api_server::{check_pod, default_pod};
//! use serde_json::json;
//!
//! let mut pod = json!({
//!     "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "iis"},
//!     "spec": {"containers": [{"name": "iis", "securityContext": {
//!         "windowsOptions": {"gmsaCredentialSpecName": "gmsa-WebApp1"}}}]},
//! });
//! default_pod(&mut pod);
//! assert_eq!(pod["spec"]["serviceAccountName"], "default");
//!
//! let errors = check_pod(&pod);
//! assert_eq!(errors[0].pointer(), "/spec/containers/0/securityContext/windowsOptions/gmsaCredentialSpecName");
//! assert_eq!(errors[0].fix(), Some("write `gmsa-webapp1`"));
//! ```
//!
//! Only rules that decide over gMSA are here: names, the service account, `windowsOptions`, the operating
//! system, RBAC objects, the credential spec's schema. An object without errors here may still be refused for
//! another reason. Values of the wrong JSON type make the API server refuse the whole object when it decodes it,
//! before any field check; here they are errors of their field like all others.
//!
//! The texts are the API server's, since people search for them, with one difference: text that may come out of
//! a credential spec is never repeated, only its length.

mod credential_spec;
mod error;
mod field;
mod name;
mod pod;
mod pruned;
mod rbac;
mod windows_options;

use gmsa_types::KIND;
use serde_json::Value;

pub use credential_spec::check_credential_spec;
pub use error::{FieldError, FieldErrorKind};
pub use gmsa_rbac::check_rbac_name;
pub use pod::{check_pod, default_pod};
pub use pruned::{prune, pruned_fields};

use crate::workload::WorkloadKind;
use field::Field;
use name::{NameForm, Scope, check_metadata};

/// The checks that the API server makes when `object` is created, by its kind.
///
/// Known are `GMSACredentialSpec`, the four RBAC kinds, `Namespace`, `ServiceAccount`, and the workloads with
/// their pod templates. An object of any other kind has no errors but for a missing `apiVersion` or `kind`.
///
/// ```
/// use gmsa_admission::api_server::check_object;
/// use serde_json::json;
///
/// let errors = check_object(&json!({
///     "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
///     "metadata": {"name": "use-gmsa", "namespace": "shop"},
///     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Roles", "name": "webapp1-role"},
/// }));
/// assert_eq!(
///     errors[0].to_string(),
///     r#"roleRef.kind: Unsupported value: "Roles": supported values: "Role", "ClusterRole""#,
/// );
/// ```
pub fn check_object(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let root = Field::root(object);
    let version = root.child("apiVersion").required_text(&mut errors);
    let kind = root.child("kind").required_text(&mut errors);
    let (Some(version), Some(kind)) = (version, kind) else { return errors };

    let workload = WorkloadKind::ALL.into_iter().find(|workload| workload.as_str() == kind);
    let workload_version = workload.map(WorkloadKind::api_version);
    let served = match kind {
        KIND => credential_spec::API_VERSIONS,
        "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" => rbac::API_VERSIONS,
        "Namespace" | "ServiceAccount" => &["v1"],
        _ => workload_version.as_slice(),
    };
    if !served.contains(&version) {
        if let Some(right) = served.first().filter(|right| means(version, right, kind)) {
            let error = FieldError::unsupported(&root.child("apiVersion"), version, served);
            errors.push(error.with_fix(Some(format!("write `{right}`"))));
        }
        return errors;
    }
    match (kind, workload) {
        (KIND, _) => check_credential_spec(object),
        ("Role", _) => rbac::check_role(object),
        ("ClusterRole", _) => rbac::check_cluster_role(object),
        ("RoleBinding", _) => rbac::check_role_binding(object),
        ("ClusterRoleBinding", _) => rbac::check_cluster_role_binding(object),
        ("Namespace", _) => named(&root, Scope::Cluster, NameForm::Label),
        ("ServiceAccount", _) => named(&root, Scope::Namespace, NameForm::Subdomain),
        (_, Some(WorkloadKind::Pod)) => check_pod(object),
        (_, Some(workload)) => pod::check_workload(object, workload),
        (_, None) => errors,
    }
}

/// Whether somebody who wrote `version` meant `right`: another version of its API group, or, for the credential
/// spec alone, whatever group. Other groups have kinds of their own that are named `Job` or `Role`.
fn means(version: &str, right: &str, kind: &str) -> bool {
    let group = |version: &str| version.split_once('/').map(|(group, _)| group.to_owned());
    kind == KIND || group(version) == group(right) || group(version).as_deref() == Some("extensions")
}

fn named(object: &Field<'_>, scope: Scope, form: NameForm) -> Vec<FieldError> {
    let mut errors = Vec::new();
    check_metadata(object, scope, form, &mut errors);
    errors
}
