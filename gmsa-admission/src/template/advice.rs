//! Faults as the warnings that an API server delivers: one line of ASCII, of at most 120 characters.

use gmsa_types::finding::Finding;

use crate::{fault::Fault, shown, unknown_place::field_path};

/// The longest warning.
const LONGEST: usize = 120;
/// The API server delivers 4096 characters of warnings at most.
const MOST: usize = 16;
/// A place that is longer than any in a real object.
const LONGEST_PLACE: usize = 64;

/// One warning for each fault, in their order.
pub(super) fn of(faults: &[Fault], namespace: &str) -> Vec<String> {
    faults.iter().map(|fault| of_fault(fault, namespace)).collect()
}

/// A warning for a finding: `spec.template.spec.hostname: ... (GC709)`.
pub(super) fn of_finding(finding: &Finding) -> String {
    let place = field_path(finding.pointer().as_str());
    line(&place, &[format!("{} ({})", finding.message(), finding.id())])
}

/// As many as are delivered, and of the rest how many there are.
pub(super) fn bounded(mut warnings: Vec<String>) -> Vec<String> {
    if warnings.len() > MOST {
        let rest = warnings.split_off(MOST - 1).len();
        warnings.push(format!("and {rest} more warnings about gMSA fields of this object"));
    }
    warnings
}

/// Tells of a fault what fits, in this order: what is wrong, where, why, what to do.
fn of_fault(fault: &Fault, namespace: &str) -> String {
    let cause = fault.cause();
    // The fields of a place are told apart by what is said of them.
    let place = cause.field().split(".securityContext.windowsOptions").next().unwrap_or_default();
    let sentence = fault.sentence();
    // The sender knows which namespace the object is in.
    let here = format!(" in namespace {}", shown::quoted(namespace));
    line(
        place,
        &[
            cause.to_string(),
            cause.message().to_owned(),
            sentence.to_owned(),
            sentence.replacen(&here, "", 1),
        ],
    )
}

/// The first of the sentences, from the longest to the shortest, that fits behind the place. Where none does, long
/// words, which are somebody's names, lose their middle, and the place its beginning; only then the end is cut.
fn line(place: &str, sentences: &[String]) -> String {
    let place = elided(&printable(place), LONGEST_PLACE);
    let last = format!("...{}", place.rsplit('.').next().unwrap_or_default());
    let sentences: Vec<_> = sentences.iter().map(|sentence| printable(sentence)).collect();
    let shortest = sentences.last().map_or("", String::as_str);
    let behind = |place: &str, sentence: &str| {
        let line = format!("{place}: {sentence}");
        (line.len() <= LONGEST).then_some(line)
    };
    let with_words_of = |limit: usize| -> String {
        shortest.split(' ').map(|word| elided(word, limit)).collect::<Vec<_>>().join(" ")
    };
    let whole = sentences.iter().find_map(|sentence| behind(&place, sentence));
    whole
        .or_else(|| behind(&last, shortest))
        .or_else(|| [48, 32].into_iter().find_map(|limit| behind(&place, &with_words_of(limit))))
        .or_else(|| [48, 32, 24, 20, 16].into_iter().find_map(|limit| behind(&last, &with_words_of(limit))))
        .unwrap_or_else(|| {
            let mut line = format!("{place}: {}", with_words_of(16));
            line.truncate(LONGEST - 3);
            line + "..."
        })
}

/// The text with its middle left out, so that it has no more than `limit` characters.
fn elided(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let kept = limit.saturating_sub(2);
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    let beginning = text.chars().take(head);
    beginning.chain("..".chars()).chain(text.chars().skip(text.len() - tail)).collect()
}

/// The API server drops a warning that has a control character.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' }).collect()
}
