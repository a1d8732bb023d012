use std::borrow::Cow;

use gmsa_types::DnsName;
use serde::Serialize;

use super::{
    cause::with_domain,
    event::EventLog,
    observation::{Observation, ObservationKind, StatusOf},
};

/// The order in which to check a container's identity, each step needing the ones before it.
///
/// Source: Microsoft, "Troubleshoot gMSAs for Windows containers"; Kubernetes, "Configure GMSA for Windows Pods and
/// containers".
///
/// ```
/// use gmsa_credspec::diagnose::checks;
///
/// let commands: Vec<&str> = checks().iter().map(|check| check.command()).collect();
/// assert_eq!(commands[0], "nltest /parentdomain");
/// assert_eq!(checks()[2].command_for(Some(&"contoso.com".parse()?)), "nltest /sc_verify:contoso.com");
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
pub fn checks() -> &'static [Check] {
    CHECKS
}

/// One step of the guided order.
///
/// ```
/// use gmsa_credspec::diagnose::{CheckId, Place, checks, known_causes};
///
/// let check = checks().iter().find(|check| check.id() == CheckId::CcgLog).ok_or("no such check")?;
/// assert_eq!(check.place(), Place::Node);
/// assert!(check.bad().iter().all(|id| known_causes().any(|cause| cause.id() == *id)));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    id: CheckId,
    place: Place,
    command: &'static str,
    good: &'static str,
    bad: &'static [&'static str],
}

impl Check {
    /// Which step it is.
    pub fn id(&self) -> CheckId {
        self.id
    }

    /// Where the command is run.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The command, with `{domain}` where the domain belongs.
    pub fn command(&self) -> &'static str {
        self.command
    }

    /// The command for a domain, or with `DOMAIN` in its place.
    pub fn command_for(&self, domain: Option<&DnsName>) -> Cow<'static, str> {
        with_domain(self.command, domain)
    }

    /// What a good answer looks like.
    pub fn good(&self) -> &'static str {
        self.good
    }

    /// The ids of the causes that a bad answer points to.
    pub fn bad(&self) -> &'static [&'static str] {
        self.bad
    }

    /// Whether an observation is an answer to this check.
    pub(super) fn is_answered_by(&self, observation: &Observation) -> bool {
        match (self.id, observation.kind()) {
            (CheckId::ParentDomain, ObservationKind::ParentDomain { .. }) => true,
            (CheckId::ParentDomain, ObservationKind::Status { of, .. }) => *of == StatusOf::ParentDomain,
            (CheckId::Dns, ObservationKind::Status { of, .. }) => *of == StatusOf::DcDiscovery,
            (CheckId::Dns, ObservationKind::Sentence(sentence)) => sentence.id.starts_with("dns-"),
            (CheckId::SecureChannel, ObservationKind::Status { of, .. }) => *of == StatusOf::SecureChannel,
            (CheckId::Kerberos, ObservationKind::Status { of, .. }) => *of == StatusOf::Kerberos,
            (CheckId::Kerberos, ObservationKind::Sentence(sentence)) => sentence.id.starts_with("ticket-"),
            (CheckId::CcgLog, ObservationKind::Event(event)) => event.log == EventLog::Ccg,
            _ => false,
        }
    }
}

/// Which step of the guided order: the [`id`](Check::id) of a [`Check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CheckId {
    /// Did the credential spec reach the container?
    ParentDomain,
    /// Does the container find domain controllers by name?
    Dns,
    /// Can Netlogon in the container log on with the account?
    SecureChannel,
    /// Does the account get Kerberos tickets?
    Kerberos,
    /// Did the node get the account's password?
    CcgLog,
}

/// Where the command of a [`Check`] is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "a container and its node are all there is")]
pub enum Place {
    /// In the container: `kubectl exec -it POD -- COMMAND`.
    Container,
    /// On the node.
    Node,
}

const CHECKS: &[Check] = &[
    Check {
        id: CheckId::ParentDomain,
        place: Place::Container,
        command: "nltest /parentdomain",
        good: "the domain of the account, then `(1)`: the credential spec reached the container",
        bad: &["GD101", "GD102", "GD103"],
    },
    Check {
        id: CheckId::Dns,
        place: Place::Container,
        command: "nslookup -type=SRV _ldap._tcp.dc._msdcs.{domain}",
        good: "a `svr hostname` for at least one domain controller",
        bad: &["GD601", "GD602", "GD201", "GD202"],
    },
    Check {
        id: CheckId::SecureChannel,
        place: Place::Container,
        command: "nltest /sc_verify:{domain}",
        good: "a `Trusted DC Name`, and `0 0x0 NERR_Success` for every status",
        bad: &[
            "GD104", "GD105", "GD106", "GD107", "GD201", "GD202", "GD203", "GD204", "GD205", "GD206",
            "GD207", "GD208", "GD210", "GD211",
        ],
    },
    Check {
        id: CheckId::Kerberos,
        place: Place::Container,
        command: "klist get krbtgt",
        good: "a ticket to krbtgt has been retrieved successfully",
        bad: &["GD201", "GD206", "GD210", "GD211"],
    },
    Check {
        id: CheckId::CcgLog,
        place: Place::Node,
        command: "Get-WinEvent -LogName Microsoft-Windows-Containers-CCG/Admin -MaxEvents 20",
        good: "event 1 (plug-in instantiated) and event 2 (credentials fetched); no event 3, 4, 6 or 8. The log \
               is empty where the node itself is joined to the domain",
        bad: &["GD401", "GD402", "GD403", "GD404", "GD602"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::known_causes;

    #[test]
    fn checks_point_to_causes_that_exist() {
        for check in CHECKS {
            for id in check.bad {
                assert!(known_causes().any(|cause| cause.id() == *id), "{id}");
            }
        }
    }
}
