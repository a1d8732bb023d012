use gmsa_types::DnsName;

use super::{
    catalogue::{FALLBACK, known_causes},
    cause::{Cause, Confidence, KnownCause},
    event::EventLog,
    observation::{Observation, ObservationKind, Outcome, StatusOf},
};

/// When a cause is in question: each pattern of `when` is in the text, and none of `unless`.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) when: &'static [Pattern],
    pub(super) unless: &'static [Pattern],
    pub(super) confidence: Confidence,
}

impl Rule {
    pub(super) const fn likely(when: &'static [Pattern]) -> Self {
        Self { when, unless: &[], confidence: Confidence::Likely }
    }

    pub(super) const fn possible(when: &'static [Pattern]) -> Self {
        Self { when, unless: &[], confidence: Confidence::Possible }
    }

    pub(super) const fn unlikely(when: &'static [Pattern]) -> Self {
        Self { when, unless: &[], confidence: Confidence::Unlikely }
    }

    pub(super) const fn unless(self, unless: &'static [Pattern]) -> Self {
        Self { unless, ..self }
    }
}

/// What an observation may be.
#[derive(Debug)]
pub(super) enum Pattern {
    /// A status of one of these, with one of these numbers.
    Status(&'static [StatusOf], &'static [u32]),
    /// The secure channel is down, for whatever reason.
    ChannelDown,
    /// The secure channel is up, in whatever part of the text.
    ChannelUp,
    /// The secure channel came up in the course of the text.
    ChannelRepaired,
    /// `nltest /parentdomain` printed any domain.
    Delivered,
    /// `nltest /parentdomain` printed a domain above the expected one.
    ParentOfExpected,
    /// `nltest /parentdomain` printed neither the expected domain nor one above it.
    NotExpected,
    /// One of these NTSTATUS numbers, from the start of a container.
    Compute(&'static [u32]),
    /// One of these events.
    Event(EventLog, &'static [u32]),
    /// A Windows of this build and a revision below.
    BuildBelow(u32, u32),
    /// The sentence of that id.
    Sentence(&'static str),
}

impl Pattern {
    fn fits(&self, observation: &Observation, expected: Option<&DnsName>) -> bool {
        match (self, observation.kind()) {
            (Self::Status(of, codes), ObservationKind::Status { of: actual, code, .. }) => {
                of.contains(actual) && codes.contains(code)
            }
            (Self::ChannelDown, ObservationKind::Status { of, code, .. }) => {
                *of == StatusOf::SecureChannel && *code != 0
            }
            (Self::ChannelUp, ObservationKind::Status { of, code, .. }) => {
                *of == StatusOf::SecureChannel && *code == 0
            }
            (Self::ChannelRepaired, ObservationKind::ChannelRepaired)
            | (Self::Delivered, ObservationKind::ParentDomain { .. }) => true,
            (Self::ParentOfExpected, ObservationKind::ParentDomain { domain }) => {
                expected.is_some_and(|expected| is_above(domain, expected))
            }
            (Self::NotExpected, ObservationKind::ParentDomain { domain }) => {
                expected.is_some_and(|expected| domain != expected && !is_above(domain, expected))
            }
            (Self::Compute(numbers), ObservationKind::ComputeError { ntstatus, .. }) => {
                numbers.contains(ntstatus)
            }
            (Self::Event(log, ids), ObservationKind::Event(event)) => {
                *log == event.log && ids.contains(&event.id)
            }
            (Self::BuildBelow(build, limit), ObservationKind::WindowsBuild { build: actual, revision }) => {
                build == actual && revision < limit
            }
            (Self::Sentence(id), ObservationKind::Sentence(sentence)) => *id == sentence.id,
            _ => false,
        }
    }

    fn lines<'a>(
        &'a self,
        observations: &'a [Observation],
        expected: Option<&'a DnsName>,
    ) -> impl Iterator<Item = usize> + 'a {
        observations.iter().filter(move |o| self.fits(o, expected)).map(Observation::line)
    }
}

/// Whether `domain` is above `other` in the tree of names, as `contoso.com` is above `sales.contoso.com`.
fn is_above(domain: &DnsName, other: &DnsName) -> bool {
    let (domain, other) = (domain.as_str().to_ascii_lowercase(), other.as_str().to_ascii_lowercase());
    other.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
}

/// The causes that the observations point to, the likeliest first. Every observation that speaks against the
/// identity is evidence of at least one.
pub(super) fn rank(observations: &[Observation], expected: Option<&DnsName>) -> Vec<Cause> {
    let mut found: Vec<Suspect> =
        known_causes().filter_map(|known| Suspect::find(known, observations, expected)).collect();

    let explained: Vec<&str> = found
        .iter()
        .filter(|suspect| suspect.confidence == Confidence::Likely)
        .flat_map(|suspect| suspect.known.explains)
        .copied()
        .collect();
    for suspect in found.iter_mut().filter(|suspect| explained.contains(&suspect.known.id)) {
        suspect.confidence = suspect.confidence.lower();
    }

    let mut unexplained: Vec<usize> = observations
        .iter()
        .filter(|observation| observation.outcome() == Outcome::Fails)
        .map(Observation::line)
        .filter(|line| !found.iter().any(|suspect| suspect.evidence.binary_search(line).is_ok()))
        .collect();
    unexplained.dedup();
    if !unexplained.is_empty() {
        found.push(Suspect { known: &FALLBACK, confidence: Confidence::Possible, evidence: unexplained });
    }

    // Stable: among equals, the order of the catalogue stands, which is that of an identity's way to the container.
    found.sort_by_key(|suspect| std::cmp::Reverse(suspect.confidence));
    let domain = expected.or_else(|| printed_domain(observations));
    found.into_iter().map(|s| Cause::new(s.known, s.confidence, s.evidence, domain)).collect()
}

/// The domain that `nltest /parentdomain` printed first.
pub(super) fn printed_domain(observations: &[Observation]) -> Option<&DnsName> {
    observations.iter().find_map(|observation| match observation.kind() {
        ObservationKind::ParentDomain { domain } => Some(domain),
        _ => None,
    })
}

struct Suspect {
    known: &'static KnownCause,
    confidence: Confidence,
    evidence: Vec<usize>,
}

impl Suspect {
    fn find(
        known: &'static KnownCause,
        observations: &[Observation],
        expected: Option<&DnsName>,
    ) -> Option<Self> {
        let in_text = |pattern: &Pattern| pattern.lines(observations, expected).next().is_some();
        let matching: Vec<&Rule> = known
            .rules
            .iter()
            .filter(|rule| rule.when.iter().all(in_text) && !rule.unless.iter().any(in_text))
            .collect();
        let confidence = matching.iter().map(|rule| rule.confidence).max()?;
        let mut evidence: Vec<usize> = matching
            .iter()
            .flat_map(|rule| rule.when)
            .flat_map(|pattern| pattern.lines(observations, expected))
            .collect();
        evidence.sort_unstable();
        evidence.dedup();
        Some(Self { known, confidence: known.source.mark.weigh(confidence), evidence })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{event, reader};

    #[test]
    fn every_pattern_names_something_that_can_be_observed() {
        let sentences: Vec<&str> = reader::all_sentences().map(|sentence| sentence.id).collect();
        let ids: Vec<&str> = known_causes().map(|cause| cause.id).collect();
        for cause in known_causes() {
            assert!(cause.explains.iter().all(|id| ids.contains(id)), "{} explains unknown causes", cause.id);
            for pattern in cause.rules.iter().flat_map(|rule| rule.when.iter().chain(rule.unless)) {
                match pattern {
                    Pattern::Sentence(id) => assert!(sentences.contains(id), "{}: {id}", cause.id),
                    Pattern::Event(log, numbers) => {
                        assert!(numbers.iter().all(|id| event::known(*log, *id).is_some()), "{}", cause.id);
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn sentences_have_ids_of_their_own_and_words_in_lower_case() {
        let mut seen = std::collections::BTreeMap::new();
        for sentence in reader::sentences() {
            // No words would be in every line.
            assert!(!sentence.words.is_empty(), "{}", sentence.id);
            assert!(sentence.words.iter().all(|word| !word.is_empty() && *word == word.to_ascii_lowercase()));
            // One sentence may be recognised by several sets of words, and then means the same.
            let meaning = seen.entry(sentence.id).or_insert((sentence.meaning, sentence.outcome));
            assert_eq!(*meaning, (sentence.meaning, sentence.outcome), "{}", sentence.id);
        }
    }
}
