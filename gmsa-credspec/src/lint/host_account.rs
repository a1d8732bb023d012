//! GC6: the plug-in of hosts that are not joined to the domain.

use gmsa_types::{
    Guid,
    finding::{Edit, Finding, Fix, Severity},
};
use serde_json::json;

use super::{
    place::Field,
    plugin_input::{self as input, Dialect, Doubt},
    report::{Report, Spec},
    rule::section,
    target::Target,
};
use crate::{JsonType, source::Style};

section! { "host account";
    /// Source: Microsoft, "Create gMSAs for Windows containers".
    GC601 Error: "`HostAccountConfig` is not complete", "Windows needs the version, the plug-in and its input", "Microsoft, Create gMSAs for Windows containers";
    /// Source: Microsoft, "Create gMSAs for Windows containers".
    GC602 Error fix: "`PortableCcgVersion` is not `1`", "there is no other version", "Microsoft, Create gMSAs for Windows containers";
    /// Source: rancher/Rancher-Plugin-gMSA, its smoke tests; Microsoft, events 3 and 4 of CCG.
    GC603 Error fix: "`PluginGUID` is no GUID in braces", "without the braces CCG does not start the plug-in", "rancher/Rancher-Plugin-gMSA";
    /// An error for the GUID of Microsoft's sample that is none.
    /// Source: the plug-ins that are published.
    GC604 Warning: "plug-in that is not known, or of a sample", "its input cannot be checked, and a sample's plug-in is installed nowhere", "Microsoft, AWS, Rancher and VMware, documentation of their plug-ins";
    /// Source: the documentation and the source of each plug-in.
    GC605 Error: "`PluginInput` does not follow the plug-in's grammar", "the plug-in fails, and with it the start of the container", "the documentation and the source of each plug-in";
    /// Source: the documentation and the source of each plug-in.
    GC606 Error: "`PluginInput` is for another plug-in", "the plug-in of `PluginGUID` cannot read it", "the documentation and the source of each plug-in";
    /// A warning where the target is not known.
    /// Source: upstream's CRD; aws/credentials-fetcher.
    GC607 Error fix: "`PluginInput` is an object where a string is read, or the reverse", "AWS on Linux reads an object, and everything else a string", "kubernetes-sigs/windows-gmsa, gmsa-crd.yml; aws/credentials-fetcher";
    /// Source: Kubernetes shows resources and pods to more people than secrets.
    GC608 Warning: "password in `PluginInput`", "credential specs are no secrets: whoever reads the resource or the pod reads the password", "Microsoft, ICcgDomainAuthCredentials; VMware, TKGI";
    /// Source: AWS, "Identify AWS resources with Amazon Resource Names".
    GC609 Warning: "ARN in `PluginInput` that is not valid", "the plug-in finds no secret by it", "AWS, Identify AWS resources with ARNs";
    /// Source: microsoft/Azure-Key-Vault-Plugin-gMSA.
    GC610 Warning: "input for Azure Key Vault that the plug-in takes otherwise", "the plug-in trims nothing and takes the secret as it is named", "microsoft/Azure-Key-Vault-Plugin-gMSA";
    /// Source: Microsoft, "Create gMSAs for Windows containers".
    GC611 Info: "no `HostAccountConfig`", "the host has to be joined to the domain and allowed to read the account's password", "Microsoft, Create gMSAs for Windows containers";
    /// Source: upstream's CRD.
    GC612 Error: "`HostAccountConfig` in the wrong place", "it is read in `ActiveDirectoryConfig` alone, and Kubernetes drops it elsewhere", "kubernetes-sigs/windows-gmsa, gmsa-crd.yml";
}

/// In Microsoft's page from 2021 on, and in tests of Kubernetes: letters that no GUID has.
const NO_GUID: &str = "GDMA0342-266A-4D1P-831J-20990E82944F";

