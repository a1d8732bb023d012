use std::fmt;

use gmsa_types::{check_dns_label, check_dns_subdomain};
use k8s_openapi::ByteString;
use serde::Deserialize;
use serde_json::Value;

use super::ConfigurationError;

/// How the API server knows that the webhook is who it says.
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
        let text = std::str::from_utf8(pem).map_err(|_| broken("it is PEM, which is text"))?;
        let (mut certificates, mut body) = (0_usize, None::<String>);
        for line in text.lines().map(str::trim) {
            match (line, &mut body) {
                (BEGIN, None) => body = Some(String::new()),
                (END, Some(encoded)) => {
                    check_der(encoded).map_err(broken)?;
                    certificates = certificates.saturating_add(1);
                    body = None;
                }
                (line, _) if line.starts_with("-----BEGIN") && line != BEGIN => {
                    return Err(broken("it holds certificates only, and no key"));
                }
                (BEGIN, Some(_)) | (END, None) => {
                    return Err(broken("each certificate has a begin and an end"));
                }
                (line, Some(encoded)) => encoded.push_str(line),
                // Explanatory text between certificates is allowed.
                (_, None) => {}
            }
        }
        match (certificates, body) {
            (_, Some(_)) => Err(broken("each certificate has a begin and an end")),
            (0, None) => Err(broken("there is no certificate in it")),
            (_, None) => Ok(Self(pem.to_vec())),
        }
    }

    /// The PEM text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Shows the size only.
impl fmt::Debug for CaBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaBundle({} bytes)", self.0.len())
    }
}

/// The base64 text is that of one DER sequence, which fills it.
fn check_der(encoded: &str) -> Result<(), &'static str> {
    let bytes = ByteString::deserialize(Value::from(encoded)).map_err(|_| "a certificate is base64")?.0;
    let rest = bytes.strip_prefix(&[0x30]).and_then(|rest| rest.split_first());
    let (length, rest) = match rest {
        Some((&short @ ..=0x7f, rest)) => (usize::from(short), rest),
        // X.690 section 8.1.3.5: the low bits count the bytes of the length.
        Some((&long @ 0x81..=0x84, rest)) => {
            let (number, rest) = rest.split_at_checked(usize::from(long & 0x7f)).unwrap_or_default();
            (number.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => (usize::MAX, &[][..]),
    };
    if rest.len() == length { Ok(()) } else { Err("a certificate is one DER sequence") }
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
