//! The forms that a credential spec is written in. Golden files are in `tests/generated/`; to write them anew, run
//! with `UPDATE_GOLDEN=1` and read the difference.

use std::path::Path;

use crate::generated::{contoso, generator};
use gmsa_credspec::generate::{
    DockerFile, Generator, PluginInput, WriteErrorKind, resource, write_helm_values, write_manifest,
    write_pretty, write_windows_powershell,
};
use gmsa_credspec::strategy::{exact_document, taste};
use gmsa_credspec::{CanonicalContents, ReadErrorKind, read};
use gmsa_types::{CredentialSpec, CredentialSpecName, GmsaCredentialSpec};
use proptest::prelude::*;
use serde_json::{Value, json};

fn name() -> CredentialSpecName<'static> {
    "gmsa-webapp1".parse().unwrap()
}

/// One account, for hosts in the domain.
fn joined() -> CredentialSpec {
    Generator::new(contoso(), "WebApp1").build().unwrap()
}

/// Several accounts, in a domain whose names need escapes and quotes, and a plug-in.
fn portable() -> CredentialSpec {
    let mut facts = contoso();
    facts.dns_root = "no.contoso.com".parse().unwrap();
    facts.net_bios_name = "R&D'S".parse().unwrap();
    Generator::new(facts, "0123")
        .with_additional_account("LogAccount01".parse().unwrap())
        .with_additional_account("gMSA3@dev.contoso.com".parse().unwrap())
        .with_plugin_input(PluginInput::AwsWindows {
            credential_arn: "arn:aws:secretsmanager:us-west-2:123456789012:secret:gmsa-AbCdEf".to_owned(),
        })
        .build()
        .unwrap()
}

/// One account, for hosts outside the domain: what the chart can hold.
fn in_chart() -> CredentialSpec {
    Generator::new(contoso(), "Web_App1")
        .with_plugin_input(PluginInput::AzureKeyVault {
            object_id: "1de1b0f0-0c7a-4d0b-9d0c-6f3a3a1c2b4d".parse().unwrap(),
            secret_uri: "https://contoso.vault.azure.net/secrets/gmsa".to_owned(),
        })
        .build()
        .unwrap()
}

/// A document with everything that the format does not know.
fn odd() -> CredentialSpec {
    read(
        r#"{"CmsPlugins":[],"DomainJoinConfig":{"Sid":1e-7,"NetBiosName":false,"no":null,"a: b #":["x",[1,["y"]],{}]},
            "ActiveDirectoryConfig":{"GroupManagedServiceAccounts":[{"Name":"\u0000\u0085\u2028😀","X":{"Y":-0.0}},"x"]},
            "0123":{},"yes":"é\t\"\\/\r\n"}"#,
    )
    .unwrap()
}

fn check_golden(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/generated").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap(), "{file}");
}

#[test]
fn every_form_is_as_it_was_read_and_found_right() {
    for (stem, spec) in [("joined", joined()), ("portable", portable()), ("odd", odd())] {
        check_golden(
            &format!("{stem}.canonical.json"),
            CanonicalContents::from_spec(&spec).unwrap().as_str(),
        );
        check_golden(&format!("{stem}.pretty.json"), &write_pretty(&spec).unwrap());
        check_golden(&format!("{stem}.powershell.json"), &write_windows_powershell(&spec).unwrap());
        check_golden(&format!("{stem}.manifest.yaml"), &write_manifest(&name(), &spec).unwrap());
    }
    check_golden("joined.values.yaml", &write_helm_values(&joined()).unwrap());
    check_golden("in-chart.values.yaml", &write_helm_values(&in_chart()).unwrap());
}

#[test]
fn a_docker_file_has_the_powershell_layout() {
    let file = DockerFile::new("contoso_webapp1.json", &joined()).unwrap();
    assert_eq!(file.contents(), write_windows_powershell(&joined()).unwrap());
    assert!(file.contents().is_ascii() && file.contents().ends_with("}\r\n"));
}

