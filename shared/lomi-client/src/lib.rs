#![doc = include_str!("../README.md")]

mod amount;
mod call;
pub mod card_charges;
mod check;
pub mod checkout_sessions;
mod client;
mod currency;
mod customer;
pub mod customers;
pub mod delivery_logs;
mod error;
#[doc = include_str!("../FIELDS.md")]
pub mod fields {}
mod host;
pub mod https;
mod ids;
mod key;
mod listing;
mod me;
mod metadata;
mod older;
mod opaque_debug;
mod open_enum;
mod paging;
pub mod payment_links;
pub mod providers;
pub mod refunds;
mod refusal;
mod retry;
mod row;
mod secret_text;
pub mod transactions;
mod transport;
pub mod webhook;
pub mod webhook_endpoints;
mod wire;

pub use amount::{Amount, AmountError};
pub use call::Call;
pub use card_charges::{
    Appearance, AppearanceTheme, BillingAddress, Buyer, CardCharge, CardChargeStatus, CardRoutes, ChargeTransaction,
    CreateCardCharge, NewCardCharge, PaymentIntentId, PaymentIntentIdError,
};
pub use checkout_sessions::{
    BlockingInvoice, CheckoutSession, CreateCheckoutSession, CreatedCheckoutSession, LineItem, NewCheckoutSession,
    SessionStatus,
};
pub use client::{BuildError, Client, ClientBuilder};
pub use currency::{CurrencyCode, CurrencyCodeError};
pub use customer::CustomerDetails;
pub use customers::{
    CreateCustomer, Customer, CustomerActivity, CustomerPage, CustomerProfile, CustomerText, CustomerTransaction,
    CustomerType, UpdateCustomer,
};
pub use delivery_logs::{DeliveryLog, Replay};
pub use error::{Error, ErrorKind, Outcome};
pub use ids::{
    CheckoutSessionId, CustomerId, DeliveryLogId, IdError, IdempotencyKey, IdempotencyKeyError, PaymentLinkId, PlanId,
    PriceId, ProductId, RefundId, SubscriptionId, TransactionId, WebhookEndpointId,
};
pub use key::{Environment, SecretKey, SecretKeyError};
pub use listing::{ListPage, Listing};
pub use me::Me;
pub use metadata::Metadata;
pub use paging::ListPlace;
pub use payment_links::{CreatePaymentLink, LinkTarget, LinkType, PaymentLink, UpdatePaymentLink};
pub use providers::Provider;
pub use refunds::{
    ConfirmationToken, CreateRefund, Refund, RefundAnswer, RefundPreview, RefundStatus, RefundType, SubscriptionAction,
};
pub use secret_text::{ClientSecret, IssuedWebhookSecret};
pub use transactions::{Transaction, TransactionStatus};
pub use webhook_endpoints::{CreateWebhookEndpoint, NewWebhookEndpoint, UpdateWebhookEndpoint, WebhookEndpoint};
pub use wire::{Wire, WireError};
