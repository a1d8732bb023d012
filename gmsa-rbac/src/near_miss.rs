use std::fmt;

use crate::{BindingRef, Change, RoleRef, RuleDifference, SubjectDifference, quote::shown};

/// Something in the roles and bindings that nearly allows what a question asks for, in one sentence, and what to do
/// about it.
///
/// It names roles, bindings, namespaces and accounts: something for whoever may read those, not for every user.
/// [`Rbac::explain`](crate::Rbac::explain) has an example.
#[derive(Debug, Clone, PartialEq)]
pub struct NearMiss {
    pub(crate) kind: NearMissKind,
    pub(crate) change: Option<Change>,
    pub(crate) fix: Option<String>,
}

impl NearMiss {
    /// What nearly allows it.
    pub fn kind(&self) -> &NearMissKind {
        &self.kind
    }

    /// The smallest change that would allow it, as objects to apply. `None` for a question about names that no
    /// object can have, and where every role that could be made would be aggregated to others.
    ///
    /// ```
    /// use gmsa_rbac::{AccessQuestion, Answer, ProposedGrant, Rbac};
    ///
    /// let question = AccessQuestion::new("team-a", "web", "webapp0");
    /// let mut rbac = Rbac::default();
    /// rbac.insert(ProposedGrant::new(&question)?.cluster_role());
    /// let Answer::Deny(refusal) = rbac.explain(&question) else { panic!("nothing is bound") };
    /// for object in refusal.near_misses()[0].change().map_or(&[][..], |change| change.objects()) {
    ///     rbac.insert(object.clone());
    /// }
    /// assert!(rbac.answer(&question).is_allowed());
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    pub fn change(&self) -> Option<&Change> {
        self.change.as_ref()
    }

    /// How to make the [change](Self::change): `kubectl` commands, one on a line, for a POSIX shell or PowerShell, or, where
    /// it is the pod that must change, a sentence.
    ///
    /// No fix gives `use` to anybody but the account, takes anything from anybody, or puts an object in the place of
    /// another. None binds the account to a role that grants more than `use` of the one credential spec, or adds a
    /// name to a rule: where such a role is what nearly allows it, the fix is a grant of its own, as
    /// [`Rbac::grant_for`](crate::Rbac::grant_for) has it. A role that is missing is made, and the spelling of a rule
    /// corrected, if nobody but the account refers to the role; a subject is corrected if it can be nobody.
    pub fn fix(&self) -> Option<&str> {
        self.fix.as_deref()
    }
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

/// The kinds of [`NearMiss`].
///
/// ```
/// use gmsa_rbac::{AccessQuestion, Answer, NearMissKind, ProposedGrant, Rbac, RoleRef};
///
/// let question = AccessQuestion::new("team-a", "web", "webapp0");
/// let mut rbac = Rbac::default();
/// rbac.insert(ProposedGrant::new(&question)?.cluster_role());
/// let Answer::Deny(refusal) = rbac.explain(&question) else { panic!("nothing is bound") };
/// let NearMissKind::NotBound { role, bound_by } = refusal.near_misses()[0].kind() else { panic!("another kind") };
/// assert_eq!(role, &RoleRef::ClusterRole { name: "use-gmsa-webapp0".into() });
/// assert_eq!(bound_by, &None);
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NearMissKind {
    /// The account holds a role with a rule about credential specs that falls short.
    Rule {
        /// The binding through which the account holds the role.
        binding: BindingRef,
        /// The role.
        role: RoleRef,
        /// The index of the rule in the role, from 0.
        rule: usize,
        /// Everything that keeps the rule from allowing it.
        differences: Vec<RuleDifference>,
    },
    /// A binding of a role that would allow it has a subject that looks like the account and is not.
    Subject {
        /// The binding.
        binding: BindingRef,
        /// The role.
        role: RoleRef,
        /// The index of the subject in the binding, from 0.
        subject: usize,
        /// What is wrong with it.
        difference: SubjectDifference,
    },
    /// A binding of the account refers to a role that cannot be found.
    MissingRole {
        /// The binding.
        binding: BindingRef,
        /// The kind of role that the binding refers to.
        kind: String,
        /// The name that the binding refers to.
        name: String,
        /// The API group that the binding refers to, if it is one without roles.
        api_group: Option<String>,
        /// The existing role that is probably meant.
        nearest: Option<RoleRef>,
    },
    /// The account holds a role that would allow it, but in another namespace.
    OtherNamespace {
        /// The binding, in that namespace.
        binding: BindingRef,
        /// The role.
        role: RoleRef,
        /// The namespace in question.
        asked: String,
    },
    /// A role would allow it, and is not bound to the account.
    NotBound {
        /// The role.
        role: RoleRef,
        /// A binding of the role to others, in the namespace in question or in the cluster.
        bound_by: Option<BindingRef>,
    },
}

impl fmt::Display for NearMissKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule { binding, role, rule, differences } => {
                write!(
                    f,
                    "{role}, which {binding} binds to the account, would allow it in rules[{rule}] if "
                )?;
                for (index, difference) in differences.iter().enumerate() {
                    let and = if index == 0 { "" } else { " and " };
                    write!(f, "{and}{difference}")?;
                }
                Ok(())
            }
            Self::Subject { binding, role, subject, difference } => {
                write!(f, "{binding} of {role} would allow it, but subjects[{subject}] is {difference}")
            }
            Self::MissingRole { binding, kind, name, api_group, nearest } => {
                write!(f, "{binding} refers to {} {}", shown(kind), shown(name))?;
                match api_group {
                    Some(group) => write!(f, " of the API group {}, which has no roles", shown(group))?,
                    None => f.write_str(", which cannot be found")?,
                }
                match nearest {
                    Some(role) => write!(f, "; there is {role}"),
                    None => Ok(()),
                }
            }
            Self::OtherNamespace { binding, role, asked } => {
                write!(f, "{binding} of {role} would allow it, but not in namespace {}", shown(asked))
            }
            Self::NotBound { role, bound_by: Some(binding) } => {
                write!(f, "{role} would allow it, but {binding} binds it to others only")
            }
            Self::NotBound { role, bound_by: None } => {
                write!(f, "{role} would allow it, but is not bound in this namespace")
            }
        }
    }
}
