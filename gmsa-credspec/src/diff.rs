//! What two credential specs say differently, for people.
//!
//! [`compare`](crate::compare()) decides whether a pod's contents are those of a resource, and minds every letter. This
//! module explains: entries of accounts are matched by name and scope and not by index, and a GUID in other braces or
//! a name in other case is the same value in another spelling. Numbers are compared as Kubernetes decodes them.
//!
//! [`diff`] is data without values. [`render`] is for the eyes of whoever has both documents, and shows values of
//! fields that hold none of the secrets.
//!
//! ```
//! use gmsa_credspec::diff::{DifferenceKind, diff, render};
//!
//! let old = gmsa_credspec::read(
//!     r#"{"DomainJoinConfig":{"NetBiosName":"CONTOSO","DnsName":"contoso.com"},"Extra":"hunter2"}"#,
//! )?;
//! let new = gmsa_credspec::read(r#"{"DomainJoinConfig":{"NetBiosName":"contoso","DnsName":"fabrikam.com"}}"#)?;
//!
//! let differences = diff(&old, &new);
//! assert_eq!(differences[1].kind(), DifferenceKind::Spelling);
//! assert_eq!(differences[1].to_string(), "`/DomainJoinConfig/NetBiosName` is spelt in another way");
//! assert_eq!(
//!     render(&differences),
//!     "~ /DomainJoinConfig/DnsName: contoso.com -> fabrikam.com\n\
//!      = /DomainJoinConfig/NetBiosName: CONTOSO -> contoso (the same value)\n\
//!      - /*: (hidden)\n",
//! );
//! # Ok::<(), gmsa_credspec::ReadError>(())
//! ```

mod accounts;
mod place;

use std::fmt;

use gmsa_types::CredentialSpec;

use crate::json::{DEPTH_LIMIT, Member, Node, Value, read_object};
use crate::pointer::Segment;
use crate::{CanonicalContents, JsonPointer, JsonType, Side};
use place::Place;

/// What the two documents say differently: known keys in the order of the canonical form, entries of accounts in that
/// of the left document. Empty if they say the same, but for the order of entries.
///
/// ```
/// use gmsa_credspec::diff::diff;
///
/// let left = gmsa_credspec::read(r#"{"CmsPlugins":["ActiveDirectory"]}"#)?;
/// assert!(diff(&left, &left).is_empty());
/// assert_eq!(diff(&left, &gmsa_credspec::read("{}")?).len(), 1);
/// # Ok::<(), gmsa_credspec::ReadError>(())
/// ```
pub fn diff(left: &CredentialSpec, right: &CredentialSpec) -> Vec<Difference> {
    let (left, right) = (CanonicalContents::from_spec(left), CanonicalContents::from_spec(right));
    if let (Ok(left), Ok(right)) = (&left, &right)
        && let (Ok(left), Ok(right)) =
            (read_object(left.as_str(), DEPTH_LIMIT), read_object(right.as_str(), DEPTH_LIMIT))
    {
        let mut walk = Walk { left: Vec::new(), right: Vec::new(), found: Vec::new() };
        walk.nodes(&left, &right, Place::Top);
        return walk.found;
    }
    [(Side::Left, left.err()), (Side::Right, right.err())]
        .into_iter()
        .filter_map(|(side, error)| Some(Difference::unreadable(side, error?.pointer().clone())))
        .collect()
}

/// A place where two documents differ.
///
/// `Display` and `Debug` name the place and the kind, and never a value; see [`JsonPointer`] for keys. [`render`]
/// shows values.
///
/// ```
/// use gmsa_credspec::{Side, diff::{DifferenceKind, diff}};
///
/// let left = gmsa_credspec::read(r#"{"CmsPlugins":["ActiveDirectory"]}"#)?;
/// let found = diff(&left, &gmsa_credspec::read("{}")?);
/// assert_eq!(found[0].kind(), DifferenceKind::OnlyLeft);
/// assert_eq!(found[0].pointer(Side::Left).map(|pointer| pointer.as_str()), Some("/CmsPlugins"));
/// assert_eq!(found[0].pointer(Side::Right), None);
/// # Ok::<(), gmsa_credspec::ReadError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Difference {
    kind: DifferenceKind,
    left: Option<End>,
    right: Option<End>,
}

/// One side of a difference: the place, and what may be shown of the value.
#[derive(Clone, PartialEq, Eq)]
struct End {
    pointer: JsonPointer,
    shown: String,
}

impl Difference {
    /// How the documents differ.
    pub fn kind(&self) -> DifferenceKind {
        self.kind
    }

