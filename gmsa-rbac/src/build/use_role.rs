use std::collections::{BTreeMap, BTreeSet};

use gmsa_types::{CredentialSpecName, VERB_USE};
use k8s_openapi::api::rbac::v1::ClusterRole;

use super::{conventional_labels, metadata, spec_rule, use_role_name};
use crate::{RbacName, check_rbac_name};

/// The `ClusterRole` that permits `use` of the credential specs that it names, and nothing else.
///
/// It names one at least: a rule without names permits all of them, and there is no way to make one here. Unless
/// it is [named](Self::named), it is called `use-gmsa-SPEC`, with all its credential specs divided by colons.
///
/// A role of its own for each credential spec keeps what a binding grants plain to see.
///
/// Source: Kubernetes, "Configure GMSA for Windows Pods and containers", section "Configure cluster role to enable
/// RBAC on specific GMSA credential specs".
///
/// ```
/// use gmsa_rbac::build::UseRole;
/// use gmsa_types::CredentialSpecName;
///
/// let role = UseRole::new(CredentialSpecName::try_from("webapp1")?).and(CredentialSpecName::try_from("db")?);
/// let object = role.cluster_role();
/// assert_eq!(object.metadata.name.as_deref(), Some("use-gmsa-db:webapp1"));
/// assert_eq!(object.rules.unwrap()[0].resource_names.as_deref(), Some(&["db".to_owned(), "webapp1".to_owned()][..]));
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseRole {
    names: BTreeSet<String>,
    name: Option<RbacName>,
    labels: BTreeMap<String, String>,
}

impl UseRole {
    /// The role for one credential spec.
    pub fn new(credential_spec: CredentialSpecName<'_>) -> Self {
        Self::naming([credential_spec.into()].into())
    }

    /// The role for several; `None` for none, since a role that names none would permit all.
    pub fn of<'n>(credential_specs: impl IntoIterator<Item = CredentialSpecName<'n>>) -> Option<Self> {
        let names: BTreeSet<String> = credential_specs.into_iter().map(String::from).collect();
        (!names.is_empty()).then(|| Self::naming(names))
    }

    /// The role for one name as it is printed somewhere, which need not be one that a credential spec can have.
    ///
    /// The API server takes any text for a resource name, and so `gmsa-WebApp1` in the documentation's example;
    /// but no credential spec is called that, and the role permits nothing.
    pub fn as_printed(resource_name: impl Into<String>) -> Self {
        Self::naming([resource_name.into()].into())
    }

    fn naming(names: BTreeSet<String>) -> Self {
        Self { names, name: None, labels: conventional_labels() }
    }

    /// Adds a credential spec.
    #[must_use]
    pub fn and(mut self, credential_spec: CredentialSpecName<'_>) -> Self {
        self.names.insert(credential_spec.into());
        self
    }

    /// Calls the role something else.
    #[must_use]
    pub fn named(self, name: RbacName) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Adds a label, in place of one of that key.
    #[must_use]
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Takes all labels away.
    #[must_use]
    pub fn without_labels(self) -> Self {
        Self { labels: BTreeMap::new(), ..self }
    }

    /// What the role is called.
    pub fn name(&self) -> RbacName {
        self.name.clone().unwrap_or_else(|| {
            let mut name = use_role_name(self.names.iter().map(String::as_str));
            // Only a name as it is printed somewhere can have these in it.
            if !check_rbac_name(&name).is_empty() {
                name = name.replace(['/', '%'], "-");
            }
            RbacName::made(name)
        })
    }

    /// The names of the credential specs, in order.
    pub fn credential_specs(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(super) fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// The object.
    pub fn cluster_role(&self) -> ClusterRole {
        let names = self.names.iter().cloned().collect();
        ClusterRole {
            metadata: metadata(self.name().as_str(), &self.labels),
            rules: Some(vec![spec_rule(&[VERB_USE], Some(names))]),
            ..ClusterRole::default()
        }
    }
}
