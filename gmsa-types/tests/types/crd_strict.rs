//! The strict definition: it accepts what works or may work somewhere, and refuses every fault of one field.
#![cfg(feature = "schemars")]

use crate::judge::{Judge, documented};
use gmsa_types::{AccountName, DnsName, DomainSid, Guid, NetBiosName, crd::Definition, strategy::text};
use proptest::prelude::*;
use serde_json::{Value, json};

const DOMAIN: &str = "/credspec/DomainJoinConfig";
const ACCOUNTS: &str = "/credspec/ActiveDirectoryConfig/GroupManagedServiceAccounts";

/// The forms of the strict definition, each for both versions.
fn judges() -> [Judge; 3] {
    let strict = Definition::strict();
    [strict.clone(), strict.clone().keep_unknown_fields(), strict.require_identity()]
        .map(|definition| Judge::of(&definition))
}

fn strict() -> Judge {
    Judge::of(&Definition::strict())
}

fn with(pointer: &str, value: impl Into<Value>) -> Value {
    let mut object = documented();
    *object.pointer_mut(pointer).unwrap() = value.into();
    object
}

fn without(pointer: &str) -> Value {
    let mut object = documented();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match object.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.remove(key).unwrap()),
        Value::Array(items) => drop(items.remove(key.parse().unwrap())),
        other => panic!("{other}"),
    }
    object
}

/// The documented object with a plug-in for hosts outside the domain.
fn with_plugin(class: &str) -> Value {
    let mut object = documented();
    object["credspec"]["ActiveDirectoryConfig"]["HostAccountConfig"] = json!({
        "PortableCcgVersion": "1",
        "PluginGUID": class,
        "PluginInput": "ObjectId=00000000-1111-4222-8333-444444444444;SecretUri=https://v.vault.azure.net/secrets/s",
    });
    object
}

/// The pointers of the document and of everything in it, with the document itself.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| pointers(value, &format!("{at}/{key}"), found));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

fn all_pointers() -> Vec<String> {
    let mut found = Vec::new();
    pointers(&documented()["credspec"], "/credspec", &mut found);
    assert_eq!(found.len(), 18);
    found
}

#[track_caller]
fn refused(judges: &[Judge], object: &Value, what: &str) {
    for judge in judges {
        assert!(!judge.accepts(object), "accepted: {what}");
    }
}

#[track_caller]
fn accepted(judges: &[Judge], object: &Value, what: &str) {
    for judge in judges {
        assert_eq!(judge.complaints(object), [], "{what}");
    }
}

#[test]
fn the_documented_example_is_accepted_in_every_form() {
    accepted(&judges(), &documented(), "the documented example");
    let mut old = documented();
    old["apiVersion"] = json!("windows.k8s.io/v1alpha1");
    accepted(&judges(), &old, "the same in v1alpha1");
}

/// `documents/cluster.json` has the resources of a cluster that upstream's webhook was recorded in.
#[test]
fn what_a_cluster_has_is_accepted_if_it_has_content() {
    let cluster: Value = serde_json::from_str(include_str!("../documents/cluster.json")).unwrap();
    let mut accepted = Vec::new();
    for item in cluster["items"].as_array().unwrap() {
        let has_content =
            item.get("credspec").is_some_and(|spec| spec.as_object().is_some_and(|spec| !spec.is_empty()));
        let complaints = strict().complaints(item);
        assert_eq!(complaints.is_empty(), has_content, "{}: {complaints:?}", item["metadata"]["name"]);
        if has_content {
            accepted.push(item["metadata"]["name"].as_str().unwrap());
        }
    }
    let all = ["webapp0", "webapp1", "webapp2", "hostagent", "unicode", "partial", "dotted.name.example"];
    assert_eq!(accepted, all);
}

/// Documents of gmsa-credspec's generator, which writes what `New-CredentialSpec` does.
#[test]
fn what_is_generated_is_accepted() {
    for text in [
        include_str!("../documents/generated/joined.canonical.json"),
        include_str!("../documents/generated/portable.canonical.json"),
    ] {
        let document: Value = serde_json::from_str(text).unwrap();
        accepted(&judges(), &json!({"credspec": document}), text);
    }
}

