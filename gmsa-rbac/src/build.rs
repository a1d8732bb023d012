//! Roles, bindings and service accounts, made to measure.
//!
//! | who | may | made by |
//! |---|---|---|
//! | the service accounts of pods | `use` the credential specs that a role names | [`UseRole`], [`UseBinding`] |
//! | the webhook | read credential specs, ask access questions | [`WebhookAccess`] |
//! | people who look | read credential specs | [`viewer_role`] |
//! | people who administer | write credential specs | [`editor_role`] |
//!
//! The builders return objects of k8s-openapi, with names that follow from what is granted and with
//! [labels](conventional_labels). What they make cannot be refused by the API server for its names.
//!
//! The two examples of the Kubernetes page "Configure GMSA for Windows Pods and containers":
//!
//! ```
//! use gmsa_rbac::{RbacName, build::{UseBinding, UseRole}};
//! use gmsa_types::CredentialSpecName;
//!
//! let role = UseRole::new(CredentialSpecName::try_from("gmsa-webapp1")?)
//!     .named(RbacName::try_from("webapp1-role")?)
//!     .without_labels();
//! let binding = UseBinding::new(&role, "default")?
//!     .service_account("default")?
//!     .named(RbacName::try_from("allow-default-svc-account-read-on-gmsa-WebApp1")?);
//! assert_eq!(role.cluster_role().metadata.name.as_deref(), Some("webapp1-role"));
//! assert_eq!(binding.role_binding().role_ref.name, "webapp1-role");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod built_in;
mod names;
mod people;
mod use_binding;
mod use_role;
mod webhook;

use std::collections::BTreeMap;

use gmsa_types::GROUP;
use k8s_openapi::{
    api::rbac::v1::{PolicyRule, RoleRef},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use crate::subject::RBAC_GROUP;

pub(crate) use built_in::built_in_roles;
pub(crate) use names::{account_binding_name, first_free, use_role_name};
pub use people::{editor_role, viewer_role};
pub use use_binding::UseBinding;
pub use use_role::UseRole;
pub use webhook::WebhookAccess;

/// The labels that the builders give to their objects: `app.kubernetes.io/part-of: gmsa`.
///
/// Source: Kubernetes, "Recommended Labels".
///
/// ```
/// let labels = gmsa_rbac::build::conventional_labels();
/// assert_eq!(labels["app.kubernetes.io/part-of"], "gmsa");
/// ```
pub fn conventional_labels() -> BTreeMap<String, String> {
    [("app.kubernetes.io/part-of".to_owned(), "gmsa".to_owned())].into()
}

fn metadata(name: &str, labels: &BTreeMap<String, String>) -> ObjectMeta {
    let labels = (!labels.is_empty()).then(|| labels.clone());
    ObjectMeta { name: Some(name.to_owned()), labels, ..ObjectMeta::default() }
}

fn rule(group: &str, resource: &str, verbs: &[&str]) -> PolicyRule {
    let owned = |text: &str| text.to_owned();
    PolicyRule {
        api_groups: Some(vec![owned(group)]),
        resources: Some(vec![owned(resource)]),
        verbs: verbs.iter().copied().map(owned).collect(),
        ..PolicyRule::default()
    }
}

/// A rule about credential specs; with names, about those alone.
pub(crate) fn spec_rule(verbs: &[&str], names: Option<Vec<String>>) -> PolicyRule {
    PolicyRule { resource_names: names, ..rule(GROUP, gmsa_types::PLURAL, verbs) }
}

#[allow(
    clippy::useless_conversion,
    reason = "roleRef.apiGroup is optional in Kubernetes 1.36, required before"
)]
pub(crate) fn role_ref(kind: &str, name: &str) -> RoleRef {
    RoleRef { api_group: RBAC_GROUP.to_owned().into(), kind: kind.to_owned(), name: name.to_owned() }
}
