use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{self, Instant};

use crate::{deadline::Deadline, failure::Failure};

/// Keeps the lookups at the API server to a rate, in the long run, with a burst at the start: a token bucket.
///
/// Whoever cannot have a turn before the deadline is told at once and takes no turn from others.
pub(crate) struct Rate {
    per_second: f64,
    burst: u32,
    between: Duration,
    /// How far the next turn may lie back, which is how many can be had at once.
    credit: Duration,
    /// When the next turn would be, were turns given evenly.
    next: Mutex<Instant>,
}

impl Rate {
    /// `per_second` above 0, `burst` at least 1.
    pub(crate) fn new(per_second: f64, burst: u32) -> Self {
        let between = Duration::from_secs_f64(1.0 / per_second);
        let credit = between.saturating_mul(burst.saturating_sub(1));
        let now = Instant::now();
        Self { per_second, burst, between, credit, next: Mutex::new(now.checked_sub(credit).unwrap_or(now)) }
    }

    /// Waits for a turn. `false` if there is none before the deadline.
    pub(crate) async fn turn(&self, deadline: Deadline) -> bool {
        let Some(turn) = self.take(deadline) else { return false };
        // The timer counts whole milliseconds: to sleep until now is to sleep for one of them.
        if turn > Instant::now() {
            time::sleep_until(turn).await;
        }
        true
    }

    /// Why there is no turn.
    pub(crate) fn exceeded(&self) -> Failure {
        Failure::rate_limited(format!(
            "too many lookups for --qps {} --burst {}",
            self.per_second, self.burst
        ))
    }

    fn take(&self, deadline: Deadline) -> Option<Instant> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let earliest = now.checked_sub(self.credit).unwrap_or(now);
        let slot = (*next).max(earliest);
        let turn = slot.max(now);
        (turn < deadline.instant()).then(|| {
            *next = slot + self.between;
            turn
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_let_through_and_then_one_at_a_time() {
        let rate = Rate::new(10.0, 3);
        let start = Instant::now();
        let mut waited = Vec::new();
        for _ in 0..6 {
            assert!(rate.turn(Deadline::of_query(None)).await);
            waited.push(start.elapsed().as_millis());
        }
        assert_eq!(waited, [0, 0, 0, 100, 200, 300]);
        // Turns that were not taken come back, but no more than the burst.
        time::sleep(Duration::from_secs(60)).await;
        let start = Instant::now();
        for _ in 0..4 {
            assert!(rate.turn(Deadline::of_query(None)).await);
        }
        assert_eq!(start.elapsed().as_millis(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn who_would_come_too_late_takes_no_turn() {
        let rate = Rate::new(1.0, 1);
        assert!(rate.turn(Deadline::of_query(None)).await);
        for _ in 0..100 {
            assert!(!rate.turn(Deadline::of_query(Some("timeout=1s"))).await);
        }
        let start = Instant::now();
        assert!(rate.turn(Deadline::of_query(Some("timeout=5s"))).await);
        assert_eq!(start.elapsed().as_secs(), 1);
    }
}
