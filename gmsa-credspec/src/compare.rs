use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use crate::json::{DEPTH_LIMIT, JsonType, Member, Node, Value, read_object};
use crate::pointer::{JsonPointer, Segment};
use crate::read_error::ReadError;

/// The most differences that a [`Comparison`] reports. One is enough to refuse a pod; the others help to see why.
pub const DIFFERENCE_LIMIT: usize = 32;

/// Compares two documents by value, each read strictly.
///
/// The order of keys, white space and the spelling of strings make no difference; the order of arrays and the
/// case of keys and strings do. Numbers are equal if their exact decimal values are: `1` equals `1.0`, and does
/// not equal `1.00000000000000000001`, although the two are one 64-bit floating-point number.
///
/// Source: kubernetes-sigs/windows-gmsa, `admission-webhook`, `compareCredSpecContents`, which
/// takes the last of duplicate keys and compares numbers as floating point; both are closed here.
///
/// ```
/// use gmsa_credspec::{Comparison, ReadErrorKind, Side, compare};
///
/// assert!(compare(r#"{"a":1,"b":[]}"#, r#"{ "b": [], "a": 1.0 }"#).is_equal());
///
/// let Comparison::Different(differences) = compare(r#"{"a":1}"#, r#"{"a":2}"#) else { panic!() };
/// assert_eq!(differences[0].pointer().as_str(), "/a");
///
/// let Comparison::Unreadable { side, error } = compare(r#"{"a":1}"#, r#"{"a":1,"a":1}"#) else { panic!() };
/// assert_eq!((side, error.kind()), (Side::Right, ReadErrorKind::DuplicateKey));
/// ```
pub fn compare(left: &str, right: &str) -> Comparison {
    if left == right {
        // Equal texts still have to be documents.
        return match read_object(left, DEPTH_LIMIT) {
            Ok(_) => Comparison::Equal,
            Err(error) => Comparison::Unreadable { side: Side::Left, error },
        };
    }
    compare_texts(left, right)
}

/// What comparing two documents came to: the answer of [`compare`](crate::compare()), which has an example of each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "two texts are equal, or different, or cannot be compared")]
pub enum Comparison {
    /// Both sides were read strictly, and say the same.
    Equal,
    /// Both sides were read strictly. The first [`DIFFERENCE_LIMIT`] differences, at least one, objects in the
    /// order of their sorted keys.
    Different(Vec<Difference>),
    /// A side is not a document; if both are not, the left one is reported.
    Unreadable {
        /// Which text could not be read.
        side: Side,
        /// Why, and where in that text.
        error: ReadError,
    },
}

impl Comparison {
    /// Whether both sides were read and say the same.
    pub fn is_equal(&self) -> bool {
        matches!(self, Self::Equal)
    }
}

/// One of the two texts of a comparison.
///
/// ```
/// use gmsa_credspec::{Comparison, Side, compare};
///
/// let Comparison::Unreadable { side, .. } = compare("{}", "{") else { panic!("one ends too early") };
/// assert_eq!((side, side.to_string().as_str()), (Side::Right, "right"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a comparison has two sides")]
pub enum Side {
    /// The first argument; the resource, in [`CanonicalContents::compare`](crate::CanonicalContents::compare).
    Left,
    /// The second argument; the contents of a pod, in
    /// [`CanonicalContents::compare`](crate::CanonicalContents::compare).
    Right,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "left",
            Self::Right => "right",
        })
    }
}

/// One place where two documents differ.
///
/// `Display` and `Debug` name the place and the kind, and never a value; see [`JsonPointer`] for keys.
///
/// ```
/// use gmsa_credspec::{Comparison, DifferenceKind, JsonType, compare};
///
/// let Comparison::Different(found) = compare(r#"{"Sid":1}"#, r#"{"Sid":"1"}"#) else { panic!("they differ") };
/// assert_eq!(found[0].pointer().as_str(), "/Sid");
/// let (left, right) = (JsonType::Number, JsonType::String);
/// assert_eq!(found[0].kind(), DifferenceKind::Type { left, right });
/// assert_eq!(found[0].to_string(), "`/Sid` is a number on the left and a string on the right");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pointer: JsonPointer,
    kind: DifferenceKind,
}

impl Difference {
    /// The place, in the side or sides that have it.
    pub fn pointer(&self) -> &JsonPointer {
        &self.pointer
    }

