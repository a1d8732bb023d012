use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::manifest::{Document, ManifestError, place_of};

/// The values of a JSON file, of which there may be several, one after the other.
pub(crate) fn documents(file: &str, text: &str) -> Result<Vec<Document>, Vec<ManifestError>> {
    let mut documents = Vec::new();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Unique>();
    loop {
        let rest = text.get(values.byte_offset()..).unwrap_or_default();
        let start = text.len() - rest.trim_start().len();
        let (line, column) = place_of(text.as_bytes(), start);
        match values.next() {
            None => return Ok(documents),
            Some(Ok(Unique(Value::Null))) => {}
            Some(Ok(Unique(value))) => documents.push(Document { line, column, value }),
            Some(Err(error)) => return Err(vec![fault(file, &error)]),
        }
    }
}

fn fault(file: &str, error: &serde_json::Error) -> ManifestError {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default().to_owned();
    let remedy = if message.starts_with(DUPLICATE) {
        "remove one of the two"
    } else if error.is_eof() {
        "the file is cut off: get it again, or close what is open"
    } else if message.starts_with("recursion limit") {
        "no Kubernetes object is nested as deep: check what made the file"
    } else if message.starts_with("number out of range") {
        "write it in quotes if it is text"
    } else {
        "correct the JSON there; a file of YAML is named `.yaml`"
    };
    // A column of 0 is the end of the line before.
    let place = Some((error.line() as u64, error.column().max(1) as u64));
    ManifestError { file: file.to_owned(), place, message, remedy }
}

const DUPLICATE: &str = "duplicate key";

/// Any JSON value without two equal keys in one object, which `serde_json` would let the last win.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unique(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(de::Error::custom(format_args!("{DUPLICATE} `{}`", key.escape_debug())));
            }
            let Unique(value) = fields.next_value()?;
            map.insert(key, value);
        }
        Ok(map.into())
    }
}
