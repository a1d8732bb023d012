//! Subjects of bindings: whom they stand for, and how they miss the one who was meant.

use std::fmt;

use gmsa_types::{check_dns_label, check_dns_subdomain};
use k8s_openapi::api::rbac::v1 as k8s;

use crate::{AccessQuestion, Subject, quote::shown};

/// The API group of roles, bindings, users and groups.
pub(crate) const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// Who asks, as the authorizer sees it.
pub(crate) struct Asker {
    pub(crate) user: String,
    namespace_group: String,
}

impl Asker {
    pub(crate) fn of(question: &AccessQuestion<'_>) -> Self {
        let [_, namespace_group] = question.groups();
        Self { user: question.user_name(), namespace_group }
    }

    pub(crate) fn groups(&self) -> [&str; 2] {
        [ALL_ACCOUNTS, &self.namespace_group]
    }
}

/// Whom a subject stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who<'s> {
    User(&'s str),
    Group(&'s str),
    ServiceAccount { namespace: &'s str, name: &'s str },
}

impl<'s> Who<'s> {
    /// Whom a subject of a binding in `namespace` (empty for a `ClusterRoleBinding`) stands for, if anybody.
    ///
    /// The authorizer itself does not look at `apiGroup`, because the API server has refused a binding with a wrong
    /// one; offline, such a subject stands for nobody.
    ///
    /// Source: Kubernetes `pkg/registry/rbac/validation/rule.go`, `appliesToUser`;
    /// `pkg/apis/rbac/v1/defaults.go`; `pkg/apis/rbac/validation/validation.go`, `ValidateRoleBindingSubject`.
    pub(crate) fn of(subject: &'s k8s::Subject, namespace: &'s str) -> Option<Self> {
        if !has_right_api_group(subject) {
            return None;
        }
        let name = &subject.name;
        match subject.kind.as_str() {
            "User" => Some(Self::User(name)),
            "Group" => Some(Self::Group(name)),
            "ServiceAccount" => match namespace_of(subject, namespace) {
                "" => None,
                namespace => Some(Self::ServiceAccount { namespace, name }),
            },
            _ => None,
        }
    }

    /// Whether that is the asker or one of its groups.
    ///
    /// Source: Kubernetes `apiserver/pkg/authentication/serviceaccount/util.go`, `MatchesUsername`.
    pub(crate) fn is(self, asker: &Asker) -> bool {
        match self {
            Self::User(name) => name == asker.user,
            Self::Group(name) => asker.groups().contains(&name),
            Self::ServiceAccount { namespace, name } => asker
                .user
                .strip_prefix("system:serviceaccount:")
                .and_then(|rest| rest.strip_prefix(namespace))
                .and_then(|rest| rest.strip_prefix(':'))
                .is_some_and(|rest| rest == name),
        }
    }

    pub(crate) fn to_subject(self) -> Subject {
        match self {
            Self::User(name) => Subject::User { name: name.to_owned() },
            Self::Group(name) => Subject::Group { name: name.to_owned() },
            Self::ServiceAccount { namespace, name } => {
                Subject::ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() }
            }
        }
    }
}

pub(crate) const ALL_ACCOUNTS: &str = "system:serviceaccounts";

/// A group of service accounts.
pub(crate) enum ServiceAccountGroup<'g> {
    All,
    Namespace(&'g str),
}

impl<'g> ServiceAccountGroup<'g> {
    pub(crate) fn of(group: &'g str) -> Option<Self> {
        match group.strip_prefix(ALL_ACCOUNTS)? {
            "" => Some(Self::All),
            rest => rest.strip_prefix(':').map(Self::Namespace),
        }
    }
}

/// Namespace and name of the service account whose user name that is. No namespace has a colon in it.
pub(crate) fn account_of_user(user: &str) -> Option<(&str, &str)> {
    user.strip_prefix("system:serviceaccount:")?.split_once(':')
}

/// Why a subject stands for nobody.
pub(crate) enum SubjectFault {
    Kind,
    ApiGroup,
    NoNamespace,
}

