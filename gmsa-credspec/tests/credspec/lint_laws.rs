//! What holds of the lint whatever the text.

use gmsa_credspec::generate::{DomainFacts, Generator, PluginInput};
use gmsa_credspec::lint::{LintOptions, Target, fix, lint};
use gmsa_credspec::source::{ReadOptions, Source, read_source};
use gmsa_types::finding::{Finding, Severity};
use proptest::prelude::*;
use serde_json::{Value, json};

const MARKER: &str = "hunter2";

fn read(text: &str) -> Source {
    read_source(text.as_bytes(), &ReadOptions::new())
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
                "PortableCcgVersion": "1", "PluginGUID": "{859E1386-BDB4-49E8-85C7-3070B13920E1}",
                "PluginInput": "{\"credentialArn\":\"arn:aws:ssm:eu-west-1:123456789012:parameter/a\"}",
            },
        },
    })
}

/// Places of the right document.
const PLACES: &[&str] = &[
    "/CmsPlugins",
    "/CmsPlugins/0",
    "/DomainJoinConfig",
    "/DomainJoinConfig/Sid",
    "/DomainJoinConfig/Guid",
    "/DomainJoinConfig/MachineAccountName",
    "/DomainJoinConfig/DnsName",
    "/DomainJoinConfig/DnsTreeName",
    "/DomainJoinConfig/NetBiosName",
    "/ActiveDirectoryConfig",
    "/ActiveDirectoryConfig/GroupManagedServiceAccounts",
    "/ActiveDirectoryConfig/GroupManagedServiceAccounts/0/Name",
    "/ActiveDirectoryConfig/GroupManagedServiceAccounts/0/Scope",
    "/ActiveDirectoryConfig/GroupManagedServiceAccounts/1/Name",
    "/ActiveDirectoryConfig/GroupManagedServiceAccounts/1/Scope",
    "/ActiveDirectoryConfig/GroupManagedServiceAccounts/1",
    "/ActiveDirectoryConfig/HostAccountConfig/PortableCcgVersion",
    "/ActiveDirectoryConfig/HostAccountConfig/PluginGUID",
    "/ActiveDirectoryConfig/HostAccountConfig/PluginInput",
];

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => proptest::sample::select(vec![
            "WebApp1$", "webapp1", "CORP\\WebApp1", "WebApp1@corp.example", "WebApp1.corp.example", " WebApp1 ",
            "corp.example.", "sales.corp.example", "CORP", "corp", "S-1-5-21-1-2-3-4", "S-1-5-32-544",
            "{7A1C93BE-4F5A-4C7E-9C1E-5B2F0D1A8E64}", "859E1386-BDB4-49E8-85C7-3070B13920E1",
            "{{859E1386-BDB4-49E8-85C7-3070B13920E1}}", "activedirectory", "<NAME>", "$x$", "", " ", "2",
            "ObjectId=a;SecretUri=b", "a:b:c", "CORP\\$", "$", "@", "a\\b@c.d$",
        ]).prop_map(Value::from),
        1 => ".{0,12}".prop_map(Value::from),
        1 => proptest::sample::select(vec![
            json!(null), json!(1), json!([]), json!({}), json!(true), json!({"CredentialArn": "arn"}),
        ]),
    ]
}

fn mutated() -> impl Strategy<Value = Value> {
    let changes = proptest::collection::vec((proptest::sample::select(PLACES), values()), 0..4);
    let renames = proptest::collection::vec(proptest::sample::select(PLACES), 0..2);
    (changes, renames, any::<bool>(), proptest::sample::select(vec!["a", "Web_App", "-"])).prop_map(
        |(changes, renames, is_resource, name)| {
            let mut document = right();
            for (place, value) in changes {
                if let Some(old) = document.pointer_mut(place) {
                    *old = value;
                }
            }
            for place in renames {
                let (parent, key) = place.rsplit_once('/').unwrap();
                if let Some(Value::Object(members)) = document.pointer_mut(parent)
                    && let Some(value) = members.remove(key)
                {
                    members.insert(key.to_lowercase(), value);
                }
            }
            if is_resource {
                document = json!({
                    "apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec", "metadata": {"name": name},
                    "spec": {"credspec": document},
                });
            }
            document
        },
    )
}

fn target() -> impl Strategy<Value = Target> {
    proptest::sample::select(Target::ALL)
}

fn count(findings: &[Finding], id: &str) -> usize {
    findings.iter().filter(|finding| finding.id().as_str() == id).count()
}

