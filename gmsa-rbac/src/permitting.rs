use std::{collections::BTreeMap, sync::Arc};

use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::rule::{Uses, uses};

/// The roles of one namespace, or the cluster's, by the credential specs that they permit the `use` of.
///
/// **Invariant:** a role is listed under a name, or under every name, exactly if one of its rules permits that; the
/// number beside it is the index of the first such rule.
#[derive(Debug, Clone, Default)]
pub(crate) struct Permitting {
    named: BTreeMap<String, FirstRules>,
    every: FirstRules,
}

/// By the name of the role.
type FirstRules = BTreeMap<Arc<str>, usize>;

impl Permitting {
    /// Adds a role that is not there.
    pub(crate) fn insert(&mut self, role: &str, rules: &[PolicyRule]) {
        let role: Arc<str> = role.into();
        for (index, rule) in rules.iter().enumerate() {
            match uses(rule) {
                Some(Uses::Every) => {
                    self.every.entry(Arc::clone(&role)).or_insert(index);
                }
                Some(Uses::Named(names)) => {
                    for name in names {
                        let roles = self.named.entry(name.clone()).or_default();
                        roles.entry(Arc::clone(&role)).or_insert(index);
                    }
                }
                None => {}
            }
        }
    }

    /// Removes a role that was added with these rules.
    pub(crate) fn remove(&mut self, role: &str, rules: &[PolicyRule]) {
        self.every.remove(role);
        for rule in rules {
            let Some(Uses::Named(names)) = uses(rule) else { continue };
            for name in names {
                if let Some(roles) = self.named.get_mut(name) {
                    roles.remove(role);
                    if roles.is_empty() {
                        self.named.remove(name);
                    }
                }
            }
        }
    }

    /// The roles that permit the `use` of a credential spec.
    pub(crate) fn of(&self, credential_spec: &str) -> RolesPermitting<'_> {
        RolesPermitting { named: self.named.get(credential_spec), every: &self.every }
    }
}

/// The roles that permit the `use` of one credential spec.
#[derive(Clone, Copy)]
pub(crate) struct RolesPermitting<'p> {
    named: Option<&'p FirstRules>,
    every: &'p FirstRules,
}

impl<'p> RolesPermitting<'p> {
    /// The role's first rule that permits it.
    pub(crate) fn rule(self, role: &str) -> Option<usize> {
        let named = self.named.and_then(|roles| roles.get(role));
        named.into_iter().chain(self.every.get(role)).min().copied()
    }

    /// The roles among `held` that permit it, each with its first rule that does. Goes through the fewer of the
    /// two: an account that holds thousands of roles, or a credential spec that thousands of roles name, are no scan.
    pub(crate) fn among<'h, V>(
        self,
        held: &'h BTreeMap<Arc<str>, V>,
    ) -> impl Iterator<Item = (&'h str, &'h V, usize)> + use<'h, 'p, V> {
        let fewer_held = held.len() <= self.named.map_or(0, BTreeMap::len).saturating_add(self.every.len());
        let from_held = fewer_held.then_some(held).into_iter().flatten();
        let from_roles = (!fewer_held).then(|| self.named.into_iter().flatten().chain(self.every));
        let found = from_roles.into_iter().flatten().filter_map(|(role, _)| held.get_key_value(role));
        from_held.chain(found).filter_map(move |(role, value)| Some((&**role, value, self.rule(role)?)))
    }
}
