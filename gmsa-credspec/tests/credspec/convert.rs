//! Arguments, entries and parts of configurations, read and printed.

use gmsa_credspec::convert::{
    ConfigName, DockerOption, EcsEntry, EcsEntryError, EcsLocation, Form, OciError, RegistryValue,
    ServiceSource, SpecPath, SpecPathError, from_oci,
};
use gmsa_credspec::read;
use gmsa_types::CredentialSpec;
use proptest::prelude::*;
use serde_json::json;

const VALUE: &str = "invalid credential spec security option - value must be prefixed by 'file://', \
                     'registry://', or 'raw://' followed by a non-empty value";

fn docker_error(text: &str) -> String {
    text.parse::<DockerOption>().unwrap_err().to_string()
}

#[test]
fn docker_options_are_refused_in_dockers_words() {
    let no_equals_sign = "invalid security option: no equals sign in supplied value";
    let other = "security option not supported: it is not `credentialspec`";
    let absolute = "invalid credential spec - file:// path cannot be absolute";
    let outside = "invalid credential spec - file:// path must be under `CredentialSpecs`";
    let cases = [
        ("", no_equals_sign),
        ("credentialspec", no_equals_sign),
        ("credentialspec:file://x.json", no_equals_sign),
        ("--security-opt credentialspec:file://x.json", no_equals_sign),
        ("no-new-privileges=true", other),
        ("=file://x.json", other),
        (" credentialspec=file://x.json", other),
        ("--security-options=credentialspec=file://x.json", other),
        ("credentialspec=", VALUE),
        ("credentialspec=x.json", VALUE),
        ("credentialspec=file:x.json", VALUE),
        ("credentialspec=file://", VALUE),
        ("credentialspec=registry://", VALUE),
        ("credentialspec=raw://", VALUE),
        ("credentialspec=://x", VALUE),
        ("credentialspec=https://x", VALUE),
        ("credentialspec= file://x.json", VALUE),
        (r"credentialspec=file://C:\x.json", absolute),
        (r"credentialspec=file://c:x.json", absolute),
        (r"credentialspec=file://\\server\share\x.json", absolute),
        ("credentialspec=file:////server/share/x.json", absolute),
        (r"credentialspec=file://..\x.json", outside),
        ("credentialspec=file://a/../../x.json", outside),
        (r"credentialspec=file://..\CredentialSpecs2\x.json", outside),
        (r"credentialspec=file://a\.. \..\x.json", outside),
    ];
    for (text, message) in cases {
        assert_eq!(docker_error(text), message, "{text}");
    }
    let config = docker_error("credentialspec=config://webapp1");
    assert_eq!(config, format!("{VALUE}; 'config://' is for services of a swarm"));
}

#[test]
fn docker_options_are_read_as_docker_reads_them() {
    let cases = [
        ("credentialspec=file://x.json", "credentialspec=file://x.json"),
        ("CREDENTIALSPEC=File://X.json", "credentialspec=file://X.json"),
        ("--security-opt credentialspec=file://x.json", "credentialspec=file://x.json"),
        ("--security-opt=CredentialSpec=REGISTRY://x", "credentialspec=registry://x"),
        ("credentialspec=registry://file://x", "credentialspec=registry://file://x"),
        (r"credentialspec=file://a\..\x.json", r"credentialspec=file://a\..\x.json"),
        ("credentialspec=file:///x.json", "credentialspec=file:///x.json"),
        ("credentialspec=RAW://{\"a\":\"b=c://d\"}", "credentialspec=raw://{\"a\":\"b=c://d\"}"),
    ];
    for (text, printed) in cases {
        assert_eq!(text.parse::<DockerOption>().unwrap().security_option(), printed, "{text}");
    }
}

#[test]
fn the_last_docker_option_counts_if_all_are_right() {
    let options = ["credentialspec=file://a.json", "credentialspec=registry://b"];
    assert_eq!(
        DockerOption::last_of(options).unwrap().unwrap().security_option(),
        "credentialspec=registry://b"
    );
    assert!(DockerOption::last_of([]).unwrap().is_none());
    assert!(DockerOption::last_of(["credentialspec=file://C:\\a", options[1]]).is_err());
}

#[test]
fn paths_that_name_no_file_are_refused() {
    let cases = [
        ("", SpecPathError::NoFile),
        (".", SpecPathError::NoFile),
        ("/", SpecPathError::NoFile),
        ("a/", SpecPathError::NoFile),
        ("a/..", SpecPathError::NoFile),
        ("a/b/..", SpecPathError::NoFile),
        ("...", SpecPathError::Outside),
        ("..", SpecPathError::Outside),
        ("x.json:stream", SpecPathError::Character),
        ("a*.json", SpecPathError::Character),
        ("a\0.json", SpecPathError::Character),
    ];
    for (path, error) in cases {
        assert_eq!(path.parse::<SpecPath>(), Err(error), "{path:?}");
        assert_eq!(SpecPath::try_from(path.to_owned()), Err(error), "{path:?}");
    }
}

