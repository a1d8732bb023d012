use std::{borrow::Cow, fmt};

use gmsa_types::{
    AsWritten, CredentialSpec, CredentialSpecName, GmsaCredentialSpec, GroupManagedServiceAccount,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::generate::resource;
use crate::pointer::Segment;
use crate::{CanonicalContents, JsonPointer, JsonType, ReadError, read};

/// The resource of a credential spec, if the resource can hold all of it.
///
/// An API server drops keys that its definition does not know, in silence, and refuses values of other types. Both
/// are losses here, all of them told at once. [`resource`] takes any document, for those who want to
/// see what the server says.
///
/// Source: kubernetes-sigs/windows-gmsa, `admission-webhook/deploy/gmsa-crd.yml`; Kubernetes, "Custom Resources",
/// pruning and nullable fields.
///
/// # Errors
/// [`ResourceError`], if the document has [losses](ResourceError::losses) or is one that no text could have been.
///
/// ```
/// use gmsa_credspec::convert::to_resource;
///
/// let spec = gmsa_credspec::read(r#"{"CmsPlugins":["ActiveDirectory"],"DomainJoinConfig":{"Sid":1,"DNSName":"x"}}"#)?;
/// let error = to_resource("webapp1".parse()?, &spec).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`/DomainJoinConfig/*` is an unknown key, which an API server drops; \
///      `/DomainJoinConfig/Sid` is a number, which an API server refuses",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_resource(
    name: CredentialSpecName<'_>,
    spec: &CredentialSpec,
) -> Result<GmsaCredentialSpec, ResourceError> {
    let (_, losses) = reduce(spec)?;
    if losses.is_empty() { Ok(resource(name, spec.clone())) } else { Err(ResourceError::Losses(losses)) }
}

/// The resource of what it can hold of a credential spec, and what it cannot hold.
///
/// # Errors
/// [`ResourceError::NoDocument`] for a document that no text could have been.
///
/// ```
/// use gmsa_credspec::convert::to_resource_lossy;
///
/// let spec = gmsa_credspec::read(r#"{"CmsPlugins":["ActiveDirectory"],"Extra":1}"#)?;
/// let (resource, losses) = to_resource_lossy("webapp1".parse()?, &spec)?;
/// assert_eq!(losses[0].pointer().as_str(), "/Extra");
/// assert!(resource.credspec.unwrap().expected().unwrap().unknown.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_resource_lossy(
    name: CredentialSpecName<'_>,
    spec: &CredentialSpec,
) -> Result<(GmsaCredentialSpec, Vec<Loss>), ResourceError> {
    let (kept, losses) = reduce(spec)?;
    Ok((resource(name, kept), losses))
}

/// The credential spec in a resource, if an API server would take the resource as it is. One that comes from a
/// server has no losses; one from a file can.
///
/// # Errors
/// [`ResourceError`], if there is none, it is no object, or it has [losses](ResourceError::losses).
///
/// ```
/// use gmsa_credspec::convert::{from_resource, to_resource};
///
/// let spec = gmsa_credspec::read(r#"{"CmsPlugins":["ActiveDirectory"]}"#)?;
/// assert!(from_resource(&to_resource("webapp1".parse()?, &spec)?)? == spec);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_resource(resource: &GmsaCredentialSpec) -> Result<CredentialSpec, ResourceError> {
    let spec = document(resource)?;
    let (_, losses) = reduce(spec)?;
    if losses.is_empty() { Ok(spec.clone()) } else { Err(ResourceError::Losses(losses)) }
}

/// What an API server would keep of the credential spec in a resource, and what it would not.
///
/// # Errors
/// [`ResourceError::Missing`], if there is none; [`ResourceError::NotAnObject`], if it is no object.
///
/// ```
/// use gmsa_credspec::convert::from_resource_lossy;
/// use gmsa_credspec::generate::resource;
///
/// let spec = gmsa_credspec::read(r#"{"CmsPlugins":["ActiveDirectory"],"Extra":1}"#)?;
/// let (kept, losses) = from_resource_lossy(&resource("webapp1".parse()?, spec))?;
/// assert_eq!((kept.unknown.len(), losses.len()), (0, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_resource_lossy(
    resource: &GmsaCredentialSpec,
) -> Result<(CredentialSpec, Vec<Loss>), ResourceError> {
    reduce(document(resource)?)
}

