use std::{borrow::Cow, fmt};

use crate::pointer::Segment;
use crate::{JsonPointer, ReadError, ReadErrorKind};

/// Which part of a document a form cannot hold, and why. The message repeats no value.
///
/// ```
/// use gmsa_credspec::generate::{WriteErrorKind, write_helm_values};
///
/// let spec = gmsa_credspec::read(r#"{"CmsPlugins":["ActiveDirectory"],"Extra":1}"#)?;
/// let error = write_helm_values(&spec).unwrap_err();
/// assert_eq!(error.kind(), WriteErrorKind::NoPlace);
/// assert_eq!(error.pointer().as_str(), "/Extra");
/// assert_eq!(error.to_string(), "`/*` has no place in the form");
/// # Ok::<(), gmsa_credspec::ReadError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteError {
    kind: WriteErrorKind,
    pointer: JsonPointer,
}

impl WriteError {
    /// What is wrong.
    pub fn kind(&self) -> WriteErrorKind {
        self.kind
    }

    /// The part of the document that the form cannot hold.
    pub fn pointer(&self) -> &JsonPointer {
        &self.pointer
    }

    pub(super) fn new(kind: WriteErrorKind, path: &[Segment<'_>]) -> Self {
        Self { kind, pointer: JsonPointer::new(path) }
    }
}

/// The document is one that no text could have been.
impl From<ReadError> for WriteError {
    fn from(error: ReadError) -> Self {
        Self { kind: WriteErrorKind::NoDocument(error.kind()), pointer: error.pointer().clone() }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => write!(f, "the document {}", self.kind),
            _ => write!(f, "`{}` {}", self.pointer, self.kind),
        }
    }
}

impl std::error::Error for WriteError {}

/// The kind of a [`WriteError`], which has an example. `Display` is the end of its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteErrorKind {
    /// A program built a document that no text could have been: with a known key a second time among the unknown
    /// ones, or nested too deeply.
    NoDocument(ReadErrorKind),
    /// The key is longer than YAML allows: 1024 characters, less its quotes and escapes.
    LongKey,
    /// The layout of Windows PowerShell would indent this by more than 512 columns.
    TooWide,
    /// The form always has this, and the document does not.
    Missing,
    /// The form has no place for this.
    NoPlace,
    /// The form always has another value here.
    Differs,
    /// The value is not of the type that the form takes.
    WrongType,
    /// The chart takes no empty text here.
    Empty,
    /// The chart puts the text into YAML without quotes, and a reader would take it for something else: a number,
    /// a boolean, a comment.
    Unquoted,
    /// The chart adds the braces around a GUID, and there are none.
    NotBraced,
    /// The chart names the resource after the account, and the account's name does not make a valid one.
    NoResourceName,
}

impl fmt::Display for WriteErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoDocument(kind) => return write!(f, "is not one that can be read: {kind}"),
            Self::LongKey => "is a key longer than YAML allows",
            Self::TooWide => "is indented further than the form allows",
            Self::Missing => "is missing, and the form always has it",
            Self::NoPlace => "has no place in the form",
            Self::Differs => "is not the value that the form always has",
            Self::WrongType => "is not of the type that the form takes",
            Self::Empty => "is empty, which the chart refuses",
            Self::Unquoted => "is text that YAML without quotes, as the chart writes it, does not keep",
            Self::NotBraced => "is not in braces, which the chart adds",
            Self::NoResourceName => "does not make a valid resource name, which the chart forms from it",
        })
    }
}

/// A step of a pointer, by key.
pub(super) fn key(name: &str) -> Segment<'_> {
    Segment::Key(Cow::Borrowed(name))
}
