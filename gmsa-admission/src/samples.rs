//! The small world that made-up pods, reviews and facts are about: one service account of one namespace, and a few
//! credential specs.
//!
//! To test a server with them, let its cluster have [`credential_specs`], or its lookups answer with a
//! [`Facts`].
//!
//! ```
//! use gmsa_admission::{Policy, Request, mutate, samples};
//! use serde_json::{Value, json};
//!
//! let pod = json!({"metadata": {"name": "web-0"}, "spec": {"serviceAccountName": samples::SERVICE_ACCOUNT,
//!     "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": samples::NAMES[0]}}, "containers": []}});
//! let body = samples::review("CREATE", "", &pod, &Value::Null).to_string();
//! let request = Request::from_slice(body.as_bytes())?;
//! let facts = samples::permissive_facts();
//! let response = mutate(&request, &Policy::default()).respond(&facts);
//! let patch = response.patch().ok_or("nothing to expand")?;
//! assert_eq!(patch.operations()[0].value(), samples::contents(samples::NAMES[0]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod hostile;

use gmsa_credspec::CanonicalContents;
use gmsa_rbac::AccessQuestion;
use gmsa_types::{CredentialSpecName, GmsaCredentialSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

#[cfg(feature = "arbitrary")]
#[cfg_attr(docsrs, doc(cfg(feature = "arbitrary")))]
pub use crate::arbitrary::ReviewBytes;
pub use hostile::hostile_reviews;

use crate::{AccessAnswer, CredSpecAnswer, Facts};

/// The uid of every review.
pub const UID: &str = "705ab4f5-6393-11e8-b7cc-42010a800002";
/// The namespace of every review.
pub const NAMESPACE: &str = "team-a";
/// The service account of every pod.
pub const SERVICE_ACCOUNT: &str = "web";
/// The names of the credential specs that there are.
pub const NAMES: [&str; 3] = ["webapp0", "webapp1", "dotted.name"];
/// The valid name of a credential spec that there is not.
pub const UNANSWERED: &str = "i-sure-dont-exist";
/// Texts that no credential spec can be called.
pub const INVALID_NAMES: [&str; 5] = ["", "WebApp0", "../webapp0", "webapp0\n", "名前"];
/// What stands in contents and in the environments of containers, and nowhere else: no message, log line, warning or
/// annotation may show it, nor an answer outside its patch.
pub const SECRET: &str = "s3cr3t";

/// The credential specs as resources, to be put into a cluster.
pub fn credential_specs() -> Vec<GmsaCredentialSpec> {
    let resource = |name: &str| GmsaCredentialSpec {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        credspec: serde_json::from_value(document(name)).ok(),
    };
    NAMES.map(resource).into()
}

/// What the credential spec of a name says.
pub fn document(name: &str) -> Value {
    json!({
        "CmsPlugins": ["ActiveDirectory"],
        "DomainJoinConfig": {"MachineAccountName": name, "Sid": "S-1-5-21-1-2-3", "NetBiosName": "<É&日本\u{2028}>"},
        "ActiveDirectoryConfig": {"HostAccountConfig": {"PluginInput": SECRET}},
    })
}

/// The contents that are put into a pod for that name.
pub fn contents(name: &str) -> String {
    canonical(name).map(CanonicalContents::into_string).unwrap_or_default()
}

/// Other contents that say the same.
pub fn respelt_contents(name: &str) -> String {
    let Value::Object(members) = document(name) else { return String::new() };
    let members: Vec<_> =
        members.iter().rev().map(|(key, value)| format!("\n \"{key}\" : {value:#}")).collect();
    format!("{{{}}}\t", members.join(","))
}

/// Contents that readers take for different things, depending on which of two equal keys they heed.
pub fn ambiguous_contents(name: &str) -> String {
    contents(name).replacen('{', "{\"CmsPlugins\":[\"evil\"],", 1)
}

/// Every credential spec is there, and the service account may use it.
pub fn permissive_facts() -> Facts<'static> {
    let mut facts = Facts::default();
    for name in NAMES {
        if let (Ok(valid), Some(answer)) = (CredentialSpecName::try_from(name), found(name)) {
            facts.insert_credential_spec(valid, answer);
        }
        facts.insert_access(question(name), AccessAnswer::Allow);
    }
    facts
}

/// The AdmissionReview of an operation on a pod, as an API server sends it; `sub_resource` is empty for the pod itself.
///
/// ```
/// use gmsa_admission::{Request, samples};
/// use serde_json::{Value, json};
///
/// let pod = json!({"metadata": {"name": "web-0"}, "spec": {"containers": []}});
/// let body = samples::review("CREATE", "", &pod, &Value::Null).to_string();
/// assert_eq!(Request::from_slice(body.as_bytes())?.uid(), samples::UID);
/// # Ok::<(), gmsa_admission::ReviewError>(())
/// ```
pub fn review(operation: &str, sub_resource: &str, object: &Value, old_object: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": UID,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "subResource": sub_resource,
            "namespace": NAMESPACE,
            "operation": operation,
            "object": object,
            "oldObject": old_object,
        },
    })
}

pub(crate) fn question(name: &str) -> AccessQuestion<'static> {
    AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, name.to_owned())
}

pub(crate) fn found(name: &str) -> Option<CredSpecAnswer<'static>> {
    canonical(name).map(CredSpecAnswer::Found)
}

fn canonical(name: &str) -> Option<CanonicalContents<'static>> {
    CanonicalContents::from_json(&document(name).to_string()).map(CanonicalContents::into_owned).ok()
}
