use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::{
    api::rbac::v1::{AggregationRule, PolicyRule},
    apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement},
};

use crate::rbac_object::Tags;

/// A `ClusterRole`, less what evaluation has no use for.
#[derive(Debug, Clone)]
pub(crate) struct ClusterRoleEntry {
    pub(crate) tags: Tags,
    pub(crate) aggregation: Option<AggregationRule>,
    pub(crate) rules: Vec<PolicyRule>,
}

impl ClusterRoleEntry {
    /// Whether its rules are still to be gathered from other roles.
    fn waits_for_rules(&self) -> Option<&AggregationRule> {
        self.aggregation.as_ref().filter(|_| self.rules.is_empty())
    }
}

/// The rules of every role that aggregates others and has none of its own, by name.
///
/// The controller fills in one role after another until nothing changes; the result is the union of the rules that
/// can be reached through any number of aggregated roles, each rule once.
///
/// Source: Kubernetes `pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go`.
pub(crate) fn gathered(roles: &BTreeMap<String, ClusterRoleEntry>) -> BTreeMap<String, Vec<PolicyRule>> {
    roles
        .iter()
        .filter_map(|(name, role)| Some((name, role.waits_for_rules()?)))
        .map(|(name, aggregation)| (name.clone(), gather(roles, name, aggregation)))
        .collect()
}

fn gather(
    roles: &BTreeMap<String, ClusterRoleEntry>,
    name: &str,
    aggregation: &AggregationRule,
) -> Vec<PolicyRule> {
    let mut rules: Vec<PolicyRule> = Vec::new();
    let mut seen = BTreeSet::from([name]);
    let mut pending = vec![aggregation];
    while let Some(aggregation) = pending.pop() {
        let selectors = aggregation.cluster_role_selectors.as_deref().unwrap_or_default();
        // The controller gives up on a role with a selector that it cannot read, and leaves it as it is.
        if !selectors.iter().all(is_valid) {
            continue;
        }
        for selector in selectors {
            for (name, role) in roles.iter().filter(|(_, role)| selects(selector, &role.tags.labels)) {
                if !seen.insert(name) {
                    continue;
                }
                pending.extend(role.waits_for_rules());
                for rule in &role.rules {
                    if !rules.contains(rule) {
                        rules.push(rule.clone());
                    }
                }
            }
        }
    }
    rules
}

/// Source: Kubernetes `apimachinery/pkg/apis/meta/v1/helpers.go`, `LabelSelectorAsSelector`.
fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    selector.match_labels.iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().flatten().all(|requirement| {
            let value = labels.get(&requirement.key);
            let listed = || value.is_some_and(|value| values(requirement).contains(value));
            match requirement.operator.as_str() {
                "In" => listed(),
                "NotIn" => !listed(),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}

/// Source: Kubernetes `apimachinery/pkg/labels/selector.go`, `NewRequirement`.
fn is_valid(selector: &LabelSelector) -> bool {
    selector.match_expressions.iter().flatten().all(|requirement| match requirement.operator.as_str() {
        "In" | "NotIn" => !values(requirement).is_empty(),
        "Exists" | "DoesNotExist" => values(requirement).is_empty(),
        _ => false,
    })
}

fn values(requirement: &LabelSelectorRequirement) -> &[String] {
    requirement.values.as_deref().unwrap_or_default()
}
