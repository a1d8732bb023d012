//! What the pods of workloads name, and may not have.

use std::collections::BTreeMap;

use gmsa_types::{CredentialSpecName, finding::Finding};

use super::{
    rules::Report,
    scene::Scene,
    workload::{SpecUse, WorkloadUse},
};
use crate::{AccessQuestion, Answer, quote::shown};

/// An explanation goes through all bindings, so that those of a whole cluster that lost its bindings would take
/// minutes. Beyond these, it is told that something is missing, without what comes near it and without a fix.
const MOST_EXPLAINED: usize = 1_000;

/// A credential spec that does not exist is none of this rule's business: first there must be one.
pub(super) fn not_permitted(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut answers: BTreeMap<AccessQuestion<'_>, Answer> = BTreeMap::new();
    for (workload, used) in each_use(scene).filter(|(_, used)| exists(scene, used.name())) {
        let (namespace, account) = (workload.namespace(), workload.service_account());
        let question = AccessQuestion::new(namespace, account, used.name());
        let explained = answers.len() < MOST_EXPLAINED;
        let answer = answers.entry(question.borrowed().into_owned()).or_insert_with(|| {
            match scene.rbac.answer(&question) {
                Answer::Deny(_) if explained => scene.rbac.explain(&question),
                answer => answer,
            }
        });
        let Answer::Deny(refusal) = answer else { continue };
        let mut message = format!(
            "service account {} may not `use` credential spec {}",
            shown(&format!("{namespace}/{account}")),
            shown(used.name())
        );
        let near = refusal.near_misses().first();
        if let Some(near) = near {
            message.push_str(&format!(": {near}"));
        }
        let fix = near.and_then(|near| near.fix()).map(str::to_owned).or_else(|| {
            scene.rbac.grant_for(&question).filter(|_| explained).map(|fix| fix.text().to_owned())
        });
        let finding = report.finding(message).about(workload.object().clone()).at(used.pointer());
        findings.push(match fix {
            Some(fix) => finding.with_help(fix),
            None => finding,
        });
    }
    findings
}

/// A name that no credential spec can have is found even where nobody knows which there are.
pub(super) fn without_credential_spec(scene: &Scene<'_>, report: &Report<'_>) -> Vec<Finding> {
    each_use(scene)
        .filter(|(_, used)| !exists(scene, used.name()))
        .map(|(workload, used)| {
            let name = used.name();
            let possible = CredentialSpecName::try_from(name).is_ok();
            let message = match possible {
                true => format!("there is no credential spec {}", shown(name)),
                false => format!("no credential spec can be called {}", shown(name)),
            };
            let nearest = scene.nearest_spec(name).map(str::to_owned);
            let meant = nearest.or_else(|| CredentialSpecName::nearest(name).map(String::from));
            let help = match (meant, possible) {
                (Some(meant), _) => format!("name {} instead, if that is meant", shown(&meant)),
                (None, true) => "create the credential spec".to_owned(),
                (None, false) => "name one that exists".to_owned(),
            };
            report.finding(message).about(workload.object().clone()).at(used.pointer()).with_help(help)
        })
        .collect()
}

fn each_use<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = (&'s WorkloadUse, &'s SpecUse)> {
    scene.workloads.iter().flat_map(|workload| workload.uses().iter().map(move |used| (workload, used)))
}

/// As far as is known.
fn exists(scene: &Scene<'_>, name: &str) -> bool {
    match scene.credential_specs {
        Some(specs) => specs.contains(name),
        None => CredentialSpecName::try_from(name).is_ok(),
    }
}
