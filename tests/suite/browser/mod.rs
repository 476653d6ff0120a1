//! The demo shop in a real browser, over a running stack.

mod back_office;
mod cards;
mod driver;
mod links;
mod looks;
mod purchase;
mod shop;