#[test]
fn a_document_with_plug_ins_alone_is_refused_where_an_identity_is_required() {
    let object = json!({"credspec": {"CmsPlugins": ["ActiveDirectory"]}});
    assert!(strict().accepts(&object));
    assert!(!Judge::of(&Definition::strict().require_identity()).accepts(&object));
    assert!(Judge::of(&Definition::upstream()).accepts(&object));
    assert!(!Judge::of(&Definition::upstream().require_identity()).accepts(&object));
}

#[test]
fn whatever_is_removed_is_missed() {
    let judges = judges();
    for pointer in all_pointers() {
        let is_item = pointer.rsplit('/').next().unwrap().parse::<usize>().is_ok();
        // One of two scopes may be enough: many documents have one.
        if is_item && pointer.starts_with(ACCOUNTS) {
            accepted(&judges, &without(&pointer), &pointer);
        } else {
            refused(&judges, &without(&pointer), &pointer);
        }
    }
}

#[test]
fn a_value_of_another_type_is_refused_everywhere() {
    let judges = judges();
    let values =
        [json!(null), json!(true), json!(1), json!("ActiveDirectory"), json!(["ActiveDirectory"]), json!({})];
    for pointer in all_pointers() {
        let documented = documented();
        let written = documented.pointer(&pointer).unwrap();
        for value in &values {
            if std::mem::discriminant(written) != std::mem::discriminant(value) {
                refused(&judges, &with(&pointer, value.clone()), &format!("{pointer}: {value}"));
            }
        }
    }
}

#[test]
fn a_value_that_is_empty_is_refused_everywhere() {
    let judges = judges();
    for pointer in all_pointers() {
        let empty = match documented().pointer(&pointer).unwrap() {
            Value::Object(_) => json!({}),
            Value::Array(_) => json!([]),
            _ => json!(""),
        };
        refused(&judges, &with(&pointer, empty), &pointer);
    }
}

#[test]
fn a_text_with_a_slip_is_refused_everywhere() {
    let judges = judges();
    for pointer in all_pointers() {
        let documented = documented();
        let Some(text) = documented.pointer(&pointer).unwrap().as_str() else {
            continue;
        };
        let slips = [
            " ".to_owned(),
            format!(" {text}"),
            format!("{text} "),
            format!("{text}\n"),
            format!("\t{text}"),
            format!("{text}\0"),
            format!("\"{text}\""),
            format!("<{text}>"),
            format!("{text}, {text}"),
            text.repeat(40),
        ];
        for slip in slips {
            refused(&judges, &with(&pointer, slip.as_str()), &format!("{pointer}: {slip:?}"));
        }
    }
}

#[test]
fn a_key_in_another_case_is_a_key_that_is_missing() {
    let judges = judges();
    for pointer in all_pointers() {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let mut object = documented();
        if let Value::Object(fields) = object.pointer_mut(parent).unwrap() {
            let value = fields.remove(key).unwrap();
            fields.insert(key.to_lowercase(), value.clone());
            fields.insert(key.to_uppercase(), value);
            // The root's key is in lower case already.
            if key != "credspec" {
                refused(&judges, &object, &pointer);
            }
        }
    }
}

