//! GC3 and GC4: the identifiers and the names of the domain.

use gmsa_types::{
    DnsName, DomainSid, Guid, NetBiosName, Sid,
    finding::{Edit, Fix, Severity},
};

use super::{
    place::Field,
    report::{Report, Spec},
    rule::section,
    samples::is_copied,
};

section! { "domain";
    /// Source: [MS-DTYP] 2.4.2.1.
    GC301 Error: "`Sid` is no SID", "Windows looks for the domain by this value", "[MS-DTYP] 2.4.2.1";
    /// Microsoft's, Kubernetes' and AWS's pages once said that it is the SID of the gMSA.
    /// Source: Microsoft, "Troubleshoot gMSAs for Windows containers".
    GC302 Error fix: "`Sid` is the SID of an account", "the netlogon service of the container fails with the SID of an account", "Microsoft, Troubleshoot gMSAs for Windows containers";
    /// Source: [MS-DTYP] 2.4.2.4.
    GC303 Error: "`Sid` is not that of a domain", "a domain's SID is `S-1-5-21-` and three numbers", "[MS-DTYP] 2.4.2.4";
    /// Source: .NET, `Guid`; RFC 9562.
    GC304 Error: "`Guid` is no GUID", "it is the objectGUID of the domain", "CredentialSpec.psm1; RFC 9562";
    /// Source: `CredentialSpec.psm1` writes the form "D" of .NET in lower case.
    GC305 Warning fix: "`Guid` in another form than New-CredentialSpec writes", "it is not known whether Windows reads the other forms", "CredentialSpec.psm1; .NET, Guid.ToString";
    /// Nobody can see in a GUID whose it is; with facts it is an error.
    /// Source: Microsoft, "Troubleshoot gMSAs for Windows containers".
    GC306 Info: "value not compared with the directory; an error where it differs from it", "the GUID and the SID of the account look like those of the domain", "Microsoft, Troubleshoot gMSAs for Windows containers";
    /// Source: the samples of Microsoft, Kubernetes and AWS.
    GC307 Warning: "value from a published sample", "no directory but the sample's has this value", "Microsoft, Kubernetes and AWS, samples";
    /// Source: Microsoft, "Naming conventions in Active Directory".
    GC401 Error: "`NetBiosName` is no NetBIOS name", "no domain can have it", "Microsoft, KB 909264";
    /// Source: Microsoft, "Naming conventions in Active Directory".
    GC402 Warning: "`NetBiosName` with an unusual character, of digits alone, or reserved", "such names are legal and cause trouble", "Microsoft, KB 909264";
    /// Source: Active Directory proposes names in upper case.
    GC403 Info: "`NetBiosName` not in upper case", "the directory usually has it in upper case; names are compared without regard to case", "moby/moby, the sample of its tests";
    /// Source: RFC 1123 section 2.1; Microsoft, "Naming conventions in Active Directory".
    GC404 Error fix: "`DnsName` or `DnsTreeName` is no DNS name", "the domain is looked up by it", "RFC 1123, section 2.1; Microsoft, KB 909264";
    /// Source: Microsoft, "Naming conventions in Active Directory"; a sample of AWS has a NetBIOS name there.
    GC405 Warning: "`DnsName` of a single label", "hardly any domain has such a name; a NetBIOS name there is a common mistake", "Microsoft, KB 909264";
    /// Source: MicrosoftDocs/Virtualization-Documentation, pull request 711.
    GC406 Error fix: "`DnsName` and `DnsTreeName` are swapped", "New-CredentialSpec did so until February 2018: the container then looks for itself in the forest's root", "MicrosoftDocs/Virtualization-Documentation, pull request 711";
    /// Source: a forest can have several trees.
    GC407 Info: "`DnsName` is not below `DnsTreeName`", "that is right for the other trees of a forest", "moby/moby, issue 38779";
    /// Source: `CredentialSpec.psm1`.
    GC408 Warning: "`NetBiosName` equals `DnsName`", "one is the flat name of the domain and the other its DNS name", "CredentialSpec.psm1, New-CredentialSpec";
}

pub(super) fn check(spec: &Spec<'_>, report: &mut Report<'_>) {
    sid(spec, report);
    guid(spec, report);
    net_bios_name(spec, report);
    let tree = dns_name(spec, "DnsTreeName", report);
    let dns = dns_name(spec, "DnsName", report);
    if let (Some(tree), Some(dns)) = (tree, dns) {
        relation(spec, &tree, &dns, report);
    }
    facts(spec, report);
}

