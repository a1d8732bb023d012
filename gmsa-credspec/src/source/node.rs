use std::fmt;

use gmsa_types::{CredentialSpec, finding::SourcePosition};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::walk::Walk;
use crate::JsonType;

/// A value of a document, with its place in the text.
///
/// Keys that occur twice are all there, in their order. Where one value has to be taken ([`get`](Self::get),
/// [`at`](Self::at), [`to_value`](Self::to_value)), it is the last, as Go, PowerShell and `serde_json` do it.
///
/// `Debug` names the type and the place, and shows no value.
///
/// ```
/// use gmsa_credspec::source::{ReadOptions, Style, read_source};
///
/// let source = read_source(br#"{"Sid": "S-1-5-21-1-2-3", "Sid": "hunter2"}"#, &ReadOptions::new());
/// let root = source.documents()[0].root().ok_or("it is not JSON")?;
/// assert_eq!(root.members().len(), 2);
/// let sid = root.get("Sid").ok_or("no SID")?;
/// assert_eq!((sid.as_str(), sid.style()), (Some("hunter2"), Style::Json));
/// assert!(!format!("{sid:?}").contains("hunter2"));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Node {
    value: NodeValue,
    position: SourcePosition,
    style: Style,
    written: Option<Box<str>>,
}

/// What a [`Node`] holds.
///
/// ```
/// use gmsa_credspec::source::{NodeValue, ReadOptions, read_source};
///
/// let source = read_source(br#"{"PortableCcgVersion": 1.0}"#, &ReadOptions::new());
/// let version = source.documents()[0].root().and_then(|root| root.get("PortableCcgVersion")).ok_or("none")?;
/// let NodeValue::Number(literal) = version.value() else { panic!("it is a number") };
/// assert_eq!(&**literal, "1.0");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "JSON has these types and no others")]
pub enum NodeValue {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as JSON writes it. One of YAML is in the form in which Kubernetes hands it on: `0123` is `83`.
    Number(Box<str>),
    /// A string, escapes resolved.
    String(String),
    /// An array.
    Array(Vec<Node>),
    /// An object: its members in the order of the text, duplicates and all.
    Object(Vec<Member>),
}

/// A key of an object, with its value.
///
/// ```
/// use gmsa_credspec::source::{ReadOptions, read_source};
///
/// let source = read_source(br#"{ "Sid": "S-1-5-21-1-2-3" }"#, &ReadOptions::new());
/// let member = &source.documents()[0].root().ok_or("it is not JSON")?.members()[0];
/// assert_eq!(member.key(), "Sid");
/// assert_eq!(member.key_position().to_string(), "line 1, column 3");
/// assert_eq!(member.node().position().to_string(), "line 1, column 10");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Member {
    pub(super) key: String,
    pub(super) key_position: SourcePosition,
    pub(super) key_written: Option<Box<str>>,
    pub(super) merged: bool,
    pub(super) node: Node,
}

/// How the text writes a value.
///
/// ```
/// # #[cfg(feature = "yaml")] {
/// use gmsa_credspec::source::{ReadOptions, Style, read_source};
///
/// let source = read_source(b"Sid: S-1-5-21-1-2-3\nGuid: 'x'\n", &ReadOptions::new());
/// let root = source.documents()[0].root().unwrap();
/// assert_eq!(root.style(), Style::Block);
/// let styles: Vec<Style> = root.members().iter().map(|member| member.node().style()).collect();
/// assert_eq!(styles, [Style::Plain, Style::SingleQuoted]);
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "JSON has one style, and YAML 1.2 has these")]
pub enum Style {
    /// As JSON does.
    Json,
    /// A YAML scalar without quotes.
    Plain,
    /// A YAML scalar in `'`.
    SingleQuoted,
    /// A YAML scalar in `"`.
    DoubleQuoted,
    /// A YAML scalar after `|`.
    Literal,
    /// A YAML scalar after `>`.
    Folded,
    /// A YAML collection by indentation.
    Block,
    /// A YAML collection in brackets.
    Flow,
}

