//! Why a lookup failed, in words for whoever's pod is denied and for logs.
//!
//! The errors of kube are not shown as they are: an answer that cannot be read may be a credential spec, and the
//! error quotes it.

use std::{borrow::Cow, error, fmt, io};

use kube::{Error, core::Status};
use rustls::CertificateError;

/// The longest message of an API server that is repeated.
const LONGEST: usize = 256;

/// Why a question to the API server brought no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    cause: Cause,
    text: Cow<'static, str>,
}

/// What has to be put right, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Unreachable,
    Timeout,
    Fault,
    Untrusted,
    Unauthenticated,
    Forbidden,
    Undefined,
    Overloaded,
    RateLimited,
    Gone,
    Other,
}

impl Cause {
    pub(crate) const ALL: [Self; 11] = [
        Self::Unreachable,
        Self::Timeout,
        Self::Fault,
        Self::Untrusted,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::Undefined,
        Self::Overloaded,
        Self::RateLimited,
        Self::Gone,
        Self::Other,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Fault => "fault",
            Self::Untrusted => "untrusted",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::Undefined => "undefined",
            Self::Overloaded => "overloaded",
            Self::RateLimited => "rate_limited",
            Self::Gone => "gone",
            Self::Other => "other",
        }
    }
}

/// What was to be done, for the permission that it takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) verb: &'static str,
    pub(crate) resource: &'static str,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Failure {
    fn new(cause: Cause, text: impl Into<Cow<'static, str>>) -> Self {
        Self { cause, text: text.into() }
    }

    /// What an error of the client comes from.
    pub(crate) fn of(error: &Error, wanted: Wanted) -> Self {
        match error {
            Error::Api(status) => Self::of_status(status, wanted),
            Error::SerdeError(_) | Error::FromUtf8(_) => {
                Self::new(Cause::Other, "the API server's answer cannot be read")
            }
            Error::Auth(_) => Self::new(Cause::Unauthenticated, "the webhook's credentials cannot be used"),
            Error::HyperError(_) | Error::Service(_) | Error::ReadEvents(_) => match untrusted(error) {
                Some(why) => {
                    Self::new(Cause::Untrusted, format!("the API server's certificate is not trusted: {why}"))
                }
                None => Self::unreachable("the API server cannot be reached"),
            },
            _ => Self::new(Cause::Other, "the API server cannot be asked"),
        }
    }

    fn of_status(status: &Status, Wanted { verb, resource }: Wanted) -> Self {
        match status.code {
            401 => Self::new(
                Cause::Unauthenticated,
                "the webhook is not authenticated (401): the API server does not accept its token",
            ),
            403 => Self::new(
                Cause::Forbidden,
                format!("the webhook lacks permission to `{verb}` {resource} (403)"),
            ),
            404 if resource == gmsa_types::PLURAL => Self::new(
                Cause::Undefined,
                format!("the definition {resource}.{} is not installed", gmsa_types::GROUP),
            ),
            410 => Self::new(Cause::Gone, answered(status)),
            429 => Self::new(Cause::Overloaded, answered(status)),
            500.. => Self::new(Cause::Fault, answered(status)),
            _ => Self::new(Cause::Other, answered(status)),
        }
    }

    pub(crate) fn unreachable(text: &'static str) -> Self {
        Self::new(Cause::Unreachable, text)
    }

    /// Nothing came for as long as is waited for.
    pub(crate) fn silent() -> Self {
        Self::new(Cause::Timeout, "the API server did not answer in time")
    }

    pub(crate) fn rate_limited(text: String) -> Self {
        Self::new(Cause::RateLimited, text)
    }

    /// The API server forgets a version as soon as it has given it.
    pub(crate) fn gone() -> Self {
        Self::new(Cause::Gone, "the API server has forgotten the version that it gave (410)")
    }

    pub(crate) fn no_version() -> Self {
        Self::new(Cause::Other, "the API server gave no resource version")
    }

    pub(crate) fn other(text: &'static str) -> Self {
        Self::new(Cause::Other, text)
    }

    pub(crate) fn cause(&self) -> Cause {
        self.cause
    }

    pub(crate) fn into_text(self) -> Cow<'static, str> {
        self.text
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.cause == Cause::Gone
    }

    /// Whether nobody was there who could have answered. A refusal is an answer.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(self.cause, Cause::Unreachable | Cause::Timeout | Cause::Fault)
    }

    /// Whether asking once more, soon, may help.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.cause, Cause::Unreachable | Cause::Fault | Cause::Overloaded)
    }
}

/// Whether that is the word of the API server about a resource of that name, rather than about a kind of resources that
/// it does not have.
pub(crate) fn is_not_found(error: &Error) -> bool {
    let Error::Api(status) = error else { return false };
    // Of a path that it does not know it says "404 page not found", with no status, or in one "the server could not find
    // the requested resource".
    status.code == 404
        && status.reason == "NotFound"
        && status.message != "the server could not find the requested resource"
}

fn answered(status: &Status) -> String {
    // Of what is no status of Kubernetes, kube makes one that has the whole body as its message and a sentence for a
    // reason.
    let is_kubernetes =
        !status.reason.is_empty() && status.reason.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_one_line = status.message.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    match is_kubernetes && is_one_line && status.message.len() <= LONGEST {
        true => format!("the API server answers {}: {}", status.code, status.message),
        false => format!("the API server answers {}", status.code),
    }
}

/// What is wrong with the API server's certificate, if that is what failed.
fn untrusted(error: &(dyn error::Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref() {
            return Some(match why {
                CertificateError::UnknownIssuer => "its issuer is unknown",
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    "it is not valid yet"
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    "it is for another name"
                }
                _ => "it cannot be verified",
            });
        }
        // What an I/O error was made of is not its source.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map(|inner| inner as &(dyn error::Error + 'static)).or_else(|| error.source());
    }
    None
}