pub(super) fn check(spec: &Spec<'_>, report: &mut Report<'_>) {
    const KEY: &str = "HostAccountConfig";
    // GC612, which is told with the other keys.
    let accounts = spec.directory.as_ref().and_then(|directory| directory.get("GroupManagedServiceAccounts"));
    let is_misplaced = [Some(spec.root.clone()), spec.domain.clone()]
        .into_iter()
        .flatten()
        .chain(accounts.map(|accounts| accounts.items()).unwrap_or_default())
        .any(|field| field.get(KEY).is_some());
    let config = spec.directory.as_ref().and_then(|directory| directory.get(KEY));
    match config {
        Some(config) if config.json_type() == JsonType::Object => check_config(spec, &config, report),
        Some(_) => {}
        None if is_misplaced => {}
        None => report.add(
            GC611
                .at(spec.directory.as_ref().unwrap_or(&spec.root), "there is no `HostAccountConfig`")
                .with_help("join the hosts to the domain, or name a plug-in"),
        ),
    }
}

/// The finding for a `HostAccountConfig` that is anywhere else than directly in `ActiveDirectoryConfig`.
pub(super) fn misplaced(field: &Field<'_>) -> Finding {
    GC612
        .at(field, "`HostAccountConfig` outside `ActiveDirectoryConfig`")
        .with_help("move it into `ActiveDirectoryConfig`")
}

fn check_config(spec: &Spec<'_>, config: &Field<'_>, report: &mut Report<'_>) {
    for key in gmsa_types::HostAccountConfig::KEYS {
        let missing = config.get(key).is_none_or(|field| field.is_blank());
        if missing {
            report.add(
                GC601
                    .at(config, format!("`{key}` is missing or blank"))
                    .with_help("write all of `PortableCcgVersion`, `PluginGUID` and `PluginInput`"),
            );
        }
    }
    if let Some(version) = config.get("PortableCcgVersion")
        && version.text().is_some_and(|text| text != "1")
    {
        report.add(
            GC602
                .at(&version, "version of the interface that is not known")
                .with_help("write `\"1\"`")
                .with_fix(Fix::new("write `\"1\"`", [Edit::replace(version.exact(), "1")])),
        );
    }
    let guid = config.get("PluginGUID").and_then(|field| check_guid(&field, report));
    if let Some(field) = config.get("PluginInput") {
        check_input(spec, guid.as_ref(), &field, report);
    }
}

fn check_guid(field: &Field<'_>, report: &mut Report<'_>) -> Option<Guid> {
    let text = field.text()?;
    let inner = text.trim_matches(['{', '}', '(', ')']);
    if inner.eq_ignore_ascii_case(NO_GUID) {
        report.add(
            GC604
                .graded(Severity::Error)
                .at(field, "this GUID is from a sample, and is none")
                .with_help("write the COM class of the plug-in that is installed on the hosts"),
        );
        return None;
    }
    let guid = match Guid::try_from(inner) {
        Ok(guid) => guid,
        Err(invalid) => {
            report.add(
                GC603
                    .at(field, invalid.to_string())
                    .with_help("write the COM class of the plug-in, in braces"),
            );
            return None;
        }
    };
    if text.len() != 38 || !text.starts_with('{') || !text.ends_with('}') {
        report.add(
            GC603
                .at(field, "GUID that is not in one pair of braces")
                .with_help("write the braces once; the Helm chart adds them itself")
                .with_fix(Fix::new(
                    "write the GUID in braces",
                    [Edit::replace(field.exact(), guid.braced())],
                )),
        );
    }
    let message = match guid.as_str() {
        input::AZURE | input::AWS | input::RANCHER | input::KEYS_AND_VALUES => return Some(guid),
        input::STUB => "this is the plug-in of Microsoft's sample",
        input::EXPERIMENT => "this is the plug-in of a published experiment",
        _ => "plug-in that is not known",
    };
    report.add(
        GC604.at(field, message).with_help("compare it with the plug-ins that are registered on the hosts"),
    );
    Some(guid)
}

