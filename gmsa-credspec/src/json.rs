use std::{borrow::Cow, fmt};

use crate::number::Number;
use crate::pointer::Segment;
use crate::read_error::{Expected, ReadError, ReadErrorKind};

/// How many levels of objects and arrays there may be; the document itself is level 1. The format has five levels.
pub const DEPTH_LIMIT: u8 = 64;

/// The type of a JSON value.
///
/// Source: RFC 8259 section 3.
///
/// ```
/// use gmsa_credspec::{JsonType, ReadErrorKind, read};
///
/// let error = read("[]").unwrap_err();
/// assert_eq!(error.kind(), ReadErrorKind::NotAnObject { found: JsonType::Array });
/// assert_eq!(JsonType::Array.to_string(), "an array");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 8259 has these and no others")]
pub enum JsonType {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// With an article, as in `an array`.
impl fmt::Display for JsonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

/// A value and the offset of its first byte. It has no `Debug`, since it holds the contents.
pub(crate) struct Node<'t> {
    pub(crate) offset: usize,
    pub(crate) value: Value<'t>,
}

pub(crate) enum Value<'t> {
    Null,
    Boolean(bool),
    Number(Number<'t>),
    String(Cow<'t, str>),
    Array(Vec<Node<'t>>),
    /// Sorted by the bytes of the keys; no key is there twice.
    Object(Vec<Member<'t>>),
}

pub(crate) struct Member<'t> {
    pub(crate) key: Cow<'t, str>,
    /// The offset of the key's opening quote.
    pub(crate) offset: usize,
    pub(crate) node: Node<'t>,
}

impl Value<'_> {
    pub(crate) fn json_type(&self) -> JsonType {
        match self {
            Self::Null => JsonType::Null,
            Self::Boolean(_) => JsonType::Boolean,
            Self::Number(_) => JsonType::Number,
            Self::String(_) => JsonType::String,
            Self::Array(_) => JsonType::Array,
            Self::Object(_) => JsonType::Object,
        }
    }
}

/// What went wrong, before it is put in terms of lines and pointers.
pub(crate) struct Fault<'t> {
    pub(crate) kind: ReadErrorKind,
    pub(crate) offset: usize,
    /// From the innermost container outwards.
    pub(crate) path: Vec<Segment<'t>>,
}

impl<'t> Fault<'t> {
    pub(crate) fn new(kind: ReadErrorKind, offset: usize) -> Box<Self> {
        Box::new(Self { kind, offset, path: Vec::new() })
    }

    pub(crate) fn within(mut self: Box<Self>, segment: Segment<'t>) -> Box<Self> {
        self.path.push(segment);
        self
    }
}

/// Reads a text that is one JSON object, strictly, nested no more than `depth` levels. The recursion is as deep
/// as the nesting; that `depth` is a `u8` bounds the stack.
pub(crate) fn read_object(text: &str, depth: u8) -> Result<Node<'_>, ReadError> {
    Reader { text, bytes: text.as_bytes(), at: 0, depth }
        .document()
        .map_err(|fault| ReadError::new(text, &fault))
}

pub(crate) type Read<'t, T> = Result<T, Box<Fault<'t>>>;

pub(crate) struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    pub(crate) at: usize,
    depth: u8,
}

impl<'t> Reader<'t> {
    /// For the forgiving reader, which has the tokens in common with this one and nothing else.
    pub(crate) fn tokens(text: &'t str, at: usize) -> Self {
        Self { text, bytes: text.as_bytes(), at, depth: 0 }
    }

    fn document(mut self) -> Read<'t, Node<'t>> {
        if self.text.starts_with('\u{feff}') {
            return Err(Fault::new(ReadErrorKind::ByteOrderMark, 0));
        }
        if self.next_token().is_none() {
            return Err(Fault::new(ReadErrorKind::Empty, self.at));
        }
        let node = self.node(self.depth)?;
        let found = node.value.json_type();
        if found != JsonType::Object {
            return Err(Fault::new(ReadErrorKind::NotAnObject { found }, node.offset));
        }
        match self.next_token() {
            None => Ok(node),
            Some(_) => Err(Fault::new(ReadErrorKind::TrailingData, self.at)),
        }
    }

    /// Reads the value that starts here, white space before it passed over already.
    fn node(&mut self, levels_left: u8) -> Read<'t, Node<'t>> {
        let offset = self.at;
        let value = match self.peek() {
            Some(b'"') => Value::String(self.string()?),
            Some(b'{') => Value::Object(self.object(levels_left)?),
            Some(b'[') => Value::Array(self.array(levels_left)?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            Some(b't') => self.word("true", Value::Boolean(true))?,
            Some(b'f') => self.word("false", Value::Boolean(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.expected(Expected::Value)),
        };
        Ok(Node { offset, value })
    }

    fn object(&mut self, levels_left: u8) -> Read<'t, Vec<Member<'t>>> {
        let levels_left = self.open(levels_left)?;
        let mut members: Vec<Member<'t>> = Vec::new();
        if self.next_token() == Some(b'}') {
            self.step();
            return Ok(members);
        }
        let mut expected = Expected::KeyOrBrace;
        loop {
            let offset = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.expected(expected));
            }
            let key = self.string()?;
            if self.next_token() != Some(b':') {
                return Err(self.expected(Expected::Colon));
            }
            self.step();
            self.next_token();
            match self.node(levels_left) {
                Ok(node) => members.push(Member { key, offset, node }),
                Err(fault) => return Err(fault.within(Segment::Key(key))),
            }
            match self.next_token() {
                Some(b',') => self.step(),
                Some(b'}') => break,
                _ => return Err(self.expected(Expected::CommaOrBrace)),
            }
            self.next_token();
            expected = Expected::Key;
        }
        self.step();
        in_order(members)
    }

