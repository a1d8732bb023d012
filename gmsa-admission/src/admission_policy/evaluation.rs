//! What an API server would make of the policies, with no cluster at hand: evaluates their CEL, with the permissions
//! of a [`Rbac`] for the authorizer.
//!
//! ```
//! use gmsa_admission::{Snapshot, admission_policy::{AuthorizingPolicy, evaluation::{Evaluator, PolicyRequest, Verdict}}};
//! use serde_json::json;
//!
//! let cluster = Snapshot::default();
//! let pod = json!({"metadata": {"name": "web"}, "spec": {"serviceAccountName": "default", "containers": [{"name": "iis",
//!     "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp1", "gmsaCredentialSpec": "{}"}}}]}});
//! let request = PolicyRequest::creation("team-a", &pod);
//! let evaluator = Evaluator::new(cluster.rbac());
//! let Verdict::Deny(denial) = evaluator.validate(&AuthorizingPolicy::new().policy(), &request) else {
//!     panic!("nobody granted anything");
//! };
//! assert_eq!(denial.code(), 403);
//! assert_eq!(denial.message(), "service account \"default\" is not authorized to `use` GMSA cred spec \"webapp1\"");
//! ```
//!
//! The evaluator is the `cel` crate with kube-cel's functions, which differs from what API servers run: it checks no
//! types, counts no costs, and has no structs, no authorizer and no two-variable macros. What the policies need of
//! these is added here.

mod authorizer;
mod dialect;

use std::sync::Arc;

use gmsa_rbac::Rbac;
use k8s_openapi::api::admissionregistration::v1::{
    MatchCondition, MatchResources, ValidatingAdmissionPolicy, Validation, Variable,
};
use kube_cel::cel::{Context, Value as Cel};
use serde_json::{Value, json};

use crate::{Patch, index::GmsaIndex};

pub use dialect::EvaluationError;

/// A request as policies see it.
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

/// What a validating policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The policy is not about such a request.
    Unmatched,
    /// Every validation holds.
    Allow,
    /// The request is refused.
    Deny(PolicyDenial),
}

/// What a mutating policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expansion {
    /// The policy is not about such a request.
    Unmatched,
    /// The pod is to be patched, perhaps with nothing.
    Apply(Patch<'static>),
    /// The request is refused.
    Deny(PolicyDenial),
}

/// Why a policy refuses a request.
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

