use std::{future::Future, sync::Arc, time::Duration};

use futures_util::{StreamExt, future, stream};
use gmsa_admission::{AccessAnswer, CredSpecAnswer, Facts, Needs, Requester};
use gmsa_rbac::AccessQuestion;
use gmsa_types::{CredentialSpecName, GmsaCredentialSpec, PLURAL};
use k8s_openapi::api::authorization::v1::LocalSubjectAccessReview;
use kube::{Api, Client, api::PostParams};
use tokio::time::{self, Instant};

use crate::{
    cache::{Cache, Known},
    failure::{self, Failure, Wanted},
    metrics::Metrics,
    permissions::Permissions,
    permitted::Permitted,
    rate::Rate,
    turns::Turns,
};

/// Lookups of one review that run at once. A pod can name thousands of credential specs; others shall not have to
/// queue behind all of them.
const AT_ONCE: usize = 32;
/// How often a request is sent before the API server counts as unavailable.
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

const CREDENTIAL_SPEC: &str = "credential_spec";
const ACCESS: &str = "access";
const REVIEWS: &str = "localsubjectaccessreviews";

/// Finds out what reviews need to know.
pub(crate) struct Lookups {
    pub(crate) client: Client,
    pub(crate) cache: Option<Arc<Cache>>,
    pub(crate) permissions: Option<Arc<Permissions>>,
    pub(crate) permitted: Option<Permitted>,
    pub(crate) rate: Rate,
    pub(crate) metrics: Arc<Metrics>,
}

/// Whether to ask about whoever sent a review.
pub(crate) enum Sender {
    NotAsked,
    /// To be asked about, but not named.
    Unknown,
    Asked(Requester),
}

/// What was found out for one review.
#[derive(Default)]
pub(crate) struct Found<'r> {
    credential_specs: Vec<Contents<'r>>,
    access: Vec<Access<'r>>,
}

type Access<'r> = (AccessQuestion<'r>, AccessAnswer<'static>);

struct Contents<'r> {
    name: CredentialSpecName<'r>,
    answer: Known,
    from_cache: bool,
}

impl<'r> Found<'r> {
    pub(crate) fn facts(&self) -> Facts<'_> {
        let mut facts = Facts::default();
        for contents in &self.credential_specs {
            facts.insert_credential_spec(contents.name.borrowed(), contents.answer.borrowed());
        }
        for (question, answer) in &self.access {
            facts.insert_access(question.borrowed(), answer.clone());
        }
        facts
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.credential_specs.extend(more.credential_specs);
        self.access.extend(more.access);
    }

    pub(crate) fn into_owned(self) -> Found<'static> {
        let owned = |Contents { name, answer, from_cache }: Contents<'_>| Contents {
            name: name.into_owned(),
            answer,
            from_cache,
        };
        let access = self.access.into_iter().map(|(question, answer)| (question.into_owned(), answer));
        let credential_specs = self.credential_specs.into_iter().map(owned).collect();
        Found { credential_specs, access: access.collect() }
    }

    /// The length of the longest contents.
    pub(crate) fn longest(&self) -> usize {
        let lengths = self.credential_specs.iter().map(|contents| match &*contents.answer {
            CredSpecAnswer::Found(contents) => contents.as_str().len(),
            _ => 0,
        });
        lengths.max().unwrap_or(0)
    }

    /// Whether something of it is as old as the cache.
    pub(crate) fn may_be_old(&self) -> bool {
        self.credential_specs.iter().any(|contents| contents.from_cache)
    }
}

