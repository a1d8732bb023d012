//! May this service account use this credential spec, and why? Who else may, what is wrong, and what would do?

mod ask;
mod audit;
mod inventory;
mod objects;
mod who;

use std::{path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};
use gmsa_examples::{
    cluster, manifest,
    program::{self, bad_input},
};
use gmsa_rbac::AccessQuestion;

use inventory::Inventory;

/// Tells whether a service account may `use` a credential spec, through which role and binding, or what is missing.
#[derive(Parser)]
#[command(name = "access", after_help = EXAMPLES, subcommand_negates_reqs = true)]
struct Arguments {
    /// The cluster: a file or folder of RBAC objects, in YAML or JSON, Lists too.
    #[arg(long, value_name = "FILE", required = true)]
    cluster: Option<PathBuf>,

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

    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  access --cluster manifests/ --namespace team-a --service-account web --credential-spec webapp1
  access --cluster cluster.json --queries questions.json
  access who webapp1 --cluster manifests/
  access audit --cluster manifests/ --output json
  access grant --namespace team-a --service-account web --credential-spec webapp1
  access minimize --cluster manifests/ > rbac.yaml

Exit codes:
  0  allowed, or all questions are answered; for a command see its own help
  1  not allowed
  2  the input cannot be used; nothing is printed on the standard output";

#[derive(Subcommand)]
enum Command {
    /// Lists the service accounts, users and groups that may `use` a credential spec, each with its chain.
    #[command(after_help = WHO)]
    Who {
        /// The credential spec.
        #[arg(value_name = "CREDSPEC")]
        credential_spec: String,
        #[command(flatten)]
        input: Input,
    },
    /// Finds grants that are too wide, names that lead nowhere, and workloads that will be refused.
    #[command(after_help = AUDIT)]
    Audit {
        #[command(flatten)]
        input: Input,
    },
    /// Prints the role and the binding that permit a service account a credential spec.
    #[command(after_help = GRANT)]
    Grant {
        /// The namespace of the service accounts.
        #[arg(long)]
        namespace: String,
        /// The service account; may be given more than once.
        #[arg(long, required = true)]
        service_account: Vec<String>,
        /// The credential spec; may be given more than once.
        #[arg(long, required = true)]
        credential_spec: Vec<String>,
        /// How to print them: YAML documents, or one JSON List.
        #[arg(long, value_enum)]
        output: Option<Output>,
    },
    /// Prints the fewest roles and bindings that let in the pods of all workloads, and no others.
    #[command(after_help = MINIMIZE)]
    Minimize {
        #[command(flatten)]
        input: Input,
    },
}

const WHO: &str = "\
Example:
  access who webapp1 --cluster manifests/

Exit codes:
  0  there are pods that can run with it
  1  there are none, though users may have the permission
  2  the input cannot be used; nothing is printed on the standard output";

const AUDIT: &str = "\
Credential specs and service accounts are checked if any are among the manifests. The rules are listed in \
gmsa-rbac/RULES.md.

Examples:
  access audit --cluster manifests/
  access audit --cluster manifests/ --output json | jq '.[] | select(.severity == \"error\")'

Exit codes:
  0  nothing was found
  1  something was found
  2  the input cannot be used; nothing is printed on the standard output";

const GRANT: &str = "\
There is a role for each credential spec and a binding for each service account, so that a later grant leaves this \
one as it is.

Example:
  access grant --namespace team-a --service-account web --credential-spec webapp1 | kubectl apply -f -

Exit codes:
  0  the objects are printed
  2  a name is one that no object can have; nothing is printed on the standard output";

const MINIMIZE: &str = "\
The roles and bindings among the manifests count for nothing here. What cannot be permitted is told on the standard \
error, and so are pods that name no service account: they run as `default`, and whatever that may use, every such pod \
of the namespace may use. With --output json the List also has `provenSmallest`: whether no fewer objects would do.

Example:
  access minimize --cluster manifests/ | kubectl apply --dry-run=server -f -

Exit codes:
  0  the objects are printed
  1  they are printed, but something had to be left out
  2  the input cannot be used; nothing is printed on the standard output";

#[derive(clap::Args)]
struct Input {
    /// The cluster: a file or folder of manifests, in YAML or JSON, Lists too.
    #[arg(long, value_name = "PATH")]
    cluster: Option<PathBuf>,
    /// How to print the result.
    #[arg(long, value_enum)]
    output: Option<Output>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        None => answer(arguments),
        Some(_) => run(arguments),
    }
}

fn answer(arguments: Arguments) -> ExitCode {
    let cluster = match manifest::read(&[arguments.cluster.unwrap_or_default()]) {
        Ok(manifests) => match cluster::of(&manifests) {
            Ok(cluster) => cluster,
            Err(error) => return bad_input([error]),
        },
        Err(errors) => return bad_input(errors),
    };
    if let Some(path) = &arguments.queries {
        return ask::all(path, cluster.rbac());
    }
    let text = |text: Option<String>| text.unwrap_or_default();
    let question = AccessQuestion::new(
        text(arguments.namespace),
        text(arguments.service_account),
        text(arguments.credential_spec),
    );
    ask::one(&question, cluster.rbac(), arguments.output)
}

fn run(arguments: Arguments) -> ExitCode {
    let Arguments { cluster, namespace, service_account, credential_spec, queries, output, command } =
        arguments;
    let other =
        [namespace.is_some(), service_account.is_some(), credential_spec.is_some(), queries.is_some()];
    if other.contains(&true) {
        usage(ErrorKind::ArgumentConflict, "a question and a command cannot be used together");
    }
    if matches!(&command, Some(Command::Who { credential_spec, .. }) if credential_spec.is_empty()) {
        return bad_input(["no credential spec has an empty name; write the name of one"]);
    }
    // `--cluster` and `--output` may stand on either side of the command.
    let read = |input: &Input| match input.cluster.as_ref().or(cluster.as_ref()) {
        Some(path) => Inventory::read(path),
        None => usage(ErrorKind::MissingRequiredArgument, "the command needs --cluster <PATH>"),
    };
    let output = |own: Option<Output>| own.unwrap_or(output);
    let done = match command {
        Some(Command::Who { credential_spec, input }) => {
            read(&input).map(|found| who::tell(&credential_spec, &found, output(input.output)))
        }
        Some(Command::Audit { input }) => read(&input).map(|found| audit::tell(&found, output(input.output))),
        Some(Command::Minimize { input }) => {
            read(&input).map(|found| objects::minimize(&found, output(input.output)))
        }
        Some(Command::Grant { namespace, service_account, credential_spec, output: own }) => {
            Ok(objects::grant(&namespace, &service_account, &credential_spec, output(own)))
        }
        None => Ok(ExitCode::from(program::BAD_INPUT)),
    };
    done.unwrap_or_else(bad_input)
}

fn usage(kind: ErrorKind, message: &str) -> ! {
    Arguments::command().error(kind, message).exit()
}
