//! The document model: it keeps what a document says, right or wrong, and shows none of it.

use gmsa_types::{
    ActiveDirectoryConfig, AsWritten, CredentialSpec, DomainJoinConfig, GroupManagedServiceAccount,
    HostAccountConfig, strategy::hostile_document,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn document() -> Value {
    json!({
        "CmsPlugins": ["ActiveDirectory"],
        "DomainJoinConfig": {
            "Sid": "S-1-5-21-2126449477-2524075714-3094792973",
            "MachineAccountName": "WebApp1",
            "Guid": "244818ae-87ac-4fcd-92ec-e79e5252348a",
            "DnsTreeName": "contoso.com",
            "DnsName": "contoso.com",
            "NetBiosName": "CONTOSO"
        },
        "ActiveDirectoryConfig": {
            "GroupManagedServiceAccounts": [
                {"Name": "WebApp1", "Scope": "contoso.com"},
                {"Name": "WebApp1", "Scope": "CONTOSO"}
            ],
            "HostAccountConfig": {
                "PortableCcgVersion": "1",
                "PluginGUID": "{CCC2A336-D7F3-4818-A213-272B7924213E}",
                "PluginInput": "ObjectId=abc"
            }
        }
    })
}

fn read(document: &Value) -> CredentialSpec {
    serde_json::from_value(document.clone()).unwrap()
}

#[track_caller]
fn survives(document: &Value) -> CredentialSpec {
    let spec = read(document);
    assert_eq!(&serde_json::to_value(&spec).unwrap(), document);
    assert_eq!(read(document), spec);
    let text = serde_json::to_string(document).unwrap();
    assert_eq!(serde_json::from_str::<CredentialSpec>(&text).unwrap(), spec);
    spec
}

fn text(value: &Option<AsWritten<String>>) -> Option<&str> {
    value.as_ref()?.expected().map(String::as_str)
}

#[test]
fn a_well_formed_document_has_the_expected_type_everywhere() {
    let spec = survives(&document());
    let plugins = spec.cms_plugins.as_ref().unwrap().expected().unwrap();
    assert_eq!(plugins, &["ActiveDirectory".into()]);

    let domain = spec.domain_join_config.as_ref().unwrap().expected().unwrap();
    assert_eq!(text(&domain.sid), Some("S-1-5-21-2126449477-2524075714-3094792973"));
    assert_eq!(text(&domain.machine_account_name), Some("WebApp1"));
    assert_eq!(text(&domain.guid), Some("244818ae-87ac-4fcd-92ec-e79e5252348a"));
    assert_eq!(text(&domain.dns_tree_name), Some("contoso.com"));
    assert_eq!(text(&domain.dns_name), Some("contoso.com"));
    assert_eq!(text(&domain.net_bios_name), Some("CONTOSO"));

    let directory = spec.active_directory_config.as_ref().unwrap().expected().unwrap();
    let accounts = directory.group_managed_service_accounts.as_ref().unwrap().expected().unwrap();
    let scopes: Vec<_> = accounts.iter().map(|account| text(&account.expected().unwrap().scope)).collect();
    assert_eq!(scopes, [Some("contoso.com"), Some("CONTOSO")]);
    let host = directory.host_account_config.as_ref().unwrap().expected().unwrap();
    assert_eq!(text(&host.portable_ccg_version), Some("1"));
    assert_eq!(text(&host.plugin_input), Some("ObjectId=abc"));

    let unknown = spec.unknown.len() + domain.unknown.len() + directory.unknown.len() + host.unknown.len();
    assert_eq!(unknown, 0);
}

#[test]
fn an_empty_document_has_nothing() {
    assert_eq!(survives(&json!({})), CredentialSpec::default());
}

#[test]
fn keys_are_written_in_the_order_of_the_generator() {
    let text = serde_json::to_string(&read(&document())).unwrap();
    let keys = |keys: &[&str]| {
        let places: Vec<_> = keys.iter().map(|key| text.find(&format!("\"{key}\":")).unwrap()).collect();
        assert!(places.is_sorted(), "{keys:?}");
    };
    keys(CredentialSpec::KEYS);
    keys(DomainJoinConfig::KEYS);
    keys(ActiveDirectoryConfig::KEYS);
    keys(GroupManagedServiceAccount::KEYS);
    keys(HostAccountConfig::KEYS);
}

#[test]
fn values_of_the_wrong_type_are_kept_where_they_stand() {
    let spec = survives(&json!({
        "CmsPlugins": "ActiveDirectory",
        "DomainJoinConfig": {"NetBiosName": false, "Sid": ["S-1-5-21-1-2-3"], "DnsName": "contoso.com"},
        "ActiveDirectoryConfig": {
            "GroupManagedServiceAccounts": [{"Name": "WebApp1", "Scope": 1}, "WebApp1", null],
            "HostAccountConfig": {"PortableCcgVersion": 1, "PluginInput": {"CredentialArn": "arn"}}
        }
    }));
    assert_eq!(spec.cms_plugins, Some(AsWritten::Other(json!("ActiveDirectory"))));
    let domain = spec.domain_join_config.as_ref().unwrap().expected().unwrap();
    assert_eq!(domain.net_bios_name, Some(AsWritten::Other(json!(false))));
    assert_eq!(text(&domain.dns_name), Some("contoso.com"));
    let directory = spec.active_directory_config.as_ref().unwrap().expected().unwrap();
    let accounts = directory.group_managed_service_accounts.as_ref().unwrap().expected().unwrap();
    assert_eq!(accounts[0].expected().unwrap().scope, Some(AsWritten::Other(json!(1))));
    assert_eq!(accounts[1], AsWritten::Other(json!("WebApp1")));
    assert_eq!(accounts[2], AsWritten::Other(Value::Null));
}

/// serde would read a struct from an array of its fields; the format has objects alone.
#[test]
fn an_array_is_not_an_object() {
    let spec = survives(&json!({"DomainJoinConfig": ["S-1-5-21-1-2-3"], "ActiveDirectoryConfig": []}));
    assert_eq!(spec.domain_join_config, Some(AsWritten::Other(json!(["S-1-5-21-1-2-3"]))));
    assert_eq!(spec.active_directory_config, Some(AsWritten::Other(json!([]))));
    assert!(serde_json::from_value::<CredentialSpec>(json!([])).is_err());
}

#[test]
fn an_explicit_null_is_a_value_of_the_wrong_type() {
    let spec = survives(&json!({"CmsPlugins": null, "DomainJoinConfig": {"Guid": null}, "Extra": null}));
    assert_eq!(spec.cms_plugins, Some(AsWritten::Other(Value::Null)));
    let domain = spec.domain_join_config.as_ref().unwrap().expected().unwrap();
    assert_eq!(domain.guid, Some(AsWritten::Other(Value::Null)));
    assert_eq!(domain.sid, None);
    assert_eq!(spec.active_directory_config, None);
    assert_eq!(spec.unknown.get("Extra"), Some(&Value::Null));
}

#[test]
fn unknown_keys_are_kept_at_every_level() {
    let mut written = document();
    for object in [
        "",
        "/DomainJoinConfig",
        "/ActiveDirectoryConfig",
        "/ActiveDirectoryConfig/HostAccountConfig",
        "/ActiveDirectoryConfig/GroupManagedServiceAccounts/1",
    ] {
        let object = written.pointer_mut(object).unwrap().as_object_mut().unwrap();
        object.insert("netBiosName".to_owned(), json!({"deep": [1, null]}));
    }
    let spec = survives(&written);
    let kept = Some(&json!({"deep": [1, null]}));
    assert_eq!(spec.unknown.get("netBiosName"), kept);
    let domain = spec.domain_join_config.as_ref().unwrap().expected().unwrap();
    assert_eq!(domain.unknown.get("netBiosName"), kept);
    assert_eq!(text(&domain.net_bios_name), Some("CONTOSO"));
}

#[test]
fn a_repeated_key_is_not_taken_for_one() {
    for text in [r#"{"CmsPlugins":[],"CmsPlugins":[]}"#, r#"{"secret":1,"secret":2}"#] {
        let error = serde_json::from_str::<CredentialSpec>(text).unwrap_err().to_string();
        assert!(error.starts_with("a key occurs twice in an object"), "{error}");
    }
    let nested = r#"{"DomainJoinConfig":{"Sid":"a","Sid":"b"}}"#;
    let spec: CredentialSpec = serde_json::from_str(nested).unwrap();
    assert_eq!(spec.domain_join_config, Some(AsWritten::Other(json!({"Sid": "b"}))));
}

#[test]
fn fields_can_be_set_from_plain_values() {
    let mut domain = DomainJoinConfig { dns_name: Some("contoso.com".into()), ..Default::default() };
    domain.guid = Some("g".to_owned().into());
    domain.dns_name.as_mut().unwrap().expected_mut().unwrap().push('.');
    let spec = CredentialSpec { domain_join_config: Some(domain.into()), ..Default::default() };
    assert_eq!(
        serde_json::to_value(&spec).unwrap(),
        json!({"DomainJoinConfig": {"Guid": "g", "DnsName": "contoso.com."}})
    );
    assert_eq!(AsWritten::<String>::Other(json!(1)).expected_mut(), None);
}

const SECRET: &str = "sEcReT";

#[test]
fn debug_shows_no_contents() {
    let spec = read(&json!({
        "CmsPlugins": [SECRET], "sEcReT": SECRET,
        "DomainJoinConfig": {"Sid": SECRET, "sEcReT": 1},
        "ActiveDirectoryConfig": {
            "GroupManagedServiceAccounts": [{"Name": SECRET}],
            "HostAccountConfig": {"PluginInput": SECRET, "PluginGUID": [SECRET]}
        }
    }));
    let domain = spec.domain_join_config.as_ref().unwrap();
    let directory = spec.active_directory_config.as_ref().unwrap();
    let host = directory.expected().unwrap().host_account_config.as_ref().unwrap();
    let shown = [
        format!("{spec:?} {spec:#?}"),
        format!("{domain:?} {:?}", domain.expected()),
        format!("{directory:?} {:?}", directory.expected()),
        format!("{host:?} {:?}", host.expected()),
        format!("{:?}", host.expected().unwrap().plugin_guid),
    ];
    for shown in shown {
        assert!(!shown.contains(SECRET), "{shown}");
    }
}

#[test]
fn errors_show_no_contents() {
    let twice = serde_json::to_string(&serde_json::to_string(&json!({"a": SECRET})).unwrap()).unwrap();
    for text in [twice.as_str(), r#"{"CmsPlugins":"sEcReT"#, r#"{"sEcReT":1,"sEcReT":2}"#, r#"["sEcReT"]"#] {
        let error = serde_json::from_str::<CredentialSpec>(text).unwrap_err().to_string();
        assert!(!error.contains(SECRET), "{error}");
    }
    let error = serde_json::from_value::<CredentialSpec>(json!(SECRET)).unwrap_err();
    assert_eq!(error.to_string(), "invalid type: string, expected an object");
}

proptest! {
    #[test]
    fn whatever_an_object_says_survives(object in hostile_document()) {
        let spec = read(&object);
        prop_assert_eq!(serde_json::to_value(&spec).unwrap(), object);
    }
}
