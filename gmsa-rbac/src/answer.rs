//! What an answer says, and the words that the API server has for it.

use std::{collections::BTreeSet, fmt};

use crate::{BindingRef, NearMiss, RoleRef, Subject, quote};

/// What RBAC says to an [`AccessQuestion`](crate::AccessQuestion).
///
/// [`Rbac::answer`](crate::Rbac::answer) has an example.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "RBAC allows or it does not; callers should handle both")]
#[must_use]
pub enum Answer {
    /// Allowed, through this grant and perhaps through others.
    Allow(Grant),
    /// Not allowed by any binding.
    Deny(Refusal),
}

impl Answer {
    /// Whether the service account may use the credential spec.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow(_))
    }

    /// What the API server puts into `status.reason` of a review; empty when it gives no reason.
    pub fn reason(&self) -> String {
        match self {
            Self::Allow(grant) => grant.reason(),
            Self::Deny(refusal) => refusal.reason(),
        }
    }
}

/// How a service account comes to be allowed: the binding, the subject in it, the role, and the rule of the role.
///
/// Shown as the API server's reason, which names objects that the user of a pod need not know about.
///
/// [`chain`](Self::chain) has an example.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant {
    pub(crate) binding: BindingRef,
    pub(crate) subject: Subject,
    pub(crate) role: RoleRef,
    pub(crate) rule: usize,
}

impl Grant {
    /// The binding.
    pub fn binding(&self) -> &BindingRef {
        &self.binding
    }

    /// The first subject of the binding that is the service account or one of its groups.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The role.
    pub fn role(&self) -> &RoleRef {
        &self.role
    }

    /// The index, from 0, of the first rule of the role that allows it.
    ///
    /// For a role that got its rules from [`Rbac::aggregate`](crate::Rbac::aggregate) this counts in those.
    pub fn rule(&self) -> usize {
        self.rule
    }

    /// The whole chain, from the rule to whom it is granted.
    ///
    /// ```
    /// use gmsa_rbac::{AccessQuestion, Answer, ProposedGrant, Rbac};
    ///
    /// let question = AccessQuestion::new("team-a", "web", "webapp0");
    /// let grant = ProposedGrant::new(&question)?;
    /// let mut rbac = Rbac::default();
    /// rbac.insert(grant.cluster_role());
    /// rbac.insert(grant.role_binding());
    /// let Answer::Allow(grant) = rbac.answer(&question) else { panic!("it is granted") };
    /// assert_eq!(
    ///     grant.chain(),
    ///     "rules[0] -> ClusterRole `use-gmsa-webapp0` -> RoleBinding `team-a/use-gmsa-webapp0:web` -> \
    ///      ServiceAccount `team-a/web`",
    /// );
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    pub fn chain(&self) -> String {
        format!("rules[{}] -> {} -> {} -> {}", self.rule, self.role, self.binding, self.subject)
    }

    /// The reason in the words of the API server.
    ///
    /// Source: Kubernetes `pkg/registry/rbac/validation/rule.go`, `clusterRoleBindingDescriber` and
    /// `roleBindingDescriber`.
    pub fn reason(&self) -> String {
        let binding = match &self.binding {
            BindingRef::ClusterRoleBinding { name } => quote::go(name),
            BindingRef::RoleBinding { namespace, name } => quote::go(&format!("{name}/{namespace}")),
        };
        let subject = match &self.subject {
            Subject::ServiceAccount { namespace, name } => quote::go(&format!("{name}/{namespace}")),
            Subject::User { name } | Subject::Group { name } => quote::go(name),
        };
        format!(
            "RBAC: allowed by {} {binding} of {} {} to {} {subject}",
            self.binding.kind(),
            self.role.kind(),
            quote::go(self.role.name()),
            self.subject.kind(),
        )
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason())
    }
}

/// Why a service account is not allowed.
///
/// [`MissingRole`] and [`Rbac::explain`](crate::Rbac::explain) have examples of the two things that it can hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Refusal {
    pub(crate) missing_roles: Vec<MissingRole>,
    pub(crate) near_misses: Vec<NearMiss>,
}

impl Refusal {
    /// The roles that bindings of the service account refer to and that are not there, in the order of the bindings.
    pub fn missing_roles(&self) -> &[MissingRole] {
        &self.missing_roles
    }

    /// What was closest to allowing it, the nearest first, at most
    /// [eight](crate::Rbac::MAX_NEAR_MISSES).
    ///
    /// [`Rbac::explain`](crate::Rbac::explain) looks for them; in a refusal by
    /// [`Rbac::answer`](crate::Rbac::answer), which is the one to call on every admission, there are none.
    pub fn near_misses(&self) -> &[NearMiss] {
        &self.near_misses
    }

    /// The reason in the words of the API server: `RBAC: ` and the roles that are missing, or nothing.
    ///
    /// Source: Kubernetes `plugin/pkg/auth/authorizer/rbac/rbac.go`, `Authorize`, and
    /// `apimachinery/pkg/util/errors/errors.go`, `aggregate.Error`.
    pub fn reason(&self) -> String {
        let mut known = BTreeSet::new();
        let mut messages = Vec::new();
        for missing in &self.missing_roles {
            if known.insert((missing.kind.as_str(), missing.name.as_str())) {
                messages.push(missing.to_string());
            }
        }
        match messages.as_slice() {
            [] => String::new(),
            [message] => format!("RBAC: {message}"),
            _ => format!("RBAC: [{}]", messages.join(", ")),
        }
    }
}

/// A binding that would apply, and whose role cannot be found.
///
/// Shown in the words of the API server.
///
/// ```
/// use gmsa_rbac::{AccessQuestion, Answer, ProposedGrant, Rbac};
///
/// let question = AccessQuestion::new("team-a", "web", "webapp0");
/// let mut rbac = Rbac::default();
/// rbac.insert(ProposedGrant::new(&question)?.role_binding());
/// let Answer::Deny(refusal) = rbac.answer(&question) else { panic!("the role is not there") };
/// let missing = &refusal.missing_roles()[0];
/// assert_eq!((missing.kind(), missing.name()), ("ClusterRole", "use-gmsa-webapp0"));
/// assert_eq!(missing.binding().to_string(), "RoleBinding `team-a/use-gmsa-webapp0:web`");
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MissingRole {
    pub(crate) binding: BindingRef,
    pub(crate) kind: String,
    pub(crate) name: String,
}

impl MissingRole {
    /// The binding.
    pub fn binding(&self) -> &BindingRef {
        &self.binding
    }

    /// The kind that the binding refers to: `ClusterRole`, `Role`, or whatever else it says.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The name that the binding refers to.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Source: Kubernetes `apimachinery/pkg/api/errors/errors.go`, `NewNotFound`, and
/// `pkg/registry/rbac/validation/rule.go`, `GetRoleReferenceRules`.
impl fmt::Display for MissingRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resource = match self.kind.as_str() {
            "ClusterRole" => "clusterrole",
            "Role" => "role",
            kind => return write!(f, "unsupported role reference kind: {}", quote::go(kind)),
        };
        write!(f, "{resource}.rbac.authorization.k8s.io {} not found", quote::go(&self.name))
    }
}
