use gmsa_rbac::build::conventional_labels;
use k8s_openapi::{
    apiextensions_apiserver::pkg::apis::apiextensions::v1::{
        CustomResourceDefinition, CustomResourceDefinitionNames, CustomResourceDefinitionSpec,
        CustomResourceDefinitionVersion, CustomResourceValidation, JSONSchemaProps, JSONSchemaPropsOrBool,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use super::{GROUP, Index, KIND, PLURAL, VERSION};

/// The definition of the index, to be installed before it.
///
/// Deleting it deletes the index, and with that every pod is refused while policies that read it are bound.
///
/// ```
/// let definition = gmsa_admission::index::definition();
/// assert_eq!(definition.metadata.name.as_deref(), Some("gmsaindexes.gmsa.internal"));
/// ```
pub fn definition() -> CustomResourceDefinition {
    CustomResourceDefinition {
        metadata: ObjectMeta {
            name: Some(format!("{PLURAL}.{GROUP}")),
            labels: Some(conventional_labels()),
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
                ..CustomResourceDefinitionNames::default()
            },
            versions: vec![CustomResourceDefinitionVersion {
                name: VERSION.to_owned(),
                served: true,
                storage: true,
                schema: Some(CustomResourceValidation { open_api_v3_schema: Some(schema()) }),
                ..CustomResourceDefinitionVersion::default()
            }],
            ..CustomResourceDefinitionSpec::default()
        },
        status: None,
    }
}

fn schema() -> JSONSchemaProps {
    let of_type =
        |type_: &str| JSONSchemaProps { type_: Some(type_.to_owned()), ..JSONSchemaProps::default() };
    let contents = JSONSchemaProps {
        min_length: Some(1),
        max_length: i64::try_from(Index::LONGEST_CONTENTS).ok(),
        ..of_type("string")
    };
    let data = JSONSchemaProps {
        description: Some(
            "The contents of each credential spec by its name, as they are written into pods.".to_owned(),
        ),
        additional_properties: Some(JSONSchemaPropsOrBool::Schema(Box::new(contents))),
        max_properties: i64::try_from(Index::MOST).ok(),
        ..of_type("object")
    };
    JSONSchemaProps {
        description: Some("The credential specs of the cluster, for admission policies to read.".to_owned()),
        properties: Some([("data".to_owned(), data)].into()),
        required: Some(vec!["data".to_owned()]),
        ..of_type("object")
    }
}