/// Neither a long key above many values nor a key that is there many times makes the work grow with the square.
#[test]
fn large_texts_are_judged() {
    let many = "\"sid\":1,".repeat(40_000);
    let long = "k".repeat(400_000);
    for text in [
        format!("{{{many}\"CmsPlugins\":[]}}"),
        format!("{{\"CmsPlugins\":[],\"{long}\":{{{many}\"a\":0}}}}"),
    ] {
        assert!(lint(&read(&text), &LintOptions::default()).len() > 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2 * ProptestConfig::default().cases))]

    /// Nothing that is shown repeats the text, wherever it is.
    #[test]
    fn no_finding_shows_a_value(place in proptest::sample::select(PLACES), before in "[ $<{@:;=.a]{0,3}", target in target()) {
        let mut document = right();
        *document.pointer_mut(place).unwrap() = Value::from(format!("{before}{MARKER}"));
        document["Remark"][MARKER] = json!({MARKER: MARKER});
        let source = read(&document.to_string());
        let options = LintOptions::default().with_target(target);
        for finding in lint(&source, &options) {
            prop_assert!(!finding.to_string().contains(MARKER), "{}", finding);
            let debug = format!("{finding:?}");
            prop_assert!(!debug.contains(MARKER), "{}", debug);
            let data = serde_json::to_string(&finding.without_fix()).unwrap();
            prop_assert!(!data.contains(MARKER), "{}", data);
        }
        let fixed = fix(&source, &options).unwrap();
        let shown = format!("{fixed:?} {:?}", fixed.applied());
        prop_assert!(!shown.contains(MARKER), "{}", shown);
    }

    #[test]
    fn any_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let source = read_source(&bytes, &ReadOptions::new());
        let _ = fix(&source, &LintOptions::default());
    }

    /// Also of texts that nearly are documents; positions are inside the text, and findings in order.
    #[test]
    fn damaged_documents_are_judged(document in mutated(), at in any::<prop::sample::Index>(), with in ".{0,3}") {
        let mut text = document.to_string();
        let at = (0..=at.index(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        text.insert_str(at, &with);
        let source = read(&text);
        let findings = lint(&source, &LintOptions::default());
        for finding in &findings {
            // Bytes that are no text have no place in it.
            let Some(position) = finding.position() else {
                prop_assert!(source.text().is_empty(), "{}", finding);
                continue;
            };
            prop_assert!(source.text().get(position.offset..position.end()).is_some(), "{}", finding);
        }
        prop_assert!(findings.is_sorted_by(|a, b| a.order(b).is_lt()));
    }

    /// A fix removes its finding and brings none that is worse.
    #[test]
    fn a_fix_removes_its_finding(document in mutated(), target in target()) {
        let options = LintOptions::default().with_target(target);
        let before = lint(&read(&document.to_string()), &options);
        for finding in &before {
            let Some(fix) = finding.fix() else { continue };
            let fixed = fix.apply(&document).unwrap();
            let after = lint(&read(&fixed.to_string()), &options);
            let id = finding.id().as_str();
            prop_assert!(count(&after, id) < count(&before, id), "{} remains in {}", finding, fixed);
            for new in after.iter().filter(|new| new.severity() > finding.severity()) {
                let id = new.id().as_str();
                prop_assert!(count(&after, id) <= count(&before, id), "{} after {} in {}", new, finding, fixed);
            }
        }
    }

    #[test]
    fn fixing_twice_changes_nothing(document in mutated(), target in target()) {
        let options = LintOptions::default().with_target(target);
        let once = fix(&read(&document.to_string()), &options).unwrap();
        prop_assert!(once.remaining().iter().all(|finding| finding.fix().is_none()), "{:?}", once);
        let twice = fix(&read(once.text()), &options).unwrap();
        prop_assert_eq!(twice.text(), once.text());
        prop_assert!(twice.applied().is_empty());
    }

    /// What is generated from facts as directories have them is without warnings.
    #[test]
    fn what_is_generated_is_right(
        [a, b, c] in any::<[u32; 3]>(),
        guid in "[0-9a-f]{31}1",
        dns in "[a-z][a-z0-9]{1,8}\\.(corp|example)",
        net_bios in "[A-Z][A-Z0-9]{1,14}",
        account in "[A-Za-wyz][A-Za-wyz0-9-]{0,13}[a-wyz0-9]",
        arn in proptest::option::of("arn:aws:ssm:eu-west-1:[0-9]{12}:parameter/[a-w]{1,9}"),
    ) {
        let facts = DomainFacts {
            sid: format!("S-1-5-21-{a}-{b}-{c}").parse().unwrap(),
            guid: guid.parse().unwrap(),
            dns_root: dns.parse().unwrap(),
            forest: dns.parse().unwrap(),
            net_bios_name: net_bios.parse().unwrap(),
        };
        let mut generator = Generator::new(facts.clone(), account);
        if let Some(credential_arn) = arn {
            generator = generator.with_plugin_input(PluginInput::AwsWindows { credential_arn });
        }
        let text = gmsa_credspec::generate::write_pretty(&generator.build().unwrap()).unwrap();
        let findings = lint(&read(&text), &LintOptions::default().with_facts(facts));
        prop_assert!(findings.iter().all(|finding| finding.severity() == Severity::Info), "{:?}", findings);
    }
}