#[test]
fn a_swarm_takes_lower_case_schemes_and_no_document() {
    let prefix =
        "invalid credential spec: value must be prefixed with \"config://\", \"file://\", or \"registry://\"";
    for text in ["raw://{}", "Config://x", "FILE://x.json", "x", ""] {
        assert_eq!(text.parse::<ServiceSource>().unwrap_err().to_string(), prefix, "{text}");
    }
    let source: ServiceSource = "--credential-spec=config://webapp1".parse().unwrap();
    assert_eq!(source.arguments(), ["--credential-spec", "config://webapp1"]);
    for name in ["", "-a", "a_", "a b", &"a".repeat(65)] {
        let error = format!("config://{name}").parse::<ServiceSource>().unwrap_err();
        assert!(error.to_string().starts_with("config name is not valid: "), "{name}");
    }
    let error = "file://C:\\x.json".parse::<ServiceSource>().unwrap_err();
    assert_eq!(error.to_string(), "invalid credential spec - file:// path cannot be absolute");
}

#[test]
fn compose_names_one_source() {
    let both = |names| format!("invalid credential spec: cannot specify both {names}");
    let cases = [
        (json!("file://x.json"), "`credential_spec` is not a mapping".to_owned()),
        (json!({}), "`credential_spec` has none of `config`, `file` and `registry`".to_owned()),
        (
            json!({"file": "", "x-note": 1}),
            "`credential_spec` has none of `config`, `file` and `registry`".to_owned(),
        ),
        (
            json!({"raw": "hunter2"}),
            "`credential_spec` has a key that is not `config`, `file` or `registry`".to_owned(),
        ),
        (
            json!({"File": "x"}),
            "`credential_spec` has a key that is not `config`, `file` or `registry`".to_owned(),
        ),
        (json!({"file": 1}), "`credential_spec.file` is not a string".to_owned()),
        (json!({"config": "a", "file": "b"}), both(r#""Config" and "File""#)),
        (json!({"file": "b", "registry": "c"}), both(r#""File" and "Registry""#)),
        (json!({"config": "a", "file": "b", "registry": "c"}), both(r#""Config", "File", and "Registry""#)),
    ];
    for (value, message) in cases {
        assert_eq!(ServiceSource::from_compose(&value).unwrap_err().to_string(), message, "{value}");
    }
    let source = ServiceSource::from_compose(&json!({"config": "", "file": "a.json", "x-note": 1})).unwrap();
    assert_eq!(source.to_compose(), json!({"file": "a.json"}));
}

#[test]
fn ecs_entries_are_refused_with_advice() {
    let arn = "ARN is neither `arn:aws:s3:::BUCKET/KEY` nor `arn:aws:ssm:REGION:ACCOUNT:parameter/NAME`";
    let location = "location is neither `file://` and a path nor the ARN of an S3 object or SSM parameter";
    let prefix = "entry starts with neither `credentialspec:` nor `credentialspecdomainless:`";
    let cases = [
        (
            "domainlesscredentialspec:arn:aws:s3:::b/k",
            "prefix `domainlesscredentialspec:` is not known: write `credentialspecdomainless:`",
        ),
        ("credentialspec=file://x.json", prefix),
        ("CredentialSpec:file://x.json", prefix),
        ("file://x.json", prefix),
        ("credentialspec:x.json", location),
        ("credentialspec:registry://x", location),
        ("credentialspec:FILE://x.json", location),
        ("credentialspec:arn:aws:s3:::bucket", arn),
        ("credentialspec:arn:aws:s3:::/key", arn),
        ("credentialspec:arn:aws:ssm:us-west-2:1234:parameter/x", arn),
        ("credentialspec:arn:aws:ssm::123456789012:parameter/x", arn),
        ("credentialspec:arn:aws:ssm:us-west-2:123456789012:parameter/", arn),
        ("credentialspec:arn:azure:s3:::b/k", arn),
        ("credentialspec:arn:aws", arn),
        (
            "credentialspec:arn:aws:secretsmanager:us-west-2:123456789012:secret:x",
            "ARN is not of a service that can hold the document: it is `s3` or `ssm`",
        ),
        (r"credentialspec:file://D:\x.json", "invalid credential spec - file:// path cannot be absolute"),
    ];
    for (text, message) in cases {
        assert_eq!(text.parse::<EcsEntry>().unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn a_domainless_entry_needs_a_plug_in() {
    let joined = read(r#"{"ActiveDirectoryConfig":{}}"#).unwrap();
    let portable = read(r#"{"ActiveDirectoryConfig":{"HostAccountConfig":{}}}"#).unwrap();
    let wrong = read(r#"{"ActiveDirectoryConfig":{"HostAccountConfig":null}}"#).unwrap();
    let domainless: EcsEntry = "credentialspecdomainless:arn:aws:s3:::b/k".parse().unwrap();
    let plain: EcsEntry = "credentialspec:arn:aws:s3:::b/k".parse().unwrap();
    assert_eq!(domainless.check(&portable), Ok(()));
    for spec in [&joined, &wrong, &CredentialSpec::default()] {
        assert_eq!(domainless.check(spec), Err(EcsEntryError::NoHostAccountConfig));
        assert_eq!(plain.check(spec), Ok(()));
    }
    assert_eq!(plain.check(&portable), Ok(()));
    for spec in [&joined, &portable] {
        let entry = EcsEntry::new(spec, EcsLocation::File("x.json".parse().unwrap()));
        assert_eq!(entry.check(spec), Ok(()));
        assert_eq!(entry.is_domainless(), spec == &portable);
    }
}

#[test]
fn runtimes_take_a_string_and_nothing_else() {
    let of = |value| from_oci(&json!({ "ociVersion": "1.1.0", "windows": { "credentialSpec": value } }));
    assert!(of(json!("{}")).is_ok());
    assert_eq!(of(json!({})), Err(OciError::Object));
    assert_eq!(of(json!(["{}"])), Err(OciError::NotText));
    assert_eq!(of(json!(null)), Err(OciError::Missing));
    assert_eq!(from_oci(&json!({"windows": []})), Err(OciError::Missing));
    let error = of(json!("{\"a\":hunter2}")).unwrap_err();
    assert!(matches!(error, OciError::Unreadable(_)));
    assert!(error.to_string().starts_with("`/windows/credentialSpec` is not a document: "), "{error}");
}

#[test]
fn forms_are_named_once_each() {
    for form in Form::ALL {
        assert_eq!(form.to_string().parse(), Ok(*form));
    }
    assert_eq!(Form::ALL.len(), 14);
    let error = "Docker-Raw".parse::<Form>().unwrap_err().to_string();
    assert!(error.starts_with("form is not one of `document`, `resource-yaml`, "), "{error}");
    assert!(error.ends_with("`powershell`"), "{error}");
}

fn path() -> impl Strategy<Value = SpecPath> {
    let any_text = "[a-zA-Z0-9 ._\\\\/:é😀-]{0,24}";
    prop_oneof!["[a-z]{1,8}(\\\\|/)[a-z]{1,8}\\.json", any_text]
        .prop_filter_map("not valid", |text: String| text.parse().ok())
}

fn service_source() -> impl Strategy<Value = ServiceSource> {
    prop_oneof![
        "[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9])?"
            .prop_map(|name| ServiceSource::Config(name.parse::<ConfigName>().unwrap())),
        path().prop_map(ServiceSource::File),
        "\\PC{1,20}".prop_map(|name| ServiceSource::Registry(name.parse::<RegistryValue>().unwrap())),
    ]
}

proptest! {
    #[test]
    fn a_printed_docker_option_is_read_as_the_same(
        path in path(), name in "\\PC{1,20}", raw in "(?s).{1,40}", which in 0..3
    ) {
        let text = match which {
            0 => format!("credentialspec=file://{path}"),
            1 => format!("credentialspec=registry://{name}"),
            _ => format!("credentialspec=raw://{raw}"),
        };
        let option: DockerOption = text.parse().unwrap();
        prop_assert_eq!(&option.security_option(), &text);
        prop_assert!(option.security_option().parse::<DockerOption>().unwrap() == option);
        for glue in [" ", "="] {
            prop_assert!(option.arguments().join(glue).parse::<DockerOption>().unwrap() == option);
        }
    }

    #[test]
    fn a_printed_source_of_a_service_is_read_as_the_same(source in service_source()) {
        let printed = [source.to_string(), source.arguments().join(" "), source.arguments().join("=")];
        for text in printed {
            prop_assert!(text.parse::<ServiceSource>().unwrap() == source, "{text}");
        }
        prop_assert_eq!(ServiceSource::from_compose(&source.to_compose()).unwrap(), source);
    }

    #[test]
    fn a_printed_ecs_entry_is_read_as_the_same(
        path in path(), key in "\\PC{1,20}", less in "(domainless)?", which in 0..3
    ) {
        let location = match which {
            0 => format!("file://{path}"),
            1 => format!("arn:aws:s3:::bucket/{key}"),
            _ => format!("arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/{key}"),
        };
        let text = format!("credentialspec{less}:{location}");
        let entry: EcsEntry = text.parse().unwrap();
        prop_assert_eq!(entry.to_string(), text);
        prop_assert_eq!(entry.to_string().parse::<EcsEntry>().unwrap(), entry);
    }

    /// A second judge of paths: what stays below a folder by walking it on a stack of names.
    #[test]
    fn a_path_stays_below_its_folder(text in "([a-c.]{1,3}|\\.\\.|[ /\\\\]){0,12}") {
        if let Ok(path) = text.parse::<SpecPath>() {
            let mut stack: Vec<&str> = Vec::new();
            for part in path.as_str().split(['/', '\\']) {
                match part {
                    "" | "." => {}
                    ".." => prop_assert!(stack.pop().is_some(), "{text}"),
                    name => stack.push(name),
                }
            }
            prop_assert!(!stack.is_empty());
        }
    }
}
