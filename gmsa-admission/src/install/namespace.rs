//! The namespace of the webhook, and the quota that lets critical pods run in it.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        Namespace, ResourceQuota, ResourceQuotaSpec, ScopeSelector, ScopedResourceSelectorRequirement,
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta},
};

use super::{InstallName, labels, server::PRIORITY_CLASS};

/// The namespace, in which every pod must be as harmless as the webhook's are.
///
/// Source: Kubernetes, "Pod Security Admission".
pub(super) fn namespace(name: &InstallName) -> Namespace {
    let mut labels = labels::all(name);
    for mode in ["enforce", "warn"] {
        labels.insert(format!("pod-security.kubernetes.io/{mode}"), "restricted".to_owned());
    }
    Namespace {
        metadata: ObjectMeta {
            name: Some(name.namespace().to_owned()),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    }
}

/// Permits pods of the webhook's priority: an API server can be told to take them only where a quota says so, and some
/// providers do, for every namespace but `kube-system`. Elsewhere it limits nothing that matters.
///
/// Source: Kubernetes, "Resource Quotas", section "Limit Priority Class consumption by default".
pub(super) fn critical_pods(name: &InstallName) -> ResourceQuota {
    ResourceQuota {
        metadata: ObjectMeta { name: Some(name.suffixed("critical-pods")), ..labels::metadata(name) },
        spec: Some(ResourceQuotaSpec {
            hard: Some(BTreeMap::from([("pods".to_owned(), Quantity("100".to_owned()))])),
            scope_selector: Some(ScopeSelector {
                match_expressions: Some(vec![ScopedResourceSelectorRequirement {
                    scope_name: "PriorityClass".to_owned(),
                    operator: "In".to_owned(),
                    values: Some(vec![PRIORITY_CLASS.to_owned()]),
                }]),
            }),
            scopes: None,
        }),
        status: None,
    }
}
