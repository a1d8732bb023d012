use std::fmt;

use gmsa_types::finding::SourcePosition;

use super::error::{Fault, Forgiven, SourceError, SourceErrorKind};
use super::form::Form;
use super::json::JsonReader;
use super::lines::Lines;
use super::node::Node;
use super::options::{Budget, ReadOptions};
use super::split::{Part, Written, next_document, parts};
use super::template::first_template;
use super::tree::Builder;
use crate::ReadErrorKind;

/// One document of a [`Source`](super::Source): a tree, or the reason why there is none.
///
/// ```
/// use gmsa_credspec::source::{Form, ReadOptions, Syntax, read_source};
///
/// let source = read_source(b"{\"CmsPlugins\": []}\n{\"CmsPlugins\": [}\n", &ReadOptions::new());
/// let [good, bad] = source.documents() else { panic!("there is one to a line") };
/// assert_eq!((good.syntax(), good.form()), (Syntax::Json, &Form::Spec));
/// assert!(good.root().is_some() && good.fault().is_none());
/// assert_eq!(bad.fault().map(|fault| fault.position().line), Some(2));
/// ```
#[derive(Clone, PartialEq)]
pub struct Document {
    syntax: Syntax,
    form: Form,
    position: SourcePosition,
    content: Result<Node, SourceError>,
    forgiven: Vec<Forgiven>,
}

/// What a [`Document`] is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "credential specs come in these two")]
pub enum Syntax {
    /// JSON, or what was meant to be.
    Json,
    /// YAML.
    Yaml,
}

impl Document {
    /// What it is written in.
    pub fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// What it is, by its own account.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Where it is: its value, or for a document with a fault the text from its start to the fault.
    pub fn position(&self) -> SourcePosition {
        self.position
    }

    /// Its value, unless it has a fault.
    pub fn root(&self) -> Option<&Node> {
        self.content.as_ref().ok()
    }

    /// Why there is no value.
    pub fn fault(&self) -> Option<&SourceError> {
        self.content.as_ref().err()
    }

    /// What had to be forgiven of it, in the order of the text.
    pub fn forgiven(&self) -> &[Forgiven] {
        &self.forgiven
    }

    pub(super) fn faulty(syntax: Syntax, position: SourcePosition, fault: SourceError) -> Self {
        Self { syntax, form: Form::Unknown, position, content: Err(fault), forgiven: Vec::new() }
    }
}

/// Shows what it is, and nothing that it says.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("syntax", &self.syntax)
            .field("form", &self.form)
            .field("position", &self.position)
            .field("content", &self.content)
            .field("forgiven", &self.forgiven)
            .finish()
    }
}

/// Reads the documents of one text.
pub(super) struct Reading<'t, 'l> {
    text: &'t str,
    lines: &'l Lines<'t>,
    options: &'l ReadOptions,
    budget: Budget,
    documents: Vec<Document>,
}

impl<'t, 'l> Reading<'t, 'l> {
    pub(super) fn new(text: &'t str, lines: &'l Lines<'t>, options: &'l ReadOptions) -> Self {
        Self { text, lines, options, budget: Budget::new(options), documents: Vec::new() }
    }

    pub(super) fn documents(mut self) -> Vec<Document> {
        for part in parts(self.text) {
            let inside = self.text.get(part.start..part.end).unwrap_or_default();
            let has_room = match Written::of(inside) {
                Written::Nothing => true,
                Written::Json => self.json(part),
                Written::JsonLines => self.json_lines(part),
                Written::Yaml => self.yaml(part, inside),
            };
            if !has_room {
                break;
            }
        }
        self.documents
    }

    /// Adds a document, and says whether there may be another one.
    fn push(
        &mut self,
        syntax: Syntax,
        start: usize,
        read: Result<Node, Fault>,
        forgiven: Vec<Forgiven>,
    ) -> bool {
        let limit = self.options.max_documents;
        let has_room = self.documents.len() < limit;
        let read =
            if has_room { read } else { Err(Fault::new(SourceErrorKind::TooManyDocuments { limit }, start)) };
        let (form, position, content) = match read {
            Ok(root) => (Form::of(&root), root.position(), Ok(root)),
            Err(fault) => {
                let position = self.lines.position(start, fault.offset.max(start));
                let place = self.lines.position(fault.offset, fault.offset);
                (Form::Unknown, position, Err(SourceError::new(fault.kind, place)))
            }
        };
        self.documents.push(Document { syntax, form, position, content, forgiven });
        has_room
    }

