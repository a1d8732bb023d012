//! Reading JSON as people have it: what is forgiven, what is a fault and where, what is found.

use gmsa_credspec::source::{
    Encoding, ForgivenKind, Form, LineEnding, NodeValue, ReadOptions, Source, SourceErrorKind, Style, Syntax,
    read_source,
};
use gmsa_credspec::{Expected, JsonType, ReadErrorKind};
use gmsa_types::finding::Pointer;

fn read(text: impl AsRef<[u8]>) -> Source {
    read_source(text.as_ref(), &ReadOptions::new())
}

fn fault(text: impl AsRef<[u8]>) -> (SourceErrorKind, String) {
    let source = read(text);
    assert_eq!(source.documents().len(), 1, "{source:?}");
    let fault = source.documents()[0].fault().unwrap_or_else(|| panic!("{source:?}"));
    (fault.kind().clone(), fault.to_string())
}

fn says(text: impl AsRef<[u8]>) -> String {
    fault(text).1
}

#[test]
fn a_document_is_read_with_its_places() {
    let text = "{\n  \"DomainJoinConfig\": {\"Sid\": \"S-1\\n\"},\n  \"äöü\": [1, true, null]\n}\n";
    let source = read(text);
    let document = &source.documents()[0];
    assert_eq!((document.syntax(), document.form()), (Syntax::Json, &Form::Spec));
    assert_eq!((source.encoding(), source.line_ending()), (Encoding::Utf8, LineEnding::Lf));
    let root = document.root().unwrap();
    let sid = root.at("/DomainJoinConfig/Sid").unwrap();
    assert_eq!(sid.as_str(), Some("S-1\n"));
    assert_eq!((sid.style(), sid.written()), (Style::Json, None));
    assert_eq!(sid.position().to_string(), "line 2, column 31");
    assert_eq!(&text[sid.position().offset..sid.position().end()], "\"S-1\\n\"");
    // Columns count characters, offsets bytes.
    let last = root.at("/äöü/2").unwrap();
    assert_eq!(last.position().to_string(), "line 3, column 20");
    assert_eq!(&text[last.position().offset..last.position().end()], "null");
    let key = root.members()[1].key_position();
    assert_eq!(&text[key.offset..key.end()], "\"äöü\"");
    assert_eq!(&text[document.position().offset..document.position().end()], text.trim());
}

