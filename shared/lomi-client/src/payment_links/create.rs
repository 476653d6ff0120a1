//! The request of a payment link.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;

use crate::check::{first_violation, is_iso_time, is_web_url, json_body};
use crate::ids::{PriceId, ProductId};
use crate::{Amount, CurrencyCode};

/// A new payment link, with every field of lomi's document under its name there.
///
/// The client checks the document's rules before the call, because some generations answer 500 to a violation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreatePaymentLink {
    /// A product or an amount.
    #[serde(flatten)]
    pub target: LinkTarget,
    /// Heading of the page, not blank.
    pub title: String,
    /// XOF, USD or EUR.
    pub currency_code: CurrencyCode,
    /// Text on the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the shopper may enter a coupon, and so change the amount; false when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_coupon_code: Option<bool>,
    /// Whether the shopper may change the quantity, and so the amount; false when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_quantity: Option<bool>,
    /// Whether the page asks for the shopper's name; true when not set (API 1.2.0).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_name: Option<bool>,
    /// Whether it asks for an e-mail address; true when not set (API 1.2.0).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_email: Option<bool>,
    /// Whether it asks for a phone number; lomi's documents of API 1.2.0 contradict each other on the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_phone: Option<bool>,
    /// Whether the page asks for a billing address. The default is **true** before 1.2.0 and false
    /// since: set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_billing_address: Option<bool>,
    /// Whether the link ends with its first completed payment (API 1.2.0; older generations ignore it). Two pages
    /// that were opened before may both be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub single_use: Option<bool>,
    /// End of the link, ISO 8601 with an offset (`2026-06-20T09:00:00Z`). No end when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Absolute URL of the return page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_url: Option<String>,
    /// Absolute URL for a shopper who cancels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_url: Option<String>,
    /// The server of June 2026 accepts and drops it, so it reaches neither the session nor a webhook; API 1.2.0
    /// documents it in answers. Find the payments of a link by the link's id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// What a link sells (`link_type`): a product with lomi's price, or an amount. Never both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "link_type", rename_all = "lowercase")]
pub enum LinkTarget {
    /// A product; its price row sets the amount.
    Product {
        /// A product of the merchant.
        product_id: ProductId,
        /// One of its prices, when it has several.
        #[serde(skip_serializing_if = "Option::is_none")]
        price_id: Option<PriceId>,
    },
    /// An amount.
    Instant {
        /// Above zero, in lomi's own unit (whole francs for XOF).
        amount: Amount,
    },
}

impl CreatePaymentLink {
    /// A link with nothing optional.
    pub fn new(target: LinkTarget, title: impl Into<String>, currency_code: CurrencyCode) -> Self {
        Self {
            target,
            title: title.into(),
            currency_code,
            description: None,
            allow_coupon_code: None,
            allow_quantity: None,
            require_name: None,
            require_email: None,
            require_phone: None,
            require_billing_address: None,
            single_use: None,
            expires_at: None,
            success_url: None,
            cancel_url: None,
            metadata: BTreeMap::new(),
        }
    }

    pub(crate) fn to_body(&self) -> Result<Bytes, &'static str> {
        self.check()?;
        json_body(self)
    }

    fn check(&self) -> Result<(), &'static str> {
        let has_amount = match &self.target {
            LinkTarget::Product { .. } => true,
            LinkTarget::Instant { amount } => amount.is_positive(),
        };
        first_violation([
            (has_amount, "amount"),
            (!self.title.trim().is_empty(), "title"),
            (self.expires_at.as_deref().is_none_or(is_iso_time), "expires_at"),
            (self.success_url.as_deref().is_none_or(is_web_url), "success_url"),
            (self.cancel_url.as_deref().is_none_or(is_web_url), "cancel_url"),
        ])
    }
}
