//! How an API server comes to trust the certificate of the webhook.

use std::fmt;

use super::ConfigurationError;
use crate::pem::{self, Block, PemFault};
use gmsa_types::{check_dns_label, check_dns_subdomain};

/// How the API server knows that the webhook is who it says.
///
/// [`WebhookConfiguration`](super::WebhookConfiguration) has an example.
///
/// Source: Kubernetes `k8s.io/api/admissionregistration/v1/types.go`, `WebhookClientConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// These certificates have signed the webhook's.
    CaBundle(CaBundle),
    /// cert-manager's CA injector writes the bundle into the configuration: the CA of this Certificate.
    ///
    /// Until it has, calls fail, and with them the creation of pods that use gMSA.
    CertManager(CertificateRef),
    /// The roots that the API server's host trusts, for a URL with a public certificate.
    SystemRoots,
}

/// CA certificates in PEM.
///
/// Only certificates may stand in it: everybody may read a webhook configuration, and a key file given in place of
/// the certificate is a mistake that people make. Whether a certificate is valid, is a CA, and has signed the
/// server's is not checked; that needs a clock and cryptography.
///
/// ```
/// use gmsa_admission::configuration::CaBundle;
///
/// assert!(CaBundle::from_pem(b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").is_ok());
/// let error = CaBundle::from_pem(b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n").unwrap_err();
/// assert_eq!(error.to_string(), "CA bundle is not valid: it holds certificates only, and no key");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CaBundle(Vec<u8>);

impl CaBundle {
    /// The bundle in this text.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] if there is no certificate in it, or anything that is none: a block of another kind,
    /// base64 that is broken, or what is no DER sequence.
    ///
    /// Source: RFC 7468 sections 2 and 5.
    pub fn from_pem(pem: &[u8]) -> Result<Self, ConfigurationError> {
        let broken = |rule| ConfigurationError::rule("CA bundle", rule);
        let blocks = pem::blocks(pem).map_err(|fault| {
            broken(match fault {
                PemFault::NotText => "it is PEM, which is text",
                PemFault::Unpaired => "each certificate has a begin and an end",
                PemFault::NotBase64 => "a certificate is base64",
                PemFault::NotDer => "a certificate is one DER sequence",
            })
        })?;
        match blocks.iter().all(Block::is_certificate) {
            _ if blocks.is_empty() => Err(broken("there is no certificate in it")),
            false => Err(broken("it holds certificates only, and no key")),
            true => Ok(Self(pem.to_vec())),
        }
    }

    /// Certificates that have been looked at already.
    pub(crate) fn of_blocks(certificates: &[Block]) -> Self {
        Self(certificates.iter().flat_map(|block| block.text.bytes()).collect())
    }

    /// The PEM text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Shows the size only.
impl fmt::Debug for CaBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaBundle({} bytes)", self.0.len())
    }
}

/// A cert-manager `Certificate`, by namespace and name.
///
/// Source: cert-manager, "CA Injector", annotation `cert-manager.io/inject-ca-from`.
///
/// ```
/// use gmsa_admission::configuration::CertificateRef;
///
/// let certificate = CertificateRef::new("gmsa-system", "gmsa-webhook")?;
/// assert_eq!(certificate.to_string(), "gmsa-system/gmsa-webhook");
/// # Ok::<(), gmsa_admission::configuration::ConfigurationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRef {
    namespace: String,
    name: String,
}

impl CertificateRef {
    /// The Certificate of this name.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] if the namespace is no DNS-1123 label or the name no DNS-1123 subdomain.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Result<Self, ConfigurationError> {
        let (namespace, name) = (namespace.into(), name.into());
        check_dns_label("namespace", &namespace)?;
        check_dns_subdomain("certificate name", &name)?;
        Ok(Self { namespace, name })
    }

    /// One whose names have been checked already.
    pub(crate) fn checked(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// `NAMESPACE/NAME`
impl fmt::Display for CertificateRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
