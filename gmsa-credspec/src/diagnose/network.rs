//! The network between a container and the domain: DNS, and shares.
//!
//! Sources: Kubernetes, "Configure GMSA for Windows Pods and containers", Troubleshooting; Microsoft, AKS
//! documentation of gMSA.

use super::{
    cause::{KnownCause, Remedy, Source},
    observation::Sentence,
    rule::{Pattern, Rule},
};

pub(super) static NAME_FOUND: Sentence = Sentence::works("dns-found", &["name:"], "DNS knows the name");
pub(super) static SHARE_BY_ADDRESS_WORKS: Sentence =
    Sentence::tells("share-by-address-works", &[r"\\"], "a share was reached by address");
pub(super) static SHARE_BY_ADDRESS_FAILS: Sentence =
    Sentence::fails("share-by-address-fails", &[r"\\"], "a share was not reached by address");
pub(super) static SHARE_BY_NAME_WORKS: Sentence =
    Sentence::tells("share-by-name-works", &[r"\\"], "a share was reached by name");
pub(super) static SHARE_BY_NAME_FAILS: Sentence =
    Sentence::fails("share-by-name-fails", &[r"\\"], "a share was not reached by name");

/// What `nslookup`, `Resolve-DnsName` and the log of CoreDNS say; of general knowledge, but for the last two.
pub(super) const SENTENCES: &[Sentence] = &[
    Sentence::works("dns-found", &["svr hostname"], "DNS knows the name"),
    Sentence::fails("dns-not-found", &["*** ", "can't find"], "DNS does not know the name"),
    Sentence::fails("dns-not-found", &["non-existent domain"], "DNS does not know the name"),
    Sentence::fails("dns-not-found", &["dns name does not exist"], "DNS does not know the name"),
    Sentence::fails("dns-timeout", &["dns request timed out"], "the DNS server did not answer"),
    Sentence::fails("dns-timeout", &["no response from server"], "the DNS server did not answer"),
    Sentence::tells("dns-truncated", &["qr,", ",tc,"], "a DNS answer was truncated"),
    Sentence::fails("dns-tcp-timeout", &["tcp", ":53: i/o timeout"], "the DNS server was not reached by TCP"),
];

pub(super) const CAUSES: &[KnownCause] = &[
    KnownCause {
        id: "GD602",
        title: "TCP port 53 to the DNS server is blocked",
        explanation: "The answer with the domain controllers is too long for UDP, comes truncated, and cannot be \
                      fetched by TCP.",
        source: Source::read("Microsoft, AKS documentation of gMSA, Troubleshoot"),
        steps: &[
            Remedy::run(
                "Test-NetConnection DNSSERVER -Port 53",
                "on the node and in a container: TCP 53 to the domain's DNS servers must be open",
            ),
            Remedy::run("nslookup -vc -type=SRV _ldap._tcp.dc._msdcs.{domain}", "ask by TCP"),
        ],
        rules: &[
            Rule::likely(&[Pattern::Sentence("dns-truncated"), Pattern::Sentence("dns-tcp-timeout")]),
            Rule::likely(&[Pattern::Sentence("directory-unavailable")]),
            Rule::possible(&[Pattern::Sentence("dns-tcp-timeout")]),
            Rule::possible(&[Pattern::Sentence("dns-truncated")]),
        ],
        explains: &["GD601", "GD201", "GD202", "GD403", "GD404", "GD301"],
    },
    KnownCause {
        id: "GD601",
        title: "DNS does not find the domain",
        explanation: "The container's DNS servers do not know the domain, or do not answer.",
        source: Source::read(
            "Microsoft, Troubleshoot gMSAs for Windows containers, Check the container; microsoft/SDN issue 339",
        ),
        steps: &[
            Remedy::run("ipconfig /all", "in the container: see which DNS servers it asks"),
            Remedy::act("let the cluster's DNS forward the domain to the domain's DNS servers"),
            Remedy::run("nslookup -type=SRV _ldap._tcp.dc._msdcs.{domain}", "ask again"),
        ],
        rules: &[
            Rule::likely(&[Pattern::Sentence("dns-not-found")]),
            Rule::likely(&[Pattern::Sentence("dns-timeout")]),
        ],
        explains: &["GD201", "GD202", "GD104", "GD206"],
    },
    KnownCause {
        id: "GD603",
        title: "the node's network service keeps names from being resolved for the identity",
        explanation: "A share is reached by address and not by name; the node's Host Network Service needs a \
                      setting.",
        source: Source::read("Kubernetes, Configure GMSA, Troubleshooting"),
        steps: &[
            Remedy::run(
                "reg add \"HKLM\\SYSTEM\\CurrentControlSet\\Services\\hns\\State\" /v EnableCompartmentNamespace \
                 /t REG_DWORD /d 1",
                "on each Windows node",
            ),
            Remedy::act("create the pods anew, so that they pick it up"),
        ],
        rules: &[
            Rule::likely(&[
                Pattern::Sentence("share-by-address-works"),
                Pattern::Sentence("share-by-name-fails"),
            ]),
            Rule::possible(&[Pattern::Sentence("share-by-name-fails")])
                .unless(&[Pattern::Sentence("share-by-address-fails")]),
        ],
        explains: &["GD206"],
    },
    KnownCause {
        id: "GD604",
        title: "the share is not reachable for the identity",
        explanation: "It fails by address too: the server is not reachable, or refuses the account.",
        source: Source::inferred("the other half of GD603"),
        steps: &[
            Remedy::run("Test-NetConnection SERVER -Port 445", "see whether the server is reachable"),
            Remedy::act("allow the gMSA, `DOMAIN\\ACCOUNT$`, on the share and on its files"),
        ],
        rules: &[Rule::likely(&[Pattern::Sentence("share-by-address-fails")])],
        explains: &[],
    },
];
