use gmsa_types::DnsName;
use serde::Serialize;

use super::event::KnownEvent;

/// One thing that was recognised, and the line where it stands.
///
/// ```
/// use gmsa_credspec::diagnose::{Expected, ObservationKind, Outcome, StatusOf, diagnose};
///
/// let text = "> nltest /sc_verify:contoso.com\nTrust Verification Status = 1787 0x6fb ERROR_NO_TRUST_SAM_ACCOUNT";
/// let diagnosis = diagnose(text, &Expected::default());
/// let observation = diagnosis.observations().last().ok_or("nothing was recognised")?;
/// assert_eq!((observation.line(), observation.outcome()), (2, Outcome::Fails));
/// assert_eq!(
///     observation.kind(),
///     &ObservationKind::Status {
///         of: StatusOf::SecureChannel,
///         code: 1787,
///         name: Some("ERROR_NO_TRUST_SAM_ACCOUNT"),
///     },
/// );
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Observation {
    line: usize,
    #[serde(flatten)]
    kind: ObservationKind,
}

impl Observation {
    pub(super) fn new(line: usize, kind: ObservationKind) -> Self {
        Self { line, kind }
    }

    /// The line of the text, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// What was recognised.
    pub fn kind(&self) -> &ObservationKind {
        &self.kind
    }

    /// What it says about the container's identity.
    pub fn outcome(&self) -> Outcome {
        self.kind.outcome()
    }

    /// What it means, in words of this crate.
    pub fn meaning(&self) -> String {
        self.kind.meaning()
    }
}

/// What an [`Observation`] says about the container's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "it speaks for, against, or neither")]
pub enum Outcome {
    /// A step that works.
    Works,
    /// Neither.
    Neutral,
    /// A step that fails.
    Fails,
}

/// What was recognised on a line: the kind of an [`Observation`], which has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ObservationKind {
    /// `nltest /parentdomain` printed a domain. It reads local configuration and asks no domain controller, so
    /// this shows that the credential spec reached the container, and nothing more.
    ///
    /// Source: moby `integration-cli/docker_cli_run_test.go`, `TestRunCredentialSpecWellFormed`.
    ParentDomain {
        /// The domain, without the dot that it may be printed with.
        domain: DnsName,
    },
    /// A Win32 status, from `nltest` (`Status = 1311 0x51f ERROR_NO_LOGON_SERVERS`), `klist` or another tool.
    Status {
        /// What the status is of.
        of: StatusOf,
        /// The number; 0 is success.
        code: u32,
        /// The name of the number, if this crate knows it.
        name: Option<&'static str>,
    },
    /// The first line of what `nltest` says about the secure channel: `Flags: b0 HAS_IP  HAS_TIMESERV`.
    ChannelFlags {
        /// The flags.
        bits: u32,
    },
    /// `Trusted DC Name`, which is blank when no domain controller was found.
    DomainController {
        /// The name, if there is one.
        name: Option<DnsName>,
    },
    /// The secure channel was down in an earlier command of the text and is up in the last one.
    ChannelRepaired,
    /// "The command completed successfully", which `nltest` also says after a failure: it counts for nothing.
    ///
    /// Source: microsoft/SDN issue 339.
    Completed,
    /// A container could not be created: an error of the Host Compute Service that wraps an NTSTATUS.
    ComputeError {
        /// The number as the tool printed it, as an unsigned number.
        code: u32,
        /// The NTSTATUS in it.
        ntstatus: u32,
        /// The name of the NTSTATUS, if this crate knows it.
        name: Option<&'static str>,
    },
    /// An event of a Windows event log.
    Event(&'static KnownEvent),
    /// The build of a Windows node or image.
    WindowsBuild {
        /// The build, such as 17763 for Windows Server 2019.
        build: u32,
        /// The revision that updates raise.
        revision: u32,
    },
    /// A sentence that a tool, a webhook or the API server is known to say.
    Sentence(&'static Sentence),
}

/// What the status of an [`ObservationKind::Status`] is the status of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StatusOf {
    /// `nltest /parentdomain`.
    ParentDomain,
    /// `nltest /query`, `/sc_query`, `/sc_verify`, `/sc_reset`.
    SecureChannel,
    /// `nltest /dsgetdc`.
    DcDiscovery,
    /// `klist`.
    Kerberos,
    /// The start of a container or of a process in it.
    Compute,
    /// Nothing on the line or before it tells.
    Unknown,
}

