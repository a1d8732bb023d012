use gmsa_types::{AccountName, AsWritten, CredentialSpec, CredentialSpecName, DomainJoinConfig, NetBiosName};
use serde_json::json;

use crate::convert::{
    AwsError, ConfigName, DockerOption, EcsEntry, EcsLocation, Form, ResourceError, ServiceSource,
    ServiceSourceError, SpecPathError, to_aws_linux, to_aws_windows, to_oci, to_resource,
};
use crate::generate::{
    DockerFile, DockerFileError, WriteError, default_file_name, suggested_resource_name, write_helm_values,
    write_manifest, write_pretty, write_windows_powershell,
};
use crate::{CanonicalContents, ReadError};

/// What a form needs beside the document.
///
/// ```
/// use gmsa_credspec::convert::ConvertOptions;
///
/// let options = ConvertOptions { file_name: Some("webapp1.json".to_owned()), ..ConvertOptions::default() };
/// assert!(options.name.is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "options are written field by field; both have a default")]
pub struct ConvertOptions {
    /// The name of the resource, or of the swarm's config. Without one, that which
    /// [`suggested_resource_name`] makes of the machine account.
    pub name: Option<CredentialSpecName<'static>>,
    /// The name of the file below `CredentialSpecs`. Without one, that which [`default_file_name`] makes of the
    /// domain and the machine account; but `compose` then carries the document itself.
    pub file_name: Option<String>,
}

/// Writes a document in another form. The [module](crate::convert) has a table of them and an example.
///
/// What comes out is the document, in any form but those that only name it; keep it out of logs.
///
/// # Errors
/// [`ConvertError`], if the form cannot hold a part of the document, or needs a name that neither the options nor the
/// document have.
///
/// ```
/// use gmsa_credspec::convert::{ConvertOptions, Form, convert};
///
/// let spec = gmsa_credspec::read(r#"{"DomainJoinConfig":{"MachineAccountName":"WebApp1"}}"#)?;
/// assert_eq!(convert(&spec, Form::Swarm, &ConvertOptions::default())?, "config://webapp1");
/// let error = convert(&spec, Form::Ecs, &ConvertOptions::default()).unwrap_err();
/// assert_eq!(error.to_string(), "form needs a file name, and the document does not make one");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn convert(spec: &CredentialSpec, form: Form, options: &ConvertOptions) -> Result<String, ConvertError> {
    match form {
        Form::Document => Ok(write_pretty(spec)?),
        Form::Canonical => Ok(CanonicalContents::from_spec(spec)?.into_string()),
        Form::PowerShell => Ok(write_windows_powershell(spec)?),
        Form::HelmValues => Ok(write_helm_values(spec)?),
        Form::ResourceYaml => {
            let name = name(spec, options)?;
            to_resource(name.borrowed(), spec)?;
            Ok(write_manifest(&name, spec)?)
        }
        Form::ResourceJson => indented(&to_resource(name(spec, options)?, spec)?),
        Form::DockerRaw => Ok(DockerOption::raw(spec)?.security_option()),
        Form::DockerFile => Ok(DockerFile::new(file_name(spec, options)?, spec)?.contents().to_owned()),
        Form::Compose => compose(spec, options),
        Form::Swarm => {
            let name: ConfigName = name(spec, options)?.as_str().parse()?;
            Ok(ServiceSource::Config(name).to_string())
        }
        Form::Ecs => {
            let file = DockerFile::new(file_name(spec, options)?, spec)?;
            let entry = EcsEntry::new(spec, EcsLocation::File(file.name().parse()?));
            indented(&json!({ "credentialSpecs": [entry.to_string()] }))
        }
        Form::Oci => indented(&to_oci(spec)?),
        Form::AwsLinux => Ok(write_pretty(&to_aws_linux(spec)?)?),
        Form::AwsWindows => Ok(write_pretty(&to_aws_windows(spec)?)?),
    }
}

