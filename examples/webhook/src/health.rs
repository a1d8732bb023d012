use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{cache::Cache, expiry::Remaining, lifecycle::Stage, reload::Current, watch::Disconnected};

/// Whether reviews should be sent here.
pub(crate) struct Health {
    pub(crate) cache: Option<Arc<Cache>>,
    pub(crate) certificate: Arc<Current>,
    pub(crate) expiry_margin: Duration,
    pub(crate) stage: Stage,
}

impl Health {
    /// Why not, if not.
    pub(crate) fn obstacles(&self) -> Vec<String> {
        let obstacles =
            [(self.stage.is_ending(), "shutting down"), (!self.is_filled(), "the cache is not filled yet")];
        let obstacles = obstacles.into_iter().filter(|(holds, _)| *holds);
        let obstacles = obstacles.map(|(_, obstacle)| obstacle.to_owned());
        // While the API server is out of reach another replica, which reaches it, has better answers. And a cache that
        // is not filled has a reason.
        let counts = |told: &Disconnected| told.failure.is_unreachable() || !self.is_filled();
        let disconnected = self.disconnected().filter(counts).map(|told| told.to_string());
        obstacles.chain(self.of_certificate()).chain(disconnected).collect()
    }

    fn of_certificate(&self) -> Option<String> {
        let validity = self.certificate.tls().validity;
        match validity.remaining(Timestamp::now(), self.expiry_margin) {
            Remaining::None => Some(format!("the certificate expired at {}", validity.not_after)),
            Remaining::WithinMargin => Some(format!("the certificate expires at {}", validity.not_after)),
            Remaining::Plenty | Remaining::Little => None,
        }
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
