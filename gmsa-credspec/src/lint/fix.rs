use std::{collections::BTreeSet, fmt};

use gmsa_types::finding::{Edit, Finding, Fix, RuleId};
use serde_json::Value;

use super::{LintOptions, lint, write::write};
use crate::source::{Document, ForgivenKind, ReadOptions, Source, Syntax, read_source};

/// Applies the fixes of all findings until none is left that applies, and writes the documents again.
///
/// A document that a fix changes is written in the form that it had: JSON indented by two spaces, or on its line if
/// there is one document to a line; YAML in block style with every text in quotes. Its keys are put in the order of the
/// format. **Lost** are its layout, its comments, and the anchors and aliases of YAML. Documents without fixes, those that
/// cannot be read, and what stands between documents stay as they are; only where comments of JSON have to go are
/// all documents written anew. The text is UTF-8 without a byte order mark. Line endings are kept where nothing is written.
///
/// The result is read again, and has to say what it was meant to say.
///
/// # Errors
/// [`FixFailure`] if the source has no text, or if its documents cannot be written so that they are read back alike.
///
/// ```
/// use gmsa_credspec::lint::{LintOptions, fix};
/// use gmsa_credspec::source::{ReadOptions, read_source};
///
/// let source = read_source(br#"{"cmsPlugins":["ActiveDirectory"]}"#, &ReadOptions::new());
/// let fixed = fix(&source, &LintOptions::default())?;
/// assert_eq!(fixed.text(), "{\n  \"CmsPlugins\": [\n    \"ActiveDirectory\"\n  ]\n}");
/// assert_eq!(fixed.applied()[0].0.as_str(), "GC201");
/// # Ok::<(), gmsa_credspec::lint::FixFailure>(())
/// ```
pub fn fix(source: &Source, options: &LintOptions) -> Result<Fixed, FixFailure> {
    let mut current = source.clone();
    let mut applied = Vec::new();
    let mut findings = lint(&current, options);
    if source.text().is_empty() && findings.iter().any(|finding| finding.fix().is_none()) {
        return Err(FixFailure(Failure::NoText));
    }
    for _ in 0..ROUNDS {
        let round = Round::plan(&current, &findings);
        if round.is_empty() {
            break;
        }
        let text = round.text(&current)?;
        let next = read_source(text.as_bytes(), &ReadOptions::new());
        round.check(&next)?;
        applied.extend(round.applied);
        current = next;
        findings = lint(&current, options);
    }
    Ok(Fixed { text: current.text().to_owned(), applied, remaining: findings })
}

/// More rounds than any document needs; each makes the findings fewer.
const ROUNDS: usize = 64;

/// What [`fix`] did. `Debug` shows no text.
///
/// [`fix`] has an example.
#[derive(Clone, PartialEq)]
pub struct Fixed {
    text: String,
    applied: Vec<(RuleId, String)>,
    remaining: Vec<Finding>,
}

impl Fixed {
    /// The documents. Keep them out of logs.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The rules and titles of the fixes, in the order in which they were made.
    pub fn applied(&self) -> &[(RuleId, String)] {
        &self.applied
    }

    /// What is left to say about the text.
    pub fn remaining(&self) -> &[Finding] {
        &self.remaining
    }
}

/// Shows what was done and what is left, and no text of the documents.
impl fmt::Debug for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixed")
            .field("applied", &self.applied)
            .field("remaining", &self.remaining)
            .finish_non_exhaustive()
    }
}

/// Why [`fix`] wrote nothing.
///
/// ```
/// use gmsa_credspec::{lint::{LintOptions, fix}, source::{ReadOptions, read_source}};
///
/// let source = read_source(b"\xff\xff\xff", &ReadOptions::new());
/// let error = fix(&source, &LintOptions::default()).unwrap_err();
/// assert_eq!(error.to_string(), "the source has no text that could be written again");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FixFailure(Failure);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Failure {
    #[error("the source has no text that could be written again")]
    NoText,
    #[error("document {} cannot be written so that it is read back alike", .0.saturating_add(1))]
    NotReadBack(usize),
    #[error("the source cannot be written without its comments, since a document in it cannot be read")]
    Comments,
}

/// Fixes that go together: no two of them touch the same value.
struct Round {
    /// The new value of each document that changes, by index.
    values: Vec<(usize, Value)>,
    /// Whether the source itself has to be written again, for its encoding.
    encoding: bool,
    /// Whether comments are to go.
    comments: bool,
    applied: Vec<(RuleId, String)>,
}

