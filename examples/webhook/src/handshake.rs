//! Why TLS handshakes fail: counted by reason, and told in the log, not each time.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};
use tokio::time::Instant;

use crate::metrics::Metrics;

/// From one line about a reason to the next about the same.
const BETWEEN_LINES: Duration = Duration::from_secs(60);

/// What is known about handshakes that failed.
pub(crate) struct Handshakes {
    told: Mutex<BTreeMap<Reason, Told>>,
    metrics: Arc<Metrics>,
}

struct Told {
    at: Instant,
    /// Those that no line was about.
    since: u64,
}

/// Why one failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    NoCertificate,
    UnknownAuthority,
    Expired,
    Unusable,
    NotTrusted,
    NoTls,
    Timeout,
    Closed,
    Other,
}

impl Reason {
    /// The reason of what `accept` gave, if it came to an end at all.
    pub(crate) fn of(failure: Option<&io::Error>) -> Self {
        let Some(error) = failure else { return Self::Timeout };
        match error.get_ref().and_then(|error| error.downcast_ref::<Error>()) {
            Some(Error::NoCertificatesPresented) => Self::NoCertificate,
            Some(Error::InvalidCertificate(error)) => match error {
                CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownAuthority,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
                _ => Self::Unusable,
            },
            Some(Error::AlertReceived(
                AlertDescription::UnknownCA
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnsupportedCertificate,
            )) => Self::NotTrusted,
            Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => Self::NoTls,
            Some(_) => Self::Other,
            None => Self::Closed,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::NoCertificate => "no_client_certificate",
            Self::UnknownAuthority => "unknown_authority",
            Self::Expired => "client_certificate_expired",
            Self::Unusable => "client_certificate_unusable",
            Self::NotTrusted => "webhook_not_trusted",
            Self::NoTls => "no_tls",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Other => "other",
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::NoCertificate => {
                "the client shows no certificate, which --client-ca asks for; the API server shows one if its admission \
                 configuration names a kubeconfig for this webhook"
            }
            Self::UnknownAuthority => "the client's certificate is not one of the CA of --client-ca",
            Self::Expired => "the client's certificate has expired",
            Self::Unusable => "the client's certificate cannot be used",
            Self::NotTrusted => {
                "the client does not take the webhook's certificate; compare its CA, its names and its end with the \
                 webhook configuration"
            }
            Self::NoTls => "the client does not speak TLS; call this port by https",
            Self::Timeout => "the client does not finish it in time",
            Self::Closed => "the client hangs up before its end",
            Self::Other => "the client and the webhook do not understand each other",
        }
    }
}

impl Handshakes {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self { told: Mutex::default(), metrics }
    }

    pub(crate) fn failed(&self, reason: Reason) {
        self.metrics.handshake_failed(reason.as_str());
        let Some(others) = self.is_to_be_told(reason) else { return };
        let why = reason.in_words();
        match reason {
            // Probes of load balancers do nothing else.
            Reason::Closed => {
                tracing::debug!(reason = reason.as_str(), others, "a TLS handshake failed: {why}")
            }
            _ => tracing::warn!(reason = reason.as_str(), others, "a TLS handshake failed: {why}"),
        }
    }

    /// How many there were since the last line, if there is to be another.
    fn is_to_be_told(&self, reason: Reason) -> Option<u64> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match told.get_mut(&reason) {
            Some(told) if now < told.at + BETWEEN_LINES => {
                told.since += 1;
                None
            }
            before => {
                let others = before.map_or(0, |told| told.since);
                told.insert(reason, Told { at: now, since: 0 });
                Some(others)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_reason_is_told_once_a_minute() {
        let handshakes = Handshakes::new(Arc::new(Metrics::new()));
        for _ in 0..3 {
            assert_eq!(handshakes.is_to_be_told(Reason::NoTls), Some(0));
            for _ in 0..5 {
                assert_eq!(handshakes.is_to_be_told(Reason::NoTls), None);
            }
            assert_eq!(handshakes.is_to_be_told(Reason::Expired), Some(0));
            tokio::time::sleep(BETWEEN_LINES).await;
            assert_eq!(handshakes.is_to_be_told(Reason::NoTls), Some(5));
            tokio::time::sleep(BETWEEN_LINES).await;
        }
    }
}
