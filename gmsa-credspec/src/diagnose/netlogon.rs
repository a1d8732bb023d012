//! Netlogon in the container, as `nltest` and `klist` show it.
//!
//! Sources: Kubernetes, "Configure GMSA for Windows Pods and containers", Troubleshooting; Microsoft,
//! "Troubleshoot gMSAs for Windows containers"; issues of MicrosoftDocs/Virtualization-Documentation ("VD").

use super::{
    cause::{KnownCause, Remedy, Source},
    observation::{
        Sentence,
        StatusOf::{Kerberos, ParentDomain, SecureChannel, Unknown},
    },
    rule::{Pattern, Rule},
};

pub(super) const SENTENCES: &[Sentence] = &[
    // Microsoft, "Troubleshoot gMSAs for Windows containers", "Check the container".
    Sentence::works(
        "ticket-granted",
        &["ticket to krbtgt has been retrieved successfully"],
        "the account gets Kerberos tickets",
    ),
    Sentence::tells(
        "ticket-cache-empty",
        &["cached tickets: (0)"],
        "no Kerberos ticket is cached in this session",
    ),
    // Applications that are refused by another machine; general knowledge of SQL Server, IIS and SSPI.
    Sentence::fails(
        "application-refused",
        &["login failed for user"],
        "SQL Server refused the application's logon",
    ),
    Sentence::fails(
        "application-refused",
        &["anonymous logon"],
        "SQL Server refused the application's logon",
    ),
    Sentence::fails(
        "application-unauthorized",
        &["401", "unauthorized"],
        "an HTTP request was not authorized",
    ),
    Sentence::fails(
        "application-sspi",
        &["sspi context"],
        "the application could not authenticate with SSPI",
    ),
];

const APPLICATION_FAILS: [Rule; 4] = [
    Rule::likely(&[Pattern::ChannelUp, Pattern::Sentence("application-refused")]),
    Rule::likely(&[Pattern::ChannelUp, Pattern::Sentence("application-unauthorized")]),
    Rule::possible(&[Pattern::Sentence("application-refused")]),
    Rule::unlikely(&[Pattern::ChannelUp]).unless(&[Pattern::ChannelDown]),
];

const SPN_FAILS: [Rule; 4] = [
    Rule::likely(&[Pattern::ChannelUp, Pattern::Sentence("application-sspi")]),
    Rule::possible(&[Pattern::Sentence("application-sspi")]),
    Rule::possible(&[Pattern::Sentence("application-unauthorized")]),
    Rule::unlikely(&[Pattern::ChannelUp]).unless(&[Pattern::ChannelDown]),
];

