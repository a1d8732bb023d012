use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use k8s_openapi::api::rbac::v1 as k8s;

use crate::{
    AccessQuestion,
    rbac_object::Tags,
    subject::{Asker, Who},
};

/// The bindings of one namespace, or those of the cluster, with an index from subjects to bindings.
///
/// **Invariant:** the index has an entry for a user or group and a binding exactly if a subject of the binding stands
/// for that user or group. A service account is a user to the authorizer, and so it is here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bindings {
    by_name: BTreeMap<Arc<str>, Binding>,
    users: BTreeMap<String, BTreeSet<Arc<str>>>,
    groups: BTreeMap<String, BTreeSet<Arc<str>>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) tags: Tags,
    pub(crate) subjects: Vec<k8s::Subject>,
    pub(crate) role_ref: k8s::RoleRef,
}

impl Bindings {
    /// Adds a binding of `namespace`, in place of the one of that name.
    pub(crate) fn insert(&mut self, namespace: &str, name: &str, binding: Binding) {
        self.remove(namespace, name);
        let name: Arc<str> = name.into();
        for who in binding.subjects.iter().filter_map(|subject| Who::of(subject, namespace)) {
            let (index, key) = self.index(who);
            index.entry(key).or_default().insert(Arc::clone(&name));
        }
        self.by_name.insert(name, binding);
    }

    pub(crate) fn remove(&mut self, namespace: &str, name: &str) -> bool {
        let Some(binding) = self.by_name.remove(name) else { return false };
        for who in binding.subjects.iter().filter_map(|subject| Who::of(subject, namespace)) {
            let (index, key) = self.index(who);
            if let Some(names) = index.get_mut(&key) {
                names.remove(name);
                if names.is_empty() {
                    index.remove(&key);
                }
            }
        }
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Binding> {
        self.by_name.get(name)
    }

    /// Every binding, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Binding)> {
        self.by_name.iter().map(|(name, binding)| (&**name, binding))
    }

    /// The bindings of which the asker is a subject, by name.
    pub(crate) fn of(&self, asker: &Asker) -> impl Iterator<Item = (&str, &Binding)> + use<'_> {
        let groups = asker.groups.iter().filter_map(|group| self.groups.get(group));
        let mut names: Vec<&str> =
            self.users.get(&asker.user).into_iter().chain(groups).flatten().map(|name| &**name).collect();
        names.sort_unstable();
        names.dedup();
        names
            .into_iter()
            .filter_map(|name| self.by_name.get_key_value(name))
            .map(|(name, binding)| (&**name, binding))
    }

    fn index(&mut self, who: Who<'_>) -> (&mut BTreeMap<String, BTreeSet<Arc<str>>>, String) {
        match who {
            Who::User(name) => (&mut self.users, name.to_owned()),
            Who::Group(name) => (&mut self.groups, name.to_owned()),
            Who::ServiceAccount { namespace, name } => {
                (&mut self.users, AccessQuestion::new(namespace, name, "").user_name())
            }
        }
    }
}
