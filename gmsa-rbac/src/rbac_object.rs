use std::collections::BTreeMap;

use k8s_openapi::{
    api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde::{Serialize, Serializer};

use crate::{Rbac, rbac::RoleKey};

/// An object of the RBAC API, of whichever kind.
///
/// It is serialized as the object that it is, with `apiVersion` and `kind`, for `kubectl apply`.
///
/// ```
/// use gmsa_rbac::{AccessQuestion, ProposedGrant, Rbac, RbacObject};
///
/// let question = AccessQuestion::new("team-a", "default", "webapp0");
/// let grant = ProposedGrant::new(&question)?;
/// let mut rbac = Rbac::default();
/// for object in [RbacObject::from(grant.cluster_role()), RbacObject::from(grant.role_binding())] {
///     assert_eq!(serde_json::to_value(&object)?["kind"], object.kind());
///     rbac.insert(object);
/// }
/// assert!(rbac.answer(&question).is_allowed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the API group has these four kinds")]
pub enum RbacObject {
    /// A `ClusterRole`.
    ClusterRole(ClusterRole),
    /// A `Role`.
    Role(Role),
    /// A `ClusterRoleBinding`.
    ClusterRoleBinding(ClusterRoleBinding),
    /// A `RoleBinding`.
    RoleBinding(RoleBinding),
}

impl RbacObject {
    /// The kind of the object.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ClusterRole(_) => "ClusterRole",
            Self::Role(_) => "Role",
            Self::ClusterRoleBinding(_) => "ClusterRoleBinding",
            Self::RoleBinding(_) => "RoleBinding",
        }
    }

    /// The metadata of the object.
    pub fn metadata(&self) -> &ObjectMeta {
        match self {
            Self::ClusterRole(object) => &object.metadata,
            Self::Role(object) => &object.metadata,
            Self::ClusterRoleBinding(object) => &object.metadata,
            Self::RoleBinding(object) => &object.metadata,
        }
    }
}

impl Serialize for RbacObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::ClusterRole(object) => object.serialize(serializer),
            Self::Role(object) => object.serialize(serializer),
            Self::ClusterRoleBinding(object) => object.serialize(serializer),
            Self::RoleBinding(object) => object.serialize(serializer),
        }
    }
}

impl From<ClusterRole> for RbacObject {
    fn from(object: ClusterRole) -> Self {
        Self::ClusterRole(object)
    }
}

impl From<Role> for RbacObject {
    fn from(object: Role) -> Self {
        Self::Role(object)
    }
}

impl From<ClusterRoleBinding> for RbacObject {
    fn from(object: ClusterRoleBinding) -> Self {
        Self::ClusterRoleBinding(object)
    }
}

impl From<RoleBinding> for RbacObject {
    fn from(object: RoleBinding) -> Self {
        Self::RoleBinding(object)
    }
}

impl Rbac {
    /// Adds an object, in place of the one of its kind, namespace and name.
    pub fn insert(&mut self, object: impl Into<RbacObject>) {
        match object.into() {
            RbacObject::ClusterRole(object) => self.insert_cluster_role(object),
            RbacObject::Role(object) => self.insert_role(object),
            RbacObject::ClusterRoleBinding(object) => self.insert_cluster_role_binding(object),
            RbacObject::RoleBinding(object) => self.insert_role_binding(object),
        }
    }

    /// A role as an object to apply, with the rules that it has of its own.
    pub(crate) fn role_object(&self, key: RoleKey<'_>) -> Option<RbacObject> {
        let RoleKey { namespace, name } = key;
        if namespace.is_empty() {
            let role = self.cluster_roles.get(name)?;
            return Some(RbacObject::ClusterRole(ClusterRole {
                metadata: role.tags.metadata("", name),
                aggregation_rule: role.aggregation.clone(),
                rules: Some(role.rules.clone()),
            }));
        }
        let role = self.namespaces.get(namespace)?.roles.get(name)?;
        let metadata = role.tags.metadata(namespace, name);
        Some(RbacObject::Role(Role { metadata, rules: Some(role.rules.clone()) }))
    }

    /// A binding as an object to apply; the namespace is empty for that of the cluster.
    pub(crate) fn binding_object(&self, namespace: &str, name: &str) -> Option<RbacObject> {
        let bindings = match namespace {
            "" => &self.cluster_bindings,
            _ => &self.namespaces.get(namespace)?.bindings,
        };
        let binding = bindings.get(name)?;
        let metadata = binding.tags.metadata(namespace, name);
        let (role_ref, subjects) = (binding.role_ref.clone(), Some(binding.subjects.clone()));
        Some(match namespace {
            "" => RbacObject::ClusterRoleBinding(ClusterRoleBinding { metadata, role_ref, subjects }),
            _ => RbacObject::RoleBinding(RoleBinding { metadata, role_ref, subjects }),
        })
    }
}

/// What stays of an object's metadata beside its name, so that it can be written anew without loss.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tags {
    pub(crate) labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

impl Tags {
    pub(crate) fn of(metadata: ObjectMeta) -> Self {
        let mut annotations = metadata.annotations.unwrap_or_default();
        // A copy of the whole object, which `kubectl apply` makes anew.
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        Self { labels: metadata.labels.unwrap_or_default(), annotations }
    }

    pub(crate) fn metadata(&self, namespace: &str, name: &str) -> ObjectMeta {
        let some = |map: &BTreeMap<String, String>| (!map.is_empty()).then(|| map.clone());
        ObjectMeta {
            name: Some(name.to_owned()),
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            labels: some(&self.labels),
            annotations: some(&self.annotations),
            ..ObjectMeta::default()
        }
    }
}
