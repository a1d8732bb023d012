//! Text in, causes out: what `nltest`, `klist`, `docker`, `kubectl`, an admission webhook and the event logs of
//! Windows say about a container's identity, read into observations, and those into ranked causes with what to do.
//!
//! The text may be anything that was copied together: several commands with their prompts, log lines, the
//! events of a pod. What is not recognised is skipped. Numbers are read rather than words, since `nltest` prints
//! `Status = 1722 0x6ba` in every language of Windows, and prints "The command completed successfully" after
//! failures too.
//!
//! ```
//! use gmsa_credspec::diagnose::{Confidence, Expected, Verdict, diagnose};
//!
//! let text = "PS C:\\> nltest /parentdomain\r\n\
//!     Getting parent domain failed: Status = 1722 0x6ba RPC_S_SERVER_UNAVAILABLE\r\n";
//! let diagnosis = diagnose(text, &Expected::default());
//!
//! assert_eq!(diagnosis.verdict(), Verdict::Broken);
//! let cause = &diagnosis.causes()[0];
//! assert_eq!((cause.id(), cause.confidence()), ("GD101", Confidence::Likely));
//! assert_eq!(cause.evidence(), [2]);
//! assert!(cause.next().iter().any(|step| step.command().is_some_and(|command| command.starts_with("kubectl"))));
//! ```
//!
//! Nothing of the text is repeated, except the names of domains and domain controllers where `nltest` prints them,
//! and numbers. A [`Diagnosis`] can be serialized, with its enums in kebab case.

mod admission;
mod catalogue;
mod cause;
mod ccg;
mod check;
mod command;
mod diagnosis;
mod event;
mod hcs;
mod netlogon;
mod network;
mod observation;
mod reader;
mod rule;
mod secure_channel;
mod share;
mod status;
mod win32;

pub use catalogue::known_causes;
pub use cause::{Cause, Confidence, KnownCause, Mark, Source, Step};
pub use check::{Check, CheckId, Place, checks};
pub use diagnosis::{Diagnosis, Verdict};
pub use event::{EventLog, KnownEvent};
pub use observation::{Observation, ObservationKind, Outcome, Sentence, StatusOf};
pub use reader::OBSERVATION_LIMIT;

use gmsa_types::DnsName;

/// What the container should have, for finding what the text alone does not show.
///
/// [`Default`] expects nothing in particular; [`domain`](Self::domain) has an example.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    domain: Option<DnsName>,
}

impl Expected {
    /// The domain of the account, `DomainJoinConfig.DnsName` in the credential spec.
    ///
    /// ```
    /// use gmsa_credspec::diagnose::{Expected, Verdict, diagnose};
    ///
    /// let expected = Expected::default().domain("sales.contoso.com".parse()?);
    /// let diagnosis = diagnose("contoso.com. (1)\nThe command completed successfully", &expected);
    /// assert_eq!(diagnosis.verdict(), Verdict::Broken);
    /// assert_eq!(diagnosis.causes()[0].title(), "the credential spec names the parent domain");
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn domain(self, domain: DnsName) -> Self {
        Self { domain: Some(domain) }
    }
}

/// Reads a text for signs of a container's identity at work or at fault, and says what they point to.
///
/// It takes time proportional to the length of the text, and keeps at most [`OBSERVATION_LIMIT`] observations.
///
/// Source: Kubernetes, "Configure GMSA for Windows Pods and containers"; Microsoft, "Troubleshoot gMSAs for Windows
/// containers"; each cause has [its own](Cause::source).
///
/// ```
/// use gmsa_credspec::diagnose::{CheckId, Expected, Verdict, diagnose};
///
/// let diagnosis = diagnose("it does not work", &Expected::default());
/// assert_eq!(diagnosis.verdict(), Verdict::NotEnough);
/// let check = diagnosis.next_check().expect("nothing was checked yet");
/// assert_eq!((check.id(), check.command()), (CheckId::ParentDomain, "nltest /parentdomain"));
/// ```
pub fn diagnose(text: &str, expected: &Expected) -> Diagnosis {
    let reading = reader::read(text);
    let causes = rule::rank(&reading.observations, expected.domain.as_ref());
    Diagnosis::new(reading, causes, expected.domain.clone())
}
