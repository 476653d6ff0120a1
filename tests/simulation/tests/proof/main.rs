//! Proofs by enumeration: every crash point, every order of events, and a blackout. Nothing here is drawn by lot but how
//! long an exchange takes, and that by a fixed seed.
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
