//! The API server's defaults for a pod and its checks of it, and of the templates that make one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    error::FieldError,
    field::Field,
    name::{NameForm, Scope, check_metadata, check_name},
    windows_options::{check_host_process, check_windows_options},
};
use crate::{ContainerList, workload::WorkloadKind};

/// Gives the pod its service account, as the API server does before any webhook: `default` if it names none,
/// with `serviceAccount`, the deprecated alias, kept equal to `serviceAccountName`. Nothing else is defaulted.
///
/// If both are set, `serviceAccountName` counts. A mirror pod (annotation `kubernetes.io/config.mirror`) gets no
/// service account. A pod whose fields have the wrong types stays as it is; [`check_pod`] tells of them.
///
/// Source: Kubernetes `plugin/pkg/admission/serviceaccount/admission.go`, `Admit`; `pkg/apis/core/v1/conversion.go`,
/// `Convert_v1_PodSpec_To_core_PodSpec`.
///
/// ```
/// use gmsa_admission::api_server::default_pod;
/// use serde_json::json;
///
/// let mut pod = json!({"spec": {"serviceAccount": "web"}});
/// default_pod(&mut pod);
/// assert_eq!(pod, json!({"spec": {"serviceAccount": "web", "serviceAccountName": "web"}}));
/// ```
pub fn default_pod(pod: &mut Value) {
    let mirror = pod.pointer("/metadata/annotations/kubernetes.io~1config.mirror").is_some();
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let mut account = None;
    for field in ["serviceAccountName", "serviceAccount"] {
        match spec.get(field) {
            None | Some(Value::Null) => {}
            Some(Value::String(name)) if name.is_empty() => {}
            Some(Value::String(name)) => account = account.or_else(|| Some(name.clone())),
            Some(_) => return,
        }
    }
    let account = match account {
        Some(account) => account,
        None if mirror => return,
        None => "default".to_owned(),
    };
    for field in ["serviceAccountName", "serviceAccount"] {
        spec.insert(field.to_owned(), json!(account));
    }
}

/// The checks that the API server makes on a pod that is created, as far as they bear on gMSA: names,
/// `windowsOptions` of the pod and of every container of every kind, the operating system, no ephemeral
/// containers.
///
/// Whether the cluster allows privileged containers, which HostProcess containers need, is not known here.
/// Rules of `os.name: windows` that forbid Linux fields are left out.
///
/// Source: Kubernetes `pkg/apis/core/validation/validation.go`, `ValidatePodCreate`, `validateLinux`,
/// `validateWindowsSecurityContextOptions`, `validateWindowsHostProcessPod`.
///
/// ```
/// use gmsa_admission::api_server::check_pod;
/// use serde_json::json;
///
/// let pod = json!({"metadata": {"name": "web"}, "spec": {
///     "os": {"name": "linux"},
///     "containers": [{"name": "web", "securityContext": {"windowsOptions": {}}}],
/// }});
/// assert_eq!(
///     check_pod(&pod)[0].to_string(),
///     "spec.containers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod",
/// );
/// ```
pub fn check_pod(pod: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let root = Field::root(pod);
    if root.object(&mut errors) {
        check_metadata(&root, Scope::Namespace, NameForm::Subdomain, &mut errors);
        check_spec(&root.child("spec"), "cannot be set on create", &mut errors);
        check_mirror(&root, &mut errors);
    }
    errors
}

/// A mirror pod shows a static pod of a kubelet, and can have no service account.
///
/// Source: Kubernetes `plugin/pkg/admission/serviceaccount/admission.go`, `Admit`.
fn check_mirror(pod: &Field<'_>, errors: &mut Vec<FieldError>) {
    let annotation = pod.descendant(["metadata", "annotations", "kubernetes.io/config.mirror"]);
    let account = pod.descendant(["spec", "serviceAccountName"]);
    if annotation.is_set() && account.is_set() {
        errors.push(FieldError::forbidden(&account, "a mirror pod may not reference service accounts"));
    }
}

