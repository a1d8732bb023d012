//! The few names of which made-up objects and questions consist, so that they meet.

use k8s_openapi::{
    api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use crate::{RbacObject, build::role_ref};

pub(crate) const NAMESPACES: &[&str] = &["a", "b", "a:b"];
pub(crate) const SERVICE_ACCOUNTS: &[&str] = &["x", "y", "b:x"];
pub(crate) const CREDENTIAL_SPECS: &[&str] = &["s", "t", "S", "*", ""];

/// The names of roles that there are.
pub(crate) const ROLES: &[&str] = &["r1", "r2"];
/// The names of roles that bindings refer to.
pub(crate) const REFERENCES: &[&str] = &["r1", "r2", "r1", "r2", "missing"];
pub(crate) const BINDINGS: &[&str] = &["b1", "b2", "b3"];
pub(crate) const ROLE_KINDS: &[&str] = &["ClusterRole", "Role"];
pub(crate) const VERBS: &[&str] = &["use", "use", "use", "*", "get", "USE"];
pub(crate) const GROUPS: &[&str] = &["windows.k8s.io", "windows.k8s.io", "*", "", "windows.k8s.io/v1"];
pub(crate) const RESOURCES: &[&str] =
    &["gmsacredentialspecs", "gmsacredentialspecs", "*", "gmsacredentialspecs/status", "*/*", "pods"];
pub(crate) const URLS: &[&str] = &["*", "/healthz"];
pub(crate) const USERS: &[&str] =
    &["system:serviceaccount:a:x", "system:serviceaccount:a:b:x", "system:serviceaccount:b:y", "x", "*"];
pub(crate) const SUBJECT_GROUPS: &[&str] = &[
    "system:serviceaccounts",
    "system:serviceaccounts:a",
    "system:serviceaccounts:b",
    "system:authenticated",
];
/// A role of the cluster, or of a namespace.
pub(crate) fn role(namespace: Option<&str>, name: &str, rules: Vec<PolicyRule>) -> RbacObject {
    let metadata = metadata(namespace, name);
    match namespace {
        None => ClusterRole { metadata, rules: Some(rules), aggregation_rule: None }.into(),
        Some(_) => Role { metadata, rules: Some(rules) }.into(),
    }
}

/// A binding in the cluster, or in a namespace.
pub(crate) fn binding(
    namespace: Option<&str>,
    name: &str,
    (kind, role): (&str, &str),
    subjects: Vec<Subject>,
) -> RbacObject {
    let (metadata, role_ref, subjects) = (metadata(namespace, name), role_ref(kind, role), Some(subjects));
    match namespace {
        None => ClusterRoleBinding { metadata, role_ref, subjects }.into(),
        Some(_) => RoleBinding { metadata, role_ref, subjects }.into(),
    }
}

pub(crate) fn subject(kind: &str, namespace: Option<&str>, name: &str) -> Subject {
    let namespace = namespace.map(str::to_owned);
    Subject { kind: kind.to_owned(), namespace, name: name.to_owned(), api_group: None }
}

pub(crate) fn metadata(namespace: Option<&str>, name: &str) -> ObjectMeta {
    let namespace = namespace.map(str::to_owned);
    ObjectMeta { namespace, name: Some(name.to_owned()), ..ObjectMeta::default() }
}

pub(crate) fn owned(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}
