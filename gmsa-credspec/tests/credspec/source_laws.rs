//! Laws of reading as people have it, as properties.

use gmsa_credspec::CanonicalContents;
use gmsa_credspec::source::{Node, ReadOptions, Source, read_source};
use gmsa_credspec::strategy::{Json, document, exact_document, taste};
use proptest::prelude::*;
use serde_json::Value;

fn read(bytes: impl AsRef<[u8]>) -> Source {
    read_source(bytes.as_ref(), &ReadOptions::new())
}

fn only(source: &Source) -> &Node {
    assert_eq!(source.documents().len(), 1, "{source:?}");
    source.documents()[0].root().unwrap_or_else(|| panic!("{source:?}"))
}

fn slice<'s>(source: &'s Source, node: &Node) -> &'s str {
    &source.text()[node.position().offset..node.position().end()]
}

/// Two spaces after the colon, and children below the value, as Windows PowerShell 5.1 writes.
fn as_powershell(value: &Value, column: usize, out: &mut String) {
    let (open, close, items): (_, _, Vec<(Option<&String>, &Value)>) = match value {
        Value::Array(items) => ("[", "]", items.iter().map(|item| (None, item)).collect()),
        Value::Object(members) => ("{", "}", members.iter().map(|(key, value)| (Some(key), value)).collect()),
        scalar => return out.push_str(&scalar.to_string()),
    };
    out.push_str(open);
    for (index, (key, item)) in items.iter().enumerate() {
        out.push_str(if index > 0 { ",\r\n" } else { "\r\n" });
        out.push_str(&" ".repeat(column + 4));
        let key = key.map(|key| format!("{}:  ", Value::from(key.as_str()))).unwrap_or_default();
        out.push_str(&key);
        as_powershell(item, column + 4 + key.chars().count(), out);
    }
    out.push_str(&format!("\r\n{}{close}", " ".repeat(column)));
}

/// Block style where there is something in it, and texts in double quotes, all ASCII.
#[cfg(feature = "yaml")]
fn as_yaml(value: &Value, column: usize, out: &mut String) {
    let quoted = |text: &str| -> String {
        let mut quoted = String::new();
        for character in Value::from(text).to_string().chars() {
            match character {
                ' '..='~' => quoted.push(character),
                _ => character
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .for_each(|unit| quoted += &format!("\\u{unit:04x}")),
            }
        }
        quoted
    };
    let line = format!("\n{}", " ".repeat(column));
    match value {
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&format!("{line}- "));
                as_yaml(item, column + 2, out);
            }
        }
        Value::Object(members) if !members.is_empty() => {
            for (key, item) in members {
                out.push_str(&format!("{line}{}: ", quoted(key)));
                // Items need no more indentation than the key above them.
                as_yaml(item, if item.is_array() { column } else { column + 2 }, out);
            }
        }
        Value::String(text) => out.push_str(&quoted(text)),
        other => out.push_str(&other.to_string()),
    }
}

