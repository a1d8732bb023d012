//! What manifests say of permissions: the cluster, and the workloads that want something of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use gmsa_admission::{
    Request, Snapshot,
    workload::{WorkloadPod, pod_of},
};
use gmsa_examples::{
    cluster,
    manifest::{self, Manifest, ManifestError},
    program::NOTE,
};
use gmsa_rbac::{
    Rbac,
    audit::{Audit, WorkloadUse},
};
use gmsa_types::{
    CredentialSpecName, KIND,
    finding::{Finding, ObjectRef},
};
use serde_json::{Value, json};

/// The objects of a file or folder, sorted by what an audit needs of them.
pub(crate) struct Inventory {
    cluster: Snapshot,
    /// `None` if there is not a single one: then nobody knows which there are.
    pub(crate) credential_specs: Option<BTreeSet<String>>,
    service_accounts: Option<BTreeSet<(String, String)>>,
    pub(crate) workloads: Vec<WorkloadUse>,
    files: BTreeMap<ObjectRef, String>,
}

impl Inventory {
    /// Reads a file or a folder. What a cluster has of itself is added to it.
    pub(crate) fn read(path: &Path) -> Result<Self, Vec<ManifestError>> {
        let manifests = manifest::read(&[path])?;
        let (mut workloads, mut errors) = (Vec::new(), Vec::new());
        let mut cluster = Snapshot::default();
        let mut credential_specs: Option<BTreeSet<String>> = None;
        for manifest in &manifests {
            if manifest.object["kind"] == KIND {
                let known = credential_specs.get_or_insert_default();
                match CredentialSpecName::try_from(name_of(&manifest.object)) {
                    Ok(name) => drop(known.insert(name.into())),
                    Err(error) => anstream::eprintln!(
                        "{NOTE}note{NOTE:#}: {}:{}: {error}, so no API server takes it",
                        manifest.file,
                        manifest.line
                    ),
                }
            } else if let Err(error) = cluster::apply(&mut cluster, manifest) {
                errors.push(error);
            }
        }
        cluster::settle(&mut cluster);
        let accounts: BTreeSet<(String, String)> = manifests
            .iter()
            .map(|manifest| &manifest.object)
            .filter(|object| object["kind"] == "ServiceAccount")
            .map(|object| (namespace_of(object).to_owned(), name_of(object).to_owned()))
            .collect();
        for manifest in &manifests {
            match workload_use(manifest) {
                Ok(found) => workloads.extend(found),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let files = manifests.iter().map(|manifest| (reference(&manifest.object), manifest.file.clone()));
        Ok(Self {
            cluster,
            credential_specs,
            service_accounts: Some(accounts).filter(|accounts| !accounts.is_empty()),
            workloads,
            files: files.collect(),
        })
    }

    pub(crate) fn rbac(&self) -> &Rbac {
        self.cluster.rbac()
    }

    /// What the audit finds, each finding with the file of its object.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut audit = Audit::of(self.rbac());
        if let Some(specs) = &self.credential_specs {
            audit = audit.credential_specs(specs);
        }
        if let Some(accounts) = &self.service_accounts {
            audit = audit.service_accounts(accounts.iter().cloned());
        }
        let audit = self.workloads.iter().cloned().fold(audit, Audit::workload);
        let mut findings: Vec<Finding> =
            audit.findings().into_iter().map(|found| self.in_file(found)).collect();
        findings.sort_by(Finding::order);
        findings
    }

    fn in_file(&self, finding: Finding) -> Finding {
        let Some(object) = finding.object().cloned() else { return finding };
        match self.files.get(&object) {
            Some(file) if object.file().is_none() => finding.about(object.in_file(file)),
            _ => finding,
        }
    }
}

/// The credential specs that a workload names; nothing for other objects, and workloads that name none.
fn workload_use(manifest: &Manifest) -> Result<Option<WorkloadUse>, ManifestError> {
    let error = |message: String| ManifestError {
        file: manifest.file.clone(),
        place: Some((manifest.line, 1)),
        message,
        remedy: "correct the workload that starts there",
    };
    let Some(workload) = pod_of(&manifest.object).map_err(|fault| error(fault.to_string()))? else {
        return Ok(None);
    };
    let (object, template) = (reference_of(&workload, &manifest.file), workload.template_pointer());
    let namespace = workload.namespace().to_owned();
    // The webhook's own reader, so that there is one list of the places where a pod names a credential spec.
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "-", "operation": "CREATE", "namespace": namespace,
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "object": workload.into_pod()}});
    let review = review.to_string();
    let request = Request::from_slice(review.as_bytes()).map_err(|fault| error(fault.to_string()))?;
    let Some(pod) = request.pod() else { return Ok(None) };
    let mut used = WorkloadUse::new(object, namespace, pod.service_account());
    for fields in pod.gmsa() {
        if let Some(name) = fields.name() {
            let pointer = format!("{template}{}/gmsaCredentialSpecName", fields.place().pointer());
            used = used.using_at(name, pointer);
        }
    }
    Ok(Some(used).filter(|used| !used.uses().is_empty()))
}

fn reference_of(workload: &WorkloadPod, file: &str) -> ObjectRef {
    ObjectRef::named(workload.kind().as_str(), workload.name())
        .in_namespace(workload.namespace())
        .in_file(file)
}

/// As findings of the audit name an object.
fn reference(object: &Value) -> ObjectRef {
    let kind = object["kind"].as_str().unwrap_or_default();
    let reference = ObjectRef::named(kind, name_of(object));
    match kind {
        "Role" | "RoleBinding" => reference.in_namespace(namespace_of(object)),
        _ => reference,
    }
}

fn name_of(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

fn namespace_of(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().filter(|namespace| !namespace.is_empty()).unwrap_or("default")
}
