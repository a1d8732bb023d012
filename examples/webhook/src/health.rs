use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{cache::Cache, lifecycle::Stage, reload::Current, watch::Disconnected};

/// Whether reviews should be sent here.
pub(crate) struct Health {
    pub(crate) cache: Option<Arc<Cache>>,
    pub(crate) certificate: Arc<Current>,
    pub(crate) expiry_margin: Duration,
    pub(crate) stage: Stage,
}

impl Health {
    /// Why not, if not.
    pub(crate) fn obstacles(&self) -> Vec<Cow<'static, str>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let not_after = u64::try_from(self.certificate.tls().not_after).unwrap_or(0);
        let left = Duration::from_secs(not_after).saturating_sub(now);
        let obstacles = [
            (self.stage.is_ending(), "shutting down"),
            (!self.is_filled(), "the cache is not filled yet"),
            (left.is_zero(), "the certificate has expired"),
            (!left.is_zero() && left <= self.expiry_margin, "the certificate is about to expire"),
        ];
        let obstacles =
            obstacles.into_iter().filter_map(|(holds, obstacle)| holds.then_some(obstacle.into()));
        // While the API server is out of reach another replica, which reaches it, has better answers. And a cache that
        // is not filled has a reason.
        let counts = |told: &Disconnected| told.failure.is_unreachable() || !self.is_filled();
        obstacles.chain(self.disconnected().filter(counts).map(|told| told.to_string().into())).collect()
    }

    fn is_filled(&self) -> bool {
        self.cache.as_ref().is_none_or(|cache| cache.is_synced())
    }

    /// What does not keep reviews from being answered, but should be known: that the cache is not up to date, and each
    /// credential spec is got.
    pub(crate) fn remark(&self) -> Option<String> {
        self.disconnected().map(|disconnected| disconnected.to_string())
    }

    fn disconnected(&self) -> Option<Disconnected> {
        self.cache.as_ref().and_then(|cache| cache.watch().disconnected())
    }
}
