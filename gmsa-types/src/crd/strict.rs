//! What the strict definition asks beyond the types of the values.
//!
//! Patterns are RE2, as the API server has it, and mean the same to ECMA-262 and to the `regex` crate. Where a mistake
//! is common there is a rule as well, since the API server shows its message, and of a pattern only the text.
//!
//! # The cost of the rules
//!
//! The API server estimates what a rule costs at most, from `maxItems` and `maxLength` (in bytes: four for each
//! character), and refuses a definition with a rule over 10,000,000 or with 100,000,000 in all. What counts is how
//! often a rule runs times how much text it goes through, at a tenth of a unit for a byte. The dearest here is the one
//! that goes through all accounts and looks for the domain's name at the end of each: 2,621 accounts, each with
//! `lowerAscii` of a name and of `DnsName` (1,020 bytes each), a concatenation and a comparison, which is four times
//! 102 and some single steps: about 430, and 1,100,000 for the rule. A rule over a text without `maxLength` is taken to
//! go through 3 MiB. A test does this sum for every rule.
//!
//! Source: `apiextensions-apiserver` `pkg/apis/apiextensions/validation/validation.go`, `StaticEstimatedCostLimit` and
//! `StaticEstimatedCRDCostLimit`; `apiserver` `pkg/cel/library/cost.go`.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSON, JSONSchemaProps, ValidationRule,
};
use schemars::JsonSchema;

use super::schema;
use crate::{AccountName, DomainSid, Guid, NetBiosName};

/// How many bytes of contents the API server takes in a pod. A document that is longer is of no use.
/// Source: Kubernetes `pkg/apis/core/validation/validation.go`, `maxGMSACredentialSpecLength`.
const CONTENTS: usize = 64 * 1024;

/// More entries than this do not fit, even with names of one character.
const ACCOUNTS: usize = CONTENTS / r#"{"Name":"a","Scope":"b"},"#.len();

/// Only one plug-in is known.
const PLUGINS: usize = 16;

/// The bound of texts that have a rule. The API server asks no rule of an object if a text is longer than `maxLength`,
/// and so this is more than the text may have: what stands there by mistake is longer, too.
const TOLD: usize = 255;

/// Puts on the schema at `place` what the strict definition asks there.
pub(super) fn tighten(place: &str, schema: &mut JSONSchemaProps) {
    match place {
        "" => require(schema, &["credspec"]),
        ".credspec" => {
            require(schema, &["CmsPlugins"]);
            schema.x_kubernetes_validations = Some(document_rules());
        }
        ".credspec.CmsPlugins" => {
            items(schema, PLUGINS);
            let message = "`ActiveDirectory` is missing: add it, spelt like this";
            schema.x_kubernetes_validations = Some(vec![invalid("'ActiveDirectory' in self", message)]);
        }
        ".credspec.CmsPlugins[]" => length(schema, TOLD),
        ".credspec.DomainJoinConfig" => {
            require_all(schema);
            schema.x_kubernetes_validations = Some(domain_rules());
        }
        ".credspec.DomainJoinConfig.Sid" => {
            text::<DomainSid>(schema);
            length(schema, TOLD);
            let rule = invalid(
                "!self.matches('^S-1-5-21(-[0-9]+){4}$')",
                "this is the SID of an account, and `Sid` is that of the domain: drop the last number, and look \
                 whether `Guid` is the account's as well",
            );
            schema.x_kubernetes_validations = Some(vec![rule]);
        }
        ".credspec.DomainJoinConfig.Guid" => text::<Guid>(schema),
        ".credspec.DomainJoinConfig.NetBiosName" => {
            let longest = name::<NetBiosName>(schema);
            let message =
                format!("{longest} characters are the most: write what `(Get-ADDomain).NetBIOSName` prints");
            schema.x_kubernetes_validations = Some(vec![invalid(&at_most(longest), &message)]);
        }
        ".credspec.DomainJoinConfig.DnsName" | ".credspec.DomainJoinConfig.DnsTreeName" => {
            length(schema, 255);
            schema.pattern = Some(format!("^{DOMAIN}$"));
        }
        ".credspec.DomainJoinConfig.MachineAccountName"
        | ".credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts[].Name" => account_name(schema),
        ".credspec.ActiveDirectoryConfig" => require(schema, &["GroupManagedServiceAccounts"]),
        ".credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts" => items(schema, ACCOUNTS),
        ".credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts[]"
        | ".credspec.ActiveDirectoryConfig.HostAccountConfig" => require_all(schema),
        ".credspec.ActiveDirectoryConfig.GroupManagedServiceAccounts[].Scope" => {
            length(schema, 255);
            schema.pattern = Some(format!("^({DOMAIN}|{FLAT})$"));
        }
        ".credspec.ActiveDirectoryConfig.HostAccountConfig.PortableCcgVersion" => {
            length(schema, 1);
            schema.enum_ = Some(vec![JSON("1".into())]);
        }
        ".credspec.ActiveDirectoryConfig.HostAccountConfig.PluginGUID" => {
            length(schema, 38);
            schema.pattern = Some(format!(r"^({CLASS}|\{{{CLASS}\}})$"));
        }
        // This, and what may be added to the document: nothing but the bounds.
        _ if schema.type_.as_deref() == Some("string") => length(schema, CONTENTS),
        _ if schema.type_.as_deref() == Some("array") => items(schema, PLUGINS),
        _ => {}
    }
}

