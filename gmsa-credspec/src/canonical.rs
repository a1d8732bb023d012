use std::{borrow::Cow, fmt, io};

use gmsa_types::CredentialSpec;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::compare::{Comparison, compare_texts};
use crate::json::{DEPTH_LIMIT, Node, Value, read_object};
use crate::number::write_canonical;
use crate::read_error::ReadError;

/// A credential spec as it goes into a pod: one JSON object in the one form that upstream's webhook writes.
///
/// A value of this type is the proof that its text was read strictly and is canonical: compact; keys sorted by
/// their UTF-8 bytes at every level; `<`, `>`, `&`, U+2028 and U+2029 as `\u003c` and so on; numbers as
/// Kubernetes decodes and Go prints them. Writing what is canonical already gives the same text.
///
/// `Debug` shows the length alone, and there is no `Display`: contents belong in no log.
///
/// Sources: kubernetes-sigs/windows-gmsa, `admission-webhook`, which inlines `json.Marshal` of the
/// resource; Go, `encoding/json/encode.go`.
///
/// ```
/// use gmsa_credspec::CanonicalContents;
///
/// let contents = CanonicalContents::from_json(r#"{ "b": "a<b", "a": 1.0 }"#)?;
/// assert_eq!(contents.as_str(), r#"{"a":1,"b":"a\u003cb"}"#);
/// assert!(contents.compare(r#"{"b":"a<b","a":1}"#).is_equal());
/// # Ok::<(), gmsa_credspec::ReadError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanonicalContents<'a>(Cow<'a, str>);

impl<'a> CanonicalContents<'a> {
    /// Reads a document and puts it in canonical form; borrows a text that has it already.
    ///
    /// # Errors
    /// [`ReadError`] for a text that is not exactly one JSON object, read strictly: see
    /// [`ReadErrorKind`](crate::ReadErrorKind).
    ///
    /// ```
    /// use gmsa_credspec::CanonicalContents;
    ///
    /// let contents = CanonicalContents::from_json(r#"{"CmsPlugins": ["ActiveDirectory"]}"#)?;
    /// assert_eq!(contents.as_str(), r#"{"CmsPlugins":["ActiveDirectory"]}"#);
    /// # Ok::<(), gmsa_credspec::ReadError>(())
    /// ```
    pub fn from_json(text: &'a str) -> Result<Self, ReadError> {
        let document = read_object(text, DEPTH_LIMIT)?;
        let mut canonical = String::with_capacity(text.len());
        write(&document, &mut canonical);
        Ok(Self(if canonical == text { Cow::Borrowed(text) } else { Cow::Owned(canonical) }))
    }

    /// Puts a document in canonical form.
    ///
    /// # Errors
    /// [`ReadError`] for a document that no text could have been, which only a program can build: with a known key a
    /// second time among the unknown ones ([`DuplicateKey`](crate::ReadErrorKind::DuplicateKey)), or with values
    /// nested beyond [`DEPTH_LIMIT`]. Lines and columns of the error are those of the document written compactly; the
    /// [pointer](ReadError::pointer) is the better guide.
    ///
    /// ```
    /// use gmsa_credspec::CanonicalContents;
    /// use gmsa_types::CredentialSpec;
    ///
    /// let spec = CredentialSpec {
    ///     cms_plugins: Some(vec!["ActiveDirectory".into()].into()),
    ///     ..CredentialSpec::default()
    /// };
    /// let contents = CanonicalContents::from_spec(&spec)?;
    /// assert_eq!(contents.as_str(), r#"{"CmsPlugins":["ActiveDirectory"]}"#);
    /// # Ok::<(), gmsa_credspec::ReadError>(())
    /// ```
    pub fn from_spec(spec: &CredentialSpec) -> Result<CanonicalContents<'static>, ReadError> {
        let mut bytes = Vec::new();
        let mut serializer =
            serde_json::Serializer::with_formatter(&mut bytes, Shallow { levels_left: DEPTH_LIMIT });
        // A failure leaves a text that is cut off, and the strict reader says where and why.
        let _ = spec.serialize(&mut serializer);
        let text = String::from_utf8_lossy(&bytes);
        CanonicalContents::from_json(&text).map(CanonicalContents::into_owned)
    }

    /// The canonical text. It is what a pod carries; keep it out of logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The canonical text. It is what a pod carries; keep it out of logs.
    pub fn into_string(self) -> String {
        self.0.into_owned()
    }

    /// The same contents, owning their text.
    pub fn into_owned(self) -> CanonicalContents<'static> {
        CanonicalContents(Cow::Owned(self.0.into_owned()))
    }

    /// The same contents, borrowing their text from these.
    pub fn borrowed(&self) -> CanonicalContents<'_> {
        CanonicalContents(Cow::Borrowed(&self.0))
    }

    /// Compares the contents of a pod (right) with these, those of a resource (left), as
    /// [`compare`](crate::compare()) does. The same text is equal without being read again.
    ///
    /// ```
    /// use gmsa_credspec::{CanonicalContents, Comparison};
    ///
    /// let resource = CanonicalContents::from_json(r#"{"CmsPlugins":["ActiveDirectory"]}"#)?;
    /// assert!(resource.compare(r#"{"CmsPlugins":["ActiveDirectory"]}"#).is_equal());
    /// let Comparison::Different(differences) = resource.compare("{}") else { panic!() };
    /// assert_eq!(differences[0].to_string(), "`/CmsPlugins` is only on the left");
    /// # Ok::<(), gmsa_credspec::ReadError>(())
    /// ```
    pub fn compare(&self, contents: &str) -> Comparison {
        if self.as_str() == contents { Comparison::Equal } else { compare_texts(self.as_str(), contents) }
    }
}

