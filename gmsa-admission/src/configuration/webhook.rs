use std::collections::BTreeMap;

use gmsa_rbac::build::conventional_labels;
use gmsa_types::{InvalidValue, check_dns_subdomain};
use k8s_openapi::{
    ByteString,
    api::admissionregistration::v1::{
        MutatingWebhook, MutatingWebhookConfiguration, ValidatingAdmissionPolicy,
        ValidatingAdmissionPolicyBinding, ValidatingWebhook, ValidatingWebhookConfiguration,
        WebhookClientConfig,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use crate::{admission_policy::AuthorizingPolicy, template::Enforcement};

use super::{
    ConfigurationError, Endpoint, Namespaces, Trust, WebhookPath,
    rules::{match_conditions, resource_rules, template_match_conditions, template_rules},
};

/// Makes the two configurations of one webhook: [mutating](Self::mutating), which expands names, and
/// [validating](Self::validating), which enforces.
///
/// | field | value | why |
/// |---|---|---|
/// | `rules` | CREATE of `pods`, UPDATE of `pods/ephemeralcontainers` | the two ways an identity gets into a pod |
/// | `matchConditions` | a gMSA field at any of the four places | no other pod depends on the webhook |
/// | `failurePolicy` | `Fail`; for mutating [as chosen](Self::on_failed_expansion) | what was not checked is not admitted |
/// | `reinvocationPolicy` | `IfNeeded` | a later webhook may add a name to a pod that has one already |
/// | `namespaceSelector` | [as chosen](Self::in_namespaces), all by default | an exemption is a way around |
/// | `objectSelector` | never | users write the labels of their pods |
/// | `sideEffects` | `None` | looking things up changes nothing, so dry runs are checked too |
/// | `matchPolicy` | `Equivalent` | also what is sent in another version |
/// | `timeoutSeconds` | [as chosen](Self::timeout), 5 by default | the API server waits 34 s for everything |
///
/// Source: Kubernetes, "Dynamic Admission Control" and "Admission Webhook Good Practices"; the field checks are
/// those of `pkg/apis/admissionregistration/validation/validation.go`.
///
/// ```
/// use gmsa_admission::configuration::{CertificateRef, ServiceEndpoint, Trust, WebhookConfiguration};
///
/// let webhook = WebhookConfiguration::new(
///     ServiceEndpoint::new("gmsa-system", "gmsa-webhook")?,
///     Trust::CertManager(CertificateRef::new("gmsa-system", "gmsa-webhook")?),
/// );
/// let mutating = webhook.mutating();
/// let annotations = mutating.metadata.annotations.unwrap();
/// assert_eq!(annotations["cert-manager.io/inject-ca-from"], "gmsa-system/gmsa-webhook");
/// let hook = &mutating.webhooks.unwrap()[0];
/// assert_eq!(hook.client_config.service.as_ref().unwrap().path.as_deref(), Some("/mutate"));
/// # Ok::<(), gmsa_admission::configuration::ConfigurationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct WebhookConfiguration {
    name: String,
    endpoint: Endpoint,
    trust: Trust,
    mutate_path: WebhookPath,
    validate_path: WebhookPath,
    template_path: WebhookPath,
    templates: Option<Enforcement>,
    namespaces: Namespaces,
    timeout: TimeoutSeconds,
    failed_expansion: FailurePolicy,
    labels: BTreeMap<String, String>,
}

impl WebhookConfiguration {
    /// The name of the webhook in the mutating configuration, which the API server quotes in its errors.
    pub const MUTATING_NAME: &str = "mutate.gmsa.internal";
    /// The least minor version of Kubernetes 1 that knows match conditions unless it is told not to.
    ///
    /// **Install nothing of this on one before it**: such an API server drops the conditions without a word, and calls the
    /// webhook for every pod, those of the webhook too. While it is away, no pod of the cluster starts.
    ///
    /// Source: Kubernetes, "Feature Gates", `AdmissionWebhookMatchConditions`.
    pub const LEAST_MINOR: u8 = 28;
    /// The name of the webhook in the validating configuration.
    pub const VALIDATING_NAME: &str = "validate.gmsa.internal";
    /// The name of the webhook for pod templates, in the validating configuration.
    pub const TEMPLATE_NAME: &str = "template.gmsa.internal";

    /// For the webhook at this endpoint, with the defaults of the table above. Both objects are called
    /// `gmsa-webhook`.
    pub fn new(endpoint: impl Into<Endpoint>, trust: Trust) -> Self {
        Self {
            name: "gmsa-webhook".to_owned(),
            endpoint: endpoint.into(),
            trust,
            mutate_path: WebhookPath::mutate(),
            validate_path: WebhookPath::validate(),
            template_path: WebhookPath::template(),
            templates: None,
            namespaces: Namespaces::All,
            timeout: TimeoutSeconds::DEFAULT,
            failed_expansion: FailurePolicy::Fail,
            labels: conventional_labels(),
        }
    }

    /// Calls both objects something else. Mutating webhooks run in the order of the names of their configurations.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if it is no DNS-1123 subdomain.
    pub fn named(self, name: impl Into<String>) -> Result<Self, InvalidValue> {
        let name = name.into();
        check_dns_subdomain("name of the webhook configuration", &name)?;
        Ok(Self { name, ..self })
    }

    /// Calls both objects what has been checked already.
    pub(crate) fn checked_name(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// Other paths than `/mutate` and `/validate`.
    pub fn paths(self, mutate: WebhookPath, validate: WebhookPath) -> Self {
        Self { mutate_path: mutate, validate_path: validate, ..self }
    }

    /// Also has [templates](mod@crate::template) checked, of workloads that no controller made, at `/template`. The validating
    /// configuration then has a second webhook.
    ///
    /// The server must be told the same: it decides whether to warn or to deny. Of a webhook that warns, the failure policy
    /// is `Ignore`: a workload does not wait for advice. The pods are checked in any case.
    ///
    /// ```
    /// use gmsa_admission::{configuration::{ServiceEndpoint, Trust, WebhookConfiguration}, template::Enforcement};
    ///
    /// let webhook = WebhookConfiguration::new(ServiceEndpoint::new("gmsa-system", "gmsa")?, Trust::SystemRoots)
    ///     .templates(Enforcement::Warn);
    /// let hooks = webhook.validating().webhooks.unwrap();
    /// assert_eq!(hooks[1].name, WebhookConfiguration::TEMPLATE_NAME);
    /// assert_eq!(hooks[1].failure_policy.as_deref(), Some("Ignore"));
    /// # Ok::<(), gmsa_admission::configuration::ConfigurationError>(())
    /// ```
    pub fn templates(self, enforcement: Enforcement) -> Self {
        Self { templates: Some(enforcement), ..self }
    }

    /// Another path than `/template`.
    pub fn template_path(self, path: WebhookPath) -> Self {
        Self { template_path: path, ..self }
    }

    /// The namespaces whose pods are checked. Read at [`Namespaces`] what a choice other than all of them opens.
    pub fn in_namespaces(self, namespaces: Namespaces) -> Self {
        Self { namespaces, ..self }
    }

    /// How long the API server waits for one answer.
    pub fn timeout(self, timeout: TimeoutSeconds) -> Self {
        Self { timeout, ..self }
    }

    /// What becomes of a pod if the mutating webhook cannot be asked.
    ///
    /// [`Ignore`](FailurePolicy::Ignore) is safe: the pod goes on with its names unexpanded, and the validating
    /// webhook denies it for that, with a message that says so. It admits no pod more; it only moves the error. With
    /// a webhook in place of this crate's that admits names without contents, as upstream's does, it is not.
    pub fn on_failed_expansion(self, policy: FailurePolicy) -> Self {
        Self { failed_expansion: policy, ..self }
    }

    /// Adds a label to both objects, in place of one of that key.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Takes all labels away.
    pub fn without_labels(self) -> Self {
        Self { labels: BTreeMap::new(), ..self }
    }

    /// What both objects are called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the webhook is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The configuration that expands names.
    #[must_use]
    pub fn mutating(&self) -> MutatingWebhookConfiguration {
        MutatingWebhookConfiguration {
            metadata: self.metadata(),
            webhooks: Some(vec![MutatingWebhook {
                name: Self::MUTATING_NAME.to_owned(),
                client_config: self.client_config(&self.mutate_path),
                rules: Some(resource_rules().into()),
                failure_policy: Some(self.failed_expansion.as_str().to_owned()),
                match_policy: Some(MATCH_POLICY.to_owned()),
                namespace_selector: Some(self.namespaces.selector()),
                object_selector: None,
                side_effects: SIDE_EFFECTS.to_owned(),
                timeout_seconds: Some(self.timeout.0.into()),
                admission_review_versions: vec![REVIEW_VERSION.to_owned()],
                match_conditions: Some(match_conditions()),
                reinvocation_policy: Some("IfNeeded".to_owned()),
            }]),
        }
    }

    /// The configuration that enforces. Its failure policy is `Fail`, and there is no other choice: with `Ignore`,
    /// whoever can make the webhook slow could give a pod any identity.
    #[must_use]
    pub fn validating(&self) -> ValidatingWebhookConfiguration {
        let enforcing = ValidatingWebhook {
            name: Self::VALIDATING_NAME.to_owned(),
            client_config: self.client_config(&self.validate_path),
            rules: Some(resource_rules().into()),
            failure_policy: Some(FailurePolicy::Fail.as_str().to_owned()),
            match_policy: Some(MATCH_POLICY.to_owned()),
            namespace_selector: Some(self.namespaces.selector()),
            object_selector: None,
            side_effects: SIDE_EFFECTS.to_owned(),
            timeout_seconds: Some(self.timeout.0.into()),
            admission_review_versions: vec![REVIEW_VERSION.to_owned()],
            match_conditions: Some(match_conditions()),
        };
        let advising = self.templates.map(|enforcement| ValidatingWebhook {
            name: Self::TEMPLATE_NAME.to_owned(),
            client_config: self.client_config(&self.template_path),
            rules: Some(template_rules()),
            failure_policy: Some(on_failed_advice(enforcement).as_str().to_owned()),
            match_conditions: Some(template_match_conditions()),
            ..enforcing.clone()
        });
        ValidatingWebhookConfiguration {
            metadata: self.metadata(),
            webhooks: Some([enforcing].into_iter().chain(advising).collect()),
        }
    }

    /// Both configurations, and beside them the policy that checks permissions once more in the API server itself,
    /// for the same namespaces and with the same labels.
    ///
    /// ```
    /// use gmsa_admission::configuration::{ServiceEndpoint, Trust, WebhookConfiguration};
    ///
    /// let webhook = WebhookConfiguration::new(ServiceEndpoint::new("gmsa-system", "gmsa")?, Trust::SystemRoots);
    /// let both = webhook.with_policy();
    /// assert_eq!(both.validating, webhook.validating());
    /// let binding = serde_json::to_value(&both.binding)?;
    /// assert_eq!(binding["spec"]["policyName"].as_str(), both.policy.metadata.name.as_deref());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_policy(&self) -> WebhookAndPolicy {
        let mut policy = AuthorizingPolicy::new().without_labels().in_namespaces(self.namespaces.clone());
        for (key, value) in &self.labels {
            policy = policy.label(key, value);
        }
        WebhookAndPolicy {
            mutating: self.mutating(),
            validating: self.validating(),
            policy: policy.policy(),
            binding: policy.binding(),
        }
    }

    fn metadata(&self) -> ObjectMeta {
        let annotations = match &self.trust {
            Trust::CertManager(certificate) => {
                Some([("cert-manager.io/inject-ca-from".to_owned(), certificate.to_string())].into())
            }
            Trust::CaBundle(_) | Trust::SystemRoots => None,
        };
        ObjectMeta {
            name: Some(self.name.clone()),
            labels: (!self.labels.is_empty()).then(|| self.labels.clone()),
            annotations,
            ..ObjectMeta::default()
        }
    }

    fn client_config(&self, path: &WebhookPath) -> WebhookClientConfig {
        let ca_bundle = match &self.trust {
            Trust::CaBundle(bundle) => Some(ByteString(bundle.as_bytes().to_vec())),
            Trust::CertManager(_) | Trust::SystemRoots => None,
        };
        WebhookClientConfig { ca_bundle, ..self.endpoint.client_config(path) }
    }
}

/// What [`WebhookConfiguration::with_policy`] makes: defence in depth.
///
/// Either can fail or be taken away, and no pod gets an identity that its service account may not `use`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WebhookAndPolicy {
    /// Expands names.
    pub mutating: MutatingWebhookConfiguration,
    /// Enforces.
    pub validating: ValidatingWebhookConfiguration,
    /// Enforces permissions without the webhook, see [`AuthorizingPolicy`].
    pub policy: ValidatingAdmissionPolicy,
    /// Puts the policy into effect.
    pub binding: ValidatingAdmissionPolicyBinding,
}

