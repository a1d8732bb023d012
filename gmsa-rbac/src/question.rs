use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The access question: may this service account, in its namespace, `use` the credential spec of this name?
///
/// Any text may be asked about, since RBAC has an answer for every string; names that no object can have are
/// simply denied, or allowed by a rule that allows every name. Questions are values: they compare, hash, sort, and
/// travel as `{"namespace", "serviceAccount", "credentialSpec"}`.
///
/// ```
/// use gmsa_rbac::AccessQuestion;
///
/// let question = AccessQuestion::new("team-a", "default", "webapp0");
/// assert_eq!(question.user_name(), "system:serviceaccount:team-a:default");
/// assert_eq!(question.groups(), ["system:serviceaccounts", "system:serviceaccounts:team-a"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessQuestion<'a> {
    namespace: Cow<'a, str>,
    service_account: Cow<'a, str>,
    credential_spec: Cow<'a, str>,
}

impl<'a> AccessQuestion<'a> {
    /// The question about a service account of `namespace` and a credential spec.
    ///
    /// The namespace is both the account's and the one the pod is to run in; Kubernetes has no way to run a pod
    /// under an account of another namespace.
    pub fn new(
        namespace: impl Into<Cow<'a, str>>,
        service_account: impl Into<Cow<'a, str>>,
        credential_spec: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self {
            namespace: namespace.into(),
            service_account: service_account.into(),
            credential_spec: credential_spec.into(),
        }
    }

    /// The namespace of the pod and of its service account.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name of the service account.
    pub fn service_account(&self) -> &str {
        &self.service_account
    }

    /// The name of the credential spec.
    pub fn credential_spec(&self) -> &str {
        &self.credential_spec
    }

    /// The name under which the API server knows the service account: `system:serviceaccount:NAMESPACE:NAME`.
    ///
    /// Source: Kubernetes `apiserver/pkg/authentication/serviceaccount/util.go`, `MakeUsername`.
    pub fn user_name(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.service_account)
    }

    /// The two groups of the service account: all service accounts, and those of its namespace.
    ///
    /// A real token also carries `system:authenticated`. The question leaves it out, as upstream's webhook and
    /// CEL's `authorizer.serviceAccount` do, and is the stricter for it.
    ///
    /// Source: Kubernetes `apiserver/pkg/authentication/serviceaccount/util.go`, `MakeGroupNames`.
    pub fn groups(&self) -> [String; 2] {
        ["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{}", self.namespace)]
    }

    /// The same question, owning its text.
    pub fn into_owned(self) -> AccessQuestion<'static> {
        AccessQuestion {
            namespace: Cow::Owned(self.namespace.into_owned()),
            service_account: Cow::Owned(self.service_account.into_owned()),
            credential_spec: Cow::Owned(self.credential_spec.into_owned()),
        }
    }

    /// The same question, borrowed from this one.
    pub fn borrowed(&self) -> AccessQuestion<'_> {
        AccessQuestion::new(self.namespace(), self.service_account(), self.credential_spec())
    }
}
