//! Finds the pod template of a workload, which is then read as a pod is.

use std::borrow::Cow;

use serde::Deserialize;

use super::{
    json::{Object, Text},
    pod::{MetadataWire, PodWire},
};
use crate::{
    Pod,
    template::Template,
    workload::{INDEXED, PodIdentity, TemplateAt, WorkloadKind},
};

/// An object with a pod template, read from JSON or from a `serde_json::Value`.
///
/// Of which kind it is may stand behind it, so a template is read wherever one can be. The guard against unknown
/// places sees to those that are not the kind's.
#[derive(Deserialize)]
pub(crate) struct WorkloadWire<'a> {
    #[serde(borrow)]
    metadata: Option<Object<MetadataWire<'a>>>,
    #[serde(borrow)]
    spec: Option<Object<SpecWire<'a>>>,
}

/// The `spec` of a workload, or of the jobs that a workload makes.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct SpecWire<'a> {
    replicas: Option<i64>,
    parallelism: Option<i64>,
    #[serde(borrow)]
    completion_mode: Option<Text<'a>>,
    ordinals: Option<Object<Ordinals>>,
    #[serde(borrow)]
    template: Option<PodWire<'a>>,
    #[serde(borrow)]
    job_template: Option<Object<JobTemplate<'a>>>,
}

#[derive(Deserialize)]
struct Ordinals {
    start: Option<u64>,
}

#[derive(Deserialize)]
struct JobTemplate<'a> {
    #[serde(borrow)]
    spec: Option<Box<Object<SpecWire<'a>>>>,
}

impl<'a> WorkloadWire<'a> {
    /// The template of an object of that kind, and how many gMSA keys are in it.
    pub(crate) fn of_kind(self, kind: WorkloadKind) -> (Template<'a>, usize) {
        let Self { metadata, spec } = self;
        let metadata = metadata.map(|Object(metadata)| metadata).unwrap_or_default();
        let text = |text: Option<Text<'a>>| text.unwrap_or_default().0;
        let (name, prefix) = (text(metadata.name), text(metadata.generate_name));
        Self { metadata: None, spec }.named(kind, &name, &prefix)
    }

    /// The same for an object whose metadata is elsewhere.
    pub(crate) fn named(self, kind: WorkloadKind, name: &str, prefix: &str) -> (Template<'a>, usize) {
        let spec = self.spec.map(|Object(spec)| spec).unwrap_or_default();
        let spec = match kind.template_at() {
            // No template, and so no pod.
            TemplateAt::Itself => SpecWire::default(),
            TemplateAt::Spec => spec,
            TemplateAt::JobTemplate => {
                let jobs = spec.job_template.and_then(|Object(template)| template.spec);
                jobs.map(|jobs| jobs.0).unwrap_or_default()
            }
        };
        let PodWire { pod, keys } = spec.template.unwrap_or_default();
        let ordinal = spec.ordinals.and_then(|Object(ordinals)| ordinals.start).unwrap_or(0);
        let indexed = spec.completion_mode.is_some_and(|mode| mode.0 == INDEXED);
        let given = |text: &&str| !text.is_empty();
        let identity =
            PodIdentity::of(kind, Some(name).filter(given), Some(prefix).filter(given), ordinal, indexed);
        let service_account = match pod.service_account.is_empty() {
            true => Cow::Borrowed(DEFAULT_SERVICE_ACCOUNT),
            false => pod.service_account,
        };
        let names_hosts = identity.hostname.is_some();
        let pod = Pod {
            name: Cow::Owned(identity.name.unwrap_or_default()),
            generate_name: Cow::Owned(identity.generate_name),
            service_account,
            hostname: identity.hostname.map_or(pod.hostname, Cow::Owned),
            ..pod
        };
        let makes_several = kind.makes_several(spec.replicas, spec.parallelism);
        let unknown_places = Vec::new();
        (Template { kind, pod, names_hosts, makes_several, is_new: true, unknown_places }, keys)
    }
}

/// What the API server gives to a pod that names no service account.
///
/// Source: Kubernetes `plugin/pkg/admission/serviceaccount/admission.go`, `DefaultServiceAccountName`.
const DEFAULT_SERVICE_ACCOUNT: &str = "default";
