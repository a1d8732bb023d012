//! Names of credential specs, in rules and in the cluster, that do not meet.

use std::collections::BTreeSet;

use gmsa_types::{
    CredentialSpecName, KIND,
    finding::{Finding, ObjectRef},
};

use super::{
    rules::Report,
    scene::{Scene, object_of_role},
};
use crate::{quote::shown, rule};

/// Counts what reaches pods, since a credential spec is of use to no one else.
pub(super) fn unused_credential_spec(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    let Some(specs) = scene.credential_specs else { return Vec::new() };
    let mut granted: BTreeSet<&str> = BTreeSet::new();
    for grant in scene.grants.iter().filter(|grant| grant.serves_pods()) {
        let Some(role) = scene.role_of(grant) else { continue };
        if role.every {
            return Vec::new();
        }
        granted.extend(&role.names);
    }
    specs
        .iter()
        .filter(|spec| !granted.contains(spec.as_str()))
        .map(|spec| {
            report
                .finding(format!("no service account may `use` {}", shown(spec)))
                .about(ObjectRef::named(KIND, spec.as_str()))
                .with_help("bind a role that names it to the service account of the pods, or delete it")
        })
        .collect()
}

/// Of every verb: who may `get` a name that does not exist was given it for one that does. A name that no credential
/// spec can have is found even where nobody knows which there are.
pub(super) fn no_such_credential_spec(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, rules) in scene.rbac.all_roles().filter(|(key, _)| !scene.is_aggregated(*key)) {
        for (index, rule) in rules.iter().enumerate() {
            for (at, name) in rule::named_specs(rule).iter().enumerate() {
                if let Some((message, help)) = fault(scene, name) {
                    let finding = report
                        .finding(message)
                        .about(object_of_role(&key.to_ref()))
                        .at(format!("/rules/{index}/resourceNames/{at}"));
                    findings.push(finding.with_help(help));
                }
            }
        }
    }
    findings
}

/// What is wrong with a name in `resourceNames`, and what to do.
fn fault(scene: &Scene<'_>, name: &str) -> Option<(String, String)> {
    if name == "*" {
        let message = "`*` is no wildcard in `resourceNames`, and no credential spec has that name";
        return Some((message.to_owned(), "list the names".to_owned()));
    }
    let instead = |meant: &str| format!("name {} instead, if that is meant", shown(meant));
    let nearest = || scene.nearest_spec(name).map(instead);
    if CredentialSpecName::try_from(name).is_err() {
        let meant = || CredentialSpecName::nearest(name).map(|meant| instead(meant.as_str()));
        let help = nearest().or_else(meant).unwrap_or_else(|| "take the name away".to_owned());
        return Some((format!("no credential spec can be called {}", shown(name)), help));
    }
    if scene.credential_specs?.contains(name) {
        return None;
    }
    let help = nearest().unwrap_or_else(|| "create the credential spec, or take the name away".to_owned());
    Some((format!("there is no credential spec {}", shown(name)), help))
}
