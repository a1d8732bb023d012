//! The custom resource definition: upstream's, but for the additions named here, and made from the types.
#![cfg(feature = "schemars")]

use std::collections::BTreeSet;

use gmsa_types::{
    ActiveDirectoryConfig, CredentialSpec, DomainJoinConfig, GroupManagedServiceAccount, HostAccountConfig,
    crd,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps,
};
use kube_core::schema::StructuralSchemaRewriter;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

fn definition() -> Value {
    serde_json::to_value(crd::definition()).unwrap()
}

/// The fields that kubernetes-sigs/windows-gmsa has at commit 93d18ad, except for descriptions.
fn upstream() -> Value {
    let string = json!({"type": "string"});
    let array = |items: Value| json!({"type": "array", "items": items});
    let object = |properties: Value| json!({"type": "object", "properties": properties});
    let schema = object(json!({"credspec": object(json!({
        "ActiveDirectoryConfig": object(json!({
            "GroupManagedServiceAccounts": array(object(json!({"Name": string, "Scope": string}))),
            "HostAccountConfig": object(json!({
                "PluginGUID": string, "PluginInput": string, "PortableCcgVersion": string
            })),
        })),
        "CmsPlugins": array(string.clone()),
        "DomainJoinConfig": object(json!({
            "DnsName": string, "DnsTreeName": string, "Guid": string,
            "MachineAccountName": string, "NetBiosName": string, "Sid": string
        })),
    }))}));
    let kep = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-windows/689-windows-gmsa";
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "gmsacredentialspecs.windows.k8s.io",
            "annotations": {"api-approved.kubernetes.io": kep}
        },
        "spec": {
            "group": "windows.k8s.io",
            "scope": "Cluster",
            "names": {"kind": "GMSACredentialSpec", "plural": "gmsacredentialspecs"},
            "conversion": {"strategy": "None"},
            "versions": [
                {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}},
                {"name": "v1alpha1", "served": true, "storage": false, "deprecated": true,
                 "schema": {"openAPIV3Schema": schema}},
            ]
        }
    })
}

/// Takes every description out; no property of the document has that name.
fn without_descriptions(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, value| !(key == "description" && value.is_string()));
            object.values_mut().for_each(without_descriptions);
        }
        Value::Array(items) => items.iter_mut().for_each(without_descriptions),
        _ => {}
    }
}

#[test]
fn it_is_upstream_s_with_names_and_columns_added() {
    let mut ours = definition();
    without_descriptions(&mut ours);

    let names = ours["spec"]["names"].as_object_mut().unwrap();
    // The API server fills these two in itself, with the same values.
    assert_eq!(names.remove("listKind"), Some(json!("GMSACredentialSpecList")));
    assert_eq!(names.remove("singular"), Some(json!("gmsacredentialspec")));
    assert_eq!(names.remove("shortNames"), Some(json!(["gmsa", "gmsacs"])));
    assert_eq!(names.remove("categories"), Some(json!(["gmsa"])));
    for version in ours["spec"]["versions"].as_array_mut().unwrap() {
        assert!(version.as_object_mut().unwrap().remove("additionalPrinterColumns").is_some());
    }
    assert_eq!(ours, upstream());
}

#[test]
fn every_column_shows_a_value_of_the_schema() {
    for version in definition()["spec"]["versions"].as_array().unwrap() {
        let columns = version["additionalPrinterColumns"].as_array().unwrap();
        let shown: Vec<_> = columns.iter().map(|column| (&column["name"], &column["priority"])).collect();
        let names = ["Account", "Domain", "Plugin", "Age"].map(Value::from);
        let priorities = [Value::Null, Value::Null, json!(1), Value::Null];
        assert_eq!(shown, names.iter().zip(&priorities).collect::<Vec<_>>());
        for column in columns {
            let path = column["jsonPath"].as_str().unwrap();
            if path == ".metadata.creationTimestamp" {
                assert_eq!(column["type"], "date");
                continue;
            }
            let pointer = path.replace('.', "/properties/");
            let schema = version["schema"]["openAPIV3Schema"].pointer(&pointer);
            assert_eq!(schema.map(|schema| &schema["type"]), Some(&column["type"]), "{path}");
        }
    }
}

#[test]
fn the_schema_has_the_keys_of_the_types_and_no_others() {
    for version in definition()["spec"]["versions"].as_array().unwrap() {
        let document = &version["schema"]["openAPIV3Schema"]["properties"]["credspec"];
        let has = |pointer: &str, keys: &[&str]| {
            let properties = document.pointer(pointer).unwrap()["properties"].as_object().unwrap();
            let properties: BTreeSet<_> = properties.keys().map(String::as_str).collect();
            assert_eq!(properties, keys.iter().copied().collect(), "{pointer}");
        };
        has("", CredentialSpec::KEYS);
        has("/properties/DomainJoinConfig", DomainJoinConfig::KEYS);
        let directory = "/properties/ActiveDirectoryConfig";
        has(directory, ActiveDirectoryConfig::KEYS);
        let account = format!("{directory}/properties/GroupManagedServiceAccounts/items");
        has(&account, GroupManagedServiceAccount::KEYS);
        has(&format!("{directory}/properties/HostAccountConfig"), HostAccountConfig::KEYS);
    }
}

#[test]
fn every_object_and_value_of_the_document_is_described() {
    fn check(schema: &Value) {
        let properties = schema["properties"].as_object();
        for (key, property) in properties.into_iter().flatten() {
            let description = property["description"].as_str().unwrap_or_else(|| panic!("{key}"));
            assert!(description.ends_with('.') && !description.contains('\n'), "{description}");
            check(property);
        }
    }
    check(&definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]);
}

/// What kube's derive would make of the same type, which shows that the definition leaves nothing out.
#[test]
fn kube_derives_the_same_schema() {
    let generator = SchemaSettings::openapi3()
        .with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .with_transform(StructuralSchemaRewriter)
        .into_generator();
    let derived = generator.into_root_schema_for::<CredentialSpec>().to_value();
    let derived: JSONSchemaProps = serde_json::from_value(derived).unwrap();
    let mut expected =
        definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["credspec"].take();
    expected["title"] = json!("CredentialSpec");
    assert_eq!(serde_json::to_value(derived).unwrap(), expected);
}

#[test]
fn it_is_read_back_as_it_was_written() {
    let read: CustomResourceDefinition = serde_json::from_value(definition()).unwrap();
    assert_eq!(read, crd::definition());
}
