//! The account's password: Container Credential Guard and its plug-ins on nodes outside the domain, and the
//! permission to read it on nodes in the domain.
//!
//! Sources: Microsoft, "Troubleshoot gMSAs for Windows containers", Events and Descriptions, in its current form, and
//! for the words of events issues 221, 293, 544 of microsoft/Windows-Containers ("WC") and 3849 of Azure/AKS;
//! microsoft/Azure-Key-Vault-Plugin-gMSA `CCGAKVPluginEvents.man`; rancher/Rancher-Plugin-gMSA.

use super::{
    cause::{KnownCause, Remedy, Source},
    event::{
        EventLog::{self, Ccg, KeyVaultPlugin, RancherPlugin},
        KnownEvent,
    },
    observation::{
        Outcome::{self, Fails, Neutral, Works},
        Sentence,
    },
    rule::{Pattern, Rule},
};

const fn event(
    log: EventLog,
    id: u32,
    words: &'static [&'static str],
    meaning: &'static str,
    outcome: Outcome,
) -> KnownEvent {
    KnownEvent { log, id, words, meaning, outcome }
}

/// No description of event 5 was found.
pub(super) const EVENTS: &[KnownEvent] = &[
    event(Ccg, 1, &["credential guard instantiated the plug"], "the plug-in was loaded", Works),
    event(
        Ccg,
        2,
        &["credential guard fetched gmsa credentials"],
        "the account's password was fetched",
        Works,
    ),
    event(Ccg, 3, &["credential guard failed to parse"], "the credential spec could not be parsed", Fails),
    event(Ccg, 4, &["credential guard failed to instantiate"], "the plug-in could not be loaded", Fails),
    event(
        Ccg,
        6,
        &["credential guard failed to fetch credentials from"],
        "the plug-in returned an error",
        Fails,
    ),
    event(Ccg, 7, &["credential guard", "refetch"], "the password is being fetched again", Neutral),
    event(
        Ccg,
        8,
        &["credential guard failed to fetch gmsa credentials"],
        "the plug-in's account could not read the gMSA's password",
        Fails,
    ),
    event(KeyVaultPlugin, 1000, &[], "the request for a token failed", Fails),
    event(KeyVaultPlugin, 1001, &[], "the answer with the token could not be read", Fails),
    event(KeyVaultPlugin, 1002, &[], "the answer has no access token", Fails),
    event(KeyVaultPlugin, 1003, &[], "no managed identity of that ObjectId is on the node", Fails),
    event(KeyVaultPlugin, 1004, &[], "the answer with the secret could not be read", Fails),
    event(KeyVaultPlugin, 1005, &[], "the secret is empty", Fails),
    event(KeyVaultPlugin, 1006, &[], "the secret does not have the form domain\\user:password", Fails),
    event(KeyVaultPlugin, 1007, &[], "the vault denied access", Fails),
    event(KeyVaultPlugin, 1008, &[], "the vault answered with an HTTP error", Fails),
    event(KeyVaultPlugin, 1009, &[], "the request for a token broke off", Fails),
    event(KeyVaultPlugin, 1010, &[], "the request for the secret broke off", Fails),
    event(KeyVaultPlugin, 1011, &[], "the plug-in finished, with the status that it tells", Neutral),
    event(KeyVaultPlugin, 1012, &[], "the plug-in received a request", Neutral),
    event(KeyVaultPlugin, 1013, &[], "PluginInput has no ObjectId", Fails),
    event(KeyVaultPlugin, 1014, &[], "PluginInput has no SecretUri", Fails),
    event(KeyVaultPlugin, 1015, &[], "the SecretUri of PluginInput is not valid", Fails),
    event(KeyVaultPlugin, 1016, &[], "there is no PluginInput", Fails),
    event(KeyVaultPlugin, 1017, &[], "the plug-in asks the vault", Neutral),
    event(KeyVaultPlugin, 1018, &[], "the SecretUri of PluginInput has no host to get a token for", Fails),
    event(RancherPlugin, 101, &[], "information of the plug-in", Neutral),
    event(RancherPlugin, 201, &[], "a warning of the plug-in", Neutral),
    event(RancherPlugin, 301, &[], "an error of the plug-in", Fails),
];

pub(super) static TEST_ACCOUNT_FALSE: Sentence =
    Sentence::fails("account-not-readable", &["false"], "the node may not read the account's password");
pub(super) static TEST_ACCOUNT_TRUE: Sentence =
    Sentence::works("account-readable", &["true"], "the node may read the account's password");

