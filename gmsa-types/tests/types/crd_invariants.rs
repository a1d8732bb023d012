//! What the API server asks of a definition before it takes it. The strict definition is in
//! `documents/strict.json`; to write it anew, run with `UPDATE_GOLDEN=1` and read the difference.
//!
//! Source: `apiextensions-apiserver` `pkg/apis/apiextensions/validation/validation.go` and
//! `pkg/apiserver/schema/validation.go`.
#![cfg(feature = "schemars")]

use std::collections::BTreeSet;

use crate::judge::{Judge, documented};
use gmsa_types::crd::{Definition, SelectableField};
use regex::Regex;
use serde_json::{Value, json};

fn definitions() -> Vec<Definition> {
    let all = |definition: Definition| {
        [
            definition.clone(),
            definition.clone().keep_unknown_fields(),
            definition.clone().require_identity(),
            definition.selectable(SelectableField::ALL).require_identity().keep_unknown_fields(),
        ]
    };
    [all(Definition::upstream()), all(Definition::strict())].into_iter().flatten().collect()
}

/// The schemas of the versions, as JSON.
fn schemas(definition: &Definition) -> Vec<Value> {
    let mut crd = serde_json::to_value(definition.build()).unwrap();
    let versions = crd["spec"]["versions"].as_array_mut().unwrap();
    versions.iter_mut().map(|version| version["schema"]["openAPIV3Schema"].take()).collect()
}

/// Every schema that has values, with its place, and how many such values an object may have.
fn visit<'s>(schema: &'s Value, place: &str, times: u64, see: &mut impl FnMut(&str, &'s Value, u64)) {
    see(place, schema, times);
    for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
        visit(schema, &format!("{place}.{key}"), times, see);
    }
    if let Some(items) = schema.get("items") {
        let most = schema["maxItems"].as_u64().unwrap_or(u64::MAX);
        visit(items, &format!("{place}[]"), times.saturating_mul(most), see);
    }
}

fn every_schema(mut see: impl FnMut(&str, &Value, u64)) {
    for definition in definitions() {
        for schema in schemas(&definition) {
            visit(&schema, "", 1, &mut see);
        }
    }
}

#[test]
fn the_strict_definition_is_the_one_that_was_looked_at() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/documents/strict.json");
    let strict = Definition::strict().selectable(SelectableField::ALL).build();
    let strict = serde_json::to_string_pretty(&strict).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &strict).unwrap();
    }
    assert_eq!(strict, std::fs::read_to_string(path).unwrap());
}

#[test]
fn every_schema_is_structural() {
    const STRUCTURE: [&str; 6] = [
        "type",
        "description",
        "properties",
        "items",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    ];
    const VALUES: [&str; 10] = [
        "required",
        "minLength",
        "maxLength",
        "pattern",
        "enum",
        "minItems",
        "maxItems",
        "not",
        "allOf",
        "anyOf",
    ];

    every_schema(|place, schema, _| {
        for (keyword, value) in schema.as_object().unwrap() {
            assert!(STRUCTURE.contains(&keyword.as_str()) || VALUES.contains(&keyword.as_str()), "{keyword}");
            // Under these nothing may stand but what concerns values.
            let inner = match keyword.as_str() {
                "not" => vec![value],
                "allOf" | "anyOf" => value.as_array().unwrap().iter().collect(),
                _ => continue,
            };
            for (keyword, _) in inner.iter().flat_map(|inner| inner.as_object().unwrap()) {
                assert!(VALUES.contains(&keyword.as_str()), "{place}: {keyword}");
            }
        }
        let has = |keyword: &str| schema.get(keyword).is_some();
        match schema["type"].as_str().unwrap() {
            "object" => assert!(has("properties") && !has("items"), "{place}"),
            "array" => assert!(has("items") && !has("properties"), "{place}"),
            "string" => assert!(!has("items") && !has("properties"), "{place}"),
            other => panic!("{place}: {other}"),
        }
        for key in schema["required"].as_array().into_iter().flatten() {
            assert!(schema["properties"].get(key.as_str().unwrap()).is_some(), "{place}: {key}");
        }
        // True or absent.
        assert_ne!(schema["x-kubernetes-preserve-unknown-fields"], false, "{place}");
    });
}

