use std::borrow::Cow;

use crate::{
    Fault,
    invalid::Flaw,
    text::{check_not_empty, validated_text},
};

/// A security identifier in text form: `S-1-`, an authority, and 1 to 15 subauthorities below 2^32.
///
/// Every identifier has one text: numbers have no leading zeros, and an authority is decimal below 2^32 and
/// `0x` with 12 hexadecimal digits from there on. Those digits are read in either case and kept in lower case.
///
/// Source: [MS-DTYP] 2.4.2.1, "SID String Format Syntax".
///
/// ```
/// use gmsa_types::Sid;
///
/// let sid: Sid = "S-1-5-21-2126449477-2524075714-3094792973-1103".parse()?;
/// let domain = sid.domain().expect("an account of a domain");
/// assert_eq!(domain.as_str(), "S-1-5-21-2126449477-2524075714-3094792973");
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid(String);

impl Sid {
    const WHAT: &'static str = "SID";

    /// The domain of an account's SID, that is, the SID without its last part. `None` unless this is
    /// `S-1-5-21-` with exactly four numbers: three for the domain, one for the account.
    pub fn domain(&self) -> Option<DomainSid> {
        let (domain, _account) = self.0.rsplit_once('-')?;
        DomainSid::try_from(domain).ok()
    }

    fn normal(text: &str) -> Result<Cow<'_, str>, Flaw> {
        check_not_empty(text)?;
        let start = Fault::Rule("it starts with `S-1-`");
        let rest = text.strip_prefix("S-1-").ok_or_else(|| Flaw::at(start, 0))?;
        let mut at = 4;
        let mut subauthorities = 0;
        for (index, part) in rest.split('-').enumerate() {
            match index {
                0 => check_authority(part),
                _ => check_number(part),
            }
            .map_err(|flaw| flaw.after(at))?;
            subauthorities = index;
            at += part.len() + 1;
        }
        if !(1..=15).contains(&subauthorities) {
            return Err(Flaw::new(Fault::Rule("it has 1 to 15 subauthorities")));
        }
        if rest.starts_with("0x") {
            return Ok(Cow::Owned(format!("S-1-{}", rest.to_ascii_lowercase())));
        }
        Ok(Cow::Borrowed(text))
    }
}

validated_text!(Sid);

/// The identifier of a domain: `S-1-5-21-` and three numbers.
///
/// This is what `DomainJoinConfig.Sid` holds. The SID of an account has a fourth number and is refused; see
/// [`Sid::domain`].
///
/// Source: Microsoft, "Troubleshoot gMSAs for Windows containers"; [MS-DTYP] 2.4.2.4.
///
/// ```
/// use gmsa_types::DomainSid;
///
/// assert!(DomainSid::try_from("S-1-5-21-2126449477-2524075714-3094792973").is_ok());
/// assert!(DomainSid::try_from("S-1-5-21-2126449477-2524075714-3094792973-1103").is_err());
/// assert!(DomainSid::try_from("S-1-5-32-544").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainSid(String);

impl DomainSid {
    const WHAT: &'static str = "domain SID";

    fn normal(text: &str) -> Result<Cow<'_, str>, Flaw> {
        Sid::normal(text)?;
        let start = Fault::Rule("it starts with `S-1-5-21-`");
        let numbers = text.strip_prefix("S-1-5-21-").ok_or_else(|| Flaw::at(start, 0))?;
        let rule = match numbers.split('-').count() {
            3 => return Ok(Cow::Borrowed(text)),
            4 => "it has three numbers after `S-1-5-21-`; a fourth makes it the SID of an account",
            _ => "it has three numbers after `S-1-5-21-`",
        };
        Err(Flaw::new(Fault::Rule(rule)))
    }
}

validated_text!(DomainSid);

/// The identifier of a domain is one among others.
impl From<DomainSid> for Sid {
    fn from(domain: DomainSid) -> Self {
        Self(domain.0)
    }
}

fn check_authority(part: &str) -> Result<(), Flaw> {
    let Some(digits) = part.strip_prefix("0x") else {
        return check_number(part);
    };
    let rule = if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        "an authority in hexadecimal has 12 digits"
    } else if digits.starts_with("0000") {
        "an authority below 4294967296 is decimal"
    } else {
        return Ok(());
    };
    Err(Flaw::at(Fault::Rule(rule), 0))
}

fn check_number(part: &str) -> Result<(), Flaw> {
    if let Some((at, c)) = part.char_indices().find(|(_, c)| !c.is_ascii_digit()) {
        return Err(Flaw::at(Fault::Character(c), at));
    }
    let rule = match part {
        "" => "a number is missing",
        "0" => return Ok(()),
        _ if part.starts_with('0') => "its numbers have no leading zero",
        _ if part.parse::<u32>().is_err() => "its numbers are below 4294967296",
        _ => return Ok(()),
    };
    Err(Flaw::at(Fault::Rule(rule), 0))
}
