use std::borrow::Cow;

use super::node::{Member, Node, NodeValue};
use crate::{JsonPointer, pointer::Segment};

/// The values in a [`Node`] with their pointers; [`Node::walk`] makes it and has an example.
pub struct Walk<'n> {
    root: Option<&'n Node>,
    /// The containers that are open, with what is yet to come in each.
    open: Vec<Rest<'n>>,
    path: Vec<Segment<'n>>,
}

enum Rest<'n> {
    Items(std::iter::Enumerate<std::slice::Iter<'n, Node>>),
    Members(std::slice::Iter<'n, Member>),
}

impl<'n> Walk<'n> {
    pub(super) fn new(root: &'n Node) -> Self {
        Self { root: Some(root), open: Vec::new(), path: Vec::new() }
    }

    /// The next value, its step pushed on the path.
    fn step(&mut self) -> Option<&'n Node> {
        if let Some(root) = self.root.take() {
            return Some(root);
        }
        // The path leads to the value that was last returned.
        while let Some(rest) = self.open.last_mut() {
            let next = match rest {
                Rest::Items(items) => items.next().map(|(index, node)| (Segment::Index(index), node)),
                Rest::Members(members) => {
                    members.next().map(|member| (Segment::Key(Cow::Borrowed(member.key())), member.node()))
                }
            };
            self.path.truncate(self.open.len().saturating_sub(1));
            if let Some((segment, node)) = next {
                self.path.push(segment);
                return Some(node);
            }
            self.open.pop();
        }
        None
    }
}

impl<'n> Iterator for Walk<'n> {
    type Item = (JsonPointer, &'n Node);

    fn next(&mut self) -> Option<Self::Item> {
        let node = self.step()?;
        match node.value() {
            NodeValue::Array(items) => self.open.push(Rest::Items(items.iter().enumerate())),
            NodeValue::Object(members) => self.open.push(Rest::Members(members.iter())),
            _ => {}
        }
        Some((JsonPointer::new(&self.path), node))
    }
}

/// Shows how deep it is, and no value.
impl std::fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Walk").field("depth", &self.path.len()).finish_non_exhaustive()
    }
}
