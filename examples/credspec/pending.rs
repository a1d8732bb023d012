//! Stands in for `gmsa_credspec::{lint, convert, diff}` until they are there; the signatures are theirs.

use std::{fmt, str::FromStr};

use gmsa_credspec::{CanonicalContents, Comparison, generate, source::Source};
use gmsa_types::{
    CredentialSpec, CredentialSpecName, DomainSid,
    finding::{Edit, Finding, Fix, ObjectRef, RuleId, Severity},
};

macro_rules! named {
    ($(#[$meta:meta])* $type:ident { $($variant:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $type { $($variant),* }

        impl $type {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = Unknown;

            fn from_str(text: &str) -> Result<Self, Unknown> {
                Self::ALL.iter().find(|it| it.as_str() == text).copied().ok_or_else(|| Unknown(text.to_owned()))
            }
        }
    };
}

#[derive(Debug)]
pub(crate) struct Unknown(String);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not known", self.0)
    }
}

impl std::error::Error for Unknown {}

named!(Target {
    Any = "any", Kubernetes = "kubernetes", Docker = "docker", AwsWindows = "aws-windows", AwsLinux = "aws-linux",
});

named!(Form {
    Document = "document", ResourceYaml = "resource-yaml", ResourceJson = "resource-json",
    DockerRaw = "docker-raw", DockerFile = "docker-file", Compose = "compose", Ecs = "ecs", Oci = "oci",
    AwsLinux = "aws-linux", AwsWindows = "aws-windows", HelmValues = "helm-values", Canonical = "canonical",
    Powershell = "powershell",
});

pub(crate) struct Rule(RuleId, Severity, &'static str, &'static str, bool);

impl Rule {
    pub(crate) fn id(&self) -> RuleId {
        self.0
    }
    pub(crate) fn severity(&self) -> Severity {
        self.1
    }
    pub(crate) fn title(&self) -> &'static str {
        self.2
    }
    pub(crate) fn why(&self) -> &'static str {
        self.3
    }
    pub(crate) fn fixable(&self) -> bool {
        self.4
    }
}

const RULES: &[Rule] = &[
    Rule(
        RuleId::new("GC101"),
        Severity::Error,
        "the text cannot be read",
        "nothing else can read it either",
        false,
    ),
    Rule(
        RuleId::new("GC302"),
        Severity::Error,
        "`Sid` is not the SID of a domain",
        "the container asks for a domain that does not exist",
        true,
    ),
    Rule(
        RuleId::new("GC403"),
        Severity::Warning,
        "the plug-in is not one that is known",
        "the node has to have it",
        false,
    ),
];

pub(crate) fn rules() -> &'static [Rule] {
    RULES
}

#[derive(Default)]
pub(crate) struct LintOptions {
    allowed: Vec<String>,
    file_name: Option<String>,
}

impl LintOptions {
    pub(crate) fn with_target(self, _: Target) -> Self {
        self
    }
    pub(crate) fn with_facts(self, _: generate::DomainFacts) -> Self {
        self
    }
    pub(crate) fn with_file_name(self, name: &str) -> Self {
        Self { file_name: Some(name.to_owned()), ..self }
    }
    pub(crate) fn allow(mut self, id: &str) -> Result<Self, Unknown> {
        if !RULES.iter().any(|rule| rule.id().as_str() == id) {
            return Err(Unknown(id.to_owned()));
        }
        self.allowed.push(id.to_owned());
        Ok(self)
    }
}

