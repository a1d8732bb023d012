use std::fmt::Write as _;

use gmsa_types::{
    ActiveDirectoryConfig, CredentialSpec, DomainJoinConfig, GroupManagedServiceAccount, HostAccountConfig,
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use crate::{
    DEPTH_LIMIT,
    generate::write_block,
    json::read_object,
    source::{Document, Style, Syntax},
};

/// Writes the value of a document in the document's own form, to stand in its place in the text.
pub(super) fn write(document: &Document, written: &str, value: &Value, is_alone: bool) -> Option<String> {
    let style = document.root().map(crate::source::Node::style);
    if document.syntax() == Syntax::Yaml && style == Some(Style::Block) {
        return yaml(value, document.position().column.saturating_sub(1), written);
    }
    // A document that has one line among others is one of many, each on its line.
    let is_line = !is_alone && !written.trim_end().contains('\n');
    let text = if is_line {
        serde_json::to_string(&Ordered(value))
    } else {
        serde_json::to_string_pretty(&Ordered(value))
    };
    text.ok()
}

fn yaml(value: &Value, column: usize, written: &str) -> Option<String> {
    let text = serde_json::to_string(&Ordered(value)).ok()?;
    let node = read_object(&text, DEPTH_LIMIT).ok()?;
    let mut out = String::new();
    write_block(&node, column, &mut Vec::new(), &mut out).ok()?;
    if written.ends_with('\n') {
        writeln!(out).ok()?;
    }
    Some(out)
}

/// A value with its keys in the order of the format: those of a resource, those that `New-CredentialSpec` writes,
/// and the others by name.
struct Ordered<'v>(&'v Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => serializer.collect_seq(items.iter().map(Ordered)),
            Value::Object(members) => {
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_by_key(|(key, _)| (rank(key), *key));
                let mut object = serializer.serialize_map(Some(sorted.len()))?;
                for (key, value) in sorted {
                    object.serialize_entry(key, &Ordered(value))?;
                }
                object.end()
            }
            value => value.serialize(serializer),
        }
    }
}

fn rank(key: &str) -> usize {
    [
        &["apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations"],
        CredentialSpec::KEYS,
        DomainJoinConfig::KEYS,
        ActiveDirectoryConfig::KEYS,
        GroupManagedServiceAccount::KEYS,
        HostAccountConfig::KEYS,
    ]
    .into_iter()
    .flatten()
    .position(|known| *known == key)
    .unwrap_or(usize::MAX)
}
