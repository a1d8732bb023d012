//! A cluster made of manifests.

use gmsa_admission::Snapshot;
use serde_json::Value;

use crate::manifest::{Manifest, ManifestError};

/// A snapshot of the manifests, taken as they are: as objects that a cluster holds already.
///
/// What a cluster holds has its namespace, and aggregated roles their rules; nothing is filled in here.
///
/// # Errors
///
/// The first object that cannot be what its kind says.
pub fn of(manifests: &[Manifest]) -> Result<Snapshot, ManifestError> {
    let mut cluster = Snapshot::default();
    manifests.iter().try_for_each(|manifest| insert(&mut cluster, manifest, &manifest.object))?;
    Ok(cluster)
}

/// Adds one manifest to a cluster, as `kubectl apply` would: a role or a role binding without a namespace goes to
/// `default`.
///
/// # Errors
///
/// If the object cannot be what its kind says.
pub fn apply(cluster: &mut Snapshot, manifest: &Manifest) -> Result<(), ManifestError> {
    let is_local = matches!(manifest.object["kind"].as_str(), Some("Role" | "RoleBinding"));
    let named = manifest.object["metadata"]["namespace"].as_str().is_some_and(|name| !name.is_empty());
    if is_local && !named && manifest.object["metadata"].is_object() {
        let mut object = manifest.object.clone();
        object["metadata"]["namespace"] = "default".into();
        return insert(cluster, manifest, &object);
    }
    insert(cluster, manifest, &manifest.object)
}

/// Gives a cluster made of manifests what a cluster has of itself: its roles for users, and a controller that fills
/// in the roles that aggregate others.
pub fn settle(cluster: &mut Snapshot) {
    let rbac = cluster.rbac_mut();
    rbac.assume_built_in_roles();
    rbac.aggregate();
}

fn insert(cluster: &mut Snapshot, manifest: &Manifest, object: &Value) -> Result<(), ManifestError> {
    cluster.insert(object).map_err(|error| ManifestError {
        file: manifest.file.clone(),
        place: Some((manifest.line, 1)),
        message: match manifest.pointer.as_str() {
            "" => error.to_string(),
            pointer => format!("`{pointer}`: {error}"),
        },
        remedy: "correct the object that starts there",
    })
}
