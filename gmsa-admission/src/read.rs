//! Reads an admission review in one pass over its bytes, borrowing what it keeps and skipping the rest.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use crate::{
    ContainerList, GmsaFields, Operation, Place, Pod, Request, ReviewError, ReviewVersion,
    place::{CONTENTS_FIELD, NAME_FIELD},
    request::{Scope, scope},
    review_error::ReviewErrorKind,
    unknown_place,
};

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
    let place = ReviewErrorKind::of_json(error);
    let Ok(Object(review)) = serde_json::from_slice::<Object<Review<'a, IgnoredAny>>>(body) else {
        return Err(ReviewError::new(place));
    };
    let header = Header::check(review)?.header;
    match header.scope() {
        Scope::Unrelated => header.into_request(None, None),
        _ => Err(header.error(place)),
    }
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
        let Some(Object(request)) = review.request else {
            return Err(match is_review {
                true => ReviewError::new(ReviewErrorKind::NoRequest),
                false => ReviewError::new(ReviewErrorKind::NotAReview),
            });
        };
        let uid = match request.uid {
            Some(Text(uid)) if !uid.is_empty() => uid,
            _ => return Err(ReviewError::new(ReviewErrorKind::NoUid)),
        };
        let error = |kind| ReviewError::new(kind).with_uid(&uid, ReviewVersion::V1);
        if !is_review {
            return Err(error(ReviewErrorKind::NotAReview));
        }
        let version = review.api_version.unwrap_or_default().0;
        let version = ReviewVersion::parse(&version)
            .ok_or_else(|| error(ReviewErrorKind::Version(version.into_owned())))?;
        let error = |kind| ReviewError::new(kind).with_uid(&uid, version);

        let operation = request.operation.unwrap_or_default().0;
        let operation = match operation.as_ref() {
            "CREATE" => Operation::Create,
            "UPDATE" => Operation::Update,
            "DELETE" => Operation::Delete,
            "CONNECT" => Operation::Connect,
            _ => return Err(error(ReviewErrorKind::Operation(operation.into_owned()))),
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
            (_, "", kind) => Err(self.error(ReviewErrorKind::NotAPod(kind.to_owned()))),
            (_, group, kind) => Err(self.error(ReviewErrorKind::NotAPod(format!("{kind}.{group}")))),
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

/// A struct that is written as a JSON object. Serde's own structs can be read from arrays as well, which no API
/// server sends and no patch would fit.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// A string that borrows from the input unless it has escapes.
#[derive(Deserialize, Default)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A pod, read from JSON or from a `serde_json::Value`.
pub(crate) struct PodWire<'a> {
    pub(crate) pod: Pod<'a>,
    /// How many gMSA keys the visitor met, `null` ones included.
    pub(crate) keys: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for PodWire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(ObjectWire { metadata, spec }) = Object::deserialize(deserializer)?;
        let metadata = metadata.map(|Object(metadata)| metadata).unwrap_or_default();
        let SpecWire { mut pod, keys } = spec.unwrap_or_default();
        pod.name = metadata.name.unwrap_or_default().0;
        pod.generate_name = metadata.generate_name.unwrap_or_default().0;
        Ok(Self { pod, keys })
    }
}

#[derive(Deserialize)]
struct ObjectWire<'a> {
    #[serde(borrow)]
    metadata: Option<Object<MetadataWire<'a>>>,
    #[serde(borrow)]
    spec: Option<SpecWire<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct MetadataWire<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    generate_name: Option<Text<'a>>,
}

#[derive(Default)]
struct SpecWire<'a> {
    pod: Pod<'a>,
    keys: usize,
}

/// A key of a pod's `spec`. The container lists come from [`ContainerList`] and are named nowhere else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SpecKey {
    Containers(ContainerList),
    SecurityContext,
    ServiceAccountName,
    Hostname,
    Os,
    Other,
}

impl<'de> Deserialize<'de> for SpecKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = SpecKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<SpecKey, E> {
                Ok(match key {
                    "securityContext" => SpecKey::SecurityContext,
                    "serviceAccountName" => SpecKey::ServiceAccountName,
                    "hostname" => SpecKey::Hostname,
                    "os" => SpecKey::Os,
                    _ => ContainerList::ALL
                        .into_iter()
                        .find(|list| list.field() == key)
                        .map_or(SpecKey::Other, SpecKey::Containers),
                })
            }
        }
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for SpecWire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpecVisitor;
        impl<'de> Visitor<'de> for SpecVisitor {
            type Value = SpecWire<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pod's spec")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SpecWire<'de>, A::Error> {
                let mut spec = SpecWire::default();
                let mut seen: [Option<SpecKey>; 8] = [None; 8];
                while let Some(key) = map.next_key::<SpecKey>()? {
                    if key == SpecKey::Other {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    // Which of two equal keys counts depends on the reader, so neither does.
                    if seen.contains(&Some(key)) {
                        return Err(de::Error::custom("duplicate key in the pod's spec"));
                    }
                    if let Some(free) = seen.iter_mut().find(|slot| slot.is_none()) {
                        *free = Some(key);
                    }
                    spec.take(key, &mut map)?;
                }
                spec.pod.gmsa.sort_unstable_by_key(|fields| fields.place);
                Ok(spec)
            }
        }
        deserializer.deserialize_map(SpecVisitor)
    }
}

