use std::{collections::BTreeMap, mem};

use k8s_openapi::api::rbac::v1 as k8s;

use crate::{
    BindingRef, RoleRef,
    aggregation::{ClusterRoleEntry, gathered},
    bindings::{Binding, Bindings},
    build::built_in_roles,
    permitting::Permitting,
    rbac_object::Tags,
    references::References,
    subject::RBAC_GROUP,
};

/// Roles and bindings, and the answers that Kubernetes' RBAC authorizer gives with them.
///
/// Objects go in one at a time, in any order, and replace the one of the same kind, namespace and name; a watch or
/// a folder of manifests will do. A question is a few lookups, however many objects there are: the roles that the
/// account holds, and those that permit the credential spec, are both known beforehand, and the fewer of them are
/// looked up among the others. Where several bindings allow it, a `ClusterRoleBinding` is named before a
/// `RoleBinding` of the question's namespace, and of these the first by name. The API server goes through them in no
/// particular order, so that it may name another.
///
/// Objects count as the API server would hold them:
/// - a `Role` or `RoleBinding` without a namespace belongs to none and is never found;
/// - a subject or role reference with an `apiGroup` that the API server refuses grants nothing;
/// - a `ClusterRole` has the rules that it says, also with an `aggregationRule`: in a cluster a controller has
///   filled them in. For manifests that no controller has seen there is [`aggregate`](Self::aggregate).
///
/// Source: Kubernetes `plugin/pkg/auth/authorizer/rbac/rbac.go` and `pkg/registry/rbac/validation/rule.go`.
///
/// ```
/// use gmsa_rbac::{AccessQuestion, ProposedGrant, Rbac};
///
/// let question = AccessQuestion::new("team-a", "web", "webapp0");
/// let grant = ProposedGrant::new(&question)?;
/// let mut rbac = Rbac::default();
/// rbac.insert(grant.role_binding());
/// rbac.insert(grant.cluster_role());
/// assert!(rbac.answer(&question).is_allowed());
///
/// // A watch tells that the role was deleted.
/// assert!(rbac.remove_cluster_role("use-gmsa-webapp0"));
/// assert!(!rbac.answer(&question).is_allowed());
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Rbac {
    pub(crate) cluster_roles: BTreeMap<String, ClusterRoleEntry>,
    pub(crate) cluster_bindings: Bindings,
    pub(crate) namespaces: BTreeMap<String, Namespace>,
    /// What `gathered` returned for `cluster_roles`, if somebody asked for it; emptied by every change of them.
    aggregated: BTreeMap<String, Vec<k8s::PolicyRule>>,
    /// Of the cluster's roles, with what was aggregated to them.
    pub(crate) permitting: Permitting,
    /// References to the cluster's roles, from wherever they are.
    pub(crate) references: References,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Namespace {
    pub(crate) roles: BTreeMap<String, RoleEntry>,
    pub(crate) bindings: Bindings,
    /// Of the namespace's own roles.
    pub(crate) permitting: Permitting,
    /// References to the namespace's own roles.
    pub(crate) references: References,
}

/// A `Role`, less what evaluation has no use for.
#[derive(Debug, Clone)]
pub(crate) struct RoleEntry {
    pub(crate) tags: Tags,
    pub(crate) rules: Vec<k8s::PolicyRule>,
}

impl Rbac {
    /// How many near misses [`explain`](Self::explain) reports at most.
    pub const MAX_NEAR_MISSES: usize = 8;

    /// Adds a `ClusterRole`, in place of the one of that name.
    pub fn insert_cluster_role(&mut self, mut role: k8s::ClusterRole) {
        let name = role.metadata.name.take().unwrap_or_default();
        self.remove_cluster_role(&name);
        let entry = ClusterRoleEntry {
            tags: Tags::of(role.metadata),
            aggregation: role.aggregation_rule,
            rules: role.rules.unwrap_or_default(),
        };
        self.permitting.insert(&name, &entry.rules);
        self.references.role_added(&name);
        self.cluster_roles.insert(name, entry);
    }

    /// Adds a `Role`, in place of the one of that namespace and name.
    pub fn insert_role(&mut self, mut role: k8s::Role) {
        let namespace = role.metadata.namespace.take().unwrap_or_default();
        let name = role.metadata.name.take().unwrap_or_default();
        self.remove_role(&namespace, &name);
        let entry = RoleEntry { tags: Tags::of(role.metadata), rules: role.rules.unwrap_or_default() };
        let namespace = self.namespaces.entry(namespace).or_default();
        namespace.permitting.insert(&name, &entry.rules);
        namespace.references.role_added(&name);
        namespace.roles.insert(name, entry);
    }

    /// Adds a `ClusterRoleBinding`, in place of the one of that name.
    pub fn insert_cluster_role_binding(&mut self, mut binding: k8s::ClusterRoleBinding) {
        let name = binding.metadata.name.take().unwrap_or_default();
        let (tags, subjects) = (Tags::of(binding.metadata), binding.subjects.unwrap_or_default());
        self.refer("", &binding.role_ref);
        let binding = Binding { tags, subjects, role_ref: binding.role_ref };
        if let Some(replaced) = self.cluster_bindings.insert("", &name, binding) {
            self.refer_no_more("", &replaced.role_ref);
        }
    }

    /// Adds a `RoleBinding`, in place of the one of that namespace and name.
    pub fn insert_role_binding(&mut self, mut binding: k8s::RoleBinding) {
        let namespace = binding.metadata.namespace.take().unwrap_or_default();
        let name = binding.metadata.name.take().unwrap_or_default();
        let (tags, subjects) = (Tags::of(binding.metadata), binding.subjects.unwrap_or_default());
        let bindings = &mut self.namespaces.entry(namespace.clone()).or_default().bindings;
        let binding = Binding { tags, subjects, role_ref: binding.role_ref };
        let role_ref = binding.role_ref.clone();
        let replaced = bindings.insert(&namespace, &name, binding);
        self.refer(&namespace, &role_ref);
        if let Some(replaced) = replaced {
            self.refer_no_more(&namespace, &replaced.role_ref);
        }
    }

    /// Removes a `ClusterRole`; false if there was none.
    pub fn remove_cluster_role(&mut self, name: &str) -> bool {
        self.forget_aggregated();
        let Some(removed) = self.cluster_roles.remove(name) else { return false };
        self.permitting.remove(name, &removed.rules);
        self.references.role_removed(name);
        true
    }

    /// Removes a `Role`; false if there was none.
    pub fn remove_role(&mut self, namespace: &str, name: &str) -> bool {
        let Some(found) = self.namespaces.get_mut(namespace) else { return false };
        let Some(removed) = found.roles.remove(name) else { return false };
        found.permitting.remove(name, &removed.rules);
        found.references.role_removed(name);
        self.forget_if_empty(namespace);
        true
    }

    /// Removes a `ClusterRoleBinding`; false if there was none.
    pub fn remove_cluster_role_binding(&mut self, name: &str) -> bool {
        let Some(removed) = self.cluster_bindings.remove("", name) else { return false };
        self.refer_no_more("", &removed.role_ref);
        true
    }

    /// Removes a `RoleBinding`; false if there was none.
    pub fn remove_role_binding(&mut self, namespace: &str, name: &str) -> bool {
        let Some(found) = self.namespaces.get_mut(namespace) else { return false };
        let Some(removed) = found.bindings.remove(namespace, name) else { return false };
        self.refer_no_more(namespace, &removed.role_ref);
        self.forget_if_empty(namespace);
        true
    }

    /// Gives each `ClusterRole` that has an `aggregationRule` the rules of the roles it selects, as the controller of
    /// a cluster would, beside those that it says. For objects that come from manifests rather than from a cluster,
    /// where the controller has been at work.
    ///
    /// What was given is forgotten when a `ClusterRole` is inserted or removed, so call it after the last one.
    ///
    /// Source: Kubernetes `pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go`.
    ///
    /// ```
    /// use gmsa_rbac::{AccessQuestion, Rbac};
    /// use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
    ///
    /// let mut rbac = Rbac::default();
    /// rbac.insert(serde_json::from_str::<ClusterRole>(
    ///     r#"{"metadata": {"name": "identities"},
    ///         "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to": "identities"}}]}}"#,
    /// )?);
    /// rbac.insert(serde_json::from_str::<ClusterRole>(
    ///     r#"{"metadata": {"name": "webapp0", "labels": {"to": "identities"}}, "rules": [{"apiGroups": ["windows.k8s.io"],
    ///         "resources": ["gmsacredentialspecs"], "resourceNames": ["webapp0"], "verbs": ["use"]}]}"#,
    /// )?);
    /// rbac.insert(serde_json::from_str::<ClusterRoleBinding>(
    ///     r#"{"metadata": {"name": "web"}, "subjects": [{"kind": "ServiceAccount", "namespace": "shop", "name": "web"}],
    ///         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "identities"}}"#,
    /// )?);
    /// let question = AccessQuestion::new("shop", "web", "webapp0");
    /// assert!(!rbac.answer(&question).is_allowed());
    /// rbac.aggregate();
    /// assert!(rbac.answer(&question).is_allowed());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn aggregate(&mut self) {
        self.forget_aggregated();
        self.aggregated = gathered(&self.cluster_roles);
        for (name, rules) in &self.aggregated {
            let own = self.cluster_roles.get(name).map(|role| &*role.rules).unwrap_or_default();
            self.permitting.remove(name, own);
            self.permitting.insert(name, rules);
        }
    }

    /// Adds the roles for users that every cluster has and manifests leave out, unless there are roles of these
    /// names: `cluster-admin`, which permits everything, and `admin`, `edit` and `view`, which have nothing here but
    /// what roles with their labels have ([`aggregate`](Self::aggregate) gathers it). For objects that come from
    /// manifests rather than from a cluster.
    ///
    /// Source: Kubernetes `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`.
    ///
    /// ```
    /// use gmsa_rbac::{AccessQuestion, Rbac};
    ///
    /// let binding = serde_json::from_str::<k8s_openapi::api::rbac::v1::ClusterRoleBinding>(
    ///     r#"{"metadata": {"name": "ci"}, "subjects": [{"kind": "ServiceAccount", "namespace": "ci", "name": "run"}],
    ///         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}}"#,
    /// )?;
    /// let mut rbac = Rbac::default();
    /// rbac.insert(binding);
    /// assert!(!rbac.answer(&AccessQuestion::new("ci", "run", "webapp0")).is_allowed());
    /// rbac.assume_built_in_roles();
    /// assert!(rbac.answer(&AccessQuestion::new("ci", "run", "webapp0")).is_allowed());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn assume_built_in_roles(&mut self) {
        for role in built_in_roles() {
            if role.metadata.name.as_ref().is_some_and(|name| !self.cluster_roles.contains_key(name)) {
                self.insert_cluster_role(role);
            }
        }
    }

    /// The role that a binding of `namespace` refers to, and its rules.
    pub(crate) fn role<'r>(
        &'r self,
        namespace: &'r str,
        role_ref: &'r k8s::RoleRef,
    ) -> Option<(RoleKey<'r>, &'r [k8s::PolicyRule])> {
        let key = match RoleTarget::of(namespace, role_ref) {
            RoleTarget::ClusterRole(name) => RoleKey { namespace: "", name },
            RoleTarget::Role(name) => RoleKey { namespace, name },
            RoleTarget::Nothing => return None,
        };
        Some((key, self.rules(key)?))
    }

    /// Every binding that can refer to a role (of which the namespace is empty for a `ClusterRole`), there or not,
    /// each with its namespace. A reference with a wrong API group is one too: somebody may correct it.
    pub(crate) fn references<'r>(
        &'r self,
        namespace: &'r str,
        kind: &'r str,
        name: &'r str,
    ) -> impl Iterator<Item = (&'r str, &'r Binding)> {
        let cluster = [("", &self.cluster_bindings)].into_iter();
        let spaces = self.namespaces.iter().map(|(own, found)| (own.as_str(), &found.bindings));
        cluster
            .chain(spaces)
            .filter(move |(own, _)| namespace.is_empty() || *own == namespace)
            .flat_map(|(own, bindings)| bindings.iter().map(move |(_, binding)| (own, binding)))
            .filter(move |(_, binding)| {
                binding.role_ref.kind.eq_ignore_ascii_case(kind) && binding.role_ref.name == name
            })
    }

    pub(crate) fn binding(&self, binding: &BindingRef) -> Option<&Binding> {
        match binding.namespace() {
            None => self.cluster_bindings.get(binding.name()),
            Some(namespace) => self.namespaces.get(namespace)?.bindings.get(binding.name()),
        }
    }

    /// Whether some role aggregates those with these labels.
    pub(crate) fn gathers(&self, labels: &BTreeMap<String, String>) -> bool {
        self.cluster_roles.values().any(|role| role.gathers(labels))
    }

    /// Whether some role aggregates those without labels, as new ones are.
    pub(crate) fn gathers_unlabelled(&self) -> bool {
        self.gathers(&BTreeMap::new())
    }

    /// The roles that a binding of `namespace` can refer to.
    pub(crate) fn roles_for(&self, namespace: &str) -> impl Iterator<Item = RoleKey<'_>> + use<'_> {
        let local = self.namespaces.get_key_value(namespace).filter(|(name, _)| !name.is_empty());
        let roles = local
            .into_iter()
            .flat_map(|(namespace, found)| found.roles.keys().map(move |name| RoleKey { namespace, name }));
        self.cluster_roles.keys().map(|name| RoleKey { namespace: "", name }).chain(roles)
    }

    /// The rules of a role.
    pub(crate) fn rules(&self, key: RoleKey<'_>) -> Option<&[k8s::PolicyRule]> {
        if !key.namespace.is_empty() {
            return self.namespaces.get(key.namespace)?.roles.get(key.name).map(|role| &*role.rules);
        }
        let role = self.cluster_roles.get(key.name)?;
        let gathered = self.aggregated.get(key.name).filter(|_| role.aggregation.is_some());
        Some(gathered.unwrap_or(&role.rules))
    }

    /// Counts the reference of a binding in `namespace`.
    fn refer(&mut self, namespace: &str, role_ref: &k8s::RoleRef) {
        match RoleTarget::of(namespace, role_ref) {
            RoleTarget::ClusterRole(name) => {
                self.references.add(name, self.cluster_roles.contains_key(name));
            }
            RoleTarget::Role(name) => {
                if let Some(own) = self.namespaces.get_mut(namespace) {
                    own.references.add(name, own.roles.contains_key(name));
                }
            }
            RoleTarget::Nothing => {}
        }
    }

    fn refer_no_more(&mut self, namespace: &str, role_ref: &k8s::RoleRef) {
        match RoleTarget::of(namespace, role_ref) {
            RoleTarget::ClusterRole(name) => self.references.remove(name),
            RoleTarget::Role(name) => {
                if let Some(own) = self.namespaces.get_mut(namespace) {
                    own.references.remove(name);
                }
            }
            RoleTarget::Nothing => {}
        }
    }

    fn forget_aggregated(&mut self) {
        for (name, rules) in mem::take(&mut self.aggregated) {
            let own = self.cluster_roles.get(&name).map(|role| &*role.rules).unwrap_or_default();
            self.permitting.remove(&name, &rules);
            self.permitting.insert(&name, own);
        }
    }

    fn forget_if_empty(&mut self, namespace: &str) {
        if self
            .namespaces
            .get(namespace)
            .is_some_and(|left| left.roles.is_empty() && left.bindings.is_empty())
        {
            self.namespaces.remove(namespace);
        }
    }
}

