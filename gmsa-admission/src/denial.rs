//! What a denial says: its class, its message, and each fault with its field and its fix.

use std::fmt;

use k8s_openapi::{
    Resource,
    apimachinery::pkg::apis::meta::v1::{ListMeta, Status, StatusCause, StatusDetails},
};
use serde::{Deserialize, Serialize, Serializer};

/// Why a request is denied, for the person who sent it: a sentence that says what is wrong and then what to do,
/// and each fault with the path of its field.
///
/// The message starts with the sentence that upstream's webhook says in the same situation, since people
/// search their logs for it. It never holds contents of a credential spec.
///
/// ```
/// use gmsa_admission::{Facts, Policy, Request, StatusReason, validate};
///
/// let body = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
///     "uid": "705ab4f5", "operation": "CREATE", "namespace": "team-a", "kind": {"version": "v1", "kind": "Pod"},
///     "object": {"metadata": {"name": "web"}, "spec": {"serviceAccountName": "default", "containers": [],
///         "securityContext": {"windowsOptions": {"gmsaCredentialSpec": "{}"}}}}}}"#;
/// let request = Request::from_slice(body)?;
/// let response = validate(&request, &Policy::default()).respond(&Facts::default());
/// let denial = response.denial().ok_or("it was allowed")?;
/// assert_eq!(denial.status(), StatusReason::Invalid);
/// assert_eq!(denial.causes()[0].field(), "spec.securityContext.windowsOptions.gmsaCredentialSpecName");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Denial {
    status: StatusReason,
    message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    causes: Vec<Cause>,
    /// Of the object: both are empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    kind: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
}

/// The class of a denial: an HTTP status code and the reason that goes with it.
///
/// Source: Kubernetes `apimachinery/pkg/apis/meta/v1/types.go`, `StatusReason`.
///
/// ```
/// use gmsa_admission::StatusReason;
///
/// assert_eq!((StatusReason::Forbidden.code(), StatusReason::Forbidden.as_str()), (403, "Forbidden"));
/// assert_eq!((StatusReason::ExpectationFailed.code(), StatusReason::ExpectationFailed.as_str()), (417, "Invalid"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StatusReason {
    /// 400: not a request that can be decided.
    BadRequest,
    /// 403: not permitted.
    Forbidden,
    /// 404: the credential spec does not exist.
    NotFound,
    /// 417: the credential spec has no contents. Kubernetes has no reason of that name; `Invalid` is sent.
    ExpectationFailed,
    /// 422: the pod's fields contradict each other or the resource.
    Invalid,
    /// 500: a lookup failed.
    InternalError,
    /// 503: a check could not be made right now.
    ServiceUnavailable,
}

impl StatusReason {
    /// The HTTP status code, `status.code`.
    pub const fn code(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::ExpectationFailed => 417,
            Self::Invalid => 422,
            Self::InternalError => 500,
            Self::ServiceUnavailable => 503,
        }
    }

    /// The reason, `status.reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequest",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::ExpectationFailed | Self::Invalid => "Invalid",
            Self::InternalError => "InternalError",
            Self::ServiceUnavailable => "ServiceUnavailable",
        }
    }
}

/// One fault, and the field that has it. [`Denial`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    field: String,
    reason: CauseReason,
    message: String,
    fix: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    commands: Vec<String>,
}

/// The kind of a [`Cause`].
///
/// Source: Kubernetes `apimachinery/pkg/apis/meta/v1/types.go`, `CauseType`.
///
/// ```
/// use gmsa_admission::CauseReason;
///
/// assert_eq!(CauseReason::FieldValueNotFound.as_str(), "FieldValueNotFound");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CauseReason {
    /// The field must be set.
    FieldValueRequired,
    /// The value is wrong.
    FieldValueInvalid,
    /// What the field names does not exist.
    FieldValueNotFound,
    /// The value may not be used here, or not be changed.
    FieldValueForbidden,
    /// The value could not be checked.
    InternalError,
}

impl CauseReason {
    /// The reason as the API server writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FieldValueRequired => "FieldValueRequired",
            Self::FieldValueInvalid => "FieldValueInvalid",
            Self::FieldValueNotFound => "FieldValueNotFound",
            Self::FieldValueForbidden => "FieldValueForbidden",
            Self::InternalError => "InternalError",
        }
    }
}

impl Cause {
    pub(crate) fn new(field: String, reason: CauseReason, message: String, fix: impl Into<String>) -> Self {
        Self { field, reason, message, fix: fix.into(), commands: Vec::new() }
    }

    pub(crate) fn with_fix(self, fix: String) -> Self {
        Self { fix, ..self }
    }

    pub(crate) fn with_more(self, more: &str) -> Self {
        Self { message: self.message + more, ..self }
    }

    pub(crate) fn with_commands(self, commands: Vec<String>) -> Self {
        Self { commands, ..self }
    }

    /// The path of the field, as the API server writes paths: `spec.initContainers[0].securityContext...`.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The kind of fault.
    pub fn reason(&self) -> CauseReason {
        self.reason
    }

