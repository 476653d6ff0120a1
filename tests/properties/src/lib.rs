#![doc = include_str!("../README.md")]

mod bytes;
mod cart_token;
mod create;
mod money;
mod redirect;
mod webhook;

// The body of `create-payment-intent` refers to this module by its path in that function.
#[path = "../../../functions/create-payment-intent/src/appearance.rs"]
mod appearance;

pub use cart_token::cart_token;
pub use create::create;
pub use money::money;
pub use redirect::redirect;
pub use webhook::webhook;

/// A property of arbitrary bytes; it panics where it does not hold.
pub type Property = fn(&[u8]);

/// Every property, under the name of its seeds and its fuzz target.
pub const ALL: [(&str, Property); 5] =
    [("cart_token", cart_token), ("create", create), ("money", money), ("redirect", redirect), ("webhook", webhook)];
