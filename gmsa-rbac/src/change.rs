//! From what nearly allows a question to the smallest change that does, as objects and as commands.

use gmsa_types::CredentialSpecName;
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule, Role, RoleBinding, Subject};

use crate::{
    AccessQuestion, BindingRef, NearMissKind, ProposedGrant, Rbac, RbacObject, RoleRef, RuleDifference,
    build::spec_rule,
    proposal::role_command,
    quote::{json, shell},
    rbac::{RoleKey, is_built_in, is_rbac_group},
    rule::{self, Correction},
    subject::{Asker, Who, may_stand_for_somebody},
};

/// The change that makes the answer to a question yes.
///
/// [`NearMiss::change`](crate::NearMiss::change) has an example.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// Objects to apply, in this order: some are new, others take the place of the one of their name.
    Apply(Vec<RbacObject>),
    /// The pod is to name another credential spec, which is the one that was meant.
    NameInPod(CredentialSpecName<'static>),
}

impl Change {
    /// The objects to apply; none where it is the pod that must change.
    pub fn objects(&self) -> &[RbacObject] {
        match self {
            Self::Apply(objects) => objects,
            Self::NameInPod(_) => &[],
        }
    }
}

/// A change, and how to make it on a command line.
///
/// [`Rbac::grant_for`] has an example.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    pub(crate) change: Change,
    pub(crate) text: String,
}

impl Fix {
    /// The change.
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// How to make it: `kubectl` commands, one on a line, or, where it is the pod that must change, a sentence.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Rbac {
    /// The grant that [`ProposedGrant`] makes for a question, among the roles and bindings that there are: a role
    /// that grants exactly this is bound rather than made, and no name is used that is taken, or that a binding
    /// waits for.
    ///
    /// `None` where no such grant can be made: for a question about names that no object can have, and where some
    /// role aggregates any that is made, so that others would be given it too.
    ///
    /// ```
    /// use gmsa_rbac::{AccessQuestion, ProposedGrant, Rbac};
    ///
    /// let question = AccessQuestion::new("team-a", "web", "webapp0");
    /// let mut rbac = Rbac::default();
    /// assert_eq!(
    ///     rbac.grant_for(&question).map(|fix| fix.text().to_owned()),
    ///     Some(ProposedGrant::new(&question)?.commands().join("\n")),
    /// );
    /// let mut role = ProposedGrant::new(&question)?.cluster_role();
    /// role.rules = None;
    /// rbac.insert(role);
    /// assert!(rbac.grant_for(&question).is_some_and(|fix| fix.text().contains("--clusterrole=use-gmsa-webapp0::2 ")));
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    pub fn grant_for(&self, question: &AccessQuestion<'_>) -> Option<Fix> {
        let proposal = ProposedGrant::new(question).ok().map(|proposal| proposal.among(self));
        Fixes { rbac: self, question, proposal }.grant()
    }
}

/// Finds the smallest change for a near miss that gives nobody else anything.
pub(crate) struct Fixes<'r> {
    pub(crate) rbac: &'r Rbac,
    pub(crate) question: &'r AccessQuestion<'r>,
    pub(crate) proposal: Option<ProposedGrant>,
}

