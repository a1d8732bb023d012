//! What the example programs share: reading manifests.
