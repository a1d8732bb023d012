//! Mistakes that people made, and values that only look like them.

use gmsa_credspec::lint::{LintOptions, lint};
use gmsa_credspec::source::{ReadOptions, read_source};
use serde_json::{Value, json};

/// The findings but those of every document: their ids and pointers.
fn told(text: &str) -> Vec<String> {
    let found = lint(&read_source(text.as_bytes(), &ReadOptions::new()), &LintOptions::default());
    let told = found.iter().filter(|finding| !matches!(finding.id().as_str(), "GC306" | "GC611"));
    told.map(|finding| format!("{} {}", finding.id(), finding.pointer().as_str()).trim_end().to_owned())
        .collect()
}

fn right() -> Value {
    json!({
        "CmsPlugins": ["ActiveDirectory"],
        "DomainJoinConfig": {
            "Sid": "S-1-5-21-3623811015-3361044348-30300820", "MachineAccountName": "WebApp1",
            "Guid": "7a1c93be-4f5a-4c7e-9c1e-5b2f0d1a8e64", "DnsTreeName": "corp.example",
            "DnsName": "corp.example", "NetBiosName": "CORP",
        },
        "ActiveDirectoryConfig": {"GroupManagedServiceAccounts": [
            {"Name": "WebApp1", "Scope": "corp.example"}, {"Name": "WebApp1", "Scope": "CORP"},
        ]},
    })
}

fn with(parent: &str, key: &str, value: Value) -> String {
    let mut document = right();
    document.pointer_mut(parent).unwrap()[key] = value;
    document.to_string()
}

fn resource(changes: Value) -> Value {
    let mut resource = json!({
        "apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec", "metadata": {"name": "a"},
        "credspec": right(),
    });
    let Value::Object(changes) = changes else { panic!("{changes}") };
    resource.as_object_mut().unwrap().extend(changes);
    resource
}

#[test]
fn a_host_account_is_misplaced_wherever_it_is_not_read() {
    let entry = "/ActiveDirectoryConfig/GroupManagedServiceAccounts/0";
    for parent in ["", "/DomainJoinConfig", entry] {
        let text = with(parent, "HostAccountConfig", json!({}));
        assert_eq!(told(&text), [format!("GC612 {parent}/HostAccountConfig")]);
    }
    assert_eq!(told(&resource(json!({"HostAccountConfig": {}})).to_string()), ["GC612 /HostAccountConfig"]);
}

#[test]
fn a_resource_has_no_other_keys() {
    assert_eq!(told(&resource(json!({})).to_string()), Vec::<String>::new());
    assert_eq!(told(&resource(json!({"remark": 1})).to_string()), ["GC202 /remark"]);
    assert_eq!(told(&resource(json!({"spec": {}})).to_string()), ["GC202 /spec"]);
    let mut moved = resource(json!({"spec": {"credspec": right()}}));
    moved.as_object_mut().unwrap().remove("credspec");
    assert_eq!(told(&moved.to_string()), ["GC704 /spec/credspec"]);
}

#[test]
fn what_somebody_was_to_fill_in_is_a_placeholder() {
    let texts = [
        "CHANGEME",
        "changeme",
        "CHANGE-ME",
        "change_me",
        "REPLACE_ME",
        "TODO",
        "todo",
        "PLACEHOLDER",
        "YOURDOMAIN",
        "yourdomain.example",
        "YOUR_DOMAIN",
        "%USERDOMAIN%",
        "%ACCOUNT%",
        "[domain]",
        "{domain}",
        "@@SID@@",
        "__SID__",
        "__DOMAIN__.example",
        "gMSA-ACCOUNT-SID",
        "gMSA ACCOUNT NAME",
        "gMSA_ACCOUNT_GUID",
        "ARN-SECRET",
    ];
    for text in texts {
        for key in ["Sid", "Guid", "DnsTreeName"] {
            let found = told(&with("/DomainJoinConfig", key, json!(text)));
            assert_eq!(found, [format!("GC107 /DomainJoinConfig/{key}")], "{text}");
        }
    }
}

