//! The webhook's certificate: one that is made here, or one from files, checked as the API server will check it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use gmsa_admission::install::{InstallName, ServingCertificate};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    CertificateError, Error, InconsistentKeys, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier, verify_server_name},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
    sign::CertifiedKey,
};

/// A certificate, and when it ends.
pub(crate) struct Checked {
    pub(crate) serving: ServingCertificate,
    pub(crate) expires: Expiry,
}

/// The paths as they are on the command line.
pub(crate) struct Files {
    pub(crate) ca: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Makes a certificate authority and a certificate of it, for a year. The authority's key is thrown away: nobody can
/// ever sign with it again.
pub(crate) fn self_signed(name: &InstallName) -> Result<Checked, String> {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    // For clocks that are behind.
    const SLACK: Duration = Duration::from_secs(60 * 60);
    let made = || -> Result<[String; 3], rcgen::Error> {
        let now = rcgen::date_time_ymd(1970, 1, 1) + since_epoch();
        let params = |names: Vec<String>, called: &str| -> Result<_, rcgen::Error> {
            let mut params = CertificateParams::new(names)?;
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, called);
            (params.not_before, params.not_after) = (now - SLACK, now + YEAR);
            Ok(params)
        };
        let mut ca = params(Vec::new(), "gMSA admission webhook CA")?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_key = KeyPair::generate()?;
        let ca_certificate = ca.self_signed(&ca_key)?;
        let issuer = Issuer::new(ca, ca_key);

        let mut leaf = params(name.dns_names().into(), "gMSA admission webhook")?;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        Ok([ca_certificate.pem(), leaf.signed_by(&key, &issuer)?.pem(), key.serialize_pem()])
    };
    let [ca, certificate, key] =
        made().map_err(|error| format!("the certificate cannot be made: {error}"))?;
    let texts = [ca.as_bytes(), certificate.as_bytes(), key.as_bytes()];
    check(texts, name)
        .map_err(|fault| format!("the certificate that was made does not serve: {}", fault.message))
}

/// Reads a certificate that somebody else made, and makes sure that the API server will take it.
pub(crate) fn from_files(files: &Files, name: &InstallName) -> Result<Checked, Vec<String>> {
    let paths = [&files.ca, &files.certificate, &files.key];
    let read = paths.map(|path| read(path));
    if read.iter().any(Result::is_err) {
        return Err(read.into_iter().filter_map(Result::err).collect());
    }
    let [ca, certificate, key] = read.map(Result::unwrap_or_default);
    check([&ca, &certificate, &key], name).map_err(|Fault { text, message }| {
        let path = paths[text as usize].display();
        vec![format!("{path}: {message}")]
    })
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| {
        let text = error.to_string();
        let text = text.split(" (os error").next().unwrap_or_default().trim_end_matches('.').to_lowercase();
        format!("{}: {text}; check the path and its permissions", path.display())
    })
}

/// Which of the texts is at fault.
#[derive(Clone, Copy)]
enum Text {
    Ca,
    Certificate,
    Key,
}

struct Fault {
    text: Text,
    message: String,
}

/// Does what the API server does when it calls the webhook: follows the certificate to an authority, and compares its
/// name, its times and its purpose; and what the webhook does when it starts: puts certificate and key together.
fn check([ca, certificate, key]: [&[u8]; 3], name: &InstallName) -> Result<Checked, Fault> {
    let fault = |text, message: &str| Fault { text, message: message.to_owned() };
    let serving = ServingCertificate::from_pem(ca, certificate, key).map_err(|error| {
        let text = match error.what() {
            "private key" => Text::Key,
            "certificate" => Text::Certificate,
            _ => Text::Ca,
        };
        fault(text, &error.to_string())
    })?;
    let der = |pem: &[u8]| CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect::<Vec<_>>();
    let (authorities, chain) = (der(ca), der(certificate));
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| fault(Text::Key, "private key cannot be read; write it anew with `openssl pkey`"))?;
    let Some((leaf, between)) = chain.split_first() else {
        return Err(fault(Text::Certificate, "certificate cannot be read; get it again"));
    };

    let provider = Arc::new(ring::default_provider());
    let now = UnixTime::since_unix_epoch(since_epoch());
    // The API server minds the times of the authority too, which this verifier takes as given.
    let (in_date, others): (Vec<_>, Vec<_>) =
        authorities.iter().partition(|authority| times(authority, &provider, now).is_ok());
    if in_date.is_empty()
        && let Some(Err(message)) = others.first().map(|authority| times(authority, &provider, now))
    {
        return Err(Fault { text: Text::Ca, message: format!("certificate authority {message}") });
    }
    let mut roots = RootCertStore::empty();
    for authority in &in_date {
        roots
            .add((*authority).clone())
            .map_err(|_| fault(Text::Ca, "certificate authority is no X.509 certificate; get it again"))?;
    }
    let verifier = verifier(roots, &provider)
        .ok_or_else(|| fault(Text::Ca, "certificate authority cannot be used; get it again"))?;
    let host = name.dns_name();
    let server = ServerName::try_from(host.clone())
        .map_err(|_| fault(Text::Certificate, "certificate can be for no such name"))?;
    match verifier.verify_server_cert(leaf, between, &server, &[], now) {
        // As `openssl req -x509` makes it by default. The API server takes one that it is given as authority.
        Err(error) if is_of_an_authority(&error) && in_date.contains(&leaf) => {
            ParsedCertificate::try_from(leaf).and_then(|leaf| verify_server_name(&leaf, &server))
        }
        verdict => verdict.map(drop),
    }
    .map_err(|error| Fault { text: Text::Certificate, message: refusal(&error, &host) })?;

    match CertifiedKey::from_der(chain.clone(), key, &provider) {
        Ok(_) => {}
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            let message =
                "private key does not belong to the certificate; give the one it was requested with";
            return Err(fault(Text::Key, message));
        }
        Err(_) => {
            let message = "private key is of no kind that can be checked; use RSA from 2048 bits, P-256, P-384 or Ed25519";
            return Err(fault(Text::Key, message));
        }
    }
    let end = |certificate| expiry(certificate, &provider);
    let last_authority = in_date.iter().filter_map(|authority| end(authority)).max();
    let first = [end(leaf), last_authority].into_iter().flatten().min();
    Ok(Checked { serving, expires: Expiry(first.unwrap_or(now)) })
}

