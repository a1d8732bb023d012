//! Answers as the API server's RBAC authorizer gives them, by lookups alone.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1 as k8s;

use crate::{
    AccessQuestion, Answer, BindingRef, Grant, MissingRole, Rbac, Refusal,
    bindings::{Binding, Bindings, Held, HeldRoles, HeldThrough},
    permitting::Permitting,
    rbac::{Namespace, RoleKey},
    rule,
    subject::{Asker, Who},
};

impl Rbac {
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
        let mut scopes = self.scopes(question).map(|scope| Standing::of(scope, &asker));
        let standings = [scopes.next(), scopes.next()];
        let standings = standings.into_iter().flatten();
        let grant = standings.clone().find_map(|standing| self.grant(standing, question.credential_spec()));
        match grant {
            Some(grant) => Answer::Allow(grant),
            None => Answer::Deny(Refusal {
                missing_roles: standings.flat_map(|standing| self.missing_roles(standing)).collect(),
                near_misses: Vec::new(),
            }),
        }
    }

    /// Whether it lets any user with these groups `use` a credential spec in a namespace: somebody who is no service
    /// account, or a service account with the groups that its token has. Nobody is in a group that is not given, such as
    /// `system:authenticated`.
    ///
    /// ```
    /// use gmsa_rbac::Rbac;
    /// use k8s_openapi::api::rbac::v1::{ClusterRole, RoleBinding};
    ///
    /// let mut rbac = Rbac::default();
    /// rbac.insert(serde_json::from_str::<ClusterRole>(
    ///     r#"{"metadata": {"name": "webapp0"}, "rules": [{"apiGroups": ["windows.k8s.io"],
    ///         "resources": ["gmsacredentialspecs"], "resourceNames": ["webapp0"], "verbs": ["use"]}]}"#,
    /// )?);
    /// rbac.insert(serde_json::from_str::<RoleBinding>(
    ///     r#"{"metadata": {"name": "devs", "namespace": "shop"}, "subjects": [{"kind": "Group", "name": "devs"}],
    ///         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "webapp0"}}"#,
    /// )?);
    /// assert!(rbac.allows_user("ann", ["devs"], "shop", "webapp0"));
    /// assert!(!rbac.allows_user("ann", ["ops"], "shop", "webapp0"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn allows_user<'g>(
        &self,
        user: &str,
        groups: impl IntoIterator<Item = &'g str> + Clone,
        namespace: &str,
        credential_spec: &str,
    ) -> bool {
        let question = AccessQuestion::new(namespace, "", credential_spec);
        self.scopes(&question).any(|Scope { namespace, bindings, contents }| {
            bindings.held_by_user(user, groups.clone()).any(|held| {
                first_binding(&self.permitting, &held.cluster_roles, "", credential_spec).is_some()
                    || contents.is_some_and(|own| {
                        first_binding(&own.permitting, &held.roles, namespace, credential_spec).is_some()
                    })
            })
        })
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
        let applied: Vec<Applied<'_>> = self.applied(question, &Asker::of(question)).collect();
        applied.into_iter().filter_map(move |applied| self.grant_by(&applied, question.credential_spec()))
    }

    /// The bindings that apply to the asker.
    pub(crate) fn applied<'r>(
        &'r self,
        question: &AccessQuestion<'_>,
        asker: &Asker,
    ) -> impl Iterator<Item = Applied<'r>> {
        self.scopes(question).flat_map(move |Scope { namespace, bindings, .. }| {
            bindings.of(namespace, asker).map(move |(name, binding, subject)| Applied {
                namespace,
                name,
                binding,
                subject,
            })
        })
    }

    /// Where bindings for the question can be: in the cluster, and in its namespace, if it has one.
    pub(crate) fn scopes(&self, question: &AccessQuestion<'_>) -> impl Iterator<Item = Scope<'_>> {
        let local = self.namespaces.get_key_value(question.namespace()).filter(|(name, _)| !name.is_empty());
        let local = local.map(|(name, contents)| Scope {
            namespace: name,
            bindings: &contents.bindings,
            contents: Some(contents),
        });
        let cluster = Scope { namespace: "", bindings: &self.cluster_bindings, contents: None };
        [cluster].into_iter().chain(local)
    }

    /// The grant through the first binding, by name, that allows it.
    fn grant(&self, standing: Standing<'_>, credential_spec: &str) -> Option<Grant> {
        let Scope { namespace, bindings, contents } = standing.scope;
        let mut first = None;
        for held in standing.held() {
            let of_cluster = first_binding(&self.permitting, &held.cluster_roles, "", credential_spec);
            let own = contents
                .and_then(|own| first_binding(&own.permitting, &held.roles, namespace, credential_spec));
            first = first.into_iter().chain(of_cluster).chain(own).min();
        }
        let (name, role, rule) = first?;
        let subject = standing.held().filter_map(|held| held.subject(role, name)).min()?;
        let subject = Who::of(bindings.get(name)?.subjects.get(subject)?, namespace)?.to_subject();
        Some(Grant { binding: BindingRef::new(namespace, name), subject, role: role.to_ref(), rule })
    }

    /// The references of the asker's bindings that lead to no role, by the name of the binding.
    fn missing_roles<'r>(&'r self, standing: Standing<'r>) -> impl Iterator<Item = MissingRole> + use<'r> {
        let Scope { namespace, bindings, contents } = standing.scope;
        let mut names = BTreeSet::new();
        for held in standing.held() {
            let of_cluster = self.references.missing_among(&held.cluster_roles);
            let own = contents.into_iter().flat_map(|own| own.references.missing_among(&held.roles));
            names.extend(of_cluster.chain(own).chain([&held.nothing]).flat_map(HeldThrough::keys));
        }
        names.into_iter().filter_map(move |name| {
            let k8s::RoleRef { kind, name: role, .. } = bindings.get(name)?.role_ref.clone();
            Some(MissingRole { binding: BindingRef::new(namespace, name), kind, name: role })
        })
    }

    fn grant_by(&self, applied: &Applied<'_>, credential_spec: &str) -> Option<Grant> {
        let Applied { namespace, name, binding, subject } = applied;
        let (role, rules) = self.role(namespace, &binding.role_ref)?;
        let rule = rules.iter().position(|rule| rule::allows(rule, credential_spec))?;
        let binding = BindingRef::new(namespace, name);
        Some(Grant { binding, subject: subject.to_subject(), role: role.to_ref(), rule })
    }
}