/// A sentence that is known, recognised by words that it always has.
///
/// ```
/// use gmsa_credspec::diagnose::{Expected, ObservationKind, diagnose};
///
/// let text = "denied the request: cred spec webapp9 does not exist";
/// let diagnosis = diagnose(text, &Expected::default());
/// let ObservationKind::Sentence(sentence) = diagnosis.observations()[0].kind() else { panic!("it is known") };
/// assert!(!sentence.id().contains("webapp9") && !sentence.meaning().contains("webapp9"));
/// ```
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    pub(super) id: &'static str,
    /// In lower case; a line that has all of them has the sentence.
    #[serde(skip)]
    pub(super) words: &'static [&'static str],
    pub(super) meaning: &'static str,
    pub(super) outcome: Outcome,
}

impl Sentence {
    /// A short name for it, which does not change.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What it means.
    pub fn meaning(&self) -> &'static str {
        self.meaning
    }

    pub(super) const fn fails(
        id: &'static str,
        words: &'static [&'static str],
        meaning: &'static str,
    ) -> Self {
        Self { id, words, meaning, outcome: Outcome::Fails }
    }

    pub(super) const fn works(
        id: &'static str,
        words: &'static [&'static str],
        meaning: &'static str,
    ) -> Self {
        Self { id, words, meaning, outcome: Outcome::Works }
    }

    pub(super) const fn tells(
        id: &'static str,
        words: &'static [&'static str],
        meaning: &'static str,
    ) -> Self {
        Self { id, words, meaning, outcome: Outcome::Neutral }
    }
}

impl ObservationKind {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Status { code: 0, of: StatusOf::Unknown, .. } => Outcome::Neutral,
            Self::Status { code: 0, .. } | Self::ParentDomain { .. } => Outcome::Works,
            Self::Status { .. } | Self::ComputeError { .. } => Outcome::Fails,
            Self::Event(event) => event.outcome,
            Self::Sentence(sentence) => sentence.outcome,
            Self::ChannelFlags { .. }
            | Self::DomainController { .. }
            | Self::ChannelRepaired
            | Self::Completed
            | Self::WindowsBuild { .. } => Outcome::Neutral,
        }
    }

    fn meaning(&self) -> String {
        match self {
            Self::ParentDomain { domain } => format!(
                "the credential spec reached the container and names the domain `{domain}`; this is read from \
                 local configuration and shows nothing about the domain itself"
            ),
            Self::Status { of, code, name } => {
                let of = match of {
                    StatusOf::ParentDomain => "`nltest /parentdomain`",
                    StatusOf::SecureChannel => "the secure channel to the domain",
                    StatusOf::DcDiscovery => "the search for a domain controller",
                    StatusOf::Kerberos => "a Kerberos ticket",
                    StatusOf::Compute => "the start of the container",
                    StatusOf::Unknown => "something",
                };
                match (code, name) {
                    (0, _) => format!("{of}: success"),
                    (code, Some(name)) => format!("{of}: status {code} {code:#x} {name}"),
                    (code, None) => format!("{of}: status {code} {code:#x}"),
                }
            }
            Self::ChannelFlags { bits } => format!("flags of the secure channel: {bits:x}"),
            Self::DomainController { name: Some(name) } => format!("domain controller `{name}`"),
            Self::DomainController { name: None } => "no domain controller was found".to_owned(),
            Self::ChannelRepaired => {
                "the secure channel was down earlier in the text, and is up now".to_owned()
            }
            Self::Completed => {
                "the tool ran to its end; it says so after failures too, so this counts for nothing"
                    .to_owned()
            }
            Self::ComputeError { code, ntstatus, name } => {
                let name = name.unwrap_or("no name known here");
                format!("the container was not created: {code:#x}, which is NTSTATUS {ntstatus:#x} ({name})")
            }
            Self::Event(event) => {
                format!("event {} of {}: {}", event.id, event.log.name(), event.meaning)
            }
            Self::WindowsBuild { build, revision } => format!("Windows build {build}.{revision}"),
            Self::Sentence(sentence) => sentence.meaning.to_owned(),
        }
    }
}
