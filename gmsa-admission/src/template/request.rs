use serde::{Deserialize, Serialize};

use crate::{
    Operation, Pod, ReviewError, ReviewVersion,
    read::{self, Header},
    workload::WorkloadKind,
};

/// One admission request about an object with a pod template, as far as gMSA is concerned.
///
/// It is made like a [`Request`](crate::Request): by [`from_slice`](Self::from_slice) from the body that the API server
/// posts, or with feature `kube` by `TryFrom<&AdmissionRequest<DynamicObject>>`. It is a serde value too, whose form
/// carries contents of credential specs; `Debug` never does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Replayed<'_>")]
pub struct TemplateRequest<'a> {
    #[serde(flatten)]
    pub(crate) header: Header<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) template: Option<Template<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) old_template: Option<Template<'a>>,
}

/// A request as it stands in a file, where it may be anything.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replayed<'a> {
    #[serde(flatten)]
    header: Header<'a>,
    template: Option<Template<'a>>,
    old_template: Option<Template<'a>>,
}

impl<'a> TryFrom<Replayed<'a>> for TemplateRequest<'a> {
    type Error = ReviewError;

    fn try_from(replayed: Replayed<'a>) -> Result<Self, ReviewError> {
        let Replayed { header, template, old_template } = replayed;
        let sorted = |template: Template<'a>| Template { pod: template.pod.replayed(), ..template };
        header.into_template_request(template.map(sorted), old_template.map(sorted))
    }
}

/// A pod template, as far as gMSA is concerned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Template<'a> {
    pub(crate) kind: WorkloadKind,
    /// The pod that the controller makes of it.
    pub(crate) pod: Pod<'a>,
    /// The controller gives each pod a hostname of its own.
    pub(crate) names_hosts: bool,
    /// The controller runs several pods at a time.
    pub(crate) makes_several: bool,
    /// Not the template that the object had before.
    pub(crate) is_new: bool,
    /// JSON pointers, from the root of the object, of gMSA fields at unknown places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unknown_places: Vec<String>,
}

impl Template<'_> {
    /// Finds out whether this is the template that there was. `same` compares the two in every field; it is asked
    /// only if that is not plain already.
    pub(crate) fn compare(&mut self, old: Option<&Self>, same: impl FnOnce() -> bool) {
        self.is_new = !old.is_some_and(|old| {
            let same_fields =
                (&self.pod.gmsa, self.pod.service_account()) == (&old.pod.gmsa, old.pod.service_account());
            same_fields && (self.pod.gmsa.is_empty() || same())
        });
    }
}

impl<'a> TemplateRequest<'a> {
    /// Reads the body of an admission webhook call about a Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob
    /// or ReplicationController. What has nothing to do with gMSA is skipped, not stored.
    ///
    /// # Errors
    ///
    /// [`ReviewError`] if the body is not a review of such an object, in the version that API servers serve, that can
    /// be read without doubt; pods and all other kinds included. Where the uid was readable, the error carries the
    /// answer, a denial with code 400: see [`ReviewError::into_response`].
    ///
    /// ```
    /// use gmsa_admission::TemplateRequest;
    ///
    /// let body = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
    ///     "uid": "705ab4f5", "operation": "CREATE", "namespace": "team-a",
    ///     "kind": {"group": "", "version": "v1", "kind": "Service"}, "object": {}}}"#;
    /// let error = TemplateRequest::from_slice(body).unwrap_err();
    /// assert_eq!(error.to_string(), "expected an object with a pod template, got a Service of `v1`");
    /// ```
    pub fn from_slice(body: &'a [u8]) -> Result<Self, ReviewError> {
        read::template_review(body)
    }

    /// The identifier that the answer must repeat.
    pub fn uid(&self) -> &str {
        &self.header.uid
    }

    /// The version of the review, in which the answer is written.
    pub fn version(&self) -> ReviewVersion {
        self.header.version
    }

    /// What the request does.
    pub fn operation(&self) -> Operation {
        self.header.operation
    }

    /// The subresource that the request is about, such as `scale`; empty for the object itself.
    pub fn sub_resource(&self) -> &str {
        &self.header.sub_resource
    }

    /// The namespace, which is also that of the pods and their service account.
    pub fn namespace(&self) -> &str {
        &self.header.namespace
    }

    /// The kind of the object. `None` for requests that cannot bring in a template.
    pub fn kind(&self) -> Option<WorkloadKind> {
        self.template.as_ref().map(|template| template.kind)
    }

    /// The pod that the controller will make of the template: with the name or the `generateName` of the controller's
    /// form, and the service account `default` if the template names none. Its places are relative to the template:
    /// put [`WorkloadKind::template_pointer`] in front. `None` for requests that cannot bring in a template.
    pub fn pod(&self) -> Option<&Pod<'a>> {
        self.template.as_ref().map(|template| &template.pod)
    }

    /// The same of the template as it is, on updates.
    pub fn old_pod(&self) -> Option<&Pod<'a>> {
        self.old_template.as_ref().map(|template| &template.pod)
    }

    /// JSON pointers (RFC 6901), from the root of the object, of gMSA fields at places that this version does not
    /// know.
    pub fn unknown_places(&self) -> &[String] {
        self.template.as_ref().map_or(&[], |template| &template.unknown_places)
    }
}
