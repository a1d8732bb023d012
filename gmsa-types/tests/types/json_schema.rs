//! The JSON Schemas: a schema accepts exactly the texts that its type reads.
#![cfg(feature = "schemars")]

use std::str::FromStr;

use gmsa_types::{
    AccountName, AsWritten, CredentialSpec, CredentialSpecName, DnsName, DomainSid, GmsaCredentialSpec, Guid,
    NetBiosName, ServiceAccountRef, Sid, strategy::text,
};
use proptest::prelude::*;
use regex::Regex;
use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};

/// The part of JSON Schema that the schemas of texts use.
struct TextSchema {
    longest: u64,
    pattern: Regex,
    not: Option<Regex>,
}

impl TextSchema {
    fn new(schema: &Value) -> Self {
        let known = ["$schema", "title", "description", "type", "maxLength", "pattern", "not"];
        for key in schema.as_object().unwrap().keys() {
            assert!(known.contains(&key.as_str()), "this test does not know `{key}`");
        }
        assert_eq!(schema["type"], "string");
        Self {
            longest: schema.get("maxLength").map_or(u64::MAX, |longest| longest.as_u64().unwrap()),
            pattern: Regex::new(schema["pattern"].as_str().unwrap()).unwrap(),
            not: schema.pointer("/not/pattern").map(|not| Regex::new(not.as_str().unwrap()).unwrap()),
        }
    }

    fn of<T: JsonSchema>() -> Self {
        Self::new(schema_for!(T).as_value())
    }

    fn accepts(&self, text: &str) -> bool {
        text.chars().count() as u64 <= self.longest
            && self.pattern.is_match(text)
            && !self.not.as_ref().is_some_and(|not| not.is_match(text))
    }
}

fn agree<T: JsonSchema + FromStr>(texts: impl Strategy<Value = String>) {
    let schema = TextSchema::of::<T>();
    let mut runner = proptest::test_runner::TestRunner::default();
    let outcome = runner.run(&texts, |text| {
        prop_assert_eq!(schema.accepts(&text), text.parse::<T>().is_ok(), "{:?}", text);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn schemas_accept_what_the_types_read() {
    agree::<CredentialSpecName<'static>>(text::object_name());
    agree::<AccountName>(text::account_name());
    agree::<DnsName>(text::dns_name());
    agree::<NetBiosName>(text::netbios_name());
    agree::<Guid>(text::guid());
    agree::<Sid>(text::sid());
    agree::<DomainSid>(text::sid());
}

#[test]
fn the_parts_of_a_service_account_are_those_that_it_is_made_from() {
    let schema = schema_for!(ServiceAccountRef).to_value();
    assert_eq!(schema["required"], json!(["namespace", "name"]));
    let namespace = TextSchema::new(&schema["properties"]["namespace"]);
    let name = TextSchema::new(&schema["properties"]["name"]);
    proptest!(|(text in text::service_account())| {
        let (left, right) = text.split_once(['/', ':']).unwrap_or((&text, ""));
        prop_assert_eq!(
            namespace.accepts(left) && name.accepts(right),
            ServiceAccountRef::new(left, right).is_ok()
        );
    });
}

#[test]
fn as_written_has_the_schema_of_the_expected_type() {
    assert_eq!(schema_for!(AsWritten<CredentialSpec>), schema_for!(CredentialSpec));
    assert_eq!(schema_for!(AsWritten<Vec<AsWritten<String>>>), schema_for!(Vec<String>));
}

#[test]
fn a_manifest_names_the_versions_that_are_read() {
    let schema = schema_for!(GmsaCredentialSpec).to_value();
    let properties = &schema["properties"];
    for version in properties["apiVersion"]["enum"].as_array().unwrap() {
        for kind in properties["kind"]["enum"].as_array().unwrap() {
            let manifest = json!({"apiVersion": version, "kind": kind, "credspec": {}});
            assert!(serde_json::from_value::<GmsaCredentialSpec>(manifest).is_ok());
        }
    }
    assert_eq!(properties["credspec"]["$ref"], "#/$defs/CredentialSpec");
    assert_eq!(schema.get("required"), None);
}