/// Each fault, where the API server shows it, and the words by which it is to be mended.
#[test]
fn common_mistakes_get_a_message_that_says_what_to_do() {
    let sid = format!("{DOMAIN}/Sid");
    let account = format!("{DOMAIN}/MachineAccountName");
    let name = format!("{ACCOUNTS}/1/Name");
    let mistakes: [(&str, Value, &str, &str); 19] = [
        (
            &sid,
            json!("S-1-5-21-2126449477-2524075714-3094792973-1104"),
            "credspec.DomainJoinConfig.Sid",
            "drop the last number",
        ),
        (
            &account,
            json!("WebApp2"),
            "credspec.DomainJoinConfig.MachineAccountName",
            "list it under `GroupManagedServiceAccounts`",
        ),
        (&account, json!("WebApp1$"), "credspec.DomainJoinConfig.MachineAccountName", "without the `$`"),
        (
            &account,
            json!("CONTOSO\\WebApp1"),
            "credspec.DomainJoinConfig.MachineAccountName",
            "without `DOMAIN\\`",
        ),
        (
            &account,
            json!("WebApp1@contoso.com"),
            "credspec.DomainJoinConfig.MachineAccountName",
            "without `@domain`",
        ),
        (
            &account,
            json!("WebApp1.CONTOSO.com"),
            "credspec.DomainJoinConfig.MachineAccountName",
            "has no domain: drop it",
        ),
        (
            &name,
            json!("WebApp1$"),
            "credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts[1].Name",
            "without the `$`",
        ),
        (
            &name,
            json!("CONTOSO\\WebApp1"),
            "credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts[1].Name",
            "without `DOMAIN\\`",
        ),
        (
            &name,
            json!("WebApp1@contoso.com"),
            "credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts[1].Name",
            "without `@domain`",
        ),
        (
            &name,
            json!("WebApp1.contoso.com"),
            "credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts",
            "write it as the `Scope`",
        ),
        (
            &name,
            json!("CN=WebApp1,CN=Managed Service Accounts,DC=contoso,DC=com"),
            "credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts[1].Name",
            "20 characters are the most",
        ),
        (
            "/credspec/DomainJoinConfig/NetBiosName",
            json!("corp.contoso.com"),
            "credspec.DomainJoinConfig.NetBiosName",
            "15 characters are the most",
        ),
        ("/credspec/CmsPlugins/0", json!("activedirectory"), "credspec.CmsPlugins", "add it"),
        ("/credspec/CmsPlugins", json!(["Other"]), "credspec.CmsPlugins", "`ActiveDirectory` is missing"),
        (
            "/credspec/DomainJoinConfig/DnsTreeName",
            json!("web.contoso.com"),
            "credspec.DomainJoinConfig.DnsTreeName",
            "the two are swapped",
        ),
        (
            "/credspec/DomainJoinConfig/DnsName",
            json!("COM"),
            "credspec.DomainJoinConfig.DnsTreeName",
            "the two are swapped",
        ),
        (
            "/credspec/DomainJoinConfig/NetBiosName",
            json!("Contoso.com"),
            "credspec.DomainJoinConfig.NetBiosName",
            "(Get-ADDomain).NetBIOSName",
        ),
        (
            "/credspec",
            json!({"CmsPlugins": ["ActiveDirectory"], "DomainJoinConfig": documented()["credspec"]["DomainJoinConfig"]}),
            "credspec.ActiveDirectoryConfig",
            "add `ActiveDirectoryConfig`",
        ),
        (
            "/credspec",
            json!({
                "CmsPlugins": ["ActiveDirectory"],
                "ActiveDirectoryConfig": documented()["credspec"]["ActiveDirectoryConfig"],
            }),
            "credspec.DomainJoinConfig",
            "add `DomainJoinConfig`",
        ),
    ];
    for (pointer, value, place, words) in mistakes {
        let complaints = strict().complaints(&with(pointer, value.clone()));
        let is_told = complaints.iter().any(|(at, message)| at == place && message.contains(words));
        assert!(is_told, "{pointer}: {value}: {complaints:?}");
    }
}