/// Evaluates policies.
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
    #[must_use]
    pub fn with_index(self, index: &GmsaIndex) -> Self {
        Self { index: serde_json::to_value(index).unwrap_or_default(), ..self }
    }

    /// What a validating policy says. As on an API server the first validation that fails decides, and what cannot
    /// be evaluated is refused.
    pub fn validate(&self, policy: &ValidatingAdmissionPolicy, request: &PolicyRequest) -> Verdict {
        let spec = policy.spec.clone().unwrap_or_default();
        if !request.concerns(spec.match_constraints.as_ref()) {
            return Verdict::Unmatched;
        }
        if spec.param_kind.is_some() && self.index.is_null() {
            return Verdict::Deny(PolicyDenial::of(EvaluationError::no_index()));
        }
        match self.matches(&spec.match_conditions.unwrap_or_default(), request) {
            Ok(true) => {}
            Ok(false) => return Verdict::Unmatched,
            Err(error) => return Verdict::Deny(PolicyDenial::of(error)),
        }
        let context = self.context(request, &spec.variables.unwrap_or_default());
        let denials = spec.validations.iter().flatten().filter_map(|validation| denial(validation, &context));
        denials.into_iter().next().map_or(Verdict::Allow, Verdict::Deny)
    }

    /// Whether all conditions hold.
    ///
    /// # Errors
    ///
    /// [`EvaluationError`] if one cannot be evaluated, and none is false.
    pub fn matches(
        &self,
        conditions: &[MatchCondition],
        request: &PolicyRequest,
    ) -> Result<bool, EvaluationError> {
        let context = self.context(request, &[]);
        let mut outcome = Ok(true);
        for condition in conditions {
            match dialect::evaluate(&condition.expression, &context) {
                Ok(Cel::Bool(true)) => {}
                Ok(Cel::Bool(false)) => return Ok(false),
                Ok(_) => outcome = Err(EvaluationError::wrong_type(&condition.expression)),
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    fn context(&self, request: &PolicyRequest, variables: &[Variable]) -> Context<'static> {
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
        // On an API server a variable that fails, fails whoever uses it; here it is absent then, which does the same.
        for variable in variables {
            if let Ok(value) = dialect::evaluate(&variable.expression, &context) {
                context.add_variable_from_value(dialect::variable(&variable.name), value);
            }
        }
        context
    }
}

fn denial(validation: &Validation, context: &Context<'_>) -> Option<PolicyDenial> {
    match dialect::evaluate(&validation.expression, context) {
        Ok(Cel::Bool(true)) => return None,
        Ok(Cel::Bool(false)) => {}
        Ok(_) => return Some(PolicyDenial::of(EvaluationError::wrong_type(&validation.expression))),
        Err(error) => return Some(PolicyDenial::of(error)),
    }
    let told = validation.message_expression.as_ref().and_then(|text| dialect::evaluate(text, context).ok());
    let message = match told {
        Some(Cel::String(told))
            if !told.trim().is_empty() && !told.contains('\n') && told.len() <= LONGEST_MESSAGE =>
        {
            told.trim().to_owned()
        }
        _ => validation.message.clone().unwrap_or_default(),
    };
    let code = match validation.reason.as_deref() {
        Some("Forbidden") => 403,
        Some("Unauthorized") => 401,
        Some("RequestEntityTooLarge") => 413,
        _ => 422,
    };
    Some(PolicyDenial { code, message, error: None })
}

/// Source: Kubernetes `apiserver/pkg/apis/cel/config.go`, `MaxEvaluatedMessageExpressionSizeBytes`.
const LONGEST_MESSAGE: usize = 5 * 1024;

k8s_openapi::k8s_if_ge_1_36! {
    use k8s_openapi::api::admissionregistration::v1::MutatingAdmissionPolicy;

    /// Where the Kubernetes version that is built for has mutating policies (1.36).
    impl Evaluator {
        /// What a mutating policy with JSON patches says.
        pub fn mutate(&self, policy: &MutatingAdmissionPolicy, request: &PolicyRequest) -> Expansion {
            let spec = policy.spec.clone().unwrap_or_default();
            if !request.concerns(spec.match_constraints.as_ref()) {
                return Expansion::Unmatched;
            }
            if spec.param_kind.is_some() && self.index.is_null() {
                return Expansion::Deny(PolicyDenial::of(EvaluationError::no_index()));
            }
            match self.matches(&spec.match_conditions.unwrap_or_default(), request) {
                Ok(true) => {}
                Ok(false) => return Expansion::Unmatched,
                Err(error) => return Expansion::Deny(PolicyDenial::of(error)),
            }
            let context = self.context(request, &spec.variables.unwrap_or_default());
            let mut operations = Vec::new();
            for mutation in spec.mutations.iter().flatten() {
                let expression = mutation.json_patch.as_ref().and_then(|patch| patch.expression.as_deref());
                match dialect::evaluate(expression.unwrap_or_default(), &context).map(|value| dialect::json(&value)) {
                    Ok(Some(Value::Array(mut added))) => operations.append(&mut added),
                    Ok(_) => return Expansion::Deny(PolicyDenial::of(EvaluationError::wrong_type(""))),
                    Err(error) => return Expansion::Deny(PolicyDenial::of(error)),
                }
            }
            match serde_json::from_value(Value::Array(operations)) {
                Ok(patch) => Expansion::Apply(patch),
                Err(_) => Expansion::Deny(PolicyDenial::of(EvaluationError::wrong_type(""))),
            }
        }
    }
}
