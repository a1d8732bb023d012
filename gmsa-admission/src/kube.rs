//! Conversions from and to kube-core's admission types.

use std::borrow::Cow;

use k8s_openapi::api::core::v1::{self as core, WindowsSecurityContextOptions};
use kube_core::{
    DynamicObject, Resource,
    admission::{AdmissionRequest, AdmissionResponse, Operation as KubeOperation},
};
use serde::Deserialize;

use crate::{
    ContainerList, GmsaFields, Operation, Place, Pod, Request, Response, ReviewError, ReviewVersion,
    TemplateRequest,
    read::{Header, PodWire, WorkloadWire},
    request::Scope,
    review_error::ReviewErrorKind,
    unknown_place,
    workload::TemplateAt,
};

/// Reads kube-core's typed request.
///
/// Fields that the chosen version of k8s-openapi does not know are gone by then, and with them any gMSA field at
/// a new place: [`Request::from_slice`] and the `DynamicObject` form notice those, this one cannot.
///
/// # Errors
///
/// [`ReviewError`] if the request has no uid, is about another kind, or lacks the object that its operation
/// has. Where it has a uid, the error carries the answer: see [`ReviewError::into_response`].
impl<'a> TryFrom<&'a AdmissionRequest<core::Pod>> for Request<'a> {
    type Error = ReviewError;

    fn try_from(request: &'a AdmissionRequest<core::Pod>) -> Result<Self, ReviewError> {
        let header = header(request);
        header.check_kind(&request.kind.group, &request.kind.kind)?;
        let pod = request.object.as_ref().map(typed_pod);
        let old_pod = request.old_object.as_ref().map(typed_pod);
        header.into_request(pod, old_pod)
    }
}

/// Reads kube-core's untyped request.
///
/// # Errors
///
/// [`ReviewError`] if the request has no uid, is about another kind, lacks the object that its operation has, or
/// has one that is no pod. Where it has a uid, the error carries the answer: see [`ReviewError::into_response`].
impl<'a> TryFrom<&'a AdmissionRequest<DynamicObject>> for Request<'a> {
    type Error = ReviewError;

    fn try_from(request: &'a AdmissionRequest<DynamicObject>) -> Result<Self, ReviewError> {
        let header = header(request);
        header.check_kind(&request.kind.group, &request.kind.kind)?;
        if header.scope() == Scope::Unrelated {
            return header.into_request(None, None);
        }
        let read = |object: Option<&'a DynamicObject>, field| {
            object
                .map(dynamic_pod)
                .transpose()
                .map_err(|_| header.error(ReviewErrorKind::Object { field, owner: "pod" }))
        };
        let mut pod = read(request.object.as_ref(), "object")?;
        let old_pod = read(request.old_object.as_ref(), "oldObject")?;
        if let (Some(pod), Some(object)) = (&mut pod, &request.object) {
            let old = request.old_object.as_ref().map(|object| &object.data);
            pod.unknown_places = unknown_place::find_in(&object.data, old, TemplateAt::Itself);
        }
        header.into_request(pod, old_pod)
    }
}

/// Reads kube-core's untyped request about an object with a pod template. The untyped form is the one for all kinds,
/// and keeps fields that the chosen version of k8s-openapi does not know.
///
/// # Errors
///
/// [`ReviewError`] if the request has no uid, or, where it can bring in a template, if it is about none of the
/// [kinds](crate::workload::WorkloadKind::templated) that have one, or its object is missing or cannot be read. Where
/// there is a uid, the error carries the answer: see [`ReviewError::into_response`].
impl<'a> TryFrom<&'a AdmissionRequest<DynamicObject>> for TemplateRequest<'a> {
    type Error = ReviewError;

    fn try_from(request: &'a AdmissionRequest<DynamicObject>) -> Result<Self, ReviewError> {
        let header = header(request);
        let types = &request.kind;
        let Some(kind) = header.workload_kind(&types.group, &types.version, &types.kind)? else {
            return header.into_template_request(None, None);
        };
        let read = |object: Option<&'a DynamicObject>, field| {
            let Some(object) = object else { return Ok(None) };
            let wire = WorkloadWire::deserialize(&object.data)
                .map_err(|_| header.error(ReviewErrorKind::Object { field, owner: kind.as_str() }))?;
            let text = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
            let metadata = &object.metadata;
            Ok(Some(wire.named(kind, text(&metadata.name), text(&metadata.generate_name)).0))
        };
        let (new, old) = (request.object.as_ref(), request.old_object.as_ref());
        let (mut template, old_template) = (read(new, "object")?, read(old, "oldObject")?);
        if let (Some(template), Some(new)) = (&mut template, new) {
            let old = old.map(|object| &object.data);
            template.unknown_places = unknown_place::find_in(&new.data, old, kind.template_at());
            let at = |object: &'a serde_json::Value| object.pointer(kind.template_pointer());
            template.compare(old_template.as_ref(), || old.is_some_and(|old| at(old) == at(&new.data)));
        }
        header.into_template_request(template, old_template)
    }
}