#[test]
fn other_values_that_cannot_work_are_refused() {
    let judges = judges();
    let wrong = [
        (
            "Sid",
            &[
                "S-1-5-32-544",
                "S-1-5-21",
                "S-1-5-21-1-2",
                "S-1-5-21-1-2-3-4-5",
                "S-1-5-21-1-2-4294967296",
                "S-1-5-21-01-2-3",
                "s-1-5-21-1-2-3",
                "DA",
            ][..],
        ),
        (
            "Guid",
            &[
                "244818ae-87ac-4fcd-92ec-e79e5252348",
                "244818ae-87ac-4fcd-92ec-e79e5252348g",
                "{244818ae-87ac-4fcd-92ec-e79e5252348a",
                "{{244818ae-87ac-4fcd-92ec-e79e5252348a}}",
                "00000000-0000-0000-0000-000000000000",
            ],
        ),
        (
            "DnsName",
            &[
                "contoso.com.",
                ".contoso.com",
                "contoso..com",
                "-contoso.com",
                "contoso-.com",
                "con toso.com",
                "contoso/com",
            ],
        ),
        ("DnsTreeName", &["contoso.com.", "https://contoso.com", "contoso.com:88", "CONTOSO\\com"]),
        ("NetBiosName", &["CONTOSOCONTOSOCO", ".CONTOSO", "CON/TOSO", "CON:TOSO", "CON*", "CON|TOSO"]),
        (
            "MachineAccountName",
            &[
                "WebApp1WebApp1WebApp1",
                "Web/App1",
                "Web[App1]",
                "Web;App1",
                "Web|App1",
                "Web=App1",
                "Web+App1",
                "...",
                "CN=WebApp1",
            ],
        ),
    ];
    for (key, values) in wrong {
        for value in values {
            refused(&judges, &with(&format!("{DOMAIN}/{key}"), *value), &format!("{key}: {value}"));
        }
    }
    for scope in ["contoso.com.", "CON/TOSO", "contoso..com", "CONTOSO:88", "CONTOSO CONTOSO CONTOSO"] {
        refused(&judges, &with(&format!("{ACCOUNTS}/0/Scope"), scope), scope);
    }
}

#[test]
fn the_plug_in_is_checked_if_there_is_one() {
    let judges = judges();
    let config = "/credspec/ActiveDirectoryConfig/HostAccountConfig";
    let class = "{CCC2A336-D7F3-4818-A213-272B7924213E}";
    for class in [
        class,
        "{ccc2a336-d7f3-4818-a213-272b7924213e}",
        "CCC2A336-D7F3-4818-A213-272B7924213E",
        // Microsoft's documentation has it, and the clusters that follow it.
        "{GDMA0342-266A-4D1P-831J-20990E82944F}",
    ] {
        accepted(&judges, &with_plugin(class), class);
    }
    for class in [
        "",
        "{}",
        "{{CCC2A336-D7F3-4818-A213-272B7924213E}}",
        "{CCC2A336-D7F3-4818-A213-272B7924213E",
        "CCC2A336-D7F3-4818-A213-272B7924213E}",
        "{CCC2A336-D7F3-4818-A213-272B7924213}",
        "{CCC2A336-D7F3-4818-A213-272B7924213!}",
        "Azure Key Vault",
    ] {
        refused(&judges, &with_plugin(class), class);
    }
    let mut plugin = with_plugin(class);
    for key in ["PortableCcgVersion", "PluginGUID", "PluginInput"] {
        for value in [None, Some(json!(1)), Some(json!("")), Some(json!({"CredentialArn": "arn"}))] {
            let mut object = plugin.clone();
            let fields = object.pointer_mut(config).unwrap().as_object_mut().unwrap();
            fields.remove(key);
            fields.extend(value.clone().map(|value| (key.to_owned(), value)));
            refused(&judges, &object, &format!("{key}: {value:?}"));
        }
    }
    for version in ["2", "1.0", "01"] {
        plugin["credspec"]["ActiveDirectoryConfig"]["HostAccountConfig"]["PortableCcgVersion"] =
            json!(version);
        refused(&judges, &plugin, version);
    }
}

