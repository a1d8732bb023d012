use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};

use crate::{activity::Activity, metrics::Metrics};

/// From one look at who could make room to the next.
const PAUSE: Duration = Duration::from_millis(50);

/// The connections that there are, and as many places as there may be.
///
/// When all are taken, a new connection takes the place of one that nobody would miss: of those that are idle, the one
/// that was of the least use, and of these the one that has been idle the longest; where none is idle, of one whose client has
/// kept a request from going on for a second or longer. One whose request is being worked on stays.
pub(crate) struct Connections {
    places: Arc<Semaphore>,
    most: u32,
    open: Mutex<Open>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Open {
    next: u64,
    activities: BTreeMap<u64, Arc<Activity>>,
}

/// A place that a connection has.
pub(crate) struct Place {
    pub(crate) activity: Arc<Activity>,
    id: u64,
    connections: Arc<Connections>,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    pub(crate) fn new(most: u32, metrics: Arc<Metrics>) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(usize::MAX)));
        Arc::new(Self { places, most, open: Mutex::default(), metrics })
    }

    /// A place for a connection that has just come, as soon as there is one.
    pub(crate) async fn place(self: &Arc<Self>) -> Option<Place> {
        let permit = Arc::clone(&self.places).acquire_owned();
        tokio::pin!(permit);
        let permit = loop {
            tokio::select! {
                biased;
                permit = &mut permit => break permit.ok()?,
                // Whoever goes takes a moment to.
                () = async { self.drop_one(); time::sleep(PAUSE).await } => {}
            }
        };
        let activity = Arc::new(Activity::new());
        let id = self.with(|open| {
            open.next += 1;
            open.activities.insert(open.next, Arc::clone(&activity));
            open.next
        });
        self.metrics.connections().inc();
        Some(Place { activity, id, connections: Arc::clone(self), _permit: permit })
    }

    /// Waits until there are none any more.
    pub(crate) async fn all_ended(&self) {
        let _ = self.places.acquire_many(self.most).await;
    }

    /// Ends the one that has kept a request from going on for the longest, if one is slow.
    pub(crate) fn drop_slow(&self) {
        self.end(self.with(|open| open.least(Activity::slow)));
    }

    fn drop_one(&self) {
        self.end(self.with(|open| open.least(Activity::idle).or_else(|| open.least(Activity::slow))));
    }

    fn end(&self, activity: Option<Arc<Activity>>) {
        if let Some(activity) = activity {
            activity.drop_it();
            self.metrics.dropped();
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Open) -> T) -> T {
        look(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Open {
    /// The one that ranks least, of those that have a rank.
    fn least<R: Ord>(&self, rank: impl Fn(&Activity) -> Option<R>) -> Option<Arc<Activity>> {
        let ranked = self.activities.values().filter_map(|activity| Some((rank(activity)?, activity)));
        ranked.min_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, activity)| Arc::clone(activity))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.with(|open| open.activities.remove(&self.id));
        self.connections.metrics.connections().dec();
    }
}