impl Response<'_> {
    /// The same answer as kube-core's type, made from `base`: `AdmissionResponse::from(&request)`.
    ///
    /// kube-core writes `patch` as an array of numbers, which API servers accept today; [`Response::to_vec`]
    /// writes base64, as the API documents.
    ///
    /// # Errors
    ///
    /// A [`serde_json::Error`] if a part of the answer does not fit kube-core's types; none is known.
    ///
    /// ```
    /// use gmsa_admission::{Facts, Policy, Request, validate};
    /// use k8s_openapi::api::core::v1::Pod;
    /// use kube_core::admission::{AdmissionRequest, AdmissionResponse, AdmissionReview};
    ///
    /// let body = r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
    ///     "uid": "705ab4f5", "operation": "CREATE", "namespace": "team-a", "name": "web", "userInfo": {}, "dryRun": false,
    ///     "kind": {"group": "", "version": "v1", "kind": "Pod"},
    ///     "resource": {"group": "", "version": "v1", "resource": "pods"},
    ///     "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": []}}}}"#;
    /// let review: AdmissionReview<Pod> = serde_json::from_str(body)?;
    /// let review: AdmissionRequest<Pod> = review.try_into()?;
    ///
    /// let request = Request::try_from(&review)?;
    /// let response = validate(&request, &Policy::default()).respond(&Facts::default());
    /// let answer = response.into_kube(AdmissionResponse::from(&review))?;
    /// assert!(answer.allowed);
    /// assert_eq!(answer.uid, "705ab4f5");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_kube(self, base: AdmissionResponse) -> Result<AdmissionResponse, serde_json::Error> {
        let mut response = base;
        self.uid().clone_into(&mut response.uid);
        response.allowed = self.allowed();
        response.warnings = (!self.warnings().is_empty()).then(|| self.warnings().to_vec());
        response.audit_annotations =
            self.audit_annotations().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        if let Some(denial) = self.denial() {
            response.result = serde_json::from_value(serde_json::to_value(denial.to_status())?)?;
        }
        match self.patch() {
            Some(patch) => {
                let patch = serde_json::from_value(serde_json::to_value(patch)?)?;
                response.with_patch(patch).map_err(serde::ser::Error::custom)
            }
            None => Ok(response),
        }
    }
}

fn header<T: Resource>(request: &AdmissionRequest<T>) -> Header<'_> {
    Header {
        uid: Cow::Borrowed(&request.uid),
        // kube-core leaves the types empty unless the request came out of its review.
        version: ReviewVersion::parse(&request.types.api_version).unwrap_or_default(),
        operation: match request.operation {
            KubeOperation::Create => Operation::Create,
            KubeOperation::Update => Operation::Update,
            KubeOperation::Delete => Operation::Delete,
            KubeOperation::Connect => Operation::Connect,
        },
        sub_resource: Cow::Borrowed(request.sub_resource.as_deref().unwrap_or_default()),
        namespace: Cow::Borrowed(request.namespace.as_deref().unwrap_or_default()),
    }
}

fn dynamic_pod(object: &DynamicObject) -> Result<Pod<'_>, serde_json::Error> {
    let PodWire { pod, .. } = PodWire::deserialize(&object.data)?;
    Ok(named(pod, object.metadata.name.as_deref(), object.metadata.generate_name.as_deref()))
}

fn named<'a>(pod: Pod<'a>, name: Option<&'a str>, generate_name: Option<&'a str>) -> Pod<'a> {
    let text = |text: Option<&'a str>| Cow::Borrowed(text.unwrap_or_default());
    Pod { name: text(name), generate_name: text(generate_name), ..pod }
}

fn typed_pod(object: &core::Pod) -> Pod<'_> {
    let mut pod =
        named(Pod::default(), object.metadata.name.as_deref(), object.metadata.generate_name.as_deref());
    let Some(spec) = &object.spec else { return pod };
    pod.service_account = Cow::Borrowed(spec.service_account_name.as_deref().unwrap_or_default());
    pod.hostname = Cow::Borrowed(spec.hostname.as_deref().unwrap_or_default());
    pod.os = spec.os.as_ref().map(|os| Cow::Borrowed(os.name.as_str())).unwrap_or_default();
    let pod_options = spec.security_context.as_ref().and_then(|context| context.windows_options.as_ref());
    pod.host_process = pod_options.and_then(|options| options.host_process);
    pod.gmsa.extend(pod_options.and_then(|options| typed_fields(Place::Pod, "", options)));
    for list in ContainerList::ALL {
        for (index, (name, context)) in typed_containers(spec, list).enumerate() {
            let options = context.and_then(|context| context.windows_options.as_ref());
            let place = Place::Container { list, index };
            pod.gmsa.extend(options.and_then(|options| typed_fields(place, name, options)));
        }
    }
    let ephemeral = typed_containers(spec, ContainerList::EphemeralContainers);
    pod.ephemeral_containers = ephemeral.map(|(name, _)| Cow::Borrowed(name)).collect();
    pod
}

type NamedContext<'a> = (&'a str, Option<&'a core::SecurityContext>);

fn typed_containers<'a>(
    spec: &'a core::PodSpec,
    list: ContainerList,
) -> Box<dyn Iterator<Item = NamedContext<'a>> + 'a> {
    let container =
        |container: &'a core::Container| (container.name.as_str(), container.security_context.as_ref());
    match list {
        ContainerList::Containers => Box::new(spec.containers.iter().map(container)),
        ContainerList::InitContainers => Box::new(spec.init_containers.iter().flatten().map(container)),
        ContainerList::EphemeralContainers => Box::new(
            spec.ephemeral_containers
                .iter()
                .flatten()
                .map(|container| (container.name.as_str(), container.security_context.as_ref())),
        ),
    }
}

fn typed_fields<'a>(
    place: Place,
    container: &'a str,
    options: &'a WindowsSecurityContextOptions,
) -> Option<GmsaFields<'a>> {
    let name = options.gmsa_credential_spec_name.as_deref().map(Cow::Borrowed);
    let contents = options.gmsa_credential_spec.as_deref().map(Cow::Borrowed);
    let host_process = options.host_process;
    (name.is_some() || contents.is_some()).then_some(GmsaFields {
        place,
        container: Cow::Borrowed(container),
        name,
        contents,
        host_process,
    })
}