/// What a reference to a role can lead to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RoleTarget<'r> {
    ClusterRole(&'r str),
    /// A `Role` of the binding's own namespace.
    Role(&'r str),
    /// No role at all, whatever there is.
    Nothing,
}

impl<'r> RoleTarget<'r> {
    /// What the reference of a binding in `namespace` (empty for a `ClusterRoleBinding`) can lead to.
    pub(crate) fn of(namespace: &str, role_ref: &'r k8s::RoleRef) -> Self {
        match role_ref.kind.as_str() {
            _ if !is_rbac_group(role_ref) => Self::Nothing,
            "ClusterRole" => Self::ClusterRole(&role_ref.name),
            // A ClusterRoleBinding has no namespace to look in.
            "Role" if !namespace.is_empty() => Self::Role(&role_ref.name),
            _ => Self::Nothing,
        }
    }

    pub(crate) fn name(self) -> Option<&'r str> {
        match self {
            Self::ClusterRole(name) | Self::Role(name) => Some(name),
            Self::Nothing => None,
        }
    }
}

/// Whether the API server takes the API group of a reference to a role; left out, it fills it in.
pub(crate) fn is_rbac_group(role_ref: &k8s::RoleRef) -> bool {
    matches!(role_ref.api_group.text(), "" | RBAC_GROUP)
}

/// The API group of a reference to a role, if the API server refuses it.
pub(crate) fn wrong_api_group(role_ref: &k8s::RoleRef) -> Option<&str> {
    (!is_rbac_group(role_ref)).then(|| role_ref.api_group.text())
}

/// Whether every cluster has a `ClusterRole` of that name, so that it need not be among the objects.
///
/// Source: Kubernetes `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`.
pub(crate) fn is_built_in(name: &str) -> bool {
    matches!(name, "cluster-admin" | "admin" | "edit" | "view") || name.starts_with("system:")
}

/// Which role: the namespace is empty for a `ClusterRole`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RoleKey<'r> {
    pub(crate) namespace: &'r str,
    pub(crate) name: &'r str,
}

impl RoleKey<'_> {
    pub(crate) fn to_ref(self) -> RoleRef {
        RoleRef::new(self.namespace, self.name)
    }
}

/// A field that is required in the API of some Kubernetes versions, and optional in that of others.
trait MaybeRequired {
    fn text(&self) -> &str;
}

impl MaybeRequired for String {
    fn text(&self) -> &str {
        self
    }
}

impl MaybeRequired for Option<String> {
    fn text(&self) -> &str {
        self.as_deref().unwrap_or_default()
    }
}
