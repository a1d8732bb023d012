use std::borrow::Cow;

use crate::{Fault, InvalidValue, text::validated_text};

/// A security identifier in text form: `S-1-`, an authority, and up to 15 subauthorities below 2^32.
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

    fn normal(text: &str) -> Result<Cow<'_, str>, InvalidValue> {
        if text.is_empty() {
            return Err(InvalidValue::new(Self::WHAT, Fault::Empty));
        }
        let start = Fault::Rule("it starts with `S-1-`");
        let rest = text.strip_prefix("S-1-").ok_or_else(|| InvalidValue::at_byte(Self::WHAT, start, 0))?;
        let mut at = 4;
        let mut count = 0;
        for (index, part) in rest.split('-').enumerate() {
            match index {
                0 => check_authority(part, at)?,
                _ => check_subauthority(part, at)?,
            }
            count = index;
            at += part.len() + 1;
        }
        if !(1..=15).contains(&count) {
            return Err(InvalidValue::new(Self::WHAT, Fault::Rule("it has 1 to 15 subauthorities")));
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

    fn normal(text: &str) -> Result<Cow<'_, str>, InvalidValue> {
        Sid::normal(text)?;
        let error = |rule| InvalidValue::new(Self::WHAT, Fault::Rule(rule));
        let numbers = text.strip_prefix("S-1-5-21-").ok_or_else(|| error("it starts with `S-1-5-21-`"))?;
        match numbers.split('-').count() {
            3 => Ok(Cow::Borrowed(text)),
            4 => {
                Err(error("it has three numbers after `S-1-5-21-`; a fourth makes it the SID of an account"))
            }
            _ => Err(error("it has three numbers after `S-1-5-21-`")),
        }
    }
}

validated_text!(DomainSid);

impl From<DomainSid> for Sid {
    fn from(domain: DomainSid) -> Self {
        Self(domain.0)
    }
}

fn check_authority(part: &str, at: usize) -> Result<(), InvalidValue> {
    match part.strip_prefix("0x") {
        Some(hex) if hex.len() == 12 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => Ok(()),
        Some(_) => {
            let rule = "an authority in hexadecimal has 12 digits";
            Err(InvalidValue::at_byte(Sid::WHAT, Fault::Rule(rule), at))
        }
        // 48 bits, of which the decimal form holds those below 2^32.
        None => check_subauthority(part, at),
    }
}

fn check_subauthority(part: &str, at: usize) -> Result<(), InvalidValue> {
    if let Some((offset, c)) = part.char_indices().find(|(_, c)| !c.is_ascii_digit()) {
        return Err(InvalidValue::at_byte(Sid::WHAT, Fault::Character(c), at + offset));
    }
    let rule = match part {
        "" => "a number is missing",
        "0" => return Ok(()),
        _ if part.starts_with('0') => "its numbers have no leading zero",
        _ if part.parse::<u32>().is_err() => "its numbers are below 4294967296",
        _ => return Ok(()),
    };
    Err(InvalidValue::at_byte(Sid::WHAT, Fault::Rule(rule), at))
}