/// The same for a workload: its name, and the pods of its template.
///
/// Source: Kubernetes `pkg/apis/apps/validation/validation.go`, `pkg/apis/batch/validation/validation.go`,
/// `ValidatePodTemplateSpec`.
pub(super) fn check_workload(object: &Value, kind: WorkloadKind) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let root = Field::root(object);
    // The hostname of its pods is made of the name.
    let form = if kind == WorkloadKind::StatefulSet { NameForm::Label } else { NameForm::Subdomain };
    check_metadata(&root, Scope::Namespace, form, &mut errors);

    let name = root.child("metadata").child("name");
    if let (WorkloadKind::CronJob, Some(text)) = (kind, name.text(&mut Vec::new())) {
        // The name of a job has eleven characters more: `-` and a time.
        if text.len() > 52 {
            errors.push(FieldError::invalid_name(&name, text, "must be no more than 52 characters"));
        }
    }

    let template = root.descendant(kind.template_pointer().split('/').skip(1));
    let mut parent = root;
    for segment in kind.template_pointer().split('/').skip(1) {
        if !parent.object(&mut errors) {
            return errors;
        }
        parent = parent.child(segment);
    }
    if !template.is_set() {
        errors.push(FieldError::required(&template, ""));
    } else if template.object(&mut errors) {
        template.child("metadata").object(&mut errors);
        check_spec(&template.child("spec"), "ephemeral containers not allowed in pod template", &mut errors);
    }
    errors
}

fn check_spec(spec: &Field<'_>, no_ephemeral: &'static str, errors: &mut Vec<FieldError>) {
    if !spec.object(errors) {
        return;
    }
    let account = spec.child("serviceAccountName");
    if let Some(name) = account.text(errors).filter(|name| !name.is_empty()) {
        check_name(&account, name, NameForm::Subdomain, errors);
    }
    spec.child("serviceAccount").text(errors);

    let mut places = vec![spec.child("securityContext")];
    let mut names = BTreeSet::new();
    for list in ContainerList::ALL {
        let field = spec.child(list.field());
        let before = errors.len();
        let containers = field.items(errors);
        match list {
            // A list of the wrong type has its own error.
            ContainerList::Containers if containers.is_empty() && errors.len() == before => {
                errors.push(FieldError::required(&field, ""));
            }
            ContainerList::EphemeralContainers if !containers.is_empty() => {
                let fix = "remove it; `kubectl debug` adds such a container to a running pod";
                errors.push(FieldError::forbidden(&field, no_ephemeral).with_fix(Some(fix)));
            }
            _ => {}
        }
        for container in containers {
            if container.object(errors) {
                check_container_name(&container.child("name"), &mut names, errors);
            }
            places.push(container.child("securityContext"));
        }
    }

    let mut windows_options = Vec::new();
    for place in places {
        place.object(errors);
        let options = place.child("windowsOptions");
        options.object(errors);
        check_windows_options(&options, errors);
        windows_options.push(options);
    }
    check_host_process(spec, &windows_options, errors);
    check_os(&spec.child("os"), &windows_options, errors);
}

fn check_container_name<'v>(field: &Field<'v>, names: &mut BTreeSet<&'v str>, errors: &mut Vec<FieldError>) {
    let Some(name) = field.required_text(errors) else { return };
    let before = errors.len();
    check_name(field, name, NameForm::Label, errors);
    if errors.len() == before && !names.insert(name) {
        errors.push(FieldError::duplicate(field, name));
    }
}

fn check_os(os: &Field<'_>, windows_options: &[Field<'_>], errors: &mut Vec<FieldError>) {
    if !os.is_set() || !os.object(errors) {
        return;
    }
    let field = os.child("name");
    match field.text(errors) {
        Some("windows") => {}
        Some("linux") => {
            for options in windows_options.iter().filter(|options| options.is_set()) {
                let fix = "remove it, or write `windows` in `spec.os.name`";
                let detail = "windows options cannot be set for a linux pod";
                errors.push(FieldError::forbidden(options, detail).with_fix(Some(fix)));
            }
        }
        Some("") => errors.push(FieldError::required(&field, "cannot be empty")),
        None if !field.is_set() => errors.push(FieldError::required(&field, "cannot be empty")),
        None => {}
        Some(other) => errors.push(FieldError::unsupported(os, other, &["linux", "windows"])),
    }
}
