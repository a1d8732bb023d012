//! The parts of the webhook program, so that its tests can run it in their own process.
//!
//! A connection is accepted by `server`, served by `connection`, its requests are answered by `routes`; a review goes
//! from there through `body` and `review`, which asks `lookups`. The decision itself is the business of
//! gmsa-admission.

mod body;
mod cache;
mod certificate;
mod connection;
mod deadline;
mod endpoint;
mod expiry;
mod failure;
mod go;
mod health;
mod lifecycle;
mod log;
mod lookups;
mod metrics;
mod permissions;
mod permitted;
mod rate;
mod reload;
mod review;
mod routes;
mod server;
mod settings;
mod watch;
mod webhook;

pub use certificate::CertificateError;
pub use log::{log_panics, start as start_log};
pub use settings::{AccessMode, LogFormat, NoSettings, Settings};
pub use webhook::{Listeners, Webhook, connect};
