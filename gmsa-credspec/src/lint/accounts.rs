//! GC5: the accounts.

use gmsa_types::{
    AccountName, DnsName, NetBiosName,
    finding::{Edit, Fix, Severity},
};
use serde_json::json;

use super::{
    place::Field,
    report::{Report, Spec},
    rule::section,
    target::Target,
};
use crate::generate::{AccountFault, read_account};

section! { "accounts";
    /// Source: `CredentialSpec.psm1` trims it.
    GC501 Error fix: "account name with `$` at its end", "credential specs have the name without it; New-CredentialSpec drops it", "CredentialSpec.psm1, New-CredentialSpec";
    /// Source: Microsoft, `sAMAccountName`; the domain has fields of its own.
    GC502 Error fix: "account name with its domain", "the field has the SAM name alone; the domain has fields of its own", "CredentialSpec.psm1; Microsoft, sAMAccountName";
    /// A warning for names that are legal and too long for a computer's NetBIOS name.
    /// Source: Microsoft, `sAMAccountName`.
    GC503 Error: "account name that is not valid; a warning above 15 characters", "Active Directory has no such account, or it cannot log on everywhere", "Microsoft, sAMAccountName; [MS-SAMR] 3.1.1.6";
    /// Source: `CredentialSpec.psm1`.
    GC504 Error: "machine account not among the accounts", "the container may not log on as the account that it runs as", "CredentialSpec.psm1, New-CredentialSpec";
    /// Source: Active Directory ignores case, credentials-fetcher and webhooks compare texts.
    GC505 Warning: "account in another case than the machine account", "Active Directory ignores case; it is not known whether every consumer does", "CredentialSpec.psm1, New-CredentialSpec";
    /// Source: Microsoft, "Troubleshoot gMSAs for Windows containers".
    GC506 Warning fix: "machine account without the scope of the DNS name", "there is to be one entry for the domain's DNS name and one for its NetBIOS name", "Microsoft, Troubleshoot gMSAs for Windows containers";
    /// Source: Microsoft, "Troubleshoot gMSAs for Windows containers".
    GC507 Warning fix: "machine account without the scope of the NetBIOS name", "there is to be one entry for the domain's DNS name and one for its NetBIOS name; it is not known whether Windows does without", "Microsoft, Troubleshoot gMSAs for Windows containers";
    /// Source: `CredentialSpec.psm1`.
    GC508 Warning fix: "the same account and scope twice", "the second entry says nothing, and was probably meant for another scope", "CredentialSpec.psm1, New-CredentialSpec";
    /// Source: `CredentialSpec.psm1`.
    GC509 Warning: "machine account in a scope that is not its domain", "the scopes of the machine account are `DnsName` and `NetBiosName`", "CredentialSpec.psm1, New-CredentialSpec";
    /// Source: `CredentialSpec.psm1`, `-AdditionalAccounts`.
    GC510 Info: "additional account in another domain", "the domain of the container has to trust that one", "CredentialSpec.psm1, New-CredentialSpec -AdditionalAccounts";
    /// Source: `CredentialSpec.psm1`.
    GC511 Error: "account without `Name` or `Scope`", "an entry is an account in a scope", "CredentialSpec.psm1, New-CredentialSpec";
}

/// An entry, as far as it can be understood.
struct Entry<'s> {
    field: Field<'s>,
    name: Option<String>,
    scope: Option<&'s str>,
}

