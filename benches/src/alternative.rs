//! What else one would write: webhooks over kube-core's types and over plain JSON, that put contents beside each name
//! which has none. They look at no rules beyond that.

use std::collections::BTreeMap;

use k8s_openapi::{
    ByteString,
    api::core::v1::{Pod, WindowsSecurityContextOptions},
};
use kube_core::{
    DynamicObject,
    admission::{AdmissionRequest, AdmissionResponse, AdmissionReview},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The contents of credential specs, by name.
pub(crate) type Contents = BTreeMap<String, String>;

/// What a webhook answers: so many changes, and the bytes that say so.
pub(crate) struct Answer {
    pub(crate) changes: usize,
    pub(crate) body: Vec<u8>,
}

/// A way to write the webhook: what its name says of it, how it expands, and how it counts what there is to expand.
#[derive(Clone, Copy)]
pub(crate) struct Alternative {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) expand: fn(&[u8], &Contents) -> Answer,
    pub(crate) names: fn(&[u8]) -> usize,
}

pub(crate) const ALTERNATIVES: [Alternative; 3] = [
    Alternative {
        name: "kube-core-typed",
        what: "kube-core's `AdmissionReview<Pod>`",
        expand: expand_typed,
        names: |body| windows_options(&mut request::<Pod>(body).object.expect("a pod")).len(),
    },
    Alternative {
        name: "kube-core-dynamic",
        what: "kube-core's `AdmissionReview<DynamicObject>`",
        expand: expand_dynamic,
        names: |body| unexpanded(&request::<DynamicObject>(body).object.expect("a pod").data).len(),
    },
    Alternative {
        name: "serde-json-value",
        what: "`serde_json::Value` and pointers",
        expand: expand_value,
        names: |body| unexpanded(&value(body)["request"]["object"]).len(),
    },
];

pub(crate) fn request<T: kube_core::Resource + DeserializeOwned>(body: &[u8]) -> AdmissionRequest<T> {
    let review: AdmissionReview<T> = serde_json::from_slice(body).expect("a review");
    review.try_into().expect("a request")
}

pub(crate) fn value(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("JSON")
}

fn expand_typed(body: &[u8], contents: &Contents) -> Answer {
    let request = request::<Pod>(body);
    let pod = request.object.as_ref().expect("a pod");
    let mut expanded = pod.clone();
    for options in windows_options(&mut expanded) {
        let name = options.gmsa_credential_spec_name.as_deref().expect("a name");
        options.gmsa_credential_spec = Some(contents[name].clone());
    }
    respond(&request, &json(pod), &json(&expanded))
}

fn expand_dynamic(body: &[u8], contents: &Contents) -> Answer {
    let request = request::<DynamicObject>(body);
    let pod = request.object.as_ref().expect("a pod");
    let mut expanded = pod.clone();
    for (pointer, name) in unexpanded(&pod.data) {
        let options = expanded.data.pointer_mut(&pointer).expect("it was met there");
        options["gmsaCredentialSpec"] = contents[name].as_str().into();
    }
    respond(&request, &json(pod), &json(&expanded))
}

fn respond<T: kube_core::Resource>(request: &AdmissionRequest<T>, pod: &Value, expanded: &Value) -> Answer {
    let patch = json_patch::diff(pod, expanded);
    let changes = patch.0.len();
    let response = AdmissionResponse::from(request).with_patch(patch).expect("a patch is JSON");
    Answer { changes, body: serde_json::to_vec(&response.into_review()).expect("a review is JSON") }
}

fn expand_value(body: &[u8], contents: &Contents) -> Answer {
    let review = value(body);
    let request = &review["request"];
    let add = |(pointer, name): (String, &str)| {
        let path = format!("{pointer}/gmsaCredentialSpec");
        json!({"op": "add", "path": path, "value": contents[name]})
    };
    let patch: Vec<Value> = unexpanded(&request["object"]).into_iter().map(add).collect();
    let changes = patch.len();
    let response = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {
            "uid": request["uid"],
            "allowed": true,
            "patchType": "JSONPatch",
            "patch": ByteString(serde_json::to_vec(&patch).expect("a patch is JSON")),
        },
    });
    Answer { changes, body: serde_json::to_vec(&response).expect("a review is JSON") }
}

fn json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("a pod is JSON")
}

/// The Windows options with a name and no contents.
fn windows_options(pod: &mut Pod) -> Vec<&mut WindowsSecurityContextOptions> {
    let Some(spec) = &mut pod.spec else { return Vec::new() };
    let own = spec.security_context.as_mut().and_then(|context| context.windows_options.as_mut());
    let containers = spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten());
    let of_containers = containers.map(|container| &mut container.security_context);
    let ephemeral = spec.ephemeral_containers.iter_mut().flatten();
    let of_ephemeral = ephemeral.map(|container| &mut container.security_context);
    let contexts = of_containers.chain(of_ephemeral);
    let of_contexts = contexts.filter_map(|context| context.as_mut()?.windows_options.as_mut());
    let unexpanded = |options: &&mut WindowsSecurityContextOptions| {
        options.gmsa_credential_spec_name.is_some() && options.gmsa_credential_spec.is_none()
    };
    own.into_iter().chain(of_contexts).filter(unexpanded).collect()
}

/// Where Windows options with a name and no contents are in a pod, and the name.
pub(crate) fn unexpanded(pod: &Value) -> Vec<(String, &str)> {
    let spec = &pod["spec"];
    let mut found: Vec<_> = unexpanded_name(spec).map(|name| (at("/spec"), name)).into_iter().collect();
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for (index, container) in spec[list].as_array().into_iter().flatten().enumerate() {
            let name = unexpanded_name(container);
            found.extend(name.map(|name| (at(&format!("/spec/{list}/{index}")), name)));
        }
    }
    found
}

fn unexpanded_name(owner: &Value) -> Option<&str> {
    let options = owner.get("securityContext")?.get("windowsOptions")?;
    let name = options.get("gmsaCredentialSpecName")?.as_str()?;
    options.get("gmsaCredentialSpec").is_none().then_some(name)
}

fn at(owner: &str) -> String {
    format!("{owner}/securityContext/windowsOptions")
}
