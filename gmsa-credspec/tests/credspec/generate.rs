//! What `Generator` builds and refuses.

use crate::generated::{contoso, generator};
use gmsa_credspec::generate::{
    AccountFault, AdditionalAccount, DockerFile, GenerateFault, Generator, PluginInput, default_file_name,
    historical_file_name, is_affected, resource, suggested_resource_name, write_helm_values, write_manifest,
};
use gmsa_types::{AccountName, CredentialSpec};
use proptest::prelude::*;
use serde_json::{Value, json};

fn json_of(spec: &CredentialSpec) -> Value {
    serde_json::to_value(spec).unwrap()
}

fn accounts(spec: &CredentialSpec) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    json_of(spec)["ActiveDirectoryConfig"]["GroupManagedServiceAccounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (text(&entry["Name"]), text(&entry["Scope"])))
        .collect()
}

fn refusal(account: &str) -> String {
    Generator::new(contoso(), account).build().unwrap_err().to_string()
}

/// Source: Kubernetes, "Configure GMSA for Windows Pods and containers"; the two scopes in the order of
/// `New-CredentialSpec`.
#[test]
fn the_documented_example_comes_out_field_for_field() {
    let spec = Generator::new(contoso(), "WebApp1").build().unwrap();
    let expected = json!({
        "ActiveDirectoryConfig": {
            "GroupManagedServiceAccounts": [
                {"Name": "WebApp1", "Scope": "contoso.com"},
                {"Name": "WebApp1", "Scope": "CONTOSO"},
            ],
        },
        "CmsPlugins": ["ActiveDirectory"],
        "DomainJoinConfig": {
            "DnsName": "contoso.com",
            "DnsTreeName": "contoso.com",
            "Guid": "244818ae-87ac-4fcd-92ec-e79e5252348a",
            "MachineAccountName": "WebApp1",
            "NetBiosName": "CONTOSO",
            "Sid": "S-1-5-21-2126449477-2524075714-3094792973",
        },
    });
    assert_eq!(json_of(&spec), expected);
}

#[test]
fn forest_and_domain_are_not_swapped() {
    let mut facts = contoso();
    facts.dns_root = "dev.contoso.com".parse().unwrap();
    let join = json_of(&Generator::new(facts, "WebApp1").build().unwrap())["DomainJoinConfig"].clone();
    assert_eq!(join["DnsName"], "dev.contoso.com");
    assert_eq!(join["DnsTreeName"], "contoso.com");
}

/// Source: the help of `New-CredentialSpec`: an account with one more in its domain and one in another.
#[test]
fn additional_accounts_have_one_entry_in_the_scope_of_their_domain() {
    let spec = Generator::new(contoso(), "FrontEndWeb01")
        .with_additional_account(AdditionalAccount::same_domain("LogAccount01$"))
        .with_additional_account(AdditionalAccount::in_domain("gMSA3", "dev.contoso.com".parse().unwrap()))
        .build()
        .unwrap();
    let entries = [
        ("FrontEndWeb01", "contoso.com"),
        ("FrontEndWeb01", "CONTOSO"),
        ("LogAccount01", "contoso.com"),
        ("gMSA3", "dev.contoso.com"),
    ];
    assert_eq!(accounts(&spec), entries.map(|(name, scope)| (name.to_owned(), scope.to_owned())));
}

#[test]
fn a_net_bios_scope_is_added_on_request() {
    let spec = Generator::new(contoso(), "FrontEndWeb01")
        .with_additional_account(
            "gMSA3@dev.contoso.com"
                .parse::<AdditionalAccount>()
                .unwrap()
                .with_net_bios_scope("DEV".parse().unwrap()),
        )
        .build()
        .unwrap();
    assert_eq!(
        accounts(&spec)[2..],
        [("gMSA3".to_owned(), "dev.contoso.com".to_owned()), ("gMSA3".to_owned(), "DEV".to_owned()),]
    );
}

#[test]
fn the_same_name_in_another_scope_is_another_entry() {
    let other = AdditionalAccount::in_domain("webapp1", "dev.contoso.com".parse().unwrap());
    let spec = Generator::new(contoso(), "WebApp1").with_additional_account(other).build().unwrap();
    assert_eq!(accounts(&spec).len(), 3);
}

