//! The crate as Lambda, AWS and a client see it: every test goes over a socket.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails its test"
)]

mod aws;
mod http;
mod runtime;
mod secrets;
mod start;
mod writable_secret;
