//! The request of a checkout session.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use bytes::Bytes;
use serde::Serialize;

use crate::check::{first_violation, is_absent_or_filled, is_web_url, json_body};
use crate::ids::{CustomerId, PaymentLinkId, PlanId, PriceId, ProductId, SubscriptionId};
use crate::{Amount, CurrencyCode, CustomerDetails};

/// Most metadata keys that are sent. The first generation answers 400 to more than 50; later ones document no limit.
const MAX_METADATA_KEYS: usize = 64;

/// A new checkout session.
///
/// It has every field of every generation: lomi ignores those that it does not know. The same content always gives the
/// same bytes, so a retry with its idempotency key matches.
/// One of `amount`, `product_id`, `price_id`, `plan_id`, `subscription_id` or `line_items` is needed.
///
/// ```
/// use lomi_client::{Amount, CreateCheckoutSession, CurrencyCode};
///
/// let session = CreateCheckoutSession {
///     amount: Amount::from_scaled(25_000, 0),
///     currency_code: Some(CurrencyCode::XOF),
///     ..CreateCheckoutSession::new("https://shop.example/thanks", "https://shop.example/cart")
/// };
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateCheckoutSession {
    /// Absolute URL of the return page. A raw `{CHECKOUT_SESSION_ID}` in it is replaced by lomi; one with
    /// encoded braces may not be. No parameter is added. Required by the first generation.
    pub success_url: String,
    /// Absolute URL for a shopper who cancels, used unchanged. Required by the first generation.
    pub cancel_url: String,
    /// Providers that the page may offer (`WAVE`, `ORANGE`, `MTN`, `STRIPE`, ...). The first generation requires at
    /// least one; later ones ignore the field and offer what the merchant has connected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_providers: Vec<String>,
    /// Above zero, in lomi's own unit (whole francs for XOF). Ignored when a product, price or line items set the
    /// amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// XOF, USD or EUR. Required with `amount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_code: Option<CurrencyCode>,
    /// Heading of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Text on the page. Sent as `public_description` and as `description`, its name since 2026.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_description: Option<String>,
    /// Contact details that pre-fill the page.
    #[serde(flatten)]
    pub customer: CustomerDetails,
    /// An existing customer. With it lomi may answer with an unpaid invoice instead of a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// A product of the merchant; its price sets the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// A price of a product (since 2026).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_id: Option<PriceId>,
    /// Quantity of the product; 1 when not set (since 2026).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<NonZeroU32>,
    /// Whether the shopper may change the quantity, and so the amount; false when not set (since 2026).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_quantity: Option<bool>,
    /// Several prices in one session (since 2026); lomi then ignores product, price, quantity and amount.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub line_items: Vec<LineItem>,
    /// A subscription of the customer. With it lomi may answer with an unpaid invoice instead of a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<SubscriptionId>,
    /// A subscription plan (first generation only; later `price_id`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<PlanId>,
    /// The payment link of the session (since 2026).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_link_id: Option<PaymentLinkId>,
    /// At most 64 keys (50 in the first generation), copied to the transaction and to webhooks: put your order id here.
    /// lomi drops keys that start with `stripe_`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Lifetime in minutes; 30 when not set. Only the first generation reads it; later ones always use 60.
    /// `expires_at` of the answer is the truth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_minutes: Option<NonZeroU32>,
    /// Whether the shopper may enter a coupon, and so change the amount. Always sent, because an early server
    /// defaulted to true.
    pub allow_coupon_code: bool,
    /// Whether the page asks for the shopper's name; true when not set (API 1.2.0). If name, e-mail and phone
    /// are all false, lomi requires `customer_name` or `customer_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_name: Option<bool>,
    /// Whether it asks for an e-mail address; true when not set (API 1.2.0).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_email: Option<bool>,
    /// Whether it asks for a phone number; lomi's documents of API 1.2.0 contradict each other on the default. Mobile
    /// money always asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_phone: Option<bool>,
    /// Whether the page asks for a billing address; false when not set (since 2026).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_billing_address: Option<bool>,
    /// The calling integration, from lomi's list (`system`, `woocommerce`, ...; since 2026). The newest generation
    /// refuses other values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_source: Option<String>,
}

/// One price and its quantity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineItem {
    /// A one-time price of the merchant.
    pub price_id: PriceId,
    /// The quantity.
    pub quantity: NonZeroU32,
}

impl CreateCheckoutSession {
    /// A session with both URLs and no amount yet.
    pub fn new(success_url: impl Into<String>, cancel_url: impl Into<String>) -> Self {
        Self { success_url: success_url.into(), cancel_url: cancel_url.into(), ..Self::default() }
    }

    pub(crate) fn to_body(&self) -> Result<Bytes, &'static str> {
        self.check()?;
        let wire = Wire { session: self, description: self.public_description.as_deref() };
        json_body(&wire)
    }

    fn check(&self) -> Result<(), &'static str> {
        let rules = [
            (is_web_url(&self.success_url), "success_url"),
            (is_web_url(&self.cancel_url), "cancel_url"),
            (self.amount.is_none_or(Amount::is_positive), "amount"),
            (self.amount.is_some() || self.is_priced_by_lomi(), "amount"),
            (self.amount.is_none() || self.currency_code.is_some(), "currency_code"),
            (is_absent_or_filled(self.customer.phone.as_ref()), "customer_phone"),
            (self.metadata.len() <= MAX_METADATA_KEYS, "metadata"),
        ];
        first_violation(rules)
    }

    fn is_priced_by_lomi(&self) -> bool {
        self.product_id.is_some()
            || self.price_id.is_some()
            || self.plan_id.is_some()
            || self.subscription_id.is_some()
            || !self.line_items.is_empty()
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    #[serde(flatten)]
    session: &'a CreateCheckoutSession,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}