fn sid(spec: &Spec<'_>, report: &mut Report<'_>) {
    let Some((field, text)) = join(spec, "Sid") else {
        return;
    };
    let sid = match Sid::try_from(text) {
        Ok(sid) => sid,
        Err(invalid) => {
            report.add(
                GC301.at(&field, invalid.to_string()).with_help("write `(Get-ADDomain).DomainSID.Value`"),
            );
            return;
        }
    };
    if let Some(domain) = sid.domain() {
        report.add(
            GC302
                .at(&field, "this is the SID of an account, not of the domain")
                .with_help("drop the last number; look at `Guid` too: it is probably that of the account")
                .with_fix(Fix::new(
                    "drop the last number of the SID",
                    [Edit::replace(field.exact(), domain.as_str())],
                )),
        );
    } else if DomainSid::try_from(text).is_err() {
        report.add(
            GC303
                .at(&field, "this is not the SID of a domain")
                .with_help("write `(Get-ADDomain).DomainSID.Value`"),
        );
    }
    if is_copied(sid.as_str(), spec.join_text("DnsName")) {
        report.add(copied(&field));
    }
}

fn guid(spec: &Spec<'_>, report: &mut Report<'_>) {
    let Some((field, text)) = join(spec, "Guid") else {
        return;
    };
    let guid = match Guid::try_from(text) {
        Ok(guid) => guid,
        Err(invalid) => {
            report.add(GC304.at(&field, invalid.to_string()).with_help("write `(Get-ADDomain).ObjectGUID`"));
            return;
        }
    };
    if guid.as_str() != text {
        report.add(
            GC305
                .at(&field, "GUID in another form than 8-4-4-4-12 digits in lower case")
                .with_help("write it without braces, with hyphens and in lower case")
                .with_fix(Fix::new("write the GUID as usual", [Edit::replace(field.exact(), guid.as_str())])),
        );
    }
    if is_copied(guid.as_str(), spec.join_text("DnsName")) {
        report.add(copied(&field));
    }
    if report.options.gmsa_guid.as_ref() == Some(&guid) {
        report.add(
            GC306
                .graded(Severity::Error)
                .at(&field, "this is the GUID of the account, not of the domain")
                .with_help("write `(Get-ADDomain).ObjectGUID`"),
        );
    } else if report.options.facts.is_none() {
        report.add(
            GC306.at(&field, "whether this is the GUID of the domain cannot be seen").with_help(
                "compare it with `(Get-ADDomain).ObjectGUID`, not with that of Get-ADServiceAccount",
            ),
        );
    }
}

fn copied(field: &Field<'_>) -> gmsa_types::finding::Finding {
    GC307.at(field, "this value is from a published sample").with_help("write the value of your domain")
}

/// Names that Windows uses itself. Source: Microsoft, KB 909264.
const RESERVED: [&str; 33] = [
    "ANONYMOUS",
    "AUTHENTICATED USER",
    "BATCH",
    "BUILTIN",
    "CREATOR GROUP",
    "CREATOR OWNER",
    "DIALUP",
    "DIGEST AUTH",
    "INTERACTIVE",
    "INTERNET",
    "LOCAL",
    "LOCAL SYSTEM",
    "NETWORK",
    "NETWORK SERVICE",
    "NT AUTHORITY",
    "NT DOMAIN",
    "NTLM AUTH",
    "NULL",
    "PROXY",
    "REMOTE INTERACTIVE",
    "RESTRICTED",
    "SCHANNEL AUTH",
    "SELF",
    "SERVER",
    "SERVICE",
    "SYSTEM",
    "TERMINAL SERVER",
    "THIS ORGANIZATION",
    "USERS",
    "WORLD",
    "GATEWAY",
    "GW",
    "TAC",
];

fn net_bios_name(spec: &Spec<'_>, report: &mut Report<'_>) {
    let Some((field, text)) = join(spec, "NetBiosName") else {
        return;
    };
    let dns = spec.join_text("DnsName");
    let help = "write `(Get-ADDomain).NetBIOSName`; was it swapped with `DnsName`?";
    if let Err(invalid) = NetBiosName::try_from(text) {
        report.add(GC401.at(&field, invalid.to_string()).with_help(help));
        return;
    }
    if looks_qualified(text) {
        report.add(GC401.at(&field, "this looks like a DNS name").with_help(help));
    } else {
        let unusual = text.contains(|c: char| ",~!@#$%^&'.(){}_ ".contains(c));
        let is_reserved = RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text));
        if unusual || is_reserved || text.bytes().all(|byte| byte.is_ascii_digit()) {
            report.add(
                GC402
                    .at(&field, "unusual NetBIOS name")
                    .with_help("compare it with `(Get-ADDomain).NetBIOSName`"),
            );
        }
    }
    if text.chars().any(char::is_lowercase) {
        report.add(
            GC403.at(&field, "NetBIOS name not in upper case").with_help("write it as the directory has it"),
        );
    }
    if dns.is_some_and(|dns| dns.eq_ignore_ascii_case(text)) {
        report.add(
            GC408
                .at(&field, "`NetBiosName` and `DnsName` are the same")
                .with_help("write the DNS name of the domain in `DnsName`, its flat name in `NetBiosName`"),
        );
    }
}

