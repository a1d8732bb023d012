//! Every value is built from what the fuzzer gives, not searched for, so that each of its bytes matters.

use ::arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::{Value, json};

use crate::{
    AccountName, ActiveDirectoryConfig, AsWritten, CredentialSpec, CredentialSpecName, DnsName,
    DomainJoinConfig, DomainSid, GroupManagedServiceAccount, Guid, HostAccountConfig, InvalidValue,
    NetBiosName, ServiceAccountRef, Sid,
};

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const MIXED: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/// A valid name of up to 15 characters and a dot.
impl<'a> Arbitrary<'a> for CredentialSpecName<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let labels = [word(u, LOWER, 12)?, word(u, LOWER, 3)?];
        valid(if u.arbitrary()? { labels.join(".") } else { labels.concat() })
    }
}

/// A namespace and a name of up to 8 characters each.
impl<'a> Arbitrary<'a> for ServiceAccountRef {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        valid(format!("{}/{}", word(u, LOWER, 8)?, word(u, LOWER, 8)?))
    }
}

/// A valid name of ASCII letters, digits and `_`.
impl<'a> Arbitrary<'a> for AccountName {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        valid(word(u, MIXED, 20)?)
    }
}

/// A valid name of two labels, in lower case.
impl<'a> Arbitrary<'a> for DnsName {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        valid(format!("{}.{}", word(u, LOWER, 12)?, word(u, LOWER, 3)?))
    }
}

/// A valid name of ASCII letters, digits and `_`.
impl<'a> Arbitrary<'a> for NetBiosName {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        valid(word(u, MIXED, 15)?)
    }
}

/// Any GUID but the nil one.
impl<'a> Arbitrary<'a> for Guid {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        // The GUID that is zero is not valid.
        let digits = u.arbitrary::<u128>()?.max(1);
        valid(format!("{digits:032x}"))
    }
}

/// Any domain: three numbers below 2^32.
impl<'a> Arbitrary<'a> for DomainSid {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let [a, b, c] = u.arbitrary::<[u32; 3]>()?;
        valid(format!("S-1-5-21-{a}-{b}-{c}"))
    }
}

/// An authority below 2^32 and 1 to 15 numbers; few are those of a domain or an account.
impl<'a> Arbitrary<'a> for Sid {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut text = format!("S-1-{}", u.arbitrary::<u32>()?);
        for _ in 0..u.int_in_range(1..=15)? {
            text += &format!("-{}", u.arbitrary::<u32>()?);
        }
        valid(text)
    }
}

/// A value of the type that the format asks for, or of another.
impl<'a, T: Arbitrary<'a>> Arbitrary<'a> for AsWritten<T> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.ratio(1, 16)? {
            true => Self::Other(u.choose(&[Value::Null, json!(1), json!(false)])?.clone()),
            false => Self::Expected(u.arbitrary()?),
        })
    }
}

macro_rules! arbitrary_object {
    ($name:ident { $($field:ident: $of:path),* $(,)? }) => {
        /// Each key there or not, with values that may be wrong, and now and then a key that the format does not
        /// know.
        impl<'a> Arbitrary<'a> for $name {
            fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
                let mut object = Self::default();
                $(if u.ratio(7, 8)? {
                    object.$field = Some($of(u)?);
                })*
                if u.ratio(1, 8)? {
                    // In upper case, so that it is no key of the format.
                    object.unknown.insert(word(u, MIXED, 8)?.to_ascii_uppercase(), json!(u.arbitrary::<i64>()?));
                }
                Ok(object)
            }
        }
    };
}

arbitrary_object!(CredentialSpec {
    cms_plugins: AsWritten::arbitrary,
    domain_join_config: AsWritten::arbitrary,
    active_directory_config: AsWritten::arbitrary,
});

arbitrary_object!(DomainJoinConfig {
    sid: text::<DomainSid>,
    machine_account_name: text::<AccountName>,
    guid: text::<Guid>,
    dns_tree_name: text::<DnsName>,
    dns_name: text::<DnsName>,
    net_bios_name: text::<NetBiosName>,
});

arbitrary_object!(ActiveDirectoryConfig {
    group_managed_service_accounts: AsWritten::arbitrary,
    host_account_config: AsWritten::arbitrary,
});

arbitrary_object!(GroupManagedServiceAccount { name: text::<AccountName>, scope: text::<DnsName> });

arbitrary_object!(HostAccountConfig {
    portable_ccg_version: AsWritten::arbitrary,
    plugin_guid: text::<Guid>,
    plugin_input: AsWritten::arbitrary,
});

/// A text that is valid as a `T`, or any other, or no text.
fn text<'a, T: Arbitrary<'a> + AsRef<str>>(u: &mut Unstructured<'a>) -> Result<AsWritten<String>> {
    match u.ratio(3, 4)? {
        true => Ok(T::arbitrary(u)?.as_ref().into()),
        false => u.arbitrary(),
    }
}

fn word(u: &mut Unstructured<'_>, alphabet: &[u8], longest: usize) -> Result<String> {
    let length = u.int_in_range(1..=longest)?;
    (0..length).map(|_| u.choose(alphabet).copied().map(char::from)).collect()
}

fn valid<T: TryFrom<String, Error = InvalidValue>>(text: String) -> Result<T> {
    T::try_from(text).map_err(|_| ::arbitrary::Error::IncorrectFormat)
}
