//! The API server's checks of `windowsOptions`, at one place and over the whole pod.

use super::{
    error::FieldError,
    field::Field,
    name::{NameForm, check_name},
};
use crate::place::{CONTENTS_FIELD, NAME_FIELD};

/// The fields of `windowsOptions`.
pub(super) const FIELDS: [&str; 4] = [NAME_FIELD, CONTENTS_FIELD, "runAsUserName", "hostProcess"];

const CONTENTS_LIMIT: usize = 64 * 1024;

/// Checks the `windowsOptions` of one place.
///
/// Source: Kubernetes `pkg/apis/core/validation/validation.go`, `validateWindowsSecurityContextOptions`.
pub(super) fn check_windows_options(options: &Field<'_>, errors: &mut Vec<FieldError>) {
    let name = options.child(NAME_FIELD);
    if let Some(text) = name.text(errors) {
        check_name(&name, text, NameForm::Subdomain, errors);
    }

    let contents = options.child(CONTENTS_FIELD);
    if let Some(text) = contents.text(errors) {
        let fault = if text.is_empty() {
            Some("gmsaCredentialSpec cannot be an empty string")
        } else if text.len() > CONTENTS_LIMIT {
            Some("gmsaCredentialSpec size must be under 64 KiB")
        } else {
            None
        };
        let fix = "remove it and name the credential spec in `gmsaCredentialSpecName`";
        errors.extend(
            fault.map(|fault| FieldError::invalid_private(&contents, text, fault).with_fix(Some(fix))),
        );
    }

    let user = options.child("runAsUserName");
    if let Some(text) = user.text(errors) {
        for fault in user_name_faults(text) {
            errors.push(FieldError::invalid_private(&user, text, fault));
        }
    }
}

/// Checks `hostProcess` over the whole pod; `windows_options` has the pod's own first, then each container's.
///
/// Source: Kubernetes `pkg/apis/core/validation/validation.go`, `validateWindowsHostProcessPod`.
pub(super) fn check_host_process(
    spec: &Field<'_>,
    windows_options: &[Field<'_>],
    errors: &mut Vec<FieldError>,
) {
    let fields: Vec<_> = windows_options.iter().map(|options| options.child("hostProcess")).collect();
    let Some((pod, containers)) = fields.split_first() else { return };
    let pod = pod.boolean(errors);
    let mut of_host = 0;
    for field in containers {
        let container = field.boolean(errors);
        if let (Some(pod), Some(container)) = (pod, container)
            && pod != container
        {
            let detail = format!("pod hostProcess value must be identical if both are specified, was {pod}");
            let shown = if container { "true" } else { "false" };
            errors.push(FieldError::invalid_literal(field, shown, detail));
        }
        if container.or(pod) == Some(true) {
            of_host += 1;
        }
    }
    let host_network = spec.child("hostNetwork").boolean(errors);
    if of_host == 0 {
        return;
    }
    if of_host != containers.len() {
        let detail =
            "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.push(FieldError::invalid_literal(spec, r#""""#, detail));
    }
    if host_network != Some(true) {
        let field = spec.child("hostNetwork");
        let detail = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.push(
            FieldError::invalid_literal(&field, "false", detail).with_fix(Some("write `hostNetwork: true`")),
        );
    }
}

/// The rules for `USER` or `DOMAIN\USER`.
fn user_name_faults(name: &str) -> Vec<&'static str> {
    if name.is_empty() {
        return vec!["runAsUserName cannot be an empty string"];
    }
    if name.chars().any(|c| c.is_ascii_control()) {
        return vec!["runAsUserName cannot contain control characters"];
    }
    let (domain, user) = match name.split_once('\\') {
        None => (None, name),
        Some((_, user)) if user.contains('\\') => {
            return vec!["runAsUserName cannot contain more than one backslash"];
        }
        Some((domain, user)) => (Some(domain), user),
    };
    let mut faults = Vec::new();
    if let Some(domain) = domain {
        if domain.len() >= 256 {
            faults.push("runAsUserName's Domain length must be under 256 characters");
        }
        if !is_net_bios_domain(domain) && !is_dns_domain(domain) {
            faults.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
        }
    }
    match user.len() {
        0 => faults.push("runAsUserName's User cannot be empty"),
        1..=104 => {}
        _ => faults.push("runAsUserName's User length must not be longer than 104 characters"),
    }
    if !user.is_empty() && user.chars().all(|c| matches!(c, '.' | ' ')) {
        faults.push("runAsUserName's User cannot contain only periods or spaces");
    }
    if user.contains(|c| r#""/\:;|=,+*?<>@[]"#.contains(c)) {
        faults.push(r#"runAsUserName's User cannot contain the following characters: "/\:;|=,+*?<>@[]"#);
    }
    faults
}

/// 1 to 15 characters, no dot in front, none of `\ / : * ? " < > |`.
fn is_net_bios_domain(domain: &str) -> bool {
    let forbidden = |c: char| r#"\/:*?"<>|"#.contains(c);
    (1..=15).contains(&domain.chars().count()) && !domain.starts_with('.') && !domain.contains(forbidden)
}

/// Labels of 1 to 63 letters, digits and inner dashes, with dots between them.
fn is_dns_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}
