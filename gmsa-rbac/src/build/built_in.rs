//! The roles that every cluster has and manifests leave out.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::rbac::v1::{AggregationRule, ClusterRole, PolicyRule},
    apimachinery::pkg::apis::meta::v1::LabelSelector,
};

use super::metadata;

/// `cluster-admin`, `admin`, `edit` and `view`, less the rules of the latter, none of which is about credential
/// specs.
///
/// Source: Kubernetes `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`.
pub(crate) fn built_in_roles() -> [ClusterRole; 4] {
    let every = || vec!["*".to_owned()];
    let everything = PolicyRule {
        api_groups: Some(every()),
        resources: Some(every()),
        verbs: every(),
        ..Default::default()
    };
    let urls = PolicyRule { non_resource_urls: Some(every()), verbs: every(), ..PolicyRule::default() };
    [
        ClusterRole {
            metadata: metadata("cluster-admin", &BTreeMap::new()),
            rules: Some(vec![everything, urls]),
            ..ClusterRole::default()
        },
        aggregating("admin", None),
        aggregating("edit", Some("admin")),
        aggregating("view", Some("edit")),
    ]
}

/// The role that gathers what is labelled for it, and is labelled for a larger one.
fn aggregating(name: &str, larger: Option<&str>) -> ClusterRole {
    let label = |role: &str| {
        BTreeMap::from([(format!("rbac.authorization.k8s.io/aggregate-to-{role}"), "true".to_owned())])
    };
    let selector = LabelSelector { match_labels: Some(label(name)), ..LabelSelector::default() };
    ClusterRole {
        metadata: metadata(name, &larger.map(label).unwrap_or_default()),
        aggregation_rule: Some(AggregationRule { cluster_role_selectors: Some(vec![selector]) }),
        rules: None,
    }
}
