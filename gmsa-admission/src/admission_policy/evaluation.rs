//! What an API server would make of the policies, with no cluster at hand: evaluates their CEL, with the permissions
//! of a [`Rbac`] for the authorizer.
//!
//! ```
//! use gmsa_admission::{
//!     Snapshot,
//!     admission_policy::{
//!         AuthorizingPolicy,
//!         evaluation::{Evaluator, PolicyRequest, ValidatingProgram, Verdict},
//!     },
//! };
//! use serde_json::json;
//!
//! let cluster = Snapshot::default();
//! let pod = json!({"metadata": {"name": "web"}, "spec": {"serviceAccountName": "default", "containers": [{"name": "iis",
//!     "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp1", "gmsaCredentialSpec": "{}"}}}]}});
//! let request = PolicyRequest::creation("team-a", &pod);
//! let program = ValidatingProgram::new(&AuthorizingPolicy::new().policy())?;
//! let Verdict::Deny(denial) = Evaluator::new(cluster.rbac()).validate(&program, &request) else {
//!     panic!("nobody granted anything");
//! };
//! assert_eq!(denial.code(), 403);
//! assert_eq!(denial.message(), "service account \"default\" is not authorized to `use` GMSA cred spec \"webapp1\"");
//! # Ok::<(), gmsa_admission::admission_policy::evaluation::EvaluationError>(())
//! ```
//!
//! The evaluator is the `cel` crate with kube-cel's functions, which differs from what API servers run: it checks no
//! types, counts no costs, and has no structs, no authorizer and no two-variable macros. What the policies need of
//! these is added here.

mod authorizer;
mod dialect;
mod program;

use std::sync::Arc;

use gmsa_rbac::Rbac;
use k8s_openapi::api::admissionregistration::v1::MatchResources;
use kube_cel::cel::{Context, Value as Cel};
use serde_json::{Value, json};

use crate::{Patch, index::GmsaIndex};
use program::{Check, Gate};

pub use dialect::EvaluationError;
pub use program::{Conditions, ValidatingProgram};

/// A request as policies see it. The [module](self) has an example.
#[derive(Clone)]
pub struct PolicyRequest {
    operation: &'static str,
    resource: &'static str,
    request: Value,
    object: Value,
    old_object: Value,
}

impl PolicyRequest {
    /// The creation of a pod.
    pub fn creation(namespace: &str, pod: &Value) -> Self {
        Self {
            operation: "CREATE",
            resource: "pods",
            request: json!({"operation": "CREATE", "namespace": namespace}),
            object: as_stored(pod),
            old_object: Value::Null,
        }
    }

    /// The update of a pod's ephemeral containers.
    pub fn ephemeral_containers(namespace: &str, pod: &Value, old_pod: &Value) -> Self {
        let sub_resource = "ephemeralcontainers";
        Self {
            operation: "UPDATE",
            resource: "pods/ephemeralcontainers",
            request: json!({"operation": "UPDATE", "namespace": namespace, "subResource": sub_resource}),
            object: as_stored(pod),
            old_object: as_stored(old_pod),
        }
    }

    fn concerns(&self, constraints: Option<&MatchResources>) -> bool {
        let lists = |list: Option<&Vec<String>>, item: &str| {
            list.is_some_and(|list| list.iter().any(|one| one == item))
        };
        let rules =
            constraints.and_then(|constraints| constraints.resource_rules.as_deref()).unwrap_or_default();
        rules.iter().any(|rule| {
            lists(rule.operations.as_ref(), self.operation) && lists(rule.resources.as_ref(), self.resource)
        })
    }
}

/// The pod as an API server shows it: fields that are null are absent, all but the list of containers, which is
/// null where it is absent.
fn as_stored(pod: &Value) -> Value {
    let mut pod = pod.clone();
    drop_nulls(&mut pod);
    if let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) {
        spec.entry(crate::ContainerList::Containers.field()).or_insert(Value::Null);
    }
    pod
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// What a validating policy says. The [module](self) has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a policy concerns a request or not, and lets it pass or not; whoever matches should see all of it"
)]
pub enum Verdict {
    /// The policy is not about such a request.
    Unmatched,
    /// Every validation holds.
    Allow,
    /// The request is refused.
    Deny(PolicyDenial),
}

