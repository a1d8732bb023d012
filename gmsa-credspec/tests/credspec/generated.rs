//! Facts, generators and golden files that several tests share.

use gmsa_credspec::generate::{AdditionalAccount, DomainFacts, Generator, PluginInput};
use gmsa_types::{AccountName, DnsName, NetBiosName};
use proptest::prelude::*;

/// The domain of the Kubernetes documentation.
pub(crate) fn contoso() -> DomainFacts {
    DomainFacts {
        sid: "S-1-5-21-2126449477-2524075714-3094792973".parse().unwrap(),
        guid: "244818ae-87ac-4fcd-92ec-e79e5252348a".parse().unwrap(),
        dns_root: "contoso.com".parse().unwrap(),
        forest: "contoso.com".parse().unwrap(),
        net_bios_name: "CONTOSO".parse().unwrap(),
    }
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[A-Za-z0-9]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?", 1 => "[0-9]{1,4}", 1 => Just("no".to_owned())]
}

fn dns_name() -> impl Strategy<Value = DnsName> {
    proptest::collection::vec(label(), 1..4).prop_map(|labels| labels.join(".").parse().unwrap())
}

fn net_bios_name() -> impl Strategy<Value = NetBiosName> {
    prop_oneof![
        4 => "[A-Z][A-Z0-9-]{0,14}",
        1 => "[^\\\\/:*?\"<>|\\p{Cc}]{1,15}",
        1 => proptest::sample::select(vec!["NO", "1E5", "0123", "R&D", "ÄRZTE"]).prop_map(str::to_owned),
    ]
    .prop_filter_map("not valid", |text| text.parse().ok())
}

/// Names that are accounts in any domain: without a dot.
fn account() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        4 => "[A-Za-z][A-Za-z0-9_-]{0,14}",
        1 => "[^\"/\\\\\\[\\]:;|=,+*?<>@$.\\p{Cc}]{1,20}",
        1 => proptest::sample::select(vec!["0123", "on", "it's", "Ünïcode", "😀"]).prop_map(str::to_owned),
    ];
    name.prop_filter("not valid", |text| text.trim() == text && AccountName::try_from(&**text).is_ok())
}

pub(crate) fn facts() -> impl Strategy<Value = DomainFacts> {
    (any::<[u32; 3]>(), any::<[u8; 16]>(), dns_name(), dns_name(), net_bios_name()).prop_filter_map(
        "nil GUID",
        |([a, b, c], bytes, dns_root, forest, net_bios_name)| {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            Some(DomainFacts {
                sid: format!("S-1-5-21-{a}-{b}-{c}").parse().unwrap(),
                guid: digits.parse().ok()?,
                dns_root,
                forest,
                net_bios_name,
            })
        },
    )
}

fn plugin_input() -> impl Strategy<Value = PluginInput> {
    let arn = || {
        prop_oneof![
            "arn:aws:secretsmanager:us-west-2:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,20}",
            "arn:aws-us-gov:ssm:us-gov-east-1:[0-9]{12}:parameter/[A-Za-z0-9/_.-]{1,20}",
        ]
    };
    prop_oneof![
        ("[a-f0-9]{31}1", "[a-z][a-z0-9-]{1,20}[a-z0-9]", "[A-Za-z0-9-]{1,30}").prop_map(
            |(id, vault, secret)| {
                PluginInput::AzureKeyVault {
                    object_id: id.parse().unwrap(),
                    secret_uri: format!("https://{vault}.vault.azure.net/secrets/{secret}"),
                }
            }
        ),
        arn().prop_map(|credential_arn| PluginInput::AwsWindows { credential_arn }),
        arn().prop_map(|credential_arn| PluginInput::AwsLinux { credential_arn }),
        ("[a-z0-9]{1,9}", "[a-z0-9]{1,9}(\\.[a-z0-9]{1,9})?")
            .prop_map(|(namespace, secret)| PluginInput::Rancher { namespace, secret }),
        ("[a-f0-9]{31}1", "\\PC{1,20}")
            .prop_map(|(id, input)| PluginInput::Opaque { plugin_guid: id.parse().unwrap(), input }),
    ]
}

/// The generator and the number of entries that its credential spec has.
pub(crate) fn generator() -> impl Strategy<Value = (Generator, usize)> {
    let others = proptest::collection::btree_map(
        account().prop_map(|name| AccountName::try_from(name).unwrap()),
        (proptest::option::of(dns_name()), proptest::option::of(net_bios_name()), "\\$?"),
        0..4,
    );
    (facts(), account(), "\\${0,2}", others, proptest::option::of(plugin_input())).prop_filter_map(
        "an entry twice",
        |(facts, account, dollars, others, plugin_input)| {
            let own = AccountName::try_from(&*account).unwrap();
            let mut entries = if facts.dns_root.as_str() == facts.net_bios_name.as_str() { 1 } else { 2 };
            let mut generator = Generator::new(facts.clone(), format!("{account}{dollars}"));
            for (name, (domain, net_bios_name, dollar)) in others {
                let scope = domain.clone().unwrap_or_else(|| facts.dns_root.clone());
                if name == own
                    || net_bios_name
                        .as_ref()
                        .is_some_and(|name| name.as_str().eq_ignore_ascii_case(scope.as_str()))
                {
                    return None;
                }
                let text = format!("{name}{dollar}");
                let mut additional = match domain {
                    Some(domain) => AdditionalAccount::in_domain(text, domain),
                    None => AdditionalAccount::same_domain(text),
                };
                entries += 1;
                if let Some(net_bios_name) = net_bios_name {
                    additional = additional.with_net_bios_scope(net_bios_name);
                    entries += 1;
                }
                generator = generator.with_additional_account(additional);
            }
            if let Some(plugin_input) = plugin_input {
                generator = generator.with_plugin_input(plugin_input);
            }
            Some((generator, entries))
        },
    )
}
