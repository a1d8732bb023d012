use super::error::SourceErrorKind;
use super::lines::Lines;
use super::node::{Member, Node, NodeValue, Style};
use super::options::{Budget, ReadOptions};

/// Builds the tree of one document without recursion: its depth and the number of its values are limited as the
/// readers go.
pub(super) struct Builder<'b, 't> {
    lines: &'b Lines<'t>,
    budget: &'b mut Budget,
    max_depth: u8,
    open: Vec<Open>,
    root: Option<Node>,
}

struct Open {
    start: usize,
    style: Style,
    inside: Inside,
}

enum Inside {
    Array(Vec<Node>),
    Object { members: Vec<Member>, key: Option<Key> },
}

pub(super) struct Key {
    pub(super) text: String,
    pub(super) start: usize,
    pub(super) end: usize,
    /// See [`Member::key_written`].
    pub(super) written: Option<Box<str>>,
}

/// What the next value will be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The document.
    Root,
    /// An item of an array.
    Item,
    /// A key of an object; not a value yet.
    Key,
    /// The value of a key.
    Member,
}

impl<'b, 't> Builder<'b, 't> {
    pub(super) fn new(lines: &'b Lines<'t>, budget: &'b mut Budget, options: &ReadOptions) -> Self {
        Self { lines, budget, max_depth: options.max_depth, open: Vec::new(), root: None }
    }

    pub(super) fn place(&self) -> Place {
        match self.open.last().map(|open| &open.inside) {
            None => Place::Root,
            Some(Inside::Array(_)) => Place::Item,
            Some(Inside::Object { key: None, .. }) => Place::Key,
            Some(Inside::Object { key: Some(_), .. }) => Place::Member,
        }
    }

    pub(super) fn finish(self) -> Option<Node> {
        self.root
    }

    /// The brackets that close what is open, from the inside out.
    pub(super) fn missing(&self) -> String {
        self.open
            .iter()
            .rev()
            .map(|open| if matches!(open.inside, Inside::Array(_)) { ']' } else { '}' })
            .collect()
    }

    pub(super) fn open_array(&mut self, start: usize, style: Style) -> Result<(), SourceErrorKind> {
        self.open(Open { start, style, inside: Inside::Array(Vec::new()) })
    }

    pub(super) fn open_object(&mut self, start: usize, style: Style) -> Result<(), SourceErrorKind> {
        self.open(Open { start, style, inside: Inside::Object { members: Vec::new(), key: None } })
    }

    fn open(&mut self, open: Open) -> Result<(), SourceErrorKind> {
        self.budget.nodes(1)?;
        if self.open.len() >= usize::from(self.max_depth) {
            return Err(SourceErrorKind::TooDeep { limit: self.max_depth });
        }
        self.open.push(open);
        Ok(())
    }

    /// Sets the key of the next value.
    pub(super) fn key(&mut self, next: Key) {
        if let Some(Inside::Object { key, .. }) = self.open.last_mut().map(|open| &mut open.inside) {
            *key = Some(next);
        }
    }

    pub(super) fn scalar(
        &mut self,
        value: NodeValue,
        (start, end): (usize, usize),
        style: Style,
    ) -> Result<Node, SourceErrorKind> {
        self.budget.nodes(1)?;
        Ok(Node::new(value, self.lines.position(start, end), style))
    }

    /// A copy of a value, which counts as if the text repeated it.
    #[cfg(feature = "yaml")]
    pub(super) fn repeat(&mut self, node: &Node) -> Result<Node, SourceErrorKind> {
        let (nodes, bytes) = node.size();
        self.budget.repeated(nodes, bytes)?;
        if node.depth().saturating_add(self.open.len()) > usize::from(self.max_depth) {
            return Err(SourceErrorKind::TooDeep { limit: self.max_depth });
        }
        Ok(node.clone())
    }

    /// Adds a value where [`place`](Self::place) says.
    pub(super) fn add(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.inside) {
            None => self.root = Some(node),
            Some(Inside::Array(items)) => items.push(node),
            Some(Inside::Object { members, key }) => {
                if let Some(key) = key.take() {
                    let key_position = self.lines.position(key.start, key.end);
                    members.push(Member {
                        key: key.text,
                        key_position,
                        key_written: key.written,
                        merged: false,
                        node,
                    });
                }
            }
        }
    }

    /// Closes the innermost container, for the caller to add. `end` is that of a closing bracket; without one the
    /// container ends with what is in it.
    pub(super) fn close(&mut self, end: Option<usize>) -> Option<Node> {
        let open = self.open.pop()?;
        let (value, last) = match open.inside {
            Inside::Array(items) => {
                let last = items.last().map(|item| item.position().end());
                (NodeValue::Array(items), last)
            }
            Inside::Object { members, .. } => {
                let last =
                    members.last().map(|member| member.node.position().end().max(member.key_position.end()));
                (NodeValue::Object(members), last)
            }
        };
        // An alias stands for a value further up.
        let end = end.or(last).unwrap_or(open.start).max(open.start);
        Some(Node::new(value, self.lines.position(open.start, end), open.style))
    }
}