fn verifier(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Option<Arc<WebPkiServerVerifier>> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build().ok()
}

/// Why the API server would refuse the certificate, and what to do.
fn refusal(error: &Error, host: &str) -> String {
    let Error::InvalidCertificate(error) = error else {
        return format!("certificate cannot be checked: {error}");
    };
    let what = match error {
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            format!("is for no DNS name, and the API server asks for `{host}`; have it made with that as subject \
                     alternative name (the common name does not count)")
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            // They come as `DnsName("a.b")`.
            let names: Vec<&str> =
                presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name)).collect();
            format!("is for {}, and the API server asks for `{host}`; have it made for that name, or say with \
                     --name and --namespace what the Service is called", names.join(", "))
        }
        error if in_words(error).is_some() => in_words(error).unwrap_or_default(),
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "is not signed by the certificate authority, nor by a certificate behind it in the file; give the \
             authority that signed it"
                .to_owned()
        }
        CertificateError::InvalidPurposeContext { .. } | CertificateError::InvalidPurpose => {
            "is not one for servers; have it made with the extended key usage `serverAuth`".to_owned()
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "is signed in a way that cannot be checked; have it signed with ECDSA (P-256 or P-384), RSA (2048 bits and \
             SHA-256, at least) or Ed25519"
                .to_owned()
        }
        CertificateError::BadEncoding => "is no X.509 certificate; get it again".to_owned(),
        CertificateError::Other(_) if is_of_an_authority(&Error::InvalidCertificate(error.clone())) => {
            "is that of an authority; have one made by it, with `CA:FALSE`".to_owned()
        }
        error => format!("cannot be used: {error}"),
    };
    format!("certificate {what}")
}

fn is_of_an_authority(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::Other(error)) => {
            error.to_string().contains("CaUsedAsEndEntity")
        }
        _ => false,
    }
}

/// What the times of a certificate are to this moment.
fn in_words(error: &CertificateError) -> Option<String> {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            Some(format!("expired on {}; renew it", Expiry(*not_after)))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            Some(format!("is not valid before {}; wait, or set the clock", Expiry(*not_before)))
        }
        _ => None,
    }
}

/// Whether a certificate is in date, whatever else it is. The verifier looks at the times first.
fn times(
    certificate: &CertificateDer<'static>,
    provider: &Arc<CryptoProvider>,
    at: UnixTime,
) -> Result<(), String> {
    match judged(certificate, provider, at) {
        Some(error) => in_words(&error).map_or(Ok(()), Err),
        None => Ok(()),
    }
}

/// When a certificate ends: the verifier tells it of one that has.
fn expiry(certificate: &CertificateDer<'static>, provider: &Arc<CryptoProvider>) -> Option<UnixTime> {
    const FAR: Duration = Duration::from_secs(253_402_300_799);
    match judged(certificate, provider, UnixTime::since_unix_epoch(FAR)) {
        Some(CertificateError::ExpiredContext { not_after, .. }) => Some(not_after),
        _ => None,
    }
}

fn judged(
    certificate: &CertificateDer<'static>,
    provider: &Arc<CryptoProvider>,
    at: UnixTime,
) -> Option<CertificateError> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).ok()?;
    let name = ServerName::try_from("localhost").ok()?;
    match verifier(roots, provider)?.verify_server_cert(certificate, &[], &name, &[], at) {
        Err(Error::InvalidCertificate(error)) => Some(error),
        _ => None,
    }
}

/// The day on which something ends, in UTC.
pub(crate) struct Expiry(UnixTime);

impl Expiry {
    /// Whether it is less than 30 days away.
    pub(crate) fn is_soon(&self) -> bool {
        self.0.as_secs() < (since_epoch() + Duration::from_secs(30 * 24 * 60 * 60)).as_secs()
    }
}

impl std::fmt::Display for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let day = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(self.0.as_secs());
        write!(f, "{}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
    }
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