/// A part of a document that a resource cannot hold.
///
/// ```
/// # use gmsa_credspec::convert::{LossKind, to_resource_lossy};
/// let spec = gmsa_credspec::read(r#"{"DomainJoinConfig":{"Guid":null}}"#)?;
/// let (_, losses) = to_resource_lossy("webapp1".parse()?, &spec)?;
/// assert_eq!(losses[0].kind(), LossKind::Null);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    pointer: JsonPointer,
    kind: LossKind,
}

impl Loss {
    /// The part, from the credential spec's own top.
    pub fn pointer(&self) -> &JsonPointer {
        &self.pointer
    }

    /// What an API server does with it.
    pub fn kind(&self) -> LossKind {
        self.kind
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = &self.pointer;
        match self.kind {
            LossKind::UnknownKey => write!(f, "`{pointer}` is an unknown key, which an API server drops"),
            LossKind::Null => write!(f, "`{pointer}` is null, which an API server drops"),
            LossKind::Type { found } => write!(f, "`{pointer}` is {found}, which an API server refuses"),
        }
    }
}

/// The kind of a [`Loss`], which has an example.
///
/// Source: Kubernetes, "Custom Resources", pruning and nullable fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LossKind {
    /// The definition does not know the key; the server drops it.
    UnknownKey,
    /// The value of a known key is null; the server drops it.
    Null,
    /// The value is of another type than the definition asks for; the server refuses the resource.
    Type {
        /// The type of the value.
        found: JsonType,
    },
}

/// Why there is no resource of a document, or no document in a resource.
///
/// ```
/// use gmsa_credspec::{JsonType, convert::{ResourceError, from_resource}};
/// use gmsa_types::GmsaCredentialSpec;
///
/// let resource: GmsaCredentialSpec = serde_json::from_str(r#"{"credspec":"{}"}"#)?;
/// let error = from_resource(&resource).unwrap_err();
/// assert_eq!(error, ResourceError::NotAnObject { found: JsonType::String });
/// assert!(error.losses().is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceError {
    /// The resource cannot hold these parts; there is at least one.
    Losses(Vec<Loss>),
    /// The resource has no `credspec`.
    Missing,
    /// The resource's `credspec` is not an object.
    NotAnObject {
        /// The type of it.
        found: JsonType,
    },
    /// A program built a document that no text could have been.
    NoDocument(ReadError),
}

impl ResourceError {
    /// The parts that the resource cannot hold; none for the other kinds.
    pub fn losses(&self) -> &[Loss] {
        match self {
            Self::Losses(losses) => losses,
            _ => &[],
        }
    }
}

impl fmt::Display for ResourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Losses(losses) => losses
                .iter()
                .enumerate()
                .try_for_each(|(index, loss)| write!(f, "{}{loss}", if index == 0 { "" } else { "; " })),
            Self::Missing => f.write_str("`/credspec` is missing"),
            Self::NotAnObject { found } => write!(f, "`/credspec` is {found}, not an object"),
            Self::NoDocument(error) => write!(f, "document is not one that can be read: {error}"),
        }
    }
}

impl std::error::Error for ResourceError {}

impl From<ReadError> for ResourceError {
    fn from(error: ReadError) -> Self {
        Self::NoDocument(error)
    }
}

pub(super) fn json_type(value: &Value) -> JsonType {
    match value {
        Value::Null => JsonType::Null,
        Value::Bool(_) => JsonType::Boolean,
        Value::Number(_) => JsonType::Number,
        Value::String(_) => JsonType::String,
        Value::Array(_) => JsonType::Array,
        Value::Object(_) => JsonType::Object,
    }
}

