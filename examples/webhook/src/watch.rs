//! Keeps a copy of all resources of one kind: a list, and then a watch of what changes.
//!
//! kube's own watcher hides what matters here: whether it is connected. A copy that is not is no news, and whoever
//! needs to know must ask.

use std::{
    fmt,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::TryStreamExt;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Error,
    api::{ListParams, WatchEvent, WatchParams},
};
use serde::de::DeserializeOwned;
use tokio::{
    sync::Notify,
    time::{self, Instant},
};

use crate::{
    failure::{Failure, Wanted},
    metrics::Metrics,
};

/// A watch is asked for anew after so many seconds, which shows that the API server is still there.
const WATCH_SECONDS: u32 = 20;
/// A watch that tells nothing for this long is not connected any more: whoever believes it is wrong for so long at most.
pub(crate) const LONGEST_SILENCE: Duration = Duration::from_secs(25);
const _: () = assert!((WATCH_SECONDS as u64) < LONGEST_SILENCE.as_secs());
/// A watch that ends sooner, and has told nothing, does not work.
const SHORTEST: Duration = Duration::from_secs(1);
const PAGE: u32 = 500;

/// Where the copy is.
pub(crate) trait Store<K> {
    /// What is kept of a resource.
    type Kept;
    /// `None` if nothing of it is needed.
    fn keep(&self, resource: K) -> Option<Self::Kept>;
    /// All that there is; what is not among it is gone.
    fn replace(&self, all: Vec<Self::Kept>);
    fn apply(&self, resource: K);
    fn delete(&self, resource: K);
}

/// The connection that one copy depends on.
pub(crate) struct Watch {
    resource: &'static str,
    state: Mutex<State>,
    again: Notify,
    metrics: Arc<Metrics>,
}

enum State {
    /// At the start, and in the moment between the orderly end of a connection and the next one.
    Opening,
    Connected {
        heard: Instant,
    },
    Disconnected(Disconnected),
}

/// Why there is no connection, and since when.
#[derive(Debug, Clone)]
pub(crate) struct Disconnected {
    pub(crate) since: Timestamp,
    pub(crate) failure: Failure,
}

impl fmt::Display for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "watch disconnected since {:.0}: {}", self.since, self.failure)
    }
}

/// How a connection ended that did not fail.
enum End {
    /// In order; the next goes on from this version.
    Version(String),
    /// It has to be listed anew: what the watch would go on from is forgotten.
    Gone,
    /// The same, because somebody wants it.
    Wanted,
}

impl Watch {
    pub(crate) fn new(resource: &'static str, metrics: Arc<Metrics>) -> Self {
        metrics.watched(resource);
        Self { resource, state: Mutex::new(State::Opening), again: Notify::new(), metrics }
    }

    /// Whether the copy is what the API server has, but for the moment that an event takes.
    pub(crate) fn is_connected(&self) -> bool {
        matches!(*self.state(), State::Connected { heard } if heard.elapsed() < LONGEST_SILENCE)
    }

    /// Since when it is not, if it broke.
    pub(crate) fn disconnected(&self) -> Option<Disconnected> {
        match &*self.state() {
            State::Disconnected(disconnected) => Some(disconnected.clone()),
            _ => None,
        }
    }

    /// Has everything listed anew, soon. Until then it is not connected.
    pub(crate) fn list_again(&self) {
        self.set_opening();
        self.again.notify_one();
    }

    /// Watches for good: failures are waited out, longer and longer.
    pub(crate) async fn follow<K, S>(&self, api: Api<K>, store: &S)
    where
        K: kube::Resource + k8s_openapi::Metadata<Ty = ObjectMeta> + Clone + fmt::Debug + DeserializeOwned,
        S: Store<K>,
    {
        let (mut version, mut pauses, mut gone) = (None, Pauses::default(), 0);
        loop {
            let pause = match self.connect(&api, store, version.take(), &mut pauses).await {
                Ok(End::Version(next)) => {
                    (version, gone) = (Some(next), 0);
                    self.set_opening();
                    continue;
                }
                Ok(End::Wanted) => {
                    self.set_opening();
                    continue;
                }
                Ok(End::Gone) => {
                    self.metrics.watch_failed(self.resource);
                    self.set_opening();
                    gone += 1;
                    // A list that is forgotten at once, each time, is a failure.
                    if gone == 1 {
                        continue;
                    }
                    pauses.after(&self.fail(Failure::gone()))
                }
                Err(failure) => pauses.after(&self.fail(failure)),
            };
            time::sleep(pause).await;
        }
    }

