//! Admission by policies, played beside the webhook's functions.

use gmsa_admission::{
    Patch, Snapshot,
    admission_policy::{
        AuthorizingPolicy, CompletePolicies,
        evaluation::{EvaluationError, Evaluator, PolicyDenial, PolicyRequest, ValidatingProgram, Verdict},
    },
    api_server::{check_pod, default_pod, prune},
    index::{Index, IndexTooLarge},
    simulate::Simulation,
    workload::pod_of,
};
use serde_json::Value;

k8s_openapi::k8s_if_ge_1_36! {
    use gmsa_admission::admission_policy::evaluation::{Expansion, MutatingProgram};
}
k8s_openapi::k8s_if_le_1_35! {
    use gmsa_admission::{Policy, Request, mutate};
}

/// The policies of a cluster, and what they read.
pub struct Policies {
    evaluator: Evaluator,
    authorizing: ValidatingProgram,
    validating: ValidatingProgram,
    expansion: ExpansionBy,
    left_out: Vec<String>,
}

/// What becomes of a pod where policies decide.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is admitted, and looks like this.
    Admitted(Value),
    /// The policies deny it.
    Denied(PolicyDenial),
    /// The API server refuses it before they are asked.
    Refused,
}

/// How the policies start where the contents in a pod are not those of the index.
const OTHER_CONTENTS: &str = "the GMSA cred spec contents for ";

/// Why the policies of a cluster cannot be played.
#[derive(Debug)]
pub enum PoliciesError {
    /// The credential specs do not fit into an index.
    Index(IndexTooLarge),
    /// An expression is no CEL, which would be a fault of the generator.
    Expression(EvaluationError),
}

impl std::fmt::Display for PoliciesError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Index(error) => error.fmt(f),
            Self::Expression(error) => error.fmt(f),
        }
    }
}

impl Policies {
    /// The policies with the index of the cluster's credential specs.
    ///
    /// # Errors
    ///
    /// [`PoliciesError`] if they cannot be made.
    pub fn of(cluster: &Snapshot) -> Result<Self, PoliciesError> {
        let index = Index::of(cluster);
        let object = index.object().map_err(PoliciesError::Index)?;
        let left_out =
            index.left_out().map(|(name, why)| format!("cred spec {name} is not in the index: {why}"));
        let complete = CompletePolicies::new();
        Ok(Self {
            evaluator: Evaluator::new(cluster.rbac()).with_index(&object),
            authorizing: ValidatingProgram::new(&AuthorizingPolicy::new().policy())
                .map_err(PoliciesError::Expression)?,
            validating: ValidatingProgram::new(&complete.validating()).map_err(PoliciesError::Expression)?,
            expansion: ExpansionBy::new(&complete, cluster).map_err(PoliciesError::Expression)?,
            left_out: left_out.collect(),
        })
    }

    /// The credential specs that policies do not know, and why.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// Plays the API server for a workload, as [`simulate`](gmsa_admission::simulate::simulate()) does with the
    /// webhook; `simulation` is what came of that.
    pub fn play(&self, object: &Value, simulation: &Simulation) -> Outcome {
        let mut object = object.clone();
        prune(&mut object);
        let is_refused_as_template = simulation
            .refusal()
            .is_some_and(|refusal| refusal.step() == gmsa_admission::simulate::Step::Template);
        let workload = match pod_of(&object) {
            Ok(Some(workload)) if !is_refused_as_template => workload,
            _ => return Outcome::Refused,
        };
        let mut pod = workload.into_pod();
        default_pod(&mut pod);
        let namespace = simulation.namespace();
        let patch = match self.expansion.expand(&self.evaluator, namespace, &pod) {
            Ok(patch) => patch,
            Err(denial) => return Outcome::Denied(denial),
        };
        if patch.apply(&mut pod).is_err() || !check_pod(&pod).is_empty() {
            return Outcome::Refused;
        }
        let request = PolicyRequest::creation(namespace, &pod);
        match self.evaluator.validate(&self.validating, &request) {
            Verdict::Deny(denial) => Outcome::Denied(denial),
            Verdict::Allow | Verdict::Unmatched => Outcome::Admitted(pod),
        }
    }

    /// How the policies and the webhook disagree, if they do.
    pub fn disagreement(&self, simulation: &Simulation, outcome: &Outcome) -> Option<&'static str> {
        match (simulation.refusal(), outcome) {
            (None, Outcome::Admitted(pod)) if pod != simulation.pod() => {
                Some("the policies and the webhook make different pods")
            }
            (None, Outcome::Admitted(pod)) => {
                let request = PolicyRequest::creation(simulation.namespace(), pod);
                match self.evaluator.validate(&self.authorizing, &request) {
                    Verdict::Deny(_) => Some("the policy beside the webhook denies what the webhook admits"),
                    Verdict::Allow | Verdict::Unmatched => None,
                }
            }
            (None, Outcome::Denied(denial)) if denial.message().starts_with(OTHER_CONTENTS) => Some(
                "the policies compare contents as text, and the webhook by value; leave gmsaCredentialSpec out, and both \
                 fill in the same",
            ),
            (None, _) => Some("the policies deny what the webhook admits"),
            (Some(_), Outcome::Admitted(_)) => Some("the policies admit what the webhook denies"),
            (Some(_), _) => None,
        }
    }
}

k8s_openapi::k8s_if_ge_1_36! {
    /// The mutating policy expands names.
    struct ExpansionBy(MutatingProgram);

    impl ExpansionBy {
        fn new(policies: &CompletePolicies, _: &Snapshot) -> Result<Self, EvaluationError> {
            MutatingProgram::new(&policies.mutating()).map(Self)
        }

        fn expand(&self, evaluator: &Evaluator, namespace: &str, pod: &Value) -> Result<Patch<'static>, PolicyDenial> {
            match evaluator.mutate(&self.0, &PolicyRequest::creation(namespace, pod)) {
                Expansion::Unmatched => Ok(Patch::default()),
                Expansion::Apply(patch) => Ok(patch),
                Expansion::Deny(denial) => Err(denial),
            }
        }
    }
}

k8s_openapi::k8s_if_le_1_35! {
    /// Before Kubernetes 1.36 there are no mutating policies: the webhook expands names.
    struct ExpansionBy(Snapshot);

    impl ExpansionBy {
        fn new(_: &CompletePolicies, cluster: &Snapshot) -> Result<Self, EvaluationError> {
            Ok(Self(cluster.clone()))
        }

        fn expand(&self, _: &Evaluator, namespace: &str, pod: &Value) -> Result<Patch<'static>, PolicyDenial> {
            let review = serde_json::json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
                "uid": "policies", "operation": "CREATE", "namespace": namespace,
                "kind": {"group": "", "version": "v1", "kind": "Pod"}, "object": pod}});
            let body = review.to_string();
            let Ok(request) = Request::from_slice(body.as_bytes()) else { return Ok(Patch::default()) };
            let plan = mutate(&request, &Policy::default());
            let facts = self.0.facts(&plan.needs());
            let patch = match plan.decide(&facts) {
                mutate::Decision::Allow(patch) => serde_json::to_value(&patch).unwrap_or_default(),
                mutate::Decision::Deny(_) => Value::Null,
            };
            // What the webhook denies stays as it is, and the validating policy denies it.
            Ok(serde_json::from_value(patch).unwrap_or_default())
        }
    }
}