fn on_failed_advice(enforcement: Enforcement) -> FailurePolicy {
    match enforcement {
        Enforcement::Warn => FailurePolicy::Ignore,
        Enforcement::Deny => FailurePolicy::Fail,
    }
}

const MATCH_POLICY: &str = "Equivalent";
const SIDE_EFFECTS: &str = "None";
const REVIEW_VERSION: &str = "v1";

/// What becomes of a request about which a webhook could not be asked.
///
/// Source: Kubernetes, "Dynamic Admission Control", section "Failure policy".
///
/// ```
/// use gmsa_admission::configuration::{FailurePolicy, ServiceEndpoint, Trust, WebhookConfiguration};
///
/// let webhook = WebhookConfiguration::new(ServiceEndpoint::new("gmsa-system", "gmsa")?, Trust::SystemRoots)
///     .on_failed_expansion(FailurePolicy::Ignore);
/// let policy = |hook: &Option<String>| hook.clone().unwrap_or_default();
/// assert_eq!(policy(&webhook.mutating().webhooks.unwrap()[0].failure_policy), "Ignore");
/// assert_eq!(policy(&webhook.validating().webhooks.unwrap()[0].failure_policy), "Fail");
/// # Ok::<(), gmsa_admission::configuration::ConfigurationError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "Kubernetes knows these two")]
pub enum FailurePolicy {
    /// It is refused.
    #[default]
    Fail,
    /// It goes on as if the webhook did not exist.
    Ignore,
}

