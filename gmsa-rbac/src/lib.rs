#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod aggregation;
mod answer;
#[cfg(feature = "arbitrary")]
mod arbitrary;
pub mod audit;
mod bindings;
pub mod build;
mod change;
mod evaluate;
mod explain;
mod minimize;
mod near_miss;
mod nearest;
mod object;
mod permitting;
mod proposal;
mod question;
mod quote;
mod rbac;
mod rbac_name;
mod rbac_object;
mod references;
mod review;
mod rule;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;
mod subject;
#[cfg(any(feature = "proptest", feature = "arbitrary"))]
mod vocabulary;
mod who;

pub use answer::{Answer, Grant, MissingRole, Refusal};
pub use change::{Change, Fix};
pub use minimize::{LeftOut, MinimalGrants, minimize};
pub use near_miss::{NearMiss, NearMissKind};
pub use object::{BindingRef, RoleRef, Subject};
pub use proposal::ProposedGrant;
pub use question::AccessQuestion;
pub use rbac::Rbac;
pub use rbac_name::{InvalidRbacName, RbacName, check_rbac_name};
pub use rbac_object::RbacObject;
pub use review::NotAnAccessQuestion;
pub use rule::{RuleDifference, permits_use};
pub use subject::SubjectDifference;
pub use who::{Holder, Pods};