impl Lookups {
    /// Answers all needs, at once. By the deadline at the latest: what is not known then is unavailable.
    pub(crate) async fn answer<'r>(&self, needs: &Needs<'r>, sender: &Sender, turns: &Turns) -> Found<'r> {
        let credential_specs: Vec<_> =
            needs.credential_specs().iter().map(|name| self.contents(name, turns)).collect();
        let access: Vec<_> =
            needs.access().iter().map(|question| self.access(question, sender, turns)).collect();
        let (credential_specs, access) = future::join(all(credential_specs), all(access)).await;
        Found { credential_specs, access }
    }

    /// Asks the API server about the contents that came from the cache: it may have something newer. If it does not
    /// answer, the cache's word stands.
    pub(crate) async fn renew(&self, found: &mut Found<'_>, turns: &Turns) {
        let old = found.credential_specs.iter_mut().filter(|contents| contents.from_cache);
        let renewals: Vec<_> = old.map(|contents| self.renew_one(contents, turns)).collect();
        all(renewals).await;
    }

    async fn renew_one(&self, contents: &mut Contents<'_>, turns: &Turns) {
        if let Ok(answer) = self.get(&contents.name, turns).await {
            contents.answer = Arc::new(answer);
        }
        contents.from_cache = false;
    }

    async fn contents<'r>(&self, name: &CredentialSpecName<'r>, turns: &Turns) -> Contents<'r> {
        let contents = |answer, from_cache| Contents { name: name.clone(), answer, from_cache };
        let cache = self.cache.as_deref();
        let cached = || cache.and_then(|cache| cache.get(name));
        if cache.is_some_and(|cache| cache.watch().is_connected())
            && let Some(answer) = cached()
        {
            self.metrics.looked_up(CREDENTIAL_SPEC, "cached");
            return contents(answer, true);
        }
        match self.get(name, turns).await {
            Ok(answer) => contents(Arc::new(answer), false),
            // Nobody is there to know better. Whoever refuses to answer is there.
            Err(failure) if failure.is_unreachable() => match cached() {
                Some(answer) => {
                    self.metrics.looked_up(CREDENTIAL_SPEC, "stale");
                    contents(answer, false)
                }
                None => contents(Arc::new(CredSpecAnswer::Unavailable(failure.into_text())), false),
            },
            Err(failure) => contents(Arc::new(CredSpecAnswer::Unavailable(failure.into_text())), false),
        }
    }

    async fn get(
        &self,
        name: &CredentialSpecName<'_>,
        turns: &Turns,
    ) -> Result<CredSpecAnswer<'static>, Failure> {
        let api: Api<GmsaCredentialSpec> = Api::all(self.client.clone());
        let wanted = Wanted { verb: "get", resource: PLURAL };
        let answer = match self.ask(wanted, turns, || get(&api, name.as_str())).await {
            Ok(None) => Ok(CredSpecAnswer::NotFound),
            Ok(Some(resource)) if resource.metadata.name.as_deref() == Some(name.as_str()) => {
                Ok(CredSpecAnswer::from_resource(&resource))
            }
            Ok(Some(_)) => Err(Failure::other("the API server answered about another resource")),
            Err(failure) => Err(failure),
        };
        let result = match &answer {
            Ok(CredSpecAnswer::Found(_)) => "found",
            Ok(CredSpecAnswer::NotFound) => "not_found",
            Ok(CredSpecAnswer::Empty) => "empty",
            Ok(CredSpecAnswer::Unavailable(_)) => "other",
            Err(failure) => failure.cause().as_str(),
        };
        self.metrics.looked_up(CREDENTIAL_SPEC, result);
        answer
    }

    async fn access<'r>(&self, question: &AccessQuestion<'r>, sender: &Sender, turns: &Turns) -> Access<'r> {
        let account = self.account(question, turns);
        let answer = match sender {
            Sender::NotAsked => account.await,
            Sender::Unknown => AccessAnswer::Unavailable("the review does not say who sent it".into()),
            Sender::Asked(requester) => {
                let review = self.review(question, requester.to_review(question), turns);
                let (account, review) = future::join(account, review).await;
                requester.both(account, review)
            }
        };
        (question.clone(), answer)
    }

    /// Whether the service account may.
    async fn account(&self, question: &AccessQuestion<'_>, turns: &Turns) -> AccessAnswer<'static> {
        let review = || self.review(question, question.to_review(), turns);
        let Some(permitted) = &self.permitted else { return review().await };
        let owned = question.clone().into_owned();
        if permitted.contains(&owned) {
            self.metrics.looked_up(ACCESS, "cached");
            return AccessAnswer::Allow;
        }
        let asked = Instant::now();
        let answer = review().await;
        if answer == AccessAnswer::Allow {
            permitted.insert(owned, asked);
        }
        answer
    }

    async fn review(
        &self,
        question: &AccessQuestion<'_>,
        review: LocalSubjectAccessReview,
        turns: &Turns,
    ) -> AccessAnswer<'static> {
        if self.permissions.as_ref().is_some_and(|permissions| permissions.allows(&review.spec, question)) {
            self.metrics.looked_up(ACCESS, "watched");
            return AccessAnswer::Allow;
        }
        let api: Api<LocalSubjectAccessReview> = Api::namespaced(self.client.clone(), question.namespace());
        let (wanted, parameters) = (Wanted { verb: "create", resource: REVIEWS }, PostParams::default());
        let answer = match self.ask(wanted, turns, || api.create(&parameters, &review)).await {
            Ok(LocalSubjectAccessReview { status: Some(status), .. }) => Ok(AccessAnswer::from(&status)),
            Ok(_) => Err(Failure::other("the API server gave no status")),
            Err(failure) => Err(failure),
        };
        let result = match &answer {
            Ok(AccessAnswer::Allow) => "allow",
            Ok(_) => "deny",
            Err(failure) => failure.cause().as_str(),
        };
        self.metrics.looked_up(ACCESS, result);
        answer.unwrap_or_else(|failure| AccessAnswer::Unavailable(failure.into_text()))
    }

    /// Sends one request, and again after a short pause where that may help. Each takes its turn.
    async fn ask<T, F>(&self, wanted: Wanted, turns: &Turns, send: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = kube::Result<T>>,
    {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            if !turns.take(&self.rate).await {
                return Err(self.rate.exceeded());
            }
            let failure = match time::timeout_at(turns.deadline().instant(), send()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => Failure::of(&error, wanted),
                Err(_) => break,
            };
            if attempt == ATTEMPTS || !failure.may_pass() || turns.deadline().remaining() < 2 * pause {
                return Err(failure);
            }
            time::sleep(pause).await;
            pause *= 2;
        }
        Err(Failure::silent())
    }
}

/// `None` if there is no resource of that name.
async fn get(api: &Api<GmsaCredentialSpec>, name: &str) -> kube::Result<Option<GmsaCredentialSpec>> {
    match api.get(name).await {
        Err(error) if failure::is_not_found(&error) => Ok(None),
        answer => answer.map(Some),
    }
}

async fn all<F: Future>(lookups: Vec<F>) -> Vec<F::Output> {
    stream::iter(lookups).buffer_unordered(AT_ONCE).collect().await
}