#[test]
fn a_domain_with_one_name_for_both_has_one_entry() {
    let mut facts = contoso();
    facts.dns_root = "CONTOSO".parse().unwrap();
    let spec = Generator::new(facts, "WebApp1").build().unwrap();
    assert_eq!(accounts(&spec), [("WebApp1".to_owned(), "CONTOSO".to_owned())]);
}

#[test]
fn all_dollars_at_the_end_are_dropped() {
    for account in ["WebApp1", "WebApp1$", "WebApp1$$$"] {
        let spec = Generator::new(contoso(), account).build().unwrap();
        assert_eq!(json_of(&spec)["DomainJoinConfig"]["MachineAccountName"], "WebApp1");
    }
}

#[test]
fn a_dot_alone_is_no_domain() {
    for account in ["web.app", "web.contoso", "v1.2", "a.b.1"] {
        let mut facts = contoso();
        facts.net_bios_name = "CORP".parse().unwrap();
        assert!(Generator::new(facts, account).build().is_ok(), "{account}");
    }
}

#[test]
fn names_that_are_not_account_names_are_refused_with_the_reason() {
    let in_front = r"account name has a domain in front: drop everything up to `\`";
    let principal = "account name has a domain behind it: drop everything from `@` on";
    let behind = "account name has a DNS domain behind it: drop the domain";
    let distinguished = "account name is a distinguished name: take the account's `sAMAccountName`";
    let white_space = "account name has white space around it";
    for (account, message) in [
        (r"CONTOSO\WebApp1", in_front),
        (r"CONTOSO\WebApp1$", in_front),
        (r"contoso.com\WebApp1$", in_front),
        ("WebApp1@contoso.com", principal),
        ("WebApp1$@contoso.com", principal),
        ("WebApp1.contoso.com", behind),
        ("WebApp1.Contoso.COM$", behind),
        ("WebApp1.CONTOSO", behind),
        ("web.app.fabrikam.net", behind),
        ("CN=WebApp1,DC=contoso,DC=com", distinguished),
        ("cn=WebApp1", distinguished),
        (" WebApp1", white_space),
        ("WebApp1 ", white_space),
        ("WebApp1\n", white_space),
        ("", "account name must not be empty"),
        ("$", "account name must not be empty"),
        ("Web$App", "account name must not contain `$` (character 4)"),
        ("Web/App", "account name must not contain `/` (character 4)"),
        ("WebApp1WebApp1WebApp1", "account name must have at most 20 characters, not 21"),
        ("..", "account name is not valid: it consists of dots and spaces only"),
    ] {
        assert_eq!(refusal(account), message, "{account}");
    }
}

#[test]
fn the_domain_of_an_additional_account_is_no_part_of_its_name() {
    let error = Generator::new(contoso(), "WebApp1")
        .with_additional_account(AdditionalAccount::in_domain("gMSA3.fabrikam", "fabrikam".parse().unwrap()))
        .with_additional_account(
            AdditionalAccount::in_domain("gMSA3.DEV", "x.net".parse().unwrap())
                .with_net_bios_scope("DEV".parse().unwrap()),
        )
        .build()
        .unwrap_err();
    assert_eq!(
        error.faults(),
        [0, 1].map(|index| GenerateFault::AdditionalAccount { index, fault: AccountFault::DnsDomain })
    );
    assert!("gMSA3@dev_contoso".parse::<AdditionalAccount>().is_err());
    assert!("gMSA3@".parse::<AdditionalAccount>().is_err());
}

#[test]
fn an_entry_that_is_there_already_is_refused() {
    let twice = "an account before it has the same name and scope";
    for (additional, index) in [
        (vec!["webapp1$"], 1),
        (vec!["WebApp1@Contoso.com"], 1),
        (vec!["LogAccount01", "gMSA3@dev.contoso.com", "logaccount01@contoso.com"], 3),
    ] {
        let mut generator = Generator::new(contoso(), "WebApp1");
        for text in additional {
            generator = generator.with_additional_account(text.parse().unwrap());
        }
        let error = generator.build().unwrap_err();
        assert_eq!(error.to_string(), format!("additional account {index}: {twice}"));
        assert_eq!(error.faults(), [GenerateFault::SameEntry { index: index - 1 }]);
    }
    let scope =
        AdditionalAccount::same_domain("LogAccount01").with_net_bios_scope("contoso.com".parse().unwrap());
    assert!(Generator::new(contoso(), "WebApp1").with_additional_account(scope).build().is_err());
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let error = Generator::new(contoso(), r"CONTOSO\WebApp1")
        .with_additional_account(AdditionalAccount::same_domain("good"))
        .with_additional_account(AdditionalAccount::same_domain("a@b"))
        .with_additional_account(AdditionalAccount::same_domain("GOOD"))
        .with_plugin_input(PluginInput::Rancher { namespace: "Team".into(), secret: String::new() })
        .build()
        .unwrap_err();
    assert_eq!(error.faults().len(), 5);
    assert_eq!(
        error.to_string(),
        "account name has a domain in front: drop everything up to `\\`; \
         additional account 2: account name has a domain behind it: drop everything from `@` on; \
         additional account 3: an account before it has the same name and scope; \
         namespace of the plug-in is not valid: it is no DNS-1123 label; \
         secret of the plug-in is not valid: it is no DNS-1123 subdomain",
    );
}

