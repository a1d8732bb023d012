use tokio::sync::Mutex;

use crate::{deadline::Deadline, rate::Rate};

/// The turns of one review's lookups: it waits for one at a time, and stands behind the other reviews again for the next.
///
/// So reviews take turns, however many lookups each of them has.
pub(crate) struct Turns {
    deadline: Deadline,
    waiting: Mutex<()>,
}

impl Turns {
    pub(crate) fn new(deadline: Deadline) -> Self {
        Self { deadline, waiting: Mutex::new(()) }
    }

    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Waits for a turn. `false` if there is none before the deadline.
    pub(crate) async fn take(&self, rate: &Rate) -> bool {
        let _waiting = self.waiting.lock().await;
        rate.turn(self.deadline).await
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use futures_util::future;
    use tokio::time::{self, Instant};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_review_with_one_lookup_does_not_wait_for_all_of_another() {
        let rate = Arc::new(Rate::new(10.0, 1));
        let all_of = |number: usize| {
            let (rate, start) = (Arc::clone(&rate), Instant::now());
            let turns = Turns::new(Deadline::of_query(Some("timeout=30s")));
            tokio::spawn(async move {
                let taken = future::join_all((0..number).map(|_| turns.take(&rate))).await;
                assert!(taken.into_iter().all(|taken| taken));
                start.elapsed()
            })
        };
        let many = all_of(100);
        time::sleep(Duration::from_millis(50)).await;
        let one = all_of(1);
        assert!(one.await.unwrap() <= Duration::from_millis(200));
        assert!(many.await.unwrap() >= Duration::from_secs(10));
    }
}
