//! The webhook as an API server meets it: through TLS, with an API server behind it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]
#![allow(unreachable_pub, reason = "modules of one program")]

mod attacks;
mod certificates;
mod client;
#[path = "../../../../gmsa-admission/tests/admission/recorded.rs"]
mod recorded;
mod scene;
mod stand_in;

mod access;
mod answers;
mod causes;
mod hostile;
mod live;
mod program;
mod tls;
mod troubles;
mod watch;
