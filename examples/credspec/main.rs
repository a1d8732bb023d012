//! Credential specs on the command line: make, check, mend, convert and compare them, and find out why a container has
//! no identity.

mod carrier;
mod comparing;
mod converting;
mod diagnosing;
mod fixing;
mod input;
mod linting;
mod new;
mod output;
mod snippet;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Makes, checks, mends, converts and compares the credential specs of Windows containers.
///
/// It asks no directory and no cluster. Input is the standard input (`-`, or nothing), files, or folders, of which all
/// .json, .yaml, .yml and .txt files are read.
#[derive(Parser)]
#[command(name = "credspec", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  credspec new --facts domain.json --account WebApp1 --form resource-yaml > webapp1.yaml
  credspec lint --target kubernetes manifests/
  credspec canonical < webapp1.json
  kubectl exec POD -- nltest /sc_verify:contoso.com | credspec diagnose

Exit codes:
  0  all is well
  1  errors or warnings were found, two documents differ, or a container is not shown to have its identity
  2  the input cannot be used; nothing is printed on the standard output";

#[derive(Subcommand)]
enum Command {
    New(Box<new::Arguments>),
    Lint(linting::Arguments),
    Fix(fixing::Arguments),
    Convert(converting::Convert),
    Canonical(converting::Canonical),
    Compare(comparing::Compare),
    Diff(comparing::Diff),
    Diagnose(diagnosing::Arguments),
}

/// How to print the answer.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::New(arguments) => new::run(*arguments),
        Command::Lint(arguments) => linting::run(arguments),
        Command::Fix(arguments) => fixing::run(arguments),
        Command::Convert(arguments) => converting::convert(arguments),
        Command::Canonical(arguments) => converting::canonical(arguments),
        Command::Compare(arguments) => comparing::compare(arguments),
        Command::Diff(arguments) => comparing::diff(arguments),
        Command::Diagnose(arguments) => diagnosing::run(arguments),
    };
    done.unwrap_or_else(gmsa_examples::program::bad_input)
}