#[test]
fn every_object_keeps_unknown_fields_if_that_is_asked_for() {
    let kept = |definition: &Definition| {
        let mut kept = BTreeSet::new();
        for schema in schemas(definition) {
            visit(&schema, "", 1, &mut |place, schema, _| {
                let keeps = schema["x-kubernetes-preserve-unknown-fields"] == true;
                assert!(!keeps || schema["type"] == "object");
                kept.extend(keeps.then(|| place.to_owned()));
            });
        }
        kept
    };
    let objects = [
        "",
        ".credspec",
        ".credspec.ActiveDirectoryConfig",
        ".credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts[]",
        ".credspec.ActiveDirectoryConfig.HostAccountConfig",
        ".credspec.DomainJoinConfig",
    ];
    let objects: BTreeSet<_> = objects.map(str::to_owned).into();
    for definition in [Definition::upstream(), Definition::strict()] {
        assert_eq!(kept(&definition), BTreeSet::new());
        assert_eq!(kept(&definition.keep_unknown_fields()), objects);
    }
}

#[test]
fn every_field_of_the_strict_definition_is_bounded() {
    for schema in schemas(&Definition::strict()) {
        visit(&schema, "", 1, &mut |place, schema, _| match schema["type"].as_str().unwrap() {
            "string" => assert!(schema["maxLength"].as_u64().unwrap() <= 65536, "{place}"),
            "array" => assert!(schema["maxItems"].as_u64().unwrap() <= 65536, "{place}"),
            _ => {}
        });
    }
}

/// The syntax of RE2 is that of the `regex` crate, but for what is looked for here.
#[test]
fn every_pattern_is_re2() {
    let check = |pattern: &str| {
        Regex::new(pattern).unwrap();
        for other in ["&&", "--", "~~", "(?<", "(?=", "(?!", "\\u", "\\1", "[[", "\\b{", "(?x", "\\<"] {
            assert!(!pattern.contains(other), "{pattern}: {other}");
        }
        // No repetition above 1000.
        for digits in Regex::new(r"\{[0-9]*,?([0-9]+)\}").unwrap().captures_iter(pattern) {
            assert!(digits[1].parse::<u32>().unwrap() <= 1000, "{pattern}");
        }
        assert!(pattern.starts_with('^') || pattern.starts_with("(?s)^") || pattern.starts_with('['));
    };
    let matches = Regex::new(r"matches\('([^']*)'\)").unwrap();
    let mut count = 0;
    every_schema(|_, schema, _| {
        let inner = schema["allOf"].as_array().into_iter().flatten().chain(schema.get("not"));
        for schema in inner.chain([schema]) {
            if let Some(pattern) = schema["pattern"].as_str() {
                check(pattern);
                count += 1;
            }
        }
        for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
            for pattern in matches.captures_iter(rule["rule"].as_str().unwrap()) {
                // In the quotes of CEL a backslash is written twice.
                check(&pattern[1].replace("\\\\", "\\"));
                count += 1;
            }
        }
    });
    assert!(count > 50, "{count}");
}

#[test]
fn every_rule_has_what_the_api_server_wants() {
    let reasons = ["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate"];
    let mut count = 0;
    every_schema(|place, schema, _| {
        for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
            count += 1;
            let message = rule["message"].as_str().unwrap();
            assert!(!message.is_empty() && message.len() <= 2048 && !message.contains(['\n', '\r']));
            assert!(!message.ends_with('.'), "{message}");
            assert!(!rule["rule"].as_str().unwrap().contains(['\n', '\r']));
            assert!(reasons.contains(&rule["reason"].as_str().unwrap()));
            // Transition rules are not allowed inside of lists that are atomic.
            assert!(!rule["rule"].as_str().unwrap().contains("oldSelf"));
            if let Some(path) = rule.get("fieldPath") {
                let pointer = path.as_str().unwrap().replace('.', "/properties/");
                assert!(schema.pointer(&pointer).is_some(), "{place}: {path}");
            }
        }
    });
    assert!(count > 0);
}

#[test]
fn selectable_fields_are_texts_of_the_schema() {
    let all = SelectableField::ALL.map(SelectableField::json_path);
    assert!(all.len() <= 8);
    assert_eq!(BTreeSet::from(all).len(), all.len());
    for definition in [Definition::upstream(), Definition::strict()] {
        let twice = SelectableField::ALL.into_iter().chain(SelectableField::ALL);
        let crd = serde_json::to_value(definition.clone().selectable(twice).build()).unwrap();
        for version in crd["spec"]["versions"].as_array().unwrap() {
            let paths: Vec<_> = version["selectableFields"].as_array().unwrap().iter().collect();
            let expected = all.map(|path| json!({"jsonPath": path}));
            assert_eq!(paths, expected.iter().collect::<Vec<_>>());
            for path in all {
                let pointer = path.replace('.', "/properties/");
                let schema = version["schema"]["openAPIV3Schema"].pointer(&pointer).unwrap();
                assert_eq!(schema["type"], "string", "{path}");
            }
        }
        let crd = serde_json::to_value(definition.build()).unwrap();
        assert_eq!(crd["spec"]["versions"][0].get("selectableFields"), None);
    }
}

