//! Credential specs inside what carries them are judged like any other.

use gmsa_credspec::lint::{LintOptions, lint};
use gmsa_credspec::source::{ReadOptions, read_source};
use gmsa_types::finding::{Finding, Severity};
use serde_json::{Value, json};

fn findings(text: &str) -> Vec<Finding> {
    lint(&read_source(text.as_bytes(), &ReadOptions::new()), &LintOptions::default())
}

fn errors(text: &str) -> Vec<String> {
    let found = findings(text);
    assert!(found.iter().all(|finding| finding.fix().is_none()), "{found:?}");
    let errors = found.iter().filter(|finding| finding.severity() == Severity::Error);
    errors.map(|finding| format!("{} {}", finding.id(), finding.pointer().as_str())).collect()
}

/// With the SID of an account where that of the domain belongs, or without.
fn spec(is_right: bool) -> String {
    let sid = "S-1-5-21-3623811015-3361044348-30300820";
    json!({
        "CmsPlugins": ["ActiveDirectory"],
        "DomainJoinConfig": {
            "Sid": if is_right { sid.to_owned() } else { format!("{sid}-1104") },
            "MachineAccountName": "WebApp1",
            "Guid": "7a1c93be-4f5a-4c7e-9c1e-5b2f0d1a8e64", "DnsTreeName": "corp.example",
            "DnsName": "corp.example", "NetBiosName": "CORP",
        },
        "ActiveDirectoryConfig": {"GroupManagedServiceAccounts": [
            {"Name": "WebApp1", "Scope": "corp.example"}, {"Name": "WebApp1", "Scope": "CORP"},
        ]},
    })
    .to_string()
}

fn carriers(spec: &str) -> Vec<(&'static str, String)> {
    let option = format!("credentialspec=raw://{spec}");
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
        "spec": {"securityContext": {"windowsOptions": {"gmsaCredentialSpec": spec}}},
    });
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [pod]});
    let in_pod = "spec/securityContext/windowsOptions/gmsaCredentialSpec";
    let [in_pod, in_list] = [format!("/{in_pod}"), format!("/items/0/{in_pod}")].map(|text| &*text.leak());
    vec![
        ("", option.clone()),
        ("", format!("--security-opt '{option}'")),
        ("/security_opt/0", json!({ "security_opt": [option] }).to_string()),
        ("/windows/credentialSpec", json!({"windows": {"credentialSpec": spec}}).to_string()),
        (in_pod, pod.to_string()),
        (in_list, list.to_string()),
    ]
}

#[test]
fn a_wrong_document_in_a_text_is_told_at_the_text() {
    for (pointer, text) in carriers(&spec(false)) {
        assert_eq!(errors(&text), [format!("GC302 {pointer}")], "{text}");
        let found = findings(&text);
        let finding = found.iter().find(|finding| finding.id().as_str() == "GC302").unwrap();
        assert!(finding.message().contains("`/DomainJoinConfig/Sid`"), "{finding}");
        assert!(finding.position().is_some());
    }
}

#[test]
fn a_right_document_in_a_text_has_no_errors() {
    for (_, text) in carriers(&spec(true)) {
        assert_eq!(errors(&text), Vec::<String>::new(), "{text}");
        assert!(findings(&text).iter().any(|finding| finding.id().as_str() == "GC611"), "it is looked at");
    }
}

#[test]
fn a_text_that_is_no_json_object_is_an_error() {
    for inner in ["corp", "{", "credentialspec=file://a.json", "CmsPlugins: [ActiveDirectory]\n", "[]", "7"] {
        for (pointer, text) in carriers(inner).into_iter().skip(2) {
            let found = errors(&text);
            assert!(
                !found.is_empty() && found.iter().all(|told| told.ends_with(pointer)),
                "{text}: {found:?}"
            );
        }
    }
    let number: Value = json!({"windows": {"credentialSpec": 7}});
    assert_eq!(errors(&number.to_string()), ["GC203 /windows/credentialSpec"]);
}
