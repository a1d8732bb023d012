use std::{fmt, str::FromStr};

use gmsa_types::CredentialSpec;

use crate::convert::{SpecPath, SpecPathError};

/// An entry of `credentialSpecs` in a container definition of AWS ECS.
///
/// The prefix tells whether the host is in the domain (`credentialspec:`) or gets the account's password through a
/// plug-in (`credentialspecdomainless:`). AWS's documentation also says `domainlesscredentialspec:`, which no agent
/// reads.
///
/// Sources: AWS, "ContainerDefinition", `credentialSpecs`; aws/amazon-ecs-agent, `agent/taskresource/credentialspec`.
///
/// ```
/// use gmsa_credspec::convert::EcsEntry;
///
/// let entry: EcsEntry = "credentialspecdomainless:arn:aws:s3:::specs/webapp1.json".parse()?;
/// assert!(entry.is_domainless());
/// assert_eq!(entry.to_string(), "credentialspecdomainless:arn:aws:s3:::specs/webapp1.json");
///
/// let error = "domainlesscredentialspec:file://webapp1.json".parse::<EcsEntry>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "prefix `domainlesscredentialspec:` is not known: write `credentialspecdomainless:`",
/// );
/// # Ok::<(), gmsa_credspec::convert::EcsEntryError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcsEntry {
    domainless: bool,
    location: EcsLocation,
}

impl EcsEntry {
    /// An entry for a document, with the prefix that the document asks for: domainless if it has a
    /// `HostAccountConfig`.
    ///
    /// ```
    /// use gmsa_credspec::convert::{EcsEntry, EcsLocation};
    /// # let spec = gmsa_types::CredentialSpec::default();
    ///
    /// let entry = EcsEntry::new(&spec, EcsLocation::File("webapp1.json".parse()?));
    /// assert_eq!(entry.to_string(), "credentialspec:file://webapp1.json");
    /// # Ok::<(), gmsa_credspec::convert::SpecPathError>(())
    /// ```
    pub fn new(spec: &CredentialSpec, location: EcsLocation) -> Self {
        Self { domainless: has_host_account(spec), location }
    }

    /// Whether the prefix is `credentialspecdomainless:`.
    pub fn is_domainless(&self) -> bool {
        self.domainless
    }

    /// Where the document is.
    pub fn location(&self) -> &EcsLocation {
        &self.location
    }

    /// Checks the prefix against the document that is at the location.
    ///
    /// # Errors
    /// [`EcsEntryError::NoHostAccountConfig`], if the prefix is domainless and the document lacks that part. The other
    /// way round is right: a host in the domain has no use for it.
    ///
    /// ```
    /// use gmsa_credspec::convert::{EcsEntry, EcsEntryError};
    ///
    /// let entry: EcsEntry = "credentialspecdomainless:file://webapp1.json".parse()?;
    /// let spec = gmsa_types::CredentialSpec::default();
    /// assert_eq!(entry.check(&spec), Err(EcsEntryError::NoHostAccountConfig));
    /// # Ok::<(), EcsEntryError>(())
    /// ```
    pub fn check(&self, spec: &CredentialSpec) -> Result<(), EcsEntryError> {
        if self.domainless && !has_host_account(spec) {
            return Err(EcsEntryError::NoHostAccountConfig);
        }
        Ok(())
    }
}

/// Reads `PREFIX:file://PATH` or `PREFIX:ARN`.
///
/// # Errors
/// [`EcsEntryError`], but never for what the document at the location says.
impl FromStr for EcsEntry {
    type Err = EcsEntryError;

    fn from_str(text: &str) -> Result<Self, EcsEntryError> {
        let (domainless, rest) = if let Some(rest) = text.strip_prefix("credentialspecdomainless:") {
            (true, rest)
        } else if let Some(rest) = text.strip_prefix("credentialspec:") {
            (false, rest)
        } else if text.starts_with("domainlesscredentialspec:") {
            return Err(EcsEntryError::PrefixOfTheDocumentation);
        } else {
            return Err(EcsEntryError::Prefix);
        };
        let location = match rest.strip_prefix("file://") {
            Some(path) => EcsLocation::File(path.parse().map_err(EcsEntryError::Path)?),
            None if rest.starts_with("arn:") => EcsLocation::Arn(rest.parse()?),
            None => return Err(EcsEntryError::Location),
        };
        Ok(Self { domainless, location })
    }
}

impl fmt::Display for EcsEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.domainless { "credentialspecdomainless:" } else { "credentialspec:" })?;
        match &self.location {
            EcsLocation::File(path) => write!(f, "file://{path}"),
            EcsLocation::Arn(arn) => f.write_str(arn.as_str()),
        }
    }
}

