#![doc = include_str!("../README.md")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and so does what serves it"
)]

mod app;
pub mod audit;
mod audit_links;
pub mod calls;
mod card;
pub mod cart_token;
pub mod chaos;
pub mod costs;
mod customers;
mod delivery;
mod endpoint;
pub mod functions;
mod gate;
mod http;
mod link;
mod lomi;
mod meter;
mod operations;
pub mod pipe;
mod record;
mod refund;
mod shop;
mod table;
mod wait;

pub use app::{FUNCTIONS, Setup, TestApp};
pub use card::CardOrder;
pub use delivery::Event;
pub use gate::Gate;
pub use http::{Answer, Http};
pub use link::Led;
pub use lomi::Lomi;
pub use meter::{Consumed, Meter};
pub use shop::{Created, EMAIL, NAME, PHONE};
pub use table::Table;
pub use wait::eventually;
