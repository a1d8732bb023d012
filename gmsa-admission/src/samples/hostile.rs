//! Reviews that are made to be expensive.

use serde_json::json;

use super::review;

/// Bodies of about `size` bytes that whoever may create pods can send, each with what it is made of: long keys, deep and
/// wide objects, many gMSA keys, many faults, wrong types. What is read, decided and written of each must grow with its
/// size and no faster.
///
/// ```
/// use gmsa_admission::{Request, samples};
///
/// for (what, body) in samples::hostile_reviews(10_000) {
///     assert!((5_000..30_000).contains(&body.len()), "{what}");
///     assert!(Request::from_slice(&body).is_ok() || what.contains("wrong type"), "{what}");
/// }
/// ```
pub fn hostile_reviews(size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let list = |element: &str, size: usize| {
        let times = size / (element.len() + 1) + 1;
        format!("[{}]", vec![element; times].join(","))
    };
    let create = |spec: String| body("CREATE", "", &spec, "{}");
    let named = |name: &str| {
        format!(r#"{{"securityContext":{{"windowsOptions":{{"gmsaCredentialSpecName":"{name}"}}}}}}"#)
    };
    let (hit, tiny) = (r#"{"gmsaCredentialSpec":"{}"}"#, r#"{"":0}"#);
    let long_key = "k".repeat(size / 2);
    let escaped_key = r"\u006b".repeat(size / 12);
    // serde_json goes 128 deep, and a pod's own levels are among those.
    let nested = format!("{}{tiny}{}", r#"{"n":"#.repeat(100), "}".repeat(100));
    let unchanged = format!(r#"{{"later":[{{"gmsaCredentialSpec":{}}}]}}"#, list(tiny, size / 2));
    let joined = format!(r#"{{"ephemeralContainers":{}}}"#, list(&named("a"), size));
    vec![
        ("a long key above many gMSA keys", create(format!(r#"{{"{long_key}":{}}}"#, list(hit, size / 2)))),
        (
            "a long key in escapes above many gMSA keys",
            create(format!(r#"{{"{escaped_key}":{}}}"#, list(hit, size / 2))),
        ),
        (
            "a wrong type above many objects",
            create(format!(r#"{{"containers":1,"volumes":{}}}"#, list(tiny, size))),
        ),
        (
            "a wrong type behind many containers",
            create(format!(r#"{{"containers":{},"initContainers":[1]}}"#, list(&named("a"), size))),
        ),
        (
            "an unknown gMSA key above many objects",
            create(format!(r#"{{"gmsaCredentialSpec":{}}}"#, list(tiny, size))),
        ),
        ("an unknown gMSA key that stays as it is", body("UPDATE", "", &unchanged, &unchanged)),
        ("many gMSA keys at an unknown place", create(format!(r#"{{"later":{}}}"#, list(hit, size)))),
        ("many deep objects around gMSA keys", {
            let deep = nested.replace(tiny, hit);
            create(format!(r#"{{"later":{}}}"#, list(&deep, size)))
        }),
        (
            "many deep objects",
            create(format!(r#"{{"gmsaCredentialSpec":0,"later":{}}}"#, list(&nested, size))),
        ),
        ("many names", create(format!(r#"{{"containers":{}}}"#, list(&named("a"), size)))),
        ("many empty names", create(format!(r#"{{"initContainers":{}}}"#, list(&named(""), size)))),
        ("many long names", create(format!(r#"{{"containers":{}}}"#, list(&named(&"a".repeat(253)), size)))),
        (
            "many names that none can be",
            create(format!(r#"{{"containers":{}}}"#, list(&named(r"\u0041\n"), size))),
        ),
        ("many ephemeral containers that join", body("UPDATE", "ephemeralcontainers", &joined, "{}")),
        ("many changes", {
            let spec = |name| format!(r#"{{"containers":{}}}"#, list(&named(name), size / 2));
            body("UPDATE", "", &spec("a"), &spec("b"))
        }),
        ("a text of escapes", create(format!(r#"{{"nodeName":"{}"}}"#, r"\u00e9".repeat(size / 6)))),
    ]
}

fn body(operation: &str, sub_resource: &str, spec: &str, old: &str) -> Vec<u8> {
    let review =
        review(operation, sub_resource, &json!({"spec": "NEW"}), &json!({"spec": "OLD"})).to_string();
    review.replace("\"NEW\"", spec).replace("\"OLD\"", old).into_bytes()
}
