use std::collections::BTreeMap;

use gmsa_types::{
    ActiveDirectoryConfig, AsWritten, CredentialSpec, CredentialSpecName, DomainJoinConfig,
    GroupManagedServiceAccount, HostAccountConfig,
};

use crate::CanonicalContents;
use crate::generate::write_error::key;
use crate::generate::yaml::{is_plain, quoted};
use crate::generate::{WriteError, WriteErrorKind as Kind};
use crate::pointer::Segment;

/// Writes the values with which upstream's Helm chart makes this credential spec, as YAML.
///
/// The chart holds the six fields of `DomainJoinConfig` and the three of `HostAccountConfig`. It writes the rest
/// itself, always the same: the plug-in `ActiveDirectory`, and the machine account in the scopes of both names of
/// the domain (the NetBIOS name first; their order is not kept). It names the resource after the machine account.
///
/// Source: kubernetes-sigs/windows-gmsa, `charts/gmsa/templates/credentialspec.yaml` and `values.yaml`.
///
/// # Errors
/// [`WriteError`] with the first part of the document that the chart cannot hold: additional accounts, unknown keys,
/// other types. So is text that it would spoil, since it puts the six fields into YAML without quotes: a NetBIOS name
/// `NO` would become a boolean.
///
/// ```
/// use gmsa_credspec::generate::{DomainFacts, Generator, write_helm_values};
///
/// # let facts = DomainFacts {
/// #     sid: "S-1-5-21-2126449477-2524075714-3094792973".parse()?,
/// #     guid: "244818ae-87ac-4fcd-92ec-e79e5252348a".parse()?,
/// #     dns_root: "contoso.com".parse()?,
/// #     forest: "contoso.com".parse()?,
/// #     net_bios_name: "CONTOSO".parse()?,
/// # };
/// let generator = Generator::new(facts, "WebApp1");
/// let values = write_helm_values(&generator.build()?)?;
/// assert!(values.contains("    machineAccountName: \"WebApp1\"\n"));
///
/// let two_accounts = generator.with_additional_account("LogAccount01".parse()?).build()?;
/// assert_eq!(
///     write_helm_values(&two_accounts).unwrap_err().to_string(),
///     "`/ActiveDirectoryConfig/GroupManagedServiceAccounts/2` has no place in the form",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_helm_values(spec: &CredentialSpec) -> Result<String, WriteError> {
    // What no text could have been is refused here as in the other forms.
    CanonicalContents::from_spec(spec)?;
    let document = Place::top();
    document.no_unknown(&spec.unknown)?;
    check_plugins(spec)?;

    let place = document.within("DomainJoinConfig");
    let join: &DomainJoinConfig = place.required(spec.domain_join_config.as_ref())?;
    place.no_unknown(&join.unknown)?;
    let plain = |name, value: &Option<AsWritten<String>>| place.within(name).plain(value.as_ref());
    let sid = plain("Sid", &join.sid)?;
    let account = plain("MachineAccountName", &join.machine_account_name)?;
    let guid = plain("Guid", &join.guid)?;
    let tree = plain("DnsTreeName", &join.dns_tree_name)?;
    let dns_name = plain("DnsName", &join.dns_name)?;
    let net_bios_name = plain("NetBiosName", &join.net_bios_name)?;
    if CredentialSpecName::try_from(account.to_lowercase().replace('_', "-")).is_err() {
        return Err(place.within("MachineAccountName").error(Kind::NoResourceName));
    }

    let mut out = String::from("credential:\n  enabled: true\n  domainJoinConfig:\n");
    push(&mut out, "dnsName", &dns_name);
    push(&mut out, "dnsTreeName", &tree);
    push(&mut out, "guid", &guid);
    push(&mut out, "machineAccountName", &account);
    push(&mut out, "netBiosName", &net_bios_name);
    push(&mut out, "sid", &sid);

    let place = document.within("ActiveDirectoryConfig");
    let directory: &ActiveDirectoryConfig = place.required(spec.active_directory_config.as_ref())?;
    place.no_unknown(&directory.unknown)?;
    check_accounts(&place, directory, &account, [&net_bios_name, &dns_name])?;
    if let Some(host) = &directory.host_account_config {
        push_host(&place.within("HostAccountConfig"), host, &mut out)?;
    }
    Ok(out)
}

