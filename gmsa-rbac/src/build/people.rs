//! Roles for people, who look at credential specs or write them.

use k8s_openapi::api::rbac::v1::ClusterRole;

use super::{conventional_labels, metadata, spec_rule};

/// The role of those who may look at credential specs, `gmsa-viewer`, which is aggregated to `view` (and so to
/// `edit` and `admin`).
///
/// Credential specs belong to no namespace, so the right comes with a `ClusterRoleBinding` of `view` alone; one who
/// holds `view` in a namespace sees none. Mind what is in them: `PluginInput` is handed to a plug-in on the node
/// and is sometimes a secret.
///
/// Source: Kubernetes, "Using RBAC Authorization", section "Aggregated ClusterRoles".
///
/// ```
/// let role = gmsa_rbac::build::viewer_role();
/// let labels = role.metadata.labels.unwrap_or_default();
/// assert_eq!(labels["rbac.authorization.k8s.io/aggregate-to-view"], "true");
/// ```
pub fn viewer_role() -> ClusterRole {
    let mut labels = conventional_labels();
    labels.insert("rbac.authorization.k8s.io/aggregate-to-view".to_owned(), "true".to_owned());
    ClusterRole {
        metadata: metadata("gmsa-viewer", &labels),
        rules: Some(vec![spec_rule(&["get", "list", "watch"], None)]),
        ..ClusterRole::default()
    }
}

/// The role of those who may write credential specs, `gmsa-editor`. Bind it with care, and to few.
///
/// Who may update a credential spec decides what an approved name stands for: pods and bindings name a credential
/// spec, and nobody is asked again when its contents change. An update makes every pod that starts under that name
/// another account of the directory, or has another plug-in of the node run with other input. No `use` is needed
/// for that, and so this role is as strong as `use` of every credential spec by every account that may use any.
///
/// For that reason it is aggregated to nothing: neither `edit` nor `admin` of a namespace should carry it.
///
/// ```
/// let role = gmsa_rbac::build::editor_role();
/// assert!(role.rules.iter().flatten().all(|rule| !rule.verbs.iter().any(|verb| verb == "use")));
/// ```
pub fn editor_role() -> ClusterRole {
    let verbs = ["get", "list", "watch", "create", "update", "patch", "delete"];
    ClusterRole {
        metadata: metadata("gmsa-editor", &conventional_labels()),
        rules: Some(vec![spec_rule(&verbs, None)]),
        ..ClusterRole::default()
    }
}
