//! Proofs by enumeration: every crash point, every order of events, and a blackout. The only random values are the
//! durations of exchanges, from a fixed seed.
#![recursion_limit = "256"]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod auditor;
mod blackout;
mod carts;
mod counts;
mod crash_points;
mod exhaustive;
mod late_money;
mod native_links;
mod orders;
mod stage;
