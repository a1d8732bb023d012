use std::collections::BTreeMap;

use gmsa_types::{InvalidValue, check_dns_subdomain};
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};

use super::settings::{Settings, Specs};
use crate::{cel, configuration::Namespaces, index::Index};

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
    pub(super) settings: Settings,
    pub(super) specs: Specs,
}

impl CompletePolicies {
    /// The least minor version of Kubernetes 1 that has both kinds of policy.
    ///
    /// Source: Kubernetes, "Feature Gates", `MutatingAdmissionPolicy`.
    pub const LEAST_MINOR: u8 = 36;

    /// The policies for all namespaces, called `gmsa`, with the index of the default name.
    pub fn new() -> Self {
        Self { settings: Settings::named("gmsa"), specs: Specs::Index(Index::DEFAULT_NAME.to_owned()) }
    }

    /// Calls the policies and their bindings something else.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if it is no DNS-1123 subdomain.
    pub fn named(mut self, name: impl Into<String>) -> Result<Self, InvalidValue> {
        self.settings.name = name.into();
        check_dns_subdomain("name of the policy", &self.settings.name)?;
        Ok(self)
    }

    /// Reads the index of this name.
    pub fn reading(mut self, index: &Index) -> Self {
        self.specs = Specs::Index(index.name().to_owned());
        self
    }

    /// Carries the contents of this index in the policies themselves, which then read no object: nothing can be
    /// missing, and there is no order of installation to keep. For some ninety credential specs of usual size.
    ///
    /// Whoever may read the policies then sees the contents, and each change of a credential spec changes both
    /// policies.
    ///
    /// # Errors
    ///
    /// [`PolicyTooLarge`] if the contents make an expression that no API server takes.
    ///
    /// ```
    /// use gmsa_admission::{Snapshot, admission_policy::CompletePolicies, index::Index};
    ///
    /// let policies = CompletePolicies::new().carrying(&Index::of(&Snapshot::default()))?;
    /// let binding = serde_json::to_value(policies.validating_binding())?;
    /// assert_eq!(binding["spec"]["paramRef"], serde_json::Value::Null);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn carrying(mut self, index: &Index) -> Result<Self, PolicyTooLarge> {
        let map = cel::map(index.contents());
        let length = map.chars().count();
        if length > PolicyTooLarge::LIMIT {
            return Err(PolicyTooLarge { length });
        }
        self.specs = Specs::Carried(map);
        Ok(self)
    }

    /// The namespaces whose pods are checked. Read at [`Namespaces`] what a choice other than all of them opens.
    pub fn in_namespaces(mut self, namespaces: Namespaces) -> Self {
        self.settings.namespaces = namespaces;
        self
    }

    /// Adds a label to all objects, in place of one of that key.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.labels.insert(key.into(), value.into());
        self
    }

    /// Takes all labels away.
    pub fn without_labels(mut self) -> Self {
        self.settings.labels = BTreeMap::new();
        self
    }

    /// The policy that enforces.
    #[must_use]
    pub fn validating(&self) -> ValidatingAdmissionPolicy {
        self.settings.validating(Some(&self.specs))
    }

    /// Puts [`validating`](Self::validating) into effect. Where it reads the index, nothing is admitted without that.
    #[must_use]
    pub fn validating_binding(&self) -> ValidatingAdmissionPolicyBinding {
        let mut binding = self.settings.validating_binding();
        self.set_param(&mut binding);
        binding
    }

    fn set_param(&self, binding: &mut ValidatingAdmissionPolicyBinding) {
        k8s_openapi::k8s_if_ge_1_36! {
            binding.spec.param_ref = self.specs.param_ref();
        }
        k8s_openapi::k8s_if_le_1_35! {
            if let Some(spec) = &mut binding.spec {
                spec.param_ref = self.specs.param_ref();
            }
        }
    }
}

impl Default for CompletePolicies {
    fn default() -> Self {
        Self::new()
    }
}

/// The contents of the credential specs make an expression that is too long, see [`CompletePolicies::carrying`]. An
/// [index](crate::index) has room for more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cred specs make an expression of {length} characters, and an API server takes {}", Self::LIMIT)]
pub struct PolicyTooLarge {
    length: usize,
}

impl PolicyTooLarge {
    /// The longest expression, in characters.
    ///
    /// Source: cel-go `parser/options.go`, `ExpressionSizeCodePointLimit`.
    pub const LIMIT: usize = 100_000;

    /// The length of the expression, in characters.
    pub fn length(&self) -> usize {
        self.length
    }
}
