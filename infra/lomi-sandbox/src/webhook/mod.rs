//! Webhooks: events, endpoints, signatures, retries.

pub(crate) mod announce;
mod attempt;
pub(crate) mod endpoints;
pub(crate) mod event;
mod faults;
mod outbox;
pub(crate) mod payload;
mod send;
mod sign;
pub(crate) mod test_send;

pub use attempt::{Answer, Delivery};
pub(crate) use outbox::payload_environment;
pub(crate) use send::Sender;
