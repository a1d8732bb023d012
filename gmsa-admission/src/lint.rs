//! The lint rules that need a pod or a cluster. They have ids of the credential spec rules, GC7xx, and live here because
//! this crate knows pods and permissions.
//!
//! | id | severity | finds |
//! |---|---|---|
//! | GC706 | error | contents without a name, contents that are not the resource's, a name that no resource has |
//! | GC707 | warning | init containers with gMSA fields, which upstream's webhook v0.13 and older skip |
//! | GC708 | warning | a service account that may not `use` what its pod names |
//! | GC709 | warning | a hostname that replicas share, or that is no computer name; as information: one that is the account's |
//! | GC710 | warning | nothing that puts the pod on Windows nodes, or gMSA fields on a hostProcess container |
//!
//! ```
//! use gmsa_admission::{Snapshot, lint::lint};
//! use serde_json::json;
//!
//! let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
//!     "replicas": 2, "template": {"spec": {
//!         "hostname": "web", "nodeSelector": {"kubernetes.io/os": "windows"},
//!         "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "WebApp1"}},
//!         "containers": [{"name": "iis"}]}}}});
//! let findings = lint(&deployment, &Snapshot::default())?;
//! let ids: Vec<_> = findings.iter().map(|finding| finding.id().as_str()).collect();
//! assert_eq!(ids, ["GC709", "GC706"]);
//! # Ok::<(), gmsa_admission::workload::WorkloadError>(())
//! ```
//!
//! Source: Kubernetes, "Configure GMSA for Windows Pods and containers"; Microsoft, "Troubleshoot gMSAs for Windows
//! containers"; microsoft/Windows-Containers issue 405; Azure/aks-engine issue 2025.

use gmsa_credspec::Comparison;
use gmsa_rbac::{AccessQuestion, Answer};
use gmsa_types::{
    CredentialSpecName,
    finding::{Finding, ObjectRef, RuleId},
};
use serde_json::Value;

use crate::{
    ContainerList, CredSpecAnswer, Place, Snapshot,
    api_server::default_pod,
    computer_name::{self, ComputerName, HOSTNAME},
    place::{CONTENTS_FIELD, NAME_FIELD},
    shown,
    workload::{WorkloadError, WorkloadPod, pod_of},
};

const POD_REFERENCE: RuleId = RuleId::new("GC706");
const INIT_CONTAINER: RuleId = RuleId::new("GC707");
const NO_PERMISSION: RuleId = RuleId::new("GC708");
const WINDOWS_NODES: RuleId = RuleId::new("GC710");

/// The rules of this module, by id.
pub const RULES: [RuleId; 5] = [POD_REFERENCE, INIT_CONTAINER, NO_PERMISSION, HOSTNAME, WINDOWS_NODES];

/// What is wrong or doubtful about the gMSA fields of a workload, in the cluster of `cluster`, in the order of
/// [`Finding::order`]. Pointers are those of the object that is given. Nothing for other kinds, and for pods without
/// gMSA fields. The [module](self) has an example.
///
/// # Errors
///
/// [`WorkloadError`] if the object is a workload from which no pod can be made.
pub fn lint(object: &Value, cluster: &Snapshot) -> Result<Vec<Finding>, WorkloadError> {
    let Some(workload) = pod_of(object)? else { return Ok(Vec::new()) };
    let mut pod = workload.pod().clone();
    default_pod(&mut pod);
    let scene = Scene { pod: &pod, workload: &workload, cluster };
    let uses = scene.uses();
    let mut findings = Vec::new();
    for used in &uses {
        findings.extend(scene.reference(used));
        findings.extend(scene.init_container(used));
        findings.extend(scene.host_process(used));
    }
    if !uses.is_empty() {
        findings.extend(scene.permissions(&uses));
        findings.extend(scene.hostname(&uses));
        findings.extend(scene.nodes());
    }
    let (kind, name) = (workload.kind().as_str(), workload.name());
    let about = ObjectRef::named(kind, name).in_namespace(workload.namespace());
    let mut findings: Vec<_> = findings.into_iter().map(|finding| finding.about(about.clone())).collect();
    findings.sort_by(Finding::order);
    Ok(findings)
}

/// The gMSA fields of one place.
struct Used<'v> {
    place: Place,
    name: Option<&'v str>,
    contents: Option<&'v str>,
}

struct Scene<'v> {
    pod: &'v Value,
    workload: &'v WorkloadPod,
    cluster: &'v Snapshot,
}