/// Why there is no such form of a document. No message repeats a value.
///
/// ```
/// use gmsa_credspec::convert::{ConvertError, ConvertOptions, Form, convert};
///
/// let spec = gmsa_credspec::read(r#"{"CmsPlugins":["ActiveDirectory"],"Extra":1}"#)?;
/// let options = ConvertOptions { name: Some("webapp1".parse()?), ..ConvertOptions::default() };
/// let error = convert(&spec, Form::ResourceJson, &options).unwrap_err();
/// let ConvertError::Resource(error) = error else { panic!("it is about the resource") };
/// assert_eq!(error.losses().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// A part of the document has no place in the form.
    #[error("{0}")]
    Write(#[from] WriteError),
    /// A program built a document that no text could have been.
    #[error("document is not one that can be read: {0}")]
    NoDocument(#[from] ReadError),
    /// A resource cannot hold the document.
    #[error("{0}")]
    Resource(#[from] ResourceError),
    /// The input of the plug-in has no such form.
    #[error("{0}")]
    Aws(#[from] AwsError),
    /// The form needs a name.
    #[error("form needs a name, and the document does not make one")]
    NoName,
    /// The form needs a file name.
    #[error("form needs a file name, and the document does not make one")]
    NoFileName,
    /// The file name is not valid.
    #[error("{0}")]
    File(#[from] DockerFileError),
    /// The path is not valid.
    #[error("{0}")]
    Path(#[from] SpecPathError),
    /// The name is not one of a swarm's config.
    #[error("{0}")]
    Service(#[from] ServiceSourceError),
    /// The result could not be written as JSON.
    #[error("result cannot be written as JSON")]
    Json,
}

/// Lines of a service, to be indented as the place asks for.
fn compose(spec: &CredentialSpec, options: &ConvertOptions) -> Result<String, ConvertError> {
    // Compose substitutes variables in every text.
    let value = |text: &str| quoted(&text.replace('$', "$$"));
    match &options.file_name {
        Some(name) => {
            let file = DockerFile::new(name.clone(), spec)?;
            Ok(format!("credential_spec:\n  file: {}\n", value(file.name())))
        }
        None => {
            let option = DockerOption::raw(spec)?.security_option();
            Ok(format!("security_opt:\n  - {}\n", value(&option)))
        }
    }
}

/// Text in double quotes for any reader of YAML, in ASCII. YAML joins no surrogates, and has escapes of eight digits.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(character),
            _ => out.push_str(&format!("\\U{:08x}", u32::from(character))),
        }
    }
    out.push('"');
    out
}

fn indented(value: &impl serde::Serialize) -> Result<String, ConvertError> {
    let mut text = serde_json::to_string_pretty(value).map_err(|_| ConvertError::Json)?;
    text.push('\n');
    Ok(text)
}

fn name(
    spec: &CredentialSpec,
    options: &ConvertOptions,
) -> Result<CredentialSpecName<'static>, ConvertError> {
    let suggested = || suggested_resource_name(&account(spec)?);
    options.name.clone().or_else(suggested).ok_or(ConvertError::NoName)
}

fn file_name(spec: &CredentialSpec, options: &ConvertOptions) -> Result<String, ConvertError> {
    let suggested = || {
        let domain: NetBiosName = text(join(spec)?.net_bios_name.as_ref())?.parse().ok()?;
        Some(default_file_name(&domain, &account(spec)?))
    };
    options.file_name.clone().or_else(suggested).ok_or(ConvertError::NoFileName)
}

fn account(spec: &CredentialSpec) -> Option<AccountName> {
    text(join(spec)?.machine_account_name.as_ref())?.parse().ok()
}

fn join(spec: &CredentialSpec) -> Option<&DomainJoinConfig> {
    spec.domain_join_config.as_ref()?.expected()
}

fn text(value: Option<&AsWritten<String>>) -> Option<&str> {
    value?.expected().map(String::as_str)
}
