//! The schema as the types have it, in the form that the API server wants.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray,
};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use crate::CredentialSpec;

/// The schema of the resource, without what the API server knows of every object.
pub(super) fn resource() -> JSONSchemaProps {
    JSONSchemaProps {
        type_: Some("object".to_owned()),
        properties: Some([("credspec".to_owned(), of::<CredentialSpec>())].into()),
        ..JSONSchemaProps::default()
    }
}

pub(super) fn of<T: JsonSchema>() -> JSONSchemaProps {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    structural(settings.into_generator().into_root_schema_for::<T>().as_value())
}

/// Hands every schema to `change`, with its place: `.credspec.CmsPlugins[]` for the items of the list.
pub(super) fn visit(schema: &mut JSONSchemaProps, place: &str, change: &impl Fn(&str, &mut JSONSchemaProps)) {
    change(place, schema);
    for (key, property) in schema.properties.iter_mut().flatten() {
        visit(property, &format!("{place}.{key}"), change);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        visit(items, &format!("{place}[]"), change);
    }
}

/// The part of a JSON Schema that this definition needs. Everything else that a generator may write (`$schema`,
/// `title`, `nullable`, ...) stays out, so the result is structural whatever the generator does.
fn structural(schema: &Value) -> JSONSchemaProps {
    let text = |key| schema.get(key).and_then(Value::as_str).map(str::to_owned);
    let properties = schema.get("properties").and_then(Value::as_object);
    JSONSchemaProps {
        type_: text("type"),
        description: text("description"),
        properties: properties
            .map(|all| all.iter().map(|(name, schema)| (name.clone(), structural(schema))).collect()),
        items: schema.get("items").map(|items| JSONSchemaPropsOrArray::Schema(Box::new(structural(items)))),
        pattern: text("pattern"),
        max_length: schema.get("maxLength").and_then(Value::as_i64),
        not: schema.get("not").map(|schema| Box::new(structural(schema))),
        ..JSONSchemaProps::default()
    }
}
