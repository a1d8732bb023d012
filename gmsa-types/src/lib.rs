#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
#[cfg(feature = "arbitrary")]
mod arbitrary;
mod as_written;
#[cfg(feature = "schemars")]
#[cfg_attr(docsrs, doc(cfg(feature = "schemars")))]
pub mod crd;
mod credential_spec;
mod dns;
pub mod finding;
mod guid;
mod invalid;
#[cfg(feature = "schemars")]
mod json_schema;
mod name;
mod netbios;
mod resource;
mod service_account;
mod sid;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;
mod text;

pub use account::AccountName;
pub use as_written::AsWritten;
pub use credential_spec::{
    ActiveDirectoryConfig, CredentialSpec, DomainJoinConfig, GroupManagedServiceAccount, HostAccountConfig,
};
pub use dns::{DnsName, check_dns_1035_label, check_dns_label, check_dns_subdomain};
pub use guid::Guid;
pub use invalid::{Fault, InvalidValue};
pub use name::CredentialSpecName;
pub use netbios::NetBiosName;
pub use resource::{GROUP, GmsaCredentialSpec, KIND, PLURAL, V1, V1ALPHA1, VERB_USE};
pub use service_account::ServiceAccountRef;
pub use sid::{DomainSid, Sid};
