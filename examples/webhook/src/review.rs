use std::{sync::Arc, time::Duration};

use gmsa_admission::{
    Facts, Mutation, Needs, Policy, Request, Requester, Response, ReviewError, StatusReason, Validation,
    mutate, validate,
};
use tokio::time::Instant;

use crate::{
    deadline::Deadline,
    endpoint::Endpoint,
    lookups::{Lookups, Sender},
    metrics::Metrics,
};

/// Answers reviews: reads, looks up, decides, logs and counts.
pub(crate) struct Reviewer {
    pub(crate) lookups: Lookups,
    pub(crate) policy: Policy,
    /// Whom not to ask about, where whoever creates a pod is asked about.
    pub(crate) exempt_users: Option<Vec<String>>,
    pub(crate) metrics: Arc<Metrics>,
}

enum Plan<'r> {
    Mutation(Mutation<'r>),
    Validation(Validation<'r>),
}

impl<'r> Plan<'r> {
    fn needs(&self) -> Needs<'r> {
        match self {
            Self::Mutation(plan) => plan.needs(),
            Self::Validation(plan) => plan.needs(),
        }
    }

    fn respond<'f>(&self, facts: &'f Facts<'f>) -> Response<'f>
    where
        'r: 'f,
    {
        match self {
            Self::Mutation(plan) => plan.respond(facts),
            Self::Validation(plan) => plan.respond(facts),
        }
    }
}

impl Reviewer {
    /// The body of the answer to a review that began to arrive at `start`.
    ///
    /// # Errors
    ///
    /// If there is no uid to answer to.
    pub(crate) async fn answer(
        &self,
        endpoint: Endpoint,
        body: &[u8],
        start: Instant,
        deadline: Deadline,
    ) -> Result<Vec<u8>, ReviewError> {
        let request = match Request::from_slice(body) {
            Ok(request) => request,
            Err(error) => {
                let response = error.clone().into_response().ok_or(error)?;
                self.record(endpoint, None, &response, start.elapsed());
                return Ok(response.to_vec());
            }
        };
        let plan = match endpoint {
            Endpoint::Mutate => Plan::Mutation(mutate(&request, &self.policy)),
            Endpoint::Validate => Plan::Validation(validate(&request, &self.policy)),
        };
        let needs = plan.needs();
        let sender = if needs.access().is_empty() { Sender::NotAsked } else { self.sender(body) };
        let mut found = self.lookups.answer(&needs, &sender, deadline).await;
        {
            let facts = found.facts();
            let response = plan.respond(&facts);
            if !(found.may_be_old() && is_about_contents(&response)) {
                self.record(endpoint, Some(&request), &response, start.elapsed());
                return Ok(response.to_vec());
            }
        }
        // Another replica may have expanded the pod with contents that have not come here yet.
        self.lookups.renew(&mut found, deadline).await;
        let facts = found.facts();
        let response = plan.respond(&facts);
        self.record(endpoint, Some(&request), &response, start.elapsed());
        Ok(response.to_vec())
    }

    /// Who is to be asked about besides the service account.
    fn sender(&self, body: &[u8]) -> Sender {
        let Some(exempt) = &self.exempt_users else { return Sender::NotAsked };
        match Requester::from_slice(body) {
            None => Sender::Unknown,
            Some(sender) if sender.is_controller() || exempt.iter().any(|name| name == sender.name()) => {
                Sender::NotAsked
            }
            Some(sender) => Sender::Asked(sender),
        }
    }

    /// The one line that a decision leaves in the log. Nothing of the pod but names.
    fn record(
        &self,
        endpoint: Endpoint,
        request: Option<&Request<'_>>,
        response: &Response<'_>,
        took: Duration,
    ) {
        let decision = match (response.denial(), response.patch()) {
            (Some(_), _) => "deny",
            (None, Some(_)) => "patch",
            (None, None) => "allow",
        };
        let code = response.denial().map_or(200, |denial| denial.status().code());
        self.metrics.decided(endpoint, decision, code, took);
        let names = response.audit_annotations().find(|(key, _)| *key == "credential-specs");
        tracing::info!(
            endpoint = endpoint.as_str(),
            uid = shortened(response.uid()),
            namespace = shortened(request.map_or("", |request| request.namespace())),
            owner = owner(request),
            credential_specs = names.map_or("", |(_, names)| names),
            decision,
            code,
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "review"
        );
    }
}

/// Whether it is denied for what the credential specs say, or do not say.
fn is_about_contents(response: &Response<'_>) -> bool {
    use StatusReason::{ExpectationFailed, InternalError, Invalid};
    let status = response.denial().map(|denial| denial.status());
    matches!(status, Some(Invalid | ExpectationFailed | InternalError))
}

fn owner(request: Option<&Request<'_>>) -> String {
    match request.and_then(|request| request.pod().or_else(|| request.old_pod())) {
        None => String::new(),
        Some(pod) if pod.name().is_empty() && !pod.generate_name().is_empty() => {
            format!("{}*", shortened(pod.generate_name()))
        }
        Some(pod) => shortened(pod.name()).to_owned(),
    }
}

/// As much of a text as a Kubernetes name can be long. Before it is validated it can be anything.
fn shortened(text: &str) -> &str {
    const LONGEST: usize = 253;
    text.char_indices().nth(LONGEST).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}
