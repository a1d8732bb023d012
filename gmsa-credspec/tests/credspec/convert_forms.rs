//! Documents written in every form, and read back from those that hold them.

use crate::generated::{contoso, generator};
use gmsa_credspec::convert::{
    AwsErrorKind, ConvertError, ConvertOptions, DockerOption, EcsEntry, Form, LossKind, ResourceError,
    ServiceSource, convert, from_oci, from_resource, from_resource_lossy, to_aws_linux, to_aws_windows,
    to_resource, to_resource_lossy,
};
use gmsa_credspec::generate::{Generator, PluginInput, resource};
use gmsa_credspec::strategy::exact_document;
use gmsa_credspec::{CanonicalContents, JsonType, read};
use gmsa_types::{CredentialSpec, GmsaCredentialSpec};
use proptest::prelude::*;
use serde_json::Value;

const MARKER: &str = "hunter2";

fn options() -> ConvertOptions {
    ConvertOptions { name: Some("webapp1".parse().unwrap()), file_name: None }
}

fn joined() -> CredentialSpec {
    Generator::new(contoso(), "WebApp1").build().unwrap()
}

fn with_aws(input: &PluginInput) -> CredentialSpec {
    Generator::new(contoso(), "WebApp1").with_plugin_input(input.clone()).build().unwrap()
}

fn arn() -> String {
    "arn:aws:secretsmanager:us-west-2:123456789012:secret:gmsa".to_owned()
}

/// The document in the text of a form that holds it.
fn read_back(form: Form, text: &str) -> CredentialSpec {
    let docker = |option: &str| match option.parse().unwrap() {
        DockerOption::Raw(raw) => raw.read().unwrap(),
        other => panic!("{other:?}"),
    };
    match form {
        Form::Document | Form::DockerFile | Form::Canonical | Form::PowerShell => read(text).unwrap(),
        Form::ResourceYaml => {
            from_resource(&serde_saphyr::from_str::<GmsaCredentialSpec>(text).unwrap()).unwrap()
        }
        Form::ResourceJson => {
            from_resource(&serde_json::from_str::<GmsaCredentialSpec>(text).unwrap()).unwrap()
        }
        Form::DockerRaw => docker(text),
        Form::Compose => {
            let service: Value = serde_saphyr::from_str(text).unwrap();
            docker(&service["security_opt"][0].as_str().unwrap().replace("$$", "$"))
        }
        Form::Oci => from_oci(&serde_json::from_str(text).unwrap()).unwrap(),
        other => panic!("{other} does not hold the document"),
    }
}

const WHOLE: [Form; 7] = [
    Form::Document,
    Form::DockerFile,
    Form::Canonical,
    Form::PowerShell,
    Form::DockerRaw,
    Form::Compose,
    Form::Oci,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 2))]

    #[test]
    fn every_whole_form_of_any_document_reads_back(document in exact_document()) {
        let spec = read(&document.plain()).unwrap();
        let canonical = CanonicalContents::from_spec(&spec).unwrap();
        for form in WHOLE {
            let options = ConvertOptions {
                file_name: (form == Form::DockerFile).then(|| "x.json".to_owned()), ..options()
            };
            let text = convert(&spec, form, &options).unwrap();
            let back = CanonicalContents::from_spec(&read_back(form, &text)).unwrap();
            prop_assert_eq!(back.as_str(), canonical.as_str(), "{}", form);
        }
    }

    #[test]
    fn every_form_of_what_is_generated_reads_back((generator, _) in generator()) {
        let spec = generator.build().unwrap();
        for form in WHOLE {
            let text = convert(&spec, form, &ConvertOptions { file_name: None, ..options() });
            // A name that is made of the account can be none for Windows.
            if let Ok(text) = text {
                prop_assert!(read_back(form, &text) == spec, "{}", form);
            } else {
                prop_assert_eq!(form, Form::DockerFile);
            }
        }
        // Only the object of AWS on Linux has no place in a resource.
        let has_object = to_aws_windows(&spec).is_ok_and(|windows| windows != spec);
        for form in [Form::ResourceYaml, Form::ResourceJson] {
            match convert(&spec, form, &options()) {
                Ok(text) => prop_assert!(!has_object && read_back(form, &text) == spec, "{}", form),
                Err(error) => {
                    prop_assert!(has_object, "{}", error);
                    prop_assert_eq!(
                        error.to_string(),
                        "`/ActiveDirectoryConfig/HostAccountConfig/PluginInput` is an object, which an API server refuses"
                    );
                }
            }
        }
    }

    #[test]
    fn a_resource_holds_what_it_has_no_losses_of(document in exact_document()) {
        let spec = read(&document.plain()).unwrap();
        let name = "webapp1".parse().unwrap();
        let (reduced, losses) = to_resource_lossy(name, &spec).unwrap();
        // What is left has no losses any more, and nothing else is lost.
        let kept = from_resource(&reduced).unwrap();
        prop_assert_eq!(losses.is_empty(), kept == spec);
        let name = "webapp1".parse().unwrap();
        match to_resource(name, &spec) {
            Ok(whole) => prop_assert!(from_resource(&whole).unwrap() == spec),
            Err(error) => prop_assert_eq!(error.losses(), &*losses),
        }
        let (again, found) = from_resource_lossy(&resource("webapp1".parse().unwrap(), spec)).unwrap();
        prop_assert!(again == kept && found == losses);
        for loss in &losses {
            let value: Value = serde_json::from_str(&document.plain()).unwrap();
            prop_assert!(value.pointer(loss.pointer().as_str()).is_some(), "{}", loss);
        }
    }

    #[test]
    fn the_two_forms_of_aws_are_each_others_inverse(key in "[A-Za-z0-9/_+=.@-]{1,20}") {
        let credential_arn = format!("arn:aws:secretsmanager:us-west-2:123456789012:secret:{key}");
        let windows = with_aws(&PluginInput::AwsWindows { credential_arn: credential_arn.clone() });
        let linux = with_aws(&PluginInput::AwsLinux { credential_arn });
        prop_assert!(to_aws_linux(&windows).unwrap() == linux);
        prop_assert!(to_aws_windows(&linux).unwrap() == windows);
        prop_assert!(to_aws_linux(&linux).unwrap() == linux);
        prop_assert!(to_aws_windows(&windows).unwrap() == windows);
    }
}

