use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use k8s_openapi::api::rbac::v1 as k8s;

use crate::{
    AccessQuestion,
    rbac::{RoleKey, RoleTarget},
    rbac_object::Tags,
    subject::{Asker, Who},
};

/// The bindings of one namespace, or those of the cluster, with an index from subjects to the roles that they hold.
///
/// **Invariant:** the index has an entry for a user or group, a role and a binding exactly if the binding refers to
/// the role and a subject of it stands for that user or group. A service account is a user to the authorizer, and so
/// it is here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bindings {
    by_name: BTreeMap<Arc<str>, Binding>,
    users: BTreeMap<String, Held>,
    groups: BTreeMap<String, Held>,
}

#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) tags: Tags,
    pub(crate) subjects: Vec<k8s::Subject>,
    pub(crate) role_ref: k8s::RoleRef,
}

/// What one user or group holds through the bindings of one namespace, or of the cluster.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    pub(crate) cluster_roles: HeldRoles,
    pub(crate) roles: HeldRoles,
    /// By references that can refer to no role.
    pub(crate) nothing: HeldThrough,
}

/// By the name of the role.
pub(crate) type HeldRoles = BTreeMap<Arc<str>, HeldThrough>;

/// The bindings by name, each with the index of the first subject that is the holder: only that one counts.
pub(crate) type HeldThrough = BTreeMap<Arc<str>, usize>;

impl Bindings {
    /// Adds a binding of `namespace`, in place of the one of that name, which is returned.
    pub(crate) fn insert(&mut self, namespace: &str, name: &str, binding: Binding) -> Option<Binding> {
        let replaced = self.remove(namespace, name);
        let name: Arc<str> = name.into();
        let target = RoleTarget::of(namespace, &binding.role_ref);
        let role: Option<Arc<str>> = target.name().map(Arc::from);
        for (index, subject) in binding.subjects.iter().enumerate() {
            let Some(who) = Who::of(subject, namespace) else { continue };
            let (holders, key) = self.holders(who);
            let held = holders.entry(key).or_default();
            let through = match (target, &role) {
                (RoleTarget::ClusterRole(_), Some(role)) => {
                    held.cluster_roles.entry(Arc::clone(role)).or_default()
                }
                (RoleTarget::Role(_), Some(role)) => held.roles.entry(Arc::clone(role)).or_default(),
                _ => &mut held.nothing,
            };
            through.entry(Arc::clone(&name)).or_insert(index);
        }
        self.by_name.insert(name, binding);
        replaced
    }

    pub(crate) fn remove(&mut self, namespace: &str, name: &str) -> Option<Binding> {
        let binding = self.by_name.remove(name)?;
        let target = RoleTarget::of(namespace, &binding.role_ref);
        for who in binding.subjects.iter().filter_map(|subject| Who::of(subject, namespace)) {
            let (holders, key) = self.holders(who);
            let Entry::Occupied(mut holder) = holders.entry(key) else { continue };
            holder.get_mut().forget(target, name);
            if holder.get().is_empty() {
                holder.remove();
            }
        }
        Some(binding)
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

    /// What the asker holds, as a user and through each of its groups.
    pub(crate) fn held_by(&self, asker: &Asker) -> [Option<&Held>; 3] {
        let [first, second] = asker.groups();
        [self.users.get(&*asker.user), self.groups.get(first), self.groups.get(second)]
    }

    /// What a user holds, by itself and through each of these groups.
    pub(crate) fn held_by_user<'g>(
        &self,
        user: &str,
        groups: impl IntoIterator<Item = &'g str>,
    ) -> impl Iterator<Item = &Held> {
        self.users.get(user).into_iter().chain(groups.into_iter().filter_map(|group| self.groups.get(group)))
    }

    /// The bindings of which the asker is a subject, by name, each with that subject.
    pub(crate) fn of<'r>(
        &'r self,
        namespace: &'r str,
        asker: &Asker,
    ) -> impl Iterator<Item = (&'r str, &'r Binding, Who<'r>)> + use<'r> {
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, index) in self.held_by(asker).into_iter().flatten().flat_map(Held::through) {
            let first = names.entry(name).or_insert(index);
            *first = index.min(*first);
        }
        names.into_iter().filter_map(move |(name, index)| {
            let (name, binding) = self.by_name.get_key_value(name)?;
            Some((&**name, binding, Who::of(binding.subjects.get(index)?, namespace)?))
        })
    }

    fn holders(&mut self, who: Who<'_>) -> (&mut BTreeMap<String, Held>, String) {
        match who {
            Who::User(name) => (&mut self.users, name.to_owned()),
            Who::Group(name) => (&mut self.groups, name.to_owned()),
            Who::ServiceAccount { namespace, name } => {
                (&mut self.users, AccessQuestion::new(namespace, name, "").user_name())
            }
        }
    }
}

impl Held {
    /// Every binding through which something is held.
    fn through(&self) -> impl Iterator<Item = (&str, usize)> {
        let roles = self.cluster_roles.values().chain(self.roles.values());
        roles.chain([&self.nothing]).flatten().map(|(name, index)| (&**name, *index))
    }

    /// The index of the subject that is the holder, if a role is held through that binding.
    pub(crate) fn subject(&self, role: RoleKey<'_>, binding: &str) -> Option<usize> {
        let roles = if role.namespace.is_empty() { &self.cluster_roles } else { &self.roles };
        roles.get(role.name)?.get(binding).copied()
    }

    fn forget(&mut self, target: RoleTarget<'_>, binding: &str) {
        let (roles, role) = match target {
            RoleTarget::ClusterRole(role) => (&mut self.cluster_roles, role),
            RoleTarget::Role(role) => (&mut self.roles, role),
            RoleTarget::Nothing => {
                self.nothing.remove(binding);
                return;
            }
        };
        if let Some(through) = roles.get_mut(role) {
            through.remove(binding);
            if through.is_empty() {
                roles.remove(role);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.cluster_roles.is_empty() && self.roles.is_empty() && self.nothing.is_empty()
    }
}