#[test]
fn what_looks_like_a_placeholder_may_be_a_value() {
    let texts = [
        "todo.example",
        "placeholder.example",
        "yours.example",
        "exchange-mexico.example",
        "replace-men.example",
        "a__b",
        "a%20b%20c",
        "a@@b",
        "{7a1c93be-4f5a-4c7e-9c1e-5b2f0d1a8e64}",
        "{}",
        "[]",
        "{\"a\":\"b\"}",
        "100%",
        "gmsa-account-names",
    ];
    for text in texts {
        let found = told(&with("/DomainJoinConfig", "DnsTreeName", json!(text)));
        assert!(found.iter().all(|told| !told.starts_with("GC107")), "{text}: {found:?}");
    }
}

#[test]
fn an_arn_has_a_region() {
    let input = |region: &str| {
        let arn = format!("arn:aws:ssm:{region}:123456789012:parameter/a");
        let config = json!({
            "PortableCcgVersion": "1", "PluginGUID": "{859E1386-BDB4-49E8-85C7-3070B13920E1}",
            "PluginInput": json!({ "credentialArn": arn }).to_string(),
        });
        told(&with("/ActiveDirectoryConfig", "HostAccountConfig", config))
    };
    for region in ["eu-west-1", "us-gov-east-1", "ap-southeast-2", "us-iso-west-1"] {
        assert_eq!(input(region), Vec::<String>::new(), "{region}");
    }
    for region in
        ["", "eu", "eu-west", "eu-1", "euro-west-1", "EU-WEST-1", "eu-west-10", "eu--1", "eu-west-1a"]
    {
        let pointer = "/ActiveDirectoryConfig/HostAccountConfig/PluginInput";
        assert_eq!(input(region), [format!("GC609 {pointer}")], "{region}");
    }
}

#[test]
fn an_option_of_docker_has_an_equals_sign() {
    assert_eq!(told("--security-opt credentialspec:file://a.json"), ["GC801"]);
    assert_eq!(told("--security-opt \"credentialspec:file://a.json\""), ["GC801"]);
    assert_eq!(told("--security-opt=credentialspec=file://a.json"), Vec::<String>::new());
    assert_eq!(told("credentialspec:file://a.json"), Vec::<String>::new());
}

#[test]
fn a_further_scope_of_the_machine_account_is_wrong_in_place_of_its_own() {
    let accounts = "/ActiveDirectoryConfig/GroupManagedServiceAccounts";
    let other = json!({"Name": "WebApp1", "Scope": "other.example"});
    let mut document = right();
    document.pointer_mut(accounts).unwrap().as_array_mut().unwrap().push(other);
    assert_eq!(told(&document.to_string()), [format!("GC510 {accounts}/2")]);
    document.pointer_mut(accounts).unwrap().as_array_mut().unwrap().remove(1);
    let found = told(&document.to_string());
    assert!(found.contains(&format!("GC509 {accounts}/1")), "{found:?}");
}

#[test]
fn a_reserved_word_is_no_usual_name_of_a_domain() {
    for name in ["BUILTIN", "NT AUTHORITY", "GW", "WORLD"] {
        let found = told(&with("/DomainJoinConfig", "NetBiosName", json!(name)));
        assert!(found.contains(&"GC402 /DomainJoinConfig/NetBiosName".to_owned()), "{name}: {found:?}");
    }
    let found = told(&with("/DomainJoinConfig", "NetBiosName", json!("WORLDS")));
    assert!(found.iter().all(|told| !told.starts_with("GC402")), "{found:?}");
}

#[cfg(feature = "yaml")]
#[test]
fn a_name_that_yaml_retypes_is_to_be_quoted() {
    let text = format!(
        "apiVersion: windows.k8s.io/v1\nkind: GMSACredentialSpec\nmetadata:\n  name: 0123\ncredspec: {}\n",
        right()
    );
    assert_eq!(told(&text), ["GC705 /metadata/name"]);
}

/// Found by a random case: the repair dropped one domain, and left the other for the next round.
#[test]
fn an_account_between_two_domains_loses_both_at_once() {
    for name in [r"CORP\WebApp1.corp.example", r"CORP\WebApp1@corp.example", r"CORP\WebApp1.corp.example$"] {
        let text = with("/DomainJoinConfig", "MachineAccountName", json!(name));
        let found = lint(&read_source(text.as_bytes(), &ReadOptions::new()), &LintOptions::default());
        let fix =
            found.iter().find(|finding| finding.id().as_str() == "GC502").and_then(|finding| finding.fix());
        let fixed = fix.unwrap().apply(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(fixed, right(), "{name}");
    }
}