/// What a mutating policy says. `Evaluator::mutate` has an example; it is there where mutating policies are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a policy concerns a request or not, and lets it pass or not; whoever matches should see all of it"
)]
pub enum Expansion {
    /// The policy is not about such a request.
    Unmatched,
    /// The pod is to be patched, perhaps with nothing.
    Apply(Patch<'static>),
    /// The request is refused.
    Deny(PolicyDenial),
}

/// Why a policy refuses a request. The [module](self) has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDenial {
    code: u16,
    message: String,
    error: Option<EvaluationError>,
}

impl PolicyDenial {
    /// The HTTP status code that the API server answers with.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// What the user reads, after the API server's words about the policy.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error, if the request is refused because an expression could not be evaluated.
    pub fn error(&self) -> Option<&EvaluationError> {
        self.error.as_ref()
    }

    fn of(error: EvaluationError) -> Self {
        Self { code: 422, message: error.to_string(), error: Some(error) }
    }
}

/// Evaluates policies. The [module](self) has an example.
#[derive(Clone)]
pub struct Evaluator {
    rbac: Arc<Rbac>,
    index: Value,
}

impl Evaluator {
    /// Without an index: policies that read one refuse everything.
    pub fn new(rbac: &Rbac) -> Self {
        Self { rbac: Arc::new(rbac.clone()), index: Value::Null }
    }

    /// With this index as the parameter of policies that read one.
    ///
    /// ```
    /// use gmsa_admission::{
    ///     Snapshot,
    ///     admission_policy::{
    ///         CompletePolicies,
    ///         evaluation::{Evaluator, PolicyRequest, ValidatingProgram, Verdict},
    ///     },
    ///     index::Index,
    /// };
    ///
    /// let cluster = Snapshot::default();
    /// let pod = serde_json::json!({"metadata": {"name": "web"}, "spec": {"containers": [],
    ///     "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp1"}}}});
    /// let request = PolicyRequest::creation("team-a", &pod);
    /// let program = ValidatingProgram::new(&CompletePolicies::new().validating())?;
    /// let evaluator = Evaluator::new(cluster.rbac()).with_index(&Index::of(&cluster).object()?);
    /// let Verdict::Deny(denial) = evaluator.validate(&program, &request) else { panic!("the index is empty") };
    /// assert_eq!(denial.message(), "cred spec webapp1 does not exist in the index of cred specs");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_index(self, index: &GmsaIndex) -> Self {
        Self { index: serde_json::to_value(index).unwrap_or_default(), ..self }
    }

    /// What a validating policy says. As on an API server the first validation that fails decides, and what cannot
    /// be evaluated is refused.
    ///
    /// Source: Kubernetes `apiserver/pkg/admission/plugin/policy/validating/validator.go`.
    pub fn validate(&self, program: &ValidatingProgram, request: &PolicyRequest) -> Verdict {
        let context = match self.enter(&program.gate, request) {
            Ok(Some(context)) => context,
            Ok(None) => return Verdict::Unmatched,
            Err(error) => return Verdict::Deny(PolicyDenial::of(error)),
        };
        let denial = program.checks.iter().find_map(|check| denial(check, &context));
        denial.map_or(Verdict::Allow, Verdict::Deny)
    }

    /// Whether all conditions hold.
    ///
    /// # Errors
    ///
    /// [`EvaluationError`] if one cannot be evaluated, and none is false.
    ///
    /// ```
    /// use gmsa_admission::{
    ///     Snapshot,
    ///     admission_policy::evaluation::{Conditions, Evaluator, PolicyRequest},
    ///     configuration::{ServiceEndpoint, Trust, WebhookConfiguration},
    /// };
    ///
    /// let webhook = WebhookConfiguration::new(ServiceEndpoint::new("gmsa-system", "gmsa")?, Trust::SystemRoots);
    /// let hooks = webhook.validating().webhooks.ok_or("no webhook")?;
    /// let conditions = Conditions::new(hooks[0].match_conditions.as_deref().ok_or("no conditions")?)?;
    ///
    /// let pod = serde_json::json!({"metadata": {"name": "web"}, "spec": {"containers": [{"name": "nginx"}]}});
    /// let request = PolicyRequest::creation("team-a", &pod);
    /// let called = Evaluator::new(Snapshot::default().rbac()).matches(&conditions, &request)?;
    /// assert!(!called, "a pod without gMSA fields never reaches the webhook");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn matches(&self, conditions: &Conditions, request: &PolicyRequest) -> Result<bool, EvaluationError> {
        let context = self.context(request);
        let mut outcome = Ok(true);
        for condition in &conditions.all {
            match condition.truth(&context) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    /// What the expressions of a policy see; `None` if the policy is not about such a request. In the order of an
    /// API server: the parameter first, and the conditions after it.
    fn enter(
        &self,
        gate: &Gate,
        request: &PolicyRequest,
    ) -> Result<Option<Context<'static>>, EvaluationError> {
        if !request.concerns(gate.constraints.as_ref()) {
            return Ok(None);
        }
        if gate.reads_index && self.index.is_null() {
            return Err(EvaluationError::no_index());
        }
        if !self.matches(&gate.conditions, request)? {
            return Ok(None);
        }
        let mut context = self.context(request);
        // On an API server a variable that fails, fails whoever uses it; here it is absent then, which does the same.
        for (name, variable) in &gate.variables {
            if let Ok(value) = variable.value(&context) {
                context.add_variable_from_value(name.as_str(), value);
            }
        }
        Ok(Some(context))
    }

    fn context(&self, request: &PolicyRequest) -> Context<'static> {
        let mut context = dialect::context();
        authorizer::register(&mut context, &self.rbac);
        for (name, value) in [
            ("object", &request.object),
            ("oldObject", &request.old_object),
            ("request", &request.request),
            ("params", &self.index),
        ] {
            context.add_variable_from_value(name, dialect::value(value));
        }
        context
    }
}

