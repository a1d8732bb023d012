//! Pods, reviews and facts for the laws: what the crate gives its users to test with, under short names.

use gmsa_admission::Snapshot;
pub use gmsa_admission::samples::{
    NAMES, NAMESPACE, SECRET, SERVICE_ACCOUNT, UNANSWERED, contents as canonical, permissive_facts, review,
};
pub use gmsa_admission::strategy::{expanded_pod, facts, misshapen_pod, pod, proper_pod};

use serde_json::{Value, json};

/// The lists of containers that there are, told apart from those of the crate, whose walk of them is on trial.
pub const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// The contents of the credential spec of that name.
pub fn document(name: &str) -> String {
    gmsa_admission::samples::document(name).to_string()
}

/// Has the credential specs of these names, and lets the service account use those that are permitted.
pub fn cluster(names: &[&str], permitted: &[&str]) -> Snapshot {
    let mut cluster = Snapshot::default();
    for name in names {
        let document: Value = gmsa_admission::samples::document(name);
        cluster
            .insert(&json!({"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec",
                "metadata": {"name": name}, "credspec": document}))
            .unwrap();
    }
    let rules = json!([{"apiGroups": ["windows.k8s.io"], "resources": ["gmsacredentialspecs"], "verbs": ["use"],
        "resourceNames": permitted}]);
    let rules = if permitted.is_empty() { json!([]) } else { rules };
    cluster
        .insert(&json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "use"},
             "rules": rules},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
             "metadata": {"name": "use", "namespace": NAMESPACE},
             "subjects": [{"kind": "ServiceAccount", "name": SERVICE_ACCOUNT}],
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "use"}}]}))
        .unwrap();
    cluster
}
