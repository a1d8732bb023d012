//! Bindings that lead nowhere.

use gmsa_types::finding::Finding;

use super::{
    rules::Report,
    scene::{Scene, object_of_binding, subject_at},
};
use crate::{
    Pods,
    quote::shown,
    rbac::{is_built_in, wrong_api_group},
    subject::{RBAC_GROUP, SubjectFault, Who, account_of_user},
};

/// Of all bindings, since what the role would have permitted is not known. The roles that every cluster has need
/// not be among the objects.
pub(super) fn no_such_role(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    let dangling = scene.rbac.all_bindings().filter(|bound| {
        let role_ref = &bound.binding.role_ref;
        let built_in = role_ref.kind == "ClusterRole"
            && is_built_in(&role_ref.name)
            && wrong_api_group(role_ref).is_none();
        !built_in && scene.rbac.role(bound.namespace, role_ref).is_none()
    });
    dangling
        .map(|bound| {
            let role_ref = &bound.binding.role_ref;
            if let Some(group) = wrong_api_group(role_ref) {
                let message = format!("the API group {} has no roles", shown(group));
                return report
                    .finding(message)
                    .about(object_of_binding(&bound.to_ref()))
                    .at("/roleRef/apiGroup")
                    .with_help(format!("write {}, or leave `apiGroup` out", shown(RBAC_GROUP)));
            }
            let roles: Vec<_> = scene.rbac.roles_for(bound.namespace).collect();
            let meant = scene
                .nearest(&role_ref.name, roles.iter().map(|role| role.name))
                .and_then(|name| roles.iter().find(|role| role.name == name));
            let help = match meant {
                Some(role) => format!("bind {} instead, if that is meant", role.to_ref()),
                None => "create the role, or delete the binding".to_owned(),
            };
            let message = format!("there is no {} {}", shown(&role_ref.kind), shown(&role_ref.name));
            report.finding(message).about(object_of_binding(&bound.to_ref())).at("/roleRef").with_help(help)
        })
        .collect()
}

/// Of grants of `use`; in a manifest, since no API server holds such a subject.
///
/// Source: Kubernetes `pkg/apis/rbac/validation/validation.go`, `ValidateRoleBindingSubject`.
pub(super) fn subject_of_nobody(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for grant in &scene.grants {
        for (index, subject) in grant.bound.binding.subjects.iter().enumerate() {
            let Some(fault) = SubjectFault::of(subject, grant.bound.namespace) else { continue };
            let name = shown(&subject.name);
            let (message, help) = match fault {
                SubjectFault::Kind => (
                    format!("{} {name} is nobody: there is no such kind of subject", shown(&subject.kind)),
                    "write `ServiceAccount`, `User` or `Group`",
                ),
                SubjectFault::ApiGroup => (
                    format!(
                        "{} {name} is nobody: its kind has not the API group {}",
                        subject.kind,
                        shown(subject.api_group.as_deref().unwrap_or_default())
                    ),
                    "leave `apiGroup` out",
                ),
                SubjectFault::NoNamespace => (
                    format!("ServiceAccount {name} is nobody: it has no namespace"),
                    "write the namespace of the service account",
                ),
            };
            let object = object_of_binding(&grant.bound.to_ref());
            findings.push(report.finding(message).about(object).at(subject_at(index)).with_help(help));
        }
    }
    findings
}

/// `default` is in every namespace, from the controller that puts it there.
pub(super) fn no_such_service_account(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    let Some(known) = scene.service_accounts else { return Vec::new() };
    let mut findings = Vec::new();
    for grant in &scene.grants {
        for (index, who, _) in &grant.subjects {
            let (namespace, name) = match *who {
                Who::ServiceAccount { namespace, name } => (namespace, name),
                Who::User(user) => match account_of_user(user) {
                    Some(account) => account,
                    None => continue,
                },
                Who::Group(_) => continue,
            };
            let there = known.get(namespace);
            if name == "default" || there.is_some_and(|names| names.contains(name)) {
                continue;
            }
            let meant = scene.nearest(name, there.into_iter().flatten().map(String::as_str));
            let elsewhere = || known.iter().find(|(_, names)| names.contains(name)).map(|(other, _)| other);
            let help = match (meant, elsewhere()) {
                (Some(meant), _) => {
                    format!("bind {} instead, if that is meant", shown(&format!("{namespace}/{meant}")))
                }
                (None, Some(other)) => format!("there is one of that name in namespace {}", shown(other)),
                (None, None) => "create the service account, or take the subject away".to_owned(),
            };
            let path = shown(&format!("{namespace}/{name}"));
            let message = format!("there is no service account {path}");
            let object = object_of_binding(&grant.bound.to_ref());
            findings
                .push(report.finding(message).about(object).at(subject_at(index.to_owned())).with_help(help));
        }
    }
    findings
}

/// Users and groups of service accounts count as the service accounts that they are.
pub(super) fn other_namespace(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for grant in scene.grants.iter().filter(|grant| !grant.bound.namespace.is_empty()) {
        for (index, who, pods) in &grant.subjects {
            // In a binding of the cluster, the same subject would serve pods, which are then elsewhere.
            let (Pods::None, Pods::OfAccount { namespace, .. } | Pods::OfNamespace { namespace }) =
                (pods, Pods::of(*who, ""))
            else {
                continue;
            };
            let message = format!(
                "{} has no pods in namespace {}, where this binding counts",
                who.to_subject(),
                shown(grant.bound.namespace)
            );
            let help = format!("make the binding in namespace {}", shown(&namespace));
            let object = object_of_binding(&grant.bound.to_ref());
            findings
                .push(report.finding(message).about(object).at(subject_at(index.to_owned())).with_help(help));
        }
    }
    findings
}
