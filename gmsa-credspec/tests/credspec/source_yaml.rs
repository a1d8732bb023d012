//! Reading YAML manifests as `kubectl` does, and saying where they are broken.

#![cfg(feature = "yaml")]

use gmsa_credspec::JsonType;
use gmsa_credspec::source::{Form, Node, ReadOptions, Source, SourceErrorKind, Style, Syntax, read_source};
use serde_json::{Value, json};

fn read(text: &str) -> Source {
    read_source(text.as_bytes(), &ReadOptions::new())
}

fn value(text: &str) -> Value {
    let source = read(text);
    assert_eq!(source.documents().len(), 1, "{text}: {source:?}");
    source.documents()[0].root().unwrap_or_else(|| panic!("{text}: {source:?}")).to_value()
}

fn kind(text: &str) -> SourceErrorKind {
    let source = read(text);
    assert_eq!(source.documents().len(), 1, "{text}: {source:?}");
    source.documents()[0].fault().unwrap_or_else(|| panic!("{text}: {source:?}")).kind().clone()
}

const MANIFEST: &str = "# of the shop
apiVersion: windows.k8s.io/v1
kind: GMSACredentialSpec
metadata:
  name: web   # any name
credspec:
  ActiveDirectoryConfig:
    GroupManagedServiceAccounts:
    - Name: web
      Scope: SHOP
    HostAccountConfig: {PortableCcgVersion: \"1\", PluginInput: 'it''s'}
  CmsPlugins:
  - ActiveDirectory
  DomainJoinConfig:
    Sid: S-1-5-21-1-2-3
";

#[test]
fn a_manifest_is_read_with_its_places() {
    let source = read(MANIFEST);
    let document = &source.documents()[0];
    assert_eq!(document.syntax(), Syntax::Yaml);
    let Form::Resource(head) = document.form() else { panic!("{document:?}") };
    assert_eq!((head.name(), head.api_version()), (Some("web"), Some("windows.k8s.io/v1")));
    let spec = source.credential_specs().next().unwrap();
    assert_eq!(spec.pointer().to_string(), "/credspec");
    for (pointer, style, place, text) in [
        ("/DomainJoinConfig/Sid", Style::Plain, "line 15, column 10", "S-1-5-21-1-2-3"),
        ("/CmsPlugins", Style::Block, "line 13, column 3", "- ActiveDirectory"),
        ("/CmsPlugins/0", Style::Plain, "line 13, column 5", "ActiveDirectory"),
        (
            "/ActiveDirectoryConfig/GroupManagedServiceAccounts/0",
            Style::Block,
            "line 9, column 7",
            "Name: web\n      Scope: SHOP",
        ),
        (
            "/ActiveDirectoryConfig/HostAccountConfig",
            Style::Flow,
            "line 11, column 24",
            "{PortableCcgVersion: \"1\", PluginInput: 'it''s'}",
        ),
        (
            "/ActiveDirectoryConfig/HostAccountConfig/PortableCcgVersion",
            Style::DoubleQuoted,
            "line 11, column 45",
            "\"1\"",
        ),
        (
            "/ActiveDirectoryConfig/HostAccountConfig/PluginInput",
            Style::SingleQuoted,
            "line 11, column 63",
            "'it''s'",
        ),
    ] {
        let node = spec.node().at(pointer).unwrap();
        assert_eq!(node.position().to_string(), place, "{pointer}");
        assert_eq!(&MANIFEST[node.position().offset..node.position().end()], text, "{pointer}");
        assert_eq!((node.style(), node.written()), (style, None), "{pointer}");
    }
    let key = spec.node().members()[1].key_position();
    assert_eq!((&MANIFEST[key.offset..key.end()], key.line), ("CmsPlugins", 12));
}

/// Source: sigs.k8s.io/yaml, `goyaml.v2/resolve.go` and its `decode_test.go`.
#[test]
fn plain_scalars_are_what_kubernetes_makes_of_them() {
    for (text, expected) in [
        ("NO", json!(false)),
        ("n", json!(false)),
        ("Off", json!(false)),
        ("yes", json!(true)),
        ("Y", json!(true)),
        ("ON", json!(true)),
        ("nO", json!("nO")),
        ("~", json!(null)),
        ("Null", json!(null)),
        ("", json!(null)),
        ("0123", json!(83)),
        ("0o17", json!(15)),
        ("089", json!(89)),
        ("0x_1F", json!(31)),
        ("0b101", json!(5)),
        ("-0b101", json!(-5)),
        ("+12", json!(12)),
        ("-0", json!(0)),
        ("0", json!(0)),
        ("1_000", json!(1000)),
        ("18446744073709551615", json!(u64::MAX)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("18446744073709551616", json!(1.8446744073709552e19)),
        ("1e5", json!(100_000)),
        ("5e-1", json!(0.5)),
        ("12e03", json!(12000)),
        ("6.8523015e+5", json!(685230.15)),
        ("1.", json!(1)),
        (".5", json!(0.5)),
        ("+.5", json!(0.5)),
        ("1e999", json!("1e999")),
        ("0x", json!("0x")),
        ("0b2", json!("0b2")),
        ("1.2.3", json!("1.2.3")),
        ("190:20:30", json!("190:20:30")),
        ("2001-01-01", json!("2001-01-01")),
        ("12e", json!("12e")),
        ("+inf", json!("+inf")),
        ("nan", json!("nan")),
        ("S-1-5-21-1-2-3", json!("S-1-5-21-1-2-3")),
        ("56d9b66c-d746-4f87-bd26-26760cfdca2e", json!("56d9b66c-d746-4f87-bd26-26760cfdca2e")),
    ] {
        let source = read(&format!("a: {text}\nb: \"{text}\"\nc: '{text}'\nd: !!str {text}\n"));
        let root = source.documents()[0].root().unwrap_or_else(|| panic!("{text}: {source:?}"));
        assert_eq!(root.get("a").unwrap().to_value(), expected, "{text}");
        let retyped = (!expected.is_string()).then_some(text);
        assert_eq!(root.get("a").unwrap().written(), retyped, "{text}");
        for quoted in ["b", "c", "d"] {
            let node = root.get(quoted).unwrap();
            assert_eq!((node.as_str(), node.written()), (Some(text), None), "{text}");
        }
    }
    for text in [".inf", "-.INF", ".NaN", "0xfffffffffffffffff"] {
        assert_eq!(kind(&format!("a: {text}")), SourceErrorKind::NumberNotJson, "{text}");
        assert_eq!(value(&format!("a: '{text}'")), json!({"a": text}));
    }
}

#[test]
fn keys_become_what_json_can_have() {
    let source = read("NO: 1\n0x10: 2\n'NO': 3\n");
    let root = source.documents()[0].root().unwrap();
    let keys: Vec<_> = root.members().iter().map(|member| (member.key(), member.key_written())).collect();
    assert_eq!(keys, [("false", Some("NO")), ("16", Some("0x10")), ("NO", None)]);
    for text in ["? [a]\n: b", "~: 1", "? {a: b}\n: c", "- {[a]: b}"] {
        assert_eq!(kind(text), SourceErrorKind::KeyNotText, "{text}");
    }
    assert_eq!(value("a: {CCC2A336-D7F3}\n"), json!({"a": {"CCC2A336-D7F3": null}}));
}

#[test]
fn tags_are_followed_or_refused() {
    assert_eq!(
        value("a: !!int \"12\"\nb: !!float 1\nc: !!bool yes\nd: !custom 12\ne: ! 12\nf: !!null ''\n"),
        json!({"a": 12, "b": 1, "c": true, "d": "12", "e": "12", "f": null})
    );
    for text in ["a: !!int x", "a: !!bool 1", "a: !!int 1.5", "a: !!binary aGk="] {
        assert_eq!(kind(text), SourceErrorKind::Tag, "{text}");
    }
}

#[test]
fn anchors_and_merge_keys_are_resolved() {
    let text = "a: &a {x: 1, w: NO}\nb: *a\nc:\n  <<: *a\n  w: 2\n  z: 3\nd: {<<: [{x: 5}, *a]}\n'<<': 4\n";
    assert_eq!(
        value(text),
        json!({
            "a": {"x": 1, "w": false}, "b": {"x": 1, "w": false}, "c": {"x": 1, "w": 2, "z": 3},
            "d": {"x": 5, "w": false}, "<<": 4,
        })
    );
    let source = read(text);
    let root = source.documents()[0].root().unwrap();
    let merged: Vec<_> = root.get("c").unwrap().members().iter().map(|member| member.is_merged()).collect();
    assert_eq!(merged, [true, false, false]);
    // What stands for an alias is where its anchor is.
    let w = root.at("/b/w").unwrap();
    assert_eq!((w.written(), w.position().to_string()), (Some("NO"), "line 1, column 17".to_owned()));
    for text in ["a: &a {x: 1}\nb: {x: 2, <<: *a}", "<<: 1", "<<: [1]", "<<: {a: 1}\n<<: {b: 2}"] {
        assert_eq!(kind(text), SourceErrorKind::MergeKey, "{text}");
    }
    for text in ["a: *b", "a: &a [*a]", "a: &x 1\n---\nb: *x"] {
        let source = read(text);
        let fault = source.documents().last().unwrap().fault().unwrap();
        assert_eq!(fault.kind(), &SourceErrorKind::UnknownAlias, "{text}");
    }
}

#[test]
fn what_aliases_repeat_counts() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let last = level - 1;
        bomb += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{last}"); 10].join(", "));
    }
    assert_eq!(kind(&bomb), SourceErrorKind::TooManyNodes { limit: 65536 });
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), vec!["*a"; 1000].join(", "));
    assert_eq!(kind(&long), SourceErrorKind::TooMuchRepetition);
    // The depth of what is repeated counts where it is repeated.
    let mut deep = "a0: &a0 [x]\n".to_owned();
    for level in 1..70 {
        deep += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    assert_eq!(kind(&deep), SourceErrorKind::TooDeep { limit: 64 });
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(kind(&format!("a: {}", nested(64))), SourceErrorKind::TooDeep { limit: 64 });
    assert!(read(&format!("a: {}", nested(63))).documents()[0].root().is_some());
}

