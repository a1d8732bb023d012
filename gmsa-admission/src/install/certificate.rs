//! The certificate that the webhook serves with, given or made in the cluster.

use std::fmt;

use crate::{
    configuration::CaBundle,
    pem::{self, Block, PemFault},
};

/// Where the webhook's certificate comes from. It is an input here: nothing in this crate makes keys.
/// [`WebhookServer`](super::WebhookServer) has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certificates {
    /// cert-manager makes a certificate authority and a certificate in the namespace, renews both, and puts the
    /// authority into the webhook configurations. It must be installed in the cluster, with its CA injector.
    ///
    /// The certificate is renewed every two months. Upstream's image (v0.13) notices that the first time only: restart
    /// its Deployment once a month.
    CertManager,
    /// This certificate, in a Secret. Whoever gives it renews it.
    Given(ServingCertificate),
}

/// A certificate for the webhook, its private key, and the certificate authority that vouches for it, all as PEM.
///
/// Only the form is looked at: what each text holds, and that the key is not encrypted. Whether the certificate is for the
/// [name](super::InstallName::dns_name) that the API server asks for, is in date, and belongs to the key, takes a clock
/// and cryptography, which are no part of this crate. Check it before it is applied: a certificate that does not fit is
/// the most frequent reason why a webhook cannot be called.
///
/// Text around the PEM blocks is left out, and so are parameters of the key. `Debug` shows nothing of the key.
///
/// Source: RFC 7468; Go `crypto/tls`, `X509KeyPair`; Kubernetes `client-go/util/cert/pem.go`, `ParseCertsPEM`.
///
/// ```
/// use gmsa_admission::install::ServingCertificate;
///
/// let certificate = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
/// let key = b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
/// let serving = ServingCertificate::from_pem(certificate, certificate, key)?;
/// assert_eq!(serving.certificate().as_bytes(), certificate);
///
/// let swapped = ServingCertificate::from_pem(key, certificate, key).unwrap_err();
/// assert_eq!(
///     swapped.to_string(),
///     "certificate authority holds a private key, which would be shown to others; give certificates alone",
/// );
/// # Ok::<(), gmsa_admission::install::InvalidCertificate>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ServingCertificate {
    ca: CaBundle,
    certificate: String,
    key: String,
}

impl ServingCertificate {
    /// Takes the three texts: one or more certificates of authorities, the certificate with those between it and the
    /// authority behind it, and its one private key.
    ///
    /// # Errors
    ///
    /// [`InvalidCertificate`], which names the text and says what to do about it, and repeats nothing of it.
    pub fn from_pem(ca: &[u8], certificate: &[u8], key: &[u8]) -> Result<Self, InvalidCertificate> {
        let chain = certificates("certificate", certificate)?;
        Ok(Self {
            ca: CaBundle::of_blocks(&certificates("certificate authority", ca)?),
            certificate: chain.into_iter().map(|block| block.text).collect(),
            key: private_key(key)?,
        })
    }

    /// The certificates of the authorities, for the webhook configurations.
    pub fn ca(&self) -> &CaBundle {
        &self.ca
    }

    /// The certificate, and those that connect it to the authority.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Debug for ServingCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServingCertificate").finish_non_exhaustive()
    }
}

/// Why a text is not what a [`ServingCertificate`] is made of. That type has an example.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {fault}")]
pub struct InvalidCertificate {
    what: &'static str,
    fault: &'static str,
}

impl InvalidCertificate {
    /// The text that is wrong: `certificate authority`, `certificate` or `private key`.
    pub fn what(&self) -> &'static str {
        self.what
    }
}

const NO_PEM: &str = "is not PEM text; if it is DER or PKCS #12, convert it with `openssl`";

fn blocks(what: &'static str, text: &[u8]) -> Result<Vec<Block>, InvalidCertificate> {
    let blocks = pem::blocks(text).map_err(|fault| match fault {
        PemFault::NotText => NO_PEM,
        PemFault::Unpaired | PemFault::NotBase64 | PemFault::NotDer => {
            "has a PEM block that is cut off or damaged; get it again"
        }
    });
    match blocks {
        Ok(blocks) if blocks.is_empty() => Err(InvalidCertificate { what, fault: NO_PEM }),
        blocks => blocks.map_err(|fault| InvalidCertificate { what, fault }),
    }
}

fn certificates(what: &'static str, text: &[u8]) -> Result<Vec<Block>, InvalidCertificate> {
    let wrong = |fault| Err(InvalidCertificate { what, fault });
    let blocks = blocks(what, text)?;
    if blocks.iter().any(Block::is_key) {
        return wrong("holds a private key, which would be shown to others; give certificates alone");
    }
    match blocks.iter().all(Block::is_certificate) {
        true => Ok(blocks),
        false => wrong("holds something other than certificates; leave in the `CERTIFICATE` blocks alone"),
    }
}

fn private_key(text: &[u8]) -> Result<String, InvalidCertificate> {
    let wrong = |fault| Err(InvalidCertificate { what: "private key", fault });
    let blocks = blocks("private key", text)?;
    let mut keys = blocks.into_iter().filter(Block::is_key);
    match (keys.next(), keys.next()) {
        (None, _) => wrong("is not in the text; give the file with the `PRIVATE KEY` block"),
        (Some(_), Some(_)) => wrong("is not alone; give the one that belongs to the certificate"),
        (Some(key), None) if key.has_headers || key.label.contains("ENCRYPTED") => {
            wrong("is encrypted, and the webhook has no passphrase; decrypt it with `openssl pkey`")
        }
        (Some(key), None) => Ok(key.text),
    }
}
