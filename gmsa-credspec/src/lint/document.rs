//! GC1: the text as a whole.

use std::collections::BTreeSet;

use gmsa_types::{
    CredentialSpec,
    finding::{Edit, Finding, Fix, SourcePosition},
};

use super::{
    place::Field, place::trim, placeholder::is_placeholder, report::Report, rule::section, target::Target,
};
use crate::source::{Document, Encoding, ForgivenKind, Source, SourceError, SourceErrorKind};

section! { "document";
    /// Neither JSON nor YAML, or beyond the limits of the reader. Source: RFC 8259; YAML 1.2.
    GC101 Error: "the document cannot be read", "no consumer reads a document that is not well formed", "RFC 8259; YAML 1.2";
    /// Source: Go, `encoding/json`; PowerShell, `Out-File -Encoding utf8`.
    GC102 Warning fix: "byte order mark", "Kubernetes and the agents of AWS refuse it; it is not known whether Windows accepts it", "Go, encoding/json; PowerShell 5.1, Out-File -Encoding utf8";
    /// Source: RFC 8259 section 8.1; PowerShell, the redirection `>`.
    GC103 Error fix: "UTF-16 or an unknown encoding", "JSON is UTF-8; the redirection `>` of Windows PowerShell writes UTF-16", "RFC 8259, section 8.1";
    /// Source: RFC 8259; the README of aws/credentials-fetcher has such a sample.
    GC104 Error fix: "comments, trailing commas or odd white space in JSON", "JSON has none of these, and Docker and Windows get the text as it is", "RFC 8259";
    /// Source: RFC 8259 section 4; Go and JsonCpp read keys differently.
    GC105 Error: "key that occurs twice, also in another case", "which of the values counts differs from reader to reader", "RFC 8259, section 4";
    /// Source: `CredentialSpec.psm1`, `Out-File -Encoding ascii`.
    GC106 Warning: "character beyond ASCII in a value", "New-CredentialSpec writes `?` in its place, and the other tools handle ASCII alone", "CredentialSpec.psm1";
    /// Source: published samples of Microsoft, AWS, Kubernetes and Rancher.
    GC107 Error: "placeholder that was not filled in", "the sample was copied and not completed, or the template not rendered", "the samples of Microsoft, AWS and Kubernetes";
    /// Source: Kubernetes, `pkg/apis/core/validation/validation.go`, `validateWindowsSecurityContextOptions`.
    GC108 Warning: "nothing in the source, or more than 64 KiB in a document", "a pod carries a document of 1 byte to 64 KiB", "Kubernetes, pkg/apis/core/validation/validation.go";
    /// Source: Docker and Kubernetes take one document.
    GC109 Info: "several credential specs in one source", "consumers take one each; a file for Docker has exactly one", "moby/moby, daemon/oci_windows.go";
}

/// What is about the source and no document.
pub(super) fn check_source(source: &Source, report: &mut Report<'_>) {
    let rewrite = |title: &str| Fix::new(title, [Edit::Rewrite]);
    for forgiven in source.forgiven() {
        let finding = match forgiven.kind() {
            ForgivenKind::ByteOrderMark => GC102
                .finding(match report.target() {
                    Target::Kubernetes | Target::AwsWindows | Target::AwsLinux => {
                        "byte order mark, which this target refuses"
                    }
                    _ => "byte order mark, which readers written in Go refuse",
                })
                .with_fix(rewrite("write it as UTF-8 without a byte order mark")),
            _ => GC103.finding("UTF-16 in place of UTF-8").with_fix(rewrite("write it as UTF-8")),
        };
        report.add(
            finding
                .in_source(forgiven.position())
                .with_help("write the file with `-Encoding ascii`, as New-CredentialSpec does"),
        );
    }
    if source.documents().is_empty() {
        let start = SourcePosition::new(1, 1, 0, 0);
        report
            .add(GC108.finding("there is no document").in_source(start).with_help("write a credential spec"));
    }
}

