//! What is wrong with the permissions.

use std::process::ExitCode;

use gmsa_examples::program::{self, BAD, FAINT, GOOD, NOTE, one_line, print, styled};
use gmsa_types::finding::{Finding, Severity};

use crate::{Output, inventory::Inventory};

/// Prints all findings; the exit code is 1 if there are any.
pub(crate) fn tell(inventory: &Inventory, output: Output) -> ExitCode {
    let findings = inventory.findings();
    let text = match output {
        Output::Json => format!("{:#}\n", serde_json::json!(findings)),
        Output::Text => {
            let mut text: String = findings.iter().map(in_words).collect();
            let count = |severity| findings.iter().filter(|finding| finding.severity() == severity).count();
            text += &match (count(Severity::Error), count(Severity::Warning)) {
                (0, 0) => format!("{}\n", styled(GOOD, "nothing found")),
                (errors, warnings) => {
                    format!("{}, {}\n", counted(errors, "error"), counted(warnings, "warning"))
                }
            };
            text
        }
    };
    print(&text, if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn in_words(finding: &Finding) -> String {
    let style = if finding.severity() == Severity::Error { BAD } else { NOTE };
    let mut text = styled(style, format_args!("{}[{}]", finding.severity(), finding.id()));
    if let Some(object) = finding.object() {
        text += &format!(" {}", one_line(object));
    }
    if !finding.pointer().is_root() {
        text += &format!(" {}", styled(FAINT, one_line(finding.pointer())));
    }
    text += &format!("\n    {}\n", finding.message());
    if let Some(why) = finding.why() {
        text += &format!("    {}\n", styled(FAINT, why));
    }
    if let Some(help) = finding.help() {
        text += &program::fix_or_commands(help);
    }
    text + "\n"
}