/// Requires a document that gives an identity.
pub(super) fn require_identity(place: &str, schema: &mut JSONSchemaProps) {
    match place {
        "" | ".credspec" => require_all(schema),
        _ => {}
    }
}

/// A DNS name with what Active Directory allows besides: `_`, and letters of any script. Its labels have neither other
/// signs nor spaces, and no `-` at an end.
const DOMAIN: &str = concat!(
    r"[^\x00-/:-@\[-^`{-\x9f]([^\x00-,./:-@\[-^`{-\x9f]{0,61}[^\x00-/:-@\[-^`{-\x9f])?",
    r"(\.[^\x00-/:-@\[-^`{-\x9f]([^\x00-,./:-@\[-^`{-\x9f]{0,61}[^\x00-/:-@\[-^`{-\x9f])?)*",
);

/// A NetBIOS name that has no dot: one with dots is a [`DOMAIN`] as well.
const FLAT: &str = concat!(
    r#"[^\x00-\x20\x7f-\x9f\\/:*?"<>|.]"#,
    r#"([^\x00-\x1f\x7f-\x9f\\/:*?"<>|.]{0,13}[^\x00-\x20\x7f-\x9f\\/:*?"<>|.])?"#,
);

/// The shape of a GUID. Not its digits: Microsoft's documentation has one with letters up to `R`.
const CLASS: &str = "[0-9A-Za-z]{8}(-[0-9A-Za-z]{4}){3}-[0-9A-Za-z]{12}";

fn document_rules() -> Vec<ValidationRule> {
    const BOTH: &str = "has(self.DomainJoinConfig) && has(self.ActiveDirectoryConfig)";
    let account = ".DomainJoinConfig.MachineAccountName";
    let accounts = "self.ActiveDirectoryConfig.GroupManagedServiceAccounts";
    let name = "self.DomainJoinConfig.MachineAccountName.lowerAscii()";
    let domain = "'.' + self.DomainJoinConfig.DnsName.lowerAscii()";
    vec![
        ValidationRule {
            reason: Some("FieldValueRequired".to_owned()),
            ..at(
                ".DomainJoinConfig",
                "has(self.DomainJoinConfig) || !has(self.ActiveDirectoryConfig)",
                "an identity needs its domain: add `DomainJoinConfig`",
            )
        },
        ValidationRule {
            reason: Some("FieldValueRequired".to_owned()),
            ..at(
                ".ActiveDirectoryConfig",
                "has(self.ActiveDirectoryConfig) || !has(self.DomainJoinConfig)",
                "an identity needs its accounts: add `ActiveDirectoryConfig`",
            )
        },
        at(
            account,
            &format!("!({BOTH}) || {accounts}.exists(account, account.Name.lowerAscii() == {name})"),
            "the machine account is not among the accounts: list it under `GroupManagedServiceAccounts`, once with \
             `DnsName` and once with `NetBiosName` as its `Scope`",
        ),
        at(
            ".ActiveDirectoryConfig.GroupManagedServiceAccounts",
            &format!(
                "!({BOTH}) || !{accounts}.exists(account, account.Name.lowerAscii().endsWith({domain}))"
            ),
            "the name of an account has no domain: drop it, and write it as the `Scope`",
        ),
    ]
}