#[test]
fn forms_have_their_texts() {
    let text = |form, options: &ConvertOptions| convert(&joined(), form, options).unwrap();
    let named = ConvertOptions { file_name: Some("é $x.json".to_owned()), ..options() };
    let none = ConvertOptions::default();
    assert_eq!(text(Form::Swarm, &none), "config://webapp1");
    assert_eq!(
        text(Form::Ecs, &none),
        "{\n  \"credentialSpecs\": [\n    \"credentialspec:file://contoso_webapp1.json\"\n  ]\n}\n"
    );
    assert_eq!(text(Form::Compose, &named), "credential_spec:\n  file: \"\\U000000e9 $$x.json\"\n");
    let service: Value = serde_saphyr::from_str(&text(Form::Compose, &named)).unwrap();
    let source = ServiceSource::from_compose(&service["credential_spec"]).unwrap();
    assert_eq!(source.to_string(), "file://é $$x.json");
    assert_eq!(text(Form::DockerFile, &none), text(Form::PowerShell, &none));
    assert!(text(Form::HelmValues, &none).starts_with("credential:\n  enabled: true\n"));
    assert!(text(Form::ResourceYaml, &none).contains("\n  name: \"webapp1\"\n"));
    assert!(text(Form::DockerRaw, &none).is_ascii());

    let domainless = with_aws(&PluginInput::AwsWindows { credential_arn: arn() });
    let ecs: Value = serde_json::from_str(&convert(&domainless, Form::Ecs, &none).unwrap()).unwrap();
    let entry: EcsEntry = ecs["credentialSpecs"][0].as_str().unwrap().parse().unwrap();
    assert!(entry.is_domainless());
    assert_eq!(entry.check(&domainless), Ok(()));
    let linux = convert(&domainless, Form::AwsLinux, &none).unwrap();
    assert!(linux.contains(&format!("\"CredentialArn\": \"{}\"", arn())));
    assert!(read(&convert(&read(&linux).unwrap(), Form::AwsWindows, &none).unwrap()).unwrap() == domainless);
}

