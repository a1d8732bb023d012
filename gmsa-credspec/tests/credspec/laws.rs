//! Laws that hold for every document, as properties.

use crate::documents::{leaf_mut, leaves, visit_objects};
use gmsa_credspec::source::{ReadOptions, read_source};
use gmsa_credspec::strategy::{
    Json, contents, document, encoded, exact_document, hostile_contents, key, number_literal, taste,
};
use gmsa_credspec::{CanonicalContents, Comparison, DIFFERENCE_LIMIT, ReadErrorKind, Side, compare, read};
use gmsa_types::CredentialSpec;
use proptest::prelude::*;

fn canonical(text: &str) -> CanonicalContents<'_> {
    CanonicalContents::from_json(text).unwrap()
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(document in exact_document(), taste in taste()) {
        let text = document.written(&taste);
        let spec = read(&text).unwrap();
        let contents = CanonicalContents::from_spec(&spec).unwrap();
        let again = read(contents.as_str()).unwrap();
        prop_assert_eq!(CanonicalContents::from_spec(&again).unwrap(), contents.borrowed());
        // Nothing is lost on the way: not an unknown key, not a value of a wrong type.
        prop_assert_eq!(contents.borrowed(), canonical(&text));
        prop_assert!(compare(&text, contents.as_str()).is_equal());
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(compare(&serde_json::to_string(&spec).unwrap(), &value.to_string()), Comparison::Equal);
    }

    #[test]
    fn both_ways_to_the_canonical_form_agree(document in document()) {
        let text = document.plain();
        let spec = read(&text).unwrap();
        let contents = CanonicalContents::from_spec(&spec).unwrap();
        prop_assert_eq!(contents, canonical(&text));
    }

    #[test]
    fn reading_agrees_with_serde_json(document in exact_document(), taste in taste()) {
        let text = document.written(&taste);
        let theirs: CredentialSpec = serde_json::from_str(&text).unwrap();
        prop_assert!(read(&text).unwrap() == theirs);
    }

    #[test]
    fn canonical_writing_is_a_fixed_point(document in document(), taste in taste()) {
        let text = document.written(&taste);
        let once = canonical(&text);
        let twice = canonical(once.as_str());
        prop_assert_eq!(&twice, &once);
        prop_assert_eq!(twice.as_str().as_ptr(), once.as_str().as_ptr(), "a canonical text is borrowed");
    }

    #[test]
    fn the_canonical_form_does_not_depend_on_the_way_of_writing(
        document in document(), one in taste(), other in taste()
    ) {
        let (one, other) = (document.written(&one), document.written(&other));
        prop_assert_eq!(canonical(&one), canonical(&other));
        prop_assert!(compare(&one, &other).is_equal());
        prop_assert!(compare(&other, &one).is_equal());
    }

    #[test]
    fn comparing_is_reflexive(document in document()) {
        let text = document.plain();
        prop_assert!(compare(&text, &text).is_equal());
        let padded = format!(" {text} ");
        prop_assert!(compare(&text, &padded).is_equal());
    }

    #[test]
    fn comparing_is_symmetric(left in document(), right in document()) {
        let (left, right) = (left.plain(), right.plain());
        let (forth, back) = (compare(&left, &right), compare(&right, &left));
        prop_assert_eq!(forth.is_equal(), back.is_equal());
        if let (Comparison::Different(forth), Comparison::Different(back)) = (&forth, &back) {
            let places = |differences: &[gmsa_credspec::Difference]| -> Vec<_> {
                differences.iter().map(|one| one.pointer().clone()).collect()
            };
            prop_assert_eq!(places(forth), places(back));
            prop_assert!(!forth.is_empty() && forth.len() <= DIFFERENCE_LIMIT);
        }
    }

    #[test]
    fn a_changed_leaf_is_never_equal(document in exact_document(), choice in any::<usize>(), taste in taste()) {
        let mut changed = document.clone();
        let mut choice = choice % leaves(&document);
        let leaf = leaf_mut(&mut changed, &mut choice).unwrap();
        *leaf = match leaf {
            Json::Null => Json::Bool(false),
            Json::Bool(value) => Json::Bool(!*value),
            Json::Number(literal) => Json::Number(format!("{literal}{}1", if literal.contains('.') { "" } else { "." })),
            Json::Text(text) => Json::Text(format!("{text} ")),
            Json::Array(_) => Json::Object(vec![]),
            Json::Object(_) => Json::Object(vec![(String::new(), Json::Null)]),
        };
        let (left, right) = (document.plain(), changed.written(&taste));
        let comparison = compare(&left, &right);
        let Comparison::Different(differences) = &comparison else {
            return Err(TestCaseError::fail("a change went unseen"));
        };
        prop_assert_eq!(differences.len(), 1);
        // A pointer that both sides know finds the values in question.
        let find = |text: &str| {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            value.pointer(differences[0].pointer().as_str()).cloned()
        };
        prop_assert_ne!(find(&left), find(&right));
        prop_assert!(!canonical(&left).compare(&right).is_equal());
    }

    #[test]
    fn a_key_twice_is_refused_at_every_level(
        document in document(), choice in any::<usize>(), value in any::<bool>(), taste in taste()
    ) {
        let mut document = Json::Object(vec![("document".to_owned(), document)]);
        let count = visit_objects(&mut document, &mut |_| {});
        let mut turn = choice % count;
        visit_objects(&mut document, &mut |members| {
            if turn == 0 {
                let key = members[choice % members.len()].0.clone();
                members.push((key, Json::Bool(value)));
            }
            turn = turn.wrapping_sub(1);
        });
        let text = document.written(&taste);
        prop_assert_eq!(CanonicalContents::from_json(&text).unwrap_err().kind(), ReadErrorKind::DuplicateKey);
        prop_assert_eq!(read(&text).unwrap_err().kind(), ReadErrorKind::DuplicateKey);
        let Comparison::Unreadable { side, error } = compare("{}", &text) else {
            return Err(TestCaseError::fail("a key twice was read"));
        };
        prop_assert_eq!((side, error.kind()), (Side::Right, ReadErrorKind::DuplicateKey));
        prop_assert!(!compare(&text, &text).is_equal());
    }

    #[test]
    fn hostile_contents_are_refused_and_good_ones_are_not(
        good in contents(), bad in hostile_contents(), (encoding, bytes) in encoded(contents()),
    ) {
        prop_assert!(read(&good).is_ok());
        prop_assert!(read(&bad).is_err(), "{}", bad);
        check_error(&bad)?;
        let source = read_source(&bytes, &ReadOptions::new());
        prop_assert_eq!(source.encoding(), encoding);
        prop_assert_eq!(source.credential_specs().count(), 1);
    }

    #[test]
    fn no_text_panics_and_every_error_lies_within_the_text(text in any::<String>()) {
        check_error(&text)?;
    }

    #[test]
    fn no_json_like_text_panics(text in "[\\[\\]{}:,\"\\\\ue0-9.+\\-a-fnrt \n\u{feff}\u{1}]{0,40}") {
        check_error(&text)?;
    }

    #[test]
    fn a_damaged_document_is_judged_as_serde_json_judges_it(
        document in exact_document(), taste in taste(), at in any::<usize>(), byte in proptest::option::of(" -~")
    ) {
        let text = document.written(&taste);
        let characters: Vec<char> = text.chars().collect();
        let at = at % characters.len();
        let mut damaged: String = characters[..at].iter().collect();
        damaged.extend(byte);
        damaged.extend(&characters[at + 1..]);
        check_error(&damaged)?;
        let theirs = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&damaged);
        match CanonicalContents::from_json(&damaged).map_err(|error| error.kind()) {
            Ok(_) => prop_assert!(theirs.is_ok()),
            // serde_json takes the last of duplicate keys, and may find another fault further on.
            Err(ReadErrorKind::DuplicateKey) => {}
            Err(_) => prop_assert!(theirs.is_err()),
        }
    }

    #[test]
    fn numbers_are_judged_as_serde_json_judges_them(literal in "-?[0-9]{0,3}\\.?[0-9]{0,3}([eE][+-]?[0-9]{0,4})?") {
        let text = format!("{{\"n\":{literal}}}");
        prop_assert_eq!(
            CanonicalContents::from_json(&text).is_ok(),
            serde_json::from_str::<serde_json::Value>(&text).is_ok()
        );
    }

    #[test]
    fn a_canonical_number_is_the_same_floating_point_number(literal in number_literal()) {
        let text = format!("{{\"n\":{literal}}}");
        let contents = canonical(&text);
        let written = contents.as_str().strip_prefix("{\"n\":").unwrap().strip_suffix('}').unwrap();
        prop_assert_eq!(written.parse::<f64>().unwrap(), literal.parse::<f64>().unwrap());
    }

    #[test]
    fn numbers_are_equal_whatever_way_their_value_is_written(
        digits in "[1-9][0-9]{0,20}", zeros in 0_usize..30, shift in 0_usize..21, negative in any::<bool>()
    ) {
        let sign = if negative { "-" } else { "" };
        let plain = format!("{sign}{digits}");
        let shift = shift.min(digits.len() - 1);
        let (whole, fraction) = digits.split_at(digits.len() - shift);
        let point = if zeros + shift > 0 { "." } else { "" };
        let moved = format!("{sign}{whole}{point}{fraction}{}e+{shift}", "0".repeat(zeros));
        let scaled = format!("{sign}{digits}{}E-{zeros}", "0".repeat(zeros));
        let nearby = format!("{plain}.{}1", "0".repeat(zeros));
        let document = |literal: &str| format!("[{literal}]").replace('[', "{\"n\":").replace(']', "}");
        prop_assert!(compare(&document(&plain), &document(&moved)).is_equal());
        prop_assert!(compare(&document(&scaled), &document(&moved)).is_equal());
        prop_assert!(!compare(&document(&plain), &document(&nearby)).is_equal());
        prop_assert!(!compare(&document(&nearby), &document(&moved)).is_equal());
    }

    #[test]
    fn serde_carries_canonical_contents(document in document(), taste in taste()) {
        let text = document.written(&taste);
        let contents = canonical(&text);
        let wire = serde_json::to_string(&contents).unwrap();
        prop_assert_eq!(serde_json::from_str::<String>(&wire).unwrap(), contents.as_str());
        prop_assert_eq!(&serde_json::from_str::<CanonicalContents<'_>>(&wire).unwrap(), &contents);
        let from_any = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(&serde_json::from_str::<CanonicalContents<'_>>(&from_any).unwrap(), &contents);
    }

    #[test]
    fn a_missing_key_is_reported_on_the_side_that_has_it(document in exact_document(), key in key()) {
        let Json::Object(mut members) = document else { unreachable!() };
        members.retain(|(known, _)| *known != key);
        let without = Json::Object(members.clone()).plain();
        members.push((key, Json::Null));
        let with = Json::Object(members).plain();
        let Comparison::Different(differences) = compare(&with, &without) else {
            return Err(TestCaseError::fail("a key too many went unseen"));
        };
        prop_assert_eq!(differences.len(), 1);
        prop_assert_eq!(differences[0].kind(), gmsa_credspec::DifferenceKind::OnlyLeft);
    }
}

fn check_error(text: &str) -> Result<(), TestCaseError> {
    let _ = read(text);
    let _ = compare(text, text);
    if let Err(error) = CanonicalContents::from_json(text) {
        prop_assert!(text.is_char_boundary(error.offset()));
        let before = &text[..error.offset()];
        prop_assert_eq!(error.line(), before.matches('\n').count() + 1);
        prop_assert_eq!(error.column(), before.rsplit('\n').next().unwrap().chars().count() + 1);
    }
    Ok(())
}
