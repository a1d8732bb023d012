//! Roles, bindings and subjects by kind and name, as answers name them.

use std::fmt;

use crate::quote::shown;

/// A role binding, by kind and name.
///
/// ```
/// use gmsa_rbac::BindingRef;
///
/// let binding = BindingRef::RoleBinding { namespace: "team-b".into(), name: "b8".into() };
/// assert_eq!(binding.to_string(), "RoleBinding `team-b/b8`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the API group has these two kinds of binding")]
pub enum BindingRef {
    /// A `ClusterRoleBinding`.
    ClusterRoleBinding {
        /// Its name.
        name: String,
    },
    /// A `RoleBinding`.
    RoleBinding {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

impl BindingRef {
    /// The binding of this name in `namespace`, or in the cluster if that is empty.
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        let name = name.to_owned();
        match namespace {
            "" => Self::ClusterRoleBinding { name },
            _ => Self::RoleBinding { namespace: namespace.to_owned(), name },
        }
    }

    /// `ClusterRoleBinding` or `RoleBinding`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ClusterRoleBinding { .. } => "ClusterRoleBinding",
            Self::RoleBinding { .. } => "RoleBinding",
        }
    }

    /// The namespace of a `RoleBinding`.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::ClusterRoleBinding { .. } => None,
            Self::RoleBinding { namespace, .. } => Some(namespace),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::ClusterRoleBinding { name } | Self::RoleBinding { name, .. } => name,
        }
    }
}

impl fmt::Display for BindingRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.kind(), self.namespace(), self.name())
    }
}

/// A role, by kind and name.
///
/// ```
/// use gmsa_rbac::RoleRef;
///
/// assert_eq!(RoleRef::ClusterRole { name: "use-webapp0".into() }.to_string(), "ClusterRole `use-webapp0`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the API group has these two kinds of role")]
pub enum RoleRef {
    /// A `ClusterRole`.
    ClusterRole {
        /// Its name.
        name: String,
    },
    /// A `Role`.
    Role {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

impl RoleRef {
    /// The role of this name in `namespace`, or in the cluster if that is empty.
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        let name = name.to_owned();
        match namespace {
            "" => Self::ClusterRole { name },
            _ => Self::Role { namespace: namespace.to_owned(), name },
        }
    }

    /// `ClusterRole` or `Role`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ClusterRole { .. } => "ClusterRole",
            Self::Role { .. } => "Role",
        }
    }

    /// The namespace of a `Role`.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::ClusterRole { .. } => None,
            Self::Role { namespace, .. } => Some(namespace),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::ClusterRole { name } | Self::Role { name, .. } => name,
        }
    }
}

impl fmt::Display for RoleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.kind(), self.namespace(), self.name())
    }
}

/// The subject of a binding through which a service account holds a role.
///
/// ```
/// use gmsa_rbac::Subject;
///
/// let subject = Subject::ServiceAccount { namespace: "team-a".into(), name: "one".into() };
/// assert_eq!(subject.to_string(), "ServiceAccount `team-a/one`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the API group has these three kinds of subject")]
pub enum Subject {
    /// The service account itself.
    ServiceAccount {
        /// Its namespace: the binding's, if the subject names none.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The service account under its user name, `system:serviceaccount:NAMESPACE:NAME`.
    User {
        /// The user name.
        name: String,
    },
    /// One of the groups of the service account.
    Group {
        /// The group's name.
        name: String,
    },
}

impl Subject {
    /// `ServiceAccount`, `User` or `Group`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ServiceAccount { .. } => "ServiceAccount",
            Self::User { .. } => "User",
            Self::Group { .. } => "Group",
        }
    }

    /// The namespace of a `ServiceAccount`.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::ServiceAccount { namespace, .. } => Some(namespace),
            Self::User { .. } | Self::Group { .. } => None,
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::ServiceAccount { name, .. } | Self::User { name } | Self::Group { name } => name,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.kind(), self.namespace(), self.name())
    }
}

fn show(f: &mut fmt::Formatter<'_>, kind: &str, namespace: Option<&str>, name: &str) -> fmt::Result {
    match namespace {
        Some(namespace) => write!(f, "{kind} {}", shown(&format!("{namespace}/{name}"))),
        None => write!(f, "{kind} {}", shown(name)),
    }
}
