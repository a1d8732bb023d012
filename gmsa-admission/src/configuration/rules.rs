//! Which requests concern gMSA: the rules that webhook configurations and policies share.

use k8s_openapi::api::admissionregistration::v1::{MatchCondition, RuleWithOperations};

use crate::{cel, workload::WorkloadKind};

/// The requests that can bring an identity into a pod. Everything else of a pod that has one cannot be changed: the
/// API server sees to it on `pods` UPDATE, `pods/resize` and `pods/status`.
///
/// Source: Kubernetes `pkg/registry/core/pod/strategy.go`.
pub(crate) fn resource_rules() -> [RuleWithOperations; 2] {
    let list = |item: &str| Some(vec![item.to_owned()]);
    let rule = |operation: &str, resource: &str| RuleWithOperations {
        api_groups: list(""),
        api_versions: list("v1"),
        operations: list(operation),
        resources: list(resource),
        scope: Some("Namespaced".to_owned()),
    };
    [rule("CREATE", "pods"), rule("UPDATE", "pods/ephemeralcontainers")]
}

/// Lets only pods through that have gMSA fields.
pub(crate) fn match_conditions() -> Vec<MatchCondition> {
    vec![MatchCondition { name: "uses-gmsa".to_owned(), expression: cel::uses_gmsa() }]
}

/// The requests that can bring in a pod template.
pub(super) fn template_rules() -> Vec<RuleWithOperations> {
    let rule = |kind: WorkloadKind| RuleWithOperations {
        api_groups: Some(vec![kind.group().to_owned()]),
        api_versions: Some(vec![kind.version().to_owned()]),
        operations: Some(vec!["CREATE".to_owned(), "UPDATE".to_owned()]),
        resources: Some(vec![kind.resource().to_owned()]),
        scope: Some("Namespaced".to_owned()),
    };
    WorkloadKind::templated().map(rule).collect()
}

/// Lets only templates through that have gMSA fields, and whose author can be told something.
pub(super) fn template_match_conditions() -> Vec<MatchCondition> {
    [("uses-gmsa", cel::template_uses_gmsa()), ("has-no-controller", cel::has_no_controller())]
        .map(|(name, expression)| MatchCondition { name: name.to_owned(), expression })
        .into()
}
