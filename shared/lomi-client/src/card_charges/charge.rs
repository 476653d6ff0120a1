//! The answers about a card charge.

use strum::{AsRefStr, EnumString};

use super::intent_id::PaymentIntentId;
use crate::ids::TransactionId;
use crate::open_enum::as_str;
use crate::row::{Resource, Row, Unusable};
use crate::secret_text::ClientSecret;
use crate::transactions::TransactionStatus;
use crate::{Amount, CurrencyCode};

/// The card processor's status of a charge. After a refused card it is `requires_payment_method` again, and another
/// card can succeed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsRefStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum CardChargeStatus {
    /// Waiting for a card.
    RequiresPaymentMethod,
    /// The shopper entered a card and has not confirmed.
    RequiresConfirmation,
    /// The shopper's bank requires authentication (3-D Secure).
    RequiresAction,
    /// In progress at the processor.
    Processing,
    /// Authorised, not captured; only charges with a hold.
    RequiresCapture,
    /// Paid.
    Succeeded,
    /// Cancelled.
    Canceled,
    /// Any other, as sent.
    #[strum(default, transparent)]
    Other(String),
}

as_str!(CardChargeStatus);

/// A card charge. It has two amounts: compare your order with `original_amount`, never with the processor's converted
/// amount.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CardCharge {
    /// Its id (`id`). Webhooks never carry it.
    pub payment_intent_id: PaymentIntentId,
    /// Its status.
    pub status: CardChargeStatus,
    /// The merchant's amount, in lomi's own unit (`original_amount`).
    pub original_amount: Option<Amount>,
    /// The currency of `original_amount` (`original_currency`).
    pub original_currency: Option<CurrencyCode>,
    /// The amount that the card processor collects, in the minor unit of its currency: 3811 for 25 000 francs, which
    /// are 38.11 euros (`amount` on the wire).
    pub processor_amount_minor: Option<Amount>,
    /// The currency of `processor_amount_minor`; EUR for a charge in XOF (`currency` on the wire).
    pub processor_currency: Option<CurrencyCode>,
    /// The client secret, when the answer repeats it.
    pub client_secret: Option<ClientSecret>,
    /// Its transaction: only in a read, and even there `None` when lomi cannot find it.
    pub transaction: Option<ChargeTransaction>,
}

/// The transaction of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChargeTransaction {
    /// Its id, which webhooks carry.
    pub transaction_id: TransactionId,
    /// Its status.
    pub status: Option<TransactionStatus>,
}

/// A new charge with the client secret that confirms it in the card form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewCardCharge {
    /// For this shopper's browser only.
    pub client_secret: ClientSecret,
    /// The look of the card form, if the request set it.
    pub appearance: Option<Appearance>,
    /// The charge.
    pub charge: CardCharge,
}

/// The look of the card form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Appearance {
    /// `light`, `dark` or `flat`.
    pub theme: Option<String>,
    /// Corner radius in CSS pixels (`border_radius`).
    pub border_radius_px: Option<u32>,
    /// `auto` or `never`.
    pub billing_address: Option<String>,
}

impl Resource for CardCharge {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        Ok(Self {
            payment_intent_id: row.required(&["id", "payment_intent_id"])?,
            status: row.required(&["status"])?,
            original_amount: row.amount(&["original_amount"])?,
            original_currency: row.currency(&["original_currency"])?,
            processor_amount_minor: row.amount(&["amount"])?,
            processor_currency: row.currency(&["currency"])?,
            client_secret: row.text(&["client_secret"]).map(ClientSecret::new),
            transaction: row.row("transaction").as_ref().and_then(ChargeTransaction::read),
        })
    }
}

impl ChargeTransaction {
    fn read(row: &Row<'_>) -> Option<Self> {
        Some(Self { transaction_id: row.parsed(&["transaction_id", "id"])?, status: row.parsed(&["status"]) })
    }
}

impl Resource for CardChargeStatus {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        row.required(&["status"])
    }
}

impl Resource for NewCardCharge {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let charge = CardCharge::read(row)?;
        Ok(Self {
            client_secret: charge.client_secret.clone().ok_or(Unusable("client_secret"))?,
            appearance: row.row("appearance").as_ref().map(Appearance::read),
            charge,
        })
    }
}

impl Appearance {
    fn read(row: &Row<'_>) -> Self {
        Self {
            theme: row.text(&["theme"]),
            border_radius_px: row.number("border_radius"),
            billing_address: row.text(&["billing_address"]),
        }
    }
}
