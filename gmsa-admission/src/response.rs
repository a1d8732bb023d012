use std::{borrow::Cow, io};

use k8s_openapi::ByteString;
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{
    Denial, Patch, ReviewVersion,
    audit::{Annotations, DECISION},
    denial::WrittenStatus,
    mutate, template, validate,
};

/// The answer to an admission request, which serializes as the `AdmissionReview` that the API server expects.
///
/// It echoes the uid, is written in the version asked, has `patch` (base64) and `patchType` together or not at
/// all, and a `status` only on denial. Send it with HTTP 200 also when it denies: any other code makes the API
/// server treat the call as failed.
///
/// Source: Kubernetes `apiserver/pkg/admission/plugin/webhook/request/admissionreview.go`,
/// `VerifyAdmissionResponse`.
///
/// [`to_vec`](Self::to_vec) has an example.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Response<'f> {
    uid: Cow<'f, str>,
    version: ReviewVersion,
    verdict: Verdict<'f>,
    warnings: Vec<String>,
    audit_annotations: Annotations,
}

/// What a response says, from either endpoint.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict<'f> {
    Allow(Patch<'f>),
    Deny(Denial),
}

impl<'f> From<mutate::Decision<'f>> for Verdict<'f> {
    fn from(decision: mutate::Decision<'f>) -> Self {
        match decision {
            mutate::Decision::Allow(patch) => Self::Allow(patch),
            mutate::Decision::Deny(denial) => Self::Deny(denial),
        }
    }
}

impl From<validate::Decision> for Verdict<'_> {
    fn from(decision: validate::Decision) -> Self {
        match decision {
            validate::Decision::Allow => Self::Allow(Patch::default()),
            validate::Decision::Deny(denial) => Self::Deny(denial),
        }
    }
}

impl From<template::Decision> for Verdict<'_> {
    fn from(decision: template::Decision) -> Self {
        match decision {
            template::Decision::Allow | template::Decision::Warn(_) => Self::Allow(Patch::default()),
            template::Decision::Deny(denial) => Self::Deny(denial),
        }
    }
}

impl<'f> Response<'f> {
    pub(crate) fn new(uid: &'f str, version: ReviewVersion, verdict: Verdict<'f>) -> Self {
        Self {
            uid: Cow::Borrowed(uid),
            version,
            verdict,
            warnings: Vec::new(),
            audit_annotations: Annotations::new(),
        }
    }

    pub(crate) fn deny(uid: String, version: ReviewVersion, denial: Denial) -> Self {
        let (warnings, audit_annotations) = (Vec::new(), Annotations::new());
        Self { uid: Cow::Owned(uid), version, verdict: Verdict::Deny(denial), warnings, audit_annotations }
    }

    pub(crate) fn with_warnings(self, warnings: Vec<String>) -> Self {
        Self { warnings, ..self }
    }

    pub(crate) fn with_audit_annotations(self, audit_annotations: Annotations) -> Self {
        Self { audit_annotations, ..self }
    }

    /// The uid of the request.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The version in which the answer is written.
    pub fn version(&self) -> ReviewVersion {
        self.version
    }

    /// Whether the request is allowed.
    pub fn allowed(&self) -> bool {
        matches!(self.verdict, Verdict::Allow(_))
    }

    /// Why the request is denied, if it is.
    pub fn denial(&self) -> Option<&Denial> {
        match &self.verdict {
            Verdict::Allow(_) => None,
            Verdict::Deny(denial) => Some(denial),
        }
    }

    /// What changes in the object, if anything does.
    pub fn patch(&self) -> Option<&Patch<'f>> {
        match &self.verdict {
            Verdict::Allow(patch) if !patch.is_empty() => Some(patch),
            _ => None,
        }
    }

    /// What the sender is warned of: lines of ASCII, each of at most 120 characters.
    ///
    /// Source: Kubernetes, "Dynamic Admission Control", section "Response".
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What the audit event records, by key; the API server puts the webhook's name and a slash in front of the key.
    ///
    /// Source: Kubernetes `k8s.io/api/admission/v1/types.go`, `AuditAnnotations`.
    pub fn audit_annotations(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let decision = if self.allowed() { "allow" } else { "deny" };
        let names = self.audit_annotations.iter().map(|(&key, value)| (key, value.as_str()));
        std::iter::once((DECISION, decision)).chain(names)
    }

    /// The JSON text of the `AdmissionReview`: the body to send.
    ///
    /// ```
    /// use gmsa_admission::{Facts, Policy, Request, validate};
    ///
    /// let body = br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1",
    ///     "operation":"CREATE","kind":{"kind":"Pod"},"object":{"spec":{"containers":[]}}}}"#;
    /// let request = Request::from_slice(body)?;
    /// let response = validate(&request, &Policy::default()).respond(&Facts::default());
    /// let answer: serde_json::Value = serde_json::from_slice(&response.to_vec())?;
    /// assert_eq!(answer["kind"], "AdmissionReview");
    /// assert_eq!(answer["response"]["uid"], "1");
    /// assert_eq!(answer["response"]["allowed"], true);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_vec(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.room());
        // Writing these plain values to memory cannot fail; an empty body would count as a failed call.
        match serde_json::to_writer(&mut body, self) {
            Ok(()) => body,
            Err(_) => Vec::new(),
        }
    }
}

impl Response<'_> {
    /// How many bytes the answer has: about, if it allows. A denial may be long, and writing it twice takes less memory than
    /// a body that grows.
    fn room(&self) -> usize {
        match &self.verdict {
            // Base64 makes four bytes of three; what stands around it is small.
            Verdict::Allow(patch) => patch.json_room() / 3 * 4 + 512,
            Verdict::Deny(_) => {
                let mut length = Length(0);
                serde_json::to_writer(&mut length, self).map_or(0, |()| length.0)
            }
        }
    }
}

/// Counts what is written to it.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Serialize for Response<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'w> {
            uid: &'w str,
            allowed: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            status: Option<WrittenStatus<'w>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            patch: Option<ByteString>,
            #[serde(skip_serializing_if = "Option::is_none")]
            patch_type: Option<&'static str>,
            audit_annotations: WrittenAnnotations<'w>,
            #[serde(skip_serializing_if = "<[String]>::is_empty")]
            warnings: &'w [String],
        }
        let patch = match self.patch() {
            Some(patch) => Some(patch.to_json().map_err(serde::ser::Error::custom)?),
            None => None,
        };
        let wire = Wire {
            uid: &self.uid,
            allowed: self.allowed(),
            status: self.denial().map(WrittenStatus::from),
            patch_type: patch.is_some().then_some("JSONPatch"),
            patch: patch.map(ByteString),
            audit_annotations: WrittenAnnotations(self),
            warnings: &self.warnings,
        };
        let mut review = serializer.serialize_struct("AdmissionReview", 3)?;
        review.serialize_field("apiVersion", self.version.api_version())?;
        review.serialize_field("kind", "AdmissionReview")?;
        review.serialize_field("response", &wire)?;
        review.end()
    }
}

struct WrittenAnnotations<'w>(&'w Response<'w>);

impl Serialize for WrittenAnnotations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.audit_annotations())
    }
}