impl<'de> SpecWire<'de> {
    fn take<A: MapAccess<'de>>(&mut self, key: SpecKey, map: &mut A) -> Result<(), A::Error> {
        let text = |value: Option<Text<'de>>| value.unwrap_or_default().0;
        match key {
            SpecKey::Containers(list) => map.next_value_seed(Containers { list, spec: self })?,
            SpecKey::SecurityContext => {
                let options = map
                    .next_value::<Option<Object<SecurityContext<'de>>>>()?
                    .and_then(|Object(context)| context.windows_options);
                if let Some(options) = options {
                    self.pod.host_process = options.host_process;
                    self.add(Place::Pod, Cow::Borrowed(""), options);
                }
            }
            SpecKey::ServiceAccountName => self.pod.service_account = text(map.next_value()?),
            SpecKey::Hostname => self.pod.hostname = text(map.next_value()?),
            SpecKey::Os => {
                self.pod.os =
                    text(map.next_value::<Option<Object<Os<'de>>>>()?.and_then(|Object(os)| os.name));
            }
            SpecKey::Other => {}
        }
        Ok(())
    }

    fn add(&mut self, place: Place, container: Cow<'de, str>, options: WindowsOptions<'de>) {
        let WindowsOptions { name, contents, host_process } = options;
        self.keys += usize::from(name.is_some()) + usize::from(contents.is_some());
        let value = |field: Option<Option<Text<'de>>>| field.flatten().map(|text| text.0);
        let (name, contents) = (value(name), value(contents));
        if name.is_some() || contents.is_some() {
            self.pod.gmsa.push(GmsaFields { place, container, name, contents, host_process });
        }
    }
}

/// Reads a list of containers into the pod, keeping only those with gMSA fields.
struct Containers<'s, 'de> {
    list: ContainerList,
    spec: &'s mut SpecWire<'de>,
}

impl<'de> DeserializeSeed<'de> for Containers<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Containers<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of containers")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { list, spec } = self;
        let mut index = 0;
        while let Some(Object(container)) = seq.next_element::<Object<Container<'de>>>()? {
            let name = container.name.unwrap_or_default().0;
            if list == ContainerList::EphemeralContainers {
                spec.pod.ephemeral_containers.push(name.clone());
            }
            if let Some(options) =
                container.security_context.and_then(|Object(context)| context.windows_options)
            {
                spec.add(Place::Container { list, index }, name, options);
            }
            index += 1;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    security_context: Option<Object<SecurityContext<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecurityContext<'a> {
    #[serde(borrow)]
    windows_options: Option<WindowsOptions<'a>>,
}

/// The outer option of a field tells whether the key is there, the inner one whether it is not `null`.
struct WindowsOptions<'a> {
    name: Option<Option<Text<'a>>>,
    contents: Option<Option<Text<'a>>>,
    host_process: Option<bool>,
}

impl<'de: 'a, 'a> Deserialize<'de> for WindowsOptions<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OptionsVisitor;
        impl<'de> Visitor<'de> for OptionsVisitor {
            type Value = WindowsOptions<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("windowsOptions")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WindowsOptions<'de>, A::Error> {
                let mut options = WindowsOptions { name: None, contents: None, host_process: None };
                let mut host_process = None;
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    let again = match key.0.as_ref() {
                        NAME_FIELD => options.name.replace(map.next_value()?).is_some(),
                        CONTENTS_FIELD => options.contents.replace(map.next_value()?).is_some(),
                        "hostProcess" => host_process.replace(map.next_value()?).is_some(),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            false
                        }
                    };
                    if again {
                        return Err(de::Error::custom("duplicate key in windowsOptions"));
                    }
                }
                options.host_process = host_process.flatten();
                Ok(options)
            }
        }
        deserializer.deserialize_map(OptionsVisitor)
    }
}

#[derive(Deserialize)]
struct Os<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}