#[test]
fn a_name_that_is_needed_and_not_there_is_an_error() {
    let error = |spec: &str, form, options: &ConvertOptions| {
        convert(&read(spec).unwrap(), form, options).unwrap_err()
    };
    let none = ConvertOptions::default();
    for form in [Form::ResourceYaml, Form::ResourceJson, Form::Swarm] {
        assert_eq!(error("{}", form, &none), ConvertError::NoName);
        assert_eq!(
            error(r#"{"DomainJoinConfig":{"MachineAccountName":"a@b"}}"#, form, &none),
            ConvertError::NoName
        );
    }
    for form in [Form::DockerFile, Form::Ecs] {
        assert_eq!(error("{}", form, &none), ConvertError::NoFileName);
        let outside = ConvertOptions { file_name: Some("..\\x.json".to_owned()), ..options() };
        assert_eq!(
            error("{}", form, &outside).to_string(),
            r#"file name is not valid: it has none of `\ / : * ? " < > |`"#
        );
    }
    let long = ConvertOptions { name: Some("a".repeat(65).parse().unwrap()), ..options() };
    assert!(matches!(error("{}", Form::Swarm, &long), ConvertError::Service(_)));
}

#[test]
fn every_loss_of_a_resource_is_named() {
    let spec = read(
        r#"{"CmsPlugins":["ActiveDirectory",null],"DomainJoinConfig":{"Guid":null,"NetBiosName":false,"hunter2":"hunter2"},
            "ActiveDirectoryConfig":{"GroupManagedServiceAccounts":[{"name":"a","Scope":"b"},7],
            "HostAccountConfig":{"PortableCcgVersion":1,"PluginInput":{"CredentialArn":"hunter2"}}},"Extra":[]}"#,
    )
    .unwrap();
    let error = to_resource("webapp1".parse().unwrap(), &spec).unwrap_err();
    let found: Vec<_> =
        error.losses().iter().map(|loss| (loss.pointer().as_str().to_owned(), loss.kind())).collect();
    let wrong = |found| LossKind::Type { found };
    let accounts = "/ActiveDirectoryConfig/GroupManagedServiceAccounts";
    let host = "/ActiveDirectoryConfig/HostAccountConfig";
    assert_eq!(
        found,
        [
            (format!("{accounts}/0/name"), LossKind::UnknownKey),
            (format!("{accounts}/1"), wrong(JsonType::Number)),
            (format!("{host}/PluginInput"), wrong(JsonType::Object)),
            (format!("{host}/PortableCcgVersion"), wrong(JsonType::Number)),
            ("/CmsPlugins/1".to_owned(), wrong(JsonType::Null)),
            ("/DomainJoinConfig/Guid".to_owned(), LossKind::Null),
            ("/DomainJoinConfig/NetBiosName".to_owned(), wrong(JsonType::Boolean)),
            ("/DomainJoinConfig/hunter2".to_owned(), LossKind::UnknownKey),
            ("/Extra".to_owned(), LossKind::UnknownKey),
        ]
    );
    let (kept, _) = to_resource_lossy("webapp1".parse().unwrap(), &spec).unwrap();
    assert_eq!(
        serde_json::to_string(&from_resource(&kept).unwrap()).unwrap(),
        r#"{"CmsPlugins":["ActiveDirectory"],"DomainJoinConfig":{},"ActiveDirectoryConfig":{"GroupManagedServiceAccounts":[{"Scope":"b"}],"HostAccountConfig":{}}}"#
    );
    for shown in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
        assert!(!shown.contains(MARKER), "{shown}");
    }
}

