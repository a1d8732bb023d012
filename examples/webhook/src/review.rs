use std::{sync::Arc, time::Duration};

use gmsa_admission::{
    Facts, Mutation, Needs, Pod, Policy, Request, Requester, Response, ReviewError, StatusReason,
    TemplateRequest, TemplateReview, Validation, check_template, mutate, validate,
};
use tokio::{
    sync::SemaphorePermit,
    time::{self, Instant},
};

use crate::{
    deadline::Deadline,
    endpoint::Endpoint,
    lookups::{Found, Lookups, Sender},
    memory::{Counted, Memory, SMALL},
    metrics::Metrics,
    turns::Turns,
    worker::Worker,
};

/// Places of a pod that are looked up before it is seen whether more are needed: as many as a denial lists.
const FIRST_ROUND: usize = gmsa_admission::Denial::MOST_CAUSES;
/// For a place for the answer. Who has none by then waits for readers who do not read.
const PATIENCE: Duration = Duration::from_secs(1);

/// Answers reviews: reads, looks up, decides, logs and counts.
pub(crate) struct Reviewer {
    pub(crate) lookups: Lookups,
    pub(crate) policy: Policy,
    /// Whom not to ask about, where whoever creates a pod is asked about.
    pub(crate) exempt_users: Option<Vec<String>>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) worker: Worker,
    pub(crate) metrics: Arc<Metrics>,
}

/// A review that has arrived.
pub(crate) struct Review {
    pub(crate) endpoint: Endpoint,
    pub(crate) body: Counted,
    /// When it began to arrive.
    pub(crate) start: Instant,
    pub(crate) deadline: Deadline,
}

/// Why a review gets no answer of its own.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// There is no uid to answer to.
    Unreadable(ReviewError),
    /// Others do not read theirs.
    NoRoom,
}

/// Whoever sent a review, where that matters.
struct Origin {
    /// The name, to be shown.
    user: String,
    sender: Sender,
    is_exempt: bool,
}

impl Origin {
    fn read(body: &[u8], exempt: &[String]) -> Self {
        let Some(requester) = Requester::from_slice(body) else {
            return Self { user: String::new(), sender: Sender::Unknown, is_exempt: false };
        };
        let user = shown(requester.name());
        let is_exempt = requester.is_controller() || exempt.iter().any(|name| name == requester.name());
        let sender = if is_exempt { Sender::NotAsked } else { Sender::Asked(requester) };
        Self { user, sender, is_exempt }
    }
}

/// What came of the work on a review.
enum Outcome<'w> {
    /// The answer, with the worker's turn if it has one.
    Answer(Vec<u8>, Option<SemaphorePermit<'w>>),
    /// The rest takes long.
    Long(Found<'static>),
}

/// What is asked about.
enum Asked<'a> {
    Pod(Request<'a>),
    Template(TemplateRequest<'a>),
}

impl<'a> Asked<'a> {
    fn read(endpoint: Endpoint, body: &'a [u8]) -> Result<Self, ReviewError> {
        match endpoint {
            Endpoint::Mutate | Endpoint::Validate => Request::from_slice(body).map(Self::Pod),
            Endpoint::Template => TemplateRequest::from_slice(body).map(Self::Template),
        }
    }

    fn plan(&self, endpoint: Endpoint, policy: &Policy) -> Plan<'_> {
        match self {
            Self::Pod(request) if endpoint == Endpoint::Mutate => Plan::Mutation(mutate(request, policy)),
            Self::Pod(request) => Plan::Validation(validate(request, policy)),
            Self::Template(request) => Plan::Template(check_template(request, policy)),
        }
    }

    fn namespace(&self) -> &str {
        match self {
            Self::Pod(request) => request.namespace(),
            Self::Template(request) => request.namespace(),
        }
    }

    /// The pod, or the one before the change if there is none any more.
    fn pod(&self) -> Option<&Pod<'a>> {
        match self {
            Self::Pod(request) => request.pod().or_else(|| request.old_pod()),
            Self::Template(request) => request.pod(),
        }
    }
}

