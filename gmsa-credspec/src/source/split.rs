/// A part of a source between two separators (`---` or `...` on a line of its own start), as a range of bytes.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Divides a text at the separators of YAML, so that a fault in one document leaves the others alone.
///
/// The separators count at the start of a line alone. There, no string of JSON and no scalar of YAML goes on:
/// YAML 1.2, section 9.1.2, forbids them in scalars.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut start, mut line_start) = (0, 0);
    for line in text.split_inclusive(['\n', '\r']) {
        let separates = ["---", "..."]
            .iter()
            .filter_map(|marker| line.strip_prefix(marker))
            .any(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']));
        if separates {
            parts.push(Part { start, end: line_start });
            start = line_start.saturating_add(3);
        }
        line_start = line_start.saturating_add(line.len());
    }
    parts.push(Part { start, end: text.len() });
    parts
}

/// What a part of a source is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Nothing but white space, comments and directives.
    Nothing,
    Json,
    /// JSON, one document on each line.
    JsonLines,
    Yaml,
}

impl Written {
    /// Judges by the first characters, white space and comments left out.
    pub(super) fn of(part: &str) -> Self {
        let mut rest = part.trim_start_matches(is_space);
        loop {
            let comment = match rest.as_bytes() {
                [b'/', b'*', ..] => rest.split_once("*/").map(|(_, after)| after),
                [b'#' | b'%', ..] | [b'/', b'/', ..] => {
                    Some(rest.split_once(['\n', '\r']).map_or("", |(_, after)| after))
                }
                _ => None,
            };
            match comment {
                Some(after) => rest = after.trim_start_matches(is_space),
                None => break,
            }
        }
        match rest.as_bytes() {
            [] => Self::Nothing,
            [b'{', b'{' | b'%', ..] => Self::Yaml,
            [b'{' | b'[', ..] if has_document_lines(part) => Self::JsonLines,
            [b'{' | b'[', ..] => Self::Json,
            // A JSON text in a JSON string, or a YAML key in quotes.
            [b'"', after @ ..] => {
                let mut escaped = false;
                let end = after.iter().position(|byte| {
                    let ends = *byte == b'"' && !escaped;
                    escaped = *byte == b'\\' && !escaped;
                    ends
                });
                let behind = end.and_then(|end| after.get(end.saturating_add(1)..)).unwrap_or_default();
                match behind.trim_ascii_start() {
                    [b':', ..] => Self::Yaml,
                    _ => Self::Json,
                }
            }
            _ => Self::Yaml,
        }
    }
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

/// Whether most lines are a whole object each, by their brackets, so that each is to be read for itself.
///
/// One document over several lines is never taken for that: neither its first line nor its last has brackets that
/// match, nor do two lines in a row, since there is a comma between their objects. Nor is it with others of one
/// line behind it, as long as all brackets match in the end; a line that was cut off leaves one open.
fn has_document_lines(part: &str) -> bool {
    let lines = part.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let (mut whole, mut all) = (0_usize, 0_usize);
    for line in lines {
        all = all.saturating_add(1);
        if line.starts_with('{') && line.ends_with('}') && brackets_match(line) {
            whole = whole.saturating_add(1);
        }
    }
    all > 1 && (whole == all || (whole.saturating_mul(2) > all && !brackets_match(part)))
}

fn brackets_match(line: &str) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_i64, false, false);
    for byte in line.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth = depth.saturating_add(1),
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth == 0 && !quoted
}

/// The next line after `from` that may start another document: with `{` in its first column, after a line that
/// ends one.
pub(super) fn next_document(text: &str, from: usize, end: usize) -> Option<usize> {
    let rest = text.get(from..end)?;
    let mut line_start = from;
    let mut closed = false;
    for line in rest.split_inclusive('\n') {
        if line_start > from && closed && line.starts_with('{') {
            return Some(line_start);
        }
        let content = line.trim_end();
        if !content.is_empty() {
            closed = content.ends_with('}');
        }
        line_start = line_start.saturating_add(line.len());
    }
    None
}
