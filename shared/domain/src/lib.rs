#![doc = include_str!("../README.md")]

mod attribution;
mod cart;
mod cart_token;
mod catalog;
mod fingerprint;
mod idempotency_key;
mod ids;
mod label;
mod link;
mod metadata;
mod money;
mod order;
mod phone;
mod redirect;
mod timestamp;
mod token_text;
mod typed_amount;

pub use attribution::AttributionCase;
pub use cart::{
    BoughtKind, BoughtLine, CartLine, LomiCart, LomiLine, MAX_CART_LINES, MAX_QUANTITY, OrderLine, PriceError,
    PricedCart,
};
pub use cart_token::{
    CartTokenError, MAX_CART_TOKEN_BYTES, MAX_CART_TOKEN_LIFE_MS, MAX_REFERENCE_CHARS, open_cart_token,
};
pub use catalog::{MAX_DESCRIPTION_CHARS, MAX_TITLE_CHARS, Price, Product, ProductError};
pub use fingerprint::Fingerprint;
pub use idempotency_key::IdempotencyKey;
pub use ids::{AttemptId, CartTokenId, LinkCode, OrderId, OrderToken, QuarantineId, Sku, TokenHash};
pub use label::Label;
pub use link::{LinkPrice, LinkRefusal, LinkSale, LinkStatus, ManagedLink};
pub use metadata::{MAX_METADATA_KEYS, MetadataFault, is_legible, is_reserved_label, kept_labels, metadata_faults};
pub use money::{Currency, MAX_AMOUNT_MINOR, Money};
pub use order::{
    ConfirmedPayment, Discount, Dispute, DisputeNotice, DisputeStage, DisputeStep, DisputeUpdate, Environment,
    MAX_REFUND_REASON_CHARS, MAX_REFUNDS, Mismatch, NewOrder, NewRefund, OpenedPayment, Order, OrderDetails,
    OrderEvent, OrderStatus, OutboxEvent, Payment, PaymentRef, ProviderRefund, Refund, RefundExecution, RefundNotice,
    RefundRefusal, RefundRequest, RefundStatus, RiskUpdate, ShortText, Source, TimelineEntry, TimelineEvent,
    Transition, is_card_rail,
};
pub use phone::PhoneNumber;
pub use redirect::{AllowedUrl, NotAnOrigin, PaymentPageUrl, RedirectError, RedirectPolicy, is_loopback};
pub use timestamp::Timestamp;
pub use token_text::without_order_tokens;
pub use typed_amount::TypedAmountError;