pub(super) fn check(spec: &Spec<'_>, report: &mut Report<'_>) {
    let machine = spec.join("MachineAccountName");
    if let Some(field) = &machine {
        check_name(spec, field, report);
    }
    let Some(accounts) = spec.directory.as_ref().and_then(|found| found.get("GroupManagedServiceAccounts"))
    else {
        return;
    };
    let entries: Vec<Entry<'_>> = accounts
        .items()
        .into_iter()
        .filter(|entry| entry.json_type() == crate::JsonType::Object)
        .map(|field| {
            let name = field.get("Name").and_then(|name| name.text()).map(|text| bare(spec, text));
            let scope = field.get("Scope").and_then(|scope| scope.text());
            Entry { field, name, scope }
        })
        .collect();
    for entry in &entries {
        if let Some(name) = entry.field.get("Name") {
            check_name(spec, &name, report);
        }
        for key in ["Name", "Scope"] {
            let missing = entry.field.get(key).is_none_or(|field| field.is_blank());
            if missing {
                report.add(
                    GC511
                        .at(&entry.field, format!("`{key}` is missing or blank"))
                        .with_help("write the account in `Name` and the domain in `Scope`"),
                );
            }
        }
    }
    duplicates(&entries, report);
    if let Some(machine) = machine
        && let Some(text) = machine.text()
    {
        scopes(spec, &accounts, &machine, &bare(spec, text), &entries, report);
    }
}

fn check_name(spec: &Spec<'_>, field: &Field<'_>, report: &mut Report<'_>) {
    let Some(text) = field.text() else {
        return;
    };
    if text.ends_with('$') {
        let name = text.trim_end_matches('$');
        report.add(
            GC501
                .at(field, "account name with `$` at its end")
                .with_help("drop the `$`")
                .with_fix(Fix::new("drop the `$`", [Edit::replace(field.exact(), name)])),
        );
    }
    let name = match read_account(text, &domains(spec)) {
        Ok(name) => name,
        Err(AccountFault::Invalid(invalid)) => {
            report.add(
                GC503
                    .at(field, invalid.to_string())
                    .with_help("write the account's `sAMAccountName` without `$`"),
            );
            return;
        }
        Err(fault) => {
            let finding = GC502
                .at(field, fault.to_string())
                .with_help("write the account's `sAMAccountName` without `$`");
            let name = bare(spec, text);
            let is_certain = !matches!(fault, AccountFault::DistinguishedName | AccountFault::WhiteSpace);
            report.add(if is_certain && AccountName::try_from(&*name).is_ok() {
                finding.with_fix(Fix::new("drop the domain", [Edit::replace(field.exact(), name)]))
            } else {
                finding
            });
            return;
        }
    };
    let length = name.as_str().chars().count();
    if length > 15 {
        report.add(
            GC503
                .graded(Severity::Warning)
                .at(field, format!("account name of {length} characters"))
                .with_help("use an account with a name of at most 15 characters"),
        );
    } else if report.target() == Target::AwsLinux && name.as_str().contains([' ', '!', '&', '\'', '`', '~']) {
        report.add(
            GC503
                .at(field, "account name with a character that credentials-fetcher refuses")
                .with_help("use an account with a name of letters, digits, `-` and `_`"),
        );
    }
}

