use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, Tag};

use super::error::{Fault, SourceErrorKind};
use super::node::{Member, Node, NodeValue, Style};
use super::template::is_template;
use super::tree::{Builder, Key, Place};
use super::yaml_fault::explain;
use super::yaml_scalar::resolve;

/// Reads the YAML document in a part of a source, which starts at `shift`. `None` if there is none.
pub(super) fn read<'t>(text: &str, shift: usize, builder: Builder<'_, 't>) -> Result<Option<Node>, Fault> {
    let mut options = granit_parser::Options::default();
    // Another crate of the program may have turned them on.
    options.set_emit_comments(false);
    let mut reader = Reader { text, shift, builder, anchors: BTreeMap::new(), open: Vec::new() };
    let (mut documents, mut read) = (0, 0);
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| explain(&error, text, read, shift))?;
        read = read.max(span.end.byte_offset().unwrap_or_default());
        let span = reader.range(&span);
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            // The source was divided at the markers already: a second one stands where YAML takes none.
            if documents > 1 {
                return Err(Fault::new(SourceErrorKind::YamlSyntax, span.0));
            }
        }
        reader.event(event, span).map_err(|kind| Fault::new(kind, span.0))?;
    }
    match reader.builder.finish() {
        Some(root) if root.style() == Style::Plain && root.as_str().is_some() => {
            Err(Fault::new(SourceErrorKind::PlainText, root.position().offset))
        }
        root => Ok(root),
    }
}

struct Reader<'r, 'b, 't> {
    text: &'r str,
    shift: usize,
    builder: Builder<'b, 't>,
    /// The values with an anchor, by the number that the parser gives it.
    anchors: BTreeMap<usize, Node>,
    /// The anchors of the collections that are open.
    open: Vec<usize>,
}

type Result<T, E = SourceErrorKind> = std::result::Result<T, E>;

impl Reader<'_, '_, '_> {
    fn range(&self, span: &Span) -> (usize, usize) {
        let offset = |marker: granit_parser::Marker| {
            marker.byte_offset().unwrap_or_default().saturating_add(self.shift)
        };
        (offset(span.start), offset(span.end))
    }

    fn event(&mut self, event: Event<'_>, span: (usize, usize)) -> Result<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(&text, style, tag.as_deref(), span)?;
                self.value(node, anchor)
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).ok_or(SourceErrorKind::UnknownAlias)?;
                let node = self.builder.repeat(node)?;
                self.value(node, 0)
            }
            Event::SequenceStart(style, anchor, _) => {
                self.collection(anchor)?;
                let start = match style {
                    StructureStyle::Block => self.sequence_start(span.0),
                    StructureStyle::Flow => span.0,
                };
                self.builder.open_array(start, structure(style))
            }
            Event::MappingStart(style, anchor, _) => {
                let at = span.0.saturating_sub(self.shift);
                if style == StructureStyle::Flow && self.text.get(at..).is_some_and(is_template) {
                    return Err(SourceErrorKind::UnresolvedTemplate);
                }
                self.collection(anchor)?;
                self.builder.open_object(span.0, structure(style))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                // Brackets have a length; what ends by indentation has none.
                let end = (span.0 != span.1).then_some(span.1);
                let anchor = self.open.pop().unwrap_or_default();
                match self.builder.close(end) {
                    Some(node) => self.value(merged(node)?, anchor),
                    None => Ok(()),
                }
            }
            Event::UnresolvedAlias(_) => Err(SourceErrorKind::UnknownAlias),
            _ => Ok(()),
        }
    }

    /// The parser puts a sequence that is indented no more than its key behind the first `-`.
    fn sequence_start(&self, start: usize) -> usize {
        let (before, here) = self.text.split_at_checked(start.saturating_sub(self.shift)).unwrap_or_default();
        let is_entry = here
            .strip_prefix('-')
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        match before.trim_end_matches([' ', '\t']).strip_suffix('-') {
            Some(before) if !is_entry => before.len().saturating_add(self.shift),
            _ => start,
        }
    }

    fn collection(&mut self, anchor: usize) -> Result<()> {
        if self.builder.place() == Place::Key {
            return Err(SourceErrorKind::KeyNotText);
        }
        self.open.push(anchor);
        Ok(())
    }

    /// A value is complete: a key, or what belongs to one, or an item, or the document.
    fn value(&mut self, node: Node, anchor: usize) -> Result<()> {
        if anchor != 0 {
            // The copy counts, or else anchors within anchors would multiply the text.
            let copy = self.builder.repeat(&node)?;
            self.anchors.insert(anchor, copy);
        }
        if self.builder.place() != Place::Key {
            self.builder.add(node);
            return Ok(());
        }
        let text = match node.value() {
            NodeValue::String(text) => text.clone(),
            NodeValue::Bool(value) => value.to_string(),
            NodeValue::Number(literal) => literal.to_string(),
            // What Kubernetes says of these is "unsupported map key".
            NodeValue::Null | NodeValue::Array(_) | NodeValue::Object(_) => {
                return Err(SourceErrorKind::KeyNotText);
            }
        };
        let (start, end) = (node.position().offset, node.position().end());
        let is_merge = node.style() == Style::Plain && text == MERGE;
        let written = if is_merge { Some(MERGE) } else { node.written() };
        self.builder.key(Key { text, start, end, written: written.map(Into::into) });
        Ok(())
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        (start, end): (usize, usize),
    ) -> Result<Node> {
        let own = self.text.get(start.saturating_sub(self.shift)..end.saturating_sub(self.shift));
        // The parser writes `~` for a value that is not there.
        let text = if style == ScalarStyle::Plain && own == Some("") { "" } else { text };
        let value = match tag.map(|tag| tag.suffix_in_namespace("tag:yaml.org,2002:")) {
            None if style == ScalarStyle::Plain => resolve(text)?,
            None => NodeValue::String(text.to_owned()),
            Some(Some(name)) => tagged(&name, text)?,
            // Kubernetes takes no notice of other tags, except that nothing is resolved.
            Some(None) => NodeValue::String(text.to_owned()),
        };
        let is_string = matches!(value, NodeValue::String(_));
        let node = self.builder.scalar(value, (start, end), scalar_style(style))?;
        Ok(if is_string { node } else { node.written_as(text) })
    }
}

