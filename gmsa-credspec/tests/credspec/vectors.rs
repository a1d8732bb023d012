//! What upstream recorded, replayed.

use std::collections::BTreeMap;

use gmsa_credspec::{CanonicalContents, Comparison, DifferenceKind, JsonType, ReadErrorKind, compare, read};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Line {
    Inline { credspec: String, contents: String },
    Compare { a: String, b: String, equal: bool, error: Option<String> },
}

fn lines() -> Vec<Line> {
    include_str!("../vectors/inline.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Why we refuse a document that upstream reads; `None` for a fault that upstream must have seen as well.
fn stricter_than_upstream(kind: ReadErrorKind) -> Option<&'static str> {
    match kind {
        ReadErrorKind::DuplicateKey => Some("duplicate key: upstream takes the last"),
        ReadErrorKind::LoneSurrogate => Some("lone surrogate: upstream reads U+FFFD"),
        ReadErrorKind::TooDeep { .. } => Some("nesting: upstream allows 10000 levels"),
        ReadErrorKind::NotAnObject { found: JsonType::Null } => {
            Some("null: upstream reads a map that equals none")
        }
        _ => None,
    }
}

#[test]
fn canonical_contents_are_what_upstream_inlines() {
    let mut replayed = 0;
    for line in lines() {
        let Line::Inline { credspec, contents } = line else { continue };
        replayed += 1;
        match CanonicalContents::from_json(&credspec) {
            Ok(canonical) => {
                assert_eq!(canonical.as_str(), contents, "{credspec}");
                assert!(compare(&credspec, &contents).is_equal(), "{credspec}");
                let spec = read(&credspec).unwrap();
                assert_eq!(CanonicalContents::from_spec(&spec).unwrap().as_str(), contents, "{credspec}");
            }
            Err(error) => assert!(stricter_than_upstream(error.kind()).is_some(), "{error}: {credspec}"),
        }
        assert_eq!(CanonicalContents::from_json(&contents).unwrap().as_str(), contents);
    }
    assert!(replayed >= 250, "{replayed}");
}

#[test]
fn comparison_says_what_upstream_says_except_where_it_is_stricter() {
    let (mut replayed, mut stricter) = (0, BTreeMap::<&str, usize>::new());
    for line in lines() {
        let Line::Compare { a, b, equal, error } = line else { continue };
        replayed += 1;
        let ours = compare(&a, &b);
        match &ours {
            Comparison::Equal => assert!(equal && error.is_none(), "{a}\n{b}"),
            Comparison::Different(differences) => {
                assert!(error.is_none(), "{a}\n{b}");
                if equal {
                    // Numbers that are one floating-point number but not one decimal value.
                    assert!(differences.iter().all(|one| one.kind() == DifferenceKind::Value), "{a}\n{b}");
                    *stricter.entry("number: upstream rounds").or_default() += 1;
                }
            }
            Comparison::Unreadable { error: ours, .. } => match stricter_than_upstream(ours.kind()) {
                Some(kind) => *stricter.entry(kind).or_default() += 1,
                None => assert!(error.is_some(), "{ours}: {a}\n{b}"),
            },
        }
    }
    assert!(replayed >= 250, "{replayed}");
    println!("stricter than upstream: {stricter:?}");
}