fn domain_rules() -> Vec<ValidationRule> {
    let name = "self.DnsName.lowerAscii()";
    vec![
        at(
            ".DnsTreeName",
            &format!("!self.DnsTreeName.lowerAscii().endsWith('.' + {name})"),
            "`DnsTreeName` is below `DnsName`, so the two are swapped: write the root of the forest in `DnsTreeName` \
             and the domain in `DnsName`",
        ),
        at(
            ".NetBiosName",
            &format!("!self.NetBiosName.contains('.') || self.NetBiosName.lowerAscii() != {name}"),
            "this is the DNS name of the domain: write what `(Get-ADDomain).NetBIOSName` prints",
        ),
        at(
            ".MachineAccountName",
            &format!("!self.MachineAccountName.lowerAscii().endsWith('.' + {name})"),
            "the name of an account has no domain: drop it",
        ),
    ]
}

fn account_name(schema: &mut JSONSchemaProps) {
    let longest = name::<AccountName>(schema);
    let message =
        "write the account's SAM name: without the `$` at its end, without `DOMAIN\\` and without `@domain`";
    let too_long =
        format!("{longest} characters are the most: write the account's SAM name, without a domain");
    schema.x_kubernetes_validations =
        Some(vec![invalid(r"!self.matches('[$@\\\\]')", message), invalid(&at_most(longest), &too_long)]);
}

/// Not by `size()`, which counts characters in Kubernetes and bytes in some other evaluators of CEL.
fn at_most(longest: i64) -> String {
    format!("self.matches('(?s)^.{{0,{longest}}}$')")
}

/// Takes over what the type reads, but for its length, which a rule has to see to: that is returned.
fn name<T: JsonSchema>(schema: &mut JSONSchemaProps) -> i64 {
    text::<T>(schema);
    let longest = schema.max_length.unwrap_or_default();
    length(schema, TOLD);
    schema.all_of = Some(vec![without_outer_spaces()]);
    longest
}

/// Takes over what the type reads.
fn text<T: JsonSchema>(schema: &mut JSONSchemaProps) {
    let JSONSchemaProps { pattern, max_length, not, .. } = schema::of::<T>();
    *schema = JSONSchemaProps { pattern, max_length, not, ..std::mem::take(schema) };
}

fn without_outer_spaces() -> JSONSchemaProps {
    JSONSchemaProps { pattern: Some(r"^[^ ]([\s\S]*[^ ])?$".to_owned()), ..JSONSchemaProps::default() }
}

fn require(schema: &mut JSONSchemaProps, keys: &[&str]) {
    schema.required = Some(keys.iter().map(|&key| key.to_owned()).collect());
}

fn require_all(schema: &mut JSONSchemaProps) {
    schema.required = schema.properties.as_ref().map(|properties| properties.keys().cloned().collect());
}

fn length(schema: &mut JSONSchemaProps, longest: usize) {
    schema.min_length = Some(1);
    schema.max_length = i64::try_from(longest).ok();
}

fn items(schema: &mut JSONSchemaProps, most: usize) {
    schema.min_items = Some(1);
    schema.max_items = i64::try_from(most).ok();
}

fn invalid(rule: &str, message: &str) -> ValidationRule {
    ValidationRule {
        rule: rule.to_owned(),
        message: Some(message.to_owned()),
        reason: Some("FieldValueInvalid".to_owned()),
        ..ValidationRule::default()
    }
}

fn at(path: &str, rule: &str, message: &str) -> ValidationRule {
    ValidationRule { field_path: Some(path.to_owned()), ..invalid(rule, message) }
}
