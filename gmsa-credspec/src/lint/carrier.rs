//! GC8: what carries a credential spec to a container: options of Docker, Compose files, task definitions of ECS,
//! configurations of OCI runtimes, and files.

use gmsa_types::finding::Finding;

use super::{inline, keys::GC203, place::Field, report::Report, rule::section};
use crate::{
    JsonType,
    generate::{historical_file_name, is_affected},
    source::{Document, Source, SourceErrorKind},
};

section! { "carrier";
    /// Source: moby/moby, `daemon/oci_windows.go`; docker/cli, `opts`.
    GC801 Error: "option of Docker that the daemon refuses", "the daemon takes `file://`, `registry://` and `raw://`, and files below its `CredentialSpecs` folder", "moby/moby, daemon/oci_windows.go";
    /// Source: microsoft/hcsshim and containerd read a string; the text of the OCI specification says otherwise.
    GC802 Error: "`credentialSpec` of an OCI runtime is an object", "the runtimes read a string and take no notice of an object", "microsoft/hcsshim; opencontainers/runtime-spec, config-windows.md";
    /// Source: aws/amazon-ecs-agent, `credentialspec`.
    GC803 Error: "reference to a credential spec that ECS does not take", "the agent knows `credentialspec:` and `credentialspecdomainless:`, with `file://` or an ARN of S3 or SSM", "aws/amazon-ecs-agent";
    /// Source: `CredentialSpec.psm1`; .NET, `String.TrimEnd`.
    GC804 Warning: "file name that New-CredentialSpec does not write", "the cmdlet drops every `.`, `j`, `s`, `o` and `n` from the end of the name", "CredentialSpec.psm1; .NET, String.TrimEnd";
}

/// What a document that is no credential spec carries.
pub(super) enum Carries<'s> {
    Specs(Vec<Field<'s>>),
    Options,
    Nothing,
}

/// Looks for credential specs, and for references to them, in a document of any other kind.
pub(super) fn check<'s>(root: &Field<'s>, report: &mut Report<'_>) -> Carries<'s> {
    let oci = root.get("windows").and_then(|windows| windows.get("credentialSpec"));
    if let Some(field) = oci {
        if field.json_type() == JsonType::Object {
            report.add(
                GC802
                    .at(&field, "object in place of a string")
                    .with_help("write the document as JSON in a string"),
            );
            return Carries::Specs(vec![field]);
        }
        check_inline(&field, report);
        return Carries::Options;
    }
    let mut found = false;
    let mut open = vec![(root.clone(), false)];
    while let Some((field, in_specs)) = open.pop() {
        if let Some(text) = field.node().as_str() {
            let reference = Reference::of(text, in_specs);
            found |= reference.is_some();
            if let Some(spec) = reference.as_ref().and_then(Reference::raw) {
                inline::check(spec, report, |finding| {
                    finding.at(field.pointer()).in_source(field.position())
                });
            }
            for finding in reference.into_iter().flat_map(|reference| reference.findings(&field)) {
                report.add(finding);
            }
        }
        for member in field.members() {
            let value = field.child(member);
            if member.key() == "credential_spec" && value.json_type() == JsonType::Object {
                found = true;
                compose(&value, report);
            }
            // The field of `windowsOptions`, and the annotations of the versions before it.
            if member.key() == "gmsaCredentialSpec" || member.key().ends_with("/gmsa-credential-spec") {
                found = true;
                check_inline(&value, report);
            }
            open.push((value, member.key() == "credentialSpecs"));
        }
        open.extend(field.items().into_iter().map(|item| (item, in_specs)));
    }
    if found { Carries::Options } else { Carries::Nothing }
}

/// Whether the source is an option of Docker, or of ECS, and nothing else.
pub(super) fn is_option(source: &Source, document: &Document) -> bool {
    document.fault().is_some_and(|fault| *fault.kind() == SourceErrorKind::PlainText)
        && source.documents().len() == 1
        && Reference::of(option(source), false).is_some()
}

/// Checks a source that is an option with a whole credential spec in it, which YAML might take for a mapping, and says
/// whether it is one.
pub(super) fn check_raw_option(source: &Source, report: &mut Report<'_>) -> bool {
    let (Some(spec), Some(document)) = (
        Reference::of(option(source), false).and_then(|reference| reference.raw()),
        source.documents().first(),
    ) else {
        return false;
    };
    inline::check(spec, report, |finding| finding.in_source(document.position()));
    true
}

/// Checks a source that is an option and nothing else.
pub(super) fn check_plain(source: &Source, document: &Document, report: &mut Report<'_>) {
    if !is_option(source, document) {
        return;
    }
    let is_docker = source.text().trim().starts_with("--security-opt");
    let reference = match Reference::of(option(source), false) {
        Some(Reference::Ecs(_) | Reference::EcsUnknown) if is_docker => Some(Reference::NoEqualsSign),
        reference => reference,
    };
    let problems = reference.map(|reference| reference.problems()).unwrap_or_default();
    for problem in problems {
        report.add(problem.finding().in_source(document.position()));
    }
}

/// Says what becomes of a file of this name.
pub(super) fn check_file_name(path: &str, report: &mut Report<'_>) {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    if is_affected(name) {
        report.add(Problem::affected(name).finding());
    }
}

fn check_inline(field: &Field<'_>, report: &mut Report<'_>) {
    match field.node().as_str() {
        Some(text) => {
            inline::check(text, report, |finding| finding.at(field.pointer()).in_source(field.position()));
        }
        None if field.json_type() == JsonType::Null => {}
        None => report.add(
            GC203
                .at(field, format!("{} in place of a string", field.json_type()))
                .with_help("write the document as JSON in a string"),
        ),
    }
}

