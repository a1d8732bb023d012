//! The labels of all that is installed, and the selector of the pods.

use std::collections::BTreeMap;

use gmsa_rbac::build::conventional_labels;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::InstallName;

/// What every object of the installation is labelled with.
///
/// Source: Kubernetes, "Recommended Labels".
pub(super) fn all(name: &InstallName) -> BTreeMap<String, String> {
    let mut labels = conventional_labels();
    labels.extend(selector(name));
    labels
}

/// What policies are labelled with, which are no webhook's.
pub(super) fn of_policies(name: &InstallName) -> BTreeMap<String, String> {
    let mut labels = all(name);
    labels.remove("app.kubernetes.io/name");
    labels
}

/// What picks the pods of the webhook. A Deployment's selector never changes, so neither may this.
pub(super) fn selector(name: &InstallName) -> BTreeMap<String, String> {
    [("name", "gmsa-webhook"), ("instance", name.name())]
        .map(|(key, value)| (format!("app.kubernetes.io/{key}"), value.to_owned()))
        .into()
}

pub(super) fn label_selector(name: &InstallName) -> LabelSelector {
    LabelSelector { match_labels: Some(selector(name)), ..LabelSelector::default() }
}

/// The metadata of an object that is called as the installation is.
pub(super) fn metadata(name: &InstallName) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.name().to_owned()),
        namespace: Some(name.namespace().to_owned()),
        labels: Some(all(name)),
        ..ObjectMeta::default()
    }
}
