//! The search through all roles and bindings for what nearly allows a question.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::rbac::v1 as k8s;

use crate::{
    AccessQuestion, Answer, BindingRef, NearMiss, NearMissKind, ProposedGrant, Rbac, RoleRef, RuleDifference,
    SubjectDifference,
    bindings::Binding,
    change::Fixes,
    evaluate::Scope,
    nearest::nearest,
    rbac::{RoleKey, wrong_api_group},
    rule,
    subject::{Asker, may_stand_for_somebody},
};

impl Rbac {
    /// Answers like [`answer`](Self::answer), and looks for what nearly allows it if that is no.
    ///
    /// This goes through all roles and bindings: it is for people who ask why, not for every admission.
    ///
    /// ```
    /// use gmsa_rbac::{AccessQuestion, Answer, ProposedGrant, Rbac};
    ///
    /// let grant = ProposedGrant::new(&AccessQuestion::new("team-a", "default", "webapp0"))?;
    /// let mut rbac = Rbac::default();
    /// rbac.insert_cluster_role(grant.cluster_role());
    ///
    /// let Answer::Deny(refusal) = rbac.explain(&AccessQuestion::new("team-a", "default", "webapp0")) else {
    ///     panic!("nothing is bound")
    /// };
    /// let nearest = &refusal.near_misses()[0];
    /// assert_eq!(
    ///     nearest.to_string(),
    ///     "ClusterRole `use-gmsa-webapp0` would allow it, but is not bound in this namespace",
    /// );
    /// assert_eq!(
    ///     nearest.fix(),
    ///     Some(
    ///         "kubectl create rolebinding use-gmsa-webapp0:default --clusterrole=use-gmsa-webapp0 \
    ///          --serviceaccount=team-a:default --namespace=team-a --dry-run=client -o yaml | kubectl apply -f -"
    ///     ),
    /// );
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    pub fn explain(&self, question: &AccessQuestion<'_>) -> Answer {
        match self.answer(question) {
            Answer::Deny(mut refusal) => {
                refusal.near_misses = Search::new(self, question).near_misses();
                Answer::Deny(refusal)
            }
            allowed => allowed,
        }
    }
}

/// How large a change a near miss asks for; the smallest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Size {
    Spelling,
    Subject,
    Verb,
    RoleName,
    OtherNamespace,
    Name,
    SeveralThings,
    NoSuchRole,
    OtherSubject,
    Binding,
}

struct Search<'r> {
    rbac: &'r Rbac,
    question: &'r AccessQuestion<'r>,
    asker: Asker,
    /// Roles that would allow it if only they were bound to the account.
    allowing: Vec<RoleKey<'r>>,
}

impl<'r> Search<'r> {
    fn new(rbac: &'r Rbac, question: &'r AccessQuestion<'_>) -> Self {
        let mut search = Self { rbac, question, asker: Asker::of(question), allowing: Vec::new() };
        search.allowing = rbac
            .roles_for(question.namespace())
            .filter(|key| rbac.rules(*key).is_some_and(|rules| search.allows(rules)))
            .collect();
        search
    }

    fn near_misses(&self) -> Vec<NearMiss> {
        let mut found = Vec::new();
        self.rules_that_fall_short(&mut found);
        self.missing_roles(&mut found);
        self.subjects_that_miss(&mut found);
        self.other_namespaces(&mut found);
        self.roles_not_bound(&mut found);
        // Stable: within a size, cluster before namespace and then by name, as the searches go.
        found.sort_by_key(|(size, _)| *size);
        found.truncate(Rbac::MAX_NEAR_MISSES);
        let proposal = ProposedGrant::new(self.question).ok().map(|proposal| proposal.among(self.rbac));
        let fixes = Fixes { rbac: self.rbac, question: self.question, proposal };
        found
            .into_iter()
            .map(|(_, kind)| {
                let (change, fix) = fixes.fix(&kind).map(|fix| (fix.change, fix.text)).unzip();
                NearMiss { kind, change, fix }
            })
            .collect()
    }

    fn rules_that_fall_short(&self, found: &mut Vec<(Size, NearMissKind)>) {
        for applied in self.rbac.applied(self.question, &self.asker) {
            let Some((role, rules)) = self.rbac.role(applied.namespace, &applied.binding.role_ref) else {
                continue;
            };
            let nearest = rules
                .iter()
                .enumerate()
                .filter_map(|(index, rule)| {
                    let differences = RuleDifference::find(rule, self.question.credential_spec())?;
                    Some((differences.iter().map(RuleDifference::size).sum::<usize>(), index, differences))
                })
                .min_by_key(|(size, index, _)| (*size, *index));
            let Some((size, rule, differences)) = nearest else { continue };
            let size = match (size, differences.len()) {
                (1, _) => Size::Spelling,
                (2, 1) => Size::Verb,
                (3, 1) => Size::Name,
                (2..=4, _) => Size::SeveralThings,
                // Another verb on another name has nothing to do with the question.
                _ => continue,
            };
            let binding = BindingRef::new(applied.namespace, applied.name);
            found.push((size, NearMissKind::Rule { binding, role: role.to_ref(), rule, differences }));
        }
    }