fn document(resource: &GmsaCredentialSpec) -> Result<&CredentialSpec, ResourceError> {
    match &resource.credspec {
        None | Some(AsWritten::Other(Value::Null)) => Err(ResourceError::Missing),
        Some(AsWritten::Other(other)) => Err(ResourceError::NotAnObject { found: json_type(other) }),
        Some(AsWritten::Expected(spec)) => Ok(spec),
    }
}

/// What the definition of the resource keeps of a document, and the rest.
fn reduce(spec: &CredentialSpec) -> Result<(CredentialSpec, Vec<Loss>), ResourceError> {
    // invariant: the canonical text is a document, with limited nesting and no key twice.
    let contents = CanonicalContents::from_spec(spec)?;
    // Then it has no key with a meaning to serde_json either, which leaves nothing that could fail below.
    read(contents.as_str())?;
    let value = serde_json::from_str(contents.as_str()).unwrap_or_default();
    let mut reduction = Reduction { path: Vec::new(), losses: Vec::new() };
    let kept = reduction.value(value, &SPEC).unwrap_or_default();
    let kept = CredentialSpec::deserialize(kept).unwrap_or_default();
    Ok((kept, reduction.losses))
}

/// A type of the resource's definition.
enum Shape {
    Text,
    List(&'static Self),
    Object(&'static [(&'static str, Self)]),
}

use Shape::{List, Object, Text};

const SPEC: Shape = Object(&[
    ("CmsPlugins", List(&Text)),
    (
        "DomainJoinConfig",
        Object(&[
            ("Sid", Text),
            ("MachineAccountName", Text),
            ("Guid", Text),
            ("DnsTreeName", Text),
            ("DnsName", Text),
            ("NetBiosName", Text),
        ]),
    ),
    (
        "ActiveDirectoryConfig",
        Object(&[
            ("GroupManagedServiceAccounts", List(&Object(&[("Name", Text), ("Scope", Text)]))),
            (
                "HostAccountConfig",
                Object(&[("PortableCcgVersion", Text), ("PluginGUID", Text), ("PluginInput", Text)]),
            ),
        ]),
    ),
]);

// The shape names the fields of an account in place; a field that the model gains must be added there.
const _: () = assert!(GroupManagedServiceAccount::KEYS.len() == 2);

struct Reduction {
    path: Vec<Segment<'static>>,
    losses: Vec<Loss>,
}

impl Reduction {
    /// The part of a value that fits the shape. The recursion is as deep as the shape.
    fn value(&mut self, value: Value, shape: &Shape) -> Option<Value> {
        match (shape, value) {
            (Text, Value::String(text)) => Some(Value::String(text)),
            (List(shape), Value::Array(items)) => {
                let mut kept = Vec::new();
                for (index, item) in items.into_iter().enumerate() {
                    self.path.push(Segment::Index(index));
                    kept.extend(self.value(item, shape));
                    self.path.pop();
                }
                Some(Value::Array(kept))
            }
            (Object(fields), Value::Object(members)) => {
                let mut kept = Map::new();
                for (key, value) in members {
                    self.path.push(Segment::Key(Cow::Owned(key.clone())));
                    match fields.iter().find(|(name, _)| *name == key) {
                        None => self.lose(LossKind::UnknownKey),
                        // A null in a list stays, and is of the wrong type.
                        Some(_) if value.is_null() => self.lose(LossKind::Null),
                        Some((_, shape)) => {
                            if let Some(value) = self.value(value, shape) {
                                kept.insert(key, value);
                            }
                        }
                    }
                    self.path.pop();
                }
                Some(Value::Object(kept))
            }
            (_, other) => {
                self.lose(LossKind::Type { found: json_type(&other) });
                None
            }
        }
    }

    fn lose(&mut self, kind: LossKind) {
        self.losses.push(Loss { pointer: JsonPointer::new(&self.path), kind });
    }
}
