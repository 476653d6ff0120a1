//! The request of a card charge.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

use bytes::Bytes;
use serde::Serialize;

use crate::check::{first_violation, is_absent_or_filled, is_email_shaped, json_body};
use crate::ids::{CustomerId, ProductId, SubscriptionId, is_version_4};
use crate::{Amount, CurrencyCode};

/// A new card charge.
///
/// It has every field of the payment intents document and of the card charge document, under its name there; the two
/// differ only in the three `appearance_*` fields. The same content always gives the same bytes, so a retry with its
/// idempotency key matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreateCardCharge {
    /// Above zero, in lomi's own unit (whole francs for XOF). The newest generation requires at least 1 000 XOF, or
    /// 0.50 USD or EUR.
    pub amount: Amount,
    /// XOF, USD or EUR. Always sent, although optional on the wire (default XOF). The old alias `currency` is not sent.
    pub currency_code: CurrencyCode,
    /// The payer.
    #[serde(flatten)]
    pub buyer: Buyer,
    /// Phone number, E.164 with the leading plus. lomi identifies a customer by phone or e-mail, so a shared phone
    /// merges two shoppers into one customer. Without a phone lomi erases the customer's: send it, or a customer id,
    /// whenever you know one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_phone: Option<String>,
    /// Visible at the card processor and in lomi's logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The merchant's reference at the card processor. lomi never returns it: use `metadata` for what a webhook must
    /// carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_reference: Option<String>,
    /// A product, for the merchant's records only. UUID of version 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// A subscription, for the merchant's records only. UUID of version 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<SubscriptionId>,
    /// Quantity, for the merchant's records only; does not multiply `amount`. 1 when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<NonZeroU32>,
    /// Copied to the transaction and to webhooks: put your order id here. lomi accepts any JSON, but only text stays
    /// unchanged at the card processor. lomi drops keys that start with `stripe_`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Colours of the card form (card charge document only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appearance_theme: Option<AppearanceTheme>,
    /// Corner radius of the card form in CSS pixels (card charge document only).
    #[serde(rename = "appearance_border_radius", skip_serializing_if = "Option::is_none")]
    pub appearance_border_radius_px: Option<u32>,
    /// Whether the card form asks for country and address (card charge document only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appearance_billing_address: Option<BillingAddress>,
}

/// The payer: a customer of the merchant, or a guest, for whom lomi finds or creates a customer. lomi refuses a charge
/// with neither. Personal data: `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Buyer {
    /// An existing customer.
    Customer {
        /// UUID of version 4.
        customer_id: CustomerId,
    },
    /// A guest. If a customer has this e-mail or phone, lomi uses and renames that customer.
    Guest {
        /// `x@y.z` without spaces.
        customer_email: String,
        /// Display name, not blank.
        customer_name: String,
    },
}

impl fmt::Debug for Buyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Customer { .. } => "Customer(..)",
            Self::Guest { .. } => "Guest(..)",
        })
    }
}

/// Colours of the card form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AppearanceTheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// Without shadows.
    Flat,
}

/// Whether the card form asks for country and address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BillingAddress {
    /// When the card needs it.
    Auto,
    /// Not at all.
    Never,
}

impl CreateCardCharge {
    /// A charge with nothing optional.
    pub fn new(amount: Amount, currency_code: CurrencyCode, buyer: Buyer) -> Self {
        Self {
            amount,
            currency_code,
            buyer,
            customer_phone: None,
            description: None,
            payment_reference: None,
            product_id: None,
            subscription_id: None,
            quantity: None,
            metadata: BTreeMap::new(),
            appearance_theme: None,
            appearance_border_radius_px: None,
            appearance_billing_address: None,
        }
    }

    pub(crate) fn to_body(&self) -> Result<Bytes, &'static str> {
        self.check()?;
        json_body(self)
    }

    fn check(&self) -> Result<(), &'static str> {
        self.buyer.check()?;
        first_violation([
            (self.amount.is_positive(), "amount"),
            (is_absent_or_filled(self.customer_phone.as_ref()), "customer_phone"),
            (self.product_id.as_ref().is_none_or(|id| is_version_4(id.as_str())), "product_id"),
            (self.subscription_id.as_ref().is_none_or(|id| is_version_4(id.as_str())), "subscription_id"),
        ])
    }
}

impl Buyer {
    fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Customer { customer_id } => first_violation([(is_version_4(customer_id.as_str()), "customer_id")]),
            Self::Guest { customer_email, customer_name } => first_violation([
                (is_email_shaped(customer_email), "customer_email"),
                (!customer_name.trim().is_empty(), "customer_name"),
            ]),
        }
    }
}