impl<'v> Scene<'v> {
    fn uses(&self) -> Vec<Used<'v>> {
        let length = |list: ContainerList| {
            let containers = self.pod.get("spec").and_then(|spec| spec.get(list.field())?.as_array());
            containers.map_or(0, Vec::len)
        };
        let containers = ContainerList::ALL
            .into_iter()
            .flat_map(|list| (0..length(list)).map(move |index| Place::Container { list, index }));
        std::iter::once(Place::Pod)
            .chain(containers)
            .filter_map(|place| {
                let options = self.pod.pointer(&place.pointer().to_string())?;
                let text = |field| options.get(field).and_then(Value::as_str);
                let used = Used { place, name: text(NAME_FIELD), contents: text(CONTENTS_FIELD) };
                (used.name.is_some() || used.contents.is_some()).then_some(used)
            })
            .collect()
    }

    /// A pointer into the pod, as one into the object.
    fn at(&self, pointer: impl std::fmt::Display) -> String {
        format!("{}{pointer}", self.workload.template_pointer())
    }

    fn field(&self, used: &Used<'_>, field: &str) -> String {
        self.at(format_args!("{}/{field}", used.place.pointer()))
    }

    fn reference(&self, used: &Used<'_>) -> Option<Finding> {
        let finding = |field, message: String| {
            Finding::error(POD_REFERENCE, message)
                .at(self.field(used, field))
                .because("the admission webhook refuses the pod")
        };
        let Some(name) = used.name else {
            let message = format!("contents without {NAME_FIELD}");
            let help = format!("write {NAME_FIELD} and leave the contents out");
            return Some(finding(CONTENTS_FIELD, message).with_help(help));
        };
        let answer = self.cluster.credential_specs().find(|(known, _)| known.as_str() == name);
        match (answer, used.contents) {
            (None, _) => {
                let nearest = CredentialSpecName::nearest(name);
                let known = |meant: &CredentialSpecName<'_>| {
                    self.cluster.credential_specs().any(|(known, _)| known == meant)
                };
                let help = match nearest {
                    Some(meant) if known(&meant) => format!("write `{meant}`, which exists"),
                    Some(meant) => format!("write `{meant}`, and create the resource"),
                    None => "create the resource, or correct the name".to_owned(),
                };
                let message = format!("no credential spec has the name `{}`", shown::name(name));
                Some(finding(NAME_FIELD, message).with_help(help))
            }
            (Some((_, CredSpecAnswer::Found(resource))), Some(contents)) => {
                match resource.compare(contents) {
                    Comparison::Equal => None,
                    _ => {
                        let message = "contents that are not those of the named resource".to_owned();
                        let help = "leave the contents out: they are filled in from the resource";
                        Some(finding(CONTENTS_FIELD, message).with_help(help))
                    }
                }
            }
            (Some((_, CredSpecAnswer::Found(_))), None) => None,
            (Some(_), _) => {
                let message = format!("credential spec `{}` has no contents", shown::name(name));
                Some(finding(NAME_FIELD, message).with_help("put the document under its `credspec`"))
            }
        }
    }

    fn init_container(&self, used: &Used<'_>) -> Option<Finding> {
        matches!(used.place, Place::Container { list: ContainerList::InitContainers, .. }).then(|| {
            Finding::warning(INIT_CONTAINER, "gMSA fields on an init container")
                .at(self.at(used.place.pointer()))
                .because("upstream's webhook v0.13 and older neither expand nor check them")
                .with_help("make sure that the cluster's webhook handles init containers")
        })
    }

    fn host_process(&self, used: &Used<'_>) -> Option<Finding> {
        let flag = |place: Place| {
            let pointer = format!("{}/hostProcess", place.pointer());
            self.pod.pointer(&pointer).and_then(Value::as_bool)
        };
        flag(used.place).or_else(|| flag(Place::Pod)).unwrap_or(false).then(|| {
            Finding::warning(WINDOWS_NODES, format!("gMSA fields on a hostProcess {}", used.place.kind()))
                .at(self.at(used.place.pointer()))
                .because("Windows ignores them there")
                .with_help("remove the gMSA fields, or hostProcess")
        })
    }

    fn permissions(&self, uses: &[Used<'_>]) -> Vec<Finding> {
        let account =
            self.pod.pointer("/spec/serviceAccountName").and_then(Value::as_str).unwrap_or_default();
        let mut findings = Vec::new();
        let mut asked = Vec::new();
        for used in uses {
            // A name that no resource can have is GC706 alone.
            let is_new = |name: &&str| CredentialSpecName::try_from(*name).is_ok() && !asked.contains(name);
            let Some(name) = used.name.filter(is_new) else { continue };
            asked.push(name);
            let question = AccessQuestion::new(self.workload.namespace(), account, name);
            let Answer::Deny(refusal) = self.cluster.rbac().explain(&question) else { continue };
            let message = format!(
                "service account `{}` may not `use` credential spec `{}`",
                shown::name(account),
                shown::name(name)
            );
            let help = match refusal.near_misses().first() {
                Some(near) => near.to_string(),
                None => "bind a role that permits it to the service account".to_owned(),
            };
            findings.push(
                Finding::warning(NO_PERMISSION, message)
                    .at(self.field(used, NAME_FIELD))
                    .because("the admission webhook refuses the pod")
                    .with_help(help),
            );
        }
        findings
    }

    fn hostname(&self, uses: &[Used<'_>]) -> Option<Finding> {
        let name = ComputerName {
            hostname: self.pod.pointer("/spec/hostname").and_then(Value::as_str)?,
            kind: self.workload.kind(),
            of_controller: self.workload.names_hosts(),
            several: self.workload.makes_several(),
        };
        let named = |name: &CredentialSpecName<'_>| uses.iter().any(|used| used.name == Some(name.as_str()));
        let accounts: Vec<_> = self
            .cluster
            .credential_specs()
            .filter(|(name, _)| named(name))
            .filter_map(|(_, answer)| match answer {
                CredSpecAnswer::Found(contents) => computer_name::account(contents.as_str()),
                _ => None,
            })
            .collect();
        name.finding(accounts.iter().map(String::as_str))
    }

    fn nodes(&self) -> Option<Finding> {
        let spec = self.pod.get("spec")?;
        let text = |pointer: &str| spec.pointer(pointer).and_then(Value::as_str);
        let selects = text("/nodeSelector/kubernetes.io~1os") == Some("windows");
        let says = text("/os/name") == Some("windows");
        let affine = spec.pointer("/affinity/nodeAffinity").is_some() || spec.get("nodeName").is_some();
        (!selects && !says && !affine).then(|| {
            Finding::warning(WINDOWS_NODES, "nothing puts the pod on Windows nodes")
                .at(self.at("/spec"))
                .because("on a Linux node the pod does not start, or runs without its identity")
                .with_help("write nodeSelector: {kubernetes.io/os: windows}")
        })
    }
}
