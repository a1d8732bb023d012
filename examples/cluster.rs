//! A cluster made of manifests.

use gmsa_admission::Snapshot;

use crate::manifest::{Manifest, ManifestError};

/// A snapshot of the manifests, taken as they are: as objects that a cluster holds already.
///
/// # Errors
///
/// The first object that cannot be what its kind says.
pub fn of(manifests: &[Manifest]) -> Result<Snapshot, ManifestError> {
    let mut cluster = Snapshot::default();
    manifests.iter().try_for_each(|manifest| add(&mut cluster, manifest))?;
    Ok(cluster)
}

/// Adds one manifest to a cluster.
///
/// # Errors
///
/// If the object cannot be what its kind says.
pub fn add(cluster: &mut Snapshot, manifest: &Manifest) -> Result<(), ManifestError> {
    cluster.insert(&manifest.object).map_err(|error| ManifestError {
        file: manifest.file.clone(),
        place: Some((manifest.line, 1)),
        message: match manifest.pointer.as_str() {
            "" => error.to_string(),
            pointer => format!("`{pointer}`: {error}"),
        },
        remedy: "correct the object that starts there",
    })
}
