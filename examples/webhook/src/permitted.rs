use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use gmsa_rbac::AccessQuestion;
use tokio::time::Instant;

/// The most that is remembered.
const MOST: usize = 4096;

/// Permissions that the API server gave a moment ago. Only those: a refusal is asked about again each time, so that a
/// grant works at once.
pub(crate) struct Permitted {
    lasts: Duration,
    until: Mutex<HashMap<AccessQuestion<'static>, Instant>>,
}

impl Permitted {
    pub(crate) fn new(lasts: Duration) -> Self {
        Self { lasts, until: Mutex::default() }
    }

    pub(crate) fn contains(&self, question: &AccessQuestion<'static>) -> bool {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(question).is_some_and(|until| Instant::now() < *until)
    }

    /// Remembers a permission that was asked for at that time.
    pub(crate) fn insert(&self, question: AccessQuestion<'static>, asked: Instant) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() >= MOST {
            let now = Instant::now();
            until.retain(|_, until| now < *until);
        }
        if until.len() < MOST {
            until.insert(question, asked + self.lasts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_permission_is_believed_for_its_time_and_no_longer() {
        let permitted = Permitted::new(Duration::from_secs(5));
        let question = |number: usize| AccessQuestion::new("team-a", "one", format!("webapp{number}"));
        permitted.insert(question(0), Instant::now());
        assert!(permitted.contains(&question(0)));
        assert!(!permitted.contains(&question(1)));
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(!permitted.contains(&question(0)));
        for number in 0..2 * MOST {
            permitted.insert(question(number), Instant::now());
        }
        assert_eq!(permitted.until.lock().unwrap().len(), MOST);
    }
}
