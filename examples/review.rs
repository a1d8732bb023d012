//! Answers one AdmissionReview with the facts of a cluster that is given as a file.

use std::{
    io::{self, Read},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use gmsa_admission::{
    Policy, Request, Response, ReviewError, Snapshot, TemplateRequest, check_template, mutate,
    template::Enforcement, validate,
};
use gmsa_examples::{
    cluster, manifest,
    program::{bad_input, print_exactly},
};

/// Answers one AdmissionReview, read from the standard input, as the webhook would.
///
/// Prints the AdmissionReview that goes back to the API server, with the patch in base64. A review that cannot be
/// decided gets a denial that says why, as long as its uid can be read.
#[derive(Parser)]
#[command(name = "review", after_help = EXAMPLES)]
struct Arguments {
    /// Which of the webhook's endpoints to play.
    #[arg(long, value_enum)]
    endpoint: Endpoint,

    /// The cluster: a file or folder of credential specs and RBAC objects, in YAML or JSON, Lists too.
    #[arg(long, value_name = "FILE")]
    cluster: PathBuf,

    /// Give pods with gMSA and no hostname one of their own, as the webhook does with RANDOM_HOSTNAME.
    #[arg(long)]
    random_hostname: bool,

    /// Deny a Deployment, Job, ... whose pods would be denied, instead of a warning. For the endpoint `template`.
    #[arg(long)]
    deny_templates: bool,
}

const EXAMPLES: &str = "\
Examples:
  review --endpoint validate --cluster cluster.json < review.json
  review --endpoint mutate --cluster manifests/ < review.json | jq -r .response.patch | base64 -d
  review --endpoint template --cluster manifests/ < deployment-review.json | jq .response.warnings

Exit codes:
  0  the review is answered, be it yes or no
  2  the input cannot be used; nothing is printed on the standard output";

#[derive(Clone, Copy, ValueEnum)]
enum Endpoint {
    Mutate,
    Validate,
    /// The check of pod templates, for Deployments and all else that makes pods.
    Template,
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
    let mut body = Vec::new();
    if let Err(error) = io::stdin().lock().read_to_end(&mut body) {
        return bad_input([format!("the standard input cannot be read: {error}")]);
    }
    let templates = if arguments.deny_templates { Enforcement::Deny } else { Enforcement::Warn };
    let policy = Policy::default().with_random_hostname(arguments.random_hostname).with_templates(templates);
    match answer(&body, arguments.endpoint, &cluster, &policy) {
        Ok(code) => code,
        Err(error) => match error.clone().into_response() {
            Some(response) => write(&response),
            None => {
                bad_input([format!("-: {error}; give one AdmissionReview in JSON on the standard input")])
            }
        },
    }
}

fn answer(
    body: &[u8],
    endpoint: Endpoint,
    cluster: &Snapshot,
    policy: &Policy,
) -> Result<ExitCode, ReviewError> {
    Ok(match endpoint {
        Endpoint::Mutate => {
            let request = Request::from_slice(body)?;
            let plan = mutate(&request, policy);
            let needs = plan.needs();
            write(&plan.respond(&cluster.facts(&needs)))
        }
        Endpoint::Validate => {
            let request = Request::from_slice(body)?;
            let plan = validate(&request, policy);
            let needs = plan.needs();
            write(&plan.respond(&cluster.facts(&needs)))
        }
        Endpoint::Template => {
            let request = TemplateRequest::from_slice(body)?;
            let plan = check_template(&request, policy);
            let needs = plan.needs();
            write(&plan.respond(&cluster.facts(&needs)))
        }
    })
}

fn write(response: &Response<'_>) -> ExitCode {
    let body = response.to_vec();
    print_exactly(&format!("{}\n", String::from_utf8_lossy(&body)), ExitCode::SUCCESS)
}
