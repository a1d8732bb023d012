//! One question, or a file of them.

use std::{fs, path::Path, process::ExitCode};

use gmsa_examples::program::{self, BAD, GOOD, NOTE, bad_input, one_line, print, print_exactly, styled};
use gmsa_rbac::{AccessQuestion, Answer, ProposedGrant, Rbac};
use serde_json::{Value, json};

use crate::Output;

/// Answers one question, with the whole chain or all near misses.
pub(crate) fn one(question: &AccessQuestion<'_>, rbac: &Rbac, output: Output) -> ExitCode {
    let answer = rbac.explain(question);
    let text = match output {
        Output::Text => story(question, &answer, rbac),
        Output::Json => format!("{:#}\n", explained(question, &answer, rbac)),
    };
    print(&text, if answer.is_allowed() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Answers the questions of a file, in their order.
pub(crate) fn all(path: &Path, rbac: &Rbac) -> ExitCode {
    match read_questions(path) {
        Ok(questions) => {
            let answers: Vec<_> =
                questions.iter().map(|question| as_json(question, &rbac.answer(question))).collect();
            print_exactly(&format!("{:#}\n", Value::from(answers)), ExitCode::SUCCESS)
        }
        Err(error) => bad_input([error]),
    }
}

fn read_questions(path: &Path) -> Result<Vec<AccessQuestion<'static>>, String> {
    let name = path.display();
    let text = fs::read(path).map_err(|error| format!("{name}: {}; check the path", error.kind()))?;
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text);
    serde_json::from_slice(text).map_err(|error| {
        format!(
            "{name}:{}:{}: this is no JSON array of {{namespace, serviceAccount, credentialSpec}}; write one, with \
             text for each of the three",
            error.line(),
            error.column()
        )
    })
}

fn as_json(question: &AccessQuestion<'_>, answer: &Answer) -> Value {
    json!({
        "namespace": question.namespace(),
        "serviceAccount": question.service_account(),
        "credentialSpec": question.credential_spec(),
        "allowed": answer.is_allowed(),
        "reason": answer.reason(),
    })
}

fn explained(question: &AccessQuestion<'_>, answer: &Answer, rbac: &Rbac) -> Value {
    let mut value = as_json(question, answer);
    if answer.is_allowed() {
        value["grants"] = rbac.grants(question).map(|grant| json!({"chain": grant.chain()})).collect();
    }
    if let Answer::Deny(refusal) = answer {
        let near = |near: &gmsa_rbac::NearMiss| {
            let objects = near.change().map(gmsa_rbac::Change::objects);
            json!({"message": near.to_string(), "fix": near.fix(), "apply": objects})
        };
        value["nearMisses"] = refusal.near_misses().iter().map(near).collect();
        value["note"] = json!(once_settled(question, rbac));
        value["fix"] = json!(rbac.grant_for(question).map(|fix| fix.text().lines().collect::<Value>()));
    }
    value
}

/// What a cluster would make of it: the answer is about the objects as they are.
fn once_settled(question: &AccessQuestion<'_>, rbac: &Rbac) -> Option<String> {
    let mut settled = rbac.clone();
    settled.assume_built_in_roles();
    settled.aggregate();
    let Answer::Allow(grant) = settled.answer(question) else { return None };
    let (role, chain) = (grant.role(), grant.chain());
    Some(format!(
        "these objects are taken as they are; a cluster has {role}, and a controller that fills in the roles that \
         aggregate others, and then it is allowed: {chain}"
    ))
}

fn story(question: &AccessQuestion<'_>, answer: &Answer, rbac: &Rbac) -> String {
    let account = one_line(format_args!("{}/{}", question.namespace(), question.service_account()));
    let spec = one_line(question.credential_spec());
    let mut lines = Vec::new();
    match answer {
        Answer::Allow(_) => {
            lines.push(format!("{}: service account {account} may use {spec}", styled(GOOD, "allowed")));
            for grant in rbac.grants(question) {
                lines.push(format!(
                    "  {} binds {} to {}, which allows it in rules[{}]",
                    grant.binding(),
                    grant.role(),
                    grant.subject(),
                    grant.rule()
                ));
            }
        }
        Answer::Deny(refusal) => {
            // What every denial ends with need not stand under each near miss as well.
            let own = rbac.grant_for(question);
            let told = |fix: &&str| own.as_ref().is_some_and(|own| *fix == own.text());
            lines.push(format!("{}: service account {account} may not use {spec}", styled(BAD, "denied")));
            for missing in refusal.missing_roles() {
                lines.push(format!("  {}: {}", missing.binding(), one_line(missing)));
            }
            if let Some(note) = once_settled(question, rbac) {
                lines.push(format!("  {}: {note}", styled(NOTE, "note")));
            }
            for near in refusal.near_misses() {
                lines.push(format!("  {}: {near}", styled(NOTE, "near miss")));
                lines.extend(
                    near.fix()
                        .filter(|fix| !told(fix))
                        .map(|fix| program::fix_or_commands(fix).trim_end().to_owned()),
                );
            }
            match (&own, ProposedGrant::new(question)) {
                (Some(own), _) => {
                    lines.push(format!("  {}:", styled(GOOD, "to allow it")));
                    lines.extend(own.text().lines().map(|command| format!("      {command}")));
                }
                (None, Err(error)) => {
                    lines.push(format!("  nobody can be given that permission: {}", one_line(error)))
                }
                (None, Ok(_)) => lines.push(
                    "  a role for this alone cannot be made: some ClusterRole aggregates all others"
                        .to_owned(),
                ),
            }
        }
    }
    lines.join("\n") + "\n"
}
