//! Credential specs as people have them: JSON or YAML, on their own or in manifests, several in a file, with a byte
//! order mark, in UTF-16, with comments.
//!
//! [`read`](crate::read) is for what Windows or Kubernetes is about to get; it takes one JSON object and no tricks.
//! [`read_source`] is for a file somebody wrote, and for programs that tell them what is wrong with it: it reads
//! as much as it can, records what it had to forgive, and keeps the place of every key and value. It never fails as a
//! whole: a document that cannot be read has a [`fault`](Document::fault), and the others are there.
//!
//! ```
//! use gmsa_credspec::source::{Form, ReadOptions, read_source};
//!
//! let text = b"\xef\xbb\xbf{\n  \"CmsPlugins\": [\"ActiveDirectory\"], // always\n}\r\n";
//! let source = read_source(text, &ReadOptions::new());
//! assert_eq!(source.encoding().to_string(), "UTF-8 with a byte order mark");
//!
//! let document = &source.documents()[0];
//! assert_eq!(document.form(), &Form::Spec);
//! assert_eq!(document.forgiven()[0].to_string(), "comment at line 2, column 38");
//! for spec in source.credential_specs() {
//!     let plugin = spec.node().at("/CmsPlugins/0").unwrap();
//!     assert_eq!(plugin.position().to_string(), "line 2, column 18");
//! }
//! ```
//!
//! # YAML
//!
//! With the feature `yaml`, manifests are read as `kubectl` reads them, which is by the rules of YAML 1.1: `NO` is a
//! boolean, `0123` is 83. What was written is kept beside it: [`Node::written`]. Without the feature such a document
//! is a fault of its own kind: [`SourceErrorKind::YamlNotEnabled`].
//!
//! Source: sigs.k8s.io/yaml, with which `kubectl` reads; YAML 1.1, "Language-Independent Types".

mod document;
mod encoding;
mod error;
mod form;
mod json;
mod lines;
mod node;
mod options;
mod split;
mod template;
mod tree;
mod walk;
#[cfg(feature = "yaml")]
mod yaml;
#[cfg(feature = "yaml")]
mod yaml_fault;
#[cfg(feature = "yaml")]
mod yaml_scalar;

use std::fmt;

use gmsa_types::finding::Pointer;

pub use document::{Document, Syntax};
pub use encoding::{Encoding, LineEnding};
pub use error::{Forgiven, ForgivenKind, SourceError, SourceErrorKind};
pub use form::{Form, FoundSpec, ResourceHead};
pub use node::{Member, Node, NodeValue, Style};
pub use options::ReadOptions;
pub use walk::Walk;

use crate::JsonPointer;
use document::Reading;
use encoding::{NotText, decode};
use lines::Lines;

/// Reads a source: whatever bytes somebody has for a credential spec. See the [module](self) for an example.
///
/// It never fails. What cannot be read is a [`Document`] with a [`fault`](Document::fault); bytes that are no text
/// at all are one such document. Time and memory are bounded by the options.
///
/// ```
/// use gmsa_credspec::source::{ReadOptions, SourceErrorKind, read_source};
///
/// let source = read_source(b"a note about gMSA", &ReadOptions::new());
/// let [document] = source.documents() else { panic!("there is one, with a fault") };
/// let kind = document.fault().map(|fault| fault.kind());
/// # #[cfg(feature = "yaml")]
/// assert_eq!(kind, Some(&SourceErrorKind::PlainText));
/// # assert!(kind.is_some());
/// ```
pub fn read_source(bytes: &[u8], options: &ReadOptions) -> Source {
    if bytes.len() > options.max_bytes {
        let kind = SourceErrorKind::TooLarge { limit: options.max_bytes };
        return Source::unreadable(Encoding::Utf8, kind, "");
    }
    let (encoding, text) = match decode(bytes) {
        Ok(decoded) => decoded,
        Err(NotText { encoding, kind, readable }) => return Source::unreadable(encoding, kind, &readable),
    };
    let lines = Lines::of(&text);
    let documents = Reading::new(&text, &lines, options).documents();
    let start = lines.position(0, 0);
    let forgiven = match encoding {
        Encoding::Utf8 => None,
        Encoding::Utf8Bom => Some(Forgiven::new(ForgivenKind::ByteOrderMark, start)),
        Encoding::Utf16Le | Encoding::Utf16Be => Some(Forgiven::new(ForgivenKind::Utf16, start)),
    };
    let forgiven = forgiven.into_iter().collect();
    Source { encoding, line_ending: LineEnding::of(&text), documents, forgiven, text }
}

/// What [`read_source`] found: the text, and the documents in it.
///
/// ```
/// use gmsa_credspec::source::{Encoding, LineEnding, ReadOptions, read_source};
///
/// let source = read_source(b"\xef\xbb\xbf{\"CmsPlugins\": []}", &ReadOptions::new());
/// assert_eq!((source.encoding(), source.line_ending()), (Encoding::Utf8Bom, LineEnding::None));
/// assert_eq!(source.text(), r#"{"CmsPlugins": []}"#);
/// assert_eq!((source.forgiven().len(), source.credential_specs().count()), (1, 1));
/// ```
#[derive(Clone, PartialEq)]
pub struct Source {
    encoding: Encoding,
    line_ending: LineEnding,
    text: String,
    documents: Vec<Document>,
    forgiven: Vec<Forgiven>,
}

impl Source {
    /// How the bytes stand for the text.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// What ends its lines.
    pub fn line_ending(&self) -> LineEnding {
        self.line_ending
    }

    /// The text, without its byte order mark; all positions are in it. It is empty if the bytes are no text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The documents in their order. There are none if the text has nothing but white space and comments.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// What had to be forgiven of the source as a whole; each document has its own.
    pub fn forgiven(&self) -> &[Forgiven] {
        &self.forgiven
    }

    /// All credential specs, in documents of whatever [`Form`]: on their own, in resources and in lists of them.
    ///
    /// They are where people put them, not only where they belong, and of whatever type: see [`FoundSpec`].
    /// An object that has none of the keys of a credential spec is not among them, unless a resource has it
    /// under `credspec`.
    pub fn credential_specs(&self) -> impl Iterator<Item = FoundSpec<'_>> {
        self.documents.iter().enumerate().flat_map(|(index, document)| {
            document.root().map(|root| form::find(index, document.form(), root)).unwrap_or_default()
        })
    }

    fn unreadable(encoding: Encoding, kind: SourceErrorKind, readable: &str) -> Self {
        let end = Lines::of(readable).position(readable.len(), readable.len());
        Self {
            encoding,
            line_ending: LineEnding::None,
            text: String::new(),
            documents: vec![Document::faulty(Syntax::Json, end, SourceError::new(kind, end))],
            forgiven: Vec::new(),
        }
    }
}

/// Shows what it is, and nothing of the text.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("encoding", &self.encoding)
            .field("line_ending", &self.line_ending)
            .field("documents", &self.documents)
            .field("forgiven", &self.forgiven)
            .finish_non_exhaustive()
    }
}

/// Shown with `*` in place of the keys that the format does not know.
impl From<&JsonPointer> for Pointer {
    fn from(pointer: &JsonPointer) -> Self {
        Self::shown_as(pointer.as_str(), pointer.to_string())
    }
}
