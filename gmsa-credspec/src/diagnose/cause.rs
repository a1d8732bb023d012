use std::borrow::Cow;

use gmsa_types::DnsName;
use serde::Serialize;

use super::rule::Rule;

/// What stands for the domain in commands, until it is known.
const DOMAIN: &str = "{domain}";

/// Why a container's identity may not work, with what points to it in the text and what to do.
///
/// Serialized it is one object, with the entry of the catalogue in it.
///
/// ```
/// use gmsa_credspec::diagnose::{Confidence, Expected, diagnose};
///
/// let text = "Getting parent domain failed: Status = 1722 0x6ba RPC_S_SERVER_UNAVAILABLE";
/// let diagnosis = diagnose(text, &Expected::default());
/// let cause = diagnosis.causes().first().ok_or("no cause")?;
/// assert_eq!((cause.id(), cause.confidence()), ("GD101", Confidence::Likely));
/// assert_eq!(cause.evidence(), [1]);
/// assert_eq!(cause.known().title(), cause.title());
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    #[serde(flatten)]
    known: &'static KnownCause,
    confidence: Confidence,
    evidence: Vec<usize>,
    next: Vec<Step>,
}

impl Cause {
    pub(super) fn new(
        known: &'static KnownCause,
        confidence: Confidence,
        evidence: Vec<usize>,
        domain: Option<&DnsName>,
    ) -> Self {
        Self { known, confidence, evidence, next: known.steps_for(domain) }
    }

    /// The stable name, such as `GD101`.
    pub fn id(&self) -> &'static str {
        self.known.id
    }

    /// The cause in a phrase.
    pub fn title(&self) -> &'static str {
        self.known.title
    }

    /// The cause in sentences.
    pub fn explanation(&self) -> &'static str {
        self.known.explanation
    }

    /// How much the text speaks for it.
    pub fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// The lines of the text that point to it, counted from 1, in order.
    pub fn evidence(&self) -> &[usize] {
        &self.evidence
    }

    /// What to do, in order; commands name the domain where it is known, and `DOMAIN` where it is not.
    pub fn next(&self) -> &[Step] {
        &self.next
    }

    /// Where this is known from.
    pub fn source(&self) -> Source {
        self.known.source
    }

    /// The entry of [`known_causes`](super::known_causes).
    pub fn known(&self) -> &'static KnownCause {
        self.known
    }
}

/// How much a text speaks for a cause. The scale has three steps:
///
/// - a rule that the sources state for this very output starts at [`Likely`](Self::Likely); one for output that
///   has other explanations too, lower;
/// - a cause whose source is [inferred](Mark::Inferred) or [general knowledge](Mark::Known) is one step lower;
/// - a cause that a likelier one explains is one step lower.
///
/// ```
/// use gmsa_credspec::diagnose::{Confidence, Expected, diagnose};
///
/// assert!(Confidence::Likely > Confidence::Possible && Confidence::Possible > Confidence::Unlikely);
/// let diagnosis = diagnose("Trust Verification Status = 1787 0x6fb", &Expected::default());
/// assert!(diagnosis.causes().is_sorted_by(|one, next| one.confidence() >= next.confidence()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "a documented scale of three steps")]
pub enum Confidence {
    /// Worth a look when nothing likelier is left.
    Unlikely,
    /// One of several explanations.
    Possible,
    /// What the text most likely shows.
    Likely,
}

impl Confidence {
    #[must_use]
    pub(super) fn lower(self) -> Self {
        match self {
            Self::Likely => Self::Possible,
            Self::Possible | Self::Unlikely => Self::Unlikely,
        }
    }
}

/// A cause as the catalogue has it, before any text is read.
///
/// Two are equal if their ids are: the id is the entry.
///
/// ```
/// use gmsa_credspec::diagnose::known_causes;
///
/// let cause = known_causes().find(|cause| cause.id() == "GD201").ok_or("no such cause")?;
/// assert_eq!(cause.title(), "no domain controller can be reached");
/// let steps = cause.steps_for(Some(&"contoso.com".parse()?));
/// assert!(steps.iter().filter_map(|step| step.command()).any(|command| command.contains("contoso.com")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Serialize)]
pub struct KnownCause {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) explanation: &'static str,
    pub(super) source: Source,
    #[serde(skip)]
    pub(super) steps: &'static [Remedy],
    #[serde(skip)]
    pub(super) rules: &'static [Rule],
    /// The ids of causes that need no other explanation where this one is likely.
    #[serde(skip)]
    pub(super) explains: &'static [&'static str],
}

