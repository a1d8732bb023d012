//! The rules that a cluster gives to the roles that gather those of others.

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
    /// Whether the controller gives it the rules of a role with these labels.
    pub(crate) fn gathers(&self, labels: &BTreeMap<String, String>) -> bool {
        let selectors =
            self.aggregation.iter().flat_map(|found| found.cluster_role_selectors.iter().flatten());
        selectors.into_iter().any(|selector| selects(selector, labels))
    }
}

/// The rules of every role that aggregates others, by name: those that it says, then those that it selects.
///
/// The controller fills in one role after another until nothing changes; the result is the union of the rules that
/// can be reached through any number of aggregated roles, each rule once. It drops what such a role said before,
/// which stays here: until the controller comes by, and wherever it does not, that is granted too.
///
/// Source: Kubernetes `pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go`.
pub(crate) fn gathered(roles: &BTreeMap<String, ClusterRoleEntry>) -> BTreeMap<String, Vec<PolicyRule>> {
    let selected: Selected<'_> = roles
        .iter()
        .filter_map(|(name, role)| Some((name.as_str(), selected(roles, role.aggregation.as_ref()?))))
        .collect();
    selected.keys().map(|name| ((*name).to_owned(), gather(roles, &selected, name))).collect()
}

/// The roles that each aggregating role selects.
type Selected<'r> = BTreeMap<&'r str, Vec<&'r str>>;

fn selected<'r>(
    roles: &'r BTreeMap<String, ClusterRoleEntry>,
    aggregation: &AggregationRule,
) -> Vec<&'r str> {
    let selectors = aggregation.cluster_role_selectors.as_deref().unwrap_or_default();
    // The controller gives up on a role with a selector that it cannot read, and leaves it as it is.
    if !selectors.iter().all(is_valid) {
        return Vec::new();
    }
    let is_selected =
        |role: &ClusterRoleEntry| selectors.iter().any(|selector| selects(selector, &role.tags.labels));
    roles.iter().filter(|(_, role)| is_selected(role)).map(|(name, _)| name.as_str()).collect()
}

fn gather(
    roles: &BTreeMap<String, ClusterRoleEntry>,
    selected: &Selected<'_>,
    name: &str,
) -> Vec<PolicyRule> {
    let mut rules = roles.get(name).map(|role| role.rules.clone()).unwrap_or_default();
    let mut known: BTreeSet<_> =
        roles.get(name).into_iter().flat_map(|role| &role.rules).map(parts).collect();
    let mut seen = BTreeSet::from([name]);
    let mut pending = vec![name];
    while let Some(name) = pending.pop() {
        for name in selected.get(name).into_iter().flatten() {
            if !seen.insert(name) {
                continue;
            }
            pending.push(name);
            let own = roles.get(*name).map(|role| role.rules.as_slice()).unwrap_or_default();
            rules.extend(own.iter().filter(|rule| known.insert(parts(rule))).cloned());
        }
    }
    rules
}

/// A rule as something that has an order.
fn parts(rule: &PolicyRule) -> impl Ord + '_ {
    let lists = (&rule.verbs, &rule.api_groups, &rule.resources, &rule.resource_names);
    (lists, &rule.non_resource_urls)
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