    async fn connect<K, S>(
        &self,
        api: &Api<K>,
        store: &S,
        version: Option<String>,
        pauses: &mut Pauses,
    ) -> Result<End, Failure>
    where
        K: kube::Resource + k8s_openapi::Metadata<Ty = ObjectMeta> + Clone + fmt::Debug + DeserializeOwned,
        S: Store<K>,
    {
        let mut version = match version {
            Some(version) => version,
            None => match self.list(api, store).await? {
                Some(version) => version,
                None => return Ok(End::Gone),
            },
        };
        let parameters = WatchParams::default().timeout(WATCH_SECONDS);
        let events = match self.wait("watch", api.watch(&parameters, &version)).await {
            Err(failure) if failure.is_gone() => return Ok(End::Gone),
            events => events?,
        };
        let (mut events, opened, mut told) = (pin!(events), Instant::now(), false);
        self.hear();
        loop {
            let event = tokio::select! {
                () = self.again.notified() => return Ok(End::Wanted),
                event = self.wait("watch", events.try_next()) => event,
            };
            match event {
                Ok(None) => break,
                Ok(Some(WatchEvent::Added(resource) | WatchEvent::Modified(resource))) => {
                    version = version_of(&resource)?;
                    store.apply(resource);
                }
                Ok(Some(WatchEvent::Deleted(resource))) => {
                    version = version_of(&resource)?;
                    store.delete(resource);
                }
                Ok(Some(WatchEvent::Bookmark(bookmark))) => version = bookmark.metadata.resource_version,
                Ok(Some(WatchEvent::Error(status))) => {
                    match Failure::of(&Error::Api(status), self.wanted("watch")) {
                        failure if failure.is_gone() => return Ok(End::Gone),
                        failure => return Err(failure),
                    }
                }
                Err(failure) if failure.is_gone() => return Ok(End::Gone),
                Err(failure) => return Err(failure),
            }
            told = true;
            pauses.reset();
            self.hear();
        }
        if !told && opened.elapsed() < SHORTEST {
            return Err(Failure::unreachable("the API server ended the watch at once"));
        }
        pauses.reset();
        Ok(End::Version(version))
    }

    /// Lists everything, and tells from which version on to watch; `None` if the list was forgotten in its middle.
    async fn list<K, S>(&self, api: &Api<K>, store: &S) -> Result<Option<String>, Failure>
    where
        K: Clone + fmt::Debug + DeserializeOwned,
        S: Store<K>,
    {
        let (mut all, mut parameters) = (Vec::new(), ListParams::default().limit(PAGE));
        loop {
            let page = match self.wait("list", api.list(&parameters)).await {
                Err(failure) if failure.is_gone() => return Ok(None),
                page => page?,
            };
            all.extend(page.items.into_iter().filter_map(|resource| store.keep(resource)));
            parameters.continue_token = page.metadata.continue_.filter(|token| !token.is_empty());
            if parameters.continue_token.is_none() {
                store.replace(all);
                let version = page.metadata.resource_version.filter(|version| !version.is_empty());
                return version.map(Some).ok_or_else(Failure::no_version);
            }
        }
    }

