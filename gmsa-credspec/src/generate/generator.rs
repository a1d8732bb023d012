use std::fmt;

use gmsa_types::{
    AccountName, ActiveDirectoryConfig, AsWritten, CredentialSpec, DomainJoinConfig,
    GroupManagedServiceAccount,
};

use crate::generate::account::read_account;
use crate::generate::facts::Joined;
use crate::generate::{AccountFault, AdditionalAccount, DomainFacts, PluginFault, PluginInput};

/// Makes a credential spec out of the facts about a domain and the name of an account.
///
/// The account gets two entries, in the scope of the domain's DNS name and in that of its NetBIOS name; an
/// additional account gets one. Two entries that are the same are refused, since one of them was meant to be
/// something else; an account is never left out. (In a domain whose DNS and NetBIOS name are the same text, the
/// account has one entry.) `Debug` names the type alone.
///
/// Whether the accounts exist, and whether the host may use them, only the directory knows.
///
/// Source: `CredentialSpec.psm1`, `New-CredentialSpec`.
///
/// ```
/// use gmsa_credspec::generate::{AdditionalAccount, DomainFacts, Generator, PluginInput};
///
/// # let facts = DomainFacts {
/// #     sid: "S-1-5-21-2126449477-2524075714-3094792973".parse()?,
/// #     guid: "244818ae-87ac-4fcd-92ec-e79e5252348a".parse()?,
/// #     dns_root: "contoso.com".parse()?,
/// #     forest: "contoso.com".parse()?,
/// #     net_bios_name: "CONTOSO".parse()?,
/// # };
/// let spec = Generator::new(facts, "FrontEndWeb01$")
///     .with_additional_account(AdditionalAccount::same_domain("LogAccount01"))
///     .with_additional_account("gMSA3@dev.contoso.com".parse()?)
///     .with_plugin_input(PluginInput::Rancher { namespace: "team-a".into(), secret: "gmsa".into() })
///     .build()?;
/// let accounts = spec.active_directory_config.unwrap().expected().unwrap()
///     .group_managed_service_accounts.as_ref().unwrap().expected().unwrap().len();
/// assert_eq!(accounts, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Generator {
    facts: DomainFacts,
    account: String,
    additional_accounts: Vec<AdditionalAccount>,
    plugin_input: Option<PluginInput>,
}