impl Node {
    pub(super) fn new(value: NodeValue, position: SourcePosition, style: Style) -> Self {
        Self { value, position, style, written: None }
    }

    #[cfg(feature = "yaml")]
    pub(super) fn written_as(self, written: &str) -> Self {
        Self { written: Some(written.into()), ..self }
    }

    /// What it holds.
    pub fn value(&self) -> &NodeValue {
        &self.value
    }

    /// Its type.
    pub fn json_type(&self) -> JsonType {
        match &self.value {
            NodeValue::Null => JsonType::Null,
            NodeValue::Bool(_) => JsonType::Boolean,
            NodeValue::Number(_) => JsonType::Number,
            NodeValue::String(_) => JsonType::String,
            NodeValue::Array(_) => JsonType::Array,
            NodeValue::Object(_) => JsonType::Object,
        }
    }

    /// Where it is in [`Source::text`](super::Source::text), quotes and brackets included. Of a block scalar (`|`)
    /// that is the text below the header, and of a value that stands for an alias, the place of the anchor.
    pub fn position(&self) -> SourcePosition {
        self.position
    }

    /// How the text writes it.
    pub fn style(&self) -> Style {
        self.style
    }

    /// What the text of YAML says, where YAML 1.1 makes something else of it than a string: `NO`, which is `false`,
    /// or `0123`, which is 83.
    ///
    /// ```
    /// # #[cfg(feature = "yaml")] {
    /// use gmsa_credspec::{JsonType, source::{ReadOptions, read_source}};
    ///
    /// let source = read_source(b"NetBiosName: NO\nSid: 'NO'\n", &ReadOptions::new());
    /// let root = source.documents()[0].root().unwrap();
    /// let name = root.get("NetBiosName").unwrap();
    /// assert_eq!((name.json_type(), name.written()), (JsonType::Boolean, Some("NO")));
    /// assert_eq!(root.get("Sid").unwrap().written(), None);
    /// # }
    /// ```
    pub fn written(&self) -> Option<&str> {
        self.written.as_deref()
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            NodeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if it is an array; else none.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            NodeValue::Array(items) => items,
            _ => &[],
        }
    }

    /// The members, if it is an object; else none.
    pub fn members(&self) -> &[Member] {
        match &self.value {
            NodeValue::Object(members) => members,
            _ => &[],
        }
    }

    /// The last value under a key, if it is an object that has the key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().rev().find(|member| member.key == key).map(Member::node)
    }

    /// The value at a JSON pointer (RFC 6901).
    ///
    /// ```
    /// use gmsa_credspec::source::{ReadOptions, read_source};
    ///
    /// let text = br#"{"DomainJoinConfig": {"Sid": "S-1-5-21-1-2-3"}}"#;
    /// let source = read_source(text, &ReadOptions::new());
    /// let sid = source.documents()[0].root().and_then(|root| root.at("/DomainJoinConfig/Sid")).unwrap();
    /// assert_eq!(sid.as_str(), Some("S-1-5-21-1-2-3"));
    /// assert_eq!(sid.position().to_string(), "line 1, column 30");
    /// ```
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |node, step| match &node.value {
            NodeValue::Object(_) => node.get(&step.replace("~1", "/").replace("~0", "~")),
            NodeValue::Array(items) if step == "0" || !step.starts_with(['0', '+']) => {
                items.get(step.parse::<usize>().ok()?)
            }
            _ => None,
        })
    }

    /// All values with their pointers, this one first, in the order of the text. Where a key occurs twice, so does
    /// its pointer.
    ///
    /// ```
    /// use gmsa_credspec::source::{ReadOptions, read_source};
    ///
    /// let source = read_source(br#"{"CmsPlugins": ["ActiveDirectory"]}"#, &ReadOptions::new());
    /// let root = source.documents()[0].root().ok_or("it is not JSON")?;
    /// let pointers: Vec<String> = root.walk().map(|(pointer, _)| pointer.as_str().to_owned()).collect();
    /// assert_eq!(pointers, ["", "/CmsPlugins", "/CmsPlugins/0"]);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn walk(&self) -> Walk<'_> {
        Walk::new(self)
    }

    /// The value as `serde_json` has it: without positions, the last of duplicates, numbers as `serde_json` reads
    /// them.
    pub fn to_value(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(value) => Value::Bool(*value),
            NodeValue::Number(literal) => number(literal),
            NodeValue::String(text) => Value::String(text.clone()),
            NodeValue::Array(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            NodeValue::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|member| (member.key.clone(), member.node.to_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// The value as a credential spec, right or wrong. `None` if it is no object, or has a key that `serde_json`
    /// reserves for itself.
    ///
    /// ```
    /// use gmsa_credspec::source::{ReadOptions, read_source};
    ///
    /// let source = read_source(br#"{"CmsPlugins": ["ActiveDirectory"], /* all */}"#, &ReadOptions::new());
    /// let spec = source.documents()[0].root().and_then(|root| root.to_credential_spec()).ok_or("no object")?;
    /// assert!(spec.cms_plugins.is_some());
    /// # Ok::<(), &str>(())
    /// ```
    pub fn to_credential_spec(&self) -> Option<CredentialSpec> {
        CredentialSpec::deserialize(self.to_value()).ok()
    }

    /// How many values there are in it, itself included, and how much text.
    #[cfg(feature = "yaml")]
    pub(super) fn size(&self) -> (usize, usize) {
        let own = match &self.value {
            NodeValue::Number(text) => text.len(),
            NodeValue::String(text) => text.len(),
            _ => 0,
        };
        let keys = self.members().iter().map(|member| (0, member.key.len()));
        let inner = self.items().iter().chain(self.members().iter().map(Member::node)).map(Self::size);
        let add = |a: (usize, usize), b: (usize, usize)| (a.0.saturating_add(b.0), a.1.saturating_add(b.1));
        keys.chain(inner).fold((1, own), add)
    }

    /// How many levels of objects and arrays there are in it.
    #[cfg(feature = "yaml")]
    pub(super) fn depth(&self) -> usize {
        let inner = self.items().iter().chain(self.members().iter().map(Member::node)).map(Self::depth).max();
        match self.value {
            NodeValue::Array(_) | NodeValue::Object(_) => inner.unwrap_or(0).saturating_add(1),
            _ => 0,
        }
    }
}

/// Shows the type and the place, and no value.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("type", &self.json_type())
            .field("position", &self.position)
            .field("style", &self.style)
            .finish_non_exhaustive()
    }
}

