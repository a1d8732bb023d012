//! Any bytes, as the file that somebody has: read to the end, with every place inside the text, and the same in each encoding.

use gmsa_credspec::source::{Encoding, Node, ReadOptions, Source, read_source};

pub fn run(data: &[u8]) {
    let source = read_source(data, &ReadOptions::new());
    check(&source);
    let tight = read_source(data, &ReadOptions::new().max_depth(2).max_documents(2).max_nodes(6));
    check(&tight);
    let nodes: usize =
        tight.documents().iter().filter_map(|one| one.root()).map(|root| root.walk().count()).sum();
    assert!(tight.documents().len() <= 3 && nodes <= 6);
    if source.encoding() == Encoding::Utf8 && !source.text().is_empty() {
        in_other_encodings(&source);
    }
}

fn in_other_encodings(source: &Source) {
    let marked = format!("\u{feff}{}", source.text());
    let little: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [marked.into_bytes(), little, big] {
        let other = read_source(&bytes, &ReadOptions::new());
        assert_eq!(other.text(), source.text());
        assert!(other.documents() == source.documents(), "an encoding changed what is read");
    }
}

fn check(source: &Source) {
    for document in source.documents() {
        assert!(document.root().is_some() != document.fault().is_some());
        let forgiven = document.forgiven().iter().map(|forgiven| forgiven.position());
        let fault = document.fault().map(|fault| fault.position());
        for position in forgiven.chain([document.position()]).chain(fault) {
            assert!(position.line > 0 && position.column > 0);
            // Bytes that are no text have a place and no text.
            assert!(source.text().is_empty() || source.text().get(position.offset..position.end()).is_some());
        }
        for (_, node) in document.root().into_iter().flat_map(Node::walk) {
            let position = node.position();
            assert!(source.text().get(position.offset..position.end()).is_some());
        }
    }
    for spec in source.credential_specs() {
        let root = source.documents()[spec.document()].root().expect("a credential spec is in a document");
        assert!(root.at(spec.pointer().as_str()).is_some());
    }
}