    /// How the two sides differ there.
    pub fn kind(&self) -> DifferenceKind {
        self.kind
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = &self.pointer;
        match self.kind {
            DifferenceKind::OnlyLeft => write!(f, "`{pointer}` is only on the left"),
            DifferenceKind::OnlyRight => write!(f, "`{pointer}` is only on the right"),
            DifferenceKind::Type { left, right } => {
                write!(f, "`{pointer}` is {left} on the left and {right} on the right")
            }
            DifferenceKind::Value => write!(f, "`{pointer}` has another value"),
            DifferenceKind::Length { left, right } => {
                write!(f, "`{pointer}` has another length: {left} on the left and {right} on the right")
            }
        }
    }
}

/// The kind of a [`Difference`], which has an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// The right object lacks the key.
    OnlyLeft,
    /// The left object lacks the key.
    OnlyRight,
    /// The values have different types.
    Type {
        /// The type on the left.
        left: JsonType,
        /// The type on the right.
        right: JsonType,
    },
    /// Two strings, numbers or booleans differ.
    Value,
    /// Two arrays have different lengths. The items that both have are compared as well.
    Length {
        /// The number of items on the left.
        left: usize,
        /// The number of items on the right.
        right: usize,
    },
}

/// Compares two texts that are known to differ as texts.
pub(crate) fn compare_texts(left: &str, right: &str) -> Comparison {
    let read =
        |side, text| read_object(text, DEPTH_LIMIT).map_err(|error| Comparison::Unreadable { side, error });
    let documents = read(Side::Left, left).and_then(|left| Ok((left, read(Side::Right, right)?)));
    match documents {
        Ok((left, right)) => {
            let mut walk = Walk { path: Vec::new(), found: Vec::new() };
            walk.nodes(&left, &right);
            if walk.found.is_empty() { Comparison::Equal } else { Comparison::Different(walk.found) }
        }
        Err(unreadable) => unreadable,
    }
}

struct Walk<'n> {
    path: Vec<Segment<'n>>,
    found: Vec<Difference>,
}

impl<'n> Walk<'n> {
    fn nodes(&mut self, left: &'n Node<'_>, right: &'n Node<'_>) {
        match (&left.value, &right.value) {
            (Value::Null, Value::Null) => {}
            (Value::Boolean(left), Value::Boolean(right)) => self.values(left == right),
            (Value::Number(left), Value::Number(right)) => self.values(left.same_value(*right)),
            (Value::String(left), Value::String(right)) => self.values(left == right),
            (Value::Array(left), Value::Array(right)) => self.arrays(left, right),
            (Value::Object(left), Value::Object(right)) => self.objects(left, right),
            (left, right) => {
                self.found(DifferenceKind::Type { left: left.json_type(), right: right.json_type() });
            }
        }
    }

    fn values(&mut self, equal: bool) {
        if !equal {
            self.found(DifferenceKind::Value);
        }
    }

    fn arrays(&mut self, left: &'n [Node<'_>], right: &'n [Node<'_>]) {
        if left.len() != right.len() {
            self.found(DifferenceKind::Length { left: left.len(), right: right.len() });
        }
        for (index, (left, right)) in left.iter().zip(right).enumerate() {
            if self.is_full() {
                return;
            }
            self.path.push(Segment::Index(index));
            self.nodes(left, right);
            self.path.pop();
        }
    }

    /// Both sides are sorted by key, so that one pass over the two finds every pair.
    fn objects(&mut self, left: &'n [Member<'_>], right: &'n [Member<'_>]) {
        let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
        while !self.is_full() {
            let order = match (left.peek(), right.peek()) {
                (Some(left), Some(right)) => left.key.cmp(&right.key),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return,
            };
            let on_left = if order.is_le() { left.next() } else { None };
            let on_right = if order.is_ge() { right.next() } else { None };
            let Some(member) = on_left.or(on_right) else { return };
            self.path.push(Segment::Key(Cow::Borrowed(&member.key)));
            match (on_left, on_right) {
                (Some(left), Some(right)) => self.nodes(&left.node, &right.node),
                (Some(_), None) => self.found(DifferenceKind::OnlyLeft),
                (None, _) => self.found(DifferenceKind::OnlyRight),
            }
            self.path.pop();
        }
    }

    fn found(&mut self, kind: DifferenceKind) {
        if !self.is_full() {
            self.found.push(Difference { pointer: JsonPointer::new(&self.path), kind });
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= DIFFERENCE_LIMIT
    }
}