impl PartialEq for KnownCause {
    fn eq(&self, other: &Self) -> bool {
        // Ids are unique: a test of the catalogue holds that.
        self.id == other.id
    }
}

impl Eq for KnownCause {}

impl KnownCause {
    /// The stable name, such as `GD101`.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The cause in a phrase.
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// The cause in sentences.
    pub fn explanation(&self) -> &'static str {
        self.explanation
    }

    /// Where this is known from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// What to do, in order, with `DOMAIN` in the place of the domain where none is given.
    pub fn steps_for(&self, domain: Option<&DnsName>) -> Vec<Step> {
        self.steps.iter().map(|step| step.for_domain(domain)).collect()
    }
}

/// Where a cause is known from.
///
/// ```
/// use gmsa_credspec::diagnose::{Mark, known_causes};
///
/// let cause = known_causes().find(|cause| cause.id() == "GD101").ok_or("no such cause")?;
/// assert_eq!(cause.source().mark(), Mark::Read);
/// assert!(cause.source().text().contains("Kubernetes"));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Source {
    pub(super) mark: Mark,
    pub(super) text: &'static str,
}

impl Source {
    /// How firm the source is.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// The page, issue or file.
    pub fn text(&self) -> &'static str {
        self.text
    }

    pub(super) const fn read(text: &'static str) -> Self {
        Self { mark: Mark::Read, text }
    }

    pub(super) const fn tested(text: &'static str) -> Self {
        Self { mark: Mark::Tested, text }
    }

    pub(super) const fn inferred(text: &'static str) -> Self {
        Self { mark: Mark::Inferred, text }
    }

    pub(super) const fn known(text: &'static str) -> Self {
        Self { mark: Mark::Known, text }
    }
}

/// How firm a [`Source`] is, which has an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "a documented scale")]
pub enum Mark {
    /// Run or computed anew.
    Tested,
    /// Read in documentation, source code or an issue.
    Read,
    /// Concluded from what was read.
    Inferred,
    /// General knowledge of Windows, without a page about containers.
    Known,
}

impl Mark {
    pub(super) fn weigh(self, confidence: Confidence) -> Confidence {
        match self {
            Self::Tested | Self::Read => confidence,
            Self::Inferred | Self::Known => confidence.lower(),
        }
    }
}

/// One thing to do.
///
/// ```
/// use gmsa_credspec::diagnose::known_causes;
///
/// let cause = known_causes().find(|cause| cause.id() == "GD101").ok_or("no such cause")?;
/// let steps = cause.steps_for(None);
/// assert!(steps.iter().any(|step| step.command().is_some_and(|command| command.starts_with("kubectl"))));
/// assert!(steps.iter().all(|step| !step.what().is_empty()));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    command: Option<Cow<'static, str>>,
    what: &'static str,
}

impl Step {
    /// The command to run, if it is one.
    pub fn command(&self) -> Option<&str> {
        self.command.as_deref()
    }

    /// What to do or to look for.
    pub fn what(&self) -> &'static str {
        self.what
    }
}

/// A step as the catalogue has it, with a place for the domain.
#[derive(Debug)]
pub(super) struct Remedy {
    command: Option<&'static str>,
    what: &'static str,
}

impl Remedy {
    /// Runs `command`.
    pub(super) const fn run(command: &'static str, what: &'static str) -> Self {
        Self { command: Some(command), what }
    }

    /// Something that no single command does.
    pub(super) const fn act(what: &'static str) -> Self {
        Self { command: None, what }
    }

    fn for_domain(&self, domain: Option<&DnsName>) -> Step {
        Step { command: self.command.map(|command| with_domain(command, domain)), what: self.what }
    }
}

/// A domain name has no character that a shell would interpret, which is why nothing is quoted here.
pub(super) fn with_domain(command: &'static str, domain: Option<&DnsName>) -> Cow<'static, str> {
    if command.contains(DOMAIN) {
        Cow::Owned(command.replace(DOMAIN, domain.map_or("DOMAIN", DnsName::as_str)))
    } else {
        Cow::Borrowed(command)
    }
}