enum Plan<'r> {
    Mutation(Mutation<'r>),
    Validation(Validation<'r>),
    Template(TemplateReview<'r>),
}

impl<'r> Plan<'r> {
    fn next(&self, facts: &Facts<'_>, places: usize) -> Needs<'r> {
        match self {
            Self::Mutation(plan) => plan.next(facts, places),
            Self::Validation(plan) => plan.next(facts, places),
            Self::Template(plan) => plan.next(facts, places),
        }
    }

    fn respond<'f>(&self, facts: &'f Facts<'f>) -> Response<'f>
    where
        'r: 'f,
    {
        match self {
            Self::Mutation(plan) => plan.respond(facts),
            Self::Validation(plan) => plan.respond(facts),
            Self::Template(plan) => plan.respond(facts),
        }
    }
}

impl Reviewer {
    /// The body of the answer. A review that takes the processor for long is answered by the worker.
    ///
    /// # Errors
    ///
    /// If there is no uid to answer to, or no room for the answer.
    pub(crate) async fn answer(self: &Arc<Self>, review: Review) -> Result<Counted, NoAnswer> {
        let found = match review.body.bytes.len() <= SMALL {
            true => match self.work(&review, None).await? {
                Outcome::Answer(answer, _) => return self.counted(answer, review.body).await,
                Outcome::Long(found) => found,
            },
            false => Found::default(),
        };
        let reviewer = Arc::clone(self);
        let work = async move {
            match reviewer.work(&review, Some(found)).await? {
                // Of large answers that wait for their place there is one at a time.
                Outcome::Answer(answer, _turn) => reviewer.counted(answer, review.body).await,
                Outcome::Long(_) => Err(NoAnswer::NoRoom),
            }
        };
        self.worker.run(work).await.unwrap_or(Err(NoAnswer::NoRoom))
    }

    /// An answer that takes the place of its review in the memory.
    async fn counted(&self, bytes: Vec<u8>, review: Counted) -> Result<Counted, NoAnswer> {
        let Counted { bytes: body, share } = review;
        drop(body);
        let mut answer = Counted { bytes, share };
        let fit = self.memory.fit(&mut answer.share, answer.bytes.capacity());
        time::timeout(PATIENCE, fit).await.map_err(|_| NoAnswer::NoRoom)?;
        Ok(answer)
    }

    /// Reads a review, looks up what it needs, and decides; on the worker, where something `found` is given.
    async fn work(&self, review: &Review, found: Option<Found<'static>>) -> Result<Outcome<'_>, NoAnswer> {
        let Review { endpoint, body, start, deadline } = review;
        let is_on_worker = found.is_some();
        let request = match Asked::read(*endpoint, &body.bytes) {
            Ok(request) => request,
            Err(error) => {
                let response = error.clone().into_response().ok_or(NoAnswer::Unreadable(error))?;
                self.record(*endpoint, None, None, &response, start.elapsed());
                return Ok(Outcome::Answer(response.to_vec(), self.turn(is_on_worker).await));
            }
        };
        let plan = request.plan(*endpoint, &self.policy);
        // What a controller makes of a template it sends itself, and controllers are not asked about.
        let is_pod = *endpoint != Endpoint::Template;
        let from =
            self.exempt_users.as_ref().filter(|_| is_pod).map(|exempt| Origin::read(&body.bytes, exempt));
        let turns = Turns::new(*deadline);
        let mut found: Found<'_> = found.unwrap_or_default();
        let mut places = FIRST_ROUND;
        loop {
            let needs = plan.next(&found.facts(), places);
            if needs.is_empty() {
                break;
            }
            let sender = from.as_ref().map_or(&Sender::NotAsked, |from| &from.sender);
            let more = self.lookups.answer(&needs, sender, &turns).await;
            found.add(more);
            // A pod that is in order has all of it looked up, in few rounds.
            places *= 2;
        }
        let contents = request.pod().map_or(0, |pod| pod.gmsa().len()).saturating_mul(found.longest());
        if contents > SMALL && !is_on_worker {
            return Ok(Outcome::Long(found.into_owned()));
        }
        let mut is_renewed = false;
        loop {
            let turn = self.turn(is_on_worker).await;
            {
                let facts = found.facts();
                let response = plan.respond(&facts);
                if is_renewed || !found.may_be_old() || !is_about_contents(&response) {
                    self.record(*endpoint, Some(&request), from.as_ref(), &response, start.elapsed());
                    return Ok(Outcome::Answer(response.to_vec(), turn));
                }
            }
            drop(turn);
            // Another replica may have expanded the pod with contents that have not come here yet.
            self.lookups.renew(&mut found, &turns).await;
            is_renewed = true;
        }
    }

    async fn turn(&self, is_on_worker: bool) -> Option<SemaphorePermit<'_>> {
        // Nobody closes the semaphore.
        if is_on_worker { self.worker.turn.acquire().await.ok() } else { None }
    }

    /// The one line that a decision leaves in the log. Nothing of the pod but names.
    fn record(
        &self,
        endpoint: Endpoint,
        request: Option<&Asked<'_>>,
        from: Option<&Origin>,
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
            uid = shown(response.uid()),
            namespace = shown(request.map_or("", Asked::namespace)),
            owner = owner(request),
            user = from.map(|from| from.user.as_str()),
            exempt = from.filter(|from| from.is_exempt).map(|_| true),
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

fn owner(request: Option<&Asked<'_>>) -> String {
    match request.and_then(Asked::pod) {
        None => String::new(),
        Some(pod) if pod.name().is_empty() && !pod.generate_name().is_empty() => {
            format!("{}*", shown(pod.generate_name()))
        }
        Some(pod) => shown(pod.name()),
    }
}

/// As much of a text as a Kubernetes name can be long, in characters that can be seen. Before it is validated it can be
/// anything, and a user's name always can.
fn shown(text: &str) -> String {
    const LONGEST: usize = 253;
    let mut shown = String::new();
    for character in text.chars().take(LONGEST) {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            // What moves or hides other characters is escaped by it too.
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_name_has_in_it_one_line_shows_it() {
        for (name, line) in [
            ("ann@contoso.com", "ann@contoso.com"),
            (r"CONTOSO\ann", r"CONTOSO\ann"),
            ("o'neil", "o'neil"),
            ("https://issuer.example#1234", "https://issuer.example#1234"),
            ("Zo\u{eb}", "Zo\u{eb}"),
            ("a\nb\u{1b}[31m\u{202e}c", r"a\nb\u{1b}[31m\u{202e}c"),
        ] {
            assert_eq!(shown(name), line);
        }
        assert_eq!(shown(&"x".repeat(300)).len(), 253);
    }
}
