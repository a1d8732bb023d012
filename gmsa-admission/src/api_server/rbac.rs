//! The API server's checks of roles and bindings.

use serde_json::Value;

use super::{
    error::FieldError,
    field::Field,
    name::{NameForm, Scope, check_metadata, check_name},
};

/// The version under which RBAC objects are served.
pub(super) const API_VERSIONS: &[&str] = &["rbac.authorization.k8s.io/v1"];

const GROUP: &str = "rbac.authorization.k8s.io";

/// Source, for all four: Kubernetes `pkg/apis/rbac/validation/validation.go`; an absent `apiGroup` is filled in
/// before (`pkg/apis/rbac/v1/defaults.go`), so it is no error.
pub(super) fn check_role(object: &Value) -> Vec<FieldError> {
    check_rules(object, Scope::Namespace)
}

pub(super) fn check_cluster_role(object: &Value) -> Vec<FieldError> {
    check_rules(object, Scope::Cluster)
}

pub(super) fn check_role_binding(object: &Value) -> Vec<FieldError> {
    check_binding(object, Scope::Namespace)
}

pub(super) fn check_cluster_role_binding(object: &Value) -> Vec<FieldError> {
    check_binding(object, Scope::Cluster)
}

fn check_rules(object: &Value, scope: Scope) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let root = Field::root(object);
    check_metadata(&root, scope, NameForm::PathSegment, &mut errors);
    for rule in root.child("rules").items(&mut errors) {
        if rule.object(&mut errors) {
            check_rule(&rule, scope, &mut errors);
        }
    }
    errors
}

fn check_rule(rule: &Field<'_>, scope: Scope, errors: &mut Vec<FieldError>) {
    let [verbs, groups, resources, names, urls] =
        ["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"].map(|name| rule.child(name));
    let is_empty = |field: &Field<'_>, errors: &mut Vec<_>| {
        let before = errors.len();
        // A list of the wrong type has its own error.
        field.texts(errors).is_empty() && errors.len() == before
    };
    if is_empty(&verbs, errors) {
        errors.push(FieldError::required(&verbs, "verbs must contain at least one value"));
    }
    let (no_groups, no_resources) = (is_empty(&groups, errors), is_empty(&resources, errors));
    let no_names = is_empty(&names, errors);
    if !is_empty(&urls, errors) {
        let mut invalid = |detail: &'static str| {
            errors.push(FieldError::invalid_literal(&urls, "[...]", detail));
        };
        if scope == Scope::Namespace {
            invalid("namespaced rules cannot apply to non-resource URLs");
        }
        if !(no_groups && no_resources && no_names) {
            invalid("rules cannot apply to both regular resources and non-resource URLs");
        }
        return;
    }
    if no_groups {
        errors.push(FieldError::required(&groups, "resource rules must supply at least one api group"));
    }
    if no_resources {
        errors.push(FieldError::required(&resources, "resource rules must supply at least one resource"));
    }
}

fn check_binding(object: &Value, scope: Scope) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let root = Field::root(object);
    check_metadata(&root, scope, NameForm::PathSegment, &mut errors);
    check_role_ref(&root.child("roleRef"), scope, &mut errors);
    for subject in root.child("subjects").items(&mut errors) {
        if subject.object(&mut errors) {
            check_subject(&subject, scope, &mut errors);
        }
    }
    errors
}

fn check_role_ref(role: &Field<'_>, scope: Scope, errors: &mut Vec<FieldError>) {
    if !role.object(errors) {
        return;
    }
    check_group(&role.child("apiGroup"), GROUP, errors);
    let kinds: &[&str] = match scope {
        Scope::Namespace => &["Role", "ClusterRole"],
        Scope::Cluster => &["ClusterRole"],
    };
    let kind = role.child("kind");
    check_one_of(&kind, kinds, errors);
    let name = role.child("name");
    if let Some(text) = name.required_text(errors) {
        check_name(&name, text, NameForm::PathSegment, errors);
    }
}

fn check_subject(subject: &Field<'_>, scope: Scope, errors: &mut Vec<FieldError>) {
    let name_field = subject.child("name");
    let name = name_field.required_text(errors);
    let namespace_field = subject.child("namespace");
    let namespace = namespace_field.text(errors).filter(|text| !text.is_empty());
    let (kind, group) = (subject.child("kind"), subject.child("apiGroup"));
    match kind.text(errors) {
        Some("ServiceAccount") => {
            if let Some(name) = name {
                check_name(&name_field, name, NameForm::Subdomain, errors);
            }
            check_group(&group, "", errors);
            if scope == Scope::Cluster && namespace.is_none() {
                errors.push(FieldError::required(&namespace_field, ""));
            }
        }
        Some("User" | "Group") => check_group(&group, GROUP, errors),
        _ => check_one_of(&kind, &["ServiceAccount", "User", "Group"], errors),
    }
}

fn check_group(field: &Field<'_>, expected: &'static str, errors: &mut Vec<FieldError>) {
    if let Some(group) = field.text(errors).filter(|group| !group.is_empty())
        && group != expected
    {
        let fix = if expected.is_empty() { "remove it".to_owned() } else { format!("write `{expected}`") };
        errors.push(FieldError::unsupported(field, group, &[expected]).with_fix(Some(fix)));
    }
}

fn check_one_of(field: &Field<'_>, supported: &[&str], errors: &mut Vec<FieldError>) {
    let before = errors.len();
    let value = field.text(errors).unwrap_or_default();
    if errors.len() == before && !supported.contains(&value) {
        let meant = supported.iter().find(|kind| kind.eq_ignore_ascii_case(value));
        let fix = meant.map(|kind| format!("write `{kind}`"));
        errors.push(FieldError::unsupported(field, value, supported).with_fix(fix));
    }
}
