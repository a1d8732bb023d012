use std::{borrow::Cow, fmt, str::FromStr};

use gmsa_types::{DnsName, DomainSid, Guid, InvalidValue, NetBiosName, Sid};

use crate::generate::facts_text::{read_json, read_list};
use crate::{JsonType, ReadError};

/// What Active Directory says about a domain, as far as a credential spec repeats it.
///
/// There is no constructor with five arguments: by name, the DNS name of the domain and that of the forest are
/// not mistaken for each other. The first versions of `New-CredentialSpec` did, until February 2018.
///
/// `Debug` names the type alone, since the facts become contents of a credential spec.
///
/// Source: Microsoft, `Get-ADDomain`; `CredentialSpec.psm1`, `New-CredentialSpec`.
///
/// # Making one
///
/// From the fields, or from text with `parse`: what `Get-ADDomain | ConvertTo-Json` or `Get-ADDomain` alone
/// print.
///
/// ```
/// use gmsa_credspec::generate::DomainFacts;
///
/// let facts = DomainFacts {
///     sid: "S-1-5-21-2126449477-2524075714-3094792973".parse()?,
///     guid: "244818ae-87ac-4fcd-92ec-e79e5252348a".parse()?,
///     dns_root: "contoso.com".parse()?,
///     forest: "contoso.com".parse()?,
///     net_bios_name: "CONTOSO".parse()?,
/// };
/// let printed = "
/// DNSRoot                            : contoso.com
/// DomainSID                          : S-1-5-21-2126449477-2524075714-3094792973
/// Forest                             : contoso.com
/// NetBIOSName                        : CONTOSO
/// ObjectGUID                         : 244818ae-87ac-4fcd-92ec-e79e5252348a
/// ";
/// assert!(printed.parse::<DomainFacts>()? == facts);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a credential spec has these facts about its domain, and no others"
)]
pub struct DomainFacts {
    /// The security identifier of the domain: `DomainSID`, not the SID of the account.
    pub sid: DomainSid,
    /// The `objectGUID` of the domain object: `ObjectGUID`.
    pub guid: Guid,
    /// The DNS name of the domain: `DNSRoot`.
    pub dns_root: DnsName,
    /// The DNS name of the forest's root domain: `Forest`.
    pub forest: DnsName,
    /// The NetBIOS name of the domain: `NetBIOSName`.
    pub net_bios_name: NetBiosName,
}

impl DomainFacts {
    /// Reads the JSON of `Get-ADDomain | ConvertTo-Json`, of Windows PowerShell and of PowerShell 7: an object, or
    /// an array of one. `DomainSID` is a string or an object with a `Value`; Rancher's name for it, `SID`, does
    /// as well. Keys are matched without regard to ASCII case, other keys are ignored, and so are a byte order
    /// mark at the start and white space around a value.
    ///
    /// # Errors
    /// [`FactsError`] with every fact that is missing or wrong.
    ///
    /// ```
    /// use gmsa_credspec::generate::DomainFacts;
    ///
    /// let error = DomainFacts::from_json(r#"[{"DNSRoot":"contoso.com","Forest":"contoso.com.",
    ///     "NetBIOSName":"CONTOSO","ObjectGUID":"244818ae-87ac-4fcd-92ec-e79e5252348a"}]"#).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`DomainSID` is missing; \
    ///      `Forest`: DNS name is not valid: each part starts and ends with a letter or digit (character 12)",
    /// );
    /// ```
    pub fn from_json(text: &str) -> Result<Self, FactsError> {
        read_json(text)
    }

    /// Reads the list that `Get-ADDomain` prints, `Key : value` on each line. Values that the console wrapped
    /// are put together again, and other keys are ignored, as is a byte order mark at the start.
    ///
    /// # Errors
    /// [`FactsError`] with every fact that is missing or wrong.
    ///
    /// ```
    /// use gmsa_credspec::generate::DomainFacts;
    ///
    /// let printed = "DNSRoot : contoso.com\r\nDomainSID : S-1-5-21-1-2-3\r\nForest : contoso.com\r\n\
    ///     NetBIOSName : CONTOSO\r\nObjectGUID : 244818ae-87ac-4fcd-\r\n             92ec-e79e5252348a\r\n";
    /// assert_eq!(DomainFacts::from_list(printed)?.sid.as_str(), "S-1-5-21-1-2-3");
    /// # Ok::<(), gmsa_credspec::generate::FactsError>(())
    /// ```
    pub fn from_list(text: &str) -> Result<Self, FactsError> {
        read_list(text)
    }

    /// Makes the facts out of texts that are still to be found, and collects what is wrong with them.
    pub(super) fn collect<'t>(
        mut find: impl FnMut(Fact) -> Result<Cow<'t, str>, FactFault>,
    ) -> Result<Self, FactsError> {
        let mut faults = Vec::new();
        let sid = parsed(Fact::DomainSid, find(Fact::DomainSid), &mut faults);
        let guid = parsed(Fact::ObjectGuid, find(Fact::ObjectGuid), &mut faults);
        let dns_root = parsed(Fact::DnsRoot, find(Fact::DnsRoot), &mut faults);
        let forest = parsed(Fact::Forest, find(Fact::Forest), &mut faults);
        let net_bios_name = parsed(Fact::NetBiosName, find(Fact::NetBiosName), &mut faults);
        match (sid, guid, dns_root, forest, net_bios_name) {
            (Some(sid), Some(guid), Some(dns_root), Some(forest), Some(net_bios_name)) => {
                Ok(Self { sid, guid, dns_root, forest, net_bios_name })
            }
            _ => Err(FactsError::Facts(faults)),
        }
    }
}