#[test]
fn a_resource_without_a_document_gives_none() {
    let of = |credspec: &str| {
        let text = format!(r#"{{"apiVersion":"windows.k8s.io/v1","kind":"GMSACredentialSpec"{credspec}}}"#);
        from_resource(&serde_json::from_str(&text).unwrap()).unwrap_err()
    };
    assert_eq!(of(""), ResourceError::Missing);
    assert_eq!(of(r#","credspec":null"#), ResourceError::Missing);
    let text = of(r#","credspec":"{\"hunter2\":1}""#);
    assert_eq!(text, ResourceError::NotAnObject { found: JsonType::String });
    assert_eq!(text.to_string(), "`/credspec` is a string, not an object");
}

#[test]
fn only_one_arn_of_the_plug_in_of_aws_has_two_forms() {
    let aws = "{859e1386-bdb4-49e8-85c7-3070b13920e1}";
    let host = |guid: &str, input: &str| {
        let guid = serde_json::to_string(guid).unwrap();
        read(&format!(
            r#"{{"ActiveDirectoryConfig":{{"HostAccountConfig":{{"PluginGUID":{guid}{input}}}}}}}"#
        ))
        .unwrap()
    };
    let input = "/ActiveDirectoryConfig/HostAccountConfig/PluginInput";
    let cases = [
        (host(aws, ""), AwsErrorKind::NoObject, input.to_owned()),
        (host(aws, r#","PluginInput":null"#), AwsErrorKind::NoObject, input.to_owned()),
        (host(aws, r#","PluginInput":"hunter2""#), AwsErrorKind::NoObject, input.to_owned()),
        (
            host(aws, r#","PluginInput":"{\"credentialArn\":\"a\",\"credentialArn\":\"b\"}""#),
            AwsErrorKind::NoObject,
            input.to_owned(),
        ),
        (host(aws, r#","PluginInput":"{}""#), AwsErrorKind::NoArn, input.to_owned()),
        (host(aws, r#","PluginInput":{}"#), AwsErrorKind::NoArn, input.to_owned()),
        (host(aws, r#","PluginInput":{"CredentialArn":1}"#), AwsErrorKind::NoArn, input.to_owned()),
        (
            host(aws, r#","PluginInput":{"credentialArn":"a"}"#),
            AwsErrorKind::NoPlace,
            format!("{input}/credentialArn"),
        ),
        (
            host(aws, r#","PluginInput":"{\"credentialArn\":\"a\",\"regKeyPath\":\"hunter2\"}""#),
            AwsErrorKind::NoPlace,
            format!("{input}/regKeyPath"),
        ),
        (
            host("{CCC2A336-D7F3-4818-A213-272B7924213E}", r#","PluginInput":{"CredentialArn":"hunter2"}"#),
            AwsErrorKind::OtherPlugin,
            "/ActiveDirectoryConfig/HostAccountConfig/PluginGUID".to_owned(),
        ),
        (joined(), AwsErrorKind::NoHostAccountConfig, "/ActiveDirectoryConfig/HostAccountConfig".to_owned()),
    ];
    for (spec, kind, pointer) in cases {
        for error in [to_aws_linux(&spec).unwrap_err(), to_aws_windows(&spec).unwrap_err()] {
            assert_eq!((error.kind(), error.pointer().as_str()), (kind, &*pointer));
            assert!(!error.to_string().contains(MARKER) && !format!("{error:?}").contains(MARKER));
        }
    }
    // The rest of the document stays, and so does the spelling of the class.
    let odd = host(aws, r#","PluginInput":"{ \"credentialArn\" : \"a\" }","Extra":[1]"#);
    let there_and_back = to_aws_windows(&to_aws_linux(&odd).unwrap()).unwrap();
    assert!(there_and_back == host(aws, r#","PluginInput":"{\"credentialArn\":\"a\"}","Extra":[1]"#));
}

#[test]
fn no_error_or_option_shows_a_document() {
    let spec = read(
        r#"{"hunter2":"hunter2","DomainJoinConfig":{"MachineAccountName":"hunter2@","Sid":["hunter2"]},
            "ActiveDirectoryConfig":{"HostAccountConfig":{"PluginGUID":"hunter2","PluginInput":{"hunter2":"hunter2"}}}}"#,
    )
    .unwrap();
    let mut refused = 0;
    for form in Form::ALL {
        if let Err(error) = convert(&spec, *form, &ConvertOptions::default()) {
            refused += 1;
            for shown in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
                assert!(!shown.contains(MARKER), "{form}: {shown}");
            }
        }
    }
    assert!(refused >= 7, "{refused}");
    let option = DockerOption::raw(&spec).unwrap();
    assert!(option.security_option().contains(MARKER));
    for shown in [option.to_string(), format!("{option:?}"), format!("{option:#?}")] {
        assert!(!shown.contains(MARKER), "{shown}");
    }
    for text in ["hunter2", "hunter2=x", "credentialspec=hunter2", "credentialspec=hunter2://{}", "hunter2:x"]
    {
        let docker = text.parse::<DockerOption>().unwrap_err();
        let service = text.parse::<ServiceSource>().unwrap_err();
        let ecs = text.parse::<EcsEntry>().unwrap_err();
        assert!(!format!("{docker}{docker:?}{service}{service:?}{ecs}{ecs:?}").contains(MARKER));
    }
}

#[test]
fn what_no_text_could_have_been_is_refused_in_every_form() {
    let mut twice = joined();
    twice.unknown.insert("CmsPlugins".to_owned(), Value::Null);
    let mut deep = Value::Null;
    for _ in 0..100 {
        deep = Value::Array(vec![deep]);
    }
    let mut nested = joined();
    nested.unknown.insert("Extra".to_owned(), deep);
    for spec in [twice, nested] {
        for form in Form::ALL.iter().filter(|form| **form != Form::Swarm) {
            assert!(convert(&spec, *form, &ConvertOptions::default()).is_err(), "{form}");
        }
        assert!(to_resource_lossy("webapp1".parse().unwrap(), &spec).is_err());
    }
}
