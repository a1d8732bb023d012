use std::{fmt, str::FromStr};

/// A form that [`convert`](crate::convert::convert) writes. The [module](crate::convert) has a table of them.
///
/// ```
/// use gmsa_credspec::convert::Form;
///
/// assert_eq!("docker-raw".parse(), Ok(Form::DockerRaw));
/// assert_eq!(Form::HelmValues.to_string(), "helm-values");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// `document`: indented JSON.
    Document,
    /// `resource-yaml`: the manifest of a `GMSACredentialSpec`.
    ResourceYaml,
    /// `resource-json`: the same in JSON.
    ResourceJson,
    /// `docker-raw`: `credentialspec=raw://JSON`.
    DockerRaw,
    /// `docker-file`: the contents of a file for `credentialspec=file://`.
    DockerFile,
    /// `compose`: lines of a Compose service.
    Compose,
    /// `swarm`: `config://NAME`.
    Swarm,
    /// `ecs`: `credentialSpecs` of a container definition.
    Ecs,
    /// `oci`: `windows.credentialSpec` of a runtime's configuration.
    Oci,
    /// `aws-linux`: the document for AWS's credentials-fetcher on Linux.
    AwsLinux,
    /// `aws-windows`: the document for AWS's plug-in on Windows.
    AwsWindows,
    /// `helm-values`: values of upstream's chart.
    HelmValues,
    /// `canonical`: what a pod carries.
    Canonical,
    /// `powershell`: what `New-CredentialSpec` writes in Windows PowerShell 5.1.
    PowerShell,
}

impl Form {
    /// Every form, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Document,
        Self::ResourceYaml,
        Self::ResourceJson,
        Self::DockerRaw,
        Self::DockerFile,
        Self::Compose,
        Self::Swarm,
        Self::Ecs,
        Self::Oci,
        Self::AwsLinux,
        Self::AwsWindows,
        Self::HelmValues,
        Self::Canonical,
        Self::PowerShell,
    ];

    /// The name of the form, as on a command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::ResourceYaml => "resource-yaml",
            Self::ResourceJson => "resource-json",
            Self::DockerRaw => "docker-raw",
            Self::DockerFile => "docker-file",
            Self::Compose => "compose",
            Self::Swarm => "swarm",
            Self::Ecs => "ecs",
            Self::Oci => "oci",
            Self::AwsLinux => "aws-linux",
            Self::AwsWindows => "aws-windows",
            Self::HelmValues => "helm-values",
            Self::Canonical => "canonical",
            Self::PowerShell => "powershell",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads the name of a form, in lower case as it stands in the table of the [module](crate::convert).
impl FromStr for Form {
    type Err = UnknownForm;

    fn from_str(text: &str) -> Result<Self, UnknownForm> {
        Self::ALL.iter().copied().find(|form| form.as_str() == text).ok_or(UnknownForm(()))
    }
}

/// A text is not the name of a [`Form`]. The message lists the names.
///
/// ```
/// use gmsa_credspec::convert::Form;
///
/// let error = "yaml".parse::<Form>().unwrap_err();
/// assert!(error.to_string().starts_with("form is not one of `document`, `resource-yaml`,"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownForm(());

impl fmt::Display for UnknownForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("form is not one of ")?;
        for (index, form) in Form::ALL.iter().enumerate() {
            write!(f, "{}`{form}`", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownForm {}
