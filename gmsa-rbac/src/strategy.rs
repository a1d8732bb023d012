//! Strategies for property tests: roles, bindings, and questions about credential specs.
//!
//! All are made of the few names in [`NAMESPACES`], [`SERVICE_ACCOUNTS`] and [`CREDENTIAL_SPECS`], so that a
//! question is sometimes allowed, sometimes by several bindings, and references sometimes lead nowhere.
//!
//! ```
//! use gmsa_rbac::{AccessQuestion, Rbac, strategy};
//! use proptest::{prelude::*, test_runner::TestRunner};
//!
//! TestRunner::default().run(&strategy::objects(), |objects| {
//!     let mut rbac = Rbac::default();
//!     objects.into_iter().for_each(|object| rbac.insert(object));
//!     let allowed = rbac.answer(&AccessQuestion::new("a", "x", "s")).is_allowed();
//!     let held = rbac.who_can_use("s").iter().any(|holder| holder.pods().include("a", "x"));
//!     prop_assert_eq!(allowed, held);
//!     Ok(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use gmsa_types::VERB_USE;
use k8s_openapi::{
    api::rbac::v1::{AggregationRule, ClusterRole, PolicyRule, Subject},
    apimachinery::pkg::apis::meta::v1::LabelSelector,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    AccessQuestion, RbacObject, build,
    vocabulary::{
        self, BINDINGS, GROUPS, REFERENCES, RESOURCES, ROLE_KINDS, ROLES, SUBJECT_GROUPS, URLS, USERS, VERBS,
        owned,
    },
};

/// The namespaces; one has the separator of user names in it.
pub const NAMESPACES: &[&str] = vocabulary::NAMESPACES;
/// The names of service accounts.
pub const SERVICE_ACCOUNTS: &[&str] = vocabulary::SERVICE_ACCOUNTS;
/// The names of credential specs: two that are valid, and some that no credential spec can have.
pub const CREDENTIAL_SPECS: &[&str] = vocabulary::CREDENTIAL_SPECS;

/// Up to 40 [`object`]s; of two with one kind, namespace and name, the later takes the place of the earlier.
pub fn objects() -> impl Strategy<Value = Vec<RbacObject>> {
    vec(object(), 0..40)
}

/// A role or a binding, in a namespace or not.
pub fn object() -> impl Strategy<Value = RbacObject> {
    let rules = || vec(rule(), 0..3);
    let role_ref = || (select(ROLE_KINDS), select(REFERENCES));
    let subjects = || vec(subject(), 0..4);
    prop_oneof![
        (select(ROLES), rules()).prop_map(|(name, rules)| vocabulary::role(None, name, rules)),
        (select(NAMESPACES), select(ROLES), rules()).prop_map(|(namespace, name, rules)| vocabulary::role(
            Some(namespace),
            name,
            rules
        )),
        (select(BINDINGS), role_ref(), subjects())
            .prop_map(|(name, role, subjects)| vocabulary::binding(None, name, role, subjects)),
        (select(NAMESPACES), select(BINDINGS), role_ref(), subjects()).prop_map(
            |(namespace, name, role, subjects)| vocabulary::binding(Some(namespace), name, role, subjects)
        ),
    ]
}

/// A `ClusterRole` that carries a label by which others aggregate it, aggregates those with one, both, or neither.
pub fn aggregating_role() -> impl Strategy<Value = RbacObject> {
    let label = || option::of(select(&["one", "two"][..]));
    let labels = |value: &str| [("aggregate".to_owned(), value.to_owned())].into();
    (select(&["r1", "r2", "r3"][..]), vec(rule(), 0..3), label(), label()).prop_map(
        move |(name, rules, label, selected)| {
            let mut metadata = vocabulary::metadata(None, name);
            metadata.labels = label.map(labels);
            let selector =
                |value| LabelSelector { match_labels: Some(labels(value)), ..LabelSelector::default() };
            let aggregation_rule =
                selected.map(|value| AggregationRule { cluster_role_selectors: Some(vec![selector(value)]) });
            ClusterRole { metadata, rules: Some(rules), aggregation_rule }.into()
        },
    )
}

/// A rule. Half of them permit the `use` of something, or worlds in which anything is allowed would be rare; the
/// others come near it, and say more or less.
pub fn rule() -> impl Strategy<Value = PolicyRule> {
    let list = |from: &'static [&'static str]| vec(select(from), 0..3);
    let odd = (
        vec(select(VERBS), 1..3),
        list(GROUPS),
        list(RESOURCES),
        option::of(list(CREDENTIAL_SPECS)),
        option::weighted(0.1, list(URLS)),
    )
        .prop_map(|(verbs, groups, resources, names, urls)| PolicyRule {
            verbs: owned(verbs),
            api_groups: Some(owned(groups)),
            resources: Some(owned(resources)),
            resource_names: names.map(owned),
            non_resource_urls: urls.map(owned),
        });
    prop_oneof![
        list(CREDENTIAL_SPECS).prop_map(|names| build::spec_rule(&[VERB_USE], Some(owned(names)))),
        odd
    ]
}

/// A subject of a binding: mostly service accounts, with a namespace or without, and what stands for them.
pub fn subject() -> impl Strategy<Value = Subject> {
    prop_oneof![
        4 => (select(SERVICE_ACCOUNTS), option::of(select(NAMESPACES)))
            .prop_map(|(name, namespace)| vocabulary::subject("ServiceAccount", namespace, name)),
        1 => select(USERS).prop_map(|name| vocabulary::subject("User", None, name)),
        1 => select(SUBJECT_GROUPS).prop_map(|name| vocabulary::subject("Group", None, name)),
        1 => select(SERVICE_ACCOUNTS).prop_map(|name| vocabulary::subject("serviceaccount", None, name)),
    ]
}

/// A question about these accounts and credential specs, now and then in no namespace.
pub fn question() -> impl Strategy<Value = AccessQuestion<'static>> {
    let namespace = prop_oneof![6 => select(NAMESPACES), 2 => Just("")];
    (namespace, select(SERVICE_ACCOUNTS), select(CREDENTIAL_SPECS))
        .prop_map(|(namespace, account, spec)| AccessQuestion::new(namespace, account, spec))
}
