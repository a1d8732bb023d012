//! May this service account use this credential spec, and why?

use std::{fs, path::PathBuf, process::ExitCode};

use clap::{Parser, ValueEnum};
use gmsa_examples::{
    cluster, manifest,
    program::{self, BAD, GOOD, NOTE, bad_input, print, styled},
};
use gmsa_rbac::{AccessQuestion, Answer, ProposedGrant, Rbac};
use serde_json::{Value, json};

/// Tells whether a service account may `use` a credential spec, through which role and binding, or what is missing.
#[derive(Parser)]
#[command(name = "access", after_help = EXAMPLES)]
struct Arguments {
    /// The cluster: a file or folder of RBAC objects, in YAML or JSON, Lists too.
    #[arg(long, value_name = "FILE")]
    cluster: PathBuf,

    /// The namespace of the service account and the pod.
    #[arg(long, required_unless_present = "queries")]
    namespace: Option<String>,

    /// The service account.
    #[arg(long, required_unless_present = "queries")]
    service_account: Option<String>,

    /// The credential spec.
    #[arg(long, required_unless_present = "queries")]
    credential_spec: Option<String>,

    /// Questions instead: a JSON array of {namespace, serviceAccount, credentialSpec}.
    #[arg(long, value_name = "FILE.json", conflicts_with_all = ["namespace", "service_account", "credential_spec"])]
    queries: Option<PathBuf>,

    /// How to print the answer to a single question.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

const EXAMPLES: &str = "\
Examples:
  access --cluster manifests/ --namespace team-a --service-account web --credential-spec webapp1
  access --cluster cluster.json --queries questions.json

Exit codes:
  0  allowed, or all questions are answered
  1  not allowed
  2  the input cannot be used; nothing is printed on the standard output";

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let cluster = match manifest::read(&[&arguments.cluster]) {
        Ok(manifests) => match cluster::of(&manifests) {
            Ok(cluster) => cluster,
            Err(error) => return bad_input([error]),
        },
        Err(errors) => return bad_input(errors),
    };
    if let Some(path) = &arguments.queries {
        return match read_questions(path) {
            Ok(questions) => {
                let answers: Vec<_> = questions
                    .iter()
                    .map(|question| as_json(question, &cluster.rbac().answer(question)))
                    .collect();
                print(&format!("{:#}\n", Value::from(answers)), ExitCode::SUCCESS)
            }
            Err(error) => bad_input([error]),
        };
    }
    let text = |text: Option<String>| text.unwrap_or_default();
    let question = AccessQuestion::new(
        text(arguments.namespace),
        text(arguments.service_account),
        text(arguments.credential_spec),
    );
    let answer = cluster.rbac().explain(&question);
    let code = if answer.is_allowed() { ExitCode::SUCCESS } else { ExitCode::from(1) };
    match arguments.output {
        Output::Text => print(&story(&question, &answer, cluster.rbac()), code),
        Output::Json => print(&format!("{:#}\n", explained(&question, &answer)), code),
    }
}

fn read_questions(path: &PathBuf) -> Result<Vec<AccessQuestion<'static>>, String> {
    let name = path.display();
    let text = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    serde_json::from_slice(&text).map_err(|error| {
        format!("{name}:{error}; give a JSON array of {{namespace, serviceAccount, credentialSpec}}")
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

fn explained(question: &AccessQuestion<'_>, answer: &Answer) -> Value {
    let mut value = as_json(question, answer);
    if let Answer::Deny(refusal) = answer {
        let near = |near: &gmsa_rbac::NearMiss| json!({"message": near.to_string(), "fix": near.fix()});
        value["nearMisses"] = refusal.near_misses().iter().map(near).collect();
        value["fix"] = json!(ProposedGrant::new(question).ok().map(|grant| grant.commands()));
    }
    value
}

fn story(question: &AccessQuestion<'_>, answer: &Answer, rbac: &Rbac) -> String {
    let (namespace, account) = (question.namespace(), question.service_account());
    let spec = question.credential_spec();
    let mut lines = Vec::new();
    match answer {
        Answer::Allow(_) => {
            lines.push(format!(
                "{}: service account {namespace}/{account} may use {spec}",
                styled(GOOD, "allowed")
            ));
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
            let commands = ProposedGrant::new(question).map(|grant| grant.commands());
            let told = |fix: &&str| commands.as_ref().is_ok_and(|commands| *fix == commands.join("\n"));
            lines.push(format!(
                "{}: service account {namespace}/{account} may not use {spec}",
                styled(BAD, "denied")
            ));
            for missing in refusal.missing_roles() {
                lines.push(format!("  {}: {missing}", missing.binding()));
            }
            for near in refusal.near_misses() {
                lines.push(format!("  {}: {near}", styled(NOTE, "near miss")));
                lines.extend(
                    near.fix()
                        .filter(|fix| !told(fix))
                        .map(|fix| program::fix_or_commands(fix).trim_end().to_owned()),
                );
            }
            match commands {
                Ok([role, binding]) => {
                    lines.push(format!("  {}:\n      {role}\n      {binding}", styled(GOOD, "to allow it")));
                }
                Err(error) => lines.push(format!("  nobody can be given that permission: {error}")),
            }
        }
    }
    lines.join("\n") + "\n"
}
