//! Bodies that are no request to decide, and the answer that they get all the same.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Cause, CauseReason, Denial, Response, StatusReason};

/// The versions of the `AdmissionReview` that are understood; the answer is written in the one asked.
///
/// ```
/// use gmsa_admission::{Request, ReviewVersion};
///
/// let body = br#"{"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "request": {"uid": "1",
///     "operation": "CREATE", "kind": {"kind": "Pod"}, "object": {"spec": {"containers": []}}}}"#;
/// assert_eq!(Request::from_slice(body)?.version(), ReviewVersion::V1Beta1);
/// # Ok::<(), gmsa_admission::ReviewError>(())
/// ```
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
/// The message repeats of the body only what looks like the name of a version, a kind or an operation; for the rest,
/// which may be the contents of a credential spec, it names field, line and column.
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
    /// Not JSON, or more than that.
    Syntax {
        line: usize,
        column: usize,
    },
    /// A value that cannot be read. The field of the `owner` (`pod`, `Deployment`) is known where the API server's
    /// own checks find it.
    Data {
        line: usize,
        column: usize,
        owner: &'static str,
        field: Option<String>,
    },
    NotAReview,
    NoRequest,
    NoUid,
    Version(String),
    Operation(String),
    NotAPod(String),
    NoTemplate {
        kind: String,
        version: String,
    },
    NoObject(&'static str),
    #[cfg(feature = "kube")]
    Object {
        field: &'static str,
        owner: &'static str,
    },
}

impl ReviewErrorKind {
    pub(crate) fn of_json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        match error.is_data() {
            true => Self::Data { line, column, owner: "pod", field: None },
            false => Self::Syntax { line, column },
        }
    }

    /// Says which field of what a value of the wrong type stands in.
    pub(crate) fn in_field(self, owner: &'static str, field: impl FnOnce() -> Option<String>) -> Self {
        match self {
            Self::Data { line, column, .. } => Self::Data { line, column, owner, field: field() },
            other => other,
        }
    }

    /// The field of the review that is at fault.
    fn field(&self) -> String {
        match self {
            Self::Syntax { .. } => String::new(),
            Self::Data { field: Some(field), .. } => format!("request.object.{field}"),
            Self::Data { field: None, .. } | Self::NoRequest => "request".to_owned(),
            Self::NotAReview => "kind".to_owned(),
            Self::NoUid => "request.uid".to_owned(),
            Self::Version(_) => "apiVersion".to_owned(),
            Self::Operation(_) => "request.operation".to_owned(),
            Self::NotAPod(_) | Self::NoTemplate { .. } => "request.kind".to_owned(),
            Self::NoObject(field) => format!("request.{field}"),
            #[cfg(feature = "kube")]
            Self::Object { field, .. } => format!("request.{field}"),
        }
    }

    fn fix(&self) -> &'static str {
        match self {
            Self::Syntax { .. } | Self::NotAReview | Self::NoRequest | Self::NoUid | Self::NoObject(_) => {
                "send the AdmissionReview as the API server makes it"
            }
            Self::Data { owner: "pod", .. } => "correct the pod",
            Self::Data { .. } => "correct the pod template",
            Self::Version(_) => "put `v1` into the webhook's admissionReviewVersions",
            Self::Operation(_) => "register the webhook for CREATE and UPDATE",
            Self::NotAPod(_) => "register the webhook for pods and pods/ephemeralcontainers only",
            Self::NoTemplate { .. } => {
                "register the template check for the workloads of apps/v1 and batch/v1 and for replicationcontrollers only"
            }
            #[cfg(feature = "kube")]
            Self::Object { owner: "pod", .. } => "correct the pod",
            #[cfg(feature = "kube")]
            Self::Object { .. } => "correct the pod template",
        }
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
    ///
    /// ```
    /// use gmsa_admission::Request;
    ///
    /// let body = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "705ab4f5",
    ///     "operation": "CREATE", "kind": {"kind": "Pod"}, "object": {"spec": {"containers": 1}}}}"#;
    /// let error = Request::from_slice(body).unwrap_err();
    /// let response = error.into_response().ok_or("the uid was readable")?;
    /// assert!(!response.allowed());
    /// assert_eq!((response.uid(), response.denial().map(|denial| denial.status().code())), ("705ab4f5", Some(400)));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn into_response(self) -> Option<Response<'static>> {
        if self.uid.is_empty() && self.kind != ReviewErrorKind::NoRequest {
            return None;
        }
        let mut denial = Denial::new(StatusReason::BadRequest, self.to_string()).with_fix(self.kind.fix());
        denial.push_cause(Cause::new(
            self.kind.field(),
            CauseReason::FieldValueInvalid,
            self.to_string(),
            self.kind.fix(),
        ));
        Some(Response::deny(self.uid, self.version, denial))
    }
}

impl fmt::Display for ReviewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ReviewErrorKind::Syntax { line, column } => {
                write!(f, "the body is not JSON: fault at line {line}, column {column}")
            }
            ReviewErrorKind::Data { line, column, owner, field } => {
                f.write_str("the admission review cannot be read: ")?;
                match field {
                    Some(field) => write!(f, "the {owner}'s {field} has a value of the wrong type, at ")?,
                    None => f.write_str("a value of the wrong type or a duplicate key at ")?,
                }
                write!(f, "line {line}, column {column}")
            }
            ReviewErrorKind::NotAReview => f.write_str("the body is not an `AdmissionReview`"),
            ReviewErrorKind::NoRequest => f.write_str("no 'Request' field in JSON body"),
            ReviewErrorKind::NoUid => f.write_str("the admission request has no uid"),
            ReviewErrorKind::Version(version) if version.is_empty() => {
                f.write_str("the admission review has no apiVersion")
            }
            ReviewErrorKind::Version(version) => {
                write!(f, "apiVersion `{version}` is not understood")
            }
            ReviewErrorKind::Operation(operation) => {
                write!(f, "operation `{operation}` is not one of CREATE, UPDATE, DELETE, CONNECT")
            }
            ReviewErrorKind::NotAPod(kind) if kind.is_empty() => {
                f.write_str("expected a Pod object, got an object without a kind")
            }
            ReviewErrorKind::NotAPod(kind) => write!(f, "expected a Pod object, got a {kind}"),
            ReviewErrorKind::NoTemplate { kind, version: _ } if kind.is_empty() => {
                f.write_str("expected an object with a pod template, got an object without a kind")
            }
            ReviewErrorKind::NoTemplate { kind, version } => {
                write!(f, "expected an object with a pod template, got a {kind} of `{version}`")
            }
            ReviewErrorKind::NoObject(field) => write!(f, "the admission request has no `{field}`"),
            #[cfg(feature = "kube")]
            ReviewErrorKind::Object { field, owner } => {
                write!(f, "`{field}` of the admission request cannot be read as a {owner}")
            }
        }
    }
}

impl std::error::Error for ReviewError {}
