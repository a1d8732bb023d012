//! Credential specs that are the text of a value in another document, or of an option.

use gmsa_types::finding::{Finding, Pointer};

use super::{check_spec, document, report::Report};
use crate::source::{ReadOptions, Syntax, read_source};

/// Checks a text that a consumer reads as a credential spec, and tells all of its findings `at` the place of the text.
///
/// Edits go to the tree of the outer document, which has no way into the text: there are no fixes.
pub(super) fn check(text: &str, report: &mut Report<'_>, at: impl Fn(Finding) -> Finding) {
    let source = read_source(text.as_bytes(), &ReadOptions::new());
    let mut inner = Report::new(report.options);
    document::check_source(&source, &mut inner);
    let mut specs = Vec::new();
    for read in source.documents() {
        document::check(&source, read, &mut inner);
        let is_option = super::carrier::is_option(&source, read);
        if is_option || read.fault().is_none() && read.syntax() != Syntax::Json {
            inner.add(
                document::GC101
                    .finding("the text is not JSON")
                    .with_help("write the credential spec as JSON in a string"),
            );
        }
        if let Some(root) = read.root() {
            specs.push(check_spec(super::place::Field::root(root), false, &mut inner));
        }
    }
    document::check_specs(&specs, &mut inner);
    for finding in inner.finish() {
        report.add(at(outer(&finding)));
    }
}

fn outer(finding: &Finding) -> Finding {
    let message = match finding.pointer() {
        pointer if Pointer::is_root(pointer) => format!("in the text: {}", finding.message()),
        pointer => format!("in the text, at `{pointer}`: {}", finding.message()),
    };
    let told = Finding::new(finding.id(), finding.severity(), message);
    let told = match finding.why() {
        Some(why) => told.because(why),
        None => told,
    };
    match finding.help() {
        Some(help) => told.with_help(help),
        None => told,
    }
}
