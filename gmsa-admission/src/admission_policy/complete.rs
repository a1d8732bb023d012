use std::collections::BTreeMap;

use gmsa_types::{InvalidValue, check_dns_subdomain};
use k8s_openapi::api::admissionregistration::v1::{
    ParamRef, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};

use super::common::Common;
use crate::{configuration::Namespaces, index::Index};

/// The policies that do all that the webhook does, so that there need be none: a mutating one, which expands names,
/// and a validating one, which enforces. Both read the [index](crate::index) of credential specs.
///
/// Mutating policies exist since Kubernetes 1.36; `mutating` and `mutating_binding` are there if k8s-openapi builds for
/// that version or a later one. Below it, names have to be expanded by the webhook, or contents written into the pods.
///
/// Read [the order of installation](super#order-of-installation) before you bind them. The index does not follow the
/// credential specs by itself: whoever changes one has to write the index anew, and until then pods get what the
/// index says.
///
/// ```
/// use gmsa_admission::admission_policy::CompletePolicies;
///
/// let policies = CompletePolicies::new();
/// let binding = serde_json::to_value(policies.validating_binding())?;
/// assert_eq!(binding["spec"]["paramRef"]["name"], "gmsa");
/// assert_eq!(binding["spec"]["paramRef"]["parameterNotFoundAction"], "Deny");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct CompletePolicies {
    pub(super) common: Common,
    index: String,
}

impl CompletePolicies {
    /// The least minor version of Kubernetes 1 that has both kinds of policy.
    pub const LEAST_MINOR: u8 = 36;

    /// The policies for all namespaces, called `gmsa`, with the index of the default name.
    pub fn new() -> Self {
        Self { common: Common::named("gmsa"), index: Index::DEFAULT_NAME.to_owned() }
    }

    /// Calls the policies and their bindings something else.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if it is no DNS-1123 subdomain.
    pub fn named(mut self, name: impl Into<String>) -> Result<Self, InvalidValue> {
        self.common.name = name.into();
        check_dns_subdomain("name of the policy", &self.common.name)?;
        Ok(self)
    }

    /// Reads the index of this name.
    pub fn reading(mut self, index: &Index) -> Self {
        self.index = index.name().to_owned();
        self
    }

    /// The namespaces whose pods are checked. Read at [`Namespaces`] what a choice other than all of them opens.
    pub fn in_namespaces(mut self, namespaces: Namespaces) -> Self {
        self.common.namespaces = namespaces;
        self
    }

    /// Adds a label to all objects, in place of one of that key.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.common.labels.insert(key.into(), value.into());
        self
    }

    /// Takes all labels away.
    pub fn without_labels(mut self) -> Self {
        self.common.labels = BTreeMap::new();
        self
    }

    /// The policy that enforces.
    #[must_use]
    pub fn validating(&self) -> ValidatingAdmissionPolicy {
        self.common.validating(true)
    }

    /// Puts [`validating`](Self::validating) into effect, with the index as its parameter. Without the index nothing
    /// is admitted.
    #[must_use]
    pub fn validating_binding(&self) -> ValidatingAdmissionPolicyBinding {
        let mut binding = self.common.validating_binding();
        self.set_param(&mut binding);
        binding
    }

    fn set_param(&self, binding: &mut ValidatingAdmissionPolicyBinding) {
        k8s_openapi::k8s_if_ge_1_36! {
            binding.spec.param_ref = Some(self.param_ref());
        }
        k8s_openapi::k8s_if_le_1_35! {
            if let Some(spec) = &mut binding.spec {
                spec.param_ref = Some(self.param_ref());
            }
        }
    }

    pub(super) fn param_ref(&self) -> ParamRef {
        ParamRef {
            name: Some(self.index.clone()),
            parameter_not_found_action: Some("Deny".to_owned()),
            ..ParamRef::default()
        }
    }
}

impl Default for CompletePolicies {
    fn default() -> Self {
        Self::new()
    }
}