/// What a rule costs at most, reckoned more roughly than the API server does and never lower: every name and every
/// operator of the rule is a step that goes through all the text and lists that the rule has at hand, each time round.
fn cost(rule: &str, schema: &Value, times: u64) -> u64 {
    // In bytes, of which a character has up to four.
    fn text(schema: &Value) -> u64 {
        schema["maxLength"].as_u64().map_or(u64::MAX, |most| most.saturating_mul(4))
    }
    let words: BTreeSet<_> =
        Regex::new("[A-Za-z]+").unwrap().find_iter(rule).map(|word| word.as_str()).collect();
    let (mut longest, mut most) = (1, 1);
    visit(schema, "", 1, &mut |place, schema, _| {
        let key = place.rsplit('.').next().unwrap().trim_end_matches("[]");
        if !place.is_empty() && !place.starts_with('[') && !words.contains(key) {
            return;
        }
        match schema["type"].as_str().unwrap() {
            "string" => longest = longest.max(text(schema)),
            "array" => most = most.max(schema["maxItems"].as_u64().unwrap_or(u64::MAX)),
            _ => {}
        }
    });
    let count = |pattern: &str| Regex::new(pattern).unwrap().find_iter(rule).count() as u64;
    let rounds = count(r"\.(all|exists|exists_one|map|filter)\(");
    let rounds = (0..rounds).fold(1_u64, |rounds, _| rounds.saturating_mul(most));
    // Single steps, and those that go through text: at a tenth for a byte, a regular expression for each four bytes
    // of it.
    let single = count(r"[A-Za-z]+|[!=<>&|+]+");
    let through = count(r"\.(lowerAscii|endsWith|startsWith|contains)\(|[=!]=|\+");
    let regexes: u64 = Regex::new(r"matches\('([^']*)'\)")
        .unwrap()
        .captures_iter(rule)
        .map(|regex| (regex[1].len() as u64).div_ceil(4))
        .sum();
    let listed = if count(r"\bin\b") > 0 { most } else { 0 };
    let text = longest.div_ceil(10).saturating_add(1).saturating_mul(through + regexes);
    let once = text.saturating_add(single).saturating_mul(rounds).saturating_add(listed);
    once.saturating_mul(times)
}

/// The costs of the rules of one schema.
fn costs(schema: &Value) -> Vec<u64> {
    let mut costs = Vec::new();
    visit(schema, "", 1, &mut |_, schema, times| {
        let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
        costs.extend(rules.map(|rule| cost(rule["rule"].as_str().unwrap(), schema, times)));
    });
    costs
}

#[test]
fn every_rule_is_within_the_limit_for_its_cost() {
    for definition in definitions() {
        for schema in schemas(&definition) {
            let costs = costs(&schema);
            assert!(costs.iter().all(|&cost| cost <= 10_000_000), "{costs:?}");
            assert!(costs.iter().sum::<u64>() <= 100_000_000, "{costs:?}");
        }
    }
    // The documentation of the rules has 1,100,000 for the dearest.
    let strict = costs(&schemas(&Definition::strict())[0]);
    assert!(strict.iter().any(|&cost| cost >= 1_100_000), "{strict:?}");
}

#[test]
fn the_reckoning_sees_what_is_not_bounded() {
    let mut schema = schemas(&Definition::strict())[0]["properties"]["credspec"].take();
    let rules = schema["x-kubernetes-validations"].as_array().unwrap().clone();
    let dear = |schema: &Value| {
        rules.iter().any(|rule| cost(rule["rule"].as_str().unwrap(), schema, 1) > 10_000_000)
    };
    assert!(!dear(&schema));
    let bound = |schema: &mut Value, pointer: &str, keyword: &str| {
        schema.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(keyword).unwrap()
    };
    let accounts = "/properties/ActiveDirectoryConfig/properties/GroupManagedServiceAccounts";
    for (pointer, keyword) in [
        (accounts.to_owned(), "maxItems"),
        (format!("{accounts}/items/properties/Name"), "maxLength"),
        ("/properties/DomainJoinConfig/properties/DnsName".to_owned(), "maxLength"),
    ] {
        let mut unbounded = schema.clone();
        bound(&mut unbounded, &pointer, keyword);
        assert!(dear(&unbounded), "{pointer}");
    }
    bound(&mut schema, accounts, "minItems");
    assert!(!dear(&schema));
}

#[test]
fn upstream_s_definition_accepts_what_has_the_right_types() {
    let judge = Judge::of(&Definition::upstream());
    for object in [json!({}), json!({"credspec": {}}), documented()] {
        assert!(judge.accepts(&object));
    }
    assert!(!judge.accepts(&json!({"credspec": []})));
}