fn check_input(spec: &Spec<'_>, guid: Option<&Guid>, field: &Field<'_>, report: &mut Report<'_>) {
    if field.json_type() == JsonType::Object {
        // Braces without quotes in YAML: GC705.
        if field.node().style() != Style::Flow {
            object_input(spec, guid, field, report);
        }
        return;
    }
    let Some(text) = field.text() else {
        return;
    };
    let is_aws = guid.is_some_and(|guid| guid.as_str() == input::AWS);
    if report.target() == Target::AwsLinux && is_aws && !spec.is_resource {
        let finding = GC607
            .at(field, "string where AWS on Linux reads an object")
            .with_help("write `{\"CredentialArn\": \"…\"}` without quotes around it");
        report.add(match input::arn(text) {
            Some(arn) => finding.with_fix(Fix::new(
                "write the input as an object",
                [Edit::replace(field.exact(), json!({ "CredentialArn": arn }))],
            )),
            None => finding,
        });
    }
    if input::has_password(guid, text) {
        report.add(
            GC608
                .at(field, "password in clear text")
                .with_help("use a plug-in that reads a secret store, and change this password"),
        );
    }
    let Some(guid) = guid else {
        return;
    };
    let is_known =
        matches!(guid.as_str(), input::AZURE | input::AWS | input::RANCHER | input::KEYS_AND_VALUES);
    if is_known && Dialect::of(text).is_some_and(|dialect| dialect.guid() != guid.as_str()) {
        report.add(
            GC606
                .at(field, "the input is for another plug-in than `PluginGUID`")
                .with_help("write the GUID of the plug-in that the input is for, or the other way round"),
        );
        return;
    }
    for doubt in input::check(guid, text) {
        report.add(told(field, doubt));
    }
}

fn told(field: &Field<'_>, doubt: Doubt) -> Finding {
    match doubt {
        Doubt::Grammar(rule) => GC605
            .at(field, format!("the plug-in cannot read its input: {rule}"))
            .with_help("write the input as the documentation of the plug-in has it"),
        Doubt::Arn(rule) => GC609.at(field, rule).with_help("copy the ARN of the secret or of the parameter"),
        Doubt::Azure(message) => GC610
            .at(field, message)
            .with_help("write `ObjectId=…;SecretUri=https://VAULT.vault.azure.net/secrets/NAME`"),
    }
}

fn object_input(spec: &Spec<'_>, guid: Option<&Guid>, field: &Field<'_>, report: &mut Report<'_>) {
    let is_aws = guid.is_some_and(|guid| guid.as_str() == input::AWS);
    let arn = field.get("CredentialArn").and_then(|arn| arn.node().as_str());
    let is_linux = report.target() == Target::AwsLinux && !spec.is_resource;
    if !is_linux {
        let is_possible = report.target() == Target::Any && !spec.is_resource && is_aws;
        let rule = if is_possible { GC607.graded(Severity::Warning) } else { GC607 };
        let message = if is_possible {
            "object, which AWS on Linux alone reads"
        } else {
            "object in place of a string"
        };
        let finding = rule.at(field, message).with_help("write the JSON in a string, unless it is for Linux");
        report.add(match arn {
            // What is right for the one and wrong for the other is not for a program to decide.
            Some(arn) if is_aws && !is_possible => finding.with_fix(Fix::new(
                "write the input as a string",
                [Edit::replace(field.exact(), json!({ "credentialArn": arn }).to_string())],
            )),
            _ => finding,
        });
    }
    if !is_aws {
        return;
    }
    match arn {
        Some(arn) => {
            for doubt in input::check_arn(arn.to_owned()) {
                report.add(told(field, doubt));
            }
        }
        None => report.add(
            GC605
                .at(field, "the plug-in cannot read its input: `CredentialArn` is missing")
                .with_help("write `{\"CredentialArn\": \"…\"}`"),
        ),
    }
}
