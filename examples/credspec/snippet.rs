//! A finding with its line of the source, as `rustc` shows it.
//!
//! The line is the user's own, and only he sees it. What a plug-in gets can be a password, though, and ends up in the
//! log of a CI job with the rest: it is never shown, nor is anything that could be it.

use std::ops::Range;

use annotate_snippets::{
    AnnotationKind, Group, Level, Renderer, Snippet, renderer::DEFAULT_LINE_NUM_STYLE as ARROW,
};
use gmsa_credspec::source::{ForgivenKind, Node, NodeValue, Source};
use gmsa_examples::program::styled;
use gmsa_types::finding::{Finding, Severity, SourcePosition};

/// What stands for a text that is not shown.
const MASK: &str = "***";

/// How much of a long line is shown on either side of a place, in bytes.
const CONTEXT: usize = 80;

/// Renders findings about one source.
pub(crate) struct Snippets<'s> {
    name: &'s str,
    text: &'s str,
    masked: Vec<Range<usize>>,
}

impl<'s> Snippets<'s> {
    pub(crate) fn new(name: &'s str, source: &'s Source) -> Self {
        Self { name, text: source.text(), masked: masked(source) }
    }

    /// The finding with its line, if it has one, and all that it tells.
    pub(crate) fn render(&self, finding: &Finding) -> String {
        let level = match finding.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Info => Level::INFO,
        };
        let id = finding.id().to_string();
        let mut group = Group::with_title(level.primary_title(finding.message()).id(id));
        let line = finding.position().and_then(|position| Some((position, self.line(position)?)));
        if let Some((position, line)) = line {
            let place = AnnotationKind::Primary.span(line.place);
            group = group.element(Snippet::source(line.text).line_start(position.line).annotation(place));
        }
        if let Some(object) = finding.object().filter(|object| object.kind().is_some()) {
            let name = object.name().map(|name| format!(" {name}")).unwrap_or_default();
            group =
                group.element(Level::NOTE.message(format!("in {}{name}", object.kind().unwrap_or_default())));
        }
        if let Some(why) = finding.why() {
            group = group.element(Level::NOTE.message(why));
        }
        if let Some(help) = finding.help() {
            group = group.element(Level::HELP.message(help));
        }
        if let Some(fix) = finding.fix() {
            group = group.element(Level::HELP.message(format!("`credspec fix` can do it: {}", fix.title())));
        }
        // Colours go where there are none to be shown, too: `program::print` takes them out.
        let rendered = Renderer::styled().render(&[group]);
        let (title, rest) = rendered.split_once('\n').unwrap_or((&rendered, ""));
        format!("{title}\n{}\n{rest}\n", self.origin(finding.position())).trim_end().to_owned()
    }

    /// File, line and column, in the renderer's manner. It would count columns in the line as it is shown, which
    /// is not the one that the user has.
    fn origin(&self, position: Option<SourcePosition>) -> String {
        let name = self.name.replace(char::is_control, "?");
        let arrow = styled(ARROW, "-->");
        match position {
            Some(SourcePosition { line, column, .. }) => {
                let indent = line.to_string().len();
                format!("{:indent$}{arrow} {name}:{line}:{column}", "")
            }
            None => format!(" {arrow} {name}"),
        }
    }

    /// The line on which a place starts, with the place in it.
    fn line(&self, position: SourcePosition) -> Option<Line> {
        let before = self.text.get(..position.offset)?;
        let start = before.rfind('\n').map_or(0, |feed| feed + 1);
        let rest = self.text.get(position.offset..)?;
        let end = position.offset + rest.find('\n').unwrap_or(rest.len());
        let end = start + self.text.get(start..end)?.trim_end_matches('\r').len();
        let line = Line::masked(self.text, start..end, &self.masked, position);
        Some(line.cut())
    }
}

/// A line as it is shown, and the place in it.
struct Line {
    text: String,
    place: Range<usize>,
}

impl Line {
    fn masked(text: &str, line: Range<usize>, masked: &[Range<usize>], position: SourcePosition) -> Self {
        let mut shown = Self { text: String::new(), place: 0..0 };
        let is_container = text.get(position.offset..).is_some_and(|rest| rest.starts_with(['{', '[']));
        // Of an object or array, the bracket will do.
        let end = if is_container { position.offset + 1 } else { position.end() };
        let place = position.offset..end.min(line.end).max(position.offset);
        let mut at = line.start;
        let mut started = None;
        let mut ended = None;
        while at < line.end {
            let here = shown.text.len();
            if let Some(hidden) = masked.iter().find(|hidden| hidden.contains(&at)) {
                shown.text.push_str(MASK);
                let end = hidden.end.min(line.end);
                if place.start < end {
                    started.get_or_insert(here);
                }
                if place.end <= end && place.end > at {
                    ended.get_or_insert(shown.text.len());
                }
                at = end;
                continue;
            }
            if at >= place.start {
                started.get_or_insert(here);
            }
            if at >= place.end {
                ended.get_or_insert(here);
            }
            let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
            // Terminals take these for commands; the renderer replaces the others.
            let is_command = ('\u{80}'..='\u{9f}').contains(&character);
            shown.text.push(if is_command { char::REPLACEMENT_CHARACTER } else { character });
            at += character.len_utf8();
        }
        let start = started.unwrap_or(shown.text.len());
        shown.place = start..ended.unwrap_or(shown.text.len()).max(start);
        shown
    }

