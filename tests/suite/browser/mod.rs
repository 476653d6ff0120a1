//! The demo shop in a real browser, on a running stack.

mod back_office;
mod card_policy;
mod cards;
mod disputes;
mod driver;
mod links;
mod looks;
mod no_card_form;
mod purchase;
mod second_thoughts;
mod shop;
mod signed_carts;
