use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{Arc, PoisonError, RwLock},
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

use crate::{failure, metrics::Metrics};

/// What a credential spec says: made once, when the resource changes, and shared by all reviews from then on.
pub(crate) type Known = Arc<CredSpecAnswer<'static>>;

type Resources = BTreeMap<CredentialSpecName<'static>, Known>;

/// The credential specs of the cluster, as a watch keeps telling. While the API server is out of reach the last that
/// is known stays, as in any informer.
pub(crate) struct Cache {
    /// `None` until all of them have been seen once.
    resources: RwLock<Option<Resources>>,
    metrics: Arc<Metrics>,
}

impl Cache {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self { resources: RwLock::new(None), metrics }
    }

    /// The answer for a name that is in the cache. A name that is not may have come into being just now.
    pub(crate) fn get(&self, name: &CredentialSpecName<'_>) -> Option<Known> {
        let resources = self.resources.read().unwrap_or_else(PoisonError::into_inner);
        resources.as_ref()?.get(name.as_str()).cloned()
    }

    /// Whether all credential specs have been seen once.
    pub(crate) fn is_synced(&self) -> bool {
        self.resources.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Watches, for good: breaks are waited out, longer and longer.
    pub(crate) async fn follow(&self, api: Api<GmsaCredentialSpec>) {
        let events = watcher::watcher(api, watcher::Config::default());
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
                    self.metrics.watch_failed();
                    tracing::warn!(reason = %failure::of_watch(&error), "the watch of the credential specs broke");
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

fn known(resource: &GmsaCredentialSpec) -> Option<(CredentialSpecName<'static>, Known)> {
    let name = CredentialSpecName::try_from(resource.metadata.name.clone()?).ok()?;
    Some((name, Arc::new(CredSpecAnswer::from_resource(resource))))
}