/// Source: the layout that PowerShell's `ConvertTo-Json` had until 6.0: an empty line between the brackets.
#[test]
fn empty_containers_stand_open_in_powershell() {
    let spec = read(r#"{"CmsPlugins":[],"X":{}}"#).unwrap();
    assert_eq!(
        write_windows_powershell(&spec).unwrap(),
        "{\r\n    \"CmsPlugins\":  [\r\n\r\n                   ],\r\n    \"X\":  {\r\n\r\n          }\r\n}\r\n",
    );
}

#[test]
fn what_no_text_could_have_been_is_refused_in_every_form() {
    let deep = (0..80).fold(json!(1), |inner, _| json!([inner]));
    let cases = [
        (json!([]), "CmsPlugins", ReadErrorKind::DuplicateKey, "/CmsPlugins".to_owned()),
        (deep, "X", ReadErrorKind::TooDeep { limit: 64 }, format!("/X{}", "/0".repeat(63))),
    ];
    for (value, key, kind, pointer) in cases {
        let mut spec = joined();
        spec.unknown.insert(key.to_owned(), value);
        for error in [
            write_pretty(&spec).unwrap_err(),
            write_windows_powershell(&spec).unwrap_err(),
            write_manifest(&name(), &spec).unwrap_err(),
            write_helm_values(&spec).unwrap_err(),
        ] {
            assert_eq!(error.kind(), WriteErrorKind::NoDocument(kind));
            assert_eq!(error.pointer().as_str(), pointer);
        }
    }
    let mut spec = joined();
    spec.unknown.insert("CmsPlugins".to_owned(), json!(1));
    assert_eq!(
        write_pretty(&spec).unwrap_err().to_string(),
        "`/CmsPlugins` is not one that can be read: duplicate key",
    );
}

#[test]
fn long_keys_are_refused_where_a_form_cannot_hold_them() {
    let key = "k".repeat(1001);
    let spec = read(&format!(r#"{{"X":[{{"{key}":{{"a":1}}}}]}}"#)).unwrap();
    assert!(write_pretty(&spec).is_ok());
    let error = write_manifest(&name(), &spec).unwrap_err();
    assert_eq!(error.kind(), WriteErrorKind::LongKey);
    assert_eq!(error.to_string(), "`/*/0/*` is a key longer than YAML allows");
    let error = write_windows_powershell(&spec).unwrap_err();
    assert_eq!(error.kind(), WriteErrorKind::TooWide);
    assert_eq!(error.to_string(), "`/*/0/*` is indented further than the form allows");
    let spec = read(&format!(r#"{{"{}":1}}"#, &key[..1000])).unwrap();
    let yaml = write_manifest(&name(), &spec).unwrap();
    assert!(serde_saphyr::from_str::<GmsaCredentialSpec>(&yaml).unwrap().credspec == Some(spec.into()));
}

/// The document as the chart writes it with these values: the six fields without quotes.
/// Source: kubernetes-sigs/windows-gmsa, `charts/gmsa/templates/credentialspec.yaml`.
fn rendered(values: &str) -> String {
    let values: Value = serde_saphyr::from_str(values).unwrap();
    let credential = &values["credential"];
    assert_eq!(credential["enabled"], true);
    let join = |name: &str| credential["domainJoinConfig"][name].as_str().unwrap().to_owned();
    let account = join("machineAccountName");
    let host = match credential.get("hostAccountConfig") {
        None => String::new(),
        Some(host) => {
            let quoted = |name: &str| json!(host[name].as_str().unwrap()).to_string();
            let guid = json!(format!("{{{}}}", host["pluginGUID"].as_str().unwrap()));
            format!(
                "    HostAccountConfig:\n      PortableCcgVersion: {} # it is 1\n      PluginGUID:   {guid} # class\n      PluginInput: {} # input\n",
                quoted("portableCcgVersion"),
                quoted("pluginInput"),
            )
        }
    };
    format!(
        "apiVersion: windows.k8s.io/v1
kind: GMSACredentialSpec
metadata:
  name: {}  #This is arbitrary
credspec:
  ActiveDirectoryConfig:
    GroupManagedServiceAccounts:
      - Name: {account} # Username
        Scope: {nb} # NETBIOS
      - Name: {account} # Username
        Scope: {dns} # DNS
{host}  CmsPlugins:
    - ActiveDirectory
  DomainJoinConfig:
    DnsName: {dns} # DNS
    DnsTreeName:  {} # Root
    Guid:  {} # GUID
    MachineAccountName:  {account} # Username
    NetBiosName:  {nb} # NETBIOS
    Sid:  {} # SID
",
        account.to_lowercase().replace('_', "-"),
        join("dnsTreeName"),
        join("guid"),
        join("sid"),
        nb = join("netBiosName"),
        dns = join("dnsName"),
    )
}

/// The document with its accounts in one order.
fn sorted(spec: &CredentialSpec) -> Value {
    let mut json = serde_json::to_value(spec).unwrap();
    let accounts = &mut json["ActiveDirectoryConfig"]["GroupManagedServiceAccounts"];
    accounts.as_array_mut().unwrap().sort_by_key(Value::to_string);
    json
}

fn check_chart(spec: &CredentialSpec) {
    let resource: GmsaCredentialSpec =
        serde_saphyr::from_str(&rendered(&write_helm_values(spec).unwrap())).unwrap();
    let read = resource.credspec.unwrap();
    assert_eq!(sorted(read.expected().unwrap()), sorted(spec));
}

#[test]
fn the_chart_makes_the_document_of_its_values() {
    check_chart(&joined());
    check_chart(&in_chart());
}

#[test]
fn what_the_chart_cannot_hold_is_named() {
    let directory = "/ActiveDirectoryConfig";
    let accounts = "/ActiveDirectoryConfig/GroupManagedServiceAccounts";
    let host = "/ActiveDirectoryConfig/HostAccountConfig";
    type Change = Box<dyn Fn(&mut Value)>;
    let set = |pointer: &'static str, value: Value| -> Change {
        Box::new(move |json: &mut Value| *json.pointer_mut(pointer).unwrap() = value.clone())
    };
    let add = |pointer: String, key: &'static str, value: Value| -> Change {
        Box::new(move |json: &mut Value| json.pointer_mut(&pointer).unwrap()[key] = value.clone())
    };
    let remove = |pointer: &'static str, key: &'static str| -> Change {
        Box::new(move |json: &mut Value| {
            json.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(key).unwrap();
        })
    };
    let push = |value: Value| -> Change {
        Box::new(move |json: &mut Value| {
            let list = json.pointer_mut("/ActiveDirectoryConfig/GroupManagedServiceAccounts").unwrap();
            list.as_array_mut().unwrap().push(value.clone());
        })
    };
    use WriteErrorKind as Kind;
    let cases: Vec<(Change, Kind, String)> = vec![
        (add(String::new(), "X", json!(1)), Kind::NoPlace, "/X".into()),
        (add("/DomainJoinConfig".into(), "X", json!(1)), Kind::NoPlace, "/DomainJoinConfig/X".into()),
        (add(directory.into(), "X", json!(1)), Kind::NoPlace, format!("{directory}/X")),
        (add(format!("{accounts}/1"), "X", json!(1)), Kind::NoPlace, format!("{accounts}/1/X")),
        (add(host.into(), "X", json!(1)), Kind::NoPlace, format!("{host}/X")),
        (remove("", "CmsPlugins"), Kind::Missing, "/CmsPlugins".into()),
        (remove("", "DomainJoinConfig"), Kind::Missing, "/DomainJoinConfig".into()),
        (remove("", "ActiveDirectoryConfig"), Kind::Missing, directory.into()),
        (remove("/DomainJoinConfig", "Sid"), Kind::Missing, "/DomainJoinConfig/Sid".into()),
        (remove("/ActiveDirectoryConfig", "GroupManagedServiceAccounts"), Kind::Missing, accounts.into()),
        (
            remove("/ActiveDirectoryConfig/HostAccountConfig", "PluginGUID"),
            Kind::Missing,
            format!("{host}/PluginGUID"),
        ),
        (set("/CmsPlugins", json!(["ActiveDirectory", "X"])), Kind::Differs, "/CmsPlugins".into()),
        (set("/CmsPlugins", json!("ActiveDirectory")), Kind::WrongType, "/CmsPlugins".into()),
        (set("/DomainJoinConfig/Guid", json!(1)), Kind::WrongType, "/DomainJoinConfig/Guid".into()),
        (
            set("/ActiveDirectoryConfig/HostAccountConfig/PluginInput", json!({"CredentialArn": "x"})),
            Kind::WrongType,
            format!("{host}/PluginInput"),
        ),
        (
            set("/ActiveDirectoryConfig/HostAccountConfig/PluginInput", json!("")),
            Kind::Empty,
            format!("{host}/PluginInput"),
        ),
        (
            set("/ActiveDirectoryConfig/HostAccountConfig/PluginGUID", json!("CCC2A336")),
            Kind::NotBraced,
            format!("{host}/PluginGUID"),
        ),
        (
            push(json!({"Name": "LogAccount01", "Scope": "contoso.com"})),
            Kind::NoPlace,
            format!("{accounts}/2"),
        ),
        (push(json!("x")), Kind::WrongType, format!("{accounts}/2")),
        (
            set("/ActiveDirectoryConfig/GroupManagedServiceAccounts/0/Name", json!("web_app1")),
            Kind::NoPlace,
            format!("{accounts}/0"),
        ),
        (
            set("/ActiveDirectoryConfig/GroupManagedServiceAccounts", json!([])),
            Kind::Differs,
            accounts.into(),
        ),
        (
            set("/DomainJoinConfig/MachineAccountName", json!("Web App")),
            Kind::NoResourceName,
            "/DomainJoinConfig/MachineAccountName".into(),
        ),
    ];
    for (change, kind, pointer) in cases {
        let mut json = serde_json::to_value(in_chart()).unwrap();
        change(&mut json);
        let error = write_helm_values(&serde_json::from_value(json).unwrap()).unwrap_err();
        assert_eq!((error.kind(), error.pointer().as_str()), (kind, &*pointer));
    }
}

#[test]
fn text_that_the_chart_would_spoil_is_refused() {
    let outcome = |net_bios_name: &str| {
        let mut json = serde_json::to_value(in_chart()).unwrap();
        json["DomainJoinConfig"]["NetBiosName"] = json!(net_bios_name);
        json["ActiveDirectoryConfig"]["GroupManagedServiceAccounts"][1]["Scope"] = json!(net_bios_name);
        let spec = serde_json::from_value(json).unwrap();
        write_helm_values(&spec).map(|_| spec)
    };
    for text in [
        "NO",
        "no",
        "y",
        "Off",
        "True",
        "null",
        "~",
        "",
        "0123",
        "1E5",
        "1e-5",
        "1_000",
        "0x1F",
        "0b1",
        "0o7",
        "1.5",
        "190:20",
        "2001-12-14",
        "2001-1-1 10:00",
        "a: b",
        "a #b",
        "#a",
        "a:",
        " a",
        "a ",
        "{a}",
        "&a",
        "*a",
        "!a",
        "- a",
        "'a'",
        "\"a\"",
        "a\nb",
        "é",
        ".inf",
        "-1",
        "+1",
        "@a",
        "%a",
        "`a",
    ] {
        let error = outcome(text).err().unwrap_or_else(|| panic!("{text}"));
        assert_eq!(error.kind(), WriteErrorKind::Unquoted, "{text}");
        assert_eq!(error.pointer().as_str(), "/DomainJoinConfig/NetBiosName");
    }
    for text in
        ["CONTOSO", "hyperv", "R&D", "A B", "N0", "3COM", "1E5X", "_x", "FUM-GLOBAL", "a#b", "a:b", "12-34"]
    {
        check_chart(&outcome(text).unwrap_or_else(|error| panic!("{text}: {error}")));
    }
}

proptest! {
    #[test]
    fn every_form_of_what_is_generated_reads_back((generator, _) in generator()) {
        let spec = generator.build().unwrap();
        prop_assert!(read(CanonicalContents::from_spec(&spec).unwrap().as_str()).unwrap() == spec);
        prop_assert!(read(&write_pretty(&spec).unwrap()).unwrap() == spec);
        let powershell = write_windows_powershell(&spec).unwrap();
        prop_assert!(powershell.is_ascii());
        prop_assert!(read(&powershell).unwrap() == spec);
        let yaml = write_manifest(&name(), &spec).unwrap();
        prop_assert!(yaml.is_ascii());
        prop_assert!(serde_saphyr::from_str::<GmsaCredentialSpec>(&yaml).unwrap() == resource(name(), spec.clone()));
        if write_helm_values(&spec).is_ok() {
            check_chart(&spec);
        }
    }

    #[test]
    fn every_form_of_any_document_reads_back(document in exact_document(), taste in taste()) {
        let spec = read(&document.written(&taste)).unwrap();
        prop_assert!(read(&write_pretty(&spec).unwrap()).unwrap() == spec);
        prop_assert!(read(&write_windows_powershell(&spec).unwrap()).unwrap() == spec);
        let yaml = write_manifest(&name(), &spec).unwrap();
        let back: Value = serde_saphyr::from_str(&yaml).unwrap();
        prop_assert_eq!(&back["credspec"], &serde_json::to_value(&spec).unwrap());
    }

    #[test]
    fn written_again_a_form_is_the_same(document in exact_document()) {
        let spec = read(&document.plain()).unwrap();
        for write in [write_pretty, write_windows_powershell] {
            let text = write(&spec).unwrap();
            prop_assert_eq!(write(&read(&text).unwrap()).unwrap(), text);
        }
    }
}
