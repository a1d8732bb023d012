use std::{borrow::Cow, fmt};

use gmsa_types::{AsWritten, DnsName, Guid, HostAccountConfig, check_dns_label, check_dns_subdomain};
use serde_json::json;

/// What a host that is not joined to the domain hands to a plug-in, to get the credentials with which it reads
/// the account's password.
///
/// Each plug-in has a COM class and a grammar of its own. The values are checked when the
/// [`Generator`](crate::generate::Generator) builds. `Debug` names the plug-in alone, since inputs have
/// been known to hold secrets.
///
/// Sources: Microsoft, "ICcgDomainAuthCredentials"; the documentation and the source of each plug-in.
///
/// ```
/// use gmsa_credspec::generate::PluginInput;
///
/// let input = PluginInput::AzureKeyVault {
///     object_id: "1de1b0f0-0c7a-4d0b-9d0c-6f3a3a1c2b4d".parse()?,
///     secret_uri: "https://contoso.vault.azure.net/secrets/gmsa".to_owned(),
/// };
/// assert_eq!(input.plugin_guid(), "{CCC2A336-D7F3-4818-A213-272B7924213E}");
/// assert_eq!(format!("{input:?}"), "AzureKeyVault { .. }");
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PluginInput {
    /// Azure Key Vault, on AKS: `ObjectId=…;SecretUri=…`. Source: microsoft/Azure-Key-Vault-Plugin-gMSA.
    AzureKeyVault {
        /// The object of the managed identity that may read the secret.
        object_id: Guid,
        /// The secret: `https://VAULT.vault.azure.net/secrets/NAME`, without a version, since a version pins an
        /// old password.
        secret_uri: String,
    },
    /// AWS on Windows: JSON in a string. Source: AWS, "Use gMSA for Windows containers" (domainless).
    AwsWindows {
        /// A secret of Secrets Manager, or a parameter of Systems Manager.
        credential_arn: String,
    },
    /// AWS's credentials-fetcher on Linux: an object where every other plug-in takes a string.
    /// Source: aws/credentials-fetcher.
    AwsLinux {
        /// A secret of Secrets Manager, or a parameter of Systems Manager.
        credential_arn: String,
    },
    /// Rancher's plug-in: `namespace:secret`. Source: rancher/Rancher-Plugin-gMSA.
    Rancher {
        /// The namespace of the account provider.
        namespace: String,
        /// The secret in it, with `username`, `password` and `domainName`.
        secret: String,
    },
    /// Any other plug-in; its input is passed on as it is.
    Opaque {
        /// The COM class of the plug-in.
        plugin_guid: Guid,
        /// The input, in the plug-in's own grammar.
        input: String,
    },
}

impl PluginInput {
    /// The COM class of the plug-in, as `PluginGUID` has it: in braces, without which the plug-in is not found.
    ///
    /// ```
    /// use gmsa_credspec::generate::PluginInput;
    ///
    /// let input = PluginInput::Rancher { namespace: "team-a".to_owned(), secret: "gmsa".to_owned() };
    /// assert_eq!(input.plugin_guid(), "{E4781092-F116-4B79-B55E-28EB6A224E26}");
    /// ```
    pub fn plugin_guid(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::AzureKeyVault { .. } => "{CCC2A336-D7F3-4818-A213-272B7924213E}",
            Self::AwsWindows { .. } | Self::AwsLinux { .. } => "{859E1386-BDB4-49E8-85C7-3070B13920E1}",
            Self::Rancher { .. } => "{E4781092-F116-4B79-B55E-28EB6A224E26}",
            Self::Opaque { plugin_guid, .. } => return Cow::Owned(plugin_guid.braced()),
        })
    }

    /// The part of the document that names the plug-in and its input.
    pub(super) fn host_account_config(&self) -> Result<HostAccountConfig, Vec<PluginFault>> {
        let faults = self.faults();
        if !faults.is_empty() {
            return Err(faults);
        }
        let plugin_input = match self {
            Self::AzureKeyVault { object_id, secret_uri } => {
                AsWritten::Expected(format!("ObjectId={object_id};SecretUri={secret_uri}"))
            }
            Self::AwsWindows { credential_arn } => {
                AsWritten::Expected(json!({ "credentialArn": credential_arn }).to_string())
            }
            Self::AwsLinux { credential_arn } => AsWritten::Other(json!({ "CredentialArn": credential_arn })),
            Self::Rancher { namespace, secret } => AsWritten::Expected(format!("{namespace}:{secret}")),
            Self::Opaque { input, .. } => AsWritten::Expected(input.clone()),
        };
        Ok(HostAccountConfig {
            portable_ccg_version: Some("1".into()),
            plugin_guid: Some(AsWritten::Expected(self.plugin_guid().into_owned())),
            plugin_input: Some(plugin_input),
            ..HostAccountConfig::default()
        })
    }

    /// What is wrong with it, in the order of its parts.
    pub(crate) fn faults(&self) -> Vec<PluginFault> {
        let broken = match self {
            Self::AzureKeyVault { secret_uri, .. } => [broken_uri(secret_uri), None],
            Self::AwsWindows { credential_arn } | Self::AwsLinux { credential_arn } => {
                [broken_arn(credential_arn), None]
            }
            Self::Rancher { namespace, secret } => [
                check_dns_label("namespace", namespace)
                    .is_err()
                    .then_some(("namespace", "it is no DNS-1123 label")),
                check_dns_subdomain("secret", secret)
                    .is_err()
                    .then_some(("secret", "it is no DNS-1123 subdomain")),
            ],
            Self::Opaque { input, .. } => [input.is_empty().then_some(("input", "it is empty")), None],
        };
        broken.into_iter().flatten().map(|(part, rule)| PluginFault { part, rule }).collect()
    }
}

