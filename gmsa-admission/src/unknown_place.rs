//! Finds gMSA fields at places that the visitor does not know, so that a list of containers which a later
//! Kubernetes adds is denied rather than passed unseen.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
#[cfg(feature = "kube")]
use serde_json::Value;

use crate::{
    Place,
    place::{CONTENTS_FIELD, NAME_FIELD},
    read::Text,
    workload::TemplateAt,
};

/// The JSON pointers, within the object, of gMSA keys at unknown places in the review's `request.object`, which has
/// its pod at `template`. On an update, what stands in the old object just so brings in nothing and is left out.
pub(crate) fn find(body: &[u8], template: TemplateAt) -> Vec<String> {
    match template {
        TemplateAt::Itself => find_below::<Itself>(body),
        TemplateAt::Spec => find_below::<Spec>(body),
        TemplateAt::JobTemplate => find_below::<JobTemplate>(body),
    }
}

fn find_below<R: Root>(body: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    #[serde(bound(deserialize = "R: Root"))]
    struct Review<R> {
        request: Option<Request<R>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", bound(deserialize = "R: Root"))]
    struct Request<R> {
        object: Option<FoundBelow<R>>,
        old_object: Option<FoundBelow<R>>,
    }
    let found = |object: Option<FoundBelow<R>>| object.map(|object| object.found).unwrap_or_default();
    match serde_json::from_slice::<Review<R>>(body) {
        Ok(Review { request: Some(request) }) => found(request.object).new_since(&found(request.old_object)),
        Ok(Review { request: None }) => Vec::new(),
        // Nesting that is too deep to search may hide a key.
        Err(_) => vec!["/spec".to_owned()],
    }
}

/// The same between two objects that are at hand as JSON values.
#[cfg(feature = "kube")]
pub(crate) fn find_in(object: &Value, old_object: Option<&Value>, template: TemplateAt) -> Vec<String> {
    let found = |object: &Value| Found::read(object, template.pointer());
    match (found(object), old_object.map(found).transpose()) {
        (Ok(found), Ok(old)) => found.new_since(&old.unwrap_or_default()),
        _ => vec!["/spec".to_owned()],
    }
}

/// How the API server writes the path of a field: `/spec/sidecars/0/x` as `spec.sidecars[0].x`.
pub(crate) fn field_path(pointer: &str) -> String {
    let mut path = String::with_capacity(pointer.len());
    for segment in pointer.split('/').skip(1) {
        let is_index = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
        match (is_index, path.is_empty()) {
            (true, _) => path.extend(["[", segment, "]"]),
            (false, true) => path.push_str(segment),
            (false, false) => path.extend([".", segment]),
        }
    }
    path
}

/// More than these say no more, and could take far more room than the request.
const MOST_PLACES: usize = 16;
/// A longer pointer is cut.
const LONGEST_POINTER: usize = 512;

/// The keys found while reading a pod, and their values as compact JSON.
#[derive(Default)]
struct Found {
    places: Vec<(String, Vec<u8>)>,
    /// Something was left out, so that nothing can be said to be unchanged.
    partial: bool,
}

impl Found {
    fn new_since(self, old: &Self) -> Vec<String> {
        let comparable = !self.partial && !old.partial;
        let is_new = |place: &(String, Vec<u8>)| !(comparable && old.places.contains(place));
        let mut new: Vec<_> = self.places.into_iter().filter(is_new).map(|(pointer, _)| pointer).collect();
        // Readers give the keys of an object in different orders.
        new.sort_unstable();
        new
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D, template: &'static str) -> Result<Self, D::Error> {
        let mut found = Self::default();
        Walk { path: &mut Vec::new(), found: &mut found, template }.deserialize(deserializer)?;
        Ok(found)
    }
}

/// What leads from a value to one of its parts.
enum Segment<'de> {
    Key(Cow<'de, str>),
    Index(usize),
}

/// The JSON pointer (RFC 6901) of a path; of one that is too long, the start, and that there is more.
fn pointer(path: &[Segment<'_>]) -> (String, bool) {
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Index(index) => pointer.push_str(&index.to_string()),
            Segment::Key(key) => {
                for c in key.chars().take(LONGEST_POINTER + 1) {
                    match c {
                        '~' => pointer.push_str("~0"),
                        '/' => pointer.push_str("~1"),
                        c => pointer.push(c),
                    }
                }
            }
        }
        if pointer.len() > LONGEST_POINTER {
            let start = pointer.chars().take(LONGEST_POINTER).chain("...".chars()).collect();
            return (start, true);
        }
    }
    (pointer, false)
}

