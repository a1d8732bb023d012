use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::{account_name, dns_name, domain_sid, guid, netbios_name, text};
use crate::{
    ActiveDirectoryConfig, AsWritten, CredentialSpec, DomainJoinConfig, GroupManagedServiceAccount,
    HostAccountConfig,
};

/// Credential specs as `New-CredentialSpec` writes them: one account in one domain, with an entry for each of the
/// domain's names, and now and then a plug-in for hosts outside the domain. Every value is valid and they agree.
pub fn credential_spec() -> impl Strategy<Value = CredentialSpec> {
    let domain = (domain_sid(), guid(), dns_name(), netbios_name());
    (domain, account_name(), option::weighted(0.3, host_account_config())).prop_map(
        |((sid, guid, dns, net_bios), account, host_account_config)| {
            let entry = |scope: &str| {
                GroupManagedServiceAccount {
                    name: written(&account),
                    scope: Some(scope.into()),
                    ..GroupManagedServiceAccount::default()
                }
                .into()
            };
            let domain = DomainJoinConfig {
                sid: written(&sid),
                machine_account_name: written(&account),
                guid: written(&guid),
                dns_tree_name: written(&dns),
                dns_name: written(&dns),
                net_bios_name: written(&net_bios),
                ..DomainJoinConfig::default()
            };
            let directory = ActiveDirectoryConfig {
                group_managed_service_accounts: Some(
                    vec![entry(dns.as_str()), entry(net_bios.as_str())].into(),
                ),
                host_account_config: host_account_config.map(AsWritten::from),
                ..ActiveDirectoryConfig::default()
            };
            CredentialSpec {
                cms_plugins: Some(vec!["ActiveDirectory".into()].into()),
                domain_join_config: Some(domain.into()),
                active_directory_config: Some(directory.into()),
                ..CredentialSpec::default()
            }
        },
    )
}

/// Credential specs in which one to three things are wrong: a value that is misspelt, of another type or gone, or
/// a key in the wrong case.
///
/// ```
/// use gmsa_types::{CredentialSpec, strategy};
/// use proptest::{prelude::*, test_runner::TestRunner};
///
/// // Whatever is wrong with it, nothing of it is lost.
/// TestRunner::default().run(&strategy::flawed_credential_spec(), |spec| {
///     let value = serde_json::to_value(&spec).expect("a document is JSON");
///     prop_assert_eq!(serde_json::from_value::<CredentialSpec>(value).ok(), Some(spec));
///     Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn flawed_credential_spec() -> impl Strategy<Value = CredentialSpec> {
    let pointer = select(vec![
        "/CmsPlugins",
        "/CmsPlugins/0",
        "/DomainJoinConfig",
        "/DomainJoinConfig/Sid",
        "/DomainJoinConfig/MachineAccountName",
        "/DomainJoinConfig/Guid",
        "/DomainJoinConfig/DnsTreeName",
        "/DomainJoinConfig/DnsName",
        "/DomainJoinConfig/NetBiosName",
        "/ActiveDirectoryConfig",
        "/ActiveDirectoryConfig/GroupManagedServiceAccounts",
        "/ActiveDirectoryConfig/GroupManagedServiceAccounts/0/Name",
        "/ActiveDirectoryConfig/GroupManagedServiceAccounts/1/Scope",
    ]);
    let misspelt = prop_oneof![text::sid(), text::guid(), text::dns_name(), text::account_name()];
    let other = select(vec![json!(null), json!(1), json!(false), json!([]), json!({}), json!("")]);
    let flaw = prop_oneof![
        4 => misspelt.prop_map(|text| Flaw::Value(text.into())),
        2 => other.prop_map(Flaw::Value),
        1 => Just(Flaw::Absent),
        1 => Just(Flaw::KeyInLowerCase),
    ];
    (credential_spec(), vec((pointer, flaw), 1..4)).prop_filter_map("no object any more", |(spec, flaws)| {
        let mut document = serde_json::to_value(spec).ok()?;
        for (pointer, flaw) in flaws {
            flaw.put(&mut document, pointer);
        }
        serde_json::from_value(document).ok()
    })
}

/// JSON objects in which the keys of the format are frequent, at every level and with values of any type.
pub fn hostile_document() -> impl Strategy<Value = Value> {
    let keys = [
        CredentialSpec::KEYS,
        DomainJoinConfig::KEYS,
        ActiveDirectoryConfig::KEYS,
        GroupManagedServiceAccount::KEYS,
        HostAccountConfig::KEYS,
    ];
    let key = prop_oneof![
        4 => select(keys.concat()).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
    ];
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    let value = scalar.prop_recursive(5, 48, 6, {
        let key = key.clone();
        move |inner| {
            let entries = vec((key.clone(), inner.clone()), 0..6);
            prop_oneof![
                1 => vec(inner, 0..6).prop_map(Value::from),
                3 => entries.prop_map(|entries| Value::Object(Map::from_iter(entries))),
            ]
        }
    });
    vec((key, value), 0..6).prop_map(|entries| Value::Object(Map::from_iter(entries)))
}

/// The plug-in that Azure documents, with an input of its form.
fn host_account_config() -> impl Strategy<Value = HostAccountConfig> {
    "ObjectId=[0-9a-f]{8};SecretUri=https://[a-z]{3,8}\\.vault\\.azure\\.net/secrets/[a-z]{3,8}".prop_map(
        |input| HostAccountConfig {
            portable_ccg_version: Some("1".into()),
            plugin_guid: Some("{CCC2A336-D7F3-4818-A213-272B7924213E}".into()),
            plugin_input: Some(input.into()),
            ..HostAccountConfig::default()
        },
    )
}

fn written(text: &impl AsRef<str>) -> Option<AsWritten<String>> {
    Some(text.as_ref().into())
}

#[derive(Debug, Clone)]
enum Flaw {
    Value(Value),
    Absent,
    KeyInLowerCase,
}

impl Flaw {
    /// Does nothing where an earlier flaw has taken the place away.
    fn put(self, document: &mut Value, pointer: &str) {
        let Some((parent, key)) = pointer.rsplit_once('/') else { return };
        match (self, document.pointer_mut(parent)) {
            (Self::Value(value), _) => {
                if let Some(place) = document.pointer_mut(pointer) {
                    *place = value;
                }
            }
            (Self::Absent, Some(Value::Object(members))) => drop(members.remove(key)),
            (Self::KeyInLowerCase, Some(Value::Object(members))) => {
                if let Some(value) = members.remove(key) {
                    members.insert(key.to_lowercase(), value);
                }
            }
            _ => {}
        }
    }
}
