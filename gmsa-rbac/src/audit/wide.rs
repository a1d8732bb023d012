//! Grants that are wider than need be.

use gmsa_types::finding::Finding;

use super::{
    rules::Report,
    scene::{GrantOfUse, Scene, object_of_role, subject_at},
};
use crate::{
    Pods,
    quote::shown,
    subject::{ALL_ACCOUNTS, ServiceAccountGroup, Who},
};

const OWN_ROLE: &str = "bind a ClusterRole that names the credential spec in `resourceNames`";

/// `*` is found where it reaches pods: `cluster-admin` of the administrators is as it should be.
pub(super) fn wildcard_grant(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    let found = scene.grants.iter().filter(|grant| grant.serves_pods()).filter_map(|grant| {
        let rule = scene.role_of(grant)?.wildcard?;
        let (role, pods) = (grant.role.to_ref(), pods(grant));
        let message =
            format!("rules[{rule}] of {role} has `*`, which permits {pods} to `use` credential specs");
        Some(report.finding(message).about(grant.object()).at("/roleRef").with_help(OWN_ROLE))
    });
    found.collect()
}

/// Of a role that is written for credential specs, bound or not: it is there to be bound.
pub(super) fn every_credential_spec(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    let written = scene.roles.iter().filter(|(key, _)| !scene.is_aggregated(**key));
    let found = written.flat_map(|(key, role)| {
        role.nameless.iter().map(|rule| {
            report
                .finding(format!("rules[{rule}] permits `use` of every credential spec"))
                .about(object_of_role(&key.to_ref()))
                .at(format!("/rules/{rule}"))
                .with_help("list the names in `resourceNames`, in a role for each credential spec")
        })
    });
    found.collect()
}

/// Found also where the documentation's own example binds it.
pub(super) fn default_service_account(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    each_subject(scene, |grant, index, who, pods| {
        let Pods::OfAccount { namespace, name } = pods else { return None };
        let named = !matches!(who, Who::Group(_)) && name == "default";
        named.then(|| {
            let message = format!(
                "{} lets every pod of namespace {} that names no service account `use` {}",
                grant.role.to_ref(),
                shown(namespace),
                permitted(scene, grant)
            );
            about(report.finding(message), grant, index)
                .with_help("give the workload a service account of its own, and bind that")
        })
    })
}

/// The groups that every service account is in.
pub(super) fn group_of_service_accounts(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    each_subject(scene, |grant, index, who, pods| {
        let Who::Group(group) = who else { return None };
        ServiceAccountGroup::of(group)?;
        let wide = matches!(pods, Pods::All | Pods::OfNamespace { .. });
        wide.then(|| {
            let message = format!("{} lets {pods} `use` {}", grant.role.to_ref(), permitted(scene, grant));
            about(report.finding(message), grant, index).with_help("bind the service accounts that need it")
        })
    })
}

/// The groups that every user is in.
pub(super) fn group_of_everybody(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    each_subject(scene, |grant, index, who, _| {
        let Who::Group(group @ ("system:authenticated" | "system:unauthenticated")) = who else {
            return None;
        };
        let message = format!(
            "{} is bound to {}, for `use` of {}",
            grant.role.to_ref(),
            shown(group),
            permitted(scene, grant)
        );
        Some(about(report.finding(message), grant, index).with_help("bind the service accounts that need it"))
    })
}

/// Of roles with nothing but wildcards [`wildcard_grant`] speaks; `cluster-admin` is bound in the whole cluster.
pub(super) fn cluster_wide_binding(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    let found = scene.grants.iter().filter(|grant| grant.bound.namespace.is_empty());
    found
        .filter(|grant| scene.role_of(grant).is_some_and(|role| role.made_for_specs))
        .filter_map(|grant| {
            let (to, help) = match (grant.serves_pods(), grant.subjects.first()) {
                (true, _) => (pods(grant), "bind it with a RoleBinding in the namespace of the pods"),
                (false, Some((_, who, _))) => (
                    and_more(who.to_subject().to_string(), grant.subjects.len()),
                    "bind the service accounts of the pods, with a RoleBinding in their namespace",
                ),
                (false, None) => return None,
            };
            let message = format!("{} is bound in every namespace, to {to}", grant.role.to_ref());
            Some(report.finding(message).about(grant.object()).with_help(help))
        })
        .collect()
}

fn each_subject<'s>(
    scene: &'s Scene<'_>,
    finding: impl Fn(&'s GrantOfUse<'_>, usize, Who<'s>, &'s Pods) -> Option<Finding>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for grant in &scene.grants {
        for (index, who, pods) in &grant.subjects {
            findings.extend(finding(grant, *index, *who, pods));
        }
    }
    findings
}

fn about(finding: Finding, grant: &GrantOfUse<'_>, subject: usize) -> Finding {
    finding.about(grant.object()).at(subject_at(subject))
}

/// What the role permits, in a few words.
fn permitted(scene: &Scene<'_>, grant: &GrantOfUse<'_>) -> String {
    const SHOWN: usize = 3;
    let Some(role) = scene.role_of(grant) else { return String::new() };
    if role.every {
        return "every credential spec".to_owned();
    }
    let names: Vec<String> = role.names.iter().take(SHOWN).map(|name| shown(name)).collect();
    match role.names.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// The pods that a binding serves, the first in words.
fn pods(grant: &GrantOfUse<'_>) -> String {
    let mut serving = grant.subjects.iter().map(|(_, _, pods)| pods).filter(|pods| **pods != Pods::None);
    let first = match serving.next() {
        Some(Pods::All) => format!("all pods in the cluster (group {})", shown(ALL_ACCOUNTS)),
        Some(pods) => pods.to_string(),
        None => Pods::None.to_string(),
    };
    match serving.count() {
        0 => first,
        1 => format!("{first} and of 1 more subject"),
        more => format!("{first} and of {more} more subjects"),
    }
}

fn and_more(first: String, all: usize) -> String {
    match all {
        0 | 1 => first,
        2 => format!("{first} and 1 more subject"),
        _ => format!("{first} and {} more subjects", all.saturating_sub(1)),
    }
}
