use std::borrow::Cow;

use gmsa_types::finding::{Pointer, SourcePosition};

use super::placeholder::is_placeholder;
use crate::{
    JsonPointer, JsonType,
    pointer::Segment,
    source::{Member, Node},
};

/// A value together with its place in the document.
#[derive(Clone)]
pub(super) struct Field<'s> {
    node: &'s Node,
    exact: String,
    shown: String,
}

impl<'s> Field<'s> {
    pub(super) fn root(node: &'s Node) -> Self {
        Self { node, exact: String::new(), shown: String::new() }
    }

    pub(super) fn node(&self) -> &'s Node {
        self.node
    }

    pub(super) fn json_type(&self) -> JsonType {
        self.node.json_type()
    }

    pub(super) fn position(&self) -> SourcePosition {
        self.node.position()
    }

    /// The pointer as data, for fixes.
    pub(super) fn exact(&self) -> &str {
        &self.exact
    }

    pub(super) fn pointer(&self) -> Pointer {
        Pointer::shown_as(self.exact.clone(), self.shown.clone())
    }

    pub(super) fn members(&self) -> &'s [Member] {
        self.node.members()
    }

    pub(super) fn child(&self, member: &'s Member) -> Self {
        self.step(&Segment::Key(Cow::Borrowed(member.key())), member.node())
    }

    /// The value of a key, in whatever case it is written: the case is a finding of its own.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let members = self.members();
        let member = members
            .iter()
            .rev()
            .find(|member| member.key() == key)
            .or_else(|| members.iter().rev().find(|member| member.key().eq_ignore_ascii_case(key)))?;
        Some(self.child(member))
    }

    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.node.items().iter().enumerate();
        items.map(|(index, node)| self.step(&Segment::Index(index), node)).collect()
    }

    /// The text, trimmed, if it is one that says something: neither blank nor a placeholder, which are findings of
    /// their own.
    pub(super) fn text(&self) -> Option<&'s str> {
        let text = trim(self.node.as_str()?);
        (!text.is_empty() && !is_placeholder(text)).then_some(text)
    }

    pub(super) fn is_blank(&self) -> bool {
        self.node.as_str().is_some_and(|text| trim(text).is_empty())
    }

    /// Beyond a length that no known key leads to, a value is told by what it is in: else a long key would be copied
    /// for everything below it.
    fn step(&self, segment: &Segment<'_>, node: &'s Node) -> Self {
        const LONGEST: usize = 1024;
        let length = match segment {
            Segment::Key(key) => key.len(),
            Segment::Index(_) => 0,
        };
        if self.exact.len().saturating_add(length) > LONGEST {
            return Self { node, ..self.clone() };
        }
        let step = JsonPointer::new([segment]);
        Self {
            node,
            exact: format!("{}{}", self.exact, step.as_str()),
            shown: format!("{}{step}", self.shown),
        }
    }
}

/// Without what nobody sees at the ends of a value.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\0')
}
