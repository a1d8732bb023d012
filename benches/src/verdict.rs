//! What else one would write at the validating endpoint: each place with a name has contents, which say the same
//! as the credential spec of that name, and the service account may use it. No rule beyond that.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Pod, WindowsSecurityContextOptions};
use kube_core::admission::{AdmissionRequest, AdmissionResponse};
use serde_json::{Value, json};

use crate::alternative::{request, value};

/// What such a webhook has at hand.
#[derive(Default)]
pub(crate) struct Known {
    /// The contents of credential specs, by name.
    pub(crate) contents: BTreeMap<String, Value>,
    /// The names that may be used, by namespace and then by service account.
    pub(crate) permitted: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

/// Whether it is allowed, and the bytes that say so.
pub(crate) struct Verdict {
    pub(crate) allowed: bool,
    pub(crate) body: Vec<u8>,
}

/// A way to write the webhook.
#[derive(Clone, Copy)]
pub(crate) struct Validator {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) judge: fn(&[u8], &Known) -> Verdict,
}

pub(crate) const VALIDATORS: [Validator; 2] = [
    Validator { name: "kube-core-typed", what: "kube-core's `AdmissionReview<Pod>`", judge: judge_typed },
    Validator { name: "serde-json-value", what: "`serde_json::Value` and pointers", judge: judge_value },
];

/// The name and the contents of a place that has either.
type Place<'a> = (Option<&'a str>, Option<&'a str>);

fn judge_typed(body: &[u8], known: &Known) -> Verdict {
    let request = request::<Pod>(body);
    let spec = request.object.as_ref().and_then(|pod| pod.spec.as_ref()).expect("a pod");
    let account = spec.service_account_name.as_deref().unwrap_or("default");
    let denial =
        known.denial(request.namespace.as_deref().unwrap_or_default(), account, typed_places(&request));
    let response = AdmissionResponse::from(&request);
    let response = match denial {
        Some(denial) => response.deny(denial),
        None => response,
    };
    let allowed = response.allowed;
    Verdict { allowed, body: serde_json::to_vec(&response.into_review()).expect("a review is JSON") }
}

fn judge_value(body: &[u8], known: &Known) -> Verdict {
    let review = value(body);
    let request = &review["request"];
    let pod = &request["object"];
    let account = pod.pointer("/spec/serviceAccountName").and_then(Value::as_str).unwrap_or("default");
    let denial = known.denial(request["namespace"].as_str().unwrap_or_default(), account, places(pod));
    let allowed = denial.is_none();
    let mut response = json!({"uid": request["uid"], "allowed": allowed});
    if let Some(denial) = denial {
        response["status"] = json!({"message": denial});
    }
    let review =
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
    Verdict { allowed, body: serde_json::to_vec(&review).expect("a review is JSON") }
}

impl Known {
    /// Why the places of a pod are not as they should be.
    fn denial(&self, namespace: &str, account: &str, places: Vec<Place<'_>>) -> Option<String> {
        let permitted = self.permitted.get(namespace).and_then(|accounts| accounts.get(account));
        places.into_iter().find_map(|place| {
            let (Some(name), Some(contents)) = place else {
                return Some("a name without contents, or contents without a name".to_owned());
            };
            if !permitted.is_some_and(|names| names.contains(name)) {
                return Some(format!("{account} may not use {name}"));
            }
            let said = serde_json::from_str::<Value>(contents).ok();
            let same = said.is_some() && said.as_ref() == self.contents.get(name);
            (!same).then(|| format!("the contents are not those of {name}"))
        })
    }
}

fn typed_places(request: &AdmissionRequest<Pod>) -> Vec<Place<'_>> {
    let Some(spec) = request.object.as_ref().and_then(|pod| pod.spec.as_ref()) else { return Vec::new() };
    let own = spec.security_context.as_ref().and_then(|context| context.windows_options.as_ref());
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    let of_containers = containers.map(|container| &container.security_context);
    let ephemeral = spec.ephemeral_containers.iter().flatten();
    let of_ephemeral = ephemeral.map(|container| &container.security_context);
    let of_contexts = of_containers.chain(of_ephemeral).flatten();
    let of_contexts = of_contexts.filter_map(|context| context.windows_options.as_ref());
    own.into_iter().chain(of_contexts).map(typed_place).filter(has_either).collect()
}

fn typed_place(options: &WindowsSecurityContextOptions) -> Place<'_> {
    (options.gmsa_credential_spec_name.as_deref(), options.gmsa_credential_spec.as_deref())
}

fn places(pod: &Value) -> Vec<Place<'_>> {
    let spec = &pod["spec"];
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let containers = lists.iter().filter_map(|list| spec[list].as_array()).flatten();
    [spec].into_iter().chain(containers).filter_map(place).filter(has_either).collect()
}

fn place(owner: &Value) -> Option<Place<'_>> {
    let options = owner.pointer("/securityContext/windowsOptions")?;
    let text = |key: &str| options.get(key)?.as_str();
    Some((text("gmsaCredentialSpecName"), text("gmsaCredentialSpec")))
}

fn has_either((name, contents): &Place<'_>) -> bool {
    name.is_some() || contents.is_some()
}
