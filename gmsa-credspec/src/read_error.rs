use std::fmt;

use crate::json::{Fault, JsonType};
use crate::{JsonPointer, position::Position};

/// Why a text is not a credential spec document, and where.
///
/// The message and the `Debug` form give the kind and the place; they never repeat the text, because what is in
/// a credential spec belongs in no log.
///
/// ```
/// use gmsa_credspec::{ReadErrorKind, read};
///
/// let error = read("{\n  \"Sid\": 1,\n  \"Sid\": 2\n}").unwrap_err();
/// assert_eq!(error.kind(), ReadErrorKind::DuplicateKey);
/// assert_eq!(error.to_string(), "duplicate key at line 3, column 3");
/// assert_eq!(error.pointer().as_str(), "/Sid");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at line {}, column {}", position.line, position.column)]
pub struct ReadError {
    kind: ReadErrorKind,
    offset: usize,
    position: Position,
    pointer: JsonPointer,
}

impl ReadError {
    /// What is wrong.
    pub fn kind(&self) -> ReadErrorKind {
        self.kind
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        self.position.line
    }

    /// The column in the line, counted in characters from 1.
    pub fn column(&self) -> usize {
        self.position.column
    }

    /// The place as an offset in bytes, which is at most the length of the text.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The value in which it is wrong. Where a key or a separator is at fault, that is the object or array that
    /// holds it; for [`ReadErrorKind::DuplicateKey`] and [`ReadErrorKind::ReservedKey`] it is the key's member.
    pub fn pointer(&self) -> &JsonPointer {
        &self.pointer
    }

    pub(crate) fn new(text: &str, fault: &Fault<'_>) -> Self {
        Self {
            kind: fault.kind,
            offset: fault.offset,
            position: Position::of(text, fault.offset),
            pointer: JsonPointer::new(fault.path.iter().rev()),
        }
    }
}

/// The kind of a [`ReadError`], which has an example. `Display` is the start of its sentence.
///
/// Sources: RFC 8259 for the grammar; RFC 7493 (I-JSON) for duplicate keys and surrogates; Go's `encoding/json`,
/// with which Kubernetes reads documents, for numbers out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// There is nothing but white space.
    Empty,
    /// The text starts with a byte order mark. Windows tools write one; Kubernetes refuses it.
    ByteOrderMark,
    /// The text is JSON, but not an object.
    NotAnObject {
        /// The type of the value that is there.
        found: JsonType,
    },
    /// Something other than what the grammar wants at this place.
    Syntax {
        /// What the grammar wants.
        expected: Expected,
    },
    /// A number starts with `0` and goes on with a digit.
    LeadingZero,
    /// The text ends within the document.
    UnexpectedEnd,
    /// Something other than white space follows the document.
    TrailingData,
    /// An object has the same key twice, escapes resolved. Readers differ in which value they take, so that a
    /// check would see one document and Windows another.
    DuplicateKey,
    /// A `\u` escape is half of a surrogate pair.
    LoneSurrogate,
    /// A string has a control character that is not escaped.
    ControlCharacter,
    /// A number is greater than a 64-bit floating-point number can be.
    NumberOutOfRange,
    /// Objects and arrays are nested too deeply.
    TooDeep {
        /// The greatest depth allowed, in levels.
        limit: u8,
    },
    /// A key that `serde_json` gives a meaning of its own (`$serde_json::private::…`) when some crate in the
    /// program turns on its features for numbers or raw values. Only [`read`](crate::read) refuses it.
    ReservedKey,
}

impl fmt::Display for ReadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty document"),
            Self::ByteOrderMark => f.write_str("byte order mark"),
            Self::NotAnObject { found } => write!(f, "{found} in place of an object"),
            Self::Syntax { expected } => write!(f, "expected {expected}"),
            Self::LeadingZero => f.write_str("number with a leading zero"),
            Self::UnexpectedEnd => f.write_str("unexpected end of the document"),
            Self::TrailingData => f.write_str("data after the document"),
            Self::DuplicateKey => f.write_str("duplicate key"),
            Self::LoneSurrogate => f.write_str("escape of half a surrogate pair"),
            Self::ControlCharacter => f.write_str("control character in a string"),
            Self::NumberOutOfRange => f.write_str("number out of range"),
            Self::TooDeep { limit } => write!(f, "nesting deeper than {limit} levels"),
            Self::ReservedKey => f.write_str("reserved key"),
        }
    }
}

/// What the grammar wants at a place; see [`ReadErrorKind::Syntax`].
///
/// ```
/// use gmsa_credspec::{Expected, ReadErrorKind, read};
///
/// let error = read(r#"{"CmsPlugins" []}"#).unwrap_err();
/// assert_eq!(error.kind(), ReadErrorKind::Syntax { expected: Expected::Colon });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expected {
    /// Any JSON value.
    Value,
    /// A key in double quotes, after a comma.
    Key,
    /// A key in double quotes or `}`.
    KeyOrBrace,
    /// `:`.
    Colon,
    /// `,` or `}`.
    CommaOrBrace,
    /// `,` or `]`.
    CommaOrBracket,
    /// A digit of a number.
    Digit,
    /// One of the letters and signs that may follow `\`.
    Escape,
    /// Four hexadecimal digits after `\u`.
    HexDigits,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "a value",
            Self::Key => "a key in double quotes",
            Self::KeyOrBrace => "a key in double quotes or `}`",
            Self::Colon => "`:`",
            Self::CommaOrBrace => "`,` or `}`",
            Self::CommaOrBracket => "`,` or `]`",
            Self::Digit => "a digit",
            Self::Escape => "one of `\"\\/bfnrtu` after `\\`",
            Self::HexDigits => "four hexadecimal digits after `\\u`",
        })
    }
}
