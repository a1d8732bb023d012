use std::collections::BTreeMap;

use gmsa_types::{InvalidValue, check_dns_label, check_dns_subdomain};
use k8s_openapi::{
    api::rbac::v1::{ClusterRoleBinding, RoleBinding, Subject},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use super::{UseRole, metadata, role_ref};
use crate::{RbacName, subject::RBAC_GROUP};

/// The binding of a [`UseRole`] to service accounts and groups of one namespace.
///
/// A pod runs in the namespace of its service account, and only the bindings of that namespace count for it; hence
/// service accounts are given by their name alone. The binding is called as the role is and has its labels, until
/// told otherwise, so that there is one binding of the role in a namespace.
///
/// Source: Kubernetes, "Configure GMSA for Windows Pods and containers", section "Assign role to service accounts to
/// use specific GMSA credspecs".
///
/// ```
/// use gmsa_rbac::build::{UseBinding, UseRole};
/// use gmsa_types::CredentialSpecName;
///
/// let role = UseRole::new(CredentialSpecName::try_from("webapp1")?);
/// let binding = UseBinding::new(&role, "shop")?.service_account("web")?.service_account("batch")?.role_binding();
/// assert_eq!(binding.metadata.name.as_deref(), Some("use-gmsa-webapp1"));
/// assert_eq!(binding.subjects.unwrap_or_default().len(), 2);
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct UseBinding {
    role: RbacName,
    name: RbacName,
    namespace: String,
    labels: BTreeMap<String, String>,
    subjects: Vec<Subject>,
}

impl UseBinding {
    /// A binding of the role in a namespace, to nobody yet.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if no namespace can have that name.
    pub fn new(role: &UseRole, namespace: impl Into<String>) -> Result<Self, InvalidValue> {
        let namespace = namespace.into();
        check_dns_label("namespace", &namespace)?;
        let name = role.name();
        Ok(Self { role: name.clone(), name, namespace, labels: role.labels().clone(), subjects: Vec::new() })
    }

    /// Adds a service account of the namespace.
    ///
    /// `default` is that of every pod that names none: better give the workload an account of its own.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if no service account can have that name.
    pub fn service_account(mut self, name: impl Into<String>) -> Result<Self, InvalidValue> {
        let name = name.into();
        check_dns_subdomain("service account name", &name)?;
        self.add(self.account(name));
        Ok(self)
    }

    /// Adds all service accounts of the namespace, those to come too: the group
    /// `system:serviceaccounts:NAMESPACE`.
    #[must_use]
    pub fn every_service_account(self) -> Self {
        let group = format!("system:serviceaccounts:{}", self.namespace);
        self.group(group)
    }

    /// Adds a group. Of the groups of a pod only `system:serviceaccounts` and
    /// `system:serviceaccounts:NAMESPACE` count; other groups are of people.
    #[must_use]
    pub fn group(mut self, name: impl Into<String>) -> Self {
        let api_group = Some(RBAC_GROUP.to_owned());
        self.add(Subject { kind: "Group".to_owned(), name: name.into(), namespace: None, api_group });
        self
    }

    /// Calls the binding something else.
    #[must_use]
    pub fn named(self, name: RbacName) -> Self {
        Self { name, ..self }
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The object.
    pub fn role_binding(&self) -> RoleBinding {
        let metadata = metadata(self.name.as_str(), &self.labels);
        RoleBinding {
            metadata: ObjectMeta { namespace: Some(self.namespace.clone()), ..metadata },
            role_ref: role_ref("ClusterRole", self.role.as_str()),
            subjects: Some(self.subjects.clone()),
        }
    }

    /// The same subjects, bound for every namespace of the cluster. The Kubernetes documentation advises against
    /// it, and [`role_binding`](Self::role_binding) does all that a pod needs:
    ///
    /// - whoever may edit the subjects of a cluster role binding gives the identity to any namespace, where those of
    ///   a role binding can be left to the people of the one namespace;
    /// - a group such as `system:serviceaccounts` then stands for the pods of the whole cluster;
    /// - a namespace that is deleted and made again by somebody else finds its accounts bound already.
    ///
    /// Source: Kubernetes, "Role Based Access Control Good Practices", section "Least privilege".
    pub fn cluster_role_binding_for_every_namespace(&self) -> ClusterRoleBinding {
        ClusterRoleBinding {
            metadata: metadata(self.name.as_str(), &self.labels),
            role_ref: role_ref("ClusterRole", self.role.as_str()),
            subjects: Some(self.subjects.clone()),
        }
    }

    /// Adds service accounts whose names are checked already and differ from all that are there.
    pub(crate) fn extend<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        for name in names {
            self.subjects.push(self.account(name.to_owned()));
        }
    }

    fn account(&self, name: String) -> Subject {
        let namespace = Some(self.namespace.clone());
        Subject { kind: "ServiceAccount".to_owned(), name, namespace, api_group: None }
    }

    fn add(&mut self, subject: Subject) {
        if !self.subjects.contains(&subject) {
            self.subjects.push(subject);
        }
    }
}