/// Where the document of an [`EcsEntry`] is.
///
/// ```
/// use gmsa_credspec::convert::{EcsEntry, EcsLocation};
///
/// let entry: EcsEntry = "credentialspec:arn:aws:s3:::specs/webapp1.json".parse()?;
/// let EcsLocation::Arn(arn) = entry.location() else { panic!("it is an ARN") };
/// assert_eq!((arn.service(), arn.as_str()), ("s3", "arn:aws:s3:::specs/webapp1.json"));
/// # Ok::<(), gmsa_credspec::convert::EcsEntryError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EcsLocation {
    /// A file below `CredentialSpecs` on the container instance.
    File(SpecPath),
    /// An object in S3, or a parameter of Systems Manager.
    Arn(EcsArn),
}

/// The ARN of an object in S3 (`arn:aws:s3:::BUCKET/KEY`) or of a parameter of Systems Manager
/// (`arn:aws:ssm:REGION:ACCOUNT:parameter/NAME`).
///
/// Source: AWS, "Identify AWS resources with Amazon Resource Names".
///
/// ```
/// use gmsa_credspec::convert::EcsArn;
///
/// let arn: EcsArn = "arn:aws:ssm:us-west-2:123456789012:parameter/webapp1".parse()?;
/// assert_eq!(arn.service(), "ssm");
/// let error = "arn:aws:secretsmanager:us-west-2:123456789012:secret:x".parse::<EcsArn>().unwrap_err();
/// assert_eq!(error.to_string(), "ARN is not of a service that can hold the document: it is `s3` or `ssm`");
/// # Ok::<(), gmsa_credspec::convert::EcsEntryError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcsArn {
    text: String,
    service: &'static str,
}

impl EcsArn {
    /// The ARN, as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its service: `s3` or `ssm`.
    pub fn service(&self) -> &'static str {
        self.service
    }
}

/// # Errors
/// [`EcsEntryError::ArnService`] for the ARN of another service, [`EcsEntryError::Arn`] for one that is not complete.
impl FromStr for EcsArn {
    type Err = EcsEntryError;

    fn from_str(text: &str) -> Result<Self, EcsEntryError> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = *parts.as_slice() else {
            return Err(EcsEntryError::Arn);
        };
        let is_word = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let is_visible = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_control());
        let is_partition = partition == "aws" || (partition.starts_with("aws-") && is_word(partition));
        let (service, fits) = match service {
            "s3" => {
                let object = resource.split_once('/');
                ("s3", object.is_some_and(|(bucket, key)| is_visible(bucket) && is_visible(key)))
            }
            "ssm" => {
                let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
                let name = resource.strip_prefix("parameter/").unwrap_or_default();
                ("ssm", is_word(region) && is_account && is_visible(name))
            }
            _ => return Err(EcsEntryError::ArnService),
        };
        if is_partition && fits {
            Ok(Self { text: text.to_owned(), service })
        } else {
            Err(EcsEntryError::Arn)
        }
    }
}

/// Why a text is not an [`EcsEntry`], or an entry does not fit its document.
///
/// ```
/// use gmsa_credspec::convert::{EcsEntry, EcsEntryError};
///
/// let error = "credentialspec:webapp1.json".parse::<EcsEntry>().unwrap_err();
/// assert_eq!(error, EcsEntryError::Location);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EcsEntryError {
    /// The prefix as AWS's documentation has it in one place.
    #[error("prefix `domainlesscredentialspec:` is not known: write `credentialspecdomainless:`")]
    PrefixOfTheDocumentation,
    /// Neither prefix is there.
    #[error("entry starts with neither `credentialspec:` nor `credentialspecdomainless:`")]
    Prefix,
    /// Neither a file nor an ARN stands behind the prefix.
    #[error("location is neither `file://` and a path nor the ARN of an S3 object or SSM parameter")]
    Location,
    /// The ARN is of another service.
    #[error("ARN is not of a service that can hold the document: it is `s3` or `ssm`")]
    ArnService,
    /// The ARN is not complete.
    #[error("ARN is neither `arn:aws:s3:::BUCKET/KEY` nor `arn:aws:ssm:REGION:ACCOUNT:parameter/NAME`")]
    Arn,
    /// The path is not one below the folder.
    #[error("{0}")]
    Path(SpecPathError),
    /// The entry is domainless, and the document does not say how a host outside the domain gets the password.
    #[error(
        "`credentialspecdomainless:` needs `/ActiveDirectoryConfig/HostAccountConfig`, which the document lacks"
    )]
    NoHostAccountConfig,
}

fn has_host_account(spec: &CredentialSpec) -> bool {
    spec.active_directory_config
        .as_ref()
        .and_then(|directory| directory.expected())
        .and_then(|directory| directory.host_account_config.as_ref())
        .is_some_and(|host| host.expected().is_some())
}
