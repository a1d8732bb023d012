use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{cache::Cache, lifecycle::Stage, reload::Current};

/// Whether reviews should be sent here.
pub(crate) struct Health {
    pub(crate) cache: Option<Arc<Cache>>,
    pub(crate) certificate: Arc<Current>,
    pub(crate) expiry_margin: Duration,
    pub(crate) stage: Stage,
}

impl Health {
    /// Why not, if not.
    pub(crate) fn obstacles(&self) -> Vec<&'static str> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let not_after = u64::try_from(self.certificate.tls().not_after).unwrap_or(0);
        let left = Duration::from_secs(not_after).saturating_sub(now);
        let obstacles = [
            (self.stage.is_ending(), "shutting down"),
            (self.cache.as_ref().is_some_and(|cache| !cache.is_synced()), "the cache is not filled yet"),
            (left.is_zero(), "the certificate has expired"),
            (!left.is_zero() && left <= self.expiry_margin, "the certificate is about to expire"),
        ];
        obstacles.into_iter().filter_map(|(holds, obstacle)| holds.then_some(obstacle)).collect()
    }
}