const MERGE: &str = "<<";

/// A scalar with a tag of YAML's own.
fn tagged(name: &str, text: &str) -> Result<NodeValue> {
    if matches!(name, "str" | "timestamp") {
        return Ok(NodeValue::String(text.to_owned()));
    }
    let value = resolve(text)?;
    let fits = match (name, &value) {
        ("null", NodeValue::Null) | ("bool", NodeValue::Bool(_)) | ("float", NodeValue::Number(_)) => true,
        ("int", NodeValue::Number(literal)) => !literal.contains(['.', 'e', 'E']),
        _ => false,
    };
    if fits { Ok(value) } else { Err(SourceErrorKind::Tag) }
}

/// Puts the members of merged mappings in the place of the merge key.
///
/// Where a key stands before the merge key and in the merged mapping, YAML takes the former and the parser of
/// Kubernetes the latter; and several merge keys are as many opinions. Both are refused.
fn merged(node: Node) -> Result<Node> {
    let is_merge = |member: &Member| member.key == MERGE && member.key_written.as_deref() == Some(MERGE);
    let Some(at) = node.members().iter().position(is_merge) else {
        return Ok(node);
    };
    let (before, rest) = node.members().split_at_checked(at).unwrap_or_default();
    let Some((merge, after)) = rest.split_first() else {
        return Ok(node);
    };
    let sources = match merge.node.value() {
        NodeValue::Object(_) => std::slice::from_ref(&merge.node),
        NodeValue::Array(items) if items.iter().all(|item| matches!(item.value(), NodeValue::Object(_))) => {
            items
        }
        _ => return Err(SourceErrorKind::MergeKey),
    };
    let earlier: BTreeSet<&str> = before.iter().map(Member::key).collect();
    let mut taken: BTreeSet<&str> = after.iter().map(Member::key).collect();
    let mut members = before.to_vec();
    for member in sources.iter().flat_map(Node::members) {
        if earlier.contains(member.key()) {
            return Err(SourceErrorKind::MergeKey);
        }
        if taken.insert(member.key()) {
            members.push(Member { merged: true, ..member.clone() });
        }
    }
    if after.iter().any(is_merge) {
        return Err(SourceErrorKind::MergeKey);
    }
    members.extend_from_slice(after);
    Ok(Node::new(NodeValue::Object(members), node.position(), node.style()))
}

fn structure(style: StructureStyle) -> Style {
    match style {
        StructureStyle::Block => Style::Block,
        StructureStyle::Flow => Style::Flow,
    }
}

fn scalar_style(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}