    /// The surroundings of the place alone, if the line is long.
    fn cut(self) -> Self {
        let boundary = |at: usize| {
            let is_boundary = |at: &usize| self.text.is_char_boundary(*at);
            (0..=at.min(self.text.len())).rev().find(is_boundary).unwrap_or_default()
        };
        let start = boundary(self.place.start.saturating_sub(CONTEXT));
        let end = boundary(self.place.start + 2 * CONTEXT);
        if end - start >= self.text.len() {
            return self;
        }
        let (mut text, mut moved) = (String::new(), 0);
        if start > 0 {
            text.push_str("...");
            moved = text.len();
        }
        text.push_str(&self.text[start..end]);
        let behind = text.len();
        if end < self.text.len() {
            text.push_str("...");
        }
        let moved = |at: usize| (at + moved - start).min(behind);
        Self { place: moved(self.place.start)..moved(self.place.end), text }
    }
}

/// The places in the text that are not shown, sorted.
fn masked(source: &Source) -> Vec<Range<usize>> {
    let text = source.text();
    let mut hidden = Vec::new();
    let mut keys = Vec::new();
    for document in source.documents() {
        if let Some(root) = document.root() {
            mask_node(root, Holds::Anything, &mut hidden, &mut keys);
        }
        let comments = document.forgiven().iter().filter(|it| it.kind() == ForgivenKind::Comment);
        // Whatever somebody noted there, a finding is not about it.
        hidden.extend(comments.map(|comment| range(comment.position())));
    }
    let lower = text.to_ascii_lowercase();
    // An option may carry a whole document, also where its scheme is misspelt.
    for (at, name) in lower.match_indices("credentialspec=") {
        let value = at + name.len();
        let rest = &lower[value..];
        if !["file://", "registry://", "config://"].iter().any(|scheme| rest.starts_with(scheme)) {
            hidden.push(value..rest.find('\n').map_or(lower.len(), |feed| value + feed));
        }
    }
    let ends = lower.match_indices("plugin").filter_map(|(at, word)| {
        let rest = &lower[at + word.len()..];
        let input = rest.trim_start_matches(SEPARATORS).strip_prefix("input")?;
        Some((at, lower.len() - input.len()))
    });
    if source.documents().iter().all(|document| document.fault().is_none()) {
        // Where it stands in no tree, what follows it on the line may be the value.
        for (at, end) in ends {
            if !keys.iter().chain(&hidden).any(|range| range.contains(&at)) {
                hidden.push(end..lower[end..].find('\n').map_or(lower.len(), |feed| end + feed));
            }
        }
    } else {
        // Without a tree, nobody can say where the value ends, nor, among misspelt keys, where it starts.
        let host = "hostaccountconfig";
        let hosts = lower.match_indices(host).map(|(at, _)| at + host.len());
        hidden.extend(ends.map(|(_, end)| end).chain(hosts).min().map(|start| start..lower.len()));
    }
    // Where places overlap, one that ends sooner must not end the mask.
    hidden.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in hidden.into_iter().filter(|range| !range.is_empty()) {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// What a value may be, from the key that it is under.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    Anything,
    /// A `HostAccountConfig`, in which all is hidden but what is known to be no secret, whatever the spelling.
    Host,
    Input,
}

fn mask_node(node: &Node, holds: Holds, hidden: &mut Vec<Range<usize>>, keys: &mut Vec<Range<usize>>) {
    if holds == Holds::Input {
        hidden.push(range(node.position()));
        return;
    }
    match node.value() {
        NodeValue::Object(members) => {
            for member in members {
                let key = member.key().to_ascii_lowercase();
                let below = match key.as_str() {
                    "hostaccountconfig" => Holds::Host,
                    "portableccgversion" | "pluginguid" if holds == Holds::Host => Holds::Anything,
                    key if holds == Holds::Host || names_input(key) => Holds::Input,
                    _ => Holds::Anything,
                };
                if below == Holds::Input {
                    keys.push(range(member.key_position()));
                }
                mask_node(member.node(), below, hidden, keys);
            }
        }
        NodeValue::Array(items) => items.iter().for_each(|item| mask_node(item, holds, hidden, keys)),
        // A document in quotes, or a text where the object has to be.
        NodeValue::String(text) if holds == Holds::Host || names_input(text) => {
            hidden.push(range(node.position()));
        }
        _ => {}
    }
}

/// What stands in `PluginInput`, `plugin_input` and `plugin input` between the two words.
const SEPARATORS: [char; 4] = ['_', '-', ' ', '.'];

fn names_input(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut behind = lower.match_indices("plugin").map(|(at, word)| &lower[at + word.len()..]);
    behind.any(|rest| rest.trim_start_matches(SEPARATORS).starts_with("input"))
}

fn range(position: SourcePosition) -> Range<usize> {
    position.offset..position.end()
}
