//! Reads an admission review in one pass over its bytes, borrowing what it keeps and skipping the rest.

mod json;
mod pod;

use std::borrow::Cow;

use serde::{Deserialize, de::IgnoredAny};

use crate::{
    Operation, Pod, Request, ReviewError, ReviewVersion,
    api_server::{FieldError, FieldErrorKind, check_pod},
    request::{Scope, scope},
    review_error::ReviewErrorKind,
    shown, unknown_place,
};

use json::{Object, Text};
pub(crate) use pod::PodWire;

pub(crate) fn review(body: &[u8]) -> Result<Request<'_>, ReviewError> {
    let review: Review<'_, PodWire<'_>> = match serde_json::from_slice(body) {
        Ok(Object(review)) => review,
        Err(error) => return review_without_objects(body, &error),
    };
    let request = Header::check(review)?;
    let (mut pod, old_pod) = (request.object, request.old_object);
    let scope = request.header.scope();
    if let (Some(pod), true) = (&mut pod, scope != Scope::Unrelated) {
        let met = pod.keys + old_pod.as_ref().map_or(0, |old| old.keys);
        if unknown_place::is_possible(body, met) {
            pod.pod.unknown_places = unknown_place::find(body);
        }
    }
    request.header.into_request(pod.map(|wire| wire.pod), old_pod.map(|wire| wire.pod))
}

/// The objects could not be read. That does not matter where they are not looked at; elsewhere the answer needs
/// the uid, so read what stands around them.
fn review_without_objects<'a>(body: &'a [u8], error: &serde_json::Error) -> Result<Request<'a>, ReviewError> {
    let fault = ReviewErrorKind::of_json(error);
    let Ok(Object(review)) = serde_json::from_slice::<Object<Review<'a, IgnoredAny>>>(body) else {
        return Err(ReviewError::new(fault));
    };
    let header = Header::check(review)?.header;
    match (header.scope(), fault) {
        (Scope::Unrelated, _) => header.into_request(None, None),
        (_, ReviewErrorKind::Data { line, column, .. }) => {
            Err(header.error(ReviewErrorKind::Data { line, column, field: field_of_wrong_type(body) }))
        }
        (_, fault) => Err(header.error(fault)),
    }
}

/// The reader stops at a line and a column; people know the field better.
fn field_of_wrong_type(body: &[u8]) -> Option<String> {
    let review: serde_json::Value = serde_json::from_slice(body).ok()?;
    let errors = check_pod(review.pointer("/request/object")?);
    errors.iter().find(|error| error.kind() == FieldErrorKind::TypeInvalid).map(FieldError::path)
}

/// What a request says besides its objects.
pub(crate) struct Header<'a> {
    pub(crate) uid: Cow<'a, str>,
    pub(crate) version: ReviewVersion,
    pub(crate) operation: Operation,
    pub(crate) sub_resource: Cow<'a, str>,
    pub(crate) namespace: Cow<'a, str>,
}

struct Checked<'a, T> {
    header: Header<'a>,
    object: Option<T>,
    old_object: Option<T>,
}

impl<'a> Header<'a> {
    fn check<T>(review: Review<'a, T>) -> Result<Checked<'a, T>, ReviewError> {
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
        header.check_kind(&kind.group.0, &kind.kind.0)?;
        Ok(Checked { header, object: request.object, old_object: request.old_object })
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
    kind: Text<'a>,
}
