use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{task, time};

use crate::{
    certificate::{CertificateError, Content, Files, Tls},
    expiry::Remaining,
    metrics::Metrics,
};

/// From one look at the clock to the next. It may be set.
const LOOK: Duration = Duration::from_secs(1);

/// The certificate in use. Each new connection takes the one of the moment; those that there are keep theirs.
pub(crate) struct Current {
    files: Files,
    tls: Mutex<Tls>,
    metrics: Arc<Metrics>,
}

impl Current {
    /// Loads the certificate for the first time.
    pub(crate) fn load(files: Files, metrics: Arc<Metrics>) -> Result<(Self, Content), CertificateError> {
        let content = files.read()?;
        let tls = files.tls(&content)?;
        metrics.certificate_expires(tls.validity.not_after.as_second());
        Ok((Self { files, tls: Mutex::new(tls), metrics }, content))
    }

    pub(crate) fn tls(&self) -> Tls {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the files again and again, and takes what is new in them. What cannot be used is said once, and the
    /// last good pair stays.
    ///
    /// The bytes are compared, not the times: a volume in Kubernetes is a link that is turned, and its files carry
    /// the times of whatever wrote them.
    pub(crate) async fn follow(self: Arc<Self>, mut loaded: Content, interval: Duration) {
        let mut complaint = None;
        loop {
            time::sleep(interval).await;
            let current = Arc::clone(&self);
            // Files are read where nobody waits: a volume can hang.
            let Ok(content) = task::spawn_blocking(move || current.files.read()).await else { continue };
            let result = match content {
                Ok(content) if content == loaded => {
                    complaint = None;
                    continue;
                }
                Ok(content) => self.files.tls(&content).and_then(|tls| {
                    self.files.check(&tls, &self.tls())?;
                    Ok((content, tls))
                }),
                Err(error) => Err(error),
            };
            match result {
                Ok((content, tls)) => {
                    let expires = tls.validity.not_after;
                    tracing::info!(expires = %expires, "the certificate has changed and is loaded");
                    self.metrics.certificate_expires(expires.as_second());
                    self.metrics.reloaded("loaded");
                    *self.tls.lock().unwrap_or_else(PoisonError::into_inner) = tls;
                    (loaded, complaint) = (content, None);
                }
                Err(error) if complaint.as_ref() == Some(&error) => {}
                Err(error) => {
                    tracing::error!(
                        error = error.to_string(),
                        "the new certificate cannot be used, the last good one stays"
                    );
                    self.metrics.reloaded("failed");
                    complaint = Some(error);
                }
            }
        }
    }

    /// Tells of the end of the certificate: at the start, when it comes near, within the margin, and when it is there; each
    /// once for each certificate.
    pub(crate) async fn watch_end(self: Arc<Self>, margin: Duration) {
        let mut told = None;
        loop {
            let validity = self.tls().validity;
            let remaining = validity.remaining(Timestamp::now(), margin);
            if told != Some((validity, remaining)) {
                let expires = validity.not_after;
                match remaining {
                    Remaining::Plenty => {}
                    Remaining::Little => {
                        tracing::warn!(expires = %expires, "the certificate expires soon: renew it")
                    }
                    Remaining::WithinMargin => {
                        tracing::warn!(expires = %expires, "the certificate is about to expire: not ready any more");
                    }
                    Remaining::None => tracing::error!(
                        expires = %expires,
                        "the certificate has expired: the API server refuses it, and with it every pod that uses gMSA"
                    ),
                }
                told = Some((validity, remaining));
            }
            time::sleep(LOOK).await;
        }
    }
}