impl Round {
    fn plan(source: &Source, findings: &[Finding]) -> Self {
        let mut round = Self { values: Vec::new(), encoding: false, comments: false, applied: Vec::new() };
        let mut by_document: Vec<Vec<(&Finding, &Fix)>> =
            source.documents().iter().map(|_| Vec::new()).collect();
        for finding in findings {
            let Some(fix) = finding.fix() else {
                continue;
            };
            if let [Edit::Rewrite] = fix.edits() {
                match finding.id().as_str() {
                    "GC104" => round.comments = true,
                    _ => round.encoding = true,
                }
                round.applied.push((finding.id(), fix.title().to_owned()));
                continue;
            }
            let at = finding.position().map(|position| position.offset).unwrap_or_default();
            let inside = |document: &Document| {
                document.root().is_some()
                    && (document.position().offset..=document.position().end()).contains(&at)
            };
            let index = source.documents().iter().position(inside);
            if let Some(fixes) = index.and_then(|index| by_document.get_mut(index)) {
                fixes.push((finding, fix));
            }
        }
        if round.comments && source.documents().iter().any(|document| document.root().is_none()) {
            // The comments of a document that cannot be read would have to go with it.
            round.comments = false;
            round.applied.retain(|(id, _)| id.as_str() != "GC104");
        }
        for (index, fixes) in by_document.into_iter().enumerate() {
            round.document(source, index, &fixes);
        }
        round
    }

    /// Replacements first, which leave every pointer as it is; then what renames and removes, from the end of the
    /// text, so that the pointers before it stay; then one of what adds and moves.
    fn document(&mut self, source: &Source, index: usize, fixes: &[(&Finding, &Fix)]) {
        let Some(root) = source.documents().get(index).and_then(Document::root) else {
            return;
        };
        let is = |fix: &Fix, kind: fn(&Edit) -> bool| fix.edits().iter().all(kind);
        let replaces: Vec<_> =
            fixes.iter().filter(|(_, fix)| is(fix, |edit| matches!(edit, Edit::Replace { .. }))).collect();
        let shifts: Vec<_> = fixes
            .iter()
            .rev()
            .filter(|(_, fix)| is(fix, |edit| matches!(edit, Edit::RenameKey { .. } | Edit::Remove { .. })))
            .collect();
        let chosen = if !replaces.is_empty() {
            replaces
        } else if !shifts.is_empty() {
            shifts
        } else {
            fixes.iter().take(1).collect()
        };
        let mut value = root.to_value();
        let mut touched = BTreeSet::new();
        let mut changed = false;
        for (finding, fix) in chosen {
            let pointers: Vec<&str> = fix.edits().iter().filter_map(pointer).collect();
            if pointers.iter().any(|pointer| touched.contains(pointer)) {
                continue;
            }
            let Ok(next) = fix.apply(&value) else {
                continue;
            };
            touched.extend(pointers);
            changed |= next != value;
            value = next;
            self.applied.push((finding.id(), fix.title().to_owned()));
        }
        if changed {
            self.values.push((index, value));
        }
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty() && !self.encoding && !self.comments
    }

    fn value(&self, index: usize) -> Option<&Value> {
        self.values.iter().find(|(other, _)| *other == index).map(|(_, value)| value)
    }

    /// The text with the new values in the place of the old ones.
    fn text(&self, source: &Source) -> Result<String, FixFailure> {
        let is_alone = source.documents().len() == 1;
        if self.comments {
            return self.all_json(source, is_alone);
        }
        let text = source.text();
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for (index, document) in source.documents().iter().enumerate() {
            let Some(value) = self.value(index) else {
                continue;
            };
            let failure = || FixFailure(Failure::NotReadBack(index));
            let position = document.position();
            let written = text.get(position.offset..position.end()).ok_or_else(failure)?;
            out.push_str(text.get(copied..position.offset).ok_or_else(failure)?);
            out.push_str(&write(document, written, value, is_alone).ok_or_else(failure)?);
            copied = position.end();
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        Ok(out)
    }

    /// Comments stand before, in and behind documents: all of them are written, and nothing else is kept.
    fn all_json(&self, source: &Source, is_alone: bool) -> Result<String, FixFailure> {
        let mut out = String::new();
        for (index, document) in source.documents().iter().enumerate() {
            let root = document.root().ok_or(FixFailure(Failure::Comments))?;
            let failure = || FixFailure(Failure::NotReadBack(index));
            if document.syntax() == Syntax::Yaml {
                return Err(FixFailure(Failure::Comments));
            }
            let position = document.position();
            let is_commented = document.forgiven().iter().any(|forgiven| {
                matches!(forgiven.kind(), ForgivenKind::Comment)
                    && forgiven.position().end() <= position.end()
            });
            let written = source.text().get(position.offset..position.end()).ok_or_else(failure)?;
            let value = self.value(index).cloned().unwrap_or_else(|| root.to_value());
            let is_alone = is_alone || is_commented;
            out.push_str(&write(document, written, &value, is_alone).ok_or_else(failure)?);
            out.push('\n');
        }
        Ok(out)
    }

    fn check(&self, next: &Source) -> Result<(), FixFailure> {
        for (index, value) in &self.values {
            let read = next.documents().get(*index).and_then(Document::root);
            if read.is_none_or(|root| root.to_value() != *value) {
                return Err(FixFailure(Failure::NotReadBack(*index)));
            }
        }
        Ok(())
    }
}

fn pointer(edit: &Edit) -> Option<&str> {
    match edit {
        Edit::Replace { pointer, .. }
        | Edit::Remove { pointer }
        | Edit::Add { pointer, .. }
        | Edit::RenameKey { pointer, .. } => Some(pointer),
        Edit::Move { from, .. } => Some(from),
        _ => None,
    }
}
