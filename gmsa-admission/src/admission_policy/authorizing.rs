use std::collections::BTreeMap;

use gmsa_types::{InvalidValue, check_dns_subdomain};
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};

use super::common::Common;
use crate::configuration::Namespaces;

/// A validating policy for beside the webhook, as a second line: should the webhook be removed, or its configuration
/// changed, nobody gets an identity that their service account may not `use`.
///
/// It checks that each gMSA place has a name and contents, and that the service account may `use` every name. It
/// does not know what the contents should be: that is for the webhook, and without it, whoever may `use` one
/// credential spec can put another's contents beside its name. [`CompletePolicies`](super::CompletePolicies) know.
///
/// ```
/// use gmsa_admission::admission_policy::AuthorizingPolicy;
///
/// let policy = AuthorizingPolicy::new();
/// let object = serde_json::to_value(policy.policy())?;
/// assert_eq!(object["spec"]["failurePolicy"], "Fail");
/// assert_eq!(object["spec"]["paramKind"], serde_json::Value::Null);
/// let binding = serde_json::to_value(policy.binding())?;
/// assert_eq!(binding["spec"]["policyName"], object["metadata"]["name"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct AuthorizingPolicy {
    pub(super) common: Common,
}

impl AuthorizingPolicy {
    /// The least minor version of Kubernetes 1 that knows all functions of the policy: `distinct` came to CEL on API
    /// servers in 1.34, and stored expressions may use what the version before knew.
    ///
    /// Source: Kubernetes `apiserver/pkg/cel/environment/base.go`.
    pub const LEAST_MINOR: u8 = 35;

    /// The policy for all namespaces, called `gmsa-authorization`.
    pub fn new() -> Self {
        Self { common: Common::named("gmsa-authorization") }
    }

    /// Calls the policy and its binding something else.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if it is no DNS-1123 subdomain.
    pub fn named(mut self, name: impl Into<String>) -> Result<Self, InvalidValue> {
        self.common.name = name.into();
        check_dns_subdomain("name of the policy", &self.common.name)?;
        Ok(self)
    }

    /// The namespaces whose pods are checked. Read at [`Namespaces`] what a choice other than all of them opens.
    pub fn in_namespaces(mut self, namespaces: Namespaces) -> Self {
        self.common.namespaces = namespaces;
        self
    }

    /// Adds a label to both objects, in place of one of that key.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.common.labels.insert(key.into(), value.into());
        self
    }

    /// Takes all labels away.
    pub fn without_labels(mut self) -> Self {
        self.common.labels = BTreeMap::new();
        self
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> ValidatingAdmissionPolicy {
        self.common.validating(None)
    }

    /// Puts the policy into effect.
    #[must_use]
    pub fn binding(&self) -> ValidatingAdmissionPolicyBinding {
        self.common.validating_binding()
    }
}

impl Default for AuthorizingPolicy {
    fn default() -> Self {
        Self::new()
    }
}