impl Fixes<'_> {
    pub(crate) fn fix(&self, kind: &NearMissKind) -> Option<Fix> {
        match kind {
            NearMissKind::Rule { role, rule, differences, .. } => self.of_rule(role, *rule, differences),
            NearMissKind::Subject { binding, role, subject, difference } => {
                if difference.may_be_meant() || !self.grants_only_this(role) {
                    return self.bind(role);
                }
                self.of_subject(binding, *subject).or_else(|| self.bind(role))
            }
            NearMissKind::MissingRole { nearest: Some(role), .. }
            | NearMissKind::OtherNamespace { role, .. }
            | NearMissKind::NotBound { role, .. } => self.bind(role),
            NearMissKind::MissingRole { binding, kind, name, nearest: None, .. } => {
                self.of_missing_role(binding, kind, name).or_else(|| self.grant())
            }
        }
    }

    fn of_rule(&self, role: &RoleRef, rule: usize, differences: &[RuleDifference]) -> Option<Fix> {
        if let [RuleDifference::NameCase { written, .. }] = differences
            && CredentialSpecName::try_from(self.question.credential_spec()).is_err()
            && let Ok(meant) = CredentialSpecName::try_from(written.clone())
        {
            let text = format!("in the pod, name the credential spec `{meant}`");
            return Some(Fix { change: Change::NameInPod(meant), text });
        }
        self.corrected_rule(role, rule, differences).or_else(|| self.grant())
    }

    fn corrected_rule(&self, role: &RoleRef, index: usize, differences: &[RuleDifference]) -> Option<Fix> {
        self.proposal.as_ref()?;
        // What the controller wrote it would write again, over a correction.
        let aggregated = role.namespace().is_none()
            && self.rbac.cluster_roles.get(role.name()).is_some_and(|entry| entry.aggregation.is_some());
        if aggregated || !fits_a_line(role.name()) || !fits_a_line(role.namespace().unwrap_or_default()) {
            return None;
        }
        // Whoever else holds the role would be given what it says after the correction.
        if !self.is_alone(role.namespace().unwrap_or_default(), role.kind(), role.name())
            || self.is_gathered(key(role))
        {
            return None;
        }
        let written = self.rbac.rules(key(role))?.get(index)?;
        let (corrections, corrected) =
            rule::corrections(written, differences, self.question.credential_spec())?;
        let mut object = self.rbac.role_object(key(role))?;
        *rules_of(&mut object)?.get_mut(index)? = corrected;
        let operations = corrections.into_iter().map(|Correction { field, index: at, written, wanted }| {
            replacement(&format!("/rules/{index}/{field}/{at}"), &json(written), &json(wanted))
        });
        let text = patch(role.kind(), role.namespace(), role.name(), operations);
        Some(Fix { change: Change::Apply(vec![object]), text })
    }

    fn of_subject(&self, binding: &BindingRef, index: usize) -> Option<Fix> {
        self.proposal.as_ref()?;
        let namespace = binding.namespace().unwrap_or_default();
        if !fits_a_line(binding.name()) || !fits_a_line(namespace) {
            return None;
        }
        let mut object = self.rbac.binding_object(namespace, binding.name())?;
        let subject = subjects_of(&mut object)?.get_mut(index)?;
        if may_stand_for_somebody(subject, namespace) {
            return None;
        }
        let (account, account_namespace) = (self.question.service_account(), self.question.namespace());
        let wanted = format!(
            r#"{{"kind":"ServiceAccount","name":{},"namespace":{}}}"#,
            json(account),
            json(account_namespace)
        );
        let path = format!("/subjects/{index}");
        let operations = [
            test(&format!("{path}/kind"), &json(&subject.kind)),
            test(&format!("{path}/name"), &json(&subject.name)),
            replace(&path, &wanted),
        ];
        let text = patch(binding.kind(), binding.namespace(), binding.name(), operations);
        *subject = Subject {
            kind: "ServiceAccount".to_owned(),
            name: account.to_owned(),
            namespace: Some(account_namespace.to_owned()),
            api_group: None,
        };
        Some(Fix { change: Change::Apply(vec![object]), text })
    }

    /// The role that is missing, if this account is the only one that waits for it.
    fn of_missing_role(&self, binding: &BindingRef, kind: &str, name: &str) -> Option<Fix> {
        self.proposal.as_ref()?;
        let namespace = match (kind, binding.namespace()) {
            ("ClusterRole", _) if !is_built_in(name) && !self.rbac.gathers_unlabelled() => "",
            ("Role", Some(namespace)) => namespace,
            _ => return None,
        };
        // Some shells' `echo` takes backslashes for something else, and JSON has one before each quote.
        crate::RbacName::try_from(name).ok().filter(|_| fits_a_line(name) && !name.contains(['\\', '"']))?;
        let refers = self.rbac.binding(binding).is_some_and(|binding| is_rbac_group(&binding.role_ref));
        if !refers || !self.is_alone(namespace, kind, name) {
            return None;
        }
        let spec = self.question.credential_spec();
        let rules = Some(vec![spec_rule(&[gmsa_types::VERB_USE], Some(vec![spec.to_owned()]))]);
        let named = |namespace: &str| crate::rbac_object::Tags::default().metadata(namespace, name);
        let object = match namespace {
            "" => ClusterRole { metadata: named(""), rules, aggregation_rule: None }.into(),
            _ => Role { metadata: named(namespace), rules }.into(),
        };
        let text = role_command(kind, namespace, name, spec);
        Some(Fix { change: Change::Apply(vec![object]), text })
    }

    /// Whether every subject of every binding that refers to the role is this account.
    fn is_alone(&self, namespace: &str, kind: &str, name: &str) -> bool {
        let asker = Asker::of(self.question);
        self.rbac.references(namespace, kind, name).all(|(own, binding)| {
            binding.subjects.iter().all(|subject| match Who::of(subject, own) {
                Some(who @ (Who::User(_) | Who::ServiceAccount { .. })) => who.is(&asker),
                _ => false,
            })
        })
    }

    /// Whether another role has, or will have, what this one says.
    fn is_gathered(&self, role: RoleKey<'_>) -> bool {
        let entry = self.rbac.cluster_roles.get(role.name).filter(|_| role.namespace.is_empty());
        entry.is_some_and(|entry| self.rbac.gathers(&entry.tags.labels))
    }

    /// The command that binds the role, if it grants nothing else and can be bound here; else a grant of its own.
    fn bind(&self, role: &RoleRef) -> Option<Fix> {
        let here = role.namespace().is_none_or(|namespace| namespace == self.question.namespace());
        if here && fits_a_line(role.name()) && self.grants_only_this(role) {
            let proposal = self.proposal.as_ref()?;
            let binding: RoleBinding = proposal.binding_of(role.kind(), role.name());
            return Some(Fix {
                change: Change::Apply(vec![binding.into()]),
                text: proposal.binding_command(&role.kind().to_ascii_lowercase(), role.name()),
            });
        }
        self.grant()
    }

    fn grant(&self) -> Option<Fix> {
        let proposal = self.proposal.as_ref()?;
        let binding = proposal.role_binding().into();
        if self.rbac.cluster_roles.contains_key(proposal.role_name()) {
            let [_, text] = proposal.commands();
            return Some(Fix { change: Change::Apply(vec![binding]), text });
        }
        if self.rbac.gathers_unlabelled() {
            return None;
        }
        let objects = vec![proposal.cluster_role().into(), binding];
        Some(Fix { change: Change::Apply(objects), text: proposal.commands().join("\n") })
    }

    fn grants_only_this(&self, role: &RoleRef) -> bool {
        let name = self.question.credential_spec();
        // A role that aggregates others may grant more tomorrow.
        let fixed = role.namespace().is_some()
            || self.rbac.cluster_roles.get(role.name()).is_some_and(|entry| entry.aggregation.is_none());
        let only = |rules: &[PolicyRule]| {
            !rules.is_empty() && rules.iter().all(|rule| rule::allows_only(rule, name))
        };
        fixed && self.rbac.rules(key(role)).is_some_and(only)
    }
}