impl SubjectFault {
    /// What is wrong with a subject of a binding in `namespace` (empty for a `ClusterRoleBinding`), if anything.
    pub(crate) fn of(subject: &k8s::Subject, namespace: &str) -> Option<Self> {
        match Who::of(subject, namespace) {
            Some(_) => None,
            None if !matches!(subject.kind.as_str(), "User" | "Group" | "ServiceAccount") => Some(Self::Kind),
            None if !has_right_api_group(subject) => Some(Self::ApiGroup),
            None => Some(Self::NoNamespace),
        }
    }
}

/// Whether to replace a subject may take something from somebody: a user, a group, or an account that can exist.
pub(crate) fn may_stand_for_somebody(subject: &k8s::Subject, namespace: &str) -> bool {
    match Who::of(subject, namespace) {
        Some(Who::ServiceAccount { namespace, name }) => {
            check_dns_label("", namespace).is_ok() && check_dns_subdomain("", name).is_ok()
        }
        Some(Who::User(_) | Who::Group(_)) => true,
        None => false,
    }
}

fn namespace_of<'s>(subject: &'s k8s::Subject, default: &'s str) -> &'s str {
    subject.namespace.as_deref().filter(|namespace| !namespace.is_empty()).unwrap_or(default)
}

fn has_right_api_group(subject: &k8s::Subject) -> bool {
    match (subject.kind.as_str(), subject.api_group.as_deref().unwrap_or_default()) {
        // Left out, it is filled in by the API server.
        (_, "") => true,
        ("User" | "Group", group) => group == RBAC_GROUP,
        _ => false,
    }
}

/// How a subject that somebody wrote for the service account misses it.
///
/// Shown as the end of a sentence about the binding.
///
/// Source: Kubernetes `pkg/registry/rbac/validation/rule.go`, `appliesToUser`.
///
/// ```
/// use gmsa_rbac::{AccessQuestion, Answer, NearMissKind, ProposedGrant, Rbac, SubjectDifference};
///
/// let question = AccessQuestion::new("team-a", "web", "webapp0");
/// let grant = ProposedGrant::new(&question)?;
/// let mut binding = grant.role_binding();
/// for subject in binding.subjects.iter_mut().flatten() {
///     subject.namespace = Some("team-b".to_owned());
/// }
/// let mut rbac = Rbac::default();
/// rbac.insert(grant.cluster_role());
/// rbac.insert(binding);
/// let Answer::Deny(refusal) = rbac.explain(&question) else { panic!("it is another account") };
/// let NearMissKind::Subject { difference, .. } = refusal.near_misses()[0].kind() else { panic!("another kind") };
/// assert_eq!(difference, &SubjectDifference::OtherNamespace { written: "team-b".into() });
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubjectDifference {
    /// The subject's `apiGroup` is not that of its kind.
    ApiGroup {
        /// The group as written.
        written: String,
    },
    /// A `ServiceAccount` without a namespace in a `ClusterRoleBinding`, where there is none to fall back on.
    NamespaceMissing,
    /// The kind is misspelt.
    Kind {
        /// The kind as written.
        written: String,
    },
    /// The name is a variant of the account's: other case, or with the namespace in it.
    Name {
        /// The name as written.
        written: String,
    },
    /// A `User` that is not the account's user name but looks like the account.
    User {
        /// The name as written.
        written: String,
    },
    /// A `Group` that is none of the account's but looks like one.
    Group {
        /// The name as written.
        written: String,
    },
    /// The group `system:authenticated`, which real tokens have and the access question leaves out.
    Authenticated,
    /// An account of the same name in another namespace.
    OtherNamespace {
        /// That namespace.
        written: String,
    },
}

