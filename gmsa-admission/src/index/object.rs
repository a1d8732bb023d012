use std::{collections::BTreeMap, fmt};

use k8s_openapi::{ClusterResourceScope, Metadata, Resource, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};

use super::{GROUP, KIND, PLURAL, VERSION};

/// The object of the index.
///
/// It implements k8s-openapi's `Resource` and `Metadata`, so that `kube::Api<GmsaIndex>` works. `Debug` shows the
/// names alone. What says that it is of another kind or version is refused when it is read; items of a list say
/// neither.
///
/// ```
/// use gmsa_admission::index::GmsaIndex;
///
/// let index: GmsaIndex = serde_json::from_str(
///     r#"{"apiVersion":"gmsa.internal/v1","kind":"GMSAIndex","metadata":{"name":"gmsa"},"data":{"webapp1":"{}"}}"#,
/// )?;
/// assert_eq!(index.data["webapp1"], "{}");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "objects are built field by field, as k8s-openapi's are")]
pub struct GmsaIndex {
    /// Standard object metadata; the resource is cluster-scoped, so there is no namespace.
    pub metadata: ObjectMeta,
    /// Contents by the name of the credential spec.
    pub data: BTreeMap<String, String>,
}

impl Resource for GmsaIndex {
    const API_VERSION: &'static str = "gmsa.internal/v1";
    const GROUP: &'static str = GROUP;
    const KIND: &'static str = KIND;
    const VERSION: &'static str = VERSION;
    const URL_PATH_SEGMENT: &'static str = PLURAL;
    type Scope = ClusterResourceScope;
}

impl Metadata for GmsaIndex {
    type Ty = ObjectMeta;

    fn metadata(&self) -> &Self::Ty {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut Self::Ty {
        &mut self.metadata
    }
}

impl Serialize for GmsaIndex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct(KIND, 4)?;
        object.serialize_field("apiVersion", Self::API_VERSION)?;
        object.serialize_field("kind", KIND)?;
        object.serialize_field("metadata", &self.metadata)?;
        object.serialize_field("data", &self.data)?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for GmsaIndex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            // Lists leave the type of their items out.
            api_version: Option<String>,
            kind: Option<String>,
            #[serde(default)]
            metadata: ObjectMeta,
            #[serde(default)]
            data: BTreeMap<String, String>,
        }
        let wire = Wire::deserialize(deserializer)?;
        let is = |value: Option<String>, expected: &str| value.is_none_or(|value| value == expected);
        if !is(wire.api_version, Self::API_VERSION) || !is(wire.kind, KIND) {
            return Err(de::Error::custom(format_args!("not a {KIND} of {}", Self::API_VERSION)));
        }
        Ok(Self { metadata: wire.metadata, data: wire.data })
    }
}

impl fmt::Debug for GmsaIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GmsaIndex")
            .field("name", &self.metadata.name)
            .field("data", &self.data.keys())
            .finish_non_exhaustive()
    }
}
