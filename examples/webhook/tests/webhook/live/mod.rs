//! The webhook in a real cluster, which `GMSA_TEST_KUBECONFIG` names; without it, each test says that it is skipped.
//!
//! The cluster needs no node: what counts is what the API server and its controllers do.

#[allow(dead_code, reason = "what the load program needs and a test does not")]
mod api;
#[allow(dead_code, reason = "what the load program needs and a test does not")]
mod installation;
mod kubectl;
mod tenant;
mod world;

mod places;
mod plain;
#[cfg(unix)]
mod remedies;
mod restart;
mod rotation;
mod stall;
mod upstream;
mod verbs;