#[test]
fn several_documents_are_read_and_a_broken_one_leaves_the_others_alone() {
    let source = read(
        "a: 1\n--- # two\nb: [\n---\n{\"c\": 3,}\n---\nd: |\n  ---\n  x\n...\n---\n# nothing\n--- e: 5\n---\n{{ f }}\n---\ng: 7\n",
    );
    let shown: Vec<_> = source
        .documents()
        .iter()
        .map(|document| match (document.root(), document.fault()) {
            (Some(root), _) => root.to_value().to_string(),
            (_, Some(fault)) => fault.to_string(),
            _ => panic!("{document:?}"),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "{\"a\":1}",
            "brackets that do not match at line 3, column 4",
            "{\"c\":3}",
            "{\"d\":\"---\\nx\\n\"}",
            "{\"e\":5}",
            "unresolved template at line 15, column 1",
            "{\"g\":7}",
        ]
    );
    assert_eq!(source.documents()[2].syntax(), Syntax::Json);
    assert_eq!(
        source.documents()[6].root().unwrap().get("g").unwrap().position().to_string(),
        "line 17, column 4"
    );
}

#[test]
fn other_manifests_are_read_as_what_they_are() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  gmsaCredentialSpec: '{\"CmsPlugins\":[]}'\n";
    let source = read(text);
    let Form::Other(head) = source.documents()[0].form() else { panic!("{source:?}") };
    assert_eq!((head.kind(), head.name()), (Some("Deployment"), Some("web")));
    assert_eq!(source.credential_specs().count(), 0);
    let inner = source.documents()[0].root().and_then(|root| root.at("/spec/gmsaCredentialSpec"));
    assert_eq!(inner.and_then(Node::as_str), Some("{\"CmsPlugins\":[]}"));
    let quoted = read("\"apiVersion\": v1\n\"kind\": GMSACredentialSpec\n\"credspec\": '{}'\n");
    let spec = quoted.credential_specs().next().unwrap();
    assert_eq!((spec.node().json_type(), spec.node().as_str()), (JsonType::String, Some("{}")));
}

