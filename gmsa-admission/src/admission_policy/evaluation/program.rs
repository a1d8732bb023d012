//! Policies and conditions, parsed once to be evaluated many times.

use k8s_openapi::api::admissionregistration::v1::{
    MatchCondition, MatchResources, ParamKind, ValidatingAdmissionPolicy, Variable,
};

use super::dialect::{EvaluationError, Expression, variable};

/// Match conditions, of a policy or a webhook, parsed. [`Evaluator::matches`](super::Evaluator::matches) has an
/// example.
pub struct Conditions {
    pub(super) all: Vec<Expression>,
}

impl Conditions {
    /// Parses the conditions.
    ///
    /// # Errors
    ///
    /// [`EvaluationError`] if one is no CEL.
    pub fn new(conditions: &[MatchCondition]) -> Result<Self, EvaluationError> {
        let all = conditions.iter().map(|condition| Expression::new(&condition.expression));
        Ok(Self { all: all.collect::<Result<_, _>>()? })
    }
}

/// What stands before the expressions of a policy.
pub(super) struct Gate {
    pub(super) constraints: Option<MatchResources>,
    pub(super) reads_index: bool,
    pub(super) conditions: Conditions,
    pub(super) variables: Vec<(String, Expression)>,
}

impl Gate {
    fn new(
        constraints: Option<&MatchResources>,
        param_kind: Option<&ParamKind>,
        conditions: Option<&Vec<MatchCondition>>,
        variables: Option<&Vec<Variable>>,
    ) -> Result<Self, EvaluationError> {
        let variables = variables.into_iter().flatten();
        let variables = variables.map(|it| Ok((variable(&it.name), Expression::new(&it.expression)?)));
        Ok(Self {
            constraints: constraints.cloned(),
            reads_index: param_kind.is_some(),
            conditions: Conditions::new(conditions.map_or(&[][..], Vec::as_slice))?,
            variables: variables.collect::<Result<_, _>>()?,
        })
    }
}

/// A validating policy, parsed. The [module](super) has an example.
pub struct ValidatingProgram {
    pub(super) gate: Gate,
    pub(super) checks: Vec<Check>,
}

/// One validation.
pub(super) struct Check {
    pub(super) expression: Expression,
    pub(super) message_expression: Option<Expression>,
    pub(super) message: String,
    pub(super) code: u16,
}

impl ValidatingProgram {
    /// Parses a policy.
    ///
    /// # Errors
    ///
    /// [`EvaluationError`] if an expression is no CEL.
    pub fn new(policy: &ValidatingAdmissionPolicy) -> Result<Self, EvaluationError> {
        let spec = policy.spec.clone().unwrap_or_default();
        let checks = spec.validations.iter().flatten().map(|validation| {
            Ok(Check {
                expression: Expression::new(&validation.expression)?,
                message_expression: validation
                    .message_expression
                    .as_deref()
                    .map(Expression::new)
                    .transpose()?,
                message: validation.message.clone().unwrap_or_default(),
                code: code(validation.reason.as_deref()),
            })
        });
        Ok(Self {
            checks: checks.collect::<Result<_, _>>()?,
            gate: Gate::new(
                spec.match_constraints.as_ref(),
                spec.param_kind.as_ref(),
                spec.match_conditions.as_ref(),
                spec.variables.as_ref(),
            )?,
        })
    }
}

/// Source: Kubernetes `apiserver/pkg/admission/plugin/policy/validating/policy_decision.go`, `reasonToCode`.
fn code(reason: Option<&str>) -> u16 {
    match reason {
        Some("Forbidden") => 403,
        Some("Unauthorized") => 401,
        Some("RequestEntityTooLarge") => 413,
        _ => 422,
    }
}

k8s_openapi::k8s_if_ge_1_36! {
    use k8s_openapi::api::admissionregistration::v1::MutatingAdmissionPolicy;

    /// A mutating policy, parsed. [`Evaluator::mutate`](super::Evaluator::mutate) has an example.
    pub struct MutatingProgram {
        pub(super) gate: Gate,
        pub(super) mutations: Vec<Expression>,
    }

    impl MutatingProgram {
        /// Parses a policy.
        ///
        /// # Errors
        ///
        /// [`EvaluationError`] if an expression is no CEL.
        pub fn new(policy: &MutatingAdmissionPolicy) -> Result<Self, EvaluationError> {
            let spec = policy.spec.clone().unwrap_or_default();
            let patches = spec.mutations.iter().flatten().filter_map(|mutation| mutation.json_patch.as_ref());
            let mutations = patches.map(|patch| Expression::new(patch.expression.as_deref().unwrap_or_default()));
            Ok(Self {
                mutations: mutations.collect::<Result<_, _>>()?,
                gate: Gate::new(
                    spec.match_constraints.as_ref(),
                    spec.param_kind.as_ref(),
                    spec.match_conditions.as_ref(),
                    spec.variables.as_ref(),
                )?,
            })
        }
    }
}
