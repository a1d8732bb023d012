#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod admission_policy;
pub mod api_server;
#[cfg(feature = "arbitrary")]
mod arbitrary;
mod audit;
mod cel;
mod check;
mod computer_name;
pub mod configuration;
mod denial;
mod facts;
mod fault;
mod hostname;
pub mod index;
pub mod install;
#[cfg(feature = "kube")]
mod kube;
pub mod lint;
pub mod mutate;
mod patch;
mod pem;
mod place;
mod policy;
mod read;
pub mod remedy;
mod request;
mod requester;
mod response;
mod review_error;
#[cfg(any(feature = "proptest", feature = "arbitrary"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "proptest", feature = "arbitrary"))))]
pub mod samples;
mod shown;
pub mod simulate;
mod snapshot;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;
pub mod template;
mod unknown_place;
pub mod validate;
mod warning;
pub mod workload;

pub use denial::{Cause, CauseReason, Denial, StatusReason};
pub use facts::{AccessAnswer, CredSpecAnswer, Facts, Needs};
pub use mutate::{Mutation, mutate};
pub use patch::{Patch, PatchError, PatchOperation};
pub use place::{ContainerList, Place};
pub use policy::Policy;
pub use request::{GmsaFields, Operation, Pod, Request};
pub use requester::Requester;
pub use response::Response;
pub use review_error::{ReviewError, ReviewVersion};
pub use snapshot::{Snapshot, SnapshotError};
pub use template::{TemplateRequest, TemplateReview, check_template};
pub use validate::{Validation, validate};
