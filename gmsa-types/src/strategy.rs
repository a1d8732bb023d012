//! Strategies for property tests: names and credential specs, as they should be, nearly so, and made to hurt.
//!
//! A program that reads such values can be tested with all three kinds. What is made here stays valid under the rules
//! of this crate; a new rule changes the values and is no breaking change.
//!
//! ```
//! use gmsa_types::{CredentialSpec, strategy};
//! use proptest::{prelude::*, test_runner::TestRunner};
//!
//! TestRunner::default().run(&strategy::credential_spec(), |spec| {
//!     let text = serde_json::to_string(&spec).expect("a document is JSON");
//!     prop_assert_eq!(serde_json::from_str::<CredentialSpec>(&text).ok(), Some(spec));
//!     Ok(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod document;
pub mod text;

use proptest::prelude::*;

use crate::{
    AccountName, CredentialSpecName, DnsName, DomainSid, Guid, InvalidValue, NetBiosName, ServiceAccountRef,
    Sid,
};

pub use document::{credential_spec, flawed_credential_spec, hostile_document};

/// Names that a credential spec resource can have.
pub fn credential_spec_name() -> impl Strategy<Value = CredentialSpecName<'static>> {
    valid("[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?(\\.[a-z0-9]{1,8}){0,2}")
}

/// Service accounts, each in its namespace.
pub fn service_account() -> impl Strategy<Value = ServiceAccountRef> {
    valid("[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?/[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\\.[a-z0-9]{1,8})?")
}

/// Names of accounts, without `$`; some are longer than a computer's name can be, or not ASCII.
pub fn account_name() -> impl Strategy<Value = AccountName> {
    valid("[A-Za-z0-9_\u{fc}-]([A-Za-z0-9._ \u{fc}-]{0,18}[A-Za-z0-9])?")
}

/// DNS names of domains, in either case.
pub fn dns_name() -> impl Strategy<Value = DnsName> {
    valid("[A-Za-z0-9]{1,12}(\\.[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?){0,3}")
}

/// NetBIOS names of domains.
pub fn netbios_name() -> impl Strategy<Value = NetBiosName> {
    valid("[A-Z0-9a-z_-]{1,15}")
}

/// GUIDs, none of them zero.
pub fn guid() -> impl Strategy<Value = Guid> {
    valid("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
}

/// Security identifiers: of domains, of their accounts, and well-known ones.
pub fn sid() -> impl Strategy<Value = Sid> {
    let account = (domain_sid(), any::<u32>()).prop_map(|(domain, account)| format!("{domain}-{account}"));
    prop_oneof![
        3 => parsed(account.boxed()),
        1 => domain_sid().prop_map(Sid::from),
        1 => valid("S-1-5-32-5[0-9]{2}|S-1-1-0|S-1-5-18|S-1-0x[1-9a-f][0-9a-f]{11}-[1-9]"),
    ]
}

/// Security identifiers of domains.
pub fn domain_sid() -> impl Strategy<Value = DomainSid> {
    let numbers = (any::<u32>(), any::<u32>(), any::<u32>());
    parsed(numbers.prop_map(|(a, b, c)| format!("S-1-5-21-{a}-{b}-{c}")).boxed())
}

fn valid<T>(pattern: &'static str) -> impl Strategy<Value = T>
where
    T: TryFrom<String, Error = InvalidValue> + std::fmt::Debug,
{
    parsed(pattern.boxed())
}

fn parsed<T>(texts: BoxedStrategy<String>) -> impl Strategy<Value = T>
where
    T: TryFrom<String, Error = InvalidValue> + std::fmt::Debug,
{
    texts.prop_filter_map("a text that is not valid", |text| T::try_from(text).ok())
}
