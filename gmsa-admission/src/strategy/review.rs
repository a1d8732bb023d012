//! Reviews of pods as bytes, whole and damaged.

use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use super::pod::{expanded_pod, misshapen_pod, pod, proper_pod};
use crate::{ContainerList, samples::review};

/// Any AdmissionReview that is one: of the four kinds below, as the bytes that an API server sends.
pub fn review_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![4 => create_review(), 3 => ephemeral_review(), 2 => update_review(), 1 => other_review()]
}

/// The creation of a pod, whose gMSA fields are in order or not.
pub fn create_review() -> impl Strategy<Value = Vec<u8>> {
    any_pod().prop_map(|pod| bytes(&review("CREATE", "", &pod, &Value::Null)))
}

/// The update by which `kubectl debug` adds ephemeral containers to a pod that is there.
pub fn ephemeral_review() -> impl Strategy<Value = Vec<u8>> {
    (any_pod(), any_pod()).prop_map(|(old, other)| {
        let list = ContainerList::EphemeralContainers.field();
        let mut new = old.clone();
        let added = other.pointer("/spec").and_then(|spec| spec.get(list)).and_then(Value::as_array);
        let added = added.into_iter().flatten().cloned().enumerate().map(|(index, mut container)| {
            if let Value::Object(fields) = &mut container {
                fields.insert("name".to_owned(), format!("debugger-{index}").into());
            }
            container
        });
        if let Some(Value::Object(spec)) = new.pointer_mut("/spec")
            && let Value::Array(containers) = spec.entry(list).or_insert_with(|| json!([]))
        {
            containers.extend(added);
        }
        bytes(&review("UPDATE", "ephemeralcontainers", &new, &old))
    })
}

/// An update of a pod itself, which changes nothing, a label, or whatever an API server would refuse later.
pub fn update_review() -> impl Strategy<Value = Vec<u8>> {
    let new = prop_oneof![Just(None), any_pod().prop_map(Some)];
    (any_pod(), new).prop_map(|(old, new)| {
        let new = new.unwrap_or_else(|| {
            let mut labelled = old.clone();
            if let Some(Value::Object(metadata)) = labelled.pointer_mut("/metadata") {
                metadata.insert("labels".to_owned(), json!({"tier": "front"}));
            }
            labelled
        });
        bytes(&review("UPDATE", "", &new, &old))
    })
}

/// A review for which the webhook should not have been registered.
pub fn other_review() -> impl Strategy<Value = Vec<u8>> {
    let operation = select(&["DELETE", "CONNECT", "CREATE", "UPDATE"][..]);
    let sub_resource = select(&["status", "exec", "eviction", "resize"][..]);
    (operation, sub_resource, any_pod())
        .prop_map(|(operation, sub_resource, pod)| bytes(&review(operation, sub_resource, &pod, &pod)))
}

/// What is hardly a review any more: with pods of wrong shapes, or with its bytes changed or cut off.
pub fn damaged_review() -> impl Strategy<Value = Vec<u8>> {
    let misshapen = (misshapen_pod(), misshapen_pod(), select(&["CREATE", "UPDATE"][..]))
        .prop_map(|(pod, old, operation)| bytes(&review(operation, "", &pod, &old)));
    let place = any::<prop::sample::Index>;
    let changed = (review_bytes(), place(), any::<u8>()).prop_map(|(mut body, at, byte)| {
        *at.get_mut(&mut body) = byte;
        body
    });
    let cut = (review_bytes(), place()).prop_map(|(mut body, at)| {
        body.truncate(at.index(body.len()));
        body
    });
    prop_oneof![2 => misshapen, 2 => changed, 1 => cut]
}

fn any_pod() -> impl Strategy<Value = Value> {
    prop_oneof![pod(), proper_pod(), expanded_pod()]
}

fn bytes(review: &Value) -> Vec<u8> {
    review.to_string().into_bytes()
}