    /// The place in one of the documents, if it is there. The places differ where an entry of an account has moved.
    pub fn pointer(&self, side: Side) -> Option<&JsonPointer> {
        let end = match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        };
        end.as_ref().map(|end| &end.pointer)
    }

    fn unreadable(side: Side, pointer: JsonPointer) -> Self {
        let end = Some(End { pointer, shown: HIDDEN.to_owned() });
        let kind = DifferenceKind::NoDocument(side);
        match side {
            Side::Left => Self { kind, left: end, right: None },
            Side::Right => Self { kind, left: None, right: end },
        }
    }

    /// The place on the left, or else that on the right.
    fn place(&self) -> &dyn fmt::Display {
        match self.left.as_ref().or(self.right.as_ref()) {
            Some(end) => &end.pointer,
            None => &"",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        match self.kind {
            DifferenceKind::OnlyLeft => write!(f, "`{place}` is only on the left"),
            DifferenceKind::OnlyRight => write!(f, "`{place}` is only on the right"),
            DifferenceKind::Type { left, right } => {
                write!(f, "`{place}` is {left} on the left and {right} on the right")
            }
            DifferenceKind::Value => write!(f, "`{place}` has another value"),
            DifferenceKind::Spelling => write!(f, "`{place}` is spelt in another way"),
            DifferenceKind::NoDocument(side) => {
                write!(f, "the document on the {side} is not one that can be read, at `{place}`")
            }
        }
    }
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Difference")
            .field("kind", &self.kind)
            .field("left", &self.pointer(Side::Left))
            .field("right", &self.pointer(Side::Right))
            .finish_non_exhaustive()
    }
}

/// The kind of a [`Difference`].
///
/// ```
/// use gmsa_credspec::{JsonType, diff::{DifferenceKind, diff}};
///
/// let left = gmsa_credspec::read(r#"{"DomainJoinConfig":{"Sid":"s-1-5-21-1-2-3","Guid":1}}"#)?;
/// let right = gmsa_credspec::read(r#"{"DomainJoinConfig":{"Sid":"S-1-5-21-1-2-3","Guid":"1"}}"#)?;
/// let kinds: Vec<_> = diff(&left, &right).iter().map(|difference| difference.kind()).collect();
/// let (left, right) = (JsonType::Number, JsonType::String);
/// assert_eq!(kinds, [DifferenceKind::Type { left, right }, DifferenceKind::Spelling]);
/// # Ok::<(), gmsa_credspec::ReadError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// The right document lacks it.
    OnlyLeft,
    /// The left document lacks it.
    OnlyRight,
    /// The values have different types.
    Type {
        /// The type on the left.
        left: JsonType,
        /// The type on the right.
        right: JsonType,
    },
    /// The values differ.
    Value,
    /// The values are the same to Windows, and differ as texts: a GUID in other case or braces, a SID or a name in
    /// other case. The admission webhook tells them apart.
    Spelling,
    /// A program built a document that no text could have been; nothing is compared.
    NoDocument(Side),
}

/// Writes differences for people, a line each, with values.
///
/// A line starts with `-` for what is only on the left, `+` for what is only on the right, `~` for another value and
/// `=` for another spelling. Values of `PluginInput`, of keys that the format does not know, and of texts that look
/// like anything but a name, a SID or a GUID are `(hidden)`. Keep the result out of logs all the same: a password can
/// look like a name.
///
/// ```
/// use gmsa_credspec::diff::{diff, render};
///
/// let left = gmsa_credspec::read(
///     r#"{"ActiveDirectoryConfig":{"HostAccountConfig":{"PluginInput":"team-a:gmsa"}}}"#,
/// )?;
/// let right = gmsa_credspec::read(
///     r#"{"ActiveDirectoryConfig":{"HostAccountConfig":{"PluginInput":"team-b:gmsa"}}}"#,
/// )?;
/// assert_eq!(
///     render(&diff(&left, &right)),
///     "~ /ActiveDirectoryConfig/HostAccountConfig/PluginInput: (hidden) -> (hidden)\n",
/// );
/// # Ok::<(), gmsa_credspec::ReadError>(())
/// ```
pub fn render(differences: &[Difference]) -> String {
    let mut out = String::new();
    for difference in differences {
        let place = difference.place();
        let shown = |end: &Option<End>| end.as_ref().map_or_else(String::new, |end| end.shown.clone());
        let (left, right) = (shown(&difference.left), shown(&difference.right));
        out.push_str(&match difference.kind {
            DifferenceKind::OnlyLeft => format!("- {place}: {left}\n"),
            DifferenceKind::OnlyRight => format!("+ {place}: {right}\n"),
            DifferenceKind::Value | DifferenceKind::Type { .. } => format!("~ {place}: {left} -> {right}\n"),
            DifferenceKind::Spelling => format!("= {place}: {left} -> {right} (the same value)\n"),
            DifferenceKind::NoDocument(_) => format!("! {difference}\n"),
        });
    }
    out
}

const HIDDEN: &str = "(hidden)";