fn chaos() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        ": ",
        "\"",
        "\"a\"",
        "'",
        "a",
        "1",
        "-",
        "- ",
        "\n",
        "\n  ",
        "\r\n",
        "\t",
        " ",
        "#",
        "//",
        "/*",
        "*/",
        "{{",
        "}}",
        "{%",
        "---",
        "\n---\n",
        "...",
        "&a ",
        "*a",
        "<<",
        "<<: *a",
        "!!int ",
        "| ",
        ">-\n",
        "null",
        "NO",
        "\\",
        "\\ud800",
        "\u{feff}",
        "\u{a0}",
        "é",
        "😀",
        "? ",
        "%TAG",
        "\u{201c}",
        "credspec",
        "kind: GMSACredentialSpec\n",
        "\"kind\":\"List\"",
        "\"items\":[",
    ]);
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn check_bounds(source: &Source) {
    for document in source.documents() {
        assert!(document.root().is_some() != document.fault().is_some());
        let positions = document.forgiven().iter().map(|forgiven| forgiven.position());
        let fault = document.fault().map(|fault| fault.position());
        for position in positions.chain([document.position()]).chain(fault) {
            assert!(position.line > 0 && position.column > 0);
            // Bytes that are no text have a place and no text.
            assert!(source.text().is_empty() || source.text().get(position.offset..position.end()).is_some());
        }
        for (pointer, node) in document.root().into_iter().flat_map(Node::walk) {
            assert!(
                source.text().get(node.position().offset..node.position().end()).is_some(),
                "{pointer:?}"
            );
        }
    }
    for spec in source.credential_specs() {
        let root = source.documents()[spec.document()].root().unwrap();
        assert!(root.at(spec.pointer().as_str()).is_some());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check_bounds(&read(&bytes));
        check_bounds(&read([b"\xff\xfe", &bytes[..]].concat()));
    }

    #[test]
    fn any_text_is_read_to_its_end(text in chaos()) {
        let source = read(&text);
        check_bounds(&source);
        let tight = ReadOptions::new().max_depth(2).max_documents(2).max_nodes(6);
        let source = read_source(text.as_bytes(), &tight);
        check_bounds(&source);
        prop_assert!(source.documents().len() <= 3);
        let nodes: usize = source.documents().iter().filter_map(|document| document.root()).map(|root| root.walk().count()).sum();
        prop_assert!(nodes <= 6, "{}", nodes);
    }

    #[test]
    fn any_part_of_a_document_is_read(document in document(), taste in taste(), cut in any::<prop::sample::Index>()) {
        let text = document.written(&taste);
        let part: String = text.chars().take(cut.index(text.chars().count())).collect();
        let source = read(&part);
        check_bounds(&source);
        if !part.trim().is_empty() && !text.trim_end().eq(part.trim_end()) {
            prop_assert!(source.documents()[0].fault().is_some());
        }
    }

    #[test]
    fn what_any_writer_writes_is_read_alike(document in exact_document(), taste in taste()) {
        let compact = document.written(&taste);
        let value: Value = serde_json::from_str(&compact).unwrap();
        let canonical = CanonicalContents::from_json(&compact).unwrap().as_str().to_owned();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let mut powershell = String::new();
        as_powershell(&value, 0, &mut powershell);
        for text in [compact, pretty, powershell] {
            let source = read(&text);
            prop_assert_eq!(only(&source).to_value(), value.clone());
            prop_assert!(source.documents()[0].forgiven().is_empty());
        }
        let canonical_value: Value = serde_json::from_str(&canonical).unwrap();
        prop_assert_eq!(only(&read(canonical)).to_value(), canonical_value);
    }

    #[test]
    fn positions_are_those_of_the_values(document in document(), taste in taste()) {
        let text = document.written(&taste);
        let source = read(&text);
        for (pointer, node) in only(&source).walk() {
            let inner = read(format!("[{}]", slice(&source, node)));
            prop_assert_eq!(only(&inner).items()[0].to_value(), node.to_value());
            let before = &text[..node.position().offset];
            prop_assert_eq!(node.position().line, before.matches('\n').count() + 1);
            let line = before.rsplit('\n').next().unwrap();
            prop_assert_eq!(node.position().column, line.chars().count() + 1);
            if let Some(found) = only(&source).at(pointer.as_str()) {
                prop_assert!(std::ptr::eq(found, node));
            } else {
                prop_assert!(false, "a pointer that leads nowhere");
            }
            for member in node.members() {
                let key = &text[member.key_position().offset..member.key_position().end()];
                prop_assert_eq!(serde_json::from_str::<String>(key).unwrap(), member.key());
            }
        }
    }

    #[test]
    fn encodings_change_nothing(document in exact_document()) {
        let value: Value = serde_json::from_str(&document.plain()).unwrap();
        let text = serde_json::to_string_pretty(&value).unwrap();
        let crlf = text.replace('\n', "\r\n");
        let plain = read(&text);
        prop_assert_eq!(only(&read(&crlf)).to_value(), value);
        for text in [text, crlf] {
            let expected = read(&text);
            let marked = format!("\u{feff}{text}");
            let le: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let be: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
            for bytes in [marked.into_bytes(), le.clone(), be.clone(), le[2..].to_vec(), be[2..].to_vec()] {
                let source = read(bytes);
                prop_assert_eq!(source.documents(), expected.documents());
                prop_assert_eq!(source.text(), expected.text());
            }
        }
        // Lines and columns do not depend on what ends the lines.
        let places = |source: &Source| -> Vec<(usize, usize)> {
            only(source).walk().map(|(_, node)| (node.position().line, node.position().column)).collect()
        };
        prop_assert_eq!(places(&plain), places(&read(plain.text().replace('\n', "\r\n"))));
    }

    #[test]
    fn what_is_forgiven_changes_nothing(document in exact_document()) {
        let value: Value = serde_json::from_str(&document.plain()).unwrap();
        let text = serde_json::to_string_pretty(&value).unwrap();
        let commented = format!("/* a */{}// b", text.replace('\n', " // {\"[\n"));
        let lines = text.matches('\n').count();
        let source = read(&commented);
        prop_assert_eq!(only(&source).to_value(), value);
        prop_assert_eq!(source.documents()[0].forgiven().len(), lines + 2);
    }

    #[test]
    fn documents_in_a_row_are_those_alone(documents in proptest::collection::vec(document(), 1..5), taste in taste()) {
        let texts: Vec<String> =
            documents.iter().map(|document: &Json| document.written(&taste).trim().to_owned()).collect();
        for separator in ["\n", " ", "\n---\n", "\r\n...\r\n---\r\n"] {
            let source = read(texts.join(separator));
            let values: Vec<_> = source.documents().iter().map(|document| document.root().map(Node::to_value)).collect();
            let alone: Vec<_> = texts.iter().map(|text| Some(only(&read(text)).to_value())).collect();
            prop_assert_eq!(values, alone);
        }
    }
}

