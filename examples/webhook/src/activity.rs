use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{self, Instant},
};

/// Until the head of the first request.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// From one request to the next. Longer than an API server keeps an unused connection (90 s), so that it does not
/// send a request into one that is just being closed.
const NEXT_REQUEST: Duration = Duration::from_secs(120);
/// For an answer to be written. Who reads more slowly than this keeps memory from others.
const WRITE: Duration = Duration::from_secs(5);
/// Who keeps a request from going on for longer than this makes room where room is short.
const SLOW: Duration = Duration::from_secs(1);

/// What goes on in a connection.
pub(crate) struct Activity {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    requests: Vec<(u64, Step, Instant)>,
    next: u64,
    begun: bool,
    value: Value,
    idle_since: Instant,
    dropped: bool,
}

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Arriving,
    /// The one step in which nobody waits for the client.
    Working,
    Writing,
}

/// What a connection is good for, judged by what came through it. The least goes first where room is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    /// Nothing, yet.
    None,
    /// Probes and metrics.
    Looked,
    /// Reviews.
    Reviewed,
}

/// Why a connection ends that its client has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Idle,
    /// Its client does not take an answer.
    Unread,
    /// Others need its place.
    Dropped,
}

impl Activity {
    pub(crate) fn new() -> Self {
        let state = State {
            requests: Vec::new(),
            next: 0,
            begun: false,
            value: Value::None,
            idle_since: Instant::now(),
            dropped: false,
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.with(|state| state.begun)
    }

    /// Ends the connection, for others need its place.
    pub(crate) fn drop_it(&self) {
        self.with(|state| state.dropped = true);
        self.changed.notify_one();
    }

    /// Since when it has been waiting for its client with no request on its way, and what it is good for. Who has just come
    /// gets a second to say something, or a probe would go before those who only take up room.
    pub(crate) fn idle(&self) -> Option<(Value, Instant)> {
        self.with(|state| {
            let is_new = state.idle_since.elapsed() < SLOW;
            let value = if is_new { state.value.max(Value::Looked) } else { state.value };
            (state.requests.is_empty() && !state.dropped).then_some((value, state.idle_since))
        })
    }

    /// Since when its client has kept a request from going on, if it is slow.
    pub(crate) fn slow(&self) -> Option<Instant> {
        self.with(|state| {
            let waiting = state.requests.iter().filter(|(_, step, _)| *step != Step::Working);
            let since = waiting.map(|(_, _, since)| *since).min()?;
            (!state.dropped && since.elapsed() >= SLOW).then_some(since)
        })
    }

    /// Waits until it is to end.
    pub(crate) async fn due(&self) -> Due {
        loop {
            let (at, due) = self.with(|state| state.ends());
            if at <= Instant::now() {
                return due;
            }
            let _ = time::timeout_at(at, self.changed.notified()).await;
        }
    }

    /// Whether nothing has gone on for so long, but for answers that nobody reads.
    pub(crate) fn is_exhausted_after(&self, patience: Duration) -> bool {
        self.with(|state| {
            let working = state.requests.iter().any(|(_, step, _)| *step != Step::Writing);
            let latest = state.requests.iter().map(|(_, _, since)| *since).max();
            !working && latest.unwrap_or(state.idle_since).elapsed() >= patience
        })
    }
}

impl State {
    /// When, as things are, and why.
    fn ends(&self) -> (Instant, Due) {
        if self.dropped {
            return (Instant::now(), Due::Dropped);
        }
        let patience = if self.begun { NEXT_REQUEST } else { FIRST_REQUEST };
        if self.requests.is_empty() {
            return (self.idle_since + patience, Due::Idle);
        }
        let writing = self.requests.iter().filter(|(_, step, _)| *step == Step::Writing);
        match writing.map(|(_, _, since)| *since).min() {
            Some(since) => (since + WRITE, Due::Unread),
            None => (Instant::now() + patience, Due::Idle),
        }
    }
}

/// A request, from its head to the end of its answer.
#[derive(Clone)]
pub(crate) struct Exchange(Arc<Entry>);

struct Entry {
    activity: Arc<Activity>,
    id: u64,
}

impl Exchange {
    pub(crate) fn begin(activity: &Arc<Activity>) -> Self {
        let id = activity.with(|state| {
            state.begun = true;
            state.next += 1;
            state.requests.push((state.next, Step::Arriving, Instant::now()));
            state.next
        });
        Self(Arc::new(Entry { activity: Arc::clone(activity), id }))
    }

    fn step(&self, step: Step) {
        self.0.activity.with(|state| {
            let request = state.requests.iter_mut().find(|(id, _, _)| *id == self.0.id);
            if let Some(request) = request {
                *request = (self.0.id, step, Instant::now());
            }
        });
    }

    /// All of it is here.
    pub(crate) fn arrived(&self) {
        self.step(Step::Working);
    }

    /// It was a review.
    pub(crate) fn reviewed(&self) {
        self.0.activity.with(|state| state.value = Value::Reviewed);
    }

    /// The rest is for the client to read.
    pub(crate) fn answered(&self) {
        self.step(Step::Writing);
        self.0.activity.with(|state| state.value = state.value.max(Value::Looked));
        self.0.activity.changed.notify_one();
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.activity.with(|state| {
            state.requests.retain(|(id, _, _)| *id != self.id);
            state.idle_since = Instant::now();
        });
    }
}

/// What is done with a connection unless it has to go.
pub(crate) async fn unless_dropped<F: Future>(activity: &Activity, work: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = work => Some(output),
        _ = activity.due() => None,
    }
}
