//! The update of a payment link.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;

use crate::Amount;
use crate::check::{first_violation, is_iso_time, is_web_url, json_body};

/// Changes of a payment link; `None` leaves a field unchanged. Since API 1.2.0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UpdatePaymentLink {
    /// Heading of the page, not blank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Text on the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Above zero, in lomi's own unit; instant links only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// Whether it can be opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// End of the link, ISO 8601 with an offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Absolute URL of the return page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_url: Option<String>,
    /// Absolute URL for a shopper who cancels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_url: Option<String>,
    /// Whether the shopper may enter a coupon, and so change the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_coupon_code: Option<bool>,
    /// Whether the shopper may change the quantity, and so the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_quantity: Option<bool>,
    /// Whether the page asks for the shopper's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_name: Option<bool>,
    /// Whether it asks for an e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_email: Option<bool>,
    /// Whether it asks for a phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_phone: Option<bool>,
    /// Whether it asks for a billing address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_billing_address: Option<bool>,
    /// Whether it ends with its first completed payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub single_use: Option<bool>,
    /// Replaces all metadata, where lomi stores any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}

impl UpdatePaymentLink {
    pub(crate) fn to_body(&self) -> Result<Bytes, &'static str> {
        first_violation([
            (self.amount.is_none_or(Amount::is_positive), "amount"),
            (self.title.as_deref().is_none_or(|title| !title.trim().is_empty()), "title"),
            (self.expires_at.as_deref().is_none_or(is_iso_time), "expires_at"),
            (self.success_url.as_deref().is_none_or(is_web_url), "success_url"),
            (self.cancel_url.as_deref().is_none_or(is_web_url), "cancel_url"),
            (*self != Self::default(), "body"),
        ])?;
        json_body(self)
    }
}
