//! Short ways to write roles, bindings and questions.

use gmsa_rbac::{AccessQuestion, Answer, NearMiss, Rbac};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use serde_json::{Value, from_value, json};

/// Adds every object of these kinds among `objects`.
pub(crate) fn insert(rbac: &mut Rbac, objects: impl IntoIterator<Item = Value>) {
    for object in objects {
        match object["kind"].as_str().unwrap() {
            "ClusterRole" => rbac.insert_cluster_role(from_value::<ClusterRole>(object).unwrap()),
            "Role" => rbac.insert_role(from_value::<Role>(object).unwrap()),
            "ClusterRoleBinding" => {
                rbac.insert_cluster_role_binding(from_value::<ClusterRoleBinding>(object).unwrap());
            }
            "RoleBinding" => rbac.insert_role_binding(from_value::<RoleBinding>(object).unwrap()),
            _ => {}
        }
    }
}

pub(crate) fn rbac(objects: impl IntoIterator<Item = Value>) -> Rbac {
    let mut rbac = Rbac::default();
    insert(&mut rbac, objects);
    rbac
}

pub(crate) fn question<'a>(account: &'a str, spec: &'a str) -> AccessQuestion<'a> {
    let (namespace, name) = account.split_once('/').unwrap();
    AccessQuestion::new(namespace, name, spec)
}

/// The near misses of a question that must be denied.
pub(crate) fn near_misses(rbac: &Rbac, question: &AccessQuestion<'_>) -> Vec<NearMiss> {
    match rbac.explain(question) {
        Answer::Allow(grant) => panic!("{grant}"),
        Answer::Deny(refusal) => refusal.near_misses().to_vec(),
    }
}

pub(crate) fn rule(verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]) -> Value {
    json!({"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names})
}

pub(crate) fn use_of(names: &[&str]) -> Value {
    rule(&["use"], &["windows.k8s.io"], &["gmsacredentialspecs"], names)
}

pub(crate) fn cluster_role(name: &str, rules: &[Value]) -> Value {
    json!({"kind": "ClusterRole", "metadata": {"name": name}, "rules": rules})
}

pub(crate) fn role(path: &str, rules: &[Value]) -> Value {
    let (namespace, name) = path.split_once('/').unwrap();
    json!({"kind": "Role", "metadata": {"namespace": namespace, "name": name}, "rules": rules})
}

/// `role` is `KIND/NAME`.
pub(crate) fn cluster_role_binding(name: &str, role: &str, subjects: &[Value]) -> Value {
    json!({"kind": "ClusterRoleBinding", "metadata": {"name": name}, "roleRef": role_ref(role), "subjects": subjects})
}

/// `path` is `NAMESPACE/NAME`, `role` is `KIND/NAME`.
pub(crate) fn role_binding(path: &str, role: &str, subjects: &[Value]) -> Value {
    let (namespace, name) = path.split_once('/').unwrap();
    let metadata = json!({"namespace": namespace, "name": name});
    json!({"kind": "RoleBinding", "metadata": metadata, "roleRef": role_ref(role), "subjects": subjects})
}

pub(crate) fn account(path: &str) -> Value {
    let (namespace, name) = path.split_once('/').unwrap();
    json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
}

pub(crate) fn user(name: &str) -> Value {
    json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

pub(crate) fn group(name: &str) -> Value {
    json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

fn role_ref(role: &str) -> Value {
    let (kind, name) = role.split_once('/').unwrap();
    json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name})
}
