use granit_parser::{ErrorKind, ScanError};

use super::error::{Fault, SourceErrorKind};

/// Puts a fault of the YAML parser in words for whoever wrote the text. `shift` is where the text starts in the
/// source.
pub(super) fn explain(error: &ScanError, text: &str, shift: usize) -> Fault {
    let offset = error.marker().byte_offset().unwrap_or_default().min(text.len());
    if let Some(fault) = item_indented_less(text, offset, shift) {
        return fault;
    }
    let kind = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => SourceErrorKind::Tab,
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar
        | ErrorKind::DocumentIndicatorInQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent => SourceErrorKind::YamlQuotes,
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