/// What is about one document, whatever is in it.
pub(super) fn check(source: &Source, document: &Document, report: &mut Report<'_>) {
    if let Some(fault) = document.fault()
        && !super::carrier::is_option(source, document)
    {
        report.add(unreadable(source, fault));
    }
    let mut forgiven = document.forgiven().iter();
    if let Some(first) = forgiven.next() {
        let finding = GC104.finding(format!("{} in JSON", first.kind())).in_source(first.position());
        let finding = match forgiven.count() {
            0 => finding.with_help("take it out"),
            others => finding.with_help(format!("take it out, and {others} more like it")),
        };
        // A document that cannot be read cannot be written either.
        report.add(match document.root() {
            Some(_) => finding.with_fix(Fix::new("write the JSON again, without comments", [Edit::Rewrite])),
            None => finding,
        });
    }
    if let Some(root) = document.root() {
        check_keys(&Field::root(root), report);
    }
}

/// What is about the credential specs together.
pub(super) fn check_specs(specs: &[Field<'_>], report: &mut Report<'_>) {
    if let [_, second, ..] = specs {
        report.add(
            GC109
                .at(second, format!("{} credential specs in one source", specs.len()))
                .with_help("split them, unless the program takes several"),
        );
    }
    for spec in specs {
        if spec.position().length > 64 * 1024 {
            report
                .add(GC108.at(spec, "more than 64 KiB").with_help("a credential spec needs less than 2 KiB"));
        }
    }
}

/// Placeholders, and characters beyond ASCII, anywhere in a value that a rule looks at.
pub(super) fn check_text(field: &Field<'_>, report: &mut Report<'_>) {
    let Some(text) = field.node().as_str() else {
        return;
    };
    if is_placeholder(trim(text)) {
        report.add(GC107.at(field, "placeholder in place of a value").with_help("fill in the value"));
    } else if let Some(at) = text.chars().position(|c| !c.is_ascii()) {
        let character = at.saturating_add(1);
        report.add(
            GC106
                .at(field, format!("character beyond ASCII (character {character})"))
                .with_help("use ASCII; look for quotes, hyphens or spaces from a web page"),
        );
    }
}

fn unreadable(source: &Source, fault: &SourceError) -> Finding {
    let finding = match fault.kind() {
        SourceErrorKind::UnresolvedTemplate => GC107.finding("template that was not rendered"),
        SourceErrorKind::NotUtf8 | SourceErrorKind::NotUtf16 | SourceErrorKind::NulCharacter => {
            GC103.finding(fault.kind().to_string())
        }
        kind => GC101.finding(kind.to_string()),
    };
    // Bytes that are no text have no place in the text, which is then empty.
    let in_text = source.text().len() >= fault.position().end();
    let finding = if in_text { finding.in_source(fault.position()) } else { finding };
    let encoding = matches!(source.encoding(), Encoding::Utf16Le | Encoding::Utf16Be);
    match fault.help() {
        Some(help) => finding.with_help(help),
        None if encoding => finding.with_help("save the file as UTF-8 or ASCII"),
        None => finding
            .with_help("correct the text at this place; New-CredentialSpec and `generate` write it right"),
    }
}

/// Duplicate keys of any object, and of known keys in another case.
fn check_keys(root: &Field<'_>, report: &mut Report<'_>) {
    let mut open = vec![root.clone()];
    while let Some(field) = open.pop() {
        let mut exact = BTreeSet::new();
        let mut folded = BTreeSet::new();
        for member in field.members() {
            let key = member.key();
            let again = !exact.insert(key);
            let in_other_case = is_known(key) && !folded.insert(key.to_ascii_lowercase());
            if again || in_other_case {
                let message = if again {
                    "key that is there before"
                } else {
                    "key that is there before in another case"
                };
                report.add(
                    GC105
                        .at(&field.child(member), message)
                        .in_source(member.key_position())
                        .with_help("keep the right one of the values"),
                );
            }
            open.push(field.child(member));
        }
        open.extend(field.items());
    }
}

fn is_known(key: &str) -> bool {
    super::keys::all_keys().any(|known| known.eq_ignore_ascii_case(key))
        || CredentialSpec::KEYS.iter().any(|known| known.eq_ignore_ascii_case(key))
}