#[test]
fn values_are_found_by_pointer() {
    let source = read(r#"{"a/b": {"~": [10, {"": 5}]}, "n": -1.50, "a": "x", "a": "y"}"#);
    let root = source.documents()[0].root().unwrap();
    let number = |pointer| match root.at(pointer)?.value() {
        NodeValue::Number(literal) => Some(&**literal),
        _ => None,
    };
    assert_eq!(number("/a~1b/~0/0"), Some("10"));
    assert_eq!(number("/a~1b/~0/1/"), Some("5"));
    assert_eq!(number("/n"), Some("-1.50"));
    assert_eq!(root.at("").unwrap().json_type(), JsonType::Object);
    for missing in ["a", "/", "/x", "/n/0", "/a~1b/~0/2", "/a~1b/~0/00", "/a~1b/~0/+0", "/a~1b/~0/-"] {
        assert!(root.at(missing).is_none(), "{missing}");
    }
    let walk: Vec<_> = root.walk().map(|(pointer, _)| pointer.as_str().to_owned()).collect();
    assert_eq!(walk, ["", "/a~1b", "/a~1b/~0", "/a~1b/~0/0", "/a~1b/~0/1", "/a~1b/~0/1/", "/n", "/a", "/a"]);
}

#[test]
fn duplicate_keys_are_all_there() {
    let source = read(r#"{"Sid": 1, "sid": 2, "\u0053id": 3}"#);
    let root = source.documents()[0].root().unwrap();
    let keys: Vec<_> = root.members().iter().map(|member| member.key()).collect();
    assert_eq!(keys, ["Sid", "sid", "Sid"]);
    assert_eq!(root.to_value(), serde_json::json!({"Sid": 3, "sid": 2}));
    assert_eq!(root.members()[2].key_position().to_string(), "line 1, column 22");
}

#[test]
fn comments_and_commas_are_forgiven_and_told() {
    let text = "# a\n/* b\n */ {\n \"Sid\": 1, // c\n \"b\": [1,\u{a0}2,],\n} // d";
    let source = read(text);
    let document = &source.documents()[0];
    assert_eq!(document.root().unwrap().to_value(), serde_json::json!({"Sid": 1, "b": [1, 2]}));
    let forgiven: Vec<_> = document.forgiven().iter().map(|forgiven| forgiven.to_string()).collect();
    assert_eq!(
        forgiven,
        [
            "comment at line 1, column 1",
            "comment at line 2, column 1",
            "comment at line 4, column 12",
            "white space that JSON does not know at line 5, column 10",
            "comma before a closing bracket at line 5, column 12",
            "comma before a closing bracket at line 5, column 14",
            "comment at line 6, column 3",
        ]
    );
    assert_eq!(document.forgiven()[0].kind(), ForgivenKind::Comment);
    let comment = document.forgiven()[2].position();
    assert_eq!(&text[comment.offset..comment.end()], "// c");
    // Within strings nothing is a comment.
    let quoted = read(r##"{"a": "http://x /* y */ # z"}"##);
    assert!(quoted.documents()[0].forgiven().is_empty());
}

#[test]
fn encodings_are_told_apart() {
    let text = "{\"Sid\": \"S-1-ä😀\"}\r\n";
    let le = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let be = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    let marked = format!("\u{feff}{text}");
    for (bytes, encoding, forgiven) in [
        (text.as_bytes().to_vec(), Encoding::Utf8, None),
        (marked.as_bytes().to_vec(), Encoding::Utf8Bom, Some(ForgivenKind::ByteOrderMark)),
        (le(text), Encoding::Utf16Le, Some(ForgivenKind::Utf16)),
        (le(&marked), Encoding::Utf16Le, Some(ForgivenKind::Utf16)),
        (be(text), Encoding::Utf16Be, Some(ForgivenKind::Utf16)),
        (be(&marked), Encoding::Utf16Be, Some(ForgivenKind::Utf16)),
    ] {
        let source = read(bytes);
        assert_eq!(source.encoding(), encoding);
        assert_eq!(source.line_ending(), LineEnding::Crlf);
        assert_eq!(source.text(), text);
        assert_eq!(source.forgiven().first().map(|forgiven| forgiven.kind()), forgiven);
        assert_eq!(source.credential_specs().count(), 0);
        assert_eq!(source.documents()[0].root(), read(text).documents()[0].root());
    }
    for (text, ending) in [
        ("{}", LineEnding::None),
        ("{\r\n}", LineEnding::Crlf),
        ("{\r\n}\n", LineEnding::Mixed),
        ("{\r}", LineEnding::Mixed),
    ] {
        assert_eq!(read(text).line_ending(), ending, "{text:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_a_fault() {
    let (kind, message) = fault(b"{\n\"Name\": \"M\xfcller\"}");
    assert_eq!(kind, SourceErrorKind::NotUtf8);
    assert_eq!(message, "bytes that are not UTF-8 at line 2, column 11");
    assert_eq!(says(b"\xff\xfe{\0}"), "bytes that are not UTF-16 at line 1, column 2");
    assert_eq!(says(b"\xff\xfe{\0\0\xd8}\0"), "bytes that are not UTF-16 at line 1, column 2");
    assert_eq!(says(b"{\"a\":\0}"), "NUL character at line 1, column 6");
    // UTF-32 starts like UTF-16.
    assert_eq!(fault(b"\xff\xfe\0\0{\0\0\0}\0\0\0").0, SourceErrorKind::NulCharacter);
}

#[test]
fn faults_have_their_place_and_advice() {
    use SourceErrorKind::Json;
    let syntax = |expected| Json(ReadErrorKind::Syntax { expected });
    let missing = |missing: &str| SourceErrorKind::Truncated { missing: missing.to_owned() };
    for (text, kind, place, help) in [
        ("{\"a\": [{\"b\": 1}, \n", missing("]}"), "line 1, column 17", ""),
        ("{\"a\": [{\"b\": \"x", missing("\"}]}"), "line 1, column 16", ""),
        ("{\"a\"", missing("}"), "line 1, column 5", ""),
        ("{\"a\": ", missing("}"), "line 1, column 6", ""),
        ("{\"a\": 1.", missing("}"), "line 1, column 9", ""),
        ("{\"a\": \"\\u00", missing("\"}"), "line 1, column 12", ""),
        (
            "{\"a\": 1\n \"b\": 2}",
            syntax(Expected::CommaOrBrace),
            "line 2, column 2",
            "a comma may be missing before it",
        ),
        (
            "{\"a\": [1\n 2]}",
            syntax(Expected::CommaOrBracket),
            "line 2, column 2",
            "a comma may be missing before it",
        ),
        ("{a: 1}", syntax(Expected::KeyOrBrace), "line 1, column 2", ""),
        ("{\"a\": 1, 2}", syntax(Expected::Key), "line 1, column 10", ""),
        ("{\"a\" 1}", syntax(Expected::Colon), "line 1, column 6", ""),
        ("{\"a\": }", syntax(Expected::Value), "line 1, column 7", ""),
        ("[1,,2]", syntax(Expected::Value), "line 1, column 4", ""),
        (
            "{\"a\": 007}",
            Json(ReadErrorKind::LeadingZero),
            "line 1, column 7",
            "put it in quotes, if it is a text",
        ),
        ("{\"a\": 1e999}", Json(ReadErrorKind::NumberOutOfRange), "line 1, column 7", ""),
        ("{\"a\": \"\\ud800\"}", Json(ReadErrorKind::LoneSurrogate), "line 1, column 8", ""),
        ("{\"a\": \"b\tc\"}", Json(ReadErrorKind::ControlCharacter), "line 1, column 9", ""),
        (
            "{\"a\": \"C:\\temp\\x\"}",
            syntax(Expected::Escape),
            "line 1, column 16",
            "a backslash in a string is written twice",
        ),
        (
            "{\"a\": \"b\n}",
            SourceErrorKind::UnclosedString,
            "line 1, column 7",
            "close it with `\"`; a line break within a string is written `\\n`",
        ),
        ("{\"a\": 1 /* b }", SourceErrorKind::UnclosedComment, "line 1, column 9", "close it with `*/`"),
        ("{\"a\": \"Id=\"x\";\"}", SourceErrorKind::QuoteInString, "line 1, column 11", "write it as `\\\"`"),
        (
            "{\"a\": guid of domain}",
            SourceErrorKind::UnquotedText,
            "line 1, column 7",
            "put it in double quotes",
        ),
        ("{\"a\": True}", SourceErrorKind::UnquotedText, "line 1, column 7", "put it in double quotes"),
        ("{\"a\": 'b'}", SourceErrorKind::SingleQuotes, "line 1, column 7", "JSON knows `\"` alone"),
        ("{'a': 1}", SourceErrorKind::SingleQuotes, "line 1, column 2", "JSON knows `\"` alone"),
        (
            "{\u{201c}a\u{201d}: 1}",
            SourceErrorKind::TypographicQuote,
            "line 1, column 2",
            "type the quotes anew: a word processor or a web page replaced them",
        ),
        (
            "{\"a\": \u{201c}b\u{201d}}",
            SourceErrorKind::TypographicQuote,
            "line 1, column 7",
            "type the quotes anew: a word processor or a web page replaced them",
        ),
        (
            "{\"a\": {{ .Values.a }}}",
            SourceErrorKind::UnresolvedTemplate,
            "line 1, column 7",
            "render the template first, or fill in the value",
        ),
        (
            "{{{ if x }} \"a\": 1}",
            SourceErrorKind::UnresolvedTemplate,
            "line 1, column 1",
            "render the template first, or fill in the value",
        ),
        (
            "{ {{ if x }} \"a\": 1}",
            SourceErrorKind::UnresolvedTemplate,
            "line 1, column 3",
            "render the template first, or fill in the value",
        ),
        (
            "{\"a\": <SID>}",
            SourceErrorKind::UnresolvedTemplate,
            "line 1, column 7",
            "render the template first, or fill in the value",
        ),
        (
            "{\"a\": ${SID}}",
            SourceErrorKind::UnresolvedTemplate,
            "line 1, column 7",
            "render the template first, or fill in the value",
        ),
        (
            "{\"a\": %s}",
            SourceErrorKind::UnresolvedTemplate,
            "line 1, column 7",
            "render the template first, or fill in the value",
        ),
    ] {
        let source = read(text);
        assert_eq!(source.documents().len(), 1, "{text}");
        let fault = source.documents()[0].fault().unwrap_or_else(|| panic!("{text}"));
        assert_eq!(fault.kind(), &kind, "{text}");
        assert_eq!(fault.position().to_string(), place, "{text}");
        assert_eq!(fault.help().unwrap_or_default(), help, "{text}");
        assert_eq!(fault.to_string(), format!("{kind} at {place}"));
    }
}

#[test]
fn several_documents_are_read_one_after_another() {
    let source =
        read("{\"Sid\": 1}\n\n{\n\"b\": 2\n}\n[3] {\"d\":4}\n---\n{\"e\": 5}\n--- {\"f\": 6}\n...\n");
    let values: Vec<_> =
        source.documents().iter().map(|document| document.root().unwrap().to_value()).collect();
    assert_eq!(serde_json::to_string(&values).unwrap(), r#"[{"Sid":1},{"b":2},[3],{"d":4},{"e":5},{"f":6}]"#);
    for nothing in ["", " \n", "// nothing\n", "---\n---\n"] {
        assert!(read(nothing).documents().is_empty(), "{nothing:?}");
    }
}

#[test]
fn a_broken_line_leaves_the_other_lines_alone() {
    let source =
        read("{\"a\":1}\n{\"a\":[1\n{\"a\":3}\ngarbage\n{\"a\":\"}\"} // x\n{\"a\":{\"b\":6}}\n{\"a\":7}\n");
    let shown: Vec<_> = source
        .documents()
        .iter()
        .map(|document| match (document.root(), document.fault()) {
            (Some(root), None) => root.to_value().to_string(),
            (None, Some(fault)) => fault.to_string(),
            _ => panic!("{document:?}"),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "{\"a\":1}",
            "the text ends within the document: `]}` is missing at line 2, column 8",
            "{\"a\":3}",
            "data after the document at line 4, column 1",
            "{\"a\":\"}\"}",
            "{\"a\":{\"b\":6}}",
            "{\"a\":7}",
        ]
    );
}

#[test]
fn a_broken_document_leaves_the_next_one_alone() {
    let source = read("{\n  \"a\": 1\n  \"b\": 2\n}\n{\n  \"c\": 3\n}\n}\n{\n  \"d\": 4\n}\n");
    let shown: Vec<_> =
        source.documents().iter().map(|document| document.fault().map(ToString::to_string)).collect();
    assert_eq!(
        shown,
        [
            Some("expected `,` or `}` at line 3, column 3".to_owned()),
            None,
            Some("data after the document at line 8, column 1".to_owned()),
            None,
        ]
    );
    assert_eq!(source.documents()[3].root().unwrap().at("/d").unwrap().position().line, 10);
}

#[test]
fn limits_hold() {
    let options = ReadOptions::new().max_depth(3).max_documents(2).max_nodes(5).max_bytes(100);
    let kinds = |text: &str| -> Vec<_> {
        let source = read_source(text.as_bytes(), &options);
        source.documents().iter().map(|document| document.fault().map(|fault| fault.kind().clone())).collect()
    };
    assert_eq!(kinds("[[[]]]"), [None]);
    assert_eq!(kinds("[[[[]]]]"), [Some(SourceErrorKind::TooDeep { limit: 3 })]);
    assert_eq!(kinds("[1,2,3,4]"), [None]);
    assert_eq!(kinds("[1,2,3,4,5]"), [Some(SourceErrorKind::TooManyNodes { limit: 5 })]);
    assert_eq!(kinds("[1,2]\n[3]"), [None, None]);
    assert_eq!(kinds("[1,2]\n[3,4]"), [None, Some(SourceErrorKind::TooManyNodes { limit: 5 })]);
    assert_eq!(kinds("{}\n{}\n{}\n{}"), [None, None, Some(SourceErrorKind::TooManyDocuments { limit: 2 })]);
    assert_eq!(kinds(&" ".repeat(101)), [Some(SourceErrorKind::TooLarge { limit: 100 })]);
    assert!(
        read_source(&[b'['; 1 << 20], &ReadOptions::default().max_depth(255)).documents()[0]
            .fault()
            .is_some()
    );
}

fn forms(text: &str) -> Vec<String> {
    read(text)
        .documents()
        .iter()
        .map(|document| match document.form() {
            Form::Spec => "spec".to_owned(),
            Form::Resource(head) => format!("resource {:?} {:?}", head.api_version(), head.name()),
            Form::List(head) => format!("list {:?}", head.kind()),
            Form::Other(head) => format!("other {:?} {:?}", head.kind(), head.namespace()),
            Form::Unknown => "unknown".to_owned(),
            _ => panic!("{document:?}"),
        })
        .collect()
}

#[test]
fn documents_say_what_they_are() {
    let pod = r#"{"kind":"Pod","metadata":{"name":"web","namespace":"shop"}}"#;
    for (text, form) in [
        (r#"{"CmsPlugins":[]}"#, "spec"),
        (r#"{"domainjoinconfig":1}"#, "spec"),
        (
            r#"{"apiVersion":"a/v1","kind":"GMSACredentialSpec","metadata":{"name":"w"}}"#,
            "resource Some(\"a/v1\") Some(\"w\")",
        ),
        (r#"{"kind":"GmsaCredentialSpec","apiVersion":1}"#, "resource None None"),
        (r#"{"credspec":{}}"#, "resource None None"),
        (r#"{"kind":"List","items":[]}"#, "list Some(\"List\")"),
        (pod, "other Some(\"Pod\") Some(\"shop\")"),
        (r#"{"something":"else"}"#, "unknown"),
        ("[]", "unknown"),
        ("{", "unknown"),
    ] {
        assert_eq!(forms(text), [form], "{text}");
    }
}

#[test]
fn credential_specs_are_found_where_people_put_them() {
    let found = |text: &str| -> Vec<(usize, String, JsonType, Option<String>)> {
        read(text)
            .credential_specs()
            .map(|spec| {
                let name = spec.resource().and_then(|head| head.name()).map(str::to_owned);
                (spec.document(), spec.pointer().to_string(), spec.node().json_type(), name)
            })
            .collect()
    };
    let spec = r#"{"CmsPlugins":["ActiveDirectory"]}"#;
    let resource =
        |inner: &str| format!(r#"{{"kind":"GMSACredentialSpec","metadata":{{"name":"w"}},{inner}}}"#);
    let name = Some("w".to_owned());
    let at = |pointer: &str, of| vec![(0, pointer.to_owned(), of, name.clone())];
    assert_eq!(found(spec), [(0, String::new(), JsonType::Object, None)]);
    assert_eq!(found(&resource(&format!("\"credspec\":{spec}"))), at("/credspec", JsonType::Object));
    assert_eq!(
        found(&resource(&format!("\"spec\":{{\"credspec\":{spec}}}"))),
        at("/spec/credspec", JsonType::Object)
    );
    assert_eq!(found(&resource(&format!("\"spec\":{spec}"))), at("/spec", JsonType::Object));
    assert_eq!(found(&resource("\"CmsPlugins\":[]")), at("", JsonType::Object));
    assert_eq!(found(&resource("\"credspec\":\"{}\"")), at("/credspec", JsonType::String));
    assert_eq!(found(&resource("\"credspec\":null")), at("/credspec", JsonType::Null));
    assert_eq!(found(&resource("\"spec\":{}")), []);
    assert_eq!(found(&resource("\"credspec\":{},\"credspec\":{}")).len(), 2);
    let list = format!(
        r#"{{"kind":"GMSACredentialSpecList","items":[{{"kind":"Pod"}},{}]}}"#,
        resource(&format!("\"credspec\":{spec}"))
    );
    assert_eq!(found(&list), at("/items/1/credspec", JsonType::Object));
    assert_eq!(found(r#"{"kind":"Pod","CmsPlugins":[]}"#), []);
    let several: Vec<_> = found(&format!("{spec}\n[]\n{spec}\n")).into_iter().map(|found| found.0).collect();
    assert_eq!(several, [0, 2]);
}

#[test]
fn a_found_spec_converts() {
    let source = read(r#"{"kind":"GMSACredentialSpec","credspec":{"CmsPlugins":["ActiveDirectory"],"x":1}}"#);
    let spec = source.credential_specs().next().unwrap();
    let typed = spec.node().to_credential_spec().unwrap();
    assert!(typed.cms_plugins.is_some() && typed.unknown.contains_key("x"));
    assert!(read("[]").documents()[0].root().unwrap().to_credential_spec().is_none());
}

#[test]
fn nothing_that_is_shown_repeats_a_document() {
    let mut shown = String::new();
    for text in [
        r#"{"hunter2": "hunter2", "Sid": ["hunter2", {"PluginInput": "hunter2"}]} // hunter2"#,
        r#"{"credspec": {"CmsPlugins": "hunter2", "hunter2": 1}}"#,
        r#"{"hunter2": hunter2}"#,
        r#"{"hunter2": "hunter2"#,
        r#"{"a": "hunter2"hunter2"}"#,
        "hunter2: 'hunter2",
        "hunter2: hunter2\nhunter2",
        "hunter2",
        "hunter2: hunter2: hunter2",
        "{\"a\": {{ hunter2 }}}",
    ] {
        let source = read(text);
        shown += &format!("{source:?} {source:#?}");
        for document in source.documents() {
            if let Some(fault) = document.fault() {
                shown += &format!("{fault} {:?}", fault.help());
            }
            if let Some(root) = document.root() {
                shown += &format!("{:?} {:?} {:?}", root.value(), root.members(), root.walk());
                for (pointer, node) in root.walk() {
                    shown += &format!("{pointer} {pointer:?} {node:?} {}", Pointer::from(&pointer));
                }
            }
            for forgiven in document.forgiven() {
                shown += &format!("{forgiven} {forgiven:?}");
            }
        }
        for spec in source.credential_specs() {
            shown += &format!("{spec:?}");
        }
    }
    assert!(shown.len() > 1000);
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[cfg(not(feature = "yaml"))]
#[test]
fn without_the_feature_yaml_is_a_fault_of_its_own() {
    let source = read("{\"Sid\": 1}\n---\na: 1\n");
    assert!(source.documents()[0].root().is_some());
    let fault = source.documents()[1].fault().unwrap();
    assert_eq!(fault.to_string(), "not JSON; this program does not read YAML at line 3, column 1");
}
