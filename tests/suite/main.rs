//! Every test of the whole stack. Each name is a sentence that holds.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod acceptance;
mod audit;
mod browser;
mod cloudformation;
mod conformance;
mod contract;
mod faults;
mod infrastructure;
mod security;