    async fn wait<T>(
        &self,
        verb: &'static str,
        answer: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, Failure> {
        match time::timeout(LONGEST_SILENCE, answer).await {
            Ok(answer) => answer.map_err(|error| Failure::of(&error, self.wanted(verb))),
            Err(_) => Err(Failure::silent()),
        }
    }

    fn wanted(&self, verb: &'static str) -> Wanted {
        Wanted { verb, resource: self.resource }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection ended, and no reason to doubt the next.
    fn set_opening(&self) {
        let mut state = self.state();
        if matches!(*state, State::Connected { .. }) {
            *state = State::Opening;
        }
    }

    fn hear(&self) {
        let before = std::mem::replace(&mut *self.state(), State::Connected { heard: Instant::now() });
        if let State::Disconnected(Disconnected { since, .. }) = before {
            self.metrics.watch_connected(self.resource);
            let since = format!("{since:.0}");
            tracing::info!(resource = self.resource, since, "the watch is connected again");
        }
    }

    /// Notes a failure, and says so if that is new.
    fn fail(&self, failure: Failure) -> Failure {
        self.metrics.watch_failed(self.resource);
        let mut state = self.state();
        let before = match &*state {
            State::Disconnected(before) => Some(before),
            _ => None,
        };
        let since = before.map_or_else(Timestamp::now, |before| before.since);
        if before.is_none_or(|before| before.failure != failure) {
            tracing::warn!(
                resource = self.resource,
                reason = failure.to_string(),
                "the watch is disconnected"
            );
        }
        self.metrics.watch_disconnected(self.resource, since.as_second());
        *state = State::Disconnected(Disconnected { since, failure: failure.clone() });
        failure
    }
}

/// Without one there is nothing to go on from.
fn version_of(resource: &impl k8s_openapi::Metadata<Ty = ObjectMeta>) -> Result<String, Failure> {
    resource.metadata().resource_version.clone().ok_or_else(Failure::no_version)
}

/// The pauses after failures: each is twice the one before, until something succeeds.
struct Pauses(Duration);

impl Pauses {
    const FIRST: Duration = Duration::from_millis(500);
    /// An API server that comes back should not have to wait for us.
    const LONGEST_UNREACHABLE: Duration = Duration::from_secs(5);
    /// What it refuses is for somebody to change.
    const LONGEST: Duration = Duration::from_secs(120);

    fn after(&mut self, failure: &Failure) -> Duration {
        let longest = if failure.is_unreachable() { Self::LONGEST_UNREACHABLE } else { Self::LONGEST };
        let pause = self.0.min(longest);
        self.0 = self.0.max((pause * 2).min(longest));
        pause
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

impl Default for Pauses {
    fn default() -> Self {
        Self(Self::FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_watch_that_tells_nothing_is_not_connected() {
        let watch = Watch::new("roles", Arc::new(Metrics::new()));
        assert!(!watch.is_connected());
        watch.hear();
        time::sleep(LONGEST_SILENCE - Duration::from_millis(1)).await;
        assert!(watch.is_connected());
        time::sleep(Duration::from_millis(1)).await;
        assert!(!watch.is_connected());
        watch.hear();
        let failure = watch.fail(Failure::silent());
        // To be listed anew is no connection.
        watch.list_again();
        assert!(!watch.is_connected() && watch.disconnected().is_some_and(|told| told.failure == failure));
        watch.hear();
        watch.list_again();
        assert!(!watch.is_connected() && watch.disconnected().is_none());
    }

    #[test]
    fn pauses_grow_to_a_bound_and_only_a_success_resets_them() {
        let refused = Failure::unreachable("nobody is there");
        let status = kube::core::Status { code: 403, ..kube::core::Status::default() };
        let forbidden = Failure::of(&Error::Api(status.boxed()), Wanted { verb: "list", resource: "roles" });
        let mut pauses = Pauses::default();
        let millis = |pauses: &mut Pauses, failure: &Failure, times| {
            (0..times).map(|_| pauses.after(failure).as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(millis(&mut pauses, &refused, 6), [500, 1_000, 2_000, 4_000, 5_000, 5_000]);
        // What was waited for counts on, but an API server that is away is not waited for longer.
        assert_eq!(
            millis(&mut pauses, &forbidden, 7),
            [5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000]
        );
        assert_eq!(millis(&mut pauses, &refused, 1), [5_000]);
        pauses.reset();
        assert_eq!(millis(&mut pauses, &forbidden, 2), [500, 1_000]);
    }
}
