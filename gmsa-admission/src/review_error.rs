use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Denial, Response, StatusReason};

/// The versions of the `AdmissionReview` that are understood; the answer is written in the one asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ReviewVersion {
    /// `admission.k8s.io/v1`
    #[default]
    #[serde(rename = "admission.k8s.io/v1")]
    V1,
    /// `admission.k8s.io/v1beta1`, which Kubernetes sent up to 1.21.
    #[serde(rename = "admission.k8s.io/v1beta1")]
    V1Beta1,
}

impl ReviewVersion {
    /// The version as `apiVersion` has it.
    pub const fn api_version(self) -> &'static str {
        match self {
            Self::V1 => "admission.k8s.io/v1",
            Self::V1Beta1 => "admission.k8s.io/v1beta1",
        }
    }

    pub(crate) fn parse(api_version: &str) -> Option<Self> {
        [Self::V1, Self::V1Beta1].into_iter().find(|version| version.api_version() == api_version)
    }
}

/// Why a body is not an admission request that can be decided.
///
/// Where the request's uid was readable, the error still is an answer that the API server accepts, a denial
/// which says what is wrong: [`into_response`](Self::into_response). Without one the API server reports only
/// "failed calling webhook", and under `failurePolicy: Ignore` it would admit the pod.
///
/// The message never repeats what the body says, since that may be the contents of a credential spec; it names
/// line and column instead.
///
/// ```
/// use gmsa_admission::Request;
///
/// let error = Request::from_slice(br#"{"kind":"AdmissionReview"}"#).unwrap_err();
/// assert_eq!(error.to_string(), "no 'Request' field in JSON body");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewError {
    kind: ReviewErrorKind,
    uid: String,
    version: ReviewVersion,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReviewErrorKind {
    Json {
        data: bool,
        line: usize,
        column: usize,
    },
    NotAReview,
    NoRequest,
    NoUid,
    Version(String),
    Operation(String),
    NotAPod(String),
    NoObject(&'static str),
    #[cfg(feature = "kube")]
    Object(&'static str),
}

impl ReviewErrorKind {
    pub(crate) fn of_json(error: &serde_json::Error) -> Self {
        Self::Json { data: error.is_data(), line: error.line(), column: error.column() }
    }
}

impl ReviewError {
    pub(crate) fn new(kind: ReviewErrorKind) -> Self {
        Self { kind, uid: String::new(), version: ReviewVersion::V1 }
    }

    pub(crate) fn with_uid(self, uid: &str, version: ReviewVersion) -> Self {
        Self { uid: uid.to_owned(), version, ..self }
    }

    /// The uid of the request; empty if it was not readable.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The denial to send, with code 400 and the request's uid. `None` if the body has no uid to repeat, so that
    /// only an HTTP error is left; except for a review without a request, which upstream's webhook answers too.
    pub fn into_response(self) -> Option<Response<'static>> {
        if self.uid.is_empty() && self.kind != ReviewErrorKind::NoRequest {
            return None;
        }
        let denial = Denial::new(StatusReason::BadRequest, self.to_string());
        Some(Response::deny(self.uid, self.version, denial))
    }
}

impl fmt::Display for ReviewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ReviewErrorKind::Json { data: false, line, column } => {
                write!(f, "the body is not JSON: fault at line {line}, column {column}")
            }
            ReviewErrorKind::Json { data: true, line, column } => write!(
                f,
                "the admission review cannot be read: a value of the wrong type or a duplicate key at line \
                 {line}, column {column}"
            ),
            ReviewErrorKind::NotAReview => f.write_str("the body is not an `AdmissionReview`"),
            ReviewErrorKind::NoRequest => f.write_str("no 'Request' field in JSON body"),
            ReviewErrorKind::NoUid => f.write_str("the admission request has no uid"),
            ReviewErrorKind::Version(version) => write!(
                f,
                "apiVersion `{}` is not understood: use `admission.k8s.io/v1` in admissionReviewVersions",
                plain(version)
            ),
            ReviewErrorKind::Operation(operation) => {
                write!(f, "operation `{}` is not one of CREATE, UPDATE, DELETE, CONNECT", plain(operation))
            }
            ReviewErrorKind::NotAPod(kind) => write!(
                f,
                "expected a Pod object, got a {}: register the webhook for pods and pods/ephemeralcontainers only",
                plain(kind)
            ),
            ReviewErrorKind::NoObject(field) => write!(f, "the admission request has no `{field}`"),
            #[cfg(feature = "kube")]
            ReviewErrorKind::Object(field) => {
                write!(f, "`{field}` of the admission request cannot be read as a pod")
            }
        }
    }
}

impl std::error::Error for ReviewError {}

/// Somebody's text as part of one line: control characters escaped, and no longer than a name can be.
pub(crate) fn plain(text: &str) -> String {
    let mut plain: String = text.chars().take(253).flat_map(escape_control).collect();
    if text.chars().nth(253).is_some() {
        plain.push_str("...");
    }
    plain
}

fn escape_control(c: char) -> impl Iterator<Item = char> {
    let (escaped, kept) = match c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
        true => (Some(c.escape_default()), None),
        false => (None, Some(c)),
    };
    escaped.into_iter().flatten().chain(kept)
}
