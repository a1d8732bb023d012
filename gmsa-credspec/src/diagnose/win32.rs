//! The account and the domain, by the Win32 status with which Windows says what it thinks of them.
//!
//! Sources: issues as named; Microsoft, "Troubleshoot gMSAs for Windows containers".

use super::{
    cause::{KnownCause, Remedy, Source},
    observation::StatusOf::{self, Compute, DcDiscovery, Kerberos, SecureChannel, Unknown},
    rule::{Pattern, Rule},
};

/// Everything but `nltest /parentdomain`, which asks no domain.
pub(super) const DOMAIN: &[StatusOf] = &[SecureChannel, DcDiscovery, Kerberos, Compute, Unknown];

pub(super) const CAUSES: &[KnownCause] = &[
    KnownCause {
        id: "GD201",
        title: "no domain controller can be reached",
        explanation: "The container finds none by DNS, or a port on the way to it is closed. DNS needs TCP 53 \
                      beside UDP, for answers that are too long.",
        source: Source::read(
            "Microsoft, Troubleshoot gMSAs for Windows containers, Check the network configuration; \
             microsoft/SDN issue 339",
        ),
        steps: &[
            Remedy::run(
                "nslookup -type=SRV _ldap._tcp.dc._msdcs.{domain}",
                "in the container, then on the node",
            ),
            Remedy::run("nltest /dsgetdc:{domain}", "see whether a domain controller answers"),
            Remedy::act("open TCP and UDP 53, 88 and 389, and TCP 139 and 636, to the domain controllers"),
        ],
        rules: &[
            Rule::likely(&[Pattern::Status(DOMAIN, &[1311])]).unless(&[Pattern::Sentence("ticket-granted")]),
            Rule::possible(&[Pattern::Status(DOMAIN, &[1311])]),
        ],
        // `klist` was seen refused where the channel had no logon server (microsoft/SDN issue 339).
        explains: &["GD206", "GD104"],
    },
    KnownCause {
        id: "GD202",
        title: "the domain is not known by that name",
        explanation: "DNS has no SRV record for it, or `DnsName` in the credential spec is not the domain's name.",
        source: Source::known("ERROR_NO_SUCH_DOMAIN"),
        steps: &[
            Remedy::act("compare `DomainJoinConfig.DnsName` with the domain's DNS name"),
            Remedy::run("nltest /dsgetdc:{domain}", "see whether a domain controller answers"),
            Remedy::run(
                "nslookup -type=SRV _ldap._tcp.dc._msdcs.{domain}",
                "see whether DNS knows the domain",
            ),
        ],
        rules: &[Rule::likely(&[Pattern::Status(DOMAIN, &[1355])])],
        explains: &[],
    },
    KnownCause {
        id: "GD203",
        title: "the account is not in that domain",
        explanation: "The domain controller knows no machine account of that name: the credential spec names \
                      another domain or another account, an account of the same name is in the way, the flag \
                      WORKSTATION_TRUST_ACCOUNT is missing, or the account has not reached that domain controller \
                      yet.",
        source: Source::read(
            "Microsoft, gMSA documentation (older form); microsoft/Windows-Containers issue 405",
        ),
        steps: &[
            Remedy::run(
                "New-CredentialSpec -AccountName ACCOUNT -Domain {domain}",
                "generate the credential spec anew",
            ),
            Remedy::act(
                "check that `MachineAccountName` is among `GroupManagedServiceAccounts`, `Sid` is the domain's and \
                 `DnsName` and `DnsTreeName` are not swapped",
            ),
            Remedy::run(
                "(Get-ADServiceAccount ACCOUNT -Properties UserAccountControl).UserAccountControl -band 0x1000",
                "0 means that WORKSTATION_TRUST_ACCOUNT is missing",
            ),
            Remedy::act("look for event 5720 of NETLOGON in the container's System log"),
        ],
        rules: &[Rule::likely(&[Pattern::Status(DOMAIN, &[1787])])],
        explains: &[],
    },
    KnownCause {
        id: "GD204",
        title: "the container has no password of the account",
        explanation: "The node may not read the account's password, or the plug-in that should have fetched it \
                      failed.",
        source: Source::known("ERROR_NO_TRUST_LSA_SECRET"),
        steps: &[
            Remedy::run("Test-ADServiceAccount ACCOUNT", "on the node, if it is joined to the domain"),
            Remedy::run(
                "Get-WinEvent -LogName Microsoft-Windows-Containers-CCG/Admin -MaxEvents 20",
                "on the node, if it is not joined: look for events 6 and 8",
            ),
        ],
        rules: &[
            Rule::likely(&[Pattern::Status(DOMAIN, &[1786])])
                .unless(&[Pattern::Event(super::EventLog::Ccg, &[2])]),
            Rule::possible(&[Pattern::Status(DOMAIN, &[1786])]),
        ],
        explains: &[],
    },
    KnownCause {
        id: "GD205",
        title: "the password that the container has is not the account's",
        explanation: "It was rotated, or computed from another of several KDS root keys.",
        source: Source::read("VD known issue of several KDS root keys"),
        steps: &[
            Remedy::run("Get-KdsRootKey", "there should be one, the same on every domain controller"),
            Remedy::act("create the container anew, so that the password is fetched again"),
        ],
        rules: &[Rule::likely(&[Pattern::Status(DOMAIN, &[1788, 1789])])],
        explains: &[],
    },
    KnownCause {
        id: "GD208",
        title: "several containers log on with one identity and one hostname",
        explanation: "Where containers share a hostname, or the node is older than Windows Server 2019, each logon \
                      ends the session of the one before.",
        source: Source::read(
            "microsoft/Windows-Containers issue 405; Microsoft, Troubleshoot gMSAs for Windows containers, \
             Known issues",
        ),
        steps: &[
            Remedy::act("give each pod a hostname of its own; the webhook can do that"),
            Remedy::act("run on Windows Server 2019 or newer"),
        ],
        rules: &[Rule::possible(&[Pattern::Status(DOMAIN, &[1787, 1788, 1789])])],
        explains: &[],
    },
    KnownCause {
        id: "GD206",
        title: "access was denied",
        explanation: "The command needs more rights in the container, or the domain refuses the account.",
        source: Source::read("microsoft/SDN issue 339; Microsoft, Troubleshoot gMSAs for Windows containers"),
        steps: &[
            Remedy::act("run the command as ContainerAdministrator or SYSTEM"),
            Remedy::run(
                "(Get-ADServiceAccount ACCOUNT -Properties PrincipalsAllowedToRetrieveManagedPassword)\
                 .PrincipalsAllowedToRetrieveManagedPassword",
                "see whether the node, or the plug-in's account, is among them",
            ),
        ],
        rules: &[Rule::likely(&[Pattern::Status(DOMAIN, &[5])])],
        explains: &[],
    },
    KnownCause {
        id: "GD207",
        title: "a user name or password is wrong",
        explanation: "The account that fetches the gMSA's password cannot log on with what its secret holds.",
        source: Source::read("Azure/AKS issue 3849"),
        steps: &[
            Remedy::act("check user name, domain (as a DNS name) and password in the plug-in's secret"),
            Remedy::run(
                "Get-WinEvent -LogName Microsoft-Windows-Containers-CCG/Admin -MaxEvents 20",
                "on the node: look for event 8",
            ),
        ],
        rules: &[Rule::likely(&[Pattern::Status(DOMAIN, &[1326])])],
        explains: &[],
    },
    KnownCause {
        id: "GD212",
        title: "the image is too old to run processes as Network Service with a gMSA",
        explanation: "`--user \"NT AUTHORITY\\NETWORK SERVICE\"` needs an image of version 1709 or newer.",
        source: Source::read("VD issue 1033"),
        steps: &[Remedy::act("use an image of Windows Server 2019 or newer, or leave `--user` out")],
        rules: &[
            Rule::likely(&[Pattern::Status(&[Compute], &[1326]), Pattern::Sentence("user-network-service")]),
            Rule::possible(&[Pattern::Status(&[Compute], &[1326])]),
        ],
        explains: &["GD207"],
    },
    KnownCause {
        id: "GD210",
        title: "the clocks differ",
        explanation: "Kerberos allows five minutes between the container's node and the domain controller.",
        source: Source::known("ERROR_TIME_SKEW"),
        steps: &[Remedy::run("w32tm /query /status", "on the node, and set its clock right")],
        rules: &[Rule::likely(&[Pattern::Status(DOMAIN, &[1398])])],
        explains: &[],
    },
    KnownCause {
        id: "GD211",
        title: "a service principal name belongs to another account",
        explanation: "The ticket was for an account that is not the one that answered: a principal name is \
                      registered twice, or an account of that name exists twice.",
        source: Source::known("ERROR_WRONG_TARGET_NAME"),
        steps: &[Remedy::run("setspn -X", "find names that are registered twice")],
        rules: &[Rule::likely(&[Pattern::Status(DOMAIN, &[1396])])],
        explains: &[],
    },
];