/// Where the pod stands in an object, for a reader that takes no arguments.
trait Root {
    const TEMPLATE: &'static str;
}

struct Itself;
struct Spec;
struct JobTemplate;

impl Root for Itself {
    const TEMPLATE: &'static str = TemplateAt::Itself.pointer();
}

impl Root for Spec {
    const TEMPLATE: &'static str = TemplateAt::Spec.pointer();
}

impl Root for JobTemplate {
    const TEMPLATE: &'static str = TemplateAt::JobTemplate.pointer();
}

struct FoundBelow<R> {
    found: Found,
    root: PhantomData<R>,
}

impl<'de, R: Root> Deserialize<'de> for FoundBelow<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Found::read(deserializer, R::TEMPLATE).map(|found| Self { found, root: PhantomData })
    }
}

/// Walks a whole JSON value, keeping the path of where it is. A pointer is made, and a value kept, for no more keys than
/// are told: whoever sends the value chooses how long its keys are, and how many.
struct Walk<'w, 'de> {
    path: &'w mut Vec<Segment<'de>>,
    found: &'w mut Found,
    template: &'static str,
}

impl<'de> Walk<'_, 'de> {
    /// Whether the path leads to where the pod is.
    fn is_at_template(&self) -> bool {
        let segments = self.template.bytes().filter(|byte| *byte == b'/').count();
        self.path.len() == segments && pointer(self.path).0 == self.template
    }

    /// Whether this is where the visitor looks for gMSA fields.
    fn is_known(&self) -> bool {
        let (pointer, is_cut) = pointer(self.path);
        let in_pod = pointer.strip_prefix(self.template);
        !is_cut && in_pod.is_some_and(|place| Place::from_pointer(place).is_some())
    }

    fn at(&mut self, segment: Segment<'de>) -> Walk<'_, 'de> {
        self.path.push(segment);
        Walk { path: self.path, found: self.found, template: self.template }
    }

    /// Keeps a gMSA key of the object at hand, or notes that one was left out.
    fn find<A: MapAccess<'de>>(&mut self, key: Cow<'de, str>, map: &mut A) -> Result<(), A::Error> {
        if self.found.places.len() >= MOST_PLACES {
            self.found.partial = true;
            return map.next_value::<IgnoredAny>().map(drop);
        }
        self.path.push(Segment::Key(key));
        let (pointer, is_cut) = pointer(self.path);
        self.path.pop();
        let mut value = Vec::new();
        if is_cut {
            self.found.partial = true;
            map.next_value::<IgnoredAny>()?;
        } else {
            map.next_value_seed(Copied(&mut value))?;
        }
        self.found.places.push((pointer, value));
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            // Labels, annotations and managed fields quote field names and give nobody an identity.
            if key == "metadata" && (self.path.is_empty() || self.is_at_template()) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let is_field = key == NAME_FIELD || key == CONTENTS_FIELD;
            if is_field && !is_map_of_texts(self.path) && !self.is_known() {
                self.find(key, &mut map)?;
                continue;
            }
            map.next_value_seed(self.at(Segment::Key(key)))?;
            self.path.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            let element = seq.next_element_seed(self.at(Segment::Index(index)))?;
            self.path.pop();
            if element.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Writes a value as compact JSON, in the order in which it is read. That two objects of one request are written in the same
/// order is the API server's doing; where they are not, a value counts as changed.
pub(crate) struct Copied<'w>(pub(crate) &'w mut Vec<u8>);

impl<'de> DeserializeSeed<'de> for Copied<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let mut writer = serde_json::Serializer::new(self.0);
        serde_transcode::transcode(deserializer, &mut writer).map_err(serde::de::Error::custom)
    }
}

/// Whether `path` is a map whose keys are its author's, not fields.
///
/// Source: Kubernetes `k8s.io/api/core/v1/types.go`, fields of type `map[string]string` and `ResourceList`.
fn is_map_of_texts(path: &[Segment<'_>]) -> bool {
    const MAPS: [&str; 9] = [
        "nodeSelector",
        "matchLabels",
        // Of replication controllers.
        "selector",
        "labels",
        "annotations",
        "limits",
        "requests",
        "overhead",
        "volumeAttributes",
    ];
    matches!(path.last(), Some(Segment::Key(key)) if MAPS.contains(&key.as_ref()))
}