    /// Documents one after another.
    fn json(&mut self, part: Part) -> bool {
        let mut reader = JsonReader::new(self.text, part.start, part.end, self.lines);
        let mut first = true;
        loop {
            let start = match reader.next_token() {
                Ok(None) => break,
                Ok(Some(b'{' | b'[')) => reader.offset(),
                Ok(Some(b'"')) if first => reader.offset(),
                Ok(Some(_)) => {
                    let at = reader.offset();
                    let fault = Fault::new(SourceErrorKind::Json(ReadErrorKind::TrailingData), at);
                    if !self.push(Syntax::Json, at, Err(fault), std::mem::take(&mut reader.forgiven)) {
                        return false;
                    }
                    match next_document(self.text, at, part.end) {
                        Some(next) => {
                            reader.go_to(next);
                            continue;
                        }
                        None => break,
                    }
                }
                Err(fault) => {
                    let at = fault.offset;
                    return self.push(Syntax::Json, at, Err(fault), std::mem::take(&mut reader.forgiven));
                }
            };
            first = false;
            let builder = Builder::new(self.lines, &mut self.budget, self.options);
            let read = reader.document(builder);
            let next = match &read {
                Ok(_) => Some(reader.offset()),
                Err(fault) => next_document(self.text, fault.offset, part.end),
            };
            if !self.push(Syntax::Json, start, read, std::mem::take(&mut reader.forgiven)) {
                return false;
            }
            match next {
                Some(next) => reader.go_to(next),
                None => break,
            }
        }
        // Comments behind the last document.
        if let Some(last) = self.documents.last_mut() {
            last.forgiven.append(&mut reader.forgiven);
        }
        true
    }

    /// A document on each line, so that a fault ends with its line.
    fn json_lines(&mut self, part: Part) -> bool {
        let mut start = part.start;
        let inside = self.text.get(part.start..part.end).unwrap_or_default();
        for line in inside.split_inclusive('\n') {
            let end = start.saturating_add(line.trim_end().len());
            if !self.json(Part { start, end }) {
                return false;
            }
            start = start.saturating_add(line.len());
        }
        true
    }

    fn yaml(&mut self, part: Part, inside: &str) -> bool {
        let start = part.start.saturating_add(inside.len().saturating_sub(inside.trim_start().len()));
        // A template has to be rendered before anybody can say whether it is YAML.
        let template = || {
            Fault::new(
                SourceErrorKind::UnresolvedTemplate,
                part.start.saturating_add(first_template(inside).unwrap_or_default()),
            )
        };
        let read = self.yaml_tree(part, inside).map_err(|fault| match fault.kind {
            SourceErrorKind::TooManyNodes { .. }
            | SourceErrorKind::TooDeep { .. }
            | SourceErrorKind::TooMuchRepetition
            | SourceErrorKind::ItemIndentedLess { .. } => fault,
            _ if first_template(inside).is_some() => template(),
            _ => fault,
        });
        match read {
            Ok(None) => true,
            Ok(Some(root)) => self.push(Syntax::Yaml, start, Ok(root), Vec::new()),
            Err(fault) => self.push(Syntax::Yaml, start, Err(fault), Vec::new()),
        }
    }

    #[cfg(feature = "yaml")]
    fn yaml_tree(&mut self, part: Part, inside: &str) -> Result<Option<Node>, Fault> {
        let builder = Builder::new(self.lines, &mut self.budget, self.options);
        super::yaml::read(inside, part.start, builder)
    }

    #[cfg(not(feature = "yaml"))]
    fn yaml_tree(&mut self, part: Part, inside: &str) -> Result<Option<Node>, Fault> {
        let indent = inside.len().saturating_sub(inside.trim_start().len());
        Err(Fault::new(SourceErrorKind::YamlNotEnabled, part.start.saturating_add(indent)))
    }
}
