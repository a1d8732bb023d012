//! What the lint finds, and what it leaves alone.

use std::{fmt::Write as _, fs, path::PathBuf};

use gmsa_credspec::lint::{LintOptions, Target, fix, lint, rules};
use gmsa_credspec::source::{ReadOptions, Source, read_source};
use gmsa_types::finding::{Finding, Severity};
use serde_json::{Value, json};

fn read(text: &str) -> Source {
    read_source(text.as_bytes(), &ReadOptions::new())
}

fn golden(path: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(actual == expected, "{} differs; UPDATE_GOLDEN=1 writes it\n{actual}", path.display());
}

fn right() -> Value {
    json!({
        "CmsPlugins": ["ActiveDirectory"],
        "DomainJoinConfig": {
            "Sid": "S-1-5-21-3623811015-3361044348-30300820", "MachineAccountName": "WebApp1",
            "Guid": "7a1c93be-4f5a-4c7e-9c1e-5b2f0d1a8e64", "DnsTreeName": "corp.example",
            "DnsName": "corp.example", "NetBiosName": "CORP",
        },
        "ActiveDirectoryConfig": {
            "GroupManagedServiceAccounts": [
                {"Name": "WebApp1", "Scope": "corp.example"}, {"Name": "WebApp1", "Scope": "CORP"},
            ],
            "HostAccountConfig": {
                "PortableCcgVersion": "1", "PluginGUID": "{E4781092-F116-4B79-B55E-28EB6A224E26}",
                "PluginInput": "team-a:gmsa-reader",
            },
        },
    })
}

/// The right document with one value in place of another; null removes it.
fn with(pointer: &str, value: Value) -> String {
    let mut document = right();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Array(items) => match key {
            "-" => items.push(value),
            _ => items[key.parse::<usize>().unwrap()] = value,
        },
        Value::Object(members) if value.is_null() => drop(members.remove(key)),
        Value::Object(members) => drop(members.insert(key.to_owned(), value)),
        _ => panic!("{pointer}"),
    }
    document.to_string()
}

fn resource(changes: &Value) -> String {
    let mut resource = json!({
        "apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec",
        "metadata": {"name": "gmsa-webapp1"}, "credspec": right(),
    });
    for (key, value) in changes.as_object().unwrap() {
        resource[key] = value.clone();
    }
    resource.to_string()
}

