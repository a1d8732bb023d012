use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use gmsa_types::finding::{ObjectRef, Pointer};
use k8s_openapi::api::rbac::v1::Subject;

use super::WorkloadUse;
use crate::{
    BindingRef, Pods, Rbac, RoleRef,
    nearest::nearest,
    rbac::RoleKey,
    rule::{self, Uses},
    subject::Who,
    who::Bound,
};

/// All that an audit knows, with what several rules need found once.
pub(super) struct Scene<'a> {
    pub(super) rbac: &'a Rbac,
    pub(super) credential_specs: Option<&'a BTreeSet<String>>,
    pub(super) service_accounts: Option<&'a BTreeMap<String, BTreeSet<String>>>,
    pub(super) workloads: &'a [WorkloadUse],
    /// The roles with a rule that permits `use` of anything.
    pub(super) roles: BTreeMap<RoleKey<'a>, UseOfRole<'a>>,
    /// The bindings of those roles.
    pub(super) grants: Vec<GrantOfUse<'a>>,
    /// How many names may still be compared to find what was meant.
    comparisons: Cell<usize>,
}

/// Each comparison takes about a microsecond, and a broken cluster has thousands of names with thousands to compare
/// each to.
const MOST_COMPARISONS: usize = 1_000_000;

/// What a role permits the `use` of.
#[derive(Default)]
pub(super) struct UseOfRole<'a> {
    /// The rule that has a wildcard for the verb, the group or the resource.
    pub(super) wildcard: Option<usize>,
    /// The rules about credential specs that name none and so permit all.
    pub(super) nameless: Vec<usize>,
    /// Whether a rule lists the resource itself: the role was made for credential specs, whatever else it permits.
    pub(super) made_for_specs: bool,
    pub(super) every: bool,
    /// The names that rules list.
    pub(super) names: BTreeSet<&'a str>,
}

pub(super) struct GrantOfUse<'a> {
    pub(super) bound: Bound<'a>,
    pub(super) role: RoleKey<'a>,
    /// The subjects that stand for anybody, with their indices.
    pub(super) subjects: Vec<(usize, Who<'a>, Pods)>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(
        rbac: &'a Rbac,
        credential_specs: Option<&'a BTreeSet<String>>,
        service_accounts: Option<&'a BTreeMap<String, BTreeSet<String>>>,
        workloads: &'a [WorkloadUse],
    ) -> Self {
        let mut roles: BTreeMap<RoleKey<'a>, UseOfRole<'a>> = BTreeMap::new();
        for (key, rules) in rbac.all_roles() {
            for (index, rule) in rules.iter().enumerate() {
                let Some(uses) = rule::uses(rule) else { continue };
                let role = roles.entry(key).or_default();
                if rule::has_wildcard(rule) {
                    role.wildcard.get_or_insert(index);
                }
                if matches!(uses, Uses::Every) && rule::mentions_specs(rule) {
                    role.nameless.push(index);
                }
                role.made_for_specs |= rule::lists_specs(rule);
                match uses {
                    Uses::Every => role.every = true,
                    Uses::Named(names) => role.names.extend(names.iter().map(String::as_str)),
                }
            }
        }
        let grants = rbac
            .all_bindings()
            .filter_map(|bound| {
                let (role, _) = rbac.role(bound.namespace, &bound.binding.role_ref)?;
                roles.contains_key(&role).then(|| GrantOfUse::of(bound, role))
            })
            .collect();
        let comparisons = Cell::new(MOST_COMPARISONS);
        Self { rbac, credential_specs, service_accounts, workloads, roles, grants, comparisons }
    }

    pub(super) fn role_of(&self, grant: &GrantOfUse<'a>) -> Option<&UseOfRole<'a>> {
        self.roles.get(&grant.role)
    }

    /// Whether a controller writes the rules of a role, from those of others.
    pub(super) fn is_aggregated(&self, role: RoleKey<'_>) -> bool {
        role.namespace.is_empty()
            && self.rbac.cluster_roles.get(role.name).is_some_and(|entry| entry.aggregation.is_some())
    }

    /// The name that was probably meant, until this audit has compared too many.
    pub(super) fn nearest<'t>(&self, name: &str, texts: impl Iterator<Item = &'t str>) -> Option<&'t str> {
        let left = self.comparisons.get();
        let mut compared = 0_usize;
        let texts = texts.take(left).inspect(|_| compared = compared.saturating_add(1));
        let found = nearest(name, texts);
        self.comparisons.set(left.saturating_sub(compared));
        found
    }

    /// The credential spec that was probably meant by a name that none has.
    pub(super) fn nearest_spec(&self, name: &str) -> Option<&'a str> {
        self.nearest(name, self.credential_specs?.iter().map(String::as_str))
    }
}

impl<'a> GrantOfUse<'a> {
    fn of(bound: Bound<'a>, role: RoleKey<'a>) -> Self {
        let who = |(index, subject): (usize, &'a Subject)| {
            let who = Who::of(subject, bound.namespace)?;
            Some((index, who, Pods::of(who, bound.namespace)))
        };
        Self { bound, role, subjects: bound.binding.subjects.iter().enumerate().filter_map(who).collect() }
    }

    pub(super) fn object(&self) -> ObjectRef {
        object_of_binding(&self.bound.to_ref())
    }

    /// Whether any pod can run with what is granted.
    pub(super) fn serves_pods(&self) -> bool {
        self.subjects.iter().any(|(_, _, pods)| *pods != Pods::None)
    }
}

pub(super) fn subject_at(index: usize) -> Pointer {
    Pointer::new(format!("/subjects/{index}"))
}

pub(super) fn object_of_binding(binding: &BindingRef) -> ObjectRef {
    in_namespace(ObjectRef::named(binding.kind(), binding.name()), binding.namespace())
}

pub(super) fn object_of_role(role: &RoleRef) -> ObjectRef {
    in_namespace(ObjectRef::named(role.kind(), role.name()), role.namespace())
}

fn in_namespace(object: ObjectRef, namespace: Option<&str>) -> ObjectRef {
    match namespace {
        Some(namespace) => object.in_namespace(namespace),
        None => object,
    }
}