/// Names the case but not the value.
impl fmt::Debug for NodeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Bool(_) => f.write_str("Bool(..)"),
            Self::Number(_) => f.write_str("Number(..)"),
            Self::String(_) => f.write_str("String(..)"),
            Self::Array(items) => f.debug_tuple("Array").field(items).finish(),
            Self::Object(members) => f.debug_tuple("Object").field(members).finish(),
        }
    }
}

impl Member {
    /// The key, escapes resolved. One that YAML 1.1 reads as something else than a string is in the form in which
    /// Kubernetes hands it on: `NO` is `false`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where the key is in [`Source::text`](super::Source::text), quotes included.
    pub fn key_position(&self) -> SourcePosition {
        self.key_position
    }

    /// What the text of YAML says, where YAML 1.1 makes something else of the key than a string.
    pub fn key_written(&self) -> Option<&str> {
        self.key_written.as_deref()
    }

    /// Whether it comes out of a merge key (`<<`) of YAML.
    pub fn is_merged(&self) -> bool {
        self.merged
    }

    /// The value.
    pub fn node(&self) -> &Node {
        &self.node
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("key_position", &self.key_position)
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

/// As `serde_json` reads a number; minus zero keeps its sign.
fn number(literal: &str) -> Value {
    if literal == "-0" {
        return Value::from(-0.0);
    }
    literal
        .parse::<u64>()
        .map(Value::from)
        .or_else(|_| literal.parse::<i64>().map(Value::from))
        .or_else(|_| literal.parse::<f64>().map(Value::from))
        .unwrap_or_default()
}
