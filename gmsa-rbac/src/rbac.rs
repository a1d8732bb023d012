use std::collections::BTreeMap;

use k8s_openapi::api::rbac::v1 as k8s;

use crate::{
    AccessQuestion, Answer, BindingRef, Grant, MissingRole, Refusal, RoleRef,
    aggregation::{ClusterRoleEntry, gathered},
    bindings::{Binding, Bindings},
    build::built_in_roles,
    rbac_object::Tags,
    rule,
    subject::{Asker, RBAC_GROUP, Who, first_applying},
};

/// Roles and bindings, and the answers that Kubernetes' RBAC authorizer gives with them.
///
/// Objects go in one at a time, in any order, and replace the one of the same kind, namespace and name; a watch or
/// a folder of manifests will do. A question looks only at the bindings of which the account or one of its groups
/// is a subject: all such `ClusterRoleBinding`s, then the `RoleBinding`s of the question's namespace, each by name.
/// The API server goes through them in no particular order, so that where several allow, it may name another.
///
/// Objects count as the API server would hold them:
/// - a `Role` or `RoleBinding` without a namespace belongs to none and is never found;
/// - a subject or role reference with an `apiGroup` that the API server refuses grants nothing;
/// - a `ClusterRole` has the rules that it says, also with an `aggregationRule`: in a cluster a controller has
///   filled them in. For manifests that no controller has seen there is [`aggregate`](Self::aggregate).
///
/// Source: Kubernetes `plugin/pkg/auth/authorizer/rbac/rbac.go` and `pkg/registry/rbac/validation/rule.go`.
#[derive(Debug, Clone, Default)]
pub struct Rbac {
    pub(crate) cluster_roles: BTreeMap<String, ClusterRoleEntry>,
    pub(crate) cluster_bindings: Bindings,
    pub(crate) namespaces: BTreeMap<String, Namespace>,
    /// What `gathered` returned for `cluster_roles`, if somebody asked for it; emptied by every change of them.
    aggregated: BTreeMap<String, Vec<k8s::PolicyRule>>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Namespace {
    pub(crate) roles: BTreeMap<String, RoleEntry>,
    pub(crate) bindings: Bindings,
}

/// A `Role`, less what evaluation has no use for.
#[derive(Debug, Clone)]
pub(crate) struct RoleEntry {
    pub(crate) tags: Tags,
    pub(crate) rules: Vec<k8s::PolicyRule>,
}

/// A binding that applies to the asker, and the subject through which it does.
pub(crate) struct Applied<'r> {
    /// Empty for a `ClusterRoleBinding`.
    pub(crate) namespace: &'r str,
    pub(crate) name: &'r str,
    pub(crate) binding: &'r Binding,
    pub(crate) subject: Who<'r>,
}

impl Rbac {
    /// How many near misses [`explain`](Self::explain) reports at most.
    pub const MAX_NEAR_MISSES: usize = 8;

    /// Adds a `ClusterRole`, in place of the one of that name.
    pub fn insert_cluster_role(&mut self, mut role: k8s::ClusterRole) {
        self.aggregated.clear();
        let name = role.metadata.name.take().unwrap_or_default();
        let entry = ClusterRoleEntry {
            tags: Tags::of(role.metadata),
            aggregation: role.aggregation_rule,
            rules: role.rules.unwrap_or_default(),
        };
        self.cluster_roles.insert(name, entry);
    }

    /// Adds a `Role`, in place of the one of that namespace and name.
    pub fn insert_role(&mut self, mut role: k8s::Role) {
        let namespace =
            self.namespaces.entry(role.metadata.namespace.take().unwrap_or_default()).or_default();
        let name = role.metadata.name.take().unwrap_or_default();
        let entry = RoleEntry { tags: Tags::of(role.metadata), rules: role.rules.unwrap_or_default() };
        namespace.roles.insert(name, entry);
    }