#[test]
fn faults_have_their_place() {
    for (text, message) in [
        ("a:\n  b:\n - c\n  d: 1\n", "list item indented less than its key (column 3) at line 3, column 2"),
        (
            "a:\n    b: # items\n\n  # of it\n  - c: 1\n    e: 2\n    d: 1\n",
            "list item indented less than its key (column 5) at line 5, column 3",
        ),
        ("a:\r\n  b:\r\n - c\r\n", "list item indented less than its key (column 3) at line 3, column 2"),
        ("a: 1\n b: 2\n", "indentation that fits nothing above at line 2, column 2"),
        ("a: b: c\n", "`: ` within a text at line 1, column 5"),
        ("a:\n\tb: 1\n", "tab in the indentation at line 2, column 2"),
        ("a: 'b\n", "quotes that do not end, or with text behind them at line 1, column 4"),
        ("a: 'b' c\n", "quotes that do not end, or with text behind them at line 1, column 8"),
        (
            "a: 1\nb:  # don't\n  - \"c\nd: 2\n",
            "quotes that do not end, or with text behind them at line 3, column 5",
        ),
        ("a: {b: c\n", "brackets that do not match at line 1, column 4"),
        ("a: [b}\n", "brackets that do not match at line 1, column 4"),
        ("a: @b\n", "character that cannot start a text at line 1, column 4"),
        ("a: `b`\n", "character that cannot start a text at line 1, column 4"),
        ("a:\n   b: 1\n  c: 2\n", "indentation that fits nothing above at line 3, column 3"),
        ("a: {{ .Values.a }}\n", "unresolved template at line 1, column 4"),
        ("{{- if .Values.a }}\na: 1\n{{- end }}\n", "unresolved template at line 1, column 1"),
        ("# {{ a }}\na: 1\n{{- range . }}\n- b\n", "unresolved template at line 3, column 1"),
        ("a: 1\n{% if b %}\nc: 2\n", "unresolved template at line 2, column 1"),
        ("no YAML mapping, but text\n", "plain text, neither JSON nor YAML at line 1, column 1"),
        ("\n\n  just text", "plain text, neither JSON nor YAML at line 3, column 3"),
        ("a: *nobody\n", "alias without an anchor before it at line 1, column 4"),
    ] {
        let source = read(text);
        let faults: Vec<_> = source
            .documents()
            .iter()
            .filter_map(|document| document.fault())
            .map(ToString::to_string)
            .collect();
        assert_eq!(faults, [message], "{text:?}");
    }
    // A template in quotes is a value like any other.
    assert_eq!(value("a: '{{ x }}'\nb: x{{ y }}\n"), json!({"a": "{{ x }}", "b": "x{{ y }}"}));
    // An item may be indented less than the key above it where that key is one of the item before.
    assert_eq!(value("- a:\n- b\n"), json!([{"a": null}, "b"]));
}