fn denial(check: &Check, context: &Context<'_>) -> Option<PolicyDenial> {
    match check.expression.truth(context) {
        Ok(true) => return None,
        Ok(false) => {}
        Err(error) => return Some(PolicyDenial::of(error)),
    }
    let told = check.message_expression.as_ref().and_then(|message| message.value(context).ok());
    let message = match told {
        Some(Cel::String(told)) if is_message(&told) => told.trim().to_owned(),
        _ => check.message.clone(),
    };
    Some(PolicyDenial { code: check.code, message, error: None })
}

/// Whether an API server shows it, rather than the text that stands in for it.
///
/// Source: Kubernetes `apiserver/pkg/admission/plugin/policy/validating/validator.go`, and
/// `apiserver/pkg/apis/cel/config.go`, `MaxEvaluatedMessageExpressionSizeBytes`.
fn is_message(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains('\n') && text.len() <= 5 * 1024
}

k8s_openapi::k8s_if_ge_1_36! {
    pub use program::MutatingProgram;

    /// Where the Kubernetes version that is built for has mutating policies (1.36).
    impl Evaluator {
        /// What a mutating policy with JSON patches says.
        ///
        /// ```
        /// use gmsa_admission::{
        ///     Snapshot,
        ///     admission_policy::{
        ///         CompletePolicies,
        ///         evaluation::{Evaluator, Expansion, MutatingProgram, PolicyRequest},
        ///     },
        ///     index::Index,
        /// };
        /// use serde_json::json;
        ///
        /// let mut cluster = Snapshot::default();
        /// cluster.insert(&json!({"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec",
        ///     "metadata": {"name": "webapp1"}, "credspec": {"CmsPlugins": ["ActiveDirectory"]}}))?;
        /// let pod = json!({"metadata": {"name": "web"}, "spec": {"containers": [],
        ///     "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp1"}}}});
        /// let program = MutatingProgram::new(&CompletePolicies::new().mutating())?;
        /// let evaluator = Evaluator::new(cluster.rbac()).with_index(&Index::of(&cluster).object()?);
        /// let Expansion::Apply(patch) = evaluator.mutate(&program, &PolicyRequest::creation("team-a", &pod)) else {
        ///     panic!("the index has it");
        /// };
        /// assert_eq!(patch.operations()[0].value(), r#"{"CmsPlugins":["ActiveDirectory"]}"#);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pub fn mutate(&self, program: &MutatingProgram, request: &PolicyRequest) -> Expansion {
            let context = match self.enter(&program.gate, request) {
                Ok(Some(context)) => context,
                Ok(None) => return Expansion::Unmatched,
                Err(error) => return Expansion::Deny(PolicyDenial::of(error)),
            };
            let mut operations = Vec::new();
            for mutation in &program.mutations {
                match mutation.value(&context).map(|value| dialect::json(&value)) {
                    Ok(Some(Value::Array(mut added))) => operations.append(&mut added),
                    Ok(_) => return Expansion::Deny(PolicyDenial::of(mutation.wrong_type())),
                    Err(error) => return Expansion::Deny(PolicyDenial::of(error)),
                }
            }
            match serde_json::from_value(Value::Array(operations)) {
                Ok(patch) => Expansion::Apply(patch),
                Err(_) => Expansion::Deny(PolicyDenial::of(EvaluationError::no_patch())),
            }
        }
    }
}
