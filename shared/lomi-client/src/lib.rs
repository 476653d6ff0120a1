#![doc = include_str!("../README.md")]

mod amount;
mod call;
pub mod checkout_sessions;
mod client;
mod currency;
mod customer;
mod error;
mod host;
pub mod https;
mod ids;
mod key;
mod me;
mod metadata;
mod open_enum;
mod refusal;
mod retry;
mod row;
pub mod transactions;
mod transport;
pub mod webhook;

pub use amount::{Amount, AmountError};
pub use call::Call;
pub use checkout_sessions::{
    BlockingInvoice, CheckoutSession, CreateCheckoutSession, CreatedCheckoutSession, LineItem, NewCheckoutSession,
    SessionStatus,
};
pub use client::{BuildError, Client, ClientBuilder};
pub use currency::{CurrencyCode, CurrencyCodeError};
pub use customer::CustomerDetails;
pub use error::{Error, ErrorKind, Outcome};
pub use ids::{
    CheckoutSessionId, CustomerId, IdError, IdempotencyKey, IdempotencyKeyError, PaymentLinkId, PlanId, PriceId,
    ProductId, SubscriptionId, TransactionId,
};
pub use key::{Environment, SecretKey, SecretKeyError};
pub use me::Me;
pub use metadata::Metadata;
pub use transactions::{Transaction, TransactionStatus};