fn duplicates(entries: &[Entry<'_>], report: &mut Report<'_>) {
    let mut seen = std::collections::BTreeSet::new();
    for entry in entries {
        let (Some(name), Some(scope)) = (&entry.name, entry.scope) else {
            continue;
        };
        if seen.insert((name.to_ascii_lowercase(), scope.to_ascii_lowercase())) {
            continue;
        }
        let finding = GC508
            .at(&entry.field, "the account is in this scope before")
            .with_help("remove the entry, or write the scope that it was meant for");
        // More than the two keys may be something that somebody wants to keep.
        report.add(if entry.field.members().len() == 2 {
            finding.with_fix(Fix::new("remove the entry", [Edit::remove(entry.field.exact())]))
        } else {
            finding
        });
    }
}

fn scopes(
    spec: &Spec<'_>,
    accounts: &Field<'_>,
    machine: &Field<'_>,
    name: &str,
    entries: &[Entry<'_>],
    report: &mut Report<'_>,
) {
    let dns = spec.join_text("DnsName").map(|text| text.trim_end_matches('.'));
    let net_bios = spec.join_text("NetBiosName");
    let same = |left: Option<&str>, right: &str| left.is_some_and(|left| left.eq_ignore_ascii_case(right));
    let (own, others): (Vec<_>, Vec<_>) = entries
        .iter()
        .filter(|entry| entry.name.is_some())
        .partition(|entry| same(entry.name.as_deref(), name));
    if own.is_empty() {
        // A placeholder may be the account.
        if entries.iter().all(|entry| entry.name.is_some()) && !entries.is_empty() {
            report.add(GC504.at(machine, "the machine account is not among the accounts").with_help(
                "list it under `GroupManagedServiceAccounts`, in the scope of both names of the domain",
            ));
        }
        return;
    }
    let has_scope =
        |scope: Option<&str>| scope.is_some_and(|scope| own.iter().any(|entry| same(entry.scope, scope)));
    let has_both = has_scope(dns) && has_scope(net_bios);
    for entry in &own {
        if entry.name.as_deref() != Some(name) {
            report.add(
                GC505
                    .at(&entry.field, "`Name` and `MachineAccountName` differ in case")
                    .with_help("write both alike"),
            );
        }
        if let Some(scope) = entry.scope
            && dns.is_some()
            && net_bios.is_some()
            && !same(dns, scope.trim_end_matches('.'))
            && !same(net_bios, scope)
        {
            report.add(if has_both {
                GC510
                    .at(&entry.field, "the machine account in another domain, too")
                    .with_help("make sure that the domain of the container trusts it")
            } else {
                GC509
                    .at(&entry.field, "the scope is neither `DnsName` nor `NetBiosName`")
                    .with_help("write one of the two, or correct them")
            });
        }
    }
    // A scope that is a placeholder may be the one that is missing.
    let all_known = own.iter().all(|entry| entry.scope.is_some());
    let wanted = [
        (GC506, "DnsName", dns, dns.is_some_and(|dns| DnsName::try_from(dns).is_ok())),
        (GC507, "NetBiosName", net_bios, net_bios.is_some_and(|name| NetBiosName::try_from(name).is_ok())),
    ];
    for (rule, key, scope, is_valid) in wanted {
        let Some(scope) = scope.filter(|_| all_known && is_valid) else {
            continue;
        };
        if own.iter().any(|entry| same(entry.scope, scope)) {
            continue;
        }
        let finding = rule
            .at(accounts, format!("the machine account has no entry with `{key}` as its scope"))
            .with_help(format!("add an entry with `MachineAccountName` as `Name` and `{key}` as `Scope`"));
        report.add(if AccountName::try_from(name).is_ok() {
            let entry = json!({ "Name": name, "Scope": scope });
            let pointer = format!("{}/-", accounts.exact());
            finding.with_fix(Fix::new(format!("add the entry for `{key}`"), [Edit::add(pointer, entry)]))
        } else {
            finding
        });
    }
    for entry in others {
        if let Some(scope) = entry.scope
            && dns.is_some()
            && net_bios.is_some()
            && !same(dns, scope)
            && !same(net_bios, scope)
        {
            report.add(GC510.at(&entry.field, "the account is in another domain").with_help(
                "see that the domains trust each other, and that the hosts are in the gMSA's domain",
            ));
        }
    }
}

fn domains<'s>(spec: &Spec<'s>) -> Vec<&'s str> {
    ["DnsName", "DnsTreeName", "NetBiosName"].iter().filter_map(|key| spec.join_text(key)).collect()
}

/// The SAM name in what somebody wrote for it, so that one mistake is one finding. A domain may stand on both sides of it.
fn bare(spec: &Spec<'_>, text: &str) -> String {
    let domains = domains(spec);
    let mut name = text.trim_end_matches('$');
    loop {
        let bare = match read_account(name, &domains) {
            Err(AccountFault::DomainInFront) => name.rsplit('\\').next(),
            Err(AccountFault::PrincipalName) => name.split('@').next(),
            Err(AccountFault::DnsDomain) => name.split('.').next(),
            _ => None,
        };
        match bare.map(|bare| bare.trim_end_matches('$')) {
            Some(bare) if bare.len() < name.len() => name = bare,
            _ => return name.to_owned(),
        }
    }
}