pub(crate) fn lint(source: &Source, options: &LintOptions) -> Vec<Finding> {
    let mut found = Vec::new();
    for document in source.documents() {
        if let Some(fault) = document.fault() {
            found.push(Finding::error(RULES[0].id(), fault.kind().to_string()).in_source(fault.position()));
        }
    }
    for spec in source.credential_specs() {
        let at = |pointer: &str| spec.node().at(pointer);
        if let Some(sid) = at("/DomainJoinConfig/Sid")
            && sid.as_str().is_none_or(|text| text.parse::<DomainSid>().is_err())
        {
            let finding = Finding::error(RULES[1].id(), RULES[1].title()).because(RULES[1].why());
            let pointer = "/DomainJoinConfig/Sid";
            let domain = sid.as_str().and_then(|text| text.rsplit_once('-')).map(|(domain, _)| domain);
            let fix = domain.map(|domain| Fix::new("drop the RID", [Edit::replace(pointer, domain)]));
            let finding = finding.at(pointer).in_source(sid.position());
            found.push(match fix {
                Some(fix) => finding.with_fix(fix),
                None => finding,
            });
        }
        let guid = "/ActiveDirectoryConfig/HostAccountConfig/PluginGUID";
        if let Some(guid) = at(guid)
            && guid.as_str() == Some("{00000000-0000-0000-0000-000000000001}")
        {
            found.push(Finding::warning(RULES[2].id(), RULES[2].title()).in_source(guid.position()));
        }
    }
    if let Some(name) = &options.file_name {
        found = found.into_iter().map(|finding| finding.about(ObjectRef::file_at(name.as_str()))).collect();
    }
    found.retain(|finding| !options.allowed.iter().any(|id| id == finding.id().as_str()));
    found
}

pub(crate) struct Fixed {
    text: String,
    applied: Vec<(RuleId, String)>,
    remaining: Vec<Finding>,
}

impl Fixed {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
    pub(crate) fn applied(&self) -> &[(RuleId, String)] {
        &self.applied
    }
    pub(crate) fn remaining(&self) -> &[Finding] {
        &self.remaining
    }
}

pub(crate) fn fix(source: &Source, options: &LintOptions) -> Result<Fixed, Unknown> {
    let mut text = source.text().to_owned();
    let (mut applied, mut remaining) = (Vec::new(), Vec::new());
    for finding in lint(source, options) {
        match (finding.fix(), finding.position()) {
            (Some(fix), Some(position)) => {
                let Some(Edit::Replace { value, .. }) = fix.edits().first() else { continue };
                text.replace_range(position.offset..position.end(), &value.to_string());
                applied.push((finding.id(), fix.title().to_owned()));
            }
            _ if finding.id().as_str() == "GC101" => return Err(Unknown("a document".into())),
            _ => remaining.push(finding),
        }
    }
    Ok(Fixed { text, applied, remaining })
}

#[derive(Default)]
pub(crate) struct ConvertOptions {
    pub(crate) name: Option<CredentialSpecName<'static>>,
    pub(crate) file_name: Option<String>,
}

fn suggested_name(spec: &CredentialSpec) -> Option<CredentialSpecName<'static>> {
    let domain = spec.domain_join_config.as_ref()?.expected()?;
    let account = domain.machine_account_name.as_ref()?.expected()?.parse().ok()?;
    generate::suggested_resource_name(&account)
}

pub(crate) fn convert(spec: &CredentialSpec, form: Form, options: &ConvertOptions) -> Result<String, String> {
    let _ = &options.file_name;
    let name = options.name.clone().or_else(|| suggested_name(spec)).ok_or("the form needs a name");
    match form {
        Form::Document => generate::write_pretty(spec).map_err(|error| error.to_string()),
        Form::ResourceYaml => generate::write_manifest(&name?, spec).map_err(|error| error.to_string()),
        Form::HelmValues => generate::write_helm_values(spec).map_err(|error| error.to_string()),
        Form::Canonical => CanonicalContents::from_spec(spec)
            .map(CanonicalContents::into_string)
            .map_err(|error| error.to_string()),
        Form::Powershell => generate::write_windows_powershell(spec).map_err(|error| error.to_string()),
        _ => Err("this form is not there yet".to_owned()),
    }
}

pub(crate) type Difference = gmsa_credspec::Difference;

pub(crate) fn diff(left: &CredentialSpec, right: &CredentialSpec) -> Vec<Difference> {
    let text = |spec| CanonicalContents::from_spec(spec).map(CanonicalContents::into_string);
    match (text(left), text(right)) {
        (Ok(left), Ok(right)) => match gmsa_credspec::compare(&left, &right) {
            Comparison::Different(differences) => differences,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

pub(crate) fn render(differences: &[Difference]) -> String {
    differences.iter().map(|difference| format!("{difference}\n")).collect()
}