    /// Adds a `ClusterRoleBinding`, in place of the one of that name.
    pub fn insert_cluster_role_binding(&mut self, mut binding: k8s::ClusterRoleBinding) {
        let name = binding.metadata.name.take().unwrap_or_default();
        let (tags, subjects) = (Tags::of(binding.metadata), binding.subjects.unwrap_or_default());
        self.cluster_bindings.insert("", &name, Binding { tags, subjects, role_ref: binding.role_ref });
    }

    /// Adds a `RoleBinding`, in place of the one of that namespace and name.
    pub fn insert_role_binding(&mut self, mut binding: k8s::RoleBinding) {
        let namespace = binding.metadata.namespace.take().unwrap_or_default();
        let name = binding.metadata.name.take().unwrap_or_default();
        let (tags, subjects) = (Tags::of(binding.metadata), binding.subjects.unwrap_or_default());
        let bindings = &mut self.namespaces.entry(namespace.clone()).or_default().bindings;
        bindings.insert(&namespace, &name, Binding { tags, subjects, role_ref: binding.role_ref });
    }

    /// Removes a `ClusterRole`; false if there was none.
    pub fn remove_cluster_role(&mut self, name: &str) -> bool {
        self.aggregated.clear();
        self.cluster_roles.remove(name).is_some()
    }

    /// Removes a `Role`; false if there was none.
    pub fn remove_role(&mut self, namespace: &str, name: &str) -> bool {
        let Some(found) = self.namespaces.get_mut(namespace) else { return false };
        let removed = found.roles.remove(name).is_some();
        self.forget_if_empty(namespace);
        removed
    }

    /// Removes a `ClusterRoleBinding`; false if there was none.
    pub fn remove_cluster_role_binding(&mut self, name: &str) -> bool {
        self.cluster_bindings.remove("", name)
    }

    /// Removes a `RoleBinding`; false if there was none.
    pub fn remove_role_binding(&mut self, namespace: &str, name: &str) -> bool {
        let Some(found) = self.namespaces.get_mut(namespace) else { return false };
        let removed = found.bindings.remove(namespace, name);
        self.forget_if_empty(namespace);
        removed
    }

