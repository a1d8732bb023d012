//! Reads an admission review in one pass over its bytes, borrowing what it keeps and skipping the rest.

mod json;
mod pod;
mod scanner;
mod workload;

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};

use crate::{
    Operation, Pod, Request, ReviewError, ReviewVersion, TemplateRequest,
    place::CONTENTS_FIELD,
    request::{Scope, scope},
    review_error::ReviewErrorKind,
    shown,
    template::Template,
    unknown_place,
    workload::{TemplateAt, WorkloadKind},
};

use json::Object;
pub(crate) use json::Text;
pub(crate) use pod::PodWire;
use scanner::{Scanned, scan};
pub(crate) use workload::WorkloadWire;

/// Reads a review of a pod.
pub(crate) fn review(body: &[u8]) -> Result<Request<'_>, ReviewError> {
    let Checked { header, kind, object, old_object, keys, fault } = checked::<PodWire<'_>>(body)?;
    header.check_kind(&kind.group.0, &kind.kind.0)?;
    if header.scope() == Scope::Unrelated {
        return header.into_request(None, None);
    }
    if let Some(fault) = fault {
        return Err(header.error(fault.in_field("pod", || field_of_wrong_type::<PodWire<'_>>(body))));
    }
    let (mut pod, old_pod) = (object, old_object);
    if let Some(pod) = &mut pod {
        let met = pod.keys + old_pod.as_ref().map_or(0, |old| old.keys);
        if keys != Some(met) {
            pod.pod.unknown_places = unknown_place::find(body, TemplateAt::Itself);
        }
    }
    header.into_request(pod.map(|wire| wire.pod), old_pod.map(|wire| wire.pod))
}

/// Reads a review of an object with a pod template.
pub(crate) fn template_review(body: &[u8]) -> Result<TemplateRequest<'_>, ReviewError> {
    let Checked { header, kind, object, old_object, keys, fault } = checked::<WorkloadWire<'_>>(body)?;
    let Some(kind) = header.workload_kind(&kind.group.0, &kind.version.0, &kind.kind.0)? else {
        return header.into_template_request(None, None);
    };
    if let Some(fault) = fault {
        let field = || field_of_wrong_type::<WorkloadWire<'_>>(body);
        return Err(header.error(fault.in_field(kind.as_str(), field)));
    }
    let (mut template, met) = object.map(|wire| wire.of_kind(kind)).unzip();
    let (old, met_in_old) = old_object.map(|wire| wire.of_kind(kind)).unzip();
    if let Some(template) = &mut template {
        if keys != Some(met.unwrap_or(0) + met_in_old.unwrap_or(0)) {
            template.unknown_places = unknown_place::find(body, kind.template_at());
        }
        template.compare(old.as_ref(), || same_template(body, kind));
    }
    header.into_template_request(template, old)
}

/// Whether the template of the object is that of the old object, in every field and written in the same order.
fn same_template(body: &[u8], kind: WorkloadKind) -> bool {
    let at = |object: &str| {
        let pointer = format!("/request/{object}{}", kind.template_pointer());
        let mut template = Vec::new();
        let at = At { pointer: &pointer, template: &mut template };
        at.deserialize(&mut serde_json::Deserializer::from_slice(body)).ok()?;
        (!template.is_empty()).then_some(template)
    };
    at("object").is_some_and(|template| Some(template) == at("oldObject"))
}

/// Copies the value that a pointer leads to, by objects alone. Of a key that stands twice it copies both, which is then no
/// template of anybody.
struct At<'w> {
    pointer: &'w str,
    template: &'w mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.pointer.is_empty() {
            true => unknown_place::Copied(self.template).deserialize(deserializer),
            false => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let segment = self.pointer.split('/').nth(1).unwrap_or_default();
        let pointer = self.pointer.get(1 + segment.len()..).unwrap_or_default();
        while let Some(Text(key)) = map.next_key()? {
            match key == segment {
                true => map.next_value_seed(At { pointer, template: self.template })?,
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The reader stops at a line and a column; people know the field better.
fn field_of_wrong_type<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<String> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let error = serde_path_to_error::deserialize::<_, Review<'a, T>>(&mut reader).err()?;
    let path = error.path().to_string();
    path.strip_prefix("request.object.").map(str::to_owned)
}

/// A review whose header makes sense.
struct Checked<'a, T> {
    header: Header<'a>,
    kind: Kind<'a>,
    object: Option<T>,
    old_object: Option<T>,
    /// How many keys of the whole review start like a gMSA field. Where nobody counted, they are searched for.
    keys: Option<usize>,
    /// Why the objects could not be read; then neither is there. That matters only where they are looked at.
    fault: Option<ReviewErrorKind>,
}

fn checked<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<Checked<'a, T>, ReviewError> {
    if let Some(Scanned { value: Object(review), keys }) = scan(body, CONTENTS_FIELD) {
        return Header::check(review, Some(keys));
    }
    let error = match serde_json::from_slice(body) {
        Ok(Object(review)) => return Header::check(review, None),
        Err(error) => error,
    };
    let fault = ReviewErrorKind::of_json(&error);
    // The answer needs the uid, so read what stands around the objects.
    let Ok(Object(review)) = serde_json::from_slice::<Object<Review<'a, IgnoredAny>>>(body) else {
        return Err(ReviewError::new(fault));
    };
    let Checked { header, kind, .. } = Header::check(review, None)?;
    Ok(Checked { header, kind, object: None, old_object: None, keys: None, fault: Some(fault) })
}