pub(super) const CAUSES: &[KnownCause] = &[
    KnownCause {
        id: "GD101",
        title: "the container got no credential spec",
        explanation: "Asking for the parent domain reads local configuration alone, so a failure means that no \
                      credential spec reached the container: it is not named in the pod, was not expanded by the \
                      webhook, or the option did not reach the container engine.",
        source: Source::read(
            "Kubernetes, Configure GMSA, Troubleshooting; jenkinsci/yet-another-docker-plugin issue 274",
        ),
        steps: &[
            Remedy::run(
                "kubectl get pod POD -o jsonpath='{..windowsOptions.gmsaCredentialSpecName}'",
                "see whether the pod, or the container, names a credential spec",
            ),
            Remedy::act(
                "see whether `gmsaCredentialSpec` beside the name is filled; if it is not, the mutating webhook \
                 did not handle the pod: check its configuration and create the pod anew",
            ),
            Remedy::act("with Docker, check that `--security-opt credentialspec=...` reached the daemon"),
        ],
        rules: &[
            Rule::likely(&[Pattern::Status(&[ParentDomain], &[1722])]),
            Rule::possible(&[Pattern::Status(&[SecureChannel, Unknown], &[1722])])
                .unless(&[Pattern::Delivered]),
        ],
        explains: &["GD104", "GD107", "GD201", "GD202", "GD203", "GD204", "GD206"],
    },
    KnownCause {
        id: "GD102",
        title: "the credential spec names the parent domain",
        explanation: "The container's domain is above the expected one: `DnsName` and `DnsTreeName` are swapped, \
                      or the credential spec was generated for the forest's root.",
        source: Source::read("VD issues 618 and 627"),
        steps: &[
            Remedy::act(
                "set `DomainJoinConfig.DnsName` to the account's domain, and `DnsTreeName` to the forest's",
            ),
            Remedy::run("New-CredentialSpec -AccountName ACCOUNT -Domain {domain}", "or generate it anew"),
        ],
        rules: &[Rule::likely(&[Pattern::ParentOfExpected])],
        explains: &["GD203"],
    },
    KnownCause {
        id: "GD103",
        title: "the credential spec names another domain",
        explanation: "The container's domain is not the expected one.",
        source: Source::read("VD issues 618 and 627"),
        steps: &[
            Remedy::act("check which credential spec the pod or container names"),
            Remedy::run("New-CredentialSpec -AccountName ACCOUNT -Domain {domain}", "generate it anew"),
        ],
        rules: &[Rule::likely(&[Pattern::NotExpected])],
        explains: &["GD203"],
    },
    KnownCause {
        id: "GD105",
        title: "Netlogon was not ready when the container started",
        explanation: "The secure channel was down, and came up on being reset. New pods will start the same way, \
                      until Netlogon is restarted in each.",
        source: Source::read("Kubernetes, Configure GMSA, Troubleshooting"),
        steps: &[
            Remedy::act(
                "restart Netlogon in a postStart hook, in a loop that ends when `nltest /query` shows \
                 `0x0 NERR_Success`",
            ),
            Remedy::run(
                "nltest /query",
                "in the containers that run already, see whether the channel stays up",
            ),
        ],
        rules: &[Rule::likely(&[Pattern::ChannelRepaired])],
        explains: &["GD104", "GD106", "GD201", "GD202", "GD203", "GD204", "GD205", "GD206", "GD207", "GD208"],
    },
    KnownCause {
        id: "GD107",
        title: "the account is misconfigured",
        explanation: "Kerberos tickets are granted, so the domain is reachable, and yet Netlogon cannot use the \
                      account.",
        source: Source::read("Microsoft, Troubleshoot gMSAs for Windows containers, Check the gMSA account"),
        steps: &[
            Remedy::run(
                "(Get-ADServiceAccount ACCOUNT -Properties UserAccountControl).UserAccountControl -band 0x1000",
                "0 means that WORKSTATION_TRUST_ACCOUNT was cleared: set it again",
            ),
            Remedy::run(
                "Get-ADObject -Filter 'sAMAccountName -like \"ACCOUNT*\"'",
                "find another account of the same name, which differs in the `$` alone",
            ),
            Remedy::act("check that the account and the node, if joined, are in the same domain"),
        ],
        rules: &[Rule::likely(&[Pattern::Sentence("ticket-granted"), Pattern::ChannelDown])
            .unless(&[Pattern::ChannelRepaired])],
        explains: &["GD104", "GD206"],
    },
    KnownCause {
        id: "GD104",
        title: "Netlogon could not log on with the account",
        explanation: "The credential spec is there, but Netlogon in the container has no connection to the domain.",
        source: Source::read("Kubernetes, Configure GMSA, Troubleshooting"),
        steps: &[
            Remedy::run("nltest /sc_reset:{domain}", "try to set up the secure channel"),
            Remedy::act(
                "if that works, restart Netlogon in a postStart hook, in a loop that ends when `nltest /query` \
                 shows `0x0 NERR_Success`; if not, check the credential spec",
            ),
        ],
        rules: &[
            Rule::likely(&[Pattern::Status(&[SecureChannel], &[1722])]),
            Rule::possible(&[Pattern::Status(&[Unknown, Kerberos], &[1722])]),
        ],
        explains: &[],
    },
    KnownCause {
        id: "GD106",
        title: "the Netlogon service does not run",
        explanation: "Netlogon is stopped in the container. Nano Server has none.",
        source: Source::known("ERROR_NETLOGON_NOT_STARTED"),
        steps: &[
            Remedy::run("Restart-Service -Name netlogon", "start it, in the container"),
            Remedy::act("if there is no such service, use an image of Server Core or Server"),
        ],
        rules: &[Rule::likely(&[Pattern::Status(super::win32::DOMAIN, &[1792])])],
        explains: &[],
    },
    KnownCause {
        id: "GD111",
        title: "the application does not run with the identity",
        explanation: "The container's identity is used by the accounts Network Service and Local System alone; an \
                      application under another user is a stranger to the network.",
        source: Source::read(
            "Microsoft, Troubleshoot gMSAs for Windows containers; Configure your app to use a gMSA",
        ),
        steps: &[
            Remedy::run(
                "whoami",
                "in the application's process, expect `nt authority\\network service` or system",
            ),
            Remedy::act(
                "set the user of the IIS application pool, the service, or `runAsUserName` to NetworkService",
            ),
        ],
        rules: &APPLICATION_FAILS,
        explains: &[],
    },
    KnownCause {
        id: "GD112",
        title: "the account has no service principal name for the application",
        explanation: "Clients find the account by the name under which they reach the application; a load balancer \
                      or another DNS name needs one of its own.",
        source: Source::read("Microsoft, Troubleshoot gMSAs for Windows containers, Check the gMSA account"),
        steps: &[
            Remedy::run("setspn -L ACCOUNT", "list the names that the account has"),
            Remedy::run("setspn -S http/NAME ACCOUNT", "add the one that clients use"),
        ],
        rules: &SPN_FAILS,
        explains: &[],
    },
    KnownCause {
        id: "GD113",
        title: "unconstrained delegation cleared the account's WORKSTATION_TRUST_ACCOUNT flag",
        explanation: "Netlogon in the container needs the flag, for turning names into SIDs and back.",
        source: Source::read("Microsoft, Troubleshoot gMSAs for Windows containers, Check the gMSA account"),
        steps: &[Remedy::run(
            "(Get-ADServiceAccount ACCOUNT -Properties UserAccountControl).UserAccountControl -band 0x1000",
            "0 means that the flag is cleared: set it again",
        )],
        rules: &[
            Rule::possible(&[Pattern::ChannelUp, Pattern::Sentence("application-refused")]),
            Rule::unlikely(&[Pattern::ChannelUp]).unless(&[Pattern::ChannelDown]),
        ],
        explains: &[],
    },
];
