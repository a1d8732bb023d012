use std::{cmp::Ordering, fmt};

use serde::{Serialize, Serializer};

use super::one_line;

/// A place in a text. Findings without an order of their own are shown in the order of their offsets.
///
/// ```
/// use gmsa_types::finding::SourcePosition;
///
/// // `"Sid"` in the text `{\n  "Sid": 1\n}`.
/// let position = SourcePosition::new(2, 3, 4, 5);
/// assert_eq!(position.to_string(), "line 2, column 3");
/// assert_eq!(position.end(), 9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct SourcePosition {
    /// The line, counted from 1. Lines end with a line feed, so CR LF ends one line.
    pub line: usize,
    /// The column in the line, counted in characters from 1.
    pub column: usize,
    /// The offset in bytes of the text, which is UTF-8 whatever the encoding of the file is.
    pub offset: usize,
    /// The length in bytes; 0 for a place between two characters.
    pub length: usize,
}

impl SourcePosition {
    /// A place in a text: line and column from 1, offset and length in bytes. They are not checked against any text.
    pub const fn new(line: usize, column: usize, offset: usize, length: usize) -> Self {
        Self { line, column, offset, length }
    }

    /// The offset behind the last byte.
    pub const fn end(self) -> usize {
        self.offset.saturating_add(self.length)
    }
}

impl PartialOrd for SourcePosition {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By offset first, since texts are read from the front.
impl Ord for SourcePosition {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |position: &Self| (position.offset, position.length, position.line, position.column);
        key(self).cmp(&key(other))
    }
}

/// `line 3, column 12`.
impl fmt::Display for SourcePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A place in a document, as a JSON pointer (RFC 6901); the empty one is the whole document.
///
/// [`as_str`](Self::as_str) is the pointer itself, as data. `Display`, `Debug` and what is serialized are the form to
/// show, which can have `*` in place of keys that may be secrets in the wrong place.
///
/// ```
/// use gmsa_types::finding::Pointer;
///
/// let pointer = Pointer::shown_as("/DomainJoinConfig/hunter2", "/DomainJoinConfig/*");
/// assert_eq!(pointer.as_str(), "/DomainJoinConfig/hunter2");
/// assert_eq!(pointer.to_string(), "/DomainJoinConfig/*");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Pointer {
    exact: String,
    shown: Option<String>,
}

impl Pointer {
    /// A pointer that may be shown as it is: its keys are no secrets.
    pub fn new(pointer: impl Into<String>) -> Self {
        Self { exact: pointer.into(), shown: None }
    }

    /// A pointer, and the form of it to show.
    pub fn shown_as(exact: impl Into<String>, shown: impl Into<String>) -> Self {
        let (exact, shown) = (exact.into(), shown.into());
        Self { shown: (shown != exact).then_some(shown), exact }
    }

    /// The pointer with every key as the document has it.
    pub fn as_str(&self) -> &str {
        &self.exact
    }

    /// Whether it is the whole document.
    pub fn is_root(&self) -> bool {
        self.exact.is_empty()
    }

    fn shown(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.exact)
    }
}

/// As [`Pointer::new`]: it may be shown as it is.
impl From<&str> for Pointer {
    fn from(pointer: &str) -> Self {
        Self::new(pointer)
    }
}

/// As [`Pointer::new`]: it may be shown as it is.
impl From<String> for Pointer {
    fn from(pointer: String) -> Self {
        Self::new(pointer)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        one_line(f, self.shown())
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pointer").field(&self.shown()).finish()
    }
}

impl Serialize for Pointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

impl PartialOrd for Pointer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Step by step, indices by their number: `/a/9` before `/a/10`, and a container before what is in it.
impl Ord for Pointer {
    fn cmp(&self, other: &Self) -> Ordering {
        let step = |step: &str| (step.parse::<u64>().map_or((1, 0), |index| (0, index)), step.to_owned());
        let steps = self.exact.split('/').map(step).cmp(other.exact.split('/').map(step));
        steps.then_with(|| self.shown.cmp(&other.shown))
    }
}

/// The object, or the file, that a finding is about. All of it is optional, and none of it is secret.
///
/// ```
/// use gmsa_types::finding::ObjectRef;
///
/// let object = ObjectRef::named("Pod", "web").in_namespace("shop").in_file("web.yaml");
/// assert_eq!(object.to_string(), "web.yaml: Pod shop/web");
/// assert_eq!(ObjectRef::file_at("web.json").to_string(), "web.json");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ObjectRef {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl ObjectRef {
    /// An object of the cluster scope, or whose namespace is not known.
    pub fn named(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: Some(kind.into()), name: Some(name.into()), ..Self::default() }
    }

    /// An object that has no name, such as one that is yet to be created.
    pub fn unnamed(kind: impl Into<String>) -> Self {
        Self { kind: Some(kind.into()), ..Self::default() }
    }

    /// A file, or any other name for a text.
    pub fn file_at(path: impl Into<String>) -> Self {
        Self { file: Some(path.into()), ..Self::default() }
    }

    /// The same object in a namespace.
    #[must_use]
    pub fn in_namespace(self, namespace: impl Into<String>) -> Self {
        Self { namespace: Some(namespace.into()), ..self }
    }

    /// The same object, as a file has it.
    #[must_use]
    pub fn in_file(self, path: impl Into<String>) -> Self {
        Self { file: Some(path.into()), ..self }
    }

    /// The file.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The kind of the object.
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// The namespace of the object.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The name of the object.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// One line: `file: Kind namespace/name`, without what is not known.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let parts = [(&self.file, ": "), (&self.kind, " "), (&self.namespace, "/"), (&self.name, "")];
        for (part, after) in parts {
            if let Some(part) = part {
                f.write_str(separator)?;
                one_line(f, part)?;
                separator = after;
            }
        }
        Ok(())
    }
}