    /// Gives each `ClusterRole` that has an `aggregationRule` the rules of the roles it selects, as the controller of
    /// a cluster would, beside those that it says. For objects that come from manifests rather than from a cluster,
    /// where the controller has been at work.
    ///
    /// What was given is forgotten when a `ClusterRole` is inserted or removed, so call it after the last one.
    ///
    /// Source: Kubernetes `pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go`.
    pub fn aggregate(&mut self) {
        self.aggregated = gathered(&self.cluster_roles);
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

    /// Answers as the API server's RBAC authorizer would.
    ///
    /// Cheap enough for every admission; it does not look for near misses.
    ///
    /// ```
    /// use gmsa_rbac::{AccessQuestion, ProposedGrant, Rbac};
    ///
    /// let question = AccessQuestion::new("team-a", "default", "webapp0");
    /// let grant = ProposedGrant::new(&question)?;
    /// let mut rbac = Rbac::default();
    /// rbac.insert_role_binding(grant.role_binding());
    /// assert_eq!(
    ///     rbac.answer(&question).reason(),
    ///     r#"RBAC: clusterrole.rbac.authorization.k8s.io "use-gmsa-webapp0" not found"#,
    /// );
    /// rbac.insert_cluster_role(grant.cluster_role());
    /// assert!(rbac.answer(&question).is_allowed());
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    pub fn answer(&self, question: &AccessQuestion<'_>) -> Answer {
        let asker = Asker::of(question);
        let mut missing_roles = Vec::new();
        for applied in self.applied(question, &asker) {
            match self.grant_by(&applied, question) {
                Ok(Some(grant)) => return Answer::Allow(grant),
                Ok(None) => {}
                Err(missing) => missing_roles.push(missing),
            }
        }
        Answer::Deny(Refusal { missing_roles, near_misses: Vec::new() })
    }

    /// Every grant that allows it, one for each binding, in the order in which [`answer`](Self::answer) looks at
    /// them.
    ///
    /// ```
    /// use gmsa_rbac::{AccessQuestion, ProposedGrant, Rbac};
    ///
    /// let question = AccessQuestion::new("team-a", "default", "webapp0");
    /// let grant = ProposedGrant::new(&question)?;
    /// let mut rbac = Rbac::default();
    /// rbac.insert_cluster_role(grant.cluster_role());
    /// rbac.insert_role_binding(grant.role_binding());
    /// let names: Vec<_> = rbac.grants(&question).map(|grant| grant.binding().name().to_owned()).collect();
    /// assert_eq!(names, ["use-gmsa-webapp0:default"]);
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    pub fn grants(&self, question: &AccessQuestion<'_>) -> impl Iterator<Item = Grant> {
        let asker = Asker::of(question);
        let applied: Vec<Applied<'_>> = self.applied(question, &asker).collect();
        applied.into_iter().filter_map(move |applied| self.grant_by(&applied, question).ok().flatten())
    }

    /// The bindings that apply to the asker.
    pub(crate) fn applied<'r>(
        &'r self,
        question: &AccessQuestion<'_>,
        asker: &Asker,
    ) -> impl Iterator<Item = Applied<'r>> {
        self.scopes(question)
            .flat_map(move |(namespace, bindings)| bindings.of(asker).map(move |found| (namespace, found)))
            .filter_map(move |(namespace, (name, binding))| {
                let subject = first_applying(&binding.subjects, namespace, asker)?;
                Some(Applied { namespace, name, binding, subject })
            })
    }

    /// Where bindings for the question can be: in the cluster, and in its namespace, if it has one.
    pub(crate) fn scopes(&self, question: &AccessQuestion<'_>) -> impl Iterator<Item = (&str, &Bindings)> {
        let local = self.namespaces.get_key_value(question.namespace()).filter(|(name, _)| !name.is_empty());
        [("", &self.cluster_bindings)]
            .into_iter()
            .chain(local.map(|(name, namespace)| (name.as_str(), &namespace.bindings)))
    }

    fn grant_by(
        &self,
        applied: &Applied<'_>,
        question: &AccessQuestion<'_>,
    ) -> Result<Option<Grant>, MissingRole> {
        let Applied { namespace, name, binding, subject } = applied;
        let binding_ref = || BindingRef::new(namespace, name);
        let Some((role, rules)) = self.role(namespace, &binding.role_ref) else {
            let k8s::RoleRef { kind, name, .. } = binding.role_ref.clone();
            return Err(MissingRole { binding: binding_ref(), kind, name });
        };
        let allowing = rules.iter().position(|rule| rule::allows(rule, question.credential_spec()));
        Ok(allowing.map(|rule| Grant {
            binding: binding_ref(),
            subject: subject.to_subject(),
            role: role.to_ref(),
            rule,
        }))
    }

    /// The role that a binding of `namespace` refers to, and its rules.
    pub(crate) fn role<'r>(
        &'r self,
        namespace: &'r str,
        role_ref: &'r k8s::RoleRef,
    ) -> Option<(RoleKey<'r>, &'r [k8s::PolicyRule])> {
        if !is_rbac_group(role_ref) {
            return None;
        }
        let key = match role_ref.kind.as_str() {
            "ClusterRole" => RoleKey { namespace: "", name: &role_ref.name },
            // A ClusterRoleBinding has no namespace to look in.
            "Role" if !namespace.is_empty() => RoleKey { namespace, name: &role_ref.name },
            _ => return None,
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

/// Whether the API server takes the API group of a reference to a role; left out, it fills it in.
pub(crate) fn is_rbac_group(role_ref: &k8s::RoleRef) -> bool {
    matches!(role_ref.api_group.text(), "" | RBAC_GROUP)
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