fn check_plugins(spec: &CredentialSpec) -> Result<(), WriteError> {
    let place = Place::top().within("CmsPlugins");
    let plugins = place.required(spec.cms_plugins.as_ref())?;
    match plugins.as_slice() {
        [AsWritten::Expected(only)] if only == "ActiveDirectory" => Ok(()),
        _ => Err(place.error(Kind::Differs)),
    }
}

/// Checks that the accounts are the two entries that the chart makes.
fn check_accounts(
    directory: &Place<'_>,
    config: &ActiveDirectoryConfig,
    account: &str,
    scopes: [&str; 2],
) -> Result<(), WriteError> {
    let place = directory.within("GroupManagedServiceAccounts");
    let mut wanted = scopes.to_vec();
    let accounts = place.required(config.group_managed_service_accounts.as_ref())?;
    for (index, entry) in accounts.iter().enumerate() {
        let place = place.at(index);
        let entry: &GroupManagedServiceAccount = place.required(Some(entry))?;
        place.no_unknown(&entry.unknown)?;
        let name = place.within("Name").required(entry.name.as_ref())?;
        let scope = place.within("Scope").required(entry.scope.as_ref())?;
        match wanted.iter().position(|wanted| name == account && scope == wanted) {
            Some(position) => wanted.swap_remove(position),
            None => return Err(place.error(Kind::NoPlace)),
        };
    }
    if wanted.is_empty() { Ok(()) } else { Err(place.error(Kind::Differs)) }
}

fn push_host(
    place: &Place<'_>,
    host: &AsWritten<HostAccountConfig>,
    out: &mut String,
) -> Result<(), WriteError> {
    let host = place.required(Some(host))?;
    place.no_unknown(&host.unknown)?;
    let plugin_guid = place.within("PluginGUID").required(host.plugin_guid.as_ref())?;
    let bare = plugin_guid
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .ok_or_else(|| place.within("PluginGUID").error(Kind::NotBraced))?;
    out.push_str("  hostAccountConfig:\n");
    let values = [
        ("pluginGUID", "PluginGUID", bare),
        (
            "portableCcgVersion",
            "PortableCcgVersion",
            place.within("PortableCcgVersion").required(host.portable_ccg_version.as_ref())?,
        ),
        ("pluginInput", "PluginInput", place.within("PluginInput").required(host.plugin_input.as_ref())?),
    ];
    for (name, field, value) in values {
        if value.is_empty() {
            return Err(place.within(field).error(Kind::Empty));
        }
        push(out, name, value);
    }
    Ok(())
}

fn push(out: &mut String, name: &str, value: &str) {
    out.push_str(&format!("    {name}: {}\n", quoted(value)));
}

/// Where in the document a value is, and what the chart demands of it.
#[derive(Clone)]
struct Place<'p>(Vec<Segment<'p>>);

impl<'p> Place<'p> {
    fn top() -> Self {
        Self(Vec::new())
    }

    fn within(&self, name: &'p str) -> Self {
        let mut place = self.clone();
        place.0.push(key(name));
        place
    }

    fn at(&self, index: usize) -> Self {
        let mut place = self.clone();
        place.0.push(Segment::Index(index));
        place
    }

    fn error(&self, kind: Kind) -> WriteError {
        WriteError::new(kind, &self.0)
    }

    fn required<'v, T>(&self, value: Option<&'v AsWritten<T>>) -> Result<&'v T, WriteError> {
        let value = value.ok_or_else(|| self.error(Kind::Missing))?;
        value.expected().ok_or_else(|| self.error(Kind::WrongType))
    }

    /// Text that the chart writes without quotes.
    fn plain(&self, value: Option<&AsWritten<String>>) -> Result<String, WriteError> {
        let text = self.required(value)?;
        if is_plain(text) { Ok(text.clone()) } else { Err(self.error(Kind::Unquoted)) }
    }

    fn no_unknown(&self, unknown: &BTreeMap<String, serde_json::Value>) -> Result<(), WriteError> {
        match unknown.keys().next() {
            Some(name) => {
                let mut path = self.0.clone();
                path.push(Segment::Key(name.clone().into()));
                Err(WriteError::new(Kind::NoPlace, &path))
            }
            None => Ok(()),
        }
    }
}