    fn array(&mut self, levels_left: u8) -> Read<'t, Vec<Node<'t>>> {
        let levels_left = self.open(levels_left)?;
        let mut items = Vec::new();
        if self.next_token() == Some(b']') {
            self.step();
            return Ok(items);
        }
        loop {
            match self.node(levels_left) {
                Ok(node) => items.push(node),
                Err(fault) => return Err(fault.within(Segment::Index(items.len()))),
            }
            match self.next_token() {
                Some(b',') => self.step(),
                Some(b']') => break,
                _ => return Err(self.expected(Expected::CommaOrBracket)),
            }
            self.next_token();
        }
        self.step();
        Ok(items)
    }

    fn open(&mut self, levels_left: u8) -> Read<'t, u8> {
        let Some(levels_left) = levels_left.checked_sub(1) else {
            return Err(Fault::new(ReadErrorKind::TooDeep { limit: self.depth }, self.at));
        };
        self.step();
        Ok(levels_left)
    }

    pub(crate) fn word(&mut self, word: &str, value: Value<'t>) -> Read<'t, Value<'t>> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.starts_with(word) {
            self.at = self.at.saturating_add(word.len());
            Ok(value)
        } else if word.starts_with(rest) {
            self.at = self.bytes.len();
            Err(self.expected(Expected::Value))
        } else {
            Err(self.expected(Expected::Value))
        }
    }

    pub(crate) fn number(&mut self) -> Read<'t, Number<'t>> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.step();
        }
        let leading_zero = self.peek() == Some(b'0');
        if self.digits()? > 1 && leading_zero {
            return Err(Fault::new(ReadErrorKind::LeadingZero, start));
        }
        if self.peek() == Some(b'.') {
            self.step();
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.step();
            if let Some(b'+' | b'-') = self.peek() {
                self.step();
            }
            self.digits()?;
        }
        self.text
            .get(start..self.at)
            .and_then(Number::in_range)
            .ok_or_else(|| Fault::new(ReadErrorKind::NumberOutOfRange, start))
    }

    fn digits(&mut self) -> Read<'t, usize> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match rest.iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => Err(self.expected(Expected::Digit)),
            count => {
                self.at = self.at.saturating_add(count);
                Ok(count)
            }
        }
    }

    pub(crate) fn string(&mut self) -> Read<'t, Cow<'t, str>> {
        self.step();
        let plain = self.plain_characters();
        if self.peek() == Some(b'"') {
            self.step();
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.step();
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(Fault::new(ReadErrorKind::ControlCharacter, self.at)),
                None => return Err(Fault::new(ReadErrorKind::UnexpectedEnd, self.at)),
            }
            text.push_str(self.plain_characters());
        }
    }

    /// Passes over the characters of a string that stand for themselves.
    fn plain_characters(&mut self) -> &'t str {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
        self.at = rest.iter().position(ends).map_or(self.bytes.len(), |count| start.saturating_add(count));
        // The bytes that end a run are ASCII, so both ends lie between characters.
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn escape(&mut self) -> Read<'t, char> {
        let start = self.at;
        self.step();
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.step();
                return self.unicode_escape(start);
            }
            _ => return Err(self.expected(Expected::Escape)),
        };
        self.step();
        Ok(character)
    }

    fn unicode_escape(&mut self, start: usize) -> Read<'t, char> {
        let lone = || Fault::new(ReadErrorKind::LoneSurrogate, start);
        let first = self.hex_digits()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or_else(lone);
        }
        for wanted in *b"\\u" {
            match self.peek() {
                Some(byte) if byte == wanted => self.step(),
                Some(_) => return Err(lone()),
                None => return Err(Fault::new(ReadErrorKind::UnexpectedEnd, self.at)),
            }
        }
        let second = self.hex_digits()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(lone());
        }
        let pair = (first & 0x3ff) << 10 | second & 0x3ff;
        char::from_u32(pair.saturating_add(0x1_0000)).ok_or_else(lone)
    }

    fn hex_digits(&mut self) -> Read<'t, u32> {
        let mut number = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.expected(Expected::HexDigits));
            };
            number = number << 4 | digit;
            self.step();
        }
        Ok(number)
    }

    fn expected(&self, expected: Expected) -> Box<Fault<'t>> {
        let kind = match self.peek() {
            Some(_) => ReadErrorKind::Syntax { expected },
            None => ReadErrorKind::UnexpectedEnd,
        };
        Fault::new(kind, self.at)
    }

    /// Passes over white space, and says what comes next.
    fn next_token(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.step(),
                next => return next,
            }
        }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(crate) fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }
}

/// Sorts the members of an object by the bytes of their keys, and refuses a key that is there twice.
fn in_order(mut members: Vec<Member<'_>>) -> Read<'_, Vec<Member<'_>>> {
    if members.is_sorted_by(|a, b| a.key < b.key) {
        return Ok(members);
    }
    members.sort_by(|a, b| a.key.cmp(&b.key));
    let second = members
        .iter()
        .zip(members.iter().skip(1))
        .filter_map(|(a, b)| (a.key == b.key).then_some(b))
        .min_by_key(|member| member.offset);
    match second {
        Some(member) => {
            Err(Fault::new(ReadErrorKind::DuplicateKey, member.offset)
                .within(Segment::Key(member.key.clone())))
        }
        None => Ok(members),
    }
}