/// What a request says besides its objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Header<'a> {
    pub(crate) uid: Cow<'a, str>,
    pub(crate) version: ReviewVersion,
    pub(crate) operation: Operation,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub(crate) sub_resource: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub(crate) namespace: Cow<'a, str>,
}

impl<'a> Header<'a> {
    fn check<T>(review: Review<'a, T>, keys: Option<usize>) -> Result<Checked<'a, T>, ReviewError> {
        let is_review = review.kind.as_ref().is_some_and(|kind| kind.0 == "AdmissionReview");
        let api_version = review.api_version.unwrap_or_default().0;
        let version = ReviewVersion::parse(&api_version);
        let Some(Object(request)) = review.request else {
            let kind = if is_review { ReviewErrorKind::NoRequest } else { ReviewErrorKind::NotAReview };
            return Err(ReviewError::new(kind).with_uid("", version.unwrap_or_default()));
        };
        let uid = request.uid.unwrap_or_default().0;
        let error = |kind| ReviewError::new(kind).with_uid(&uid, version.unwrap_or_default());
        if uid.is_empty() {
            return Err(error(ReviewErrorKind::NoUid));
        }
        if !is_review {
            return Err(error(ReviewErrorKind::NotAReview));
        }
        let Some(version) = version else {
            return Err(error(ReviewErrorKind::Version(shown::name(&api_version).into_owned())));
        };

        let operation = request.operation.unwrap_or_default().0;
        let operation = match operation.as_ref() {
            "CREATE" => Operation::Create,
            "UPDATE" => Operation::Update,
            "DELETE" => Operation::Delete,
            "CONNECT" => Operation::Connect,
            _ => return Err(error(ReviewErrorKind::Operation(shown::name(&operation).into_owned()))),
        };
        let sub_resource = request.sub_resource.unwrap_or_default().0;
        let namespace = request.namespace.unwrap_or_default().0;
        let header = Header { uid, version, operation, sub_resource, namespace };
        let kind = request.kind.map(|Object(kind)| kind).unwrap_or_default();
        let (object, old_object) = (request.object, request.old_object);
        Ok(Checked { header, kind, object, old_object, keys, fault: None })
    }

    pub(crate) fn scope(&self) -> Scope {
        scope(self.operation, &self.sub_resource)
    }

    /// Refuses objects that are looked at and are no pods.
    pub(crate) fn check_kind(&self, group: &str, kind: &str) -> Result<(), ReviewError> {
        match (self.scope(), group, kind) {
            (Scope::Unrelated, _, _) | (_, "", "Pod") => Ok(()),
            (_, "", kind) => Err(self.error(ReviewErrorKind::NotAPod(shown::name(kind).into_owned()))),
            (_, group, kind) => {
                let kind = format!("{}.{}", shown::name(kind), shown::name(group));
                Err(self.error(ReviewErrorKind::NotAPod(kind)))
            }
        }
    }

    /// The kind of an object whose template is looked at, or `None` where none is.
    pub(crate) fn workload_kind(
        &self,
        group: &str,
        version: &str,
        kind: &str,
    ) -> Result<Option<WorkloadKind>, ReviewError> {
        if self.template_scope() == Scope::Unrelated {
            return Ok(None);
        }
        let known = WorkloadKind::of_type(group, version, kind);
        match known.filter(|kind| WorkloadKind::templated().any(|templated| templated == *kind)) {
            Some(kind) => Ok(Some(kind)),
            None => {
                let api_version =
                    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
                let (kind, version) =
                    (shown::name(kind).into_owned(), shown::name(&api_version).into_owned());
                Err(self.error(ReviewErrorKind::NoTemplate { kind, version }))
            }
        }
    }

    /// Only the object itself has a template, and only the two operations that store it.
    pub(crate) fn template_scope(&self) -> Scope {
        match self.sub_resource.is_empty() {
            true => self.scope(),
            false => Scope::Unrelated,
        }
    }

    pub(crate) fn into_template_request(
        self,
        template: Option<Template<'a>>,
        old_template: Option<Template<'a>>,
    ) -> Result<TemplateRequest<'a>, ReviewError> {
        if self.uid.is_empty() {
            return Err(self.error(ReviewErrorKind::NoUid));
        }
        let (template, old_template): (Option<Template<'a>>, _) =
            match (self.template_scope(), template, old_template) {
                (Scope::Unrelated, _, _) => (None, None),
                (_, None, _) => return Err(self.error(ReviewErrorKind::NoObject("object"))),
                (Scope::Update, _, None) => return Err(self.error(ReviewErrorKind::NoObject("oldObject"))),
                (Scope::Update, template, old) => (template, old),
                (_, Some(template), _) => (Some(Template { is_new: true, ..template }), None),
            };
        Ok(TemplateRequest { header: self, template, old_template })
    }

    pub(crate) fn error(&self, kind: ReviewErrorKind) -> ReviewError {
        ReviewError::new(kind).with_uid(&self.uid, self.version)
    }

    pub(crate) fn into_request(
        self,
        pod: Option<Pod<'a>>,
        old_pod: Option<Pod<'a>>,
    ) -> Result<Request<'a>, ReviewError> {
        if self.uid.is_empty() {
            return Err(self.error(ReviewErrorKind::NoUid));
        }
        let (pod, old_pod) = match self.scope() {
            Scope::Unrelated => (None, None),
            Scope::Create if pod.is_none() => return Err(self.error(ReviewErrorKind::NoObject("object"))),
            Scope::Create => (pod, None),
            Scope::Update | Scope::EphemeralContainers => match (pod, old_pod) {
                (None, _) => return Err(self.error(ReviewErrorKind::NoObject("object"))),
                (_, None) => return Err(self.error(ReviewErrorKind::NoObject("oldObject"))),
                both => both,
            },
        };
        let Self { uid, version, operation, sub_resource, namespace } = self;
        Ok(Request { uid, version, operation, sub_resource, namespace, pod, old_pod })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
struct Review<'a, T> {
    #[serde(borrow)]
    api_version: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    request: Option<Object<RequestWire<'a, T>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
struct RequestWire<'a, T> {
    #[serde(borrow)]
    uid: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Object<Kind<'a>>>,
    #[serde(borrow)]
    operation: Option<Text<'a>>,
    #[serde(borrow)]
    sub_resource: Option<Text<'a>>,
    #[serde(borrow)]
    namespace: Option<Text<'a>>,
    object: Option<T>,
    old_object: Option<T>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Kind<'a> {
    #[serde(borrow)]
    group: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
    #[serde(borrow)]
    kind: Text<'a>,
}
