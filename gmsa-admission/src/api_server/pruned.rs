//! What is dropped without a word: keys that the schema of an object does not have.

use serde_json::{Map, Value};

use super::{
    credential_spec::{DOCUMENT, Schema},
    windows_options,
};
use crate::{
    ContainerList,
    place::{CONTENTS_FIELD, NAME_FIELD},
    workload::WorkloadKind,
};

/// The JSON pointers of what the API server silently drops from `object`: keys that its schema does not know,
/// which are most often keys in another case or in the wrong place.
///
/// For a `GMSACredentialSpec` these are all keys of the document and of the top level that the schema has not, and
/// `metadata.namespace`, which a cluster-scoped object loses. For a workload they are unknown keys of
/// `windowsOptions`, and gMSA fields that stand beside the place where they belong. Nothing is looked for in
/// other kinds.
///
/// Keys come back as they are written; values never.
///
/// Source: `apiextensions-apiserver` `pkg/apiserver/schema/pruning/algorithm.go`; for pods, Kubernetes'
/// `fieldValidation=Warn`, which is the default of its API.
///
/// ```
/// use gmsa_admission::api_server::pruned_fields;
/// use serde_json::json;
///
/// let object = json!({
///     "apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec",
///     "metadata": {"name": "webapp1"},
///     "credspec": {"cmsPlugins": ["ActiveDirectory"], "DomainJoinConfig": {"SID": "S-1-5-21-1-2-3"}},
/// });
/// assert_eq!(pruned_fields(&object), ["/credspec/DomainJoinConfig/SID", "/credspec/cmsPlugins"]);
/// ```
pub fn pruned_fields(object: &Value) -> Vec<String> {
    let mut pruned = Vec::new();
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    if kind == gmsa_types::KIND {
        of_credential_spec(object, &mut pruned);
    } else if let Some(kind) = WorkloadKind::ALL.into_iter().find(|workload| workload.as_str() == kind) {
        of_pod(object, &format!("{}/spec", kind.template_pointer()), &mut pruned);
    }
    pruned.sort();
    pruned
}

/// Drops [`pruned_fields`] from `object`, as the API server does, and tells which they were. Of a credential spec, known
/// fields that are `null` go as well, untold: to Kubernetes they were never there.
///
/// ```
/// use gmsa_admission::api_server::prune;
/// use serde_json::json;
///
/// let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [
///     {"name": "iis", "securityContext": {"windowsOptions": {"gmsacredentialspecname": "webapp1"}}}]}});
/// let lost = "/spec/containers/0/securityContext/windowsOptions/gmsacredentialspecname";
/// assert_eq!(prune(&mut pod), [lost]);
/// assert_eq!(pod.pointer(lost), None);
/// ```
pub fn prune(object: &mut Value) -> Vec<String> {
    let pruned = pruned_fields(object);
    for pointer in &pruned {
        let Some((parent, key)) = pointer.rsplit_once('/') else { continue };
        if let Some(fields) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
            fields.remove(&key.replace("~1", "/").replace("~0", "~"));
        }
    }
    if object.get("kind").and_then(Value::as_str) == Some(gmsa_types::KIND) {
        drop_nulls(object);
    }
    pruned
}

/// Source: `apiextensions-apiserver` `pkg/apiserver/schema/defaulting/prunenulls.go`.
fn drop_nulls(credential_spec: &mut Value) {
    fn below(value: &mut Value, schema: &Schema) {
        match (value, schema) {
            (Value::Object(fields), Schema::Object { .. }) => {
                fields.retain(|key, value| !value.is_null() || schema.of_key(key).is_none());
                for (key, value) in fields {
                    if let Some(schema) = schema.of_key(key) {
                        below(value, schema);
                    }
                }
            }
            (Value::Array(items), Schema::List(schema)) => {
                items.iter_mut().for_each(|item| below(item, schema));
            }
            _ => {}
        }
    }
    let Some(fields) = credential_spec.as_object_mut() else { return };
    fields.retain(|key, value| key != "credspec" || !value.is_null());
    if let Some(document) = fields.get_mut("credspec") {
        below(document, &DOCUMENT);
    }
}

fn of_credential_spec(object: &Value, pruned: &mut Vec<String>) {
    const TOP: [&str; 4] = ["apiVersion", "kind", "metadata", "credspec"];
    let Some(fields) = object.as_object() else { return };
    pruned.extend(fields.keys().filter(|key| !TOP.contains(&key.as_str())).map(|key| join("", key)));
    if object.pointer("/metadata/namespace").is_some_and(|namespace| !namespace.is_null()) {
        pruned.push("/metadata/namespace".to_owned());
    }
    if let Some(document) = fields.get("credspec") {
        unknown_keys(document, &DOCUMENT, "/credspec", pruned);
    }
}

fn unknown_keys(value: &Value, schema: &Schema, pointer: &str, pruned: &mut Vec<String>) {
    match (value, schema) {
        (Value::Object(fields), Schema::Object { .. }) => {
            for (key, value) in fields {
                let pointer = join(pointer, key);
                match schema.of_key(key) {
                    Some(schema) => unknown_keys(value, schema, &pointer, pruned),
                    None => pruned.push(pointer),
                }
            }
        }
        (Value::Array(items), Schema::List(schema)) => {
            for (index, item) in items.iter().enumerate() {
                unknown_keys(item, schema, &format!("{pointer}/{index}"), pruned);
            }
        }
        _ => {}
    }
}

fn of_pod(object: &Value, spec: &str, pruned: &mut Vec<String>) {
    misplaced(object, spec, pruned);
    of_security_context(object, &format!("{spec}/securityContext"), pruned);
    for list in ContainerList::ALL {
        let list = format!("{spec}/{}", list.field());
        let count = object.pointer(&list).and_then(Value::as_array).map_or(0, Vec::len);
        for index in 0..count {
            let container = format!("{list}/{index}");
            misplaced(object, &container, pruned);
            of_security_context(object, &format!("{container}/securityContext"), pruned);
        }
    }
}

fn of_security_context(object: &Value, pointer: &str, pruned: &mut Vec<String>) {
    if let Some(fields) = object_at(object, pointer) {
        let lost = |key: &&String| key.as_str() != "windowsOptions" && is_gmsa_field(key);
        pruned.extend(fields.keys().filter(lost).map(|key| join(pointer, key)));
    }
    let pointer = format!("{pointer}/windowsOptions");
    if let Some(fields) = object_at(object, &pointer) {
        let unknown = |key: &&String| !windows_options::FIELDS.contains(&key.as_str());
        pruned.extend(fields.keys().filter(unknown).map(|key| join(&pointer, key)));
    }
}

/// gMSA fields of a pod's `spec` or of a container, where none belong.
fn misplaced(object: &Value, pointer: &str, pruned: &mut Vec<String>) {
    if let Some(fields) = object_at(object, pointer) {
        pruned.extend(fields.keys().filter(|key| is_gmsa_field(key)).map(|key| join(pointer, key)));
    }
}

fn is_gmsa_field(key: &str) -> bool {
    [NAME_FIELD, CONTENTS_FIELD, "windowsOptions"].iter().any(|field| key.eq_ignore_ascii_case(field))
}

fn object_at<'v>(object: &'v Value, pointer: &str) -> Option<&'v Map<String, Value>> {
    object.pointer(pointer).and_then(Value::as_object)
}

fn join(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}