/// Reads JSON or a list, whichever it is: JSON starts with `{` or `[`.
///
/// # Errors
/// [`FactsError`] with every fact that is missing or wrong.
impl FromStr for DomainFacts {
    type Err = FactsError;

    fn from_str(text: &str) -> Result<Self, FactsError> {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.starts_with(['{', '[']) { Self::from_json(text) } else { Self::from_list(text) }
    }
}

/// Names the type alone: the facts become contents of a credential spec.
impl fmt::Debug for DomainFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DomainFacts").finish_non_exhaustive()
    }
}

/// One of the [`DomainFacts`]. `Display` writes the name that `Get-ADDomain` has for it.
///
/// ```
/// assert_eq!(gmsa_credspec::generate::Fact::DnsRoot.to_string(), "DNSRoot");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a credential spec has these facts about its domain, and no others"
)]
pub enum Fact {
    /// `DomainSID`; Rancher calls it `SID`.
    DomainSid,
    /// `ObjectGUID`.
    ObjectGuid,
    /// `DNSRoot`.
    DnsRoot,
    /// `Forest`.
    Forest,
    /// `NetBIOSName`.
    NetBiosName,
}

impl Fact {
    /// The keys under which the fact is looked up, whatever their case; the first is that of `Get-ADDomain`.
    pub(super) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::DomainSid => &["DomainSID", "SID"],
            Self::ObjectGuid => &["ObjectGUID"],
            Self::DnsRoot => &["DNSRoot"],
            Self::Forest => &["Forest"],
            Self::NetBiosName => &["NetBIOSName"],
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keys().first().copied().unwrap_or_default())
    }
}

/// Why a text has no [`DomainFacts`]. No message repeats a value.
///
/// ```
/// use gmsa_credspec::generate::{DomainFacts, FactsError};
///
/// assert_eq!("[]".parse::<DomainFacts>().unwrap_err(), FactsError::NotOneDomain);
/// let FactsError::Facts(errors) = "".parse::<DomainFacts>().unwrap_err() else { panic!("they are missing") };
/// assert_eq!(errors.len(), 5);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FactsError {
    /// The text is not JSON.
    #[error("{0}")]
    Read(ReadError),
    /// The JSON array is empty, or has more than one domain.
    #[error("expected an array of one domain")]
    NotOneDomain,
    /// These facts are missing or wrong; there is at least one.
    #[error("{}", Joined(.0))]
    Facts(Vec<FactError>),
}

/// What is wrong with one fact.
///
/// ```
/// use gmsa_credspec::generate::{DomainFacts, Fact, FactFault, FactsError};
///
/// let printed = "DNSRoot : contoso.com\nForest : contoso.com\nNetBIOSName : CONTOSO\n\
///     ObjectGUID : 244818ae-87ac-4fcd-92ec-e79e5252348a\nDomainSID : S-1-5-21-1-2-3-1104\n";
/// let FactsError::Facts(errors) = printed.parse::<DomainFacts>().unwrap_err() else { panic!("one is wrong") };
/// assert_eq!((errors[0].fact(), errors[0].fault()), (Fact::DomainSid, &FactFault::AccountSid));
/// assert_eq!(errors[0].to_string(), "`DomainSID` is the SID of an account: drop the last part");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{fact}`{fault}")]
pub struct FactError {
    fact: Fact,
    fault: FactFault,
}

impl FactError {
    /// The fact.
    pub fn fact(&self) -> Fact {
        self.fact
    }

    /// What is wrong with it.
    pub fn fault(&self) -> &FactFault {
        &self.fault
    }
}

/// The kind of a [`FactError`], which has an example. `Display` is the end of its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FactFault {
    /// It is not there.
    Missing,
    /// It is there more than once, with different values.
    Ambiguous,
    /// It is not a string.
    WrongType(JsonType),
    /// The console wrapped a value that can have spaces, so that nobody knows whether one was at the break.
    Wrapped,
    /// It is the SID of an account, which is that of the domain and one number more.
    AccountSid,
    /// It is not a value of its kind.
    Invalid(InvalidValue),
}

impl fmt::Display for FactFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str(" is missing"),
            Self::Ambiguous => f.write_str(" is there more than once, with different values"),
            Self::WrongType(found) => write!(f, " is {found} in place of a string"),
            Self::Wrapped => f.write_str(" is wrapped over several lines: print it in a wider window"),
            Self::AccountSid => f.write_str(" is the SID of an account: drop the last part"),
            Self::Invalid(invalid) => write!(f, ": {invalid}"),
        }
    }
}

/// Messages in one line, divided by semicolons.
pub(super) struct Joined<'e, T>(pub(super) &'e [T]);

impl<T: fmt::Display> fmt::Display for Joined<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            write!(f, "{separator}{item}")?;
        }
        Ok(())
    }
}

fn parsed<T: FromStr<Err = InvalidValue>>(
    fact: Fact,
    text: Result<Cow<'_, str>, FactFault>,
    faults: &mut Vec<FactError>,
) -> Option<T> {
    let value = text.and_then(|text| {
        text.parse().map_err(|invalid| match text.parse::<Sid>() {
            Ok(sid) if fact == Fact::DomainSid && sid.domain().is_some() => FactFault::AccountSid,
            _ => FactFault::Invalid(invalid),
        })
    });
    value.map_err(|fault| faults.push(FactError { fact, fault })).ok()
}
