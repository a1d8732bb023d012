#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod canonical;
mod compare;
pub mod convert;
pub mod diagnose;
pub mod diff;
mod document;
pub mod generate;
mod json;
pub mod lint;
mod number;
mod pointer;
mod position;
mod read_error;
pub mod source;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;

pub use canonical::CanonicalContents;
pub use compare::{Comparison, DIFFERENCE_LIMIT, Difference, DifferenceKind, Side, compare};
pub use document::read;
pub use json::{DEPTH_LIMIT, JsonType};
pub use pointer::JsonPointer;
pub use read_error::{Expected, ReadError, ReadErrorKind};