/// A namespace, and the bindings in it; empty for the cluster, and the bindings there.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'r> {
    pub(crate) namespace: &'r str,
    pub(crate) bindings: &'r Bindings,
    /// What else is in the namespace.
    contents: Option<&'r Namespace>,
}

/// What the asker holds in a scope, as a user and through each of its groups.
#[derive(Clone, Copy)]
struct Standing<'r> {
    scope: Scope<'r>,
    held: [Option<&'r Held>; 3],
}

impl<'r> Standing<'r> {
    fn of(scope: Scope<'r>, asker: &Asker) -> Self {
        Self { scope, held: scope.bindings.held_by(asker) }
    }

    fn held(self) -> impl Iterator<Item = &'r Held> {
        self.held.into_iter().flatten()
    }
}

/// A binding that applies to the asker, and the subject through which it does.
pub(crate) struct Applied<'r> {
    /// Empty for a `ClusterRoleBinding`.
    pub(crate) namespace: &'r str,
    pub(crate) name: &'r str,
    pub(crate) binding: &'r Binding,
    pub(crate) subject: Who<'r>,
}

/// The first binding, by name, to a role among `held` that permits it; the role, which is of `namespace`; and the first
/// rule that does.
fn first_binding<'h>(
    permitting: &Permitting,
    held: &'h HeldRoles,
    namespace: &'h str,
    credential_spec: &str,
) -> Option<(&'h str, RoleKey<'h>, usize)> {
    if held.is_empty() {
        return None;
    }
    let first = |(role, through, rule): (&'h str, &'h HeldThrough, usize)| {
        let (binding, _) = through.first_key_value()?;
        Some((&**binding, RoleKey { namespace, name: role }, rule))
    };
    permitting.of(credential_spec).among(held).filter_map(first).min()
}