pub(super) const SENTENCES: &[Sentence] = &[
    Sentence::fails(
        "com-identity",
        &["configured identity is incorrect"],
        "the plug-in's COM application has an identity that cannot be used",
    ),
    Sentence::fails(
        "directory-unavailable",
        &["directory service isn't available"],
        "Container Credential Guard did not reach the directory",
    ),
    Sentence::fails(
        "directory-unavailable",
        &["directory service is not available"],
        "Container Credential Guard did not reach the directory",
    ),
    Sentence::fails(
        "directory-unavailable",
        &["directory service is unavailable"],
        "Container Credential Guard did not reach the directory",
    ),
    Sentence::fails("rancher-input", &["invalid plugin input format"], "the plug-in refused PluginInput"),
];

pub(super) const CAUSES: &[KnownCause] = &[
    KnownCause {
        id: "GD405",
        title: "the plug-in's COM application runs as the interactive user",
        explanation: "It then starts only while somebody is logged on to the node.",
        source: Source::read("WC issue 293"),
        steps: &[Remedy::act(
            "in Component Services, set the identity of the plug-in's COM+ application to Network Service",
        )],
        rules: &[Rule::likely(&[Pattern::Sentence("com-identity")])],
        explains: &["GD402", "GD301"],
    },
    KnownCause {
        id: "GD401",
        title: "Container Credential Guard could not parse the credential spec",
        explanation: "A field of the credential spec is malformed, most often PluginGUID.",
        source: Source::read("Microsoft, Troubleshoot gMSAs for Windows containers, Events and Descriptions"),
        steps: &[Remedy::act(
            "check the credential spec: PluginGUID is a GUID in braces, PortableCcgVersion is \"1\", and every \
             value is a string",
        )],
        rules: &[Rule::likely(&[Pattern::Event(Ccg, &[3])])],
        explains: &["GD301", "GD204"],
    },
    KnownCause {
        id: "GD402",
        title: "the plug-in is not installed on the node",
        explanation: "Container Credential Guard could not start the COM class of PluginGUID.",
        source: Source::read("Microsoft, Troubleshoot gMSAs for Windows containers, Events and Descriptions"),
        steps: &[
            Remedy::run(
                "reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\CCG\\COMClasses",
                "on the node: PluginGUID must be among the keys, braces and all",
            ),
            Remedy::act("install the plug-in on every node that runs such pods"),
        ],
        rules: &[Rule::likely(&[Pattern::Event(Ccg, &[4])])],
        explains: &["GD301", "GD204"],
    },
    KnownCause {
        id: "GD411",
        title: "the Azure Key Vault plug-in gets no token",
        explanation: "The node's metadata endpoint gave no token for a managed identity.",
        source: Source::read("microsoft/Azure-Key-Vault-Plugin-gMSA, CCGAKVPluginEvents.man"),
        steps: &[Remedy::act(
            "check that the node reaches the instance metadata endpoint, and that a managed identity is assigned to it",
        )],
        rules: &[Rule::likely(&[Pattern::Event(KeyVaultPlugin, &[1000, 1001, 1002, 1009])])],
        explains: &["GD301", "GD403"],
    },
    KnownCause {
        id: "GD412",
        title: "the managed identity is not on the node",
        explanation: "No identity of the node has the ObjectId that PluginInput names.",
        source: Source::read("microsoft/Azure-Key-Vault-Plugin-gMSA, CCGAKVPluginEvents.man"),
        steps: &[
            Remedy::act("compare ObjectId in PluginInput with the identity's object id, not its client id"),
            Remedy::act("assign the identity to the scale set of the Windows nodes"),
        ],
        rules: &[Rule::likely(&[Pattern::Event(KeyVaultPlugin, &[1003])])],
        explains: &["GD301", "GD403"],
    },
    KnownCause {
        id: "GD413",
        title: "the secret in the vault does not have the form that the plug-in needs",
        explanation: "It must be `domain\\user:password`, with the domain as a DNS name.",
        source: Source::read(
            "microsoft/Azure-Key-Vault-Plugin-gMSA, CCGAKVPluginEvents.man; Microsoft, AKS documentation of gMSA",
        ),
        steps: &[Remedy::act("write the secret anew, in that form")],
        rules: &[Rule::likely(&[Pattern::Event(KeyVaultPlugin, &[1004, 1005, 1006])])],
        explains: &["GD301", "GD403"],
    },
    KnownCause {
        id: "GD414",
        title: "the vault does not give the secret to the node",
        explanation: "The managed identity may not read it, or the vault is not reachable from the node.",
        source: Source::read("microsoft/Azure-Key-Vault-Plugin-gMSA, CCGAKVPluginEvents.man"),
        steps: &[
            Remedy::act("allow the managed identity to get secrets of the vault"),
            Remedy::act("check the vault's firewall against the node's network"),
        ],
        rules: &[Rule::likely(&[Pattern::Event(KeyVaultPlugin, &[1007, 1008, 1010])])],
        explains: &["GD301", "GD403"],
    },
    KnownCause {
        id: "GD415",
        title: "PluginInput is not what the plug-in needs",
        explanation: "The Azure Key Vault plug-in needs `ObjectId=...;SecretUri=https://...`, Rancher's \
                      `namespace:secret`.",
        source: Source::read(
            "microsoft/Azure-Key-Vault-Plugin-gMSA, CCGAKVPluginEvents.man; rancher/Rancher-Plugin-gMSA",
        ),
        steps: &[Remedy::act(
            "correct HostAccountConfig.PluginInput: no spaces around the signs, and the SecretUri without a version",
        )],
        rules: &[
            Rule::likely(&[Pattern::Event(KeyVaultPlugin, &[1013, 1014, 1015, 1016, 1018])]),
            Rule::likely(&[Pattern::Sentence("rancher-input")]),
        ],
        explains: &["GD301", "GD403", "GD421"],
    },
    KnownCause {
        id: "GD421",
        title: "Rancher's plug-in failed",
        explanation: "It did not get the account from the account provider on the node.",
        source: Source::read("rancher/Rancher-Plugin-gMSA, event 301 is written for errors"),
        steps: &[
            Remedy::act(
                "read the event's own text on the node; it may quote the answer of the account provider",
            ),
            Remedy::act(
                "check that PluginInput is `namespace:secret`, and that the account provider runs on the node",
            ),
        ],
        rules: &[Rule::likely(&[Pattern::Event(RancherPlugin, &[301])])],
        explains: &["GD301", "GD403"],
    },
    KnownCause {
        id: "GD404",
        title: "the plug-in's account may not read the gMSA",
        explanation: "Credentials came from the plug-in, and the domain did not give the gMSA's password for them: \
                      user name or password is wrong, or the account is not allowed to read it.",
        source: Source::read(
            "Microsoft, Troubleshoot gMSAs for Windows containers, Events and Descriptions; Azure/AKS issue 3849",
        ),
        steps: &[
            Remedy::run(
                "(Get-ADServiceAccount ACCOUNT -Properties PrincipalsAllowedToRetrieveManagedPassword)\
                 .PrincipalsAllowedToRetrieveManagedPassword",
                "see whether the plug-in's account, or a group of it, is among them",
            ),
            Remedy::act("check user name, domain (as a DNS name) and password in the plug-in's secret"),
        ],
        rules: &[Rule::likely(&[Pattern::Event(Ccg, &[8])])],
        explains: &["GD301", "GD204", "GD207"],
    },
    KnownCause {
        id: "GD403",
        title: "the plug-in returned an error",
        explanation: "PluginInput does not have the form that it needs, or the node may not read the secret.",
        source: Source::read("Microsoft, Troubleshoot gMSAs for Windows containers, Events and Descriptions"),
        steps: &[
            Remedy::run(
                "Get-WinEvent -LogName Microsoft-AKSGMSAPlugin/Admin -MaxEvents 20",
                "on a node of AKS: what the Azure Key Vault plug-in says; other plug-ins have logs of their own",
            ),
            Remedy::act("check PluginInput, and that the node's identity may read the secret"),
        ],
        rules: &[Rule::likely(&[Pattern::Event(Ccg, &[6])])],
        explains: &["GD301", "GD204", "GD302"],
    },
    KnownCause {
        id: "GD431",
        title: "the node may not read the account's password",
        explanation: "The node is not in a group that the account allows, or its ticket is older than its \
                      membership.",
        source: Source::read("Microsoft, Troubleshoot gMSAs for Windows containers, Domain joined hosts"),
        steps: &[
            Remedy::run(
                "(Get-ADServiceAccount ACCOUNT -Properties PrincipalsAllowedToRetrieveManagedPassword)\
                 .PrincipalsAllowedToRetrieveManagedPassword",
                "see which groups are allowed, and add the node to one",
            ),
            Remedy::run(
                "Restart-Computer",
                "restart the node, so that it gets a ticket with the new membership",
            ),
        ],
        rules: &[Rule::likely(&[Pattern::Sentence("account-not-readable")])],
        explains: &["GD204", "GD206", "GD104", "GD301"],
    },
];
