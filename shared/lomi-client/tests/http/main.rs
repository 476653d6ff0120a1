//! The client over real sockets, against a server that does as scripted.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod bounds;
mod card_charges;
mod customers;
mod lists;
mod payment_links;
mod refunds;
mod retries;
mod shapes;
mod support;
mod webhook_endpoints;
