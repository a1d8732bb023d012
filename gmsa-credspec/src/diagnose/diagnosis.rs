use gmsa_types::DnsName;
use serde::Serialize;

use super::{
    cause::Cause,
    check::{Check, CheckId, checks},
    observation::{Observation, ObservationKind, Outcome, StatusOf},
    reader::Reading,
    rule::printed_domain,
};

/// What a text says about a container's identity.
///
/// ```
/// use gmsa_credspec::diagnose::{CheckId, Expected, Verdict, diagnose};
///
/// let text = "contoso.com. (1)\nThe command completed successfully";
/// let diagnosis = diagnose(text, &Expected::default());
/// assert_eq!(diagnosis.verdict(), Verdict::NotEnough);
/// assert_eq!(diagnosis.domain().map(|domain| domain.as_str()), Some("contoso.com"));
/// assert_eq!(diagnosis.next_check().map(|check| check.id()), Some(CheckId::Dns));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    verdict: Verdict,
    causes: Vec<Cause>,
    observations: Vec<Observation>,
    truncated: bool,
    domain: Option<DnsName>,
}

/// The short answer of a [`Diagnosis`].
///
/// ```
/// use gmsa_credspec::diagnose::{Expected, Verdict, diagnose};
///
/// let verdict = |text| diagnose(text, &Expected::default()).verdict();
/// assert_eq!(verdict("Trust Verification Status = 0 0x0 NERR_Success"), Verdict::Healthy);
/// assert_eq!(verdict("Trust Verification Status = 1787 0x6fb"), Verdict::Broken);
/// assert_eq!(verdict("The command completed successfully"), Verdict::NotEnough);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "it works, or it does not, or the text does not tell")]
pub enum Verdict {
    /// The secure channel is up, and nothing in the text fails.
    Healthy,
    /// Something in the text fails, or is not as expected.
    Broken,
    /// The text does not tell.
    NotEnough,
}

impl Diagnosis {
    pub(super) fn new(reading: Reading, causes: Vec<Cause>, expected: Option<DnsName>) -> Self {
        let Reading { observations, truncated } = reading;
        let domain = expected.clone().or_else(|| printed_domain(&observations).cloned());
        let verdict = verdict(&observations, truncated, expected.as_ref());
        Self { verdict, causes, observations, truncated, domain }
    }

    /// The short answer.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The short answer in a sentence.
    pub fn summary(&self) -> &'static str {
        match self.verdict {
            Verdict::Healthy => {
                "the secure channel to the domain is up; an application uses the identity only if it runs as \
                 Network Service or Local System"
            }
            Verdict::Broken => "the identity does not work; the causes say why",
            Verdict::NotEnough if self.was_delivered() => {
                "the credential spec reached the container; whether the identity works needs the next check"
            }
            Verdict::NotEnough => "the text does not tell; the next check does",
        }
    }

    /// What may be wrong, the likeliest first. With [`Verdict::Healthy`], what is left to look at if an application
    /// fails nevertheless.
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// What was recognised, in the order of lines.
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// Whether more was recognised than [`OBSERVATION_LIMIT`](super::OBSERVATION_LIMIT). Such a text never
    /// counts as healthy.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// The domain, as expected or else as the text has it.
    pub fn domain(&self) -> Option<&DnsName> {
        self.domain.as_ref()
    }

    /// The first step of the [guided order](checks) that the text has no answer to. None if there is nothing left
    /// to check, and none if the credential spec did not reach the container: the further checks ask about an
    /// identity that is not there.
    pub fn next_check(&self) -> Option<&'static Check> {
        let not_delivered = self.observations.iter().any(|observation| {
            matches!(observation.kind(), ObservationKind::Status { of: StatusOf::ParentDomain, code, .. } if *code != 0)
        });
        if self.verdict == Verdict::Healthy || (not_delivered && !self.was_delivered()) {
            return None;
        }
        checks().iter().find(|check| match check.id() {
            // What failed over the secure channel was delivered, unless the first check says otherwise.
            CheckId::ParentDomain if self.channel_is_up() => false,
            _ => !self.observations.iter().any(|observation| check.is_answered_by(observation)),
        })
    }

    fn was_delivered(&self) -> bool {
        self.observations.iter().any(|o| matches!(o.kind(), ObservationKind::ParentDomain { .. }))
    }

    fn channel_is_up(&self) -> bool {
        self.observations.iter().any(is_channel_up)
    }
}

fn is_channel_up(observation: &Observation) -> bool {
    matches!(observation.kind(), ObservationKind::Status { of: StatusOf::SecureChannel, code: 0, .. })
}

fn verdict(observations: &[Observation], truncated: bool, expected: Option<&DnsName>) -> Verdict {
    let unexpected = observations.iter().any(|observation| {
        matches!((observation.kind(), expected),
            (ObservationKind::ParentDomain { domain }, Some(expected)) if domain != expected)
    });
    if unexpected || observations.iter().any(|observation| observation.outcome() == Outcome::Fails) {
        Verdict::Broken
    } else if !truncated && observations.iter().any(is_channel_up) {
        Verdict::Healthy
    } else {
        Verdict::NotEnough
    }
}
