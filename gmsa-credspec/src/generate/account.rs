use std::{fmt, str::FromStr};

use gmsa_types::{AccountName, DnsName, InvalidValue, NetBiosName};

/// An account beside the one that the container runs as, which it may log on as explicitly.
///
/// It gets one entry, in the scope of its domain's DNS name. [`with_net_bios_scope`](Self::with_net_bios_scope)
/// adds a second one. The name is checked when the [`Generator`](crate::generate::Generator) builds, together
/// with everything else. `Debug` names the type alone.
///
/// Source: `CredentialSpec.psm1`, `New-CredentialSpec -AdditionalAccounts`.
///
/// ```
/// use gmsa_credspec::generate::AdditionalAccount;
///
/// let typed = AdditionalAccount::in_domain("gMSA3", "dev.contoso.com".parse()?);
/// let read: AdditionalAccount = "gMSA3@dev.contoso.com".parse()?;
/// assert!(typed == read);
/// assert!(AdditionalAccount::same_domain("LogAccount01") == "LogAccount01".parse()?);
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AdditionalAccount {
    pub(super) account: String,
    pub(super) domain: Option<DnsName>,
    pub(super) net_bios_name: Option<NetBiosName>,
}

impl AdditionalAccount {
    /// An account in the domain of the credential spec.
    ///
    /// ```
    /// # use gmsa_credspec::generate::AdditionalAccount;
    /// let account = AdditionalAccount::same_domain("LogAccount01$");
    /// assert!(account == "LogAccount01$".parse()?);
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    pub fn same_domain(account: impl Into<String>) -> Self {
        Self { account: account.into(), domain: None, net_bios_name: None }
    }

    /// An account in another domain, which the domain of the credential spec has to trust.
    ///
    /// ```
    /// # use gmsa_credspec::generate::AdditionalAccount;
    /// let account = AdditionalAccount::in_domain("gMSA3", "dev.contoso.com".parse()?);
    /// assert!(account == "gMSA3@dev.contoso.com".parse()?);
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    pub fn in_domain(account: impl Into<String>, domain: DnsName) -> Self {
        Self { domain: Some(domain), ..Self::same_domain(account) }
    }

    /// Adds an entry in the scope of the NetBIOS name of the account's domain. `New-CredentialSpec` leaves it
    /// out; programs that log on as `DEV\gMSA3` need it.
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
    /// let account = AdditionalAccount::in_domain("gMSA3", "dev.contoso.com".parse()?)
    ///     .with_net_bios_scope("DEV".parse()?);
    /// let spec = Generator::new(facts, "WebApp1").with_additional_account(account).build()?;
    /// assert!(write_pretty(&spec)?.contains(r#""Scope": "DEV""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_net_bios_scope(mut self, name: NetBiosName) -> Self {
        self.net_bios_name = Some(name);
        self
    }
}

/// Reads `account`, in the same domain, or `account@domain`.
///
/// # Errors
/// [`InvalidValue`], if what stands behind `@` is no DNS name. The account is checked when the generator builds.
impl FromStr for AdditionalAccount {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text.split_once('@') {
            Some((account, domain)) => Ok(Self::in_domain(account, domain.parse()?)),
            None => Ok(Self::same_domain(text)),
        }
    }
}

/// Names the type alone: the account becomes contents of a credential spec.
impl fmt::Debug for AdditionalAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdditionalAccount").finish_non_exhaustive()
    }
}

/// Why a text is not the name of an account. The message does not repeat the text.
///
/// ```
/// use gmsa_credspec::generate::{AccountFault, DomainFacts, GenerateFault, Generator};
///
/// # let facts = DomainFacts {
/// #     sid: "S-1-5-21-2126449477-2524075714-3094792973".parse()?,
/// #     guid: "244818ae-87ac-4fcd-92ec-e79e5252348a".parse()?,
/// #     dns_root: "contoso.com".parse()?,
/// #     forest: "contoso.com".parse()?,
/// #     net_bios_name: "CONTOSO".parse()?,
/// # };
/// let error = Generator::new(facts, "WebApp1@contoso.com").build().unwrap_err();
/// assert_eq!(error.faults(), [GenerateFault::Account(AccountFault::PrincipalName)]);
/// assert_eq!(error.to_string(), "account name has a domain behind it: drop everything from `@` on");
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountFault {
    /// The domain stands in front: `CONTOSO\WebApp1`.
    #[error("account name has a domain in front: drop everything up to `\\`")]
    DomainInFront,
    /// It is a user principal name: `WebApp1@contoso.com`.
    #[error("account name has a domain behind it: drop everything from `@` on")]
    PrincipalName,
    /// It is a DNS name: `WebApp1.contoso.com`. An account has one of these as well, in `dNSHostName`.
    #[error("account name has a DNS domain behind it: drop the domain")]
    DnsDomain,
    /// It is a distinguished name: `CN=WebApp1,DC=contoso,DC=com`.
    #[error("account name is a distinguished name: take the account's `sAMAccountName`")]
    DistinguishedName,
    /// There is white space around it.
    #[error("account name has white space around it")]
    WhiteSpace,
    /// It breaks another rule for names.
    #[error("{0}")]
    Invalid(InvalidValue),
}

/// Reads an account as `New-CredentialSpec` takes it, without the `$` at its end. `domains` are names that a
/// careless writer may have put behind the account.
///
/// A dot alone does not make a domain, since account names may have one. A DNS name of three parts and more is
/// refused whatever its domain: it is far more likely the account's `dNSHostName`.
pub(crate) fn read_account(text: &str, domains: &[&str]) -> Result<AccountName, AccountFault> {
    let name = text.trim_end_matches('$');
    if name.trim() != name {
        return Err(AccountFault::WhiteSpace);
    }
    if name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("CN=")) {
        return Err(AccountFault::DistinguishedName);
    }
    if name.contains('\\') {
        return Err(AccountFault::DomainInFront);
    }
    if name.contains('@') {
        return Err(AccountFault::PrincipalName);
    }
    let is_in = |domain: &&str| {
        name.match_indices('.')
            .filter_map(|(at, _)| name.get(at.saturating_add(1)..))
            .any(|rest| rest.eq_ignore_ascii_case(domain))
    };
    if domains.iter().any(is_in) || is_host_name(name) {
        return Err(AccountFault::DnsDomain);
    }
    name.parse().map_err(AccountFault::Invalid)
}

fn is_host_name(name: &str) -> bool {
    let is_domain = |last: &str| last.bytes().all(|byte| byte.is_ascii_alphabetic());
    name.matches('.').count() >= 2
        && name.rsplit('.').next().is_some_and(is_domain)
        && DnsName::try_from(name).is_ok()
}