#[test]
fn what_some_directory_may_hold_is_accepted() {
    let judges = judges();
    let right = [
        ("Sid", &["S-1-5-21-0-0-0", "S-1-5-21-4294967295-4294967295-4294967295"][..]),
        (
            "Guid",
            &[
                "244818AE-87AC-4FCD-92EC-E79E5252348A",
                "{244818ae-87ac-4fcd-92ec-e79e5252348a}",
                "244818ae87ac4fcd92ece79e5252348a",
            ],
        ),
        // Of another tree, of one label, with `_`, and with letters outside ASCII.
        (
            "DnsName",
            &["global.fum", "dev.contoso.com", "contoso", "my_domain.local", "cont\u{f6}so.example", "1.2"],
        ),
        ("DnsTreeName", &["root.fum", "com", "otherontoso.com"]),
        ("NetBiosName", &["contoso", "FUM-GLOBAL", "CONT\u{d6}SO", "A.CORP", "A B", "12345", "CONTOSO_1"]),
        ("MachineAccountName", &["webapp1", "WEBAPP1"]),
    ];
    for (key, values) in right {
        for value in values {
            accepted(&judges, &with(&format!("{DOMAIN}/{key}"), *value), &format!("{key}: {value}"));
        }
    }
    for scope in ["dev.contoso.com", "DEV", "A B", "WEB~1", "cont\u{f6}so.example", "my_domain"] {
        accepted(&judges, &with(&format!("{ACCOUNTS}/0/Scope"), scope), scope);
    }
    let mut others = documented();
    others["credspec"]["CmsPlugins"] = json!(["Other", "ActiveDirectory"]);
    others["credspec"]["ActiveDirectoryConfig"]["GroupManagedServiceAccounts"] = json!([
        {"Name": "LogAccount01", "Scope": "contoso.com"},
        {"Name": "gMSA3", "Scope": "dev.contoso.com"},
        {"Name": "webapp1", "Scope": "contoso.com"},
        {"Name": "webapp1", "Scope": "contoso.com"},
    ]);
    accepted(&judges, &others, "accounts of other domains");
}

#[test]
fn nothing_that_fits_into_a_pod_is_too_large() {
    // The machine account, and as many of the shortest entries as there may be.
    let mut accounts = vec![documented().pointer(&format!("{ACCOUNTS}/0")).unwrap().clone()];
    accounts.resize(2621, json!({"Name": "a", "Scope": "b"}));
    assert!(serde_json::to_string(&accounts).unwrap().len() > 64 * 1024);
    let judge = strict();
    assert!(judge.accepts(&with(ACCOUNTS, accounts.clone())));
    accounts.push(accounts[1].clone());
    assert!(!judge.accepts(&with(ACCOUNTS, accounts)));

    let mut plugin = with_plugin("{CCC2A336-D7F3-4818-A213-272B7924213E}");
    let input = &mut plugin["credspec"]["ActiveDirectoryConfig"]["HostAccountConfig"]["PluginInput"];
    *input = "i".repeat(64 * 1024).into();
    assert!(judge.accepts(&plugin));
}

/// What `T` reads, the definition accepts at `pointer`, but for the rules that concern other fields as well.
fn accepts_what_is_read<T: std::str::FromStr>(pointer: &str, texts: impl Strategy<Value = String>) {
    let judge = strict();
    let place = pointer.trim_start_matches('/').replace('/', ".");
    let others = ["swapped", "DNS name of the domain", "not among the accounts", "has no domain"];
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) };
    let outcome = proptest::test_runner::TestRunner::new(config).run(&texts, |text| {
        // Spaces at the ends are the one thing in which the types are more patient.
        if text.parse::<T>().is_err() || text.trim_matches(' ') != text {
            return Ok(());
        }
        let complaints = judge.complaints(&with(pointer, text.as_str()));
        let own = complaints.iter().find(|(at, message)| {
            (at == pointer || *at == place) && !others.iter().any(|other| message.contains(other))
        });
        prop_assert!(own.is_none(), "{:?}: {:?}", text, own);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn what_the_types_read_is_accepted() {
    accepts_what_is_read::<DomainSid>(&format!("{DOMAIN}/Sid"), text::sid());
    accepts_what_is_read::<Guid>(&format!("{DOMAIN}/Guid"), text::guid());
    accepts_what_is_read::<DnsName>(&format!("{DOMAIN}/DnsName"), text::dns_name());
    accepts_what_is_read::<DnsName>(&format!("{ACCOUNTS}/0/Scope"), text::dns_name());
    accepts_what_is_read::<NetBiosName>(&format!("{DOMAIN}/NetBiosName"), text::netbios_name());
    accepts_what_is_read::<AccountName>(&format!("{ACCOUNTS}/0/Name"), text::account_name());
}