fn looks_qualified(text: &str) -> bool {
    let is_top = |last: &str| last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_alphabetic());
    text.rsplit_once('.').is_some_and(|(_, last)| is_top(last)) && DnsName::try_from(text).is_ok()
}

fn dns_name(spec: &Spec<'_>, key: &'static str, report: &mut Report<'_>) -> Option<DnsName> {
    let (field, text) = join(spec, key)?;
    let invalid = match DnsName::try_from(text) {
        Ok(name) => {
            if key == "DnsName" && !text.contains('.') {
                report.add(
                    GC405
                        .at(&field, "DNS name of a single label")
                        .with_help("write `(Get-ADDomain).DNSRoot`, such as `corp.example`"),
                );
            }
            return Some(name);
        }
        Err(invalid) => invalid,
    };
    let without_dot = text.trim_end_matches('.');
    // Names with `_` exist, and are known to cause trouble.
    let severity =
        if DnsName::try_from(text.replace('_', "x")).is_ok() { Severity::Warning } else { Severity::Error };
    let finding = GC404
        .graded(severity)
        .at(&field, invalid.to_string())
        .with_help("write the full name of the domain, such as `corp.example`");
    report.add(if DnsName::try_from(without_dot).is_ok() {
        finding.with_fix(Fix::new("drop the dot at the end", [Edit::replace(field.exact(), without_dot)]))
    } else {
        finding
    });
    DnsName::try_from(without_dot).ok()
}

fn relation(spec: &Spec<'_>, tree: &DnsName, dns: &DnsName, report: &mut Report<'_>) {
    let (Some(tree_field), Some(dns_field)) = (spec.join("DnsTreeName"), spec.join("DnsName")) else {
        return;
    };
    if is_below(tree, dns) {
        let swap = [
            Edit::replace(tree_field.exact(), dns.as_str()),
            Edit::replace(dns_field.exact(), tree.as_str()),
        ];
        report.add(
            GC406
                .at(&tree_field, "`DnsTreeName` is below `DnsName`: the two are swapped")
                .with_help("write the forest's root in `DnsTreeName`, the domain in `DnsName`")
                .with_fix(Fix::new("swap `DnsName` and `DnsTreeName`", swap)),
        );
    } else if tree != dns && !is_below(dns, tree) {
        report.add(
            GC407
                .at(&dns_field, "the domain is not below the root of the forest")
                .with_help("compare `DnsTreeName` with `(Get-ADDomain).Forest`"),
        );
    }
}

/// Whether `domain` is below `other` in the tree of names.
fn is_below(domain: &DnsName, other: &DnsName) -> bool {
    let (domain, other) = (domain.as_str().to_ascii_lowercase(), other.as_str().to_ascii_lowercase());
    domain.strip_suffix(&other).is_some_and(|rest| rest.ends_with('.'))
}

fn facts(spec: &Spec<'_>, report: &mut Report<'_>) {
    let Some(facts) = report.options.facts.clone() else {
        return;
    };
    let differ = |key, same: &dyn Fn(&str) -> bool| {
        let (field, text) = join(spec, key)?;
        (!same(text)).then_some((field, key))
    };
    let guid = |text: &str| Guid::try_from(text).is_ok_and(|guid| guid == facts.guid);
    let found = [
        differ("Sid", &|text| text == facts.sid.as_str()),
        differ("Guid", &guid),
        differ("DnsTreeName", &|text| text.eq_ignore_ascii_case(facts.forest.as_str())),
        differ("DnsName", &|text| text.eq_ignore_ascii_case(facts.dns_root.as_str())),
        differ("NetBiosName", &|text| text.eq_ignore_ascii_case(facts.net_bios_name.as_str())),
    ];
    for (field, key) in found.into_iter().flatten() {
        report.add(
            GC306
                .graded(Severity::Error)
                .at(&field, format!("`{key}` differs from what the directory says about the domain"))
                .with_help("write the value that `Get-ADDomain` prints"),
        );
    }
}

fn join<'s>(spec: &Spec<'s>, key: &str) -> Option<(Field<'s>, &'s str)> {
    let field = spec.join(key)?;
    let text = field.text()?;
    Some((field, text))
}
