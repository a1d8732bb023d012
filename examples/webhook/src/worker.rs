use std::{future::Future, panic, thread};

use tokio::{
    runtime::{Builder, Handle},
    sync::{Semaphore, oneshot},
    task::JoinSet,
};

/// A second thread, for reviews that take the processor for longer than a millisecond.
///
/// One, with one piece of work at a time: so large reviews wait for each other, never small ones or a probe for them, and the
/// memory that one takes while it is decided is taken once. A small review stays on the thread that serves the
/// connections: it takes microseconds, as long as handing it over would.
pub(crate) struct Worker {
    runtime: Handle,
    /// For work whose result waits to be taken: one at a time.
    pub(crate) turn: Semaphore,
    _end: oneshot::Sender<()>,
}

impl Worker {
    /// Starts it. Where no thread can be had, the present one does the work.
    pub(crate) fn start() -> Self {
        let (sender, ends) = oneshot::channel::<()>();
        let own = Builder::new_current_thread().enable_all().build().and_then(|runtime| {
            let handle = runtime.handle().clone();
            let work = move || {
                let _ = runtime.block_on(ends);
            };
            thread::Builder::new().name("large reviews".to_owned()).spawn(work).map(|_| handle)
        });
        let runtime = own.unwrap_or_else(|error| {
            tracing::warn!(error = error.to_string(), "large reviews have no thread of their own");
            Handle::current()
        });
        Self { runtime, turn: Semaphore::new(1), _end: sender }
    }

    /// Does some work on it; none of it when nobody waits for it any more.
    ///
    /// # Panics
    ///
    /// If the work does.
    pub(crate) async fn run<F>(&self, work: F) -> Option<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let mut task = JoinSet::new();
        task.spawn_on(work, &self.runtime);
        match task.join_next().await? {
            Ok(output) => Some(output),
            Err(error) => error.try_into_panic().map_or(None, |panic| panic::resume_unwind(panic)),
        }
    }
}
