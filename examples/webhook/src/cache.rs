use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use futures_util::{Stream, StreamExt};
use gmsa_admission::CredSpecAnswer;
use gmsa_types::{CredentialSpecName, GmsaCredentialSpec};
use kube::{
    Api,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event},
    },
};

use tokio::time::Instant;

use crate::{failure, metrics::Metrics};

/// What a credential spec says: made once, when the resource changes, and shared by all reviews from then on.
pub(crate) type Known = Arc<CredSpecAnswer<'static>>;

type Resources = BTreeMap<CredentialSpecName<'static>, Known>;

/// For how long the last that is known counts while the watch keeps breaking.
const TRUSTED: Duration = Duration::from_secs(300);
/// A watch that has not broken for this long is whole again. Nothing says so: a whole watch tells changes only. Longer
/// than the longest pause before it is tried again, with the silence after which that has failed too.
const WHOLE: Duration = Duration::from_secs(180);
/// The longest pause of [`watcher::DefaultBackoff`], with as much again that is added by chance.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// An API server that is silent for this long in the middle of an answer has gone. Without this a list or a watch that
/// is never answered is no break, and the cache would be believed for good.
pub(crate) const LONGEST_SILENCE: Duration = Duration::from_secs(60);
/// A watch in which nothing changes is asked for anew after so many seconds.
const WATCH_SECONDS: u32 = 45;
const _: () = assert!(LONGEST_PAUSE.as_secs() + LONGEST_SILENCE.as_secs() < WHOLE.as_secs());
const _: () = assert!((WATCH_SECONDS as u64) < LONGEST_SILENCE.as_secs());

/// The credential specs of the cluster, as a watch keeps telling. While the API server is out of reach the last that
/// is known counts for some time; after that each credential spec is got.
pub(crate) struct Cache {
    /// `None` until all of them have been seen once.
    resources: RwLock<Option<Resources>>,
    breaks: Mutex<Option<Breaks>>,
    metrics: Arc<Metrics>,
}

impl Cache {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self { resources: RwLock::new(None), breaks: Mutex::new(None), metrics }
    }

    /// The answer for a name that is in the cache. A name that is not may have come into being just now.
    pub(crate) fn get(&self, name: &CredentialSpecName<'_>) -> Option<Known> {
        let breaks = *self.breaks.lock().unwrap_or_else(PoisonError::into_inner);
        if breaks.is_some_and(|breaks| breaks.are_too_long()) {
            return None;
        }
        let resources = self.resources.read().unwrap_or_else(PoisonError::into_inner);
        resources.as_ref()?.get(name.as_str()).cloned()
    }

    /// Whether all credential specs have been seen once.
    pub(crate) fn is_synced(&self) -> bool {
        self.resources.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Watches, for good: breaks are waited out, longer and longer.
    pub(crate) async fn follow(&self, api: Api<GmsaCredentialSpec>) {
        let events = watcher::watcher(api, watcher::Config::default().timeout(WATCH_SECONDS));
        self.take(events.backoff(watcher::DefaultBackoff::default())).await;
    }

    async fn take(&self, events: impl Stream<Item = watcher::Result<Event<GmsaCredentialSpec>>>) {
        let mut events = pin!(events);
        // What a new list has told so far. Until it is complete the old one counts.
        let mut listed = Resources::new();
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Init) => listed.clear(),
                Ok(Event::InitApply(resource)) => listed.extend(known(&resource)),
                Ok(Event::InitDone) => {
                    let listed = std::mem::take(&mut listed);
                    tracing::info!(credential_specs = listed.len(), "the cache is filled");
                    self.change(|resources| *resources = listed);
                }
                Ok(Event::Apply(resource)) => self.change(|resources| resources.extend(known(&resource))),
                Ok(Event::Delete(resource)) => self.change(|resources| {
                    if let Some((name, _)) = known(&resource) {
                        resources.remove(&name);
                    }
                }),
                Err(error) => {
                    let mut breaks = self.breaks.lock().unwrap_or_else(PoisonError::into_inner);
                    *breaks = Some(Breaks::after(*breaks));
                    drop(breaks);
                    self.metrics.watch_failed();
                    tracing::warn!(
                        reason = failure::of_watch(&error),
                        "the watch of the credential specs broke"
                    );
                }
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut Resources)) {
        let mut resources = self.resources.write().unwrap_or_else(PoisonError::into_inner);
        let resources = resources.get_or_insert_default();
        change(resources);
        self.metrics.cached(resources.len());
    }
}

/// Breaks of the watch, one soon after the other.
#[derive(Clone, Copy)]
struct Breaks {
    first: Instant,
    last: Instant,
}

impl Breaks {
    fn after(earlier: Option<Self>) -> Self {
        let last = Instant::now();
        let earlier = earlier.filter(|earlier| last - earlier.last < WHOLE);
        Self { first: earlier.map_or(last, |earlier| earlier.first), last }
    }

    fn are_too_long(self) -> bool {
        self.last.elapsed() < WHOLE && self.first.elapsed() >= TRUSTED
    }
}

fn known(resource: &GmsaCredentialSpec) -> Option<(CredentialSpecName<'static>, Known)> {
    let name = CredentialSpecName::try_from(resource.metadata.name.clone()?).ok()?;
    Some((name, Arc::new(CredSpecAnswer::from_resource(resource))))
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use tokio::time;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_a_watch_told_counts_until_it_has_been_broken_for_long() {
        let cache = Cache::new(Arc::new(Metrics::new()));
        let name = CredentialSpecName::try_from("webapp0").unwrap();
        let mut resource = GmsaCredentialSpec::default();
        resource.metadata.name = Some("webapp0".to_owned());
        cache.take(stream::iter([Ok(Event::Init), Ok(Event::InitApply(resource))])).await;
        assert!(cache.get(&name).is_none() && !cache.is_synced(), "the list is not complete yet");
        let mut resource = GmsaCredentialSpec::default();
        resource.metadata.name = Some("webapp0".to_owned());
        cache
            .take(stream::iter([Ok(Event::Init), Ok(Event::InitApply(resource)), Ok(Event::InitDone)]))
            .await;
        time::sleep(TRUSTED * 10).await;
        let broken = async || cache.take(stream::iter([Err(watcher::Error::NoResourceVersion)])).await;
        for _ in 0..10 {
            assert!(cache.get(&name).is_some());
            broken().await;
            time::sleep(TRUSTED / 10).await;
        }
        assert!(cache.get(&name).is_none());
        // An API server that takes the question and never answers breaks it less often, and no less.
        for _ in 0..10 {
            time::sleep(LONGEST_PAUSE + LONGEST_SILENCE).await;
            assert!(cache.get(&name).is_none());
            broken().await;
        }
        // It is whole again when it breaks no more, and a later break starts anew.
        time::sleep(WHOLE).await;
        assert!(cache.get(&name).is_some());
        broken().await;
        time::sleep(WHOLE * 2).await;
        broken().await;
        time::sleep(WHOLE - Duration::from_secs(1)).await;
        assert!(cache.get(&name).is_some());
    }
}
