//! GC2: keys and types.

use gmsa_types::{
    ActiveDirectoryConfig, CredentialSpec, DomainJoinConfig, GroupManagedServiceAccount, HostAccountConfig,
    finding::{Edit, Fix},
};
use serde_json::json;

use super::{
    document::check_text,
    nearest::nearest,
    place::{Field, trim},
    report::{Report, Spec},
    resource::GC705,
    rule::section,
};
use crate::{
    JsonType,
    source::{Member, NodeValue, Style},
};

section! { "keys and types";
    /// Source: upstream's CRD, and the Go and C++ readers of AWS, which mind the case of keys.
    GC201 Error fix: "key in the wrong case", "Kubernetes drops a key in another case without a word, and most readers look for the exact one; it is not known whether Windows does", "kubernetes-sigs/windows-gmsa, gmsa-crd.yml";
    /// Source: upstream's CRD has no other keys and keeps none.
    GC202 Warning: "key that the format does not know", "Kubernetes drops it without a word, and no other consumer reads it", "kubernetes-sigs/windows-gmsa, gmsa-crd.yml";
    /// Source: upstream's CRD.
    GC203 Error fix: "value of the wrong JSON type", "Kubernetes refuses it, and other readers stop or find nothing", "kubernetes-sigs/windows-gmsa, gmsa-crd.yml";
    /// Source: `CredentialSpec.psm1`; every published credential spec has it.
    GC204 Error fix: "`CmsPlugins` without `ActiveDirectory`", "every documented credential spec names this plug-in; it is not known whether Windows does without", "CredentialSpec.psm1, New-CredentialSpec";
    /// Source: `CredentialSpec.psm1`.
    GC205 Warning: "`CmsPlugins` with another value than `ActiveDirectory`", "no other plug-in of this kind is known", "CredentialSpec.psm1, New-CredentialSpec";
    /// Source: `CredentialSpec.psm1`; Microsoft, "Create gMSAs for Windows containers".
    GC206 Error: "`DomainJoinConfig` or one of its six fields is missing", "without it the container does not know its domain or its account", "CredentialSpec.psm1, New-CredentialSpec";
    /// Source: `CredentialSpec.psm1`; Microsoft, "Create gMSAs for Windows containers".
    GC207 Error: "`GroupManagedServiceAccounts` missing or empty", "the container may then log on as no account", "CredentialSpec.psm1, New-CredentialSpec";
    /// Source: values are compared with names of the directory.
    GC208 Warning fix: "white space around a value, or a control character in it", "names and identifiers are compared as they are written", "CredentialSpec.psm1; Azure-Key-Vault-Plugin-gMSA, which trims nothing";
}

const DOMAIN_KEYS: [&str; 6] = ["Sid", "MachineAccountName", "Guid", "DnsTreeName", "DnsName", "NetBiosName"];

