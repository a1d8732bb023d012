use crate::{Operation, Place, Request, request::Scope};

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
    if pod.gmsa().is_empty() {
        return warnings;
    }
    if pod.os() == "linux" {
        warnings.push("spec.os.name is linux: the gMSA fields of this pod have no effect".to_owned());
    }
    let on_the_host = pod.gmsa().iter().filter(|fields| pod.is_host_process(fields));
    for fields in on_the_host {
        let whom = match fields.place {
            Place::Pod => "a hostProcess pod".to_owned(),
            Place::Container { list, index } => {
                format!("spec.{}[{index}], a hostProcess container", list.field())
            }
        };
        warnings.push(format!("gMSA fields have no effect on {whom}"));
    }
    // The API server delivers 4096 characters of warnings at most.
    warnings.truncate(16);
    warnings
}

fn too_wide(request: &Request<'_>) -> String {
    let operation = match request.operation() {
        Operation::Create => "CREATE",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
        Operation::Connect => "CONNECT",
    };
    let resource: String = match request.sub_resource() {
        "" => "pods".to_owned(),
        // No Kubernetes subresource is longer or has other characters.
        other => {
            format!("pods/{}", other.chars().filter(char::is_ascii_alphanumeric).take(24).collect::<String>())
        }
    };
    format!(
        "gMSA webhook called for {operation} {resource}: it needs CREATE pods, UPDATE pods/ephemeralcontainers only"
    )
}