#[test]
fn plugins_have_their_class_and_input() {
    let arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:gmsa-AbCdEf";
    let guid = "DEFFF03C-3245-465F-8391-CC586A2D1F32";
    let cases = [
        (
            PluginInput::AzureKeyVault {
                object_id: "{1DE1B0F0-0C7A-4D0B-9D0C-6F3A3A1C2B4D}".parse().unwrap(),
                secret_uri: "https://contoso.vault.azure.cn/secrets/gmsa".into(),
            },
            "{CCC2A336-D7F3-4818-A213-272B7924213E}",
            json!(
                "ObjectId=1de1b0f0-0c7a-4d0b-9d0c-6f3a3a1c2b4d;SecretUri=https://contoso.vault.azure.cn/secrets/gmsa"
            ),
        ),
        (
            PluginInput::AwsWindows { credential_arn: arn.into() },
            "{859E1386-BDB4-49E8-85C7-3070B13920E1}",
            json!(format!(r#"{{"credentialArn":"{arn}"}}"#)),
        ),
        (
            PluginInput::AwsLinux { credential_arn: arn.into() },
            "{859E1386-BDB4-49E8-85C7-3070B13920E1}",
            json!({ "CredentialArn": arn }),
        ),
        (
            PluginInput::Rancher { namespace: "team-a".into(), secret: "gmsa.user".into() },
            "{E4781092-F116-4B79-B55E-28EB6A224E26}",
            json!("team-a:gmsa.user"),
        ),
        (
            PluginInput::Opaque { plugin_guid: guid.parse().unwrap(), input: "a:b\n\"c\"".into() },
            "{DEFFF03C-3245-465F-8391-CC586A2D1F32}",
            json!("a:b\n\"c\""),
        ),
    ];
    for (input, class, expected) in cases {
        let spec = Generator::new(contoso(), "WebApp1").with_plugin_input(input).build().unwrap();
        let host = &json_of(&spec)["ActiveDirectoryConfig"]["HostAccountConfig"];
        assert_eq!(*host, json!({"PortableCcgVersion": "1", "PluginGUID": class, "PluginInput": expected}),);
    }
}

fn plugin_refusal(input: PluginInput) -> String {
    Generator::new(contoso(), "WebApp1").with_plugin_input(input).build().unwrap_err().to_string()
}

#[test]
fn inputs_that_their_plugin_does_not_read_are_refused() {
    let host = "it has the full name of the vault's host, and nothing else, before the path";
    let path = "its path is `/secrets/` and the name of a secret";
    let secret = "the name of a secret has 1 to 127 letters, digits and `-`";
    for (uri, rule) in [
        ("", "it starts with `https://`"),
        ("http://hunter2.vault.azure.net/secrets/gmsa", "it starts with `https://`"),
        (" https://hunter2.vault.azure.net/secrets/gmsa", "it starts with `https://`"),
        ("https://hunter2/secrets/gmsa", host),
        ("https://", host),
        ("https://hunter2.vault.azure.net:443/secrets/gmsa", host),
        ("https://hunter2@vault.azure.net/secrets/gmsa", host),
        ("https://hunter2.vault.azure.net", path),
        ("https://hunter2.vault.azure.net/keys/gmsa", path),
        ("https://hunter2.vault.azure.net/secrets/", path),
        ("https://hunter2.vault.azure.net/secrets/gmsa/", "it does not end with `/`"),
        (
            "https://hunter2.vault.azure.net/secrets/gmsa/0f",
            "it has no version, which would pin an old password",
        ),
        ("https://hunter2.vault.azure.net/secrets/gmsa;x=1", secret),
        ("https://hunter2.vault.azure.net/secrets/gmsa ", secret),
        ("https://hunter2.vault.azure.net/secrets/gm_sa", secret),
    ] {
        let object_id = "1de1b0f0-0c7a-4d0b-9d0c-6f3a3a1c2b4d".parse().unwrap();
        let message = plugin_refusal(PluginInput::AzureKeyVault { object_id, secret_uri: uri.into() });
        assert_eq!(message, format!("secret URI of the plug-in is not valid: {rule}"), "{uri}");
    }
    let start = "it starts with `arn:` and a partition, such as `arn:aws:`";
    let name = "it ends with `secret:` or, for `ssm`, `parameter/`, and a name";
    for (arn, rule) in [
        ("hunter2", "it has six parts between colons"),
        ("urn:aws:secretsmanager:us-west-2:123456789012:secret:x", start),
        ("arn:azure:secretsmanager:us-west-2:123456789012:secret:x", start),
        ("arn:aws:s3:us-west-2:123456789012:secret:x", "its service is `secretsmanager` or `ssm`"),
        ("arn:aws:secretsmanager::123456789012:secret:x", "it has a region"),
        ("arn:aws:secretsmanager:us-west-2:12345678901:secret:x", "its account has 12 digits"),
        ("arn:aws:secretsmanager:us-west-2:123456789012:parameter/x", name),
        ("arn:aws:ssm:us-west-2:123456789012:secret:x", name),
        ("arn:aws:secretsmanager:us-west-2:123456789012:secret:", name),
        ("arn:aws:secretsmanager:us-west-2:123456789012:secret:a\"b", name),
    ] {
        for input in [
            PluginInput::AwsWindows { credential_arn: arn.into() },
            PluginInput::AwsLinux { credential_arn: arn.into() },
        ] {
            let message = plugin_refusal(input);
            assert_eq!(message, format!("credential ARN of the plug-in is not valid: {rule}"), "{arn}");
        }
    }
    for (namespace, secret, message) in [
        ("a.b", "s", "namespace of the plug-in is not valid: it is no DNS-1123 label"),
        ("a", "b:c", "secret of the plug-in is not valid: it is no DNS-1123 subdomain"),
    ] {
        let input = PluginInput::Rancher { namespace: namespace.into(), secret: secret.into() };
        assert_eq!(plugin_refusal(input), message);
    }
    let plugin_guid = "DEFFF03C-3245-465F-8391-CC586A2D1F32".parse().unwrap();
    let message = plugin_refusal(PluginInput::Opaque { plugin_guid, input: String::new() });
    assert_eq!(message, "input of the plug-in is not valid: it is empty");
}

#[test]
fn nothing_that_is_shown_repeats_an_input() {
    const MARKER: &str = "hunter2";
    let guid = || "DEFFF03C-3245-465F-8391-CC586A2D1F32".parse().unwrap();
    let marker = || format!("{MARKER} \" {MARKER}");
    for input in [
        PluginInput::AzureKeyVault { object_id: guid(), secret_uri: marker() },
        PluginInput::AwsWindows { credential_arn: marker() },
        PluginInput::AwsLinux { credential_arn: marker() },
        PluginInput::Rancher { namespace: marker(), secret: marker() },
        PluginInput::Opaque { plugin_guid: guid(), input: marker() },
    ] {
        let additional = AdditionalAccount::same_domain(MARKER);
        let good = Generator::new(contoso(), MARKER).with_plugin_input(input.clone());
        let bad = good.clone().with_additional_account(additional.clone());
        let error = bad.build().unwrap_err();
        let mut shown =
            format!("{input:?} {additional:?} {good:?} {bad:?} {error} {error:?} {:#?}", bad.build().err());
        if let Ok(mut spec) = good.build() {
            let file = DockerFile::new("a.json", &spec).unwrap();
            assert!(file.contents().contains(MARKER));
            shown.push_str(&format!("{file:?} {spec:?} {:?}", resource("a".parse().unwrap(), spec.clone())));
            spec.unknown.insert(MARKER.to_owned(), json!(MARKER));
            let error = write_helm_values(&spec).unwrap_err();
            shown.push_str(&format!("{error} {error:?}"));
            spec.unknown.insert(MARKER.repeat(200), json!(MARKER));
            let error = write_manifest(&"a".parse().unwrap(), &spec).unwrap_err();
            shown.push_str(&format!("{error} {error:?}"));
        }
        assert!(!shown.contains(MARKER), "{shown}");
    }
}

/// Source: .NET, `String.TrimEnd(Char[])`, by hand: `.json` is a set of five characters.
#[test]
fn the_module_names_files_otherwise_than_it_means_to() {
    for (asked, written, affected) in [
        ("contoso_webapp1", "contoso_webapp1.json", false),
        ("contoso_webapp1.json", "contoso_webapp1.json", false),
        ("contoso_session", "contoso_sessi.json", true),
        ("contoso_session.json", "contoso_sessi.json", true),
        ("person.json", "per.json", true),
        ("corp_sso", "corp_.json", true),
        ("x.JSON", "x.JSON.json", true),
        ("json", ".json", true),
        ("", ".json", false),
        ("dev.contoso.com", "dev.contoso.com.json", false),
        ("web.txt", "web.txt.json", false),
    ] {
        assert_eq!(historical_file_name(asked), written, "{asked}");
        assert_eq!(is_affected(asked), affected, "{asked}");
    }
    let name = default_file_name(&"FUM-GLOBAL".parse().unwrap(), &"ÄppSession".parse().unwrap());
    assert_eq!(name, "fum-global_äppsession.json");
    assert!(is_affected(&name));
}

#[test]
fn a_docker_file_stays_in_its_folder() {
    let spec = Generator::new(contoso(), "WebApp1").build().unwrap();
    let file = DockerFile::new("contoso_webapp1.json", &spec).unwrap();
    assert_eq!(file.name(), "contoso_webapp1.json");
    assert_eq!(file.security_option(), "credentialspec=file://contoso_webapp1.json");
    let characters = r#"it has none of `\ / : * ? " < > |`"#;
    let end = "it does not end with a dot or a space";
    for (name, rule) in [
        ("", "it is empty"),
        ("C:\\specs\\a.json", characters),
        ("/a.json", characters),
        ("specs/a.json", characters),
        ("..\\a.json", characters),
        ("..", end),
        ("a.json ", end),
        ("a\n.json", "it has no control characters"),
        ("nul.json", "it is the name of a device"),
        ("Com1", "it is the name of a device"),
    ] {
        let error = DockerFile::new(name, &spec).unwrap_err();
        assert_eq!(error.to_string(), format!("file name is not valid: {rule}"), "{name:?}");
    }
    assert_eq!(
        DockerFile::new("a".repeat(256), &spec).unwrap_err().to_string(),
        "file name is not valid: it has at most 255 characters",
    );
    assert!(DockerFile::new("com10.json", &spec).is_ok());
}

#[test]
fn resource_names_are_those_of_the_chart_where_these_are_valid() {
    for (account, name) in [
        ("WebApp1", Some("webapp1")),
        ("Web_App_1", Some("web-app-1")),
        ("web.app", Some("web.app")),
        ("_svc", Some("svc")),
        ("svc!", Some("svc")),
        ("a..b", Some("a.b")),
        ("Ärzte1", Some("rzte1")),
        ("ÄÖÜ", None),
    ] {
        let suggested = suggested_resource_name(&account.parse().unwrap());
        assert_eq!(suggested.as_ref().map(|name| name.as_str()), name, "{account}");
    }
}

proptest! {
    #[test]
    fn valid_input_builds_and_no_account_is_left_out((generator, entries) in generator()) {
        let spec = generator.build().unwrap();
        prop_assert_eq!(accounts(&spec).len(), entries);
    }

    #[test]
    fn no_account_makes_it_panic(account in "\\PC{0,24}", other in "[\\\\@.$ =A-Za-z]{0,12}") {
        let generator = Generator::new(contoso(), account)
            .with_additional_account(AdditionalAccount::same_domain(other));
        if let Err(error) = generator.build() {
            prop_assert!(!error.faults().is_empty());
        }
    }

    #[test]
    fn suggested_names_agree_with_the_chart(account in "[A-Za-z0-9_.!-]{1,15}") {
        let Ok(account) = AccountName::try_from(account) else { return Ok(()) };
        let chart = account.as_str().to_lowercase().replace('_', "-");
        if gmsa_types::CredentialSpecName::try_from(&*chart).is_ok() {
            let suggested = suggested_resource_name(&account).unwrap();
            prop_assert_eq!(suggested.as_str(), chart);
        }
    }
}
