#![doc = include_str!("../README.md")]

mod cart;
mod cart_token;
mod catalog;
mod fingerprint;
mod idempotency_key;
mod ids;
mod link;
mod money;
mod order;
mod question;
mod redirect;
mod timestamp;

pub use cart::{CartLine, LomiCart, LomiLine, MAX_CART_LINES, MAX_QUANTITY, OrderLine, PriceError, PricedCart};
pub use cart_token::{CartTokenError, MAX_CART_TOKEN_BYTES, MAX_CART_TOKEN_LIFE_MS, open_cart_token};
pub use catalog::{MAX_DESCRIPTION_CHARS, MAX_TITLE_CHARS, Price, Product, ProductError};
pub use fingerprint::Fingerprint;
pub use idempotency_key::IdempotencyKey;
pub use ids::{AttemptId, CartTokenId, LinkCode, OrderId, OrderToken, QuarantineId, Sku, TokenHash};
pub use link::{LinkPrice, LinkRefusal, LinkSale, LinkStatus, ManagedLink};
pub use money::{Currency, MAX_AMOUNT_MINOR, Money};
pub use order::{
    Environment, Fact, Happened, MAX_REFUND_REASON_CHARS, MAX_REFUNDS, Mismatch, NewOrder, NewRefund, OpenedPayable,
    Order, OrderStatus, Origin, OutboxEvent, PayableId, Payment, Refund, RefundNotice, RefundRefusal, RefundRequest,
    RefundStatus, SettledPayment, SettledRefund, Source, TimelineEntry, Verdict,
};
pub use question::Question;
pub use redirect::{AllowedUrl, NotAnOrigin, PaymentPageUrl, RedirectError, RedirectPolicy, is_loopback};
pub use timestamp::Timestamp;
