//! The names of objects: which form each kind demands, and the checks of it.

use std::borrow::Cow;

use gmsa_types::CredentialSpecName;

use super::{error::FieldError, field::Field};

/// What a name has to look like, by the kind of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameForm {
    /// DNS-1123 subdomain: most kinds.
    Subdomain,
    /// DNS-1123 label: namespaces, containers, StatefulSets.
    Label,
    /// Anything that can be one segment of a request path: RBAC objects.
    PathSegment,
}

/// Whether objects of a kind stand in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Namespace,
    Cluster,
}

/// Checks `metadata`, which every object has: its names, and its namespace.
///
/// A namespace on a cluster-scoped kind is no error: the API server clears it.
///
/// Source: Kubernetes `apimachinery/pkg/api/validation/objectmeta.go`, `ValidateObjectMetaAccessor`;
/// `apiserver/pkg/registry/rest/meta.go`, `EnsureObjectNamespaceMatchesRequestNamespace`.
pub(super) fn check_metadata(object: &Field<'_>, scope: Scope, form: NameForm, errors: &mut Vec<FieldError>) {
    let metadata = object.child("metadata");
    if !metadata.object(errors) {
        return;
    }
    let (name_field, prefix_field) = (metadata.child("name"), metadata.child("generateName"));
    let before = errors.len();
    let name = name_field.text(errors).filter(|name| !name.is_empty());
    let prefix = prefix_field.text(errors).filter(|prefix| !prefix.is_empty());
    if let Some(prefix) = prefix {
        for fault in form.faults(&masked(prefix)) {
            errors.push(FieldError::invalid_name(&prefix_field, prefix, fault).with_fix(form.fix(prefix)));
        }
    }
    match name {
        Some(name) => check_name(&name_field, name, form, errors),
        None if prefix.is_none() && errors.len() == before => {
            errors.push(FieldError::required(&name_field, "name or generateName is required"));
        }
        None => {}
    }
    let namespace = metadata.child("namespace");
    if let Some(text) = namespace.text(errors).filter(|text| !text.is_empty())
        && scope == Scope::Namespace
    {
        check_name(&namespace, text, NameForm::Label, errors);
    }
}

/// Checks a field that holds a name.
pub(super) fn check_name(field: &Field<'_>, name: &str, form: NameForm, errors: &mut Vec<FieldError>) {
    for fault in form.faults(name) {
        errors.push(FieldError::invalid_name(field, name, fault).with_fix(form.fix(name)));
    }
}

impl NameForm {
    /// All that is wrong with a name, in the API server's words.
    fn faults(self, name: &str) -> Vec<Cow<'static, str>> {
        let (limit, well_formed, rule): (usize, bool, &'static str) = match self {
            Self::Subdomain => (253, name.split('.').all(is_label), SUBDOMAIN),
            Self::Label => (63, is_label(name), LABEL),
            Self::PathSegment => {
                return gmsa_rbac::check_rbac_name(name).into_iter().map(Cow::from).collect();
            }
        };
        let mut faults = Vec::new();
        if name.len() > limit {
            faults.push(format!("must be no more than {limit} bytes").into());
        }
        if !well_formed {
            faults.push(rule.into());
        }
        faults
    }

    fn fix(self, name: &str) -> Option<String> {
        let nearest = CredentialSpecName::nearest(name)?;
        match self {
            Self::Subdomain => {}
            Self::Label if is_label(nearest.as_str()) && nearest.as_str().len() <= 63 => {}
            Self::Label | Self::PathSegment => return None,
        }
        Some(format!("write `{nearest}`"))
    }
}

/// A prefix as it is checked: whatever is generated follows its dash. Source: Kubernetes
/// `apimachinery/pkg/api/validation/generic.go`, `maskTrailingDash`.
fn masked(prefix: &str) -> Cow<'_, str> {
    let Some(stem) = prefix.strip_suffix('-').filter(|stem| !stem.is_empty()) else { return prefix.into() };
    let mut masked = stem.to_owned();
    // A character outside ASCII stays, so that it is found.
    if masked.ends_with(|c: char| c.is_ascii()) {
        masked.pop();
    }
    masked.push('a');
    masked.into()
}

// The two patterns without their limits of length, which have a message of their own.
fn is_label(text: &str) -> bool {
    let inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    !text.is_empty() && !text.starts_with('-') && !text.ends_with('-') && text.bytes().all(inner)
}

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' \
     or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for \
     validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and \
     must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for \
     validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
