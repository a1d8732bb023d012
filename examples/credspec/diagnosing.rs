//! `credspec diagnose`: why a container has no identity, from what it prints.

use std::path::PathBuf;

use clap::Args;
use gmsa_credspec::diagnose::{Confidence, Diagnosis, Expected, Place, Verdict, diagnose};
use gmsa_examples::program::{BAD, FAINT, GOOD, NOTE, print, styled};
use gmsa_types::DnsName;
use serde_json::{Value, json};

use crate::{
    Output, input,
    output::{Done, code},
};

/// Reads what `nltest`, `klist`, `docker`, `kubectl`, an admission webhook and the event logs of Windows print, and
/// says why a container has no identity.
///
/// The text may be anything that was copied together, of any encoding; what is not recognised is skipped, and nothing
/// of it is repeated but names of domains and numbers.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// A file; the standard input if there is none, or for `-`.
    #[arg(default_value = "-")]
    path: PathBuf,

    /// The domain of the account, `DomainJoinConfig.DnsName` in the credential spec.
    #[arg(long)]
    domain: Option<DnsName>,

    /// How to print the diagnosis.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

const EXAMPLES: &str = "\
Examples:
  kubectl exec POD -- nltest /sc_verify:contoso.com | credspec diagnose --domain contoso.com
  kubectl describe pod POD | credspec diagnose
  credspec diagnose ticket.txt --output json

Exit codes:
  0  the identity works
  1  it does not, or the text does not tell
  2  the input cannot be used; nothing is printed on the standard output";

pub(crate) fn run(arguments: Arguments) -> Done {
    let text = input::text(&arguments.path)?;
    let expected = match arguments.domain {
        Some(domain) => Expected::default().domain(domain),
        None => Expected::default(),
    };
    let diagnosis = diagnose(&text, &expected);
    let text = match arguments.output {
        Output::Text => story(&diagnosis),
        Output::Json => format!("{:#}\n", as_json(&diagnosis)),
    };
    Ok(print(&text, code(diagnosis.verdict() == Verdict::Healthy)))
}

fn as_json(diagnosis: &Diagnosis) -> Value {
    let mut value = serde_json::to_value(diagnosis).unwrap_or_default();
    value["summary"] = json!(diagnosis.summary());
    value["nextCheck"] = json!(diagnosis.next_check());
    if let Some(check) = diagnosis.next_check() {
        value["nextCheck"]["command"] = json!(check.command_for(diagnosis.domain()));
    }
    value
}

fn story(diagnosis: &Diagnosis) -> String {
    let (style, verdict) = match diagnosis.verdict() {
        Verdict::Healthy => (GOOD, "healthy"),
        Verdict::Broken => (BAD, "broken"),
        Verdict::NotEnough => (NOTE, "not enough to tell"),
    };
    let mut text = format!("{}: {}\n", styled(style, verdict), diagnosis.summary());
    if !diagnosis.observations().is_empty() {
        text += "\nwhat the text says:\n";
    }
    for observation in diagnosis.observations() {
        text += &format!("  line {}: {}\n", observation.line(), observation.meaning());
    }
    if diagnosis.is_truncated() {
        text += "  and more, which was not read\n";
    }
    for (index, cause) in diagnosis.causes().iter().enumerate() {
        let (style, confidence) = match cause.confidence() {
            Confidence::Likely => (BAD, "likely"),
            Confidence::Possible => (NOTE, "possible"),
            Confidence::Unlikely => (FAINT, "unlikely"),
        };
        let lines: Vec<_> = cause.evidence().iter().map(ToString::to_string).collect();
        let lines =
            if lines.is_empty() { String::new() } else { format!(", from line {}", lines.join(", ")) };
        let confidence = styled(style, confidence);
        text += &format!("\n{}. {confidence}: {} [{}{lines}]\n", index + 1, cause.title(), cause.id());
        text += &format!("   {}\n", cause.explanation());
        for step in cause.next() {
            text += &match step.command() {
                Some(command) => format!("   - {}:\n       {command}\n", step.what()),
                None => format!("   - {}\n", step.what()),
            };
        }
        text += &styled(FAINT, format!("   source: {}", cause.source().text()));
        text.push('\n');
    }
    if let Some(check) = diagnosis.next_check() {
        let place = match check.place() {
            Place::Container => "in the container",
            Place::Node => "on the node",
        };
        let command = check.command_for(diagnosis.domain());
        text += &format!("\nnext check, {place}:\n  {command}\n  good: {}\n", check.good());
    }
    text
}
