//! `credspec new`: a credential spec out of facts, without a host that is joined to the domain.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use gmsa_credspec::generate::{AdditionalAccount, DomainFacts, Generator, PluginInput};
use gmsa_types::{DnsName, DomainSid, Guid, NetBiosName, Sid};

use crate::{
    converting::Written,
    input,
    output::{Done, wrong},
};

/// Makes a credential spec, as New-CredentialSpec does, on any system.
///
/// The facts about the domain are what `Get-ADDomain | ConvertTo-Json` or `Get-ADDomain` alone print, or five options.
/// Whether the accounts exist, only the directory knows.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// What `Get-ADDomain` prints, as JSON or as a list; `-` is the standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sid", "guid", "dns_root", "forest", "net_bios_name"])]
    facts: Option<PathBuf>,

    /// The SID of the domain: DomainSID.
    #[arg(long, required_unless_present = "facts", value_parser = parse_sid)]
    sid: Option<DomainSid>,

    /// The GUID of the domain: ObjectGUID.
    #[arg(long, required_unless_present = "facts")]
    guid: Option<Guid>,

    /// The DNS name of the domain: DNSRoot.
    #[arg(long, value_name = "NAME", required_unless_present = "facts")]
    dns_root: Option<DnsName>,

    /// The DNS name of the forest: Forest.
    #[arg(long, value_name = "NAME", required_unless_present = "facts")]
    forest: Option<DnsName>,

    /// The NetBIOS name of the domain: NetBIOSName.
    #[arg(long, value_name = "NAME", required_unless_present = "facts")]
    net_bios_name: Option<NetBiosName>,

    /// The gMSA, by its SAM name.
    #[arg(long, value_name = "NAME")]
    account: String,

    /// Another gMSA that the container may log on as; can be repeated.
    #[arg(long, value_name = "NAME[@DOMAIN]")]
    additional_account: Vec<AdditionalAccount>,

    #[command(flatten)]
    plugin: Plugin,

    #[command(flatten)]
    written: Written,
}

/// For nodes that are not joined to the domain: what gets them the account's password.
#[derive(Args)]
#[group(multiple = false)]
struct Plugin {
    /// The plug-in of AKS, with the object id of the managed identity and the secret in Azure Key Vault.
    #[arg(long, num_args = 2, value_names = ["OBJECT_ID", "SECRET_URI"])]
    azure_key_vault: Option<Vec<String>>,

    /// The plug-in of AWS on Windows, with the secret in AWS Secrets Manager.
    #[arg(long, value_name = "ARN")]
    aws_arn: Option<String>,

    /// The credentials-fetcher of AWS on Linux, with the secret in AWS Secrets Manager.
    #[arg(long, value_name = "ARN")]
    aws_linux_arn: Option<String>,

    /// The plug-in of Rancher, with the secret that has the user.
    #[arg(long, value_name = "NAMESPACE:SECRET")]
    rancher: Option<String>,

    /// Another plug-in, with its input; @FILE reads it from a file, which other users of the computer do not see.
    #[arg(long, num_args = 2, value_names = ["GUID", "INPUT"])]
    plugin: Option<Vec<String>>,
}

const EXAMPLES: &str = "\
Examples:
  Get-ADDomain | ConvertTo-Json | credspec new --facts - --account WebApp1
  credspec new --facts domain.txt --account WebApp1 --form resource-yaml --out webapp1.yaml
  credspec new --facts domain.txt --account WebApp1 --rancher team-a:gmsa-user
  credspec new --account WebApp1 --additional-account LogAccount@dev.contoso.com \\
    --sid S-1-5-21-2126449477-2524075714-3094792973 \\
    --guid 244818ae-87ac-4fcd-92ec-e79e5252348a \\
    --dns-root contoso.com --forest contoso.com --net-bios-name CONTOSO

Exit codes:
  0  it is written
  2  the input cannot be used; nothing is printed on the standard output";

fn parse_sid(text: &str) -> Result<DomainSid, String> {
    text.parse().map_err(|error: gmsa_types::InvalidValue| match text.parse::<Sid>() {
        Ok(sid) if sid.domain().is_some() => "it is the SID of an account: drop the last part".to_owned(),
        _ => error.to_string(),
    })
}

/// Facts for a comparison: not from the standard input, which the documents are on.
pub(crate) fn parse_facts_file(text: &str) -> Result<PathBuf, String> {
    if text == "-" { Err("give a file".to_owned()) } else { Ok(text.into()) }
}

pub(crate) fn parse_facts(path: &Path) -> Result<DomainFacts, Vec<String>> {
    let text = input::text(path)?;
    text.parse().or_else(|error| wrong(format!("{}: {error}", path.display())))
}

pub(crate) fn run(arguments: Arguments) -> Done {
    let Arguments { facts, sid, guid, dns_root, forest, net_bios_name, account, .. } = arguments;
    let path = facts.clone().unwrap_or_else(|| "new".into());
    let facts = match (facts, sid, guid, dns_root, forest, net_bios_name) {
        (Some(path), ..) => parse_facts(&path)?,
        (None, Some(sid), Some(guid), Some(dns_root), Some(forest), Some(net_bios_name)) => {
            DomainFacts { sid, guid, dns_root, forest, net_bios_name }
        }
        _ => return wrong("give --facts, or all of --sid, --guid, --dns-root, --forest and --net-bios-name"),
    };
    let mut generator = Generator::new(facts, account);
    for additional in arguments.additional_account {
        generator = generator.with_additional_account(additional);
    }
    if let Some(input) = arguments.plugin.input()? {
        generator = generator.with_plugin_input(input);
    }
    let spec = generator
        .build()
        .map_err(|error| error.faults().iter().map(|fault| format!("new: {fault}")).collect::<Vec<_>>())?;
    arguments.written.write(&spec, None, &path)
}

impl Plugin {
    fn input(self) -> Result<Option<PluginInput>, Vec<String>> {
        let guid = |option: &str, text: &str| {
            text.parse::<Guid>().map_err(|error| vec![format!("{option}: {error}")])
        };
        Ok(Some(match self {
            Self { azure_key_vault: Some(values), .. } => {
                let [object_id, secret_uri] = two(values)?;
                PluginInput::AzureKeyVault { object_id: guid("--azure-key-vault", &object_id)?, secret_uri }
            }
            Self { aws_arn: Some(credential_arn), .. } => PluginInput::AwsWindows { credential_arn },
            Self { aws_linux_arn: Some(credential_arn), .. } => PluginInput::AwsLinux { credential_arn },
            Self { rancher: Some(text), .. } => match text.split_once(':') {
                Some((namespace, secret)) => {
                    PluginInput::Rancher { namespace: namespace.to_owned(), secret: secret.to_owned() }
                }
                None => return wrong("--rancher: give NAMESPACE:SECRET"),
            },
            Self { plugin: Some(values), .. } => {
                let [plugin_guid, input] = two(values)?;
                let plugin_guid = guid("--plugin", &plugin_guid)?;
                PluginInput::Opaque { plugin_guid, input: or_file(input)? }
            }
            _ => return Ok(None),
        }))
    }
}

fn two(values: Vec<String>) -> Result<[String; 2], Vec<String>> {
    values.try_into().or_else(|_| wrong("give two values"))
}

/// The text itself, or what is in the file after `@`, but for the line break at its end.
fn or_file(text: String) -> Result<String, Vec<String>> {
    let Some(path) = text.strip_prefix('@') else { return Ok(text) };
    let read = fs::read_to_string(path).map_err(|error| vec![format!("--plugin: {path}: {error}")])?;
    Ok(read.trim_end_matches(['\r', '\n']).to_owned())
}
