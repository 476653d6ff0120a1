//! The same promises while something fails.

mod card_forms;
mod crashes;
mod health;
mod kills;
mod links;
mod lost_events;
mod operations;
mod provider;
mod refund_rows;
mod refunds;
mod refusals;
mod roles;
mod secrets;
mod store;
mod unexplained;
mod webhook_endpoint;
mod wires;