/// Walks two documents at once. The recursion is as deep as the nesting, which the reader limits.
struct Walk<'n> {
    left: Vec<Segment<'n>>,
    right: Vec<Segment<'n>>,
    found: Vec<Difference>,
}

impl<'n> Walk<'n> {
    fn nodes(&mut self, left: &'n Node<'_>, right: &'n Node<'_>, place: Place) {
        match (&left.value, &right.value) {
            (Value::Object(a), Value::Object(b)) => self.objects(a, b, place),
            (Value::Array(a), Value::Array(b)) if place == Place::Accounts => self.accounts(a, b),
            (Value::Array(a), Value::Array(b)) => self.arrays(a, b, place),
            (Value::Null, Value::Null) => {}
            (Value::Boolean(a), Value::Boolean(b)) if a == b => {}
            (Value::Number(a), Value::Number(b)) if a.same_value(*b) => {}
            (Value::String(a), Value::String(b)) if a == b => {}
            (Value::String(a), Value::String(b)) if place.is_same(a, b) => {
                self.both(DifferenceKind::Spelling, left, right, place);
            }
            (a, b) if a.json_type() == b.json_type() => self.both(DifferenceKind::Value, left, right, place),
            (a, b) => {
                let kind = DifferenceKind::Type { left: a.json_type(), right: b.json_type() };
                self.both(kind, left, right, place);
            }
        }
    }

    /// Known keys first, in the order in which the document is written; then the others. Both are sorted.
    fn objects(&mut self, left: &'n [Member<'_>], right: &'n [Member<'_>], place: Place) {
        let mut pairs = Vec::new();
        let (mut a, mut b) = (left.iter().peekable(), right.iter().peekable());
        loop {
            let order = match (a.peek(), b.peek()) {
                (Some(a), Some(b)) => a.key.cmp(&b.key),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => break,
            };
            let pair = (order.is_le().then(|| a.next()).flatten(), order.is_ge().then(|| b.next()).flatten());
            if let Some(member) = pair.0.or(pair.1) {
                pairs.push((place.within(&member.key), member, pair));
            }
        }
        pairs.sort_by_key(|(place, ..)| *place == Place::Unknown);
        for (place, member, pair) in pairs {
            let step = Segment::Key((&*member.key).into());
            self.left.push(step.clone());
            self.right.push(step);
            match pair {
                (Some(left), Some(right)) => self.nodes(&left.node, &right.node, place),
                (Some(left), None) => self.only_left(&left.node, place),
                (None, Some(right)) => self.only_right(&right.node, place),
                (None, None) => {}
            }
            self.left.pop();
            self.right.pop();
        }
    }

    fn arrays(&mut self, left: &'n [Node<'_>], right: &'n [Node<'_>], place: Place) {
        let place = place.item();
        for index in 0..left.len().max(right.len()) {
            self.items(
                left.get(index).map(|node| (index, node)),
                right.get(index).map(|node| (index, node)),
                place,
            );
        }
    }

    fn accounts(&mut self, left: &'n [Node<'_>], right: &'n [Node<'_>]) {
        for (left, right) in accounts::pairs(left, right) {
            self.items(left, right, Place::Account);
        }
    }

    fn items(&mut self, left: Item<'n, '_>, right: Item<'n, '_>, place: Place) {
        self.left.extend(left.map(|(index, _)| Segment::Index(index)));
        self.right.extend(right.map(|(index, _)| Segment::Index(index)));
        match (left, right) {
            (Some((_, left)), Some((_, right))) => self.nodes(left, right, place),
            (Some((_, left)), None) => self.only_left(left, place),
            (None, Some((_, right))) => self.only_right(right, place),
            (None, None) => {}
        }
        if left.is_some() {
            self.left.pop();
        }
        if right.is_some() {
            self.right.pop();
        }
    }

    fn both(&mut self, kind: DifferenceKind, left: &Node<'_>, right: &Node<'_>, place: Place) {
        let left = Some(End { pointer: JsonPointer::new(&self.left), shown: place.shown(left) });
        let right = Some(End { pointer: JsonPointer::new(&self.right), shown: place.shown(right) });
        self.found.push(Difference { kind, left, right });
    }

    fn only_left(&mut self, node: &Node<'_>, place: Place) {
        let left = Some(End { pointer: JsonPointer::new(&self.left), shown: place.shown(node) });
        self.found.push(Difference { kind: DifferenceKind::OnlyLeft, left, right: None });
    }

    fn only_right(&mut self, node: &Node<'_>, place: Place) {
        let right = Some(End { pointer: JsonPointer::new(&self.right), shown: place.shown(node) });
        self.found.push(Difference { kind: DifferenceKind::OnlyRight, left: None, right });
    }
}

/// An item of a list and its index.
type Item<'n, 't> = Option<(usize, &'n Node<'t>)>;