#[test]
fn a_document_of_two_lines_may_stand_before_many_of_one() {
    for first in ["{\"a\"\n:null}", "{\"a\":\n{}}", "{\n\"a\":[\n{}]\n}"] {
        let text = format!("{first}{}", "\n{}".repeat(8));
        let source = read(&text);
        assert_eq!(source.documents().len(), 9, "{text}");
        assert!(source.documents().iter().all(|document| document.root().is_some()), "{text}");
    }
}

#[cfg(feature = "yaml")]
proptest! {
    #[test]
    fn yaml_says_what_json_says(document in exact_document()) {
        let value: Value = serde_json::from_str(&document.plain()).unwrap();
        let mut text = "--- ".to_owned();
        as_yaml(&value, 0, &mut text);
        let source = read(&text);
        // Kubernetes writes floats of whole numbers as integers; numerically that is the same.
        let normal = |value: &Value| CanonicalContents::from_json(&value.to_string()).unwrap().as_str().to_owned();
        prop_assert_eq!(normal(&only(&source).to_value()), normal(&value));
        for (_, node) in only(&source).walk() {
            let indent = " ".repeat(node.position().column - 1);
            let inner = read(format!("---\n{indent}{}", slice(&source, node)));
            prop_assert_eq!(only(&inner).to_value(), node.to_value());
        }
    }

    #[test]
    fn plain_text_of_yaml_is_read_as_written_or_resolved(text in "[-+.0-9a-fA-FxXoObBeE_yYnNtTfFuUlLsSr~]{1,8}") {
        let source = read(format!("k: {text}\n"));
        if let Some(node) = source.documents()[0].root().and_then(|root| root.get("k")) {
            prop_assert_eq!(slice(&source, node), text.as_str());
            prop_assert_eq!(node.written().or(node.as_str()), Some(text.as_str()));
        }
    }
}