impl FailurePolicy {
    /// As Kubernetes writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "Fail",
            Self::Ignore => "Ignore",
        }
    }
}

/// How long the API server waits for a webhook, in seconds: 1 to 30.
///
/// Source: Kubernetes `pkg/apis/admissionregistration/validation/validation.go`, `validateValidatingWebhook`.
///
/// ```
/// use gmsa_admission::configuration::TimeoutSeconds;
///
/// assert_eq!(TimeoutSeconds::try_from(10)?.get(), 10);
/// let error = TimeoutSeconds::try_from(31).unwrap_err();
/// assert_eq!(error.to_string(), "webhook timeout must be from 1 to 30, not 31");
/// # Ok::<(), gmsa_admission::configuration::ConfigurationError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeoutSeconds(u8);

impl TimeoutSeconds {
    /// 5 seconds: enough for one lookup and a few access reviews, and short enough for a user to wait.
    pub const DEFAULT: Self = Self(5);

    /// The number of seconds.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for TimeoutSeconds {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// # Errors
///
/// [`ConfigurationError`] if the number of seconds is not from 1 to 30.
impl TryFrom<u8> for TimeoutSeconds {
    type Error = ConfigurationError;

    fn try_from(seconds: u8) -> Result<Self, Self::Error> {
        match seconds {
            1..=30 => Ok(Self(seconds)),
            _ => Err(ConfigurationError::range("webhook timeout", 1, 30, seconds.into())),
        }
    }
}
