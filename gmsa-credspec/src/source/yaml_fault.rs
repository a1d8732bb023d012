use granit_parser::{ErrorKind, ScanError};

use super::error::{Fault, SourceErrorKind};

/// Puts a fault of the YAML parser in words for whoever wrote the text. `read` is how far it got before, and
/// `shift` where the text starts in the source.
pub(super) fn explain(error: &ScanError, text: &str, read: usize, shift: usize) -> Fault {
    let mut offset = error.marker().byte_offset().unwrap_or_default().min(text.len());
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |end| end.saturating_add(1));
    let line = before.get(line_start..).unwrap_or_default();
    let is_first_colon = !line.contains(": ");
    if let Some(fault) = item_indented_less(text, offset, shift) {
        return fault;
    }
    let kind = match error.kind() {
        // A key further in than the one above it, which has a value already.
        ErrorKind::MappingValueNotAllowed if is_first_colon => {
            offset = line_start.saturating_add(indent(line));
            SourceErrorKind::Indentation
        }
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::DocumentIndicatorInQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent => {
            offset = opening_quote(before, read).unwrap_or(offset);
            SourceErrorKind::YamlQuotes
        }
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => SourceErrorKind::Tab,
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            SourceErrorKind::YamlQuotes
        }
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::MismatchedFlowCollectionEnd { .. }
        | ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofImplicitFlowMapping => SourceErrorKind::YamlBrackets,
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => SourceErrorKind::ColonInText,
        ErrorKind::UnexpectedCharacter { .. } => SourceErrorKind::ReservedCharacter,
        ErrorKind::UnknownAnchor => SourceErrorKind::UnknownAlias,
        ErrorKind::RecursionLimitExceeded => SourceErrorKind::TooDeep { limit: u8::MAX },
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::InvalidBlockScalarIndent
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::UnexpectedEofBlockSequence => SourceErrorKind::Indentation,
        _ => SourceErrorKind::YamlSyntax,
    };
    Fault::new(kind, offset.saturating_add(shift))
}

/// The parser notices that quotes do not end where they should have ended; whoever wrote them looks for their
/// start. `text` ends where the parser noticed.
fn opening_quote(text: &str, read: usize) -> Option<usize> {
    let mut before = ' ';
    let mut characters = text.char_indices().skip_while(|(offset, _)| *offset < read).peekable();
    while let Some((offset, character)) = characters.next() {
        let starts = before.is_whitespace() || ":,[{".contains(before);
        match character {
            '#' if before.is_whitespace() => while characters.next_if(|(_, next)| *next != '\n').is_some() {},
            '"' | '\'' if starts => loop {
                match characters.next() {
                    Some((_, '\\')) if character == '"' => drop(characters.next()),
                    Some((_, end)) if end == character => {
                        let doubled =
                            character == '\'' && characters.next_if(|(_, next)| *next == '\'').is_some();
                        if !doubled {
                            break;
                        }
                    }
                    Some(_) => {}
                    None => return Some(offset),
                }
            },
            _ => {}
        }
        before = character;
    }
    None
}

/// The commonest fault in published manifests: a key, and below it an item that is indented less.
///
/// ```yaml
///   CmsPlugins:
///  - ActiveDirectory
/// ```
///
/// The parser finds it at the item, or where the next key no longer fits.
fn item_indented_less(text: &str, offset: usize, shift: usize) -> Option<Fault> {
    let line_end = text.get(offset..)?.find('\n').map_or(text.len(), |length| offset.saturating_add(length));
    let before = text.get(..line_end)?;
    let mut lines = before.rsplit('\n').filter(|line| {
        let content = line.trim_start();
        !content.trim_end().is_empty() && !content.starts_with('#')
    });
    let last = lines.next()?;
    let (item, key) = match (is_item(last), lines.next()) {
        (true, key) => (last, key?),
        (false, item) => (item.filter(|item| is_item(item))?, lines.next()?),
    };
    let key_indent = indent(key);
    let is_key = !is_item(key) && without_comment(key).ends_with(':');
    if !is_key || indent(item) >= key_indent {
        return None;
    }
    // Both are slices of `before`.
    let item_start = before.rfind(item)?.saturating_add(indent(item));
    let key_column = key_indent.saturating_add(1);
    Some(Fault::new(SourceErrorKind::ItemIndentedLess { key_column }, item_start.saturating_add(shift)))
}

fn is_item(line: &str) -> bool {
    let content = line.trim_start_matches(' ').trim_end();
    content == "-" || content.starts_with("- ")
}

fn indent(line: &str) -> usize {
    line.len().saturating_sub(line.trim_start_matches(' ').len())
}

fn without_comment(line: &str) -> &str {
    line.split_once(" #").map_or(line, |(before, _)| before).trim_end()
}