impl Generator {
    /// Starts with the account that the container's `LocalSystem` and `NetworkService` act as: its SAM name, with
    /// or without the `$` at its end.
    ///
    /// ```
    /// use gmsa_credspec::generate::{DomainFacts, Generator};
    ///
    /// # let facts = DomainFacts {
    /// #     sid: "S-1-5-21-2126449477-2524075714-3094792973".parse()?,
    /// #     guid: "244818ae-87ac-4fcd-92ec-e79e5252348a".parse()?,
    /// #     dns_root: "contoso.com".parse()?,
    /// #     forest: "contoso.com".parse()?,
    /// #     net_bios_name: "CONTOSO".parse()?,
    /// # };
    /// let spec = Generator::new(facts.clone(), "WebApp1$").build()?;
    /// assert!(spec == Generator::new(facts, "WebApp1").build()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(facts: DomainFacts, account: impl Into<String>) -> Self {
        Self { facts, account: account.into(), additional_accounts: Vec::new(), plugin_input: None }
    }

    /// Adds an account that the container may log on as, too.
    ///
    /// ```
    /// use gmsa_credspec::generate::{AdditionalAccount, DomainFacts, Generator, write_pretty};
    ///
    /// # let facts = DomainFacts {
    /// #     sid: "S-1-5-21-2126449477-2524075714-3094792973".parse()?,
    /// #     guid: "244818ae-87ac-4fcd-92ec-e79e5252348a".parse()?,
    /// #     dns_root: "contoso.com".parse()?,
    /// #     forest: "contoso.com".parse()?,
    /// #     net_bios_name: "CONTOSO".parse()?,
    /// # };
    /// let generator = Generator::new(facts, "WebApp1")
    ///     .with_additional_account(AdditionalAccount::same_domain("LogAccount01"));
    /// assert!(write_pretty(&generator.build()?)?.contains(r#""Name": "LogAccount01""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_additional_account(mut self, account: AdditionalAccount) -> Self {
        self.additional_accounts.push(account);
        self
    }

    /// Makes the credential spec one for hosts that are not joined to the domain: they get the account's password
    /// with the help of this plug-in. The last one set counts.
    ///
    /// ```
    /// use gmsa_credspec::generate::{DomainFacts, Generator, PluginInput, write_pretty};
    ///
    /// # let facts = DomainFacts {
    /// #     sid: "S-1-5-21-2126449477-2524075714-3094792973".parse()?,
    /// #     guid: "244818ae-87ac-4fcd-92ec-e79e5252348a".parse()?,
    /// #     dns_root: "contoso.com".parse()?,
    /// #     forest: "contoso.com".parse()?,
    /// #     net_bios_name: "CONTOSO".parse()?,
    /// # };
    /// let generator = Generator::new(facts, "WebApp1")
    ///     .with_plugin_input(PluginInput::Rancher { namespace: "team-a".into(), secret: "gmsa".into() });
    /// assert!(write_pretty(&generator.build()?)?.contains(r#""PluginInput": "team-a:gmsa""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_plugin_input(mut self, input: PluginInput) -> Self {
        self.plugin_input = Some(input);
        self
    }

    /// Builds the credential spec.
    ///
    /// # Errors
    /// [`GenerateError`] with everything that is wrong: names of accounts, entries that are there twice, the input
    /// of the plug-in.
    ///
    /// ```
    /// # use gmsa_credspec::generate::{AdditionalAccount, DomainFacts, Generator};
    /// # let facts = DomainFacts {
    /// #     sid: "S-1-5-21-2126449477-2524075714-3094792973".parse()?,
    /// #     guid: "244818ae-87ac-4fcd-92ec-e79e5252348a".parse()?,
    /// #     dns_root: "contoso.com".parse()?,
    /// #     forest: "contoso.com".parse()?,
    /// #     net_bios_name: "CONTOSO".parse()?,
    /// # };
    /// let generator = Generator::new(facts, r"CONTOSO\WebApp1")
    ///     .with_additional_account(AdditionalAccount::same_domain(""));
    /// assert_eq!(
    ///     generator.build().unwrap_err().to_string(),
    ///     "account name has a domain in front: drop everything up to `\\`; \
    ///      additional account 1: account name must not be empty",
    /// );
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    pub fn build(&self) -> Result<CredentialSpec, GenerateError> {
        let mut faults = Vec::new();
        let account = self.account(&mut faults);
        let entries = self.entries(account.as_ref(), &mut faults);
        let host_account_config = match self.plugin_input.as_ref().map(PluginInput::host_account_config) {
            Some(Ok(config)) => Some(config),
            Some(Err(plugin)) => {
                faults.extend(plugin.into_iter().map(GenerateFault::Plugin));
                None
            }
            None => None,
        };
        let Some(account) = account.filter(|_| faults.is_empty()) else {
            return Err(GenerateError { faults });
        };
        Ok(CredentialSpec {
            cms_plugins: Some(vec!["ActiveDirectory".into()].into()),
            domain_join_config: Some(self.domain_join_config(&account).into()),
            active_directory_config: Some(AsWritten::Expected(ActiveDirectoryConfig {
                group_managed_service_accounts: Some(AsWritten::Expected(
                    entries.iter().map(|entry| AsWritten::Expected(entry.document())).collect(),
                )),
                host_account_config: host_account_config.map(AsWritten::Expected),
                ..ActiveDirectoryConfig::default()
            })),
            ..CredentialSpec::default()
        })
    }

    fn account(&self, faults: &mut Vec<GenerateFault>) -> Option<AccountName> {
        let read = read_account(&self.account, &self.domains());
        read.map_err(|fault| faults.push(GenerateFault::Account(fault))).ok()
    }

    /// The entries of all accounts, in order, as far as their names can be read.
    fn entries<'s>(
        &'s self,
        account: Option<&AccountName>,
        faults: &mut Vec<GenerateFault>,
    ) -> Vec<Entry<'s>> {
        let facts = &self.facts;
        let mut entries = Vec::new();
        if let Some(account) = account {
            entries.push(Entry { name: account.clone(), scope: facts.dns_root.as_str() });
            if facts.net_bios_name.as_str() != facts.dns_root.as_str() {
                entries.push(Entry { name: account.clone(), scope: facts.net_bios_name.as_str() });
            }
        }
        for (index, additional) in self.additional_accounts.iter().enumerate() {
            let domain = additional.domain.as_ref().unwrap_or(&facts.dns_root).as_str();
            let mut domains = self.domains().to_vec();
            domains.push(domain);
            domains.extend(additional.net_bios_name.as_ref().map(|name| name.as_str()));
            let name = match read_account(&additional.account, &domains) {
                Ok(name) => name,
                Err(fault) => {
                    faults.push(GenerateFault::AdditionalAccount { index, fault });
                    continue;
                }
            };
            let scopes = [Some(domain), additional.net_bios_name.as_ref().map(|name| name.as_str())];
            for scope in scopes.into_iter().flatten() {
                let entry = Entry { name: name.clone(), scope };
                if entries.iter().any(|other| other.is_same(&entry)) {
                    faults.push(GenerateFault::SameEntry { index });
                } else {
                    entries.push(entry);
                }
            }
        }
        entries
    }

    fn domain_join_config(&self, account: &AccountName) -> DomainJoinConfig {
        let facts = &self.facts;
        DomainJoinConfig {
            sid: Some(facts.sid.as_str().into()),
            machine_account_name: Some(account.as_str().into()),
            guid: Some(facts.guid.as_str().into()),
            dns_tree_name: Some(facts.forest.as_str().into()),
            dns_name: Some(facts.dns_root.as_str().into()),
            net_bios_name: Some(facts.net_bios_name.as_str().into()),
            ..DomainJoinConfig::default()
        }
    }

    fn domains(&self) -> [&str; 3] {
        [self.facts.dns_root.as_str(), self.facts.forest.as_str(), self.facts.net_bios_name.as_str()]
    }
}

