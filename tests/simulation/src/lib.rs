#![doc = include_str!("../README.md")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a simulation that cannot go on fails its test"
)]

mod answers;
pub mod audit;
mod aws;
mod dynamodb;
mod faults;
mod links;
mod lomi;
mod operations;
mod operator;
mod process;
pub mod requests;
pub mod runs;
pub mod schedule;
mod secrets;
mod shopper;
mod stack;
mod time;
mod trace;
mod watch;
mod webhook;
mod webhook_delivery;
mod wire;

pub use answers::{Answers, Bought, Payable};
pub use dynamodb::{DynamoDb, Meter};
pub use faults::{Fault, Faults, Line};
pub use lomi::Lomi;
pub use process::{Blow, Place};
pub use secrets::{Secrets, Version};
pub use stack::Stack;
pub use time::{Time, in_virtual_time};
pub use trace::Trace;
pub use webhook_delivery::{Mail, Post};
