#![doc = include_str!("../README.md")]

mod bytes;
mod cart_token;
mod create;
mod money;
mod redirect;
mod webhook;

// `create-payment-intent`'s body names this module by its place in that function.
#[path = "../../../functions/create-payment-intent/src/appearance.rs"]
mod appearance;

pub use cart_token::cart_token;
pub use create::create;
pub use money::money;
pub use redirect::redirect;
pub use webhook::webhook;

/// A property of any bytes. Panics where it does not hold.
pub type Property = fn(&[u8]);

/// Every property, by the name of its seeds and of its fuzz target.
pub const ALL: [(&str, Property); 5] =
    [("cart_token", cart_token), ("create", create), ("money", money), ("redirect", redirect), ("webhook", webhook)];
