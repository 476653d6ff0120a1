//! The demo shop in a real browser, over a running stack.

mod cards;
mod driver;
mod looks;
mod purchase;
mod shop;
