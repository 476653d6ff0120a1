//! The demo shop in a real browser, over a running stack.

mod driver;
mod links;
mod looks;
mod purchase;
mod shop;