fn key(role: &RoleRef) -> RoleKey<'_> {
    RoleKey { namespace: role.namespace().unwrap_or_default(), name: role.name() }
}

/// Whether a command with the name in it is one line, and the name one word of it in every shell. PowerShell takes
/// typographic quotes for `'` too, and escapes it otherwise than a POSIX shell does.
///
/// Source: PowerShell language specification, section 2.3.5.2, `single-quote-character`.
fn fits_a_line(name: &str) -> bool {
    !name
        .chars()
        .any(|c| c.is_control() || matches!(c, '\'' | '\u{2018}'..='\u{201b}' | '\u{2028}' | '\u{2029}'))
}

fn rules_of(object: &mut RbacObject) -> Option<&mut Vec<PolicyRule>> {
    match object {
        RbacObject::ClusterRole(role) => role.rules.as_mut(),
        RbacObject::Role(role) => role.rules.as_mut(),
        _ => None,
    }
}

fn subjects_of(object: &mut RbacObject) -> Option<&mut Vec<Subject>> {
    match object {
        RbacObject::ClusterRoleBinding(binding) => binding.subjects.as_mut(),
        RbacObject::RoleBinding(binding) => binding.subjects.as_mut(),
        _ => None,
    }
}

/// A `kubectl patch` command of one line.
fn patch(
    kind: &str,
    namespace: Option<&str>,
    name: &str,
    operations: impl IntoIterator<Item = String>,
) -> String {
    let target = shell(&format!("{}/{name}", kind.to_ascii_lowercase()));
    let namespace = namespace.map(|namespace| format!(" {}", shell(&format!("--namespace={namespace}"))));
    let operations: Vec<String> = operations.into_iter().collect();
    let patch = shell(&format!("--patch=[{}]", operations.join(",")));
    format!("kubectl patch {target}{} --type=json {patch}", namespace.unwrap_or_default())
}

/// The object may have changed since it was read, so each replacement tests what it replaces.
fn replacement(path: &str, written: &str, wanted: &str) -> String {
    format!("{},{}", test(path, written), replace(path, wanted))
}

fn test(path: &str, value: &str) -> String {
    format!(r#"{{"op":"test","path":"{path}","value":{value}}}"#)
}

fn replace(path: &str, value: &str) -> String {
    format!(r#"{{"op":"replace","path":"{path}","value":{value}}}"#)
}
