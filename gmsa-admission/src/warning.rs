//! What the sender is told of although nothing is refused for it.

use crate::{Operation, Place, Pod, Request, place::within, read::Header, request::Scope};

/// What the sender should know although the request is not refused for it.
///
/// Each is one line of ASCII and at most 120 characters: the API server drops a warning that has a control
/// character, and cuts long ones.
pub(crate) fn of(request: &Request<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    let pod = match (request.scope(), request.pod()) {
        (Scope::Unrelated, _) => {
            warnings.push(too_wide(request));
            return warnings;
        }
        (Scope::Update, _) | (_, None) => return warnings,
        (_, Some(pod)) => pod,
    };
    warnings.extend(of_pod(pod, ""));
    warnings
}

/// The fields of a pod that Windows ignores. `template` is the path of the template that the pod is made of.
pub(crate) fn of_pod(pod: &Pod<'_>, template: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    if pod.gmsa().is_empty() {
        return warnings;
    }
    if pod.os() == "linux" {
        let field = within(template, "spec.os.name");
        warnings.push(format!("{field} is linux: the gMSA fields of this pod have no effect"));
    }
    let on_the_host = pod.gmsa().iter().filter(|fields| pod.is_host_process(fields));
    for fields in on_the_host {
        let whom = match fields.place {
            Place::Pod => "a hostProcess pod".to_owned(),
            Place::Container { list, index } => {
                let container = within(template, format_args!("spec.{}[{index}]", list.field()));
                format!("{container}, a hostProcess container")
            }
        };
        warnings.push(format!("gMSA fields have no effect on {whom}"));
    }
    // The API server delivers 4096 characters of warnings at most.
    warnings.truncate(16);
    warnings
}

/// The template check was called for something that brings in no template.
pub(crate) fn no_template(header: &Header<'_>) -> String {
    let (operation, subresource) = (name_of(header.operation), subresource(&header.sub_resource));
    let what = match subresource.as_str() {
        "" => "objects".to_owned(),
        subresource => format!("subresource {subresource}"),
    };
    format!("gMSA template check called for {operation} of {what}: it needs CREATE, UPDATE of workloads only")
}

fn too_wide(request: &Request<'_>) -> String {
    let operation = name_of(request.operation());
    let resource = match subresource(request.sub_resource()).as_str() {
        "" => "pods".to_owned(),
        other => format!("pods/{other}"),
    };
    format!(
        "gMSA webhook called for {operation} {resource}: it needs CREATE pods, UPDATE pods/ephemeralcontainers only"
    )
}

fn name_of(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "CREATE",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
        Operation::Connect => "CONNECT",
    }
}

/// No Kubernetes subresource is longer or has other characters.
fn subresource(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).take(24).collect()
}
