//! The parts of the webhook program, so that its tests can run it in their own process.
//!
//! A connection is accepted by `server`, which gets it a place from `connections`, and served by `connection`; its requests
//! are answered by `routes`. A review goes from there through `body` and `review`, which asks `lookups`, and leaves to
//! `worker` what takes long. `memory` is counted all the way. The decision itself is the business of gmsa-admission.

mod activity;
mod body;
mod cache;
mod certificate;
mod connection;
mod connections;
mod deadline;
mod endpoint;
mod expiry;
mod failure;
mod go;
mod handshake;
mod health;
mod lifecycle;
mod log;
mod lookups;
mod memory;
mod metrics;
mod permissions;
mod permitted;
mod rate;
mod reload;
mod review;
mod routes;
mod server;
mod settings;
mod turns;
mod watch;
mod webhook;
mod worker;

pub use certificate::CertificateError;
pub use log::{log_panics, start as start_log};
pub use settings::{AccessMode, LogFormat, NoSettings, Settings};
pub use webhook::{Listeners, Webhook, connect};
