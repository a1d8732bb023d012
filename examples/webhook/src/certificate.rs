//! The files that TLS is made of.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    version::{TLS12, TLS13},
};

use crate::{Settings, expiry};

/// Files that somebody keeps writing are looked at later again.
const MOST_READS: u32 = 4;

/// Where the certificate, its key and the clients' CA are.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
}

/// What stood in the files at one moment. Not `Debug`: one of them is the key.
#[derive(PartialEq, Eq)]
pub(crate) struct Content {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

/// What connections are accepted with.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    /// When the certificate expires, in seconds since 1970.
    pub(crate) not_after: i64,
}

/// Why there is no TLS with these files: which file, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateError {
    file: PathBuf,
    message: String,
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.message)
    }
}

impl std::error::Error for CertificateError {}

impl Files {
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            certificate: settings.tls_crt().to_owned(),
            key: settings.tls_key().to_owned(),
            client_ca: settings.client_ca().map(Path::to_owned),
        }
    }

    /// Reads the files. Kubernetes replaces the files of a Secret all at once, by turning a link. That can happen
    /// between two of them, and then they do not fit; so they are read until they say the same twice.
    pub(crate) fn read(&self) -> Result<Content, CertificateError> {
        let mut content = self.read_once();
        for _ in 0..MOST_READS {
            let again = self.read_once();
            if again == content {
                break;
            }
            content = again;
        }
        content
    }

    fn read_once(&self) -> Result<Content, CertificateError> {
        let read = |file: &PathBuf| fs::read(file).map_err(|error| fault(file, &error));
        Ok(Content {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
            client_ca: self.client_ca.as_ref().map(read).transpose()?,
        })
    }

    /// Makes TLS of what stood in the files.
    ///
    /// # Errors
    ///
    /// If it is no certificate, no key, or they do not belong together.
    pub(crate) fn tls(&self, content: &Content) -> Result<Tls, CertificateError> {
        let chain = certificates(&self.certificate, &content.certificate)?;
        let not_after = chain.first().and_then(|leaf| expiry::not_after(leaf));
        let not_after = not_after.ok_or_else(|| fault(&self.certificate, "it is no X.509 certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(&content.key)
            .map_err(|_| fault(&self.key, "there is no private key in it; write one in PEM"))?;
        let provider = provider();
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| fault(&self.certificate, &error))?;
        let builder = match (&self.client_ca, &content.client_ca) {
            (Some(file), Some(pem)) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(file, pem)? {
                    roots.add(certificate).map_err(|error| fault(file, &error))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().map_err(|error| fault(file, &error))?)
            }
            _ => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|error| fault(&self.key, &error))?;
        config.alpn_protocols = [b"h2".as_slice(), b"http/1.1"].map(<[u8]>::to_vec).into();
        // An API server resumes no sessions, so none are kept.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Tls { config: Arc::new(config), not_after })
    }
}

/// The cryptography of everything here, the client of the API server included.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    if let Some(installed) = CryptoProvider::get_default() {
        return Arc::clone(installed);
    }
    // Should another thread come first, it installs the same.
    let _ = ring::default_provider().install_default();
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()))
}

fn certificates(file: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(fault(file, "there is no certificate in it; write one in PEM")),
    }
}

fn fault(file: &Path, message: &(impl fmt::Display + ?Sized)) -> CertificateError {
    CertificateError { file: file.to_owned(), message: message.to_string() }
}