/// The id of each rule, and a document about which it has something to say.
fn wrong_documents() -> Vec<(&'static str, String)> {
    let join = |key: &str, value: &str| with(&format!("/DomainJoinConfig/{key}"), json!(value));
    let host =
        |key: &str, value: Value| with(&format!("/ActiveDirectoryConfig/HostAccountConfig/{key}"), value);
    let entry = |name: &str, scope: &str| {
        with("/ActiveDirectoryConfig/GroupManagedServiceAccounts/-", json!({"Name": name, "Scope": scope}))
    };
    let first = |name: &str, scope: &str| {
        with("/ActiveDirectoryConfig/GroupManagedServiceAccounts/0", json!({"Name": name, "Scope": scope}))
    };
    let second = |name: &str, scope: &str| {
        with("/ActiveDirectoryConfig/GroupManagedServiceAccounts/1", json!({"Name": name, "Scope": scope}))
    };
    let plugin = |guid: &str, input: Value| {
        let config = json!({"PortableCcgVersion": "1", "PluginGUID": guid, "PluginInput": input});
        with("/ActiveDirectoryConfig/HostAccountConfig", config)
    };
    let azure = "{CCC2A336-D7F3-4818-A213-272B7924213E}";
    let aws = "{859E1386-BDB4-49E8-85C7-3070B13920E1}";
    let right = right().to_string();
    vec![
        ("GC101", right[..40].to_owned()),
        ("GC102", format!("\u{feff}{right}")),
        ("GC103", "{\"\u{0}".to_owned()),
        ("GC104", format!("{right} // the web shop")),
        ("GC105", right.replacen("\"Sid\"", "\"Sid\":\"\",\"Sid\"", 1)),
        ("GC106", join("NetBiosName", "CÖRP")),
        ("GC107", join("NetBiosName", "<DOMAIN>")),
        ("GC108", " \n".to_owned()),
        ("GC109", format!("{right}\n{right}\n")),
        ("GC201", right.replace("NetBiosName", "NetBIOSName")),
        ("GC202", with("/Remark", json!("web shop"))),
        ("GC203", with("/DomainJoinConfig/Sid", json!(["S-1-5-21-1-2-3"]))),
        ("GC204", with("/CmsPlugins", Value::Null)),
        ("GC205", with("/CmsPlugins/-", json!("Kerberos"))),
        ("GC206", with("/DomainJoinConfig/Guid", Value::Null)),
        ("GC207", with("/ActiveDirectoryConfig/GroupManagedServiceAccounts", json!([]))),
        ("GC208", join("NetBiosName", "CORP ")),
        ("GC301", join("Sid", "S-1-5-21-01-2-3")),
        ("GC302", join("Sid", "S-1-5-21-1-2-3-1104")),
        ("GC303", join("Sid", "S-1-5-32-544")),
        ("GC304", join("Guid", "7a1c93be")),
        ("GC305", join("Guid", "{7A1C93BE-4F5A-4C7E-9C1E-5B2F0D1A8E64}")),
        ("GC306", right.clone()),
        ("GC307", join("Guid", "244818ae-87ac-4fcd-92ec-e79e5252348a")),
        ("GC401", join("NetBiosName", "corp.example")),
        ("GC402", join("NetBiosName", "CORP_1")),
        ("GC403", join("NetBiosName", "Corp")),
        ("GC404", join("DnsName", "corp.example.")),
        ("GC405", join("DnsName", "corp1")),
        ("GC406", join("DnsTreeName", "sales.corp.example")),
        ("GC407", join("DnsTreeName", "root.example")),
        ("GC408", join("DnsName", "corp")),
        ("GC501", join("MachineAccountName", "WebApp1$")),
        ("GC502", join("MachineAccountName", "CORP\\WebApp1")),
        ("GC503", join("MachineAccountName", "Web:App1")),
        ("GC504", join("MachineAccountName", "Shop")),
        ("GC505", join("MachineAccountName", "WEBAPP1")),
        ("GC506", first("Logs", "corp.example")),
        ("GC507", second("Logs", "CORP")),
        ("GC508", entry("webapp1", "corp")),
        ("GC509", second("WebApp1", "other.example")),
        ("GC510", entry("Logs", "other.example")),
        ("GC511", with("/ActiveDirectoryConfig/GroupManagedServiceAccounts/-", json!({"Name": "Logs"}))),
        ("GC601", host("PluginInput", Value::Null)),
        ("GC602", host("PortableCcgVersion", json!("2"))),
        ("GC603", host("PluginGUID", json!("E4781092-F116-4B79-B55E-28EB6A224E26"))),
        ("GC604", host("PluginGUID", json!("{0A1B2C3D-4E5F-4A6B-8C7D-9E0F1A2B3C4D}"))),
        ("GC605", host("PluginInput", json!("team-a"))),
        ("GC606", plugin(aws, json!("ObjectId=1;SecretUri=2"))),
        ("GC607", plugin(aws, json!({"CredentialArn": "arn:aws:ssm:eu-west-1:123456789012:parameter/a"}))),
        (
            "GC608",
            plugin("{F919DE1A-EFC4-4902-B7E5-56A314A87262}", json!("DOMAINNAME=a;USERNAME=b;PASSWORD=c")),
        ),
        ("GC609", plugin(aws, json!(r#"{"credentialArn":"arn:aws:ssm:eu-west-1:1:parameter/a"}"#))),
        (
            "GC610",
            plugin(
                azure,
                json!(
                    "ObjectId=1de1b0f0-0c7a-4d0b-9d0c-6f3a3a1c2b4d;SecretUri=http://a.vault.azure.net/secrets/b"
                ),
            ),
        ),
        ("GC611", with("/ActiveDirectoryConfig/HostAccountConfig", Value::Null)),
        ("GC612", with("/HostAccountConfig", json!({}))),
        ("GC701", resource(&json!({"metadata": {"name": "gmsa_WebApp1"}}))),
        ("GC702", resource(&json!({"apiVersion": "auth.k8s.io/v1"}))),
        ("GC703", resource(&json!({"metadata": {"name": "a", "namespace": "b"}}))),
        ("GC704", resource(&json!({"credspec": right}))),
        #[cfg(feature = "yaml")]
        ("GC705", "CmsPlugins: [ActiveDirectory]\nDomainJoinConfig: {NetBiosName: NO}\n".to_owned()),
        ("GC801", r#"{"security_opt":["credentialspec=file:///a.json"]}"#.to_owned()),
        ("GC802", json!({"windows": {"credentialSpec": {}}}).to_string()),
        ("GC803", r#"{"credentialSpecs":["domainlesscredentialspec:file://a.json"]}"#.to_owned()),
        ("GC804", r#"{"security_opt":["credentialspec=file://corp_session.json"]}"#.to_owned()),
    ]
}

#[test]
fn each_rule_has_a_document_that_breaks_it() {
    let documents = wrong_documents();
    for (id, text) in &documents {
        let found = lint(&read(text), &LintOptions::default());
        let finding = found.iter().find(|finding| finding.id().as_str() == *id);
        let finding = finding.unwrap_or_else(|| panic!("{id} is not among {found:?}"));
        assert!(finding.help().is_some() && finding.why().is_some(), "{finding}");
        assert!(!finding.message().ends_with('.'), "{finding}");
        let allowed = LintOptions::default().allow(id).unwrap();
        assert!(lint(&read(text), &allowed).iter().all(|finding| finding.id().as_str() != *id));
    }
    let without = rules()
        .iter()
        .map(|rule| rule.id().as_str())
        .filter(|id| documents.iter().all(|(other, _)| other != id));
    let without: Vec<_> = without.filter(|id| cfg!(feature = "yaml") || *id != "GC705").collect();
    assert_eq!(without, Vec::<&str>::new(), "rules without a document");
}

#[test]
fn a_right_document_breaks_no_rule_but_the_one_that_needs_the_directory() {
    for text in [right().to_string(), resource(&json!({}))] {
        let found = lint(&read(&text), &LintOptions::default());
        let ids: Vec<_> = found.iter().map(|finding| finding.id().as_str()).collect();
        assert_eq!(ids, ["GC306"]);
    }
    let facts = gmsa_credspec::generate::DomainFacts {
        sid: "S-1-5-21-3623811015-3361044348-30300820".parse().unwrap(),
        guid: "7a1c93be-4f5a-4c7e-9c1e-5b2f0d1a8e64".parse().unwrap(),
        dns_root: "corp.example".parse().unwrap(),
        forest: "corp.example".parse().unwrap(),
        net_bios_name: "CORP".parse().unwrap(),
    };
    let options = LintOptions::default().with_facts(facts.clone());
    assert_eq!(lint(&read(&right().to_string()), &options), []);
    let other = with("/DomainJoinConfig/Guid", json!("1de1b0f0-0c7a-4d0b-9d0c-6f3a3a1c2b4d"));
    let found = lint(&read(&other), &options);
    assert_eq!(found[0].severity(), Severity::Error);
    let of_account = LintOptions::default().with_gmsa_guid(facts.guid);
    assert_eq!(lint(&read(&right().to_string()), &of_account)[0].severity(), Severity::Error);
}

#[test]
fn the_target_decides_about_the_input_of_aws() {
    let object = &wrong_documents().into_iter().find(|(id, _)| *id == "GC607").unwrap().1;
    let severity = |target, text: &str| {
        let found = lint(&read(text), &LintOptions::default().with_target(target));
        found.iter().find(|finding| finding.id().as_str() == "GC607").map(Finding::severity)
    };
    assert_eq!(severity(Target::Any, object), Some(Severity::Warning));
    assert_eq!(severity(Target::Kubernetes, object), Some(Severity::Error));
    assert_eq!(severity(Target::AwsLinux, object), None);
    let windows = LintOptions::default().with_target(Target::AwsWindows);
    let string = fix(&read(object), &windows).unwrap();
    assert_eq!(severity(Target::AwsWindows, string.text()), None);
    assert_eq!(severity(Target::AwsLinux, string.text()), Some(Severity::Error));
}

#[test]
fn a_file_that_the_cmdlet_does_not_write_is_told() {
    let options = LintOptions::default().with_file_name("specs/corp_session.json");
    let found = lint(&read(&right().to_string()), &options);
    let finding = found.iter().find(|finding| finding.id().as_str() == "GC804").unwrap();
    assert_eq!(finding.help(), Some("the file that it writes is called `corp_sessi.json`"));
    assert_eq!(finding.object().and_then(|object| object.file()), Some("specs/corp_session.json"));
}

/// Each document of `tests/lint`, and what is found in it, before and after its fixes.
#[cfg(feature = "yaml")]
#[test]
fn the_documents_are_judged_as_recorded() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lint");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| !path.ends_with("findings.golden"));
    paths.sort();
    assert!(paths.len() >= 30);
    let mut sources: Vec<(String, Vec<u8>)> = Vec::new();
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "right.json" {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let little = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
            let big = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
            sources.push(("right.json in UTF-16, little-endian".to_owned(), little));
            sources.push(("right.json in UTF-16, big-endian".to_owned(), big));
        }
        sources.push((name, bytes));
    }
    let options = LintOptions::default().allow("GC306").unwrap().allow("GC611").unwrap();
    let mut out = String::new();
    for (name, bytes) in sources {
        let source = read_source(&bytes, &ReadOptions::new());
        writeln!(out, "# {name}").unwrap();
        for finding in lint(&source, &options) {
            let place = finding.position().map(|position| position.to_string()).unwrap_or_default();
            let mark = if finding.fix().is_some() { " [fix]" } else { "" };
            writeln!(out, "{place}: {finding}{mark}").unwrap();
        }
        match fix(&source, &options) {
            Ok(fixed) if fixed.applied().is_empty() => {}
            Ok(fixed) => {
                let ids: Vec<_> = fixed.remaining().iter().map(|finding| finding.id().as_str()).collect();
                writeln!(out, "fixed: {}; left: {}", fixed.applied().len(), ids.join(" ")).unwrap();
            }
            Err(failure) => writeln!(out, "not fixed: {failure}").unwrap(),
        }
        out.push('\n');
    }
    golden("tests/lint/findings.golden", &out);
}

#[test]
fn the_list_of_rules_is_that_of_the_table() {
    let mut out = String::from(
        "# Rules of the lint\n\nWritten by `UPDATE_GOLDEN=1 cargo test -p gmsa-credspec lint` from the table in `src/lint`.\n",
    );
    let mut section = "";
    for rule in rules() {
        if rule.section() != section {
            section = rule.section();
            let (first, rest) = section.split_at(1);
            write!(out, "\n## {}{rest}\n\n", first.to_uppercase()).unwrap();
            out.push_str("| id | severity | fix | what it finds | why it matters | source |\n|---|---|---|---|---|---|\n");
        }
        let fix = if rule.fixable() { "yes" } else { "" };
        let (id, severity, title, why, source) =
            (rule.id(), rule.severity(), rule.title(), rule.why(), rule.source());
        writeln!(out, "| {id} | {severity} | {fix} | {title} | {why} | {source} |").unwrap();
    }
    golden("RULES.md", &out);
}
