//! The `CustomResourceDefinition` of [`GmsaCredentialSpec`](crate::GmsaCredentialSpec).

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceColumnDefinition, CustomResourceConversion, CustomResourceDefinition,
    CustomResourceDefinitionNames, CustomResourceDefinitionSpec, CustomResourceDefinitionVersion,
    CustomResourceValidation, JSONSchemaProps, JSONSchemaPropsOrArray,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::{CredentialSpec, GROUP, KIND, PLURAL, V1, V1ALPHA1};

/// The definition to install in a cluster.
///
/// It stores and prunes what upstream's definition does, so that either can replace the other: the same versions,
/// the same schema, nothing required. It adds columns and short names for `kubectl get`. The schema is made from
/// [`CredentialSpec`], so the two cannot drift apart.
///
/// The API server drops keys that the schema does not have, and refuses values of another type.
///
/// Source: kubernetes-sigs/windows-gmsa, `admission-webhook/deploy/gmsa-crd.yml`.
///
/// ```
/// let crd = gmsa_types::crd::definition();
/// assert_eq!(crd.metadata.name.as_deref(), Some("gmsacredentialspecs.windows.k8s.io"));
/// println!("{}", serde_json::to_string_pretty(&crd)?);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn definition() -> CustomResourceDefinition {
    CustomResourceDefinition {
        metadata: ObjectMeta {
            name: Some(format!("{PLURAL}.{GROUP}")),
            // The API server refuses a definition in a `*.k8s.io` group that has no such link.
            annotations: Some([("api-approved.kubernetes.io".to_owned(), KEP.to_owned())].into()),
            ..ObjectMeta::default()
        },
        spec: CustomResourceDefinitionSpec {
            group: GROUP.to_owned(),
            scope: "Cluster".to_owned(),
            names: CustomResourceDefinitionNames {
                kind: KIND.to_owned(),
                list_kind: Some(format!("{KIND}List")),
                plural: PLURAL.to_owned(),
                singular: Some(KIND.to_ascii_lowercase()),
                short_names: Some(vec!["gmsa".to_owned(), "gmsacs".to_owned()]),
                // Not `all`: `kubectl delete all --all` must not take the cluster's identities away.
                categories: Some(vec!["gmsa".to_owned()]),
            },
            versions: vec![
                CustomResourceDefinitionVersion { storage: true, ..version(V1) },
                CustomResourceDefinitionVersion { deprecated: Some(true), ..version(V1ALPHA1) },
            ],
            conversion: Some(CustomResourceConversion { strategy: "None".to_owned(), webhook: None }),
            preserve_unknown_fields: None,
        },
        status: None,
    }
}

const KEP: &str = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-windows/689-windows-gmsa";

fn version(name: &str) -> CustomResourceDefinitionVersion {
    let schema = JSONSchemaProps {
        type_: Some("object".to_owned()),
        properties: Some([("credspec".to_owned(), document_schema())].into()),
        ..JSONSchemaProps::default()
    };
    CustomResourceDefinitionVersion {
        name: name.to_owned(),
        served: true,
        schema: Some(CustomResourceValidation { open_api_v3_schema: Some(schema) }),
        additional_printer_columns: Some(columns()),
        ..CustomResourceDefinitionVersion::default()
    }
}

fn columns() -> Vec<CustomResourceColumnDefinition> {
    let column = |name: &str, type_: &str, path: &str| CustomResourceColumnDefinition {
        name: name.to_owned(),
        type_: type_.to_owned(),
        json_path: path.to_owned(),
        ..CustomResourceColumnDefinition::default()
    };
    let plugin = ".credspec.ActiveDirectoryConfig.HostAccountConfig.PluginGUID";
    vec![
        column("Account", "string", ".credspec.DomainJoinConfig.MachineAccountName"),
        column("Domain", "string", ".credspec.DomainJoinConfig.DnsName"),
        CustomResourceColumnDefinition { priority: Some(1), ..column("Plugin", "string", plugin) },
        column("Age", "date", ".metadata.creationTimestamp"),
    ]
}

fn document_schema() -> JSONSchemaProps {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    structural(settings.into_generator().into_root_schema_for::<CredentialSpec>().as_value())
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
        ..JSONSchemaProps::default()
    }
}
