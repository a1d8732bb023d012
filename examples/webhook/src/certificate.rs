//! The files that TLS is made of.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use rustls::{
    Error, InconsistentKeys, RootCertStore, ServerConfig,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier, verify_server_name},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier},
    version::{TLS12, TLS13},
};

use crate::{
    Settings,
    expiry::{self, Validity},
};

/// Files that somebody keeps writing are looked at later again.
const MOST_READS: u32 = 4;

/// Where the certificate, its key and the clients' CA are.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    /// What the API server calls the webhook by, if that is known.
    service_name: Option<String>,
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
    pub(crate) validity: Validity,
    leaf: CertificateDer<'static>,
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
            service_name: settings.service_name().map(str::to_owned),
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
        let leaf = chain.first().and_then(|leaf| Some((leaf.clone(), expiry::validity(leaf)?)));
        let (leaf, validity) =
            leaf.ok_or_else(|| fault(&self.certificate, "this is not an X.509 certificate"))?;
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
        let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                fault(&self.key, "the private key does not belong to the certificate")
            }
            error => fault(&self.key, &error),
        })?;
        config.alpn_protocols = [b"h2".as_slice(), b"http/1.1"].map(<[u8]>::to_vec).into();
        // An API server resumes no sessions, so none are kept.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Tls { config: Arc::new(config), validity, leaf })
    }

    /// Whether the API server would take a certificate, as far as can be told without its CA: by its times, by its purpose,
    /// and by its names.
    ///
    /// # Errors
    ///
    /// If it would not.
    pub(crate) fn check(&self, new: &Tls, in_use: &Tls) -> Result<(), CertificateError> {
        let wrong = |message: String| Err(fault(&self.certificate, &message));
        let Validity { not_before, not_after } = new.validity;
        let now = Timestamp::now();
        if not_after <= now {
            return wrong(format!("the certificate expired at {not_after}"));
        }
        if now < not_before {
            return wrong(format!("the certificate is not valid before {not_before}"));
        }
        if !is_for_servers(&new.leaf) {
            return wrong(
                "the certificate is not for servers: its extended key usage lacks `serverAuth`".to_owned(),
            );
        }
        let names = names(&new.leaf);
        let is_for = |name: &str| is_for(&new.leaf, name);
        let in_use = self::names(&in_use.leaf);
        // An API server calls a Service by a name of this form; which of the others is used, nobody knows.
        let of_services: Vec<_> = in_use.iter().filter(|name| name.ends_with(".svc")).collect();
        let missing = match &self.service_name {
            Some(name) => Some(name).filter(|name| !is_for(name)),
            None if of_services.is_empty() => {
                in_use.first().filter(|_| !in_use.iter().any(|name| is_for(name)))
            }
            None => of_services.into_iter().find(|name| !is_for(name)),
        };
        match missing {
            None => Ok(()),
            Some(name) if names.is_empty() => {
                wrong(format!("the certificate has no DNS name; it must be for `{name}`"))
            }
            Some(name) => wrong(format!("the certificate is for {}, not for `{name}`", names.join(", "))),
        }
    }
}

/// The DNS names of a certificate.
fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    // The error about a name that no certificate has lists those that this one has, as `DnsName("a.b")`.
    let nobody = ServerName::try_from("nobody.invalid").map(|name| verify(certificate, &name));
    match nobody {
        Ok(Err(Error::InvalidCertificate(rustls::CertificateError::NotValidForNameContext {
            presented,
            ..
        }))) => presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name).to_owned()).collect(),
        _ => Vec::new(),
    }
}

fn is_for(certificate: &CertificateDer<'_>, name: &str) -> bool {
    // Of a wildcard, a name that it stands for.
    let name = name.strip_prefix('*').map_or_else(|| name.to_owned(), |rest| format!("any{rest}"));
    ServerName::try_from(name).is_ok_and(|name| verify(certificate, &name).is_ok())
}

fn verify(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)
}

/// Whether a certificate may be shown by a server. What a verifier says of who made it is of no account.
fn is_for_servers(certificate: &CertificateDer<'static>) -> bool {
    let mut roots = RootCertStore::empty();
    if roots.add(certificate.clone()).is_err() {
        return false;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    let (Ok(verifier), Ok(name)) = (verifier, ServerName::try_from("nobody.invalid")) else { return false };
    let verdict = verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::now());
    !matches!(
        verdict,
        Err(Error::InvalidCertificate(
            rustls::CertificateError::InvalidPurpose | rustls::CertificateError::InvalidPurposeContext { .. }
        ))
    )
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