fn option(source: &Source) -> &str {
    let text = source.text().trim();
    let text = text.strip_prefix("--security-opt").unwrap_or(text);
    text.trim_start_matches(['=', ' ']).trim_matches(['"', '\''])
}

fn compose(field: &Field<'_>, report: &mut Report<'_>) {
    let known = ["config", "file", "registry"];
    let count = field.members().iter().filter(|member| known.contains(&member.key())).count();
    if count != 1 || field.members().len() != count {
        report.add(
            GC801
                .at(field, "`credential_spec` has not exactly one of `config`, `file` and `registry`")
                .with_help("write one of the three"),
        );
    }
    if let Some(file) = field.get("file").and_then(|file| file.text().map(|text| (file, text))) {
        for problem in file_problems(file.1) {
            report.add(problem.at(&file.0));
        }
    }
}

/// An option that refers to a credential spec.
enum Reference<'t> {
    Docker(Option<&'t str>),
    Ecs(&'t str),
    EcsUnknown,
    NoEqualsSign,
}

struct Problem {
    rule: super::Rule,
    message: String,
    help: String,
}

impl Problem {
    fn new(rule: super::Rule, message: &str, help: &str) -> Self {
        Self { rule, message: message.to_owned(), help: help.to_owned() }
    }

    /// Paths may be shown.
    fn affected(name: &str) -> Self {
        let help = format!("the file that it writes is called `{}`", historical_file_name(name));
        Self { help, ..Self::new(GC804, "New-CredentialSpec writes no file of this name", "") }
    }

    fn finding(self) -> Finding {
        self.rule.finding(self.message).with_help(self.help)
    }

    fn at(self, field: &Field<'_>) -> Finding {
        self.rule.at(field, self.message).with_help(self.help)
    }
}

impl<'t> Reference<'t> {
    fn of(text: &'t str, in_specs: bool) -> Option<Self> {
        let after = |start: &str| {
            let head = text.get(..start.len())?;
            head.eq_ignore_ascii_case(start).then(|| text.get(start.len()..).unwrap_or_default())
        };
        if let Some(value) = after("credentialspecdomainless:").or_else(|| after("credentialspec:")) {
            return Some(Self::Ecs(value));
        }
        if after("domainlesscredentialspec:").is_some() || in_specs {
            return Some(Self::EcsUnknown);
        }
        if let Some(value) = after("credentialspec=") {
            return Some(Self::Docker(Some(value)));
        }
        text.eq_ignore_ascii_case("credentialspec").then_some(Self::Docker(None))
    }

    /// The credential spec that is in the option itself.
    fn raw(&self) -> Option<&'t str> {
        let Self::Docker(Some(value)) = self else {
            return None;
        };
        let (scheme, spec) = value.split_once("://")?;
        (scheme.eq_ignore_ascii_case("raw") && !spec.is_empty()).then_some(spec)
    }

    fn findings(&self, field: &Field<'_>) -> Vec<Finding> {
        self.problems().into_iter().map(|problem| problem.at(field)).collect()
    }

    fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Docker(value) => docker_problems(value.unwrap_or_default()),
            Self::EcsUnknown => vec![Problem::new(
                GC803,
                "prefix that ECS does not know",
                "write `credentialspec:` or `credentialspecdomainless:`",
            )],
            Self::Ecs(value) => ecs_problems(value),
            Self::NoEqualsSign => vec![Problem::new(
                GC801,
                "no equals sign in an option of Docker",
                "write `credentialspec=file://NAME.json`",
            )],
        }
    }
}

fn docker_problems(value: &str) -> Vec<Problem> {
    let help = "write `credentialspec=file://NAME.json`";
    let Some((scheme, rest)) = value.split_once("://") else {
        return vec![Problem::new(GC801, "value without a scheme", help)];
    };
    match &*scheme.to_ascii_lowercase() {
        _ if rest.is_empty() => vec![Problem::new(GC801, "value that is empty", help)],
        "file" => file_problems(rest),
        "registry" | "raw" => Vec::new(),
        "config" => vec![Problem::new(
            GC801,
            "`config://`, which services take and `docker run` does not",
            "write it with `docker service create --credential-spec`",
        )],
        _ => vec![Problem::new(GC801, "scheme that the daemon does not know", help)],
    }
}

fn file_problems(path: &str) -> Vec<Problem> {
    let help = "write a path below the `CredentialSpecs` folder of the daemon";
    let is_absolute = path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':');
    if is_absolute {
        return vec![Problem::new(GC801, "absolute path", help)];
    }
    if path.split(['/', '\\']).any(|part| part == "..") {
        return vec![Problem::new(GC801, "path that may leave the folder", help)];
    }
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    if is_affected(name) { vec![Problem::affected(name)] } else { Vec::new() }
}

/// Source: aws/amazon-ecs-agent, `agent/taskresource/credentialspec`.
fn ecs_problems(value: &str) -> Vec<Problem> {
    let help = "write `file://NAME.json`, or the ARN of an object in S3 or of a parameter of SSM";
    if let Some(path) = value.strip_prefix("file://") {
        return if path.is_empty() {
            vec![Problem::new(GC803, "no file", help)]
        } else {
            file_problems(path)
        };
    }
    let service = value.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(1));
    match service {
        Some("s3" | "ssm") => Vec::new(),
        Some(_) => vec![Problem::new(GC803, "ARN of another service than S3 and SSM", help)],
        None => vec![Problem::new(GC803, "neither a file nor an ARN", help)],
    }
}