/// Shows the length alone: contents belong in no log.
impl fmt::Debug for CanonicalContents<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CanonicalContents({} bytes)", self.0.len())
    }
}

impl AsRef<str> for CanonicalContents<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<CanonicalContents<'_>> for String {
    fn from(contents: CanonicalContents<'_>) -> Self {
        contents.into_string()
    }
}

/// Writes a string that holds the document, as a pod has it, and no object.
impl Serialize for CanonicalContents<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Reads a string that holds a document, strictly, and puts the document in canonical form.
impl<'de> Deserialize<'de> for CanonicalContents<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        CanonicalContents::from_json(&text).map(CanonicalContents::into_owned).map_err(de::Error::custom)
    }
}

pub(crate) fn write(node: &Node<'_>, out: &mut String) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Boolean(true) => out.push_str("true"),
        Value::Boolean(false) => out.push_str("false"),
        Value::Number(number) => write_canonical(*number, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            let mut separator = '[';
            for item in items {
                out.push(separator);
                write(item, out);
                separator = ',';
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            let mut separator = '{';
            for member in members {
                out.push(separator);
                write_string(&member.key, out);
                out.push(':');
                write(&member.node, out);
                separator = ',';
            }
            out.push_str(if members.is_empty() { "{}" } else { "}" });
        }
    }
}

/// Source: Go, `encoding/json/encode.go`, `appendString` with `escapeHTML`.
fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    // 0xe2 starts U+2028 and U+2029, and other characters that stand for themselves.
    let ends = |byte: u8| matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&' | 0..=0x1f | 0xe2);
    while let Some((plain, tail)) = rest.bytes().position(ends).and_then(|at| rest.split_at_checked(at)) {
        out.push_str(plain);
        let mut characters = tail.chars();
        if let Some(character) = characters.next() {
            write_character(character, out);
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn write_character(character: char, out: &mut String) {
    let escape = match character {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
            out.push_str(&format!("\\u{:04x}", u32::from(character)));
            return;
        }
        _ => return out.push(character),
    };
    out.push_str(escape);
}

/// Compact JSON that stops one bracket beyond the depth limit, so that writing a value which a program nested
/// without end cannot overflow the stack.
struct Shallow {
    levels_left: u8,
}

impl Shallow {
    fn open<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        writer.write_all(bracket)?;
        self.levels_left = self.levels_left.checked_sub(1).ok_or(io::ErrorKind::InvalidData)?;
        Ok(())
    }

    fn close<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.levels_left = self.levels_left.saturating_add(1);
        writer.write_all(bracket)
    }
}

impl serde_json::ser::Formatter for Shallow {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }
}