/// Names the type alone: the input becomes contents of a credential spec.
impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator").finish_non_exhaustive()
    }
}

/// Why there is no credential spec. The message has every fault, divided by semicolons, and repeats no name.
///
/// [`Generator::build`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Joined(.faults))]
pub struct GenerateError {
    faults: Vec<GenerateFault>,
}

impl GenerateError {
    /// Everything that is wrong; there is at least one fault.
    pub fn faults(&self) -> &[GenerateFault] {
        &self.faults
    }
}

/// One reason of a [`GenerateError`]. Messages count additional accounts from 1.
///
/// ```
/// use gmsa_credspec::generate::{DomainFacts, GenerateFault, Generator};
///
/// # let facts = DomainFacts {
/// #     sid: "S-1-5-21-2126449477-2524075714-3094792973".parse()?,
/// #     guid: "244818ae-87ac-4fcd-92ec-e79e5252348a".parse()?,
/// #     dns_root: "contoso.com".parse()?,
/// #     forest: "contoso.com".parse()?,
/// #     net_bios_name: "CONTOSO".parse()?,
/// # };
/// let generator = Generator::new(facts, "WebApp1").with_additional_account("WebApp1".parse()?);
/// let error = generator.build().unwrap_err();
/// assert_eq!(error.faults(), [GenerateFault::SameEntry { index: 0 }]);
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateFault {
    /// The account has no valid name.
    #[error("{0}")]
    Account(AccountFault),
    /// An additional account has no valid name.
    #[error("additional account {}: {fault}", .index.saturating_add(1))]
    AdditionalAccount {
        /// Which one, from 0.
        index: usize,
        /// What is wrong with it.
        fault: AccountFault,
    },
    /// An additional account would get an entry that an account before it has already: the same name in the same
    /// scope.
    #[error(
        "additional account {}: an account before it has the same name and scope", .index.saturating_add(1)
    )]
    SameEntry {
        /// Which one, from 0.
        index: usize,
    },
    /// The input of the plug-in is not one that it reads.
    #[error("{0}")]
    Plugin(PluginFault),
}

struct Entry<'s> {
    name: AccountName,
    scope: &'s str,
}

impl Entry<'_> {
    /// The same account in the same scope, as Active Directory compares names.
    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.scope.eq_ignore_ascii_case(other.scope)
    }

    fn document(&self) -> GroupManagedServiceAccount {
        GroupManagedServiceAccount {
            name: Some(self.name.as_str().into()),
            scope: Some(self.scope.into()),
            ..GroupManagedServiceAccount::default()
        }
    }
}