impl SubjectDifference {
    /// How `subject`, which does not apply, misses the account; `None` if it is about somebody else.
    pub(crate) fn find(
        subject: &k8s::Subject,
        namespace: &str,
        question: &AccessQuestion<'_>,
    ) -> Option<Self> {
        let written = subject.name.clone();
        let kind = subject.kind.as_str();
        if !has_right_api_group(subject) {
            let corrected = k8s::Subject { api_group: None, ..subject.clone() };
            let applies = Who::of(&corrected, namespace).is_some_and(|who| who.is(&Asker::of(question)));
            let written = subject.api_group.clone().unwrap_or_default();
            return applies.then_some(Self::ApiGroup { written });
        }
        match kind {
            "ServiceAccount" => {
                let (found, asked) = (namespace_of(subject, namespace), question.namespace());
                if subject.name == question.service_account() {
                    return Some(match found {
                        "" => Self::NamespaceMissing,
                        _ => Self::OtherNamespace { written: found.to_owned() },
                    });
                }
                ((found == asked || found.is_empty()) && looks_like_account(&written, question))
                    .then_some(Self::Name { written })
            }
            "User" => looks_like_account(&written, question).then_some(Self::User { written }),
            "Group" if written == "system:authenticated" => Some(Self::Authenticated),
            "Group" => looks_like_group(&written, question).then_some(Self::Group { written }),
            _ => {
                let folded: String = kind.chars().filter(char::is_ascii_alphanumeric).collect();
                let kinds = ["serviceaccount", "serviceaccounts", "sa"];
                (kinds.iter().any(|known| folded.eq_ignore_ascii_case(known))
                    && subject.name == question.service_account()
                    && [question.namespace(), ""].contains(&namespace_of(subject, namespace)))
                .then(|| Self::Kind { written: kind.to_owned() })
            }
        }
    }

    /// Whether the subject as written may well be meant for somebody else, whom a correction would shut out.
    pub(crate) fn may_be_meant(&self) -> bool {
        matches!(self, Self::OtherNamespace { .. } | Self::Authenticated)
    }
}

/// The end of a sentence about a binding: `a ServiceAccount without a namespace`.
impl fmt::Display for SubjectDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiGroup { written } => {
                write!(
                    f,
                    "the account but with the API group {}, which its kind does not have",
                    shown(written)
                )
            }
            Self::NamespaceMissing => f.write_str("a ServiceAccount of that name without a namespace"),
            Self::Kind { written } => write!(f, "a subject of kind {}, not `ServiceAccount`", shown(written)),
            Self::Name { written } => write!(f, "a ServiceAccount written {}", shown(written)),
            Self::User { written } => {
                write!(f, "a User written {}, which is not the user name of the account", shown(written))
            }
            Self::Group { written } => {
                write!(f, "a Group written {}, which is no group of the account", shown(written))
            }
            Self::Authenticated => {
                f.write_str("the Group `system:authenticated`, which the access question leaves out")
            }
            Self::OtherNamespace { written } => {
                write!(f, "a ServiceAccount of that name in namespace {}", shown(written))
            }
        }
    }
}

fn looks_like_account(written: &str, question: &AccessQuestion<'_>) -> bool {
    let (namespace, name) = (question.namespace(), question.service_account());
    let prefixes = ["system:serviceaccount:", "system:serviceaccounts:", "serviceaccount:", ""];
    written.eq_ignore_ascii_case(name)
        || prefixes.iter().any(|prefix| {
            [':', '/'].iter().any(|separator| {
                written.eq_ignore_ascii_case(&format!("{prefix}{namespace}{separator}{name}"))
            })
        })
}

fn looks_like_group(written: &str, question: &AccessQuestion<'_>) -> bool {
    let namespace = question.namespace();
    let stems = ["system:serviceaccounts", "system:serviceaccount", "serviceaccounts", "serviceaccount"];
    written.eq_ignore_ascii_case(&question.user_name())
        || stems.iter().any(|stem| {
            written.eq_ignore_ascii_case(stem)
                || [':', '/']
                    .iter()
                    .any(|separator| written.eq_ignore_ascii_case(&format!("{stem}{separator}{namespace}")))
        })
}