    /// The fault in words, without what to do.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn fix(&self) -> &str {
        &self.fix
    }

    /// The commands that do it, one after the other, where commands can.
    pub fn commands(&self) -> &[String] {
        &self.commands
    }
}

/// The fault, then what to do, on one line.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.fix)?;
        for (index, command) in self.commands.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { "; " })?;
            f.write_str(command)?;
        }
        Ok(())
    }
}

impl Denial {
    /// The most causes that a denial lists, 32. A pod can have thousands of places, and nobody reads as many.
    pub const MOST_CAUSES: usize = 32;

    pub(crate) fn new(status: StatusReason, message: String) -> Self {
        Self { status, message, causes: Vec::new(), kind: String::new(), name: String::new() }
    }

    pub(crate) fn with_fix(self, fix: &str) -> Self {
        Self { message: format!("{}; {fix}", self.message), ..self }
    }

    /// Says which object the denial is about, and how many faults it has beside the one of the message.
    pub(crate) fn about(mut self, kind: &str, name: String) -> Self {
        (self.kind, self.name) = (kind.to_owned(), name);
        let more = self.causes.len().saturating_sub(1);
        self.message += &match more {
            0 => return self,
            1 => "; 1 more fault is listed in status.details.causes".to_owned(),
            _ if self.causes.len() == Self::MOST_CAUSES => {
                format!("; {more} or more further faults: status.details.causes lists the first {more}")
            }
            _ => format!("; {more} more faults are listed in status.details.causes"),
        };
        self
    }

    pub(crate) fn push_cause(&mut self, cause: Cause) {
        self.causes.push(cause);
    }

    /// The class of the denial: code and reason.
    pub fn status(&self) -> StatusReason {
        self.status
    }

    /// What is wrong and what to do.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The faults with their fields, the first being the one that the message is about; of very many, the first
    /// [`MOST_CAUSES`](Self::MOST_CAUSES).
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// The `status` that the response carries and the API server hands on.
    ///
    /// It has no `retryAfterSeconds`, whatever the cause: client-go obeys the hint inside the controllers, which share a
    /// few workers, and with a few refused Deployments all others wait. Controllers have a back-off of their own.
    pub fn to_status(&self) -> Status {
        let cause = |cause: &Cause| StatusCause {
            field: Some(cause.field.clone()),
            message: Some(Told { cause, status: self.status }.to_string()),
            reason: Some(cause.reason.as_str().to_owned()),
        };
        let details = StatusDetails {
            causes: (!self.causes.is_empty()).then(|| self.causes.iter().map(cause).collect()),
            kind: (!self.kind.is_empty()).then(|| self.kind.clone()),
            name: (!self.name.is_empty()).then(|| self.name.clone()),
            ..StatusDetails::default()
        };
        Status {
            code: Some(i32::from(self.status.code())),
            details: (details != StatusDetails::default()).then_some(details),
            message: Some(self.message.clone()),
            reason: Some(self.status.as_str().to_owned()),
            status: Some("Failure".to_owned()),
            ..Status::default()
        }
    }
}

/// What [`Denial::to_status`] makes, borrowed: the texts may be long, and are copied into the answer alone.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WrittenStatus<'d> {
    api_version: &'static str,
    kind: &'static str,
    code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<WrittenDetails<'d>>,
    message: &'d str,
    metadata: ListMeta,
    reason: &'static str,
    status: &'static str,
}

#[derive(Serialize)]
struct WrittenDetails<'d> {
    causes: Vec<WrittenCause<'d>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    kind: &'d str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'d str,
}

#[derive(Serialize)]
struct WrittenCause<'d> {
    field: &'d str,
    message: Told<'d>,
    reason: &'static str,
}

/// A cause as the status tells it. Of a status with reason `Invalid`, kubectl shows the object and the causes alone: neither
/// the message nor who refused. So the cause says that.
///
/// Source: kubectl `pkg/cmd/util/helpers.go`, `checkErr`.
struct Told<'d> {
    cause: &'d Cause,
    status: StatusReason,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cause, status } = self;
        match status {
            StatusReason::Invalid | StatusReason::ExpectationFailed => {
                write!(f, "{cause} (denied by the gMSA admission webhook)")
            }
            _ => write!(f, "{cause}"),
        }
    }
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'d> From<&'d Denial> for WrittenStatus<'d> {
    fn from(denial: &'d Denial) -> Self {
        let cause = |cause: &'d Cause| WrittenCause {
            field: &cause.field,
            message: Told { cause, status: denial.status },
            reason: cause.reason.as_str(),
        };
        let causes: Vec<_> = denial.causes.iter().map(cause).collect();
        Self {
            api_version: Status::API_VERSION,
            kind: Status::KIND,
            code: denial.status.code(),
            details: (!causes.is_empty()).then_some(WrittenDetails {
                causes,
                kind: &denial.kind,
                name: &denial.name,
            }),
            message: &denial.message,
            metadata: ListMeta::default(),
            reason: denial.status.as_str(),
            status: "Failure",
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
