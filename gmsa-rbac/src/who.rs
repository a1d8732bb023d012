//! Everybody who may `use` a credential spec, and the pods that each of them stands for.

use std::{collections::BTreeSet, fmt};

use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::{
    BindingRef, Grant, Rbac,
    bindings::Binding,
    quote::shown,
    rbac::RoleKey,
    rule,
    subject::{ALL_ACCOUNTS, ServiceAccountGroup, Who, account_of_user},
};

/// Somebody who may `use` a credential spec, and through what.
///
/// [`Rbac::who_can_use`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holder {
    pub(crate) grant: Grant,
    pub(crate) pods: Pods,
}

impl Holder {
    /// The chain from the rule to the subject, who is the holder.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The pods that can run with the credential spec because of it.
    pub fn pods(&self) -> &Pods {
        &self.pods
    }
}

/// The pods that a subject of a binding stands for.
///
/// A pod runs in the namespace of its service account, and is judged there. A binding in another namespace
/// therefore serves no pod, and neither does one to people.
///
/// Source: Kubernetes `plugin/pkg/admission/serviceaccount/admission.go`, `Validate`.
///
/// ```
/// use gmsa_rbac::Pods;
///
/// let pods = Pods::OfNamespace { namespace: "shop".into() };
/// assert!(pods.include("shop", "web"));
/// assert!(!pods.include("team-a", "web"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a service account has one user name and two groups")]
pub enum Pods {
    /// Those of one service account.
    OfAccount {
        /// The namespace of the account and of the pods.
        namespace: String,
        /// The service account.
        name: String,
    },
    /// All of a namespace.
    OfNamespace {
        /// The namespace.
        namespace: String,
    },
    /// All of the cluster.
    All,
    /// None: the subject is no service account, or not where its pods run.
    None,
}

impl Pods {
    /// Whether the pods of this service account are among them.
    pub fn include(&self, namespace: &str, service_account: &str) -> bool {
        match self {
            Self::OfAccount { namespace: own, name } => own == namespace && name == service_account,
            Self::OfNamespace { namespace: own } => own == namespace,
            Self::All => !namespace.is_empty(),
            Self::None => false,
        }
    }

    /// Those that a subject of a binding in `binding_namespace` (empty for a `ClusterRoleBinding`) stands for.
    pub(crate) fn of(subject: Who<'_>, binding_namespace: &str) -> Self {
        let counts = |namespace: &str| binding_namespace.is_empty() || binding_namespace == namespace;
        match subject {
            Who::ServiceAccount { namespace, name } if counts(namespace) => {
                Self::OfAccount { namespace: namespace.to_owned(), name: name.to_owned() }
            }
            Who::User(user) => match account_of_user(user) {
                Some((namespace, name)) if counts(namespace) => {
                    Self::OfAccount { namespace: namespace.to_owned(), name: name.to_owned() }
                }
                _ => Self::None,
            },
            Who::Group(group) => match ServiceAccountGroup::of(group) {
                Some(ServiceAccountGroup::All) if binding_namespace.is_empty() => Self::All,
                Some(ServiceAccountGroup::All) => {
                    Self::OfNamespace { namespace: binding_namespace.to_owned() }
                }
                Some(ServiceAccountGroup::Namespace(namespace)) if counts(namespace) => {
                    Self::OfNamespace { namespace: namespace.to_owned() }
                }
                _ => Self::None,
            },
            Who::ServiceAccount { .. } => Self::None,
        }
    }
}

/// `the pods of service account` and so on, for a sentence.
impl fmt::Display for Pods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfAccount { namespace, name } => {
                write!(f, "the pods of service account {}", shown(&format!("{namespace}/{name}")))
            }
            Self::OfNamespace { namespace } => write!(f, "all pods in namespace {}", shown(namespace)),
            Self::All => write!(f, "all pods in the cluster (group {})", shown(ALL_ACCOUNTS)),
            Self::None => f.write_str("no pods"),
        }
    }
}

/// A binding, with the role that it has and where both are.
#[derive(Clone, Copy)]
pub(crate) struct Bound<'r> {
    /// Empty for a `ClusterRoleBinding`.
    pub(crate) namespace: &'r str,
    pub(crate) name: &'r str,
    pub(crate) binding: &'r Binding,
}

impl Bound<'_> {
    pub(crate) fn to_ref(self) -> BindingRef {
        BindingRef::new(self.namespace, self.name)
    }
}

impl Rbac {
    /// Everybody who may `use` a credential spec: service accounts, users and groups, one entry for each subject of
    /// each binding that grants it, those of the cluster first.
    ///
    /// ```
    /// use gmsa_rbac::{Pods, Rbac, build::{UseBinding, UseRole}};
    /// use gmsa_types::CredentialSpecName;
    ///
    /// let role = UseRole::new(CredentialSpecName::try_from("webapp1")?);
    /// let mut rbac = Rbac::default();
    /// rbac.insert(role.cluster_role());
    /// rbac.insert(UseBinding::new(&role, "shop")?.service_account("web")?.role_binding());
    /// let holders = rbac.who_can_use("webapp1");
    /// assert_eq!(holders[0].pods().to_string(), "the pods of service account `shop/web`");
    /// assert!(holders[0].grant().chain().starts_with("rules[0] -> ClusterRole `use-gmsa-webapp1` -> "));
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    pub fn who_can_use(&self, credential_spec: &str) -> Vec<Holder> {
        let mut holders = Vec::new();
        for bound in self.all_bindings() {
            let Some((role, rules)) = self.role(bound.namespace, &bound.binding.role_ref) else { continue };
            let Some(rule) = rules.iter().position(|rule| rule::allows(rule, credential_spec)) else {
                continue;
            };
            let mut told = BTreeSet::new();
            for subject in &bound.binding.subjects {
                let Some(who) = Who::of(subject, bound.namespace) else { continue };
                let subject = who.to_subject();
                // Somebody who is listed twice holds it once.
                if told.insert(subject.clone()) {
                    let (binding, role) = (bound.to_ref(), role.to_ref());
                    let pods = Pods::of(who, bound.namespace);
                    holders.push(Holder { pods, grant: Grant { binding, subject, role, rule } });
                }
            }
        }
        holders
    }

    /// Every binding: those of the cluster, then those of each namespace, by name.
    pub(crate) fn all_bindings(&self) -> impl Iterator<Item = Bound<'_>> {
        let cluster = [("", &self.cluster_bindings)].into_iter();
        let spaces = self.namespaces.iter().filter(|(namespace, _)| !namespace.is_empty());
        cluster.chain(spaces.map(|(namespace, found)| (namespace.as_str(), &found.bindings))).flat_map(
            |(namespace, bindings)| {
                bindings.iter().map(move |(name, binding)| Bound { namespace, name, binding })
            },
        )
    }

    /// Every role with its rules: those of the cluster, then those of each namespace, by name.
    pub(crate) fn all_roles(&self) -> impl Iterator<Item = (RoleKey<'_>, &[PolicyRule])> {
        let cluster = self.cluster_roles.keys().map(|name| RoleKey { namespace: "", name });
        let spaces = self.namespaces.iter().filter(|(namespace, _)| !namespace.is_empty());
        let local = spaces
            .flat_map(|(namespace, found)| found.roles.keys().map(move |name| RoleKey { namespace, name }));
        cluster.chain(local).filter_map(|key| Some((key, self.rules(key)?)))
    }
}
