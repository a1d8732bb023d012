use std::time::Duration;

use tokio::time::Instant;

use crate::go;

/// When an answer must be on its way, so that the API server still takes it.
///
/// The API server says in `?timeout=` how long it waits; a little is kept back for the way there and back. An answer
/// that comes later is a failed call, whatever it says, and under `failurePolicy: Ignore` an admission.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

/// What the API server waits if nobody chose; it also chooses this for a webhook configuration without one.
///
/// Source: Kubernetes `pkg/apis/admissionregistration/v1/defaults.go`.
const DEFAULT: Duration = Duration::from_secs(10);
/// The most that a webhook configuration can choose.
///
/// Source: Kubernetes `pkg/apis/admissionregistration/validation/validation.go`.
const LONGEST: Duration = Duration::from_secs(30);
const LARGEST_MARGIN: Duration = Duration::from_millis(500);

impl Deadline {
    /// How long there is to answer, if nobody chose.
    pub(crate) const USUAL: Duration = DEFAULT.saturating_sub(LARGEST_MARGIN);

    /// The deadline of a request that arrived now. A timeout that cannot be read, or is none, counts as missing.
    pub(crate) fn of_query(query: Option<&str>) -> Self {
        Self(Instant::now() + time_to_answer(query))
    }

    pub(crate) fn instant(self) -> Instant {
        self.0
    }

    pub(crate) fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

fn time_to_answer(query: Option<&str>) -> Duration {
    let parameters = query.unwrap_or_default().split('&');
    let timeout = parameters
        .filter_map(|parameter| parameter.strip_prefix("timeout="))
        .find_map(go::duration)
        .filter(|timeout| !timeout.is_zero())
        .unwrap_or(DEFAULT)
        .min(LONGEST);
    timeout - (timeout / 10).min(LARGEST_MARGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_kept_back_from_what_the_api_server_waits() {
        for (query, millis) in [
            (None, 9_500),
            (Some("timeout=5s"), 4_500),
            (Some("dryRun=true&timeout=1s"), 900),
            (Some("timeout=500ms"), 450),
            (Some("timeout=1m30s"), 29_500),
            (Some("timeout=0s"), 9_500),
            (Some("timeout=-1s"), 9_500),
            (Some("timeout=soon"), 9_500),
            (Some("atimeout=1s"), 9_500),
        ] {
            assert_eq!(time_to_answer(query), Duration::from_millis(millis), "{query:?}");
        }
    }
}