/// Names the plug-in alone: an input can be a secret.
impl fmt::Debug for PluginInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::AzureKeyVault { .. } => "AzureKeyVault",
            Self::AwsWindows { .. } => "AwsWindows",
            Self::AwsLinux { .. } => "AwsLinux",
            Self::Rancher { .. } => "Rancher",
            Self::Opaque { .. } => "Opaque",
        };
        f.debug_struct(name).finish_non_exhaustive()
    }
}

/// Why a [`PluginInput`] is not one that its plug-in reads. The message repeats no character of it.
///
/// ```
/// use gmsa_credspec::generate::{DomainFacts, GenerateFault, Generator, PluginInput};
///
/// # let facts = DomainFacts {
/// #     sid: "S-1-5-21-2126449477-2524075714-3094792973".parse()?,
/// #     guid: "244818ae-87ac-4fcd-92ec-e79e5252348a".parse()?,
/// #     dns_root: "contoso.com".parse()?,
/// #     forest: "contoso.com".parse()?,
/// #     net_bios_name: "CONTOSO".parse()?,
/// # };
/// let input = PluginInput::Rancher { namespace: "Team A".into(), secret: "gmsa".into() };
/// let error = Generator::new(facts, "WebApp1").with_plugin_input(input).build().unwrap_err();
/// let [GenerateFault::Plugin(fault)] = error.faults() else { panic!("the input alone is wrong") };
/// assert_eq!((fault.part(), fault.rule()), ("namespace", "it is no DNS-1123 label"));
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part} of the plug-in is not valid: {rule}")]
pub struct PluginFault {
    part: &'static str,
    rule: &'static str,
}

impl PluginFault {
    /// The part that is wrong, in words: `secret URI`, `credential ARN`, `namespace`, `secret`, `input`.
    pub fn part(&self) -> &'static str {
        self.part
    }

    /// The rule that it breaks, or how it breaks it, in words.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

type Broken = Option<(&'static str, &'static str)>;

/// The plug-in trims nothing, and takes `https://` and what follows the first dot of the host as the resource for
/// which it asks a token.
///
/// Sources: microsoft/Azure-Key-Vault-Plugin-gMSA; Microsoft, "Azure Key Vault keys, secrets and certificates
/// overview", for the names of secrets.
fn broken_uri(uri: &str) -> Broken {
    let rule = match uri.strip_prefix("https://").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
        None => "it starts with `https://`",
        Some((host, path)) => match path.strip_prefix("secrets/") {
            _ if DnsName::try_from(host).is_err() || !host.contains('.') => {
                "it has the full name of the vault's host, and nothing else, before the path"
            }
            None | Some("") => "its path is `/secrets/` and the name of a secret",
            Some(name) if name.ends_with('/') => "it does not end with `/`",
            Some(name) if name.contains('/') => "it has no version, which would pin an old password",
            Some(name) if is_made_of(name, "-") && name.len() <= 127 => return None,
            Some(_) => "the name of a secret has 1 to 127 letters, digits and `-`",
        },
    };
    Some(("secret URI", rule))
}

/// Sources: AWS, "Identify AWS resources with Amazon Resource Names"; "CreateSecret" and "PutParameter" for names.
fn broken_arn(arn: &str) -> Broken {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [prefix, partition, service, region, account, resource] = *parts.as_slice() else {
        return Some(("credential ARN", "it has six parts between colons"));
    };
    let is_partition = partition == "aws" || partition.starts_with("aws-");
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let name = match service {
        "secretsmanager" => resource.strip_prefix("secret:").filter(|name| is_made_of(name, "/_+=.@-")),
        "ssm" => resource.strip_prefix("parameter/").filter(|name| is_made_of(name, "/_.-")),
        _ => None,
    };
    let rule = if prefix != "arn" || !is_partition || !is_made_of(partition, "-") {
        "it starts with `arn:` and a partition, such as `arn:aws:`"
    } else if !matches!(service, "secretsmanager" | "ssm") {
        "its service is `secretsmanager` or `ssm`"
    } else if !is_made_of(region, "-") {
        "it has a region"
    } else if !is_account {
        "its account has 12 digits"
    } else if name.is_none() {
        "it ends with `secret:` or, for `ssm`, `parameter/`, and a name"
    } else {
        return None;
    };
    Some(("credential ARN", rule))
}

/// One or more ASCII letters, digits and others.
fn is_made_of(text: &str, others: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}