/// The keys of the format, of all objects.
pub(super) fn all_keys() -> impl Iterator<Item = &'static str> {
    [
        CredentialSpec::KEYS,
        DomainJoinConfig::KEYS,
        ActiveDirectoryConfig::KEYS,
        GroupManagedServiceAccount::KEYS,
        HostAccountConfig::KEYS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

pub(super) fn check(spec: &Spec<'_>, report: &mut Report<'_>) {
    let for_kubernetes = spec.is_for_kubernetes(report);
    Keys { report, for_kubernetes }.spec(&spec.root);
    if !spec.is_object() {
        return;
    }
    plugins(spec, report);
    domain(spec, report);
    let accounts = spec.directory.as_ref().and_then(|directory| directory.get("GroupManagedServiceAccounts"));
    let missing = match &accounts {
        None => Some(spec.directory.as_ref().unwrap_or(&spec.root)),
        Some(field) if matches!(field.node().value(), NodeValue::Array(items) if items.is_empty()) => {
            Some(field)
        }
        Some(_) => None,
    };
    if let Some(field) = missing {
        report.add(GC207.at(field, "`GroupManagedServiceAccounts` is missing or empty").with_help(
            "list the account twice, in the scope of the domain's DNS name and of its NetBIOS name",
        ));
    }
}

fn plugins(spec: &Spec<'_>, report: &mut Report<'_>) {
    const NAME: &str = "ActiveDirectory";
    let Some(plugins) = spec.root.get("CmsPlugins") else {
        let pointer = format!("{}/CmsPlugins", spec.root.exact());
        report.add(
            GC204
                .at(&spec.root, "`CmsPlugins` is missing")
                .with_help("add `\"CmsPlugins\": [\"ActiveDirectory\"]`")
                .with_fix(Fix::new("add `CmsPlugins`", [Edit::add(pointer, json!([NAME]))])),
        );
        return;
    };
    if plugins.json_type() != JsonType::Array {
        return;
    }
    let items = plugins.items();
    let is = |item: &Field<'_>| item.text().is_some_and(|text| text.eq_ignore_ascii_case(NAME));
    if !items.iter().any(is) {
        let pointer = format!("{}/0", plugins.exact());
        report.add(
            GC204
                .at(&plugins, "`CmsPlugins` does not have `ActiveDirectory`")
                .with_help("write `[\"ActiveDirectory\"]`")
                .with_fix(Fix::new("add `ActiveDirectory`", [Edit::add(pointer, NAME)])),
        );
    }
    for item in &items {
        match item.text() {
            Some(text) if text != NAME && is(item) => report.add(
                GC204
                    .at(item, "`ActiveDirectory` in another case")
                    .with_help("write `ActiveDirectory`")
                    .with_fix(Fix::new("write `ActiveDirectory`", [Edit::replace(item.exact(), NAME)])),
            ),
            Some(text) if !text.eq_ignore_ascii_case(NAME) => report.add(
                GC205
                    .at(item, "plug-in that is not known")
                    .with_help("leave `ActiveDirectory` alone in the list"),
            ),
            _ => {}
        }
    }
}

fn domain(spec: &Spec<'_>, report: &mut Report<'_>) {
    let Some(domain) = &spec.domain else {
        report.add(
            GC206
                .at(&spec.root, "`DomainJoinConfig` is missing")
                .with_help("make the document with New-CredentialSpec or from `Get-ADDomain`"),
        );
        return;
    };
    if domain.json_type() != JsonType::Object {
        return;
    }
    for key in DOMAIN_KEYS {
        let (field, message) = match domain.get(key) {
            None => (domain.clone(), format!("`{key}` is missing")),
            Some(field) if field.is_blank() => (field, format!("`{key}` is blank")),
            Some(_) => continue,
        };
        report.add(GC206.at(&field, message).with_help(match key {
            "Sid" => "`(Get-ADDomain).DomainSID.Value`",
            "MachineAccountName" => "the name of the gMSA, without `$`",
            "Guid" => "`(Get-ADDomain).ObjectGUID`",
            "DnsTreeName" => "`(Get-ADDomain).Forest`",
            "DnsName" => "`(Get-ADDomain).DNSRoot`",
            _ => "`(Get-ADDomain).NetBIOSName`",
        }));
    }
}

/// Goes through the tree by the schema of the format.
struct Keys<'r, 'o> {
    report: &'r mut Report<'o>,
    for_kubernetes: bool,
}

impl Keys<'_, '_> {
    fn spec(&mut self, root: &Field<'_>) {
        self.object(root, CredentialSpec::KEYS, |keys, key, value| match key {
            "CmsPlugins" => keys.array(value, Keys::string),
            "DomainJoinConfig" => {
                keys.object(value, DomainJoinConfig::KEYS, |keys, _, value| keys.string(value))
            }
            _ => keys.object(value, ActiveDirectoryConfig::KEYS, |keys, key, value| match key {
                "GroupManagedServiceAccounts" => keys.array(value, Keys::account),
                _ => keys.object(value, HostAccountConfig::KEYS, |keys, key, value| {
                    // An object is right for one consumer; see GC607.
                    let is_object =
                        value.json_type() == JsonType::Object && value.node().style() != Style::Flow;
                    if key == "PluginInput" && is_object {
                        keys.texts(value);
                    } else if key == "PortableCcgVersion"
                        && matches!(value.node().value(), NodeValue::Number(number) if **number == *"1")
                        && value.node().written().is_none()
                    {
                        keys.report.add(
                            GC203
                                .at(value, "number in place of a string")
                                .with_help("put it in quotes")
                                .with_fix(Fix::new("write `\"1\"`", [Edit::replace(value.exact(), "1")])),
                        );
                    } else {
                        keys.string(value);
                    }
                }),
            }),
        });
    }

    fn account(&mut self, entry: &Field<'_>) {
        self.object(entry, GroupManagedServiceAccount::KEYS, |keys, _, value| keys.string(value));
    }

    fn object(
        &mut self,
        field: &Field<'_>,
        known: &'static [&'static str],
        mut check: impl FnMut(&mut Self, &'static str, &Field<'_>),
    ) {
        if !matches!(field.node().value(), NodeValue::Object(_)) {
            self.wrong_type(field, "object");
            return;
        }
        for member in field.members() {
            let value = field.child(member);
            match known.iter().find(|key| key.eq_ignore_ascii_case(member.key())) {
                Some(key) => {
                    if *key != member.key() {
                        self.wrong_case(field, member, key);
                    }
                    check(self, key, &value);
                }
                None => self.unknown(&value, member, known),
            }
        }
    }

    fn array(&mut self, field: &Field<'_>, mut check: impl FnMut(&mut Self, &Field<'_>)) {
        if !matches!(field.node().value(), NodeValue::Array(_)) {
            self.wrong_type(field, "array");
            return;
        }
        for item in field.items() {
            check(self, &item);
        }
    }

    fn string(&mut self, field: &Field<'_>) {
        let Some(text) = field.node().as_str() else {
            return self.wrong_type(field, "string");
        };
        check_text(field, self.report);
        let trimmed = trim(text);
        if trimmed.is_empty() {
            return;
        }
        if trimmed != text {
            self.report.add(
                GC208
                    .at(field, "white space around the value")
                    .with_help("take it away")
                    .with_fix(Fix::new("trim the value", [Edit::replace(field.exact(), trimmed)])),
            );
        }
        if trimmed.contains(char::is_control) {
            self.report.add(GC208.at(field, "control character in the value").with_help("take it out"));
        }
    }

    /// Texts in a value of a free form.
    fn texts(&mut self, field: &Field<'_>) {
        let mut open = vec![field.clone()];
        while let Some(field) = open.pop() {
            check_text(&field, self.report);
            open.extend(field.members().iter().map(|member| field.child(member)));
            open.extend(field.items());
        }
    }

    fn wrong_case(&mut self, parent: &Field<'_>, member: &Member, key: &'static str) {
        let field = parent.child(member);
        let same = |other: &&Member| other.key().eq_ignore_ascii_case(key);
        let taken = parent.members().iter().filter(same).nth(1).is_some();
        if taken {
            // Two values for one key: GC105.
            return;
        }
        let finding = GC201
            .at(&field, format!("`{key}` in another case"))
            .in_source(member.key_position())
            .with_help(format!("write `{key}`"))
            .with_fix(Fix::new(format!("rename it to `{key}`"), [Edit::rename_key(field.exact(), key)]));
        self.report.add(finding);
    }

    fn unknown(&mut self, field: &Field<'_>, member: &Member, known: &'static [&'static str]) {
        if member.key().eq_ignore_ascii_case("HostAccountConfig") {
            self.report.add(super::host_account::misplaced(field));
            return;
        }
        let message = if self.for_kubernetes {
            "key that the format does not know; the API server drops it"
        } else {
            "key that the format does not know"
        };
        let finding = GC202.at(field, message).in_source(member.key_position());
        let near = nearest(member.key(), known.iter().copied());
        let elsewhere = all_keys().find(|key| key.eq_ignore_ascii_case(member.key()));
        self.report.add(match (near, elsewhere) {
            (Some(key), _) => finding.with_help(format!("is it `{key}`?")),
            (None, Some(key)) => finding.with_help(format!("`{key}` belongs into another object")),
            (None, None) => finding.with_help("take it out"),
        });
    }

    fn wrong_type(&mut self, field: &Field<'_>, expected: &'static str) {
        let node = field.node();
        // In the manifest, the value was a text to whoever wrote it.
        let retyped = node.written().filter(|_| expected == "string");
        if let Some(written) = retyped {
            let finding = GC705
                .at(field, format!("YAML reads this as {}, not as a string", node.json_type()))
                .with_help("put it in quotes");
            self.report.add(match trim(written) {
                "" => finding,
                written => {
                    finding.with_fix(Fix::new("put it in quotes", [Edit::replace(field.exact(), written)]))
                }
            });
        } else if expected == "string" && node.style() == Style::Flow {
            self.report.add(
                GC705
                    .at(field, format!("YAML reads the brackets as {}, not as a string", node.json_type()))
                    .with_help("put the value in quotes"),
            );
        } else {
            self.report.add(
                GC203
                    .at(field, format!("{} in place of {}", node.json_type(), with_article(expected)))
                    .with_help(match expected {
                        "array" => "put it in `[` and `]`, even if it is one",
                        "object" => "write an object with the keys of the format",
                        _ => "write a string in quotes",
                    }),
            );
        }
    }
}

fn with_article(json_type: &str) -> &'static str {
    match json_type {
        "array" => "an array",
        "object" => "an object",
        _ => "a string",
    }
}
