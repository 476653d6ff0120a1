//! The client over real sockets, against a server that does as scripted.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod bounds;
mod retries;
mod shapes;
mod support;
