//! What is doubtful about a workload though admission lets it in.

use gmsa_admission::{Snapshot, lint};
use gmsa_types::finding::{Finding, Severity};
use serde_json::Value;

use crate::program::{self, BAD, FAINT, NOTE, one_line, styled};

/// What admission refuses itself, and then says better: with the commands, and the near misses.
const ADMISSION_SAYS: [&str; 2] = ["GC706", "GC708"];

/// The findings about a workload that its simulation does not say. None if it is no workload.
pub fn beside_admission(object: &Value, cluster: &Snapshot) -> Vec<Finding> {
    let findings = lint::lint(object, cluster).unwrap_or_default();
    findings.into_iter().filter(|finding| !ADMISSION_SAYS.contains(&finding.id().as_str())).collect()
}

/// A finding in words, below what it is about.
pub fn in_words(finding: &Finding) -> String {
    let style = if finding.severity() == Severity::Error { BAD } else { NOTE };
    let label = styled(style, format_args!("{}[{}]", finding.severity(), finding.id()));
    let mut text = format!("  {label}: {}\n", one_line(finding.message()));
    if !finding.pointer().is_root() {
        text += &format!("    at {}\n", styled(FAINT, one_line(finding.pointer())));
    }
    if let Some(help) = finding.help() {
        text += &program::fix_or_commands(help);
    }
    text
}
