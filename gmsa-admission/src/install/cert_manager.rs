//! The certificate where cert-manager makes it, as its own objects.

use serde_json::{Value, json};

use super::{InstallName, labels};

/// An authority that signs itself, and a certificate of it, in the order in which they depend on each other.
///
/// The authority lives ten years and keeps its key when it is renewed: a certificate made before verifies under the
/// renewed one too, so that the moment between the webhook's certificate and the `caBundle` harms nobody. The certificate
/// lives 90 days, is renewed 30 before its end, and gets a new key each time.
///
/// Source: cert-manager, API reference for `cert-manager.io/v1`.
pub(super) fn objects(name: &InstallName) -> [Value; 4] {
    let (root, authority, leaf) = (name.suffixed("root"), name.suffixed("ca"), name.secret());
    [
        issuer(name, &root, json!({"selfSigned": {}})),
        object(
            name,
            "Certificate",
            &authority,
            json!({
                "isCA": true,
                "commonName": "gMSA admission webhook CA",
                "secretName": authority,
                "duration": "87600h0m0s",
                "renewBefore": "8760h0m0s",
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Never"},
                "usages": ["cert sign", "crl sign", "digital signature"],
                "issuerRef": reference(&root),
            }),
        ),
        issuer(name, &authority, json!({"ca": {"secretName": authority}})),
        object(
            name,
            "Certificate",
            &leaf,
            json!({
                "dnsNames": name.dns_names(),
                "secretName": leaf,
                "duration": "2160h0m0s",
                "renewBefore": "720h0m0s",
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                "usages": ["digital signature", "server auth"],
                "issuerRef": reference(&authority),
            }),
        ),
    ]
}

fn issuer(name: &InstallName, called: &str, spec: Value) -> Value {
    object(name, "Issuer", called, spec)
}

fn reference(issuer: &str) -> Value {
    json!({"group": "cert-manager.io", "kind": "Issuer", "name": issuer})
}

fn object(name: &InstallName, kind: &str, called: &str, spec: Value) -> Value {
    json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": kind,
        "metadata": {"name": called, "namespace": name.namespace(), "labels": labels::all(name)},
        "spec": spec,
    })
}
