use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{ClusterResourceScope, Metadata, Resource};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};

use crate::{AsWritten, CredentialSpec};

/// The API group of the resource.
///
/// Source, of the kind, plural and versions as well: kubernetes-sigs/windows-gmsa,
/// `admission-webhook/deploy/gmsa-crd.yml`.
pub const GROUP: &str = "windows.k8s.io";
/// The kind of the resource.
pub const KIND: &str = "GMSACredentialSpec";
/// The plural under which the API server serves the resource, as RBAC rules name it.
pub const PLURAL: &str = "gmsacredentialspecs";
/// The version that is served and stored.
pub const V1: &str = "v1";
/// The deprecated version; it differs from [`V1`] in its name alone.
pub const V1ALPHA1: &str = "v1alpha1";
/// The RBAC verb that permits a service account to run pods with a credential spec.
///
/// Source: Kubernetes, "Configure GMSA for Windows Pods and containers".
pub const VERB_USE: &str = "use";

/// The custom resource: a credential spec under a name, for the whole cluster.
///
/// It implements k8s-openapi's `Resource` and `Metadata`, so that `kube::Api<GmsaCredentialSpec>` works. Both
/// `windows.k8s.io/v1` and the deprecated `v1alpha1` are read; `v1` is written. The document stands at the top
/// level, under `credspec`, not under `spec`; other keys of the top level are not kept. `Debug` shows the name
/// alone: the annotations can hold the whole document, where `kubectl apply` leaves a copy.
///
/// Source: kubernetes-sigs/windows-gmsa, `admission-webhook/deploy/gmsa-crd.yml`.
///
/// ```
/// use gmsa_types::GmsaCredentialSpec;
///
/// let resource: GmsaCredentialSpec = serde_json::from_str(
///     r#"{"apiVersion":"windows.k8s.io/v1alpha1","kind":"GMSACredentialSpec",
///         "metadata":{"name":"webapp1"},"credspec":{"CmsPlugins":["ActiveDirectory"]}}"#,
/// )?;
/// assert_eq!(resource.metadata.name.as_deref(), Some("webapp1"));
/// assert!(serde_json::to_string(&resource)?.contains(r#""windows.k8s.io/v1""#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "objects are built field by field, as k8s-openapi's are")]
pub struct GmsaCredentialSpec {
    /// Standard object metadata; the resource is cluster-scoped, so there is no namespace.
    pub metadata: ObjectMeta,
    /// The document. Nothing requires it: upstream's CRD accepts a resource without one.
    pub credspec: Option<AsWritten<CredentialSpec>>,
}

impl GmsaCredentialSpec {
    pub(crate) const API_VERSIONS: [&'static str; 2] = ["windows.k8s.io/v1", "windows.k8s.io/v1alpha1"];
}

impl Resource for GmsaCredentialSpec {
    const API_VERSION: &'static str = "windows.k8s.io/v1";
    const GROUP: &'static str = GROUP;
    const KIND: &'static str = KIND;
    const VERSION: &'static str = V1;
    const URL_PATH_SEGMENT: &'static str = PLURAL;
    type Scope = ClusterResourceScope;
}

impl Metadata for GmsaCredentialSpec {
    type Ty = ObjectMeta;

    fn metadata(&self) -> &Self::Ty {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut Self::Ty {
        &mut self.metadata
    }
}

/// Writes `windows.k8s.io/v1`, whatever version was read; `credspec` only if there is one.
impl Serialize for GmsaCredentialSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = if self.credspec.is_some() { 4 } else { 3 };
        let mut object = serializer.serialize_struct(KIND, fields)?;
        object.serialize_field("apiVersion", Self::API_VERSION)?;
        object.serialize_field("kind", KIND)?;
        object.serialize_field("metadata", &self.metadata)?;
        if let Some(credspec) = &self.credspec {
            object.serialize_field("credspec", credspec)?;
        }
        object.end()
    }
}

/// Refuses another `apiVersion` or `kind`. Where one of them is missing it is taken as meant, since the items of a
/// list have neither. A `credspec` that is null counts as missing, as for an API server.
impl<'de> Deserialize<'de> for GmsaCredentialSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not `deserialize_map`: some formats then refuse other types without asking the visitor.
        let wire = deserializer.deserialize_any(WireVisitor)?;
        // Lists leave the type of their items out, so an absent one is taken as meant.
        if let Some(version) = wire.api_version
            && !Self::API_VERSIONS.contains(&version.as_str())
        {
            let [v1, v1alpha1] = Self::API_VERSIONS;
            return Err(de::Error::custom(format_args!(
                "apiVersion `{version}` is not `{v1}` or `{v1alpha1}`"
            )));
        }
        if let Some(kind) = wire.kind
            && kind != KIND
        {
            return Err(de::Error::custom(format_args!("kind `{kind}` is not `{KIND}`")));
        }
        Ok(Self { metadata: wire.metadata, credspec: wire.credspec })
    }
}

/// Shows the name alone: annotations can hold the document.
impl fmt::Debug for GmsaCredentialSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GmsaCredentialSpec").field("name", &self.metadata.name).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    api_version: Option<String>,
    kind: Option<String>,
    #[serde(default)]
    metadata: ObjectMeta,
    // A null here is dropped by the API server, and so is the same as no key.
    credspec: Option<AsWritten<CredentialSpec>>,
}

/// Reads objects alone: what serde derives for [`Wire`] would take an array of its fields as well, and quote a
/// string.
struct WireVisitor;

impl<'de> de::Visitor<'de> for WireVisitor {
    type Value = Wire;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::custom("invalid type: string, expected an object"))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Wire::deserialize(de::value::MapAccessDeserializer::new(map))
    }
}
