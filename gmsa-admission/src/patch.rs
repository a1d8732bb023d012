//! What mutation changes: the one kind of JSON patch that this crate makes.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize, Serializer, de, ser::SerializeStruct};
use serde_json::Value;

use crate::{Place, place::CONTENTS_FIELD};

/// A JSON patch (RFC 6902) that only adds: contents where a name stands without, and perhaps a hostname.
///
/// Each operation goes to an index that the reader met, below an object that is there; nothing is derived from
/// a typed pod, which would drop fields that the types do not know.
///
/// Its serde form is the patch itself: a list of `add` operations. `Debug` shows paths only.
///
/// [`apply`](Self::apply) has an example.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Patch<'f> {
    operations: Vec<PatchOperation<'f>>,
}

/// One `add` operation of a [`Patch`]. [`mutate`](crate::mutate()) has an example.
///
/// It deserializes from what it serializes to alone: any other operation, and any other path, is refused.
#[derive(Clone, PartialEq, Eq)]
pub struct PatchOperation<'f> {
    target: Target,
    value: Cow<'f, str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Contents(Place),
    Hostname,
}

const HOSTNAME: &str = "/spec/hostname";

/// The JSON pointer of what is added.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contents(place) => write!(f, "{}/{CONTENTS_FIELD}", place.pointer()),
            Self::Hostname => f.write_str(HOSTNAME),
        }
    }
}

impl<'f> Patch<'f> {
    pub(crate) fn with_capacity(operations: usize) -> Self {
        Self { operations: Vec::with_capacity(operations) }
    }

    pub(crate) fn add_contents(&mut self, place: Place, contents: &'f str) {
        self.operations
            .push(PatchOperation { target: Target::Contents(place), value: Cow::Borrowed(contents) });
    }

    pub(crate) fn add_hostname(&mut self, hostname: String) {
        self.operations.push(PatchOperation { target: Target::Hostname, value: Cow::Owned(hostname) });
    }

    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// The operations, in the order in which they apply.
    pub fn operations(&self) -> &[PatchOperation<'f>] {
        &self.operations
    }

    /// About how many bytes its JSON text has, so that there is room for all of it at once. In contents, a quote takes
    /// two bytes; every sixth byte or so is one.
    pub(crate) fn json_room(&self) -> usize {
        self.operations.iter().map(|operation| operation.value.len() / 4 * 5 + 128).sum()
    }

    /// The JSON text of the patch.
    pub(crate) fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut json = Vec::with_capacity(self.json_room());
        serde_json::to_writer(&mut json, self)?;
        Ok(json)
    }

    /// Applies the patch to a pod, as the API server would.
    ///
    /// # Errors
    ///
    /// [`PatchError`] if the pod lacks the object that a value goes into. That cannot happen with the pod of
    /// the request that the patch was made for. The pod may then be patched in part.
    ///
    /// ```
    /// use gmsa_admission::Patch;
    ///
    /// let patch: Patch<'_> = serde_json::from_str(r#"[{"op":"add","path":"/spec/hostname","value":"web"}]"#)?;
    /// let mut pod = serde_json::json!({"spec": {}});
    /// patch.apply(&mut pod)?;
    /// assert_eq!(pod["spec"]["hostname"], "web");
    /// let error = patch.apply(&mut serde_json::json!({})).unwrap_err();
    /// assert_eq!(error.path(), "/spec/hostname");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply(&self, pod: &mut Value) -> Result<(), PatchError> {
        for operation in &self.operations {
            let path = operation.path();
            let parent =
                path.rsplit_once('/').and_then(|(parent, key)| Some((pod.pointer_mut(parent)?, key)));
            let Some((Value::Object(object), key)) = parent else { return Err(PatchError { path }) };
            object.insert(key.to_owned(), Value::from(operation.value()));
        }
        Ok(())
    }
}

impl PatchOperation<'_> {
    /// The JSON pointer (RFC 6901) of what is added.
    pub fn path(&self) -> String {
        self.target.to_string()
    }

    /// The place that gets contents; `None` for the hostname.
    pub fn place(&self) -> Option<Place> {
        match self.target {
            Target::Contents(place) => Some(place),
            Target::Hostname => None,
        }
    }

    /// The text that is added.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for PatchOperation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "add {} ({} bytes)", self.path(), self.value.len())
    }
}

impl Serialize for PatchOperation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut operation = serializer.serialize_struct("PatchOperation", 3)?;
        operation.serialize_field("op", "add")?;
        operation.serialize_field("path", &self.target)?;
        operation.serialize_field("value", &self.value)?;
        operation.end()
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PatchOperation<'_> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wire {
            op: String,
            path: String,
            value: String,
        }
        let Wire { op, path, value } = Wire::deserialize(deserializer)?;
        let contents = || path.strip_suffix(CONTENTS_FIELD)?.strip_suffix('/').and_then(Place::from_pointer);
        let target = match path == HOSTNAME {
            true => Some(Target::Hostname),
            false => contents().map(Target::Contents),
        };
        match target {
            Some(target) if op == "add" => Ok(Self { target, value: Cow::Owned(value) }),
            _ => Err(de::Error::custom("not an operation of a gMSA patch")),
        }
    }
}

/// A [`Patch`] that does not fit the pod it was applied to, see [`Patch::apply`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pod has no object to add `{path}` to")]
pub struct PatchError {
    path: String,
}

impl PatchError {
    /// The JSON pointer (RFC 6901) that could not be added.
    pub fn path(&self) -> &str {
        &self.path
    }
}
