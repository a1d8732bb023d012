use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use gmsa_admission::CredSpecAnswer;
use gmsa_types::{CredentialSpecName, GmsaCredentialSpec, PLURAL};
use kube::Api;

use crate::{
    metrics::Metrics,
    watch::{Store, Watch},
};

/// What a credential spec says: made once, when the resource changes, and shared by all reviews from then on.
pub(crate) type Known = Arc<CredSpecAnswer<'static>>;

type Resources = BTreeMap<CredentialSpecName<'static>, Known>;

/// The credential specs of the cluster, as a watch keeps telling. While it is not connected they are for an API server
/// that is out of reach: each credential spec is got first.
pub(crate) struct Cache {
    watch: Watch,
    resources: Copies,
}

struct Copies {
    /// `None` until all of them have been seen once.
    resources: RwLock<Option<Resources>>,
    metrics: Arc<Metrics>,
}

impl Cache {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        let watch = Watch::new(PLURAL, Arc::clone(&metrics));
        Self { watch, resources: Copies { resources: RwLock::new(None), metrics } }
    }

    /// The answer for a name that is in the cache. A name that is not may have come into being just now.
    pub(crate) fn get(&self, name: &CredentialSpecName<'_>) -> Option<Known> {
        let resources = self.resources.resources.read().unwrap_or_else(PoisonError::into_inner);
        resources.as_ref()?.get(name.as_str()).cloned()
    }

    /// Whether all credential specs have been seen once.
    pub(crate) fn is_synced(&self) -> bool {
        self.resources.resources.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Watches, for good.
    pub(crate) async fn follow(&self, api: Api<GmsaCredentialSpec>) {
        self.watch.follow(api, &self.resources).await;
    }
}

impl Copies {
    fn change(&self, change: impl FnOnce(&mut Resources)) {
        let mut resources = self.resources.write().unwrap_or_else(PoisonError::into_inner);
        let resources = resources.get_or_insert_default();
        change(resources);
        self.metrics.cached(resources.len());
    }
}

impl Store<GmsaCredentialSpec> for Copies {
    type Kept = (CredentialSpecName<'static>, Known);

    fn keep(&self, resource: GmsaCredentialSpec) -> Option<Self::Kept> {
        let answer = CredSpecAnswer::from_resource(&resource);
        Some((CredentialSpecName::try_from(resource.metadata.name?).ok()?, Arc::new(answer)))
    }

    fn replace(&self, all: Vec<Self::Kept>) {
        tracing::debug!(credential_specs = all.len(), "the cache is filled");
        self.change(|resources| *resources = all.into_iter().collect());
    }

    fn apply(&self, resource: GmsaCredentialSpec) {
        let kept = self.keep(resource);
        self.change(|resources| resources.extend(kept));
    }

    fn delete(&self, resource: GmsaCredentialSpec) {
        self.change(|resources| {
            resources.remove(resource.metadata.name.as_deref().unwrap_or_default());
        });
    }
}