    fn missing_roles(&self, found: &mut Vec<(Size, NearMissKind)>) {
        let missing = self
            .rbac
            .applied(self.question, &self.asker)
            .filter(|applied| self.rbac.role(applied.namespace, &applied.binding.role_ref).is_none());
        // More are not reported, and each costs a comparison with every role.
        for applied in missing.take(Rbac::MAX_NEAR_MISSES) {
            let role_ref = &applied.binding.role_ref;
            let nearest = self.meant(applied.namespace, role_ref);
            let size = match nearest {
                Some(role) if self.allowing.contains(&role) => Size::RoleName,
                _ => Size::NoSuchRole,
            };
            let binding = BindingRef::new(applied.namespace, applied.name);
            let nearest = nearest.map(RoleKey::to_ref);
            let api_group = wrong_api_group(role_ref).map(str::to_owned);
            let k8s::RoleRef { kind, name, .. } = role_ref.clone();
            found.push((size, NearMissKind::MissingRole { binding, kind, name, api_group, nearest }));
        }
    }

    /// The role that a reference to none probably means: one that would allow it, if there is one; else any.
    fn meant(&self, namespace: &'r str, role_ref: &k8s::RoleRef) -> Option<RoleKey<'r>> {
        let here = |role: &RoleKey<'_>| role.namespace.is_empty() || role.namespace == namespace;
        let by_name = |roles: Vec<RoleKey<'r>>| {
            let name = nearest(&role_ref.name, roles.iter().map(|role| role.name))?;
            roles.into_iter().find(|role| role.name == name)
        };
        by_name(self.allowing.iter().copied().filter(here).collect())
            .or_else(|| by_name(self.rbac.roles_for(namespace).collect()))
    }

    fn subjects_that_miss(&self, found: &mut Vec<(Size, NearMissKind)>) {
        for Scope { namespace, bindings, .. } in self.rbac.scopes(self.question) {
            for (name, binding) in bindings.iter() {
                let Some(role) = self.allowing_role(namespace, binding) else { continue };
                let misses = binding.subjects.iter().enumerate().filter_map(|(index, subject)| {
                    Some((index, SubjectDifference::find(subject, namespace, self.question)?))
                });
                // One that is meant for somebody else must not hide a slip of the pen, nor one that may be left
                // as it is one that can be corrected.
                let miss = misses.min_by_key(|(index, difference)| {
                    let kept = binding
                        .subjects
                        .get(*index)
                        .is_some_and(|subject| may_stand_for_somebody(subject, namespace));
                    (difference.may_be_meant(), kept)
                });
                let Some((subject, difference)) = miss else { continue };
                let size = if difference.may_be_meant() { Size::OtherSubject } else { Size::Subject };
                let binding = BindingRef::new(namespace, name);
                let role = role.to_ref();
                found.push((size, NearMissKind::Subject { binding, role, subject, difference }));
            }
        }
    }

    fn other_namespaces(&self, found: &mut Vec<(Size, NearMissKind)>) {
        let asked = self.question.namespace();
        for (namespace, contents) in &self.rbac.namespaces {
            if namespace.is_empty() || namespace == asked {
                continue;
            }
            for (name, binding, _) in contents.bindings.of(namespace, &self.asker) {
                let Some(role) = self.allowing_role(namespace, binding) else { continue };
                let kind = NearMissKind::OtherNamespace {
                    binding: BindingRef::new(namespace, name),
                    role: role.to_ref(),
                    asked: asked.to_owned(),
                };
                found.push((Size::OtherNamespace, kind));
            }
        }
    }

    /// Roles made for the purpose, that is, without wildcards: `cluster-admin` allows it too, and nobody should be
    /// pointed there. Those that another near miss mentions already are left out.
    fn roles_not_bound(&self, found: &mut Vec<(Size, NearMissKind)>) {
        let mut bound: BTreeMap<RoleKey<'_>, BindingRef> = BTreeMap::new();
        for Scope { namespace, bindings, .. } in self.rbac.scopes(self.question) {
            let applied: BTreeSet<&str> =
                bindings.of(namespace, &self.asker).map(|(name, ..)| name).collect();
            for (name, binding) in bindings.iter() {
                if let Some((role, _)) = self.rbac.role(namespace, &binding.role_ref)
                    && !applied.contains(name)
                {
                    bound.entry(role).or_insert_with(|| BindingRef::new(namespace, name));
                }
            }
        }
        let name = self.question.credential_spec();
        for key in &self.allowing {
            let rules = self.rbac.rules(*key).unwrap_or_default();
            let made_for_it = rules.iter().any(|rule| rule::allows(rule, name) && !rule::has_wildcard(rule));
            let role = key.to_ref();
            if !made_for_it || found.iter().any(|(_, kind)| mentions(kind, &role)) {
                continue;
            }
            let bound_by = bound.get(key).cloned();
            found.push((Size::Binding, NearMissKind::NotBound { role, bound_by }));
        }
    }

    /// The role of a binding, if it would allow it.
    fn allowing_role(&self, namespace: &'r str, binding: &'r Binding) -> Option<RoleKey<'r>> {
        let (role, rules) = self.rbac.role(namespace, &binding.role_ref)?;
        self.allows(rules).then_some(role)
    }

    fn allows(&self, rules: &[k8s::PolicyRule]) -> bool {
        rules.iter().any(|rule| rule::allows(rule, self.question.credential_spec()))
    }
}

fn mentions(kind: &NearMissKind, role: &RoleRef) -> bool {
    match kind {
        NearMissKind::Subject { role: mentioned, .. }
        | NearMissKind::OtherNamespace { role: mentioned, .. } => mentioned == role,
        NearMissKind::MissingRole { nearest, .. } => nearest.as_ref() == Some(role),
        NearMissKind::Rule { .. } | NearMissKind::NotBound { .. } => false,
    }
}
