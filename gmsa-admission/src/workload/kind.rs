use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{WorkloadError, WorkloadFault, text_at};

/// A kind of object that makes pods.
///
/// Source: Kubernetes `k8s.io/api/{core,apps,batch}/v1/types.go`.
///
/// ```
/// use gmsa_admission::workload::WorkloadKind;
///
/// assert_eq!(WorkloadKind::CronJob.api_version(), "batch/v1");
/// assert_eq!(WorkloadKind::CronJob.template_pointer(), "/spec/jobTemplate/spec/template");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WorkloadKind {
    /// A pod itself.
    Pod,
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` StatefulSet.
    StatefulSet,
    /// `apps/v1` DaemonSet.
    DaemonSet,
    /// `apps/v1` ReplicaSet.
    ReplicaSet,
    /// `v1` ReplicationController.
    ReplicationController,
    /// `batch/v1` Job.
    Job,
    /// `batch/v1` CronJob.
    CronJob,
}

impl WorkloadKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Pod,
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::ReplicationController,
        Self::Job,
        Self::CronJob,
    ];

    /// The kinds that have a pod template: all but the pod itself.
    ///
    /// ```
    /// use gmsa_admission::workload::WorkloadKind;
    ///
    /// let resources: Vec<_> = WorkloadKind::templated().map(WorkloadKind::resource).collect();
    /// assert_eq!(resources[..3], ["deployments", "statefulsets", "daemonsets"]);
    /// assert_eq!(resources.len(), 7);
    /// ```
    pub fn templated() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|kind| kind.row().template != TemplateAt::Itself)
    }

    /// The one table of kinds.
    const fn row(self) -> Row {
        use TemplateAt::{Itself, JobTemplate, Spec};
        let (kind, api_version, resource, template) = match self {
            Self::Pod => ("Pod", "v1", "pods", Itself),
            Self::Deployment => ("Deployment", "apps/v1", "deployments", Spec),
            Self::StatefulSet => ("StatefulSet", "apps/v1", "statefulsets", Spec),
            Self::DaemonSet => ("DaemonSet", "apps/v1", "daemonsets", Spec),
            Self::ReplicaSet => ("ReplicaSet", "apps/v1", "replicasets", Spec),
            Self::ReplicationController => ("ReplicationController", "v1", "replicationcontrollers", Spec),
            Self::Job => ("Job", "batch/v1", "jobs", Spec),
            Self::CronJob => ("CronJob", "batch/v1", "cronjobs", JobTemplate),
        };
        Row { kind, api_version, resource, template }
    }

    /// The kind as manifests write it.
    pub const fn as_str(self) -> &'static str {
        self.row().kind
    }

    /// The `apiVersion` under which API servers serve it.
    pub const fn api_version(self) -> &'static str {
        self.row().api_version
    }

    /// The API group, empty for the core group; with [`version`](Self::version) and [`resource`](Self::resource) it
    /// makes a webhook's rule.
    ///
    /// ```
    /// use gmsa_admission::workload::WorkloadKind;
    ///
    /// let kind = WorkloadKind::CronJob;
    /// assert_eq!((kind.group(), kind.version(), kind.resource()), ("batch", "v1", "cronjobs"));
    /// ```
    pub fn group(self) -> &'static str {
        group_of(self.api_version())
    }

    /// The version within the API group.
    pub fn version(self) -> &'static str {
        let api_version = self.api_version();
        api_version.rsplit_once('/').map_or(api_version, |(_, version)| version)
    }

    /// The resource, the plural that stands in URLs and rules.
    pub const fn resource(self) -> &'static str {
        self.row().resource
    }

    /// The JSON pointer of the pod template in the object; for a pod `""`, the object itself. Put in front of a
    /// pointer into the pod, it gives the place in the manifest.
    pub const fn template_pointer(self) -> &'static str {
        self.row().template.pointer()
    }

    /// The same as the API server writes field paths, and CEL expressions do: `spec.template`; for a pod `""`.
    ///
    /// ```
    /// use gmsa_admission::workload::WorkloadKind;
    ///
    /// assert_eq!(WorkloadKind::CronJob.template_path(), "spec.jobTemplate.spec.template");
    /// ```
    pub const fn template_path(self) -> &'static str {
        match self.row().template {
            TemplateAt::Itself => "",
            TemplateAt::Spec => "spec.template",
            TemplateAt::JobTemplate => "spec.jobTemplate.spec.template",
        }
    }

    pub(crate) const fn template_at(self) -> TemplateAt {
        self.row().template
    }

    /// The kind of that type, if it is one of these and of the version that is served.
    pub(crate) fn of_type(group: &str, version: &str, kind: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| (known.group(), known.version(), known.as_str()) == (group, version, kind))
    }

    /// Whether the controller runs several pods at a time. `replicas` and `parallelism` are those of the `spec` that
    /// the template stands in; absent they count as one.
    pub(crate) fn makes_several(self, replicas: Option<i64>, parallelism: Option<i64>) -> bool {
        let several = |count: Option<i64>| count.unwrap_or(1) > 1;
        match self {
            Self::Pod => false,
            // One on each node.
            Self::DaemonSet => true,
            Self::Deployment | Self::StatefulSet | Self::ReplicaSet | Self::ReplicationController => {
                several(replicas)
            }
            Self::Job | Self::CronJob => several(parallelism),
        }
    }

    /// The kind of `object`; `None` if it is of a kind that makes no pods, or of another API group that has a
    /// kind of the same name.
    ///
    /// # Errors
    ///
    /// [`WorkloadError`] if `kind` or `apiVersion` is missing or no string, or if the version is one that API
    /// servers no longer serve, such as `extensions/v1beta1`.
    ///
    /// ```
    /// use gmsa_admission::workload::WorkloadKind;
    /// use serde_json::json;
    ///
    /// let job = |version| json!({"apiVersion": version, "kind": "Job"});
    /// assert_eq!(WorkloadKind::of(&job("batch/v1"))?, Some(WorkloadKind::Job));
    /// assert_eq!(WorkloadKind::of(&job("batch.volcano.sh/v1alpha1"))?, None);
    /// # Ok::<(), gmsa_admission::workload::WorkloadError>(())
    /// ```
    pub fn of(object: &Value) -> Result<Option<Self>, WorkloadError> {
        if !object.is_object() {
            return Err(WorkloadError::wrong_type("", "an object"));
        }
        let text = text_at(object, "/kind")?.ok_or_else(|| WorkloadError::missing("/kind"))?;
        let version = text_at(object, "/apiVersion")?.ok_or_else(|| WorkloadError::missing("/apiVersion"))?;
        let Some(kind) = Self::ALL.into_iter().find(|kind| kind.as_str() == text) else { return Ok(None) };
        if version == kind.api_version() {
            return Ok(Some(kind));
        }
        let group = group_of(version);
        if group == group_of(kind.api_version()) || group == "extensions" {
            let fault = WorkloadFault::NotServed { kind };
            return Err(WorkloadError { pointer: "/apiVersion".to_owned(), fault });
        }
        Ok(None)
    }
}

impl fmt::Display for WorkloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What there is to know about a kind.
struct Row {
    kind: &'static str,
    api_version: &'static str,
    resource: &'static str,
    template: TemplateAt,
}

/// Where the pod template of a kind stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TemplateAt {
    /// The object is a pod.
    Itself,
    /// In its `spec`.
    Spec,
    /// In the `spec` of the jobs that it makes.
    JobTemplate,
}

impl TemplateAt {
    pub(crate) const fn pointer(self) -> &'static str {
        match self {
            Self::Itself => "",
            Self::Spec => "/spec/template",
            Self::JobTemplate => "/spec/jobTemplate/spec/template",
        }
    }
}

fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}
