//! The answers about a card charge.

use super::intent_id::PaymentIntentId;
use crate::ids::TransactionId;
use crate::open_enum::open_enum;
use crate::row::{Row, Unusable};
use crate::secret_text::ClientSecret;
use crate::transactions::TransactionStatus;
use crate::{Amount, CurrencyCode};

open_enum! {
    /// Where a charge stands, in the card processor's words. A refused card brings it back to
    /// `requires_payment_method`, and the next one can succeed.
    CardChargeStatus {
        /// Waiting for a card.
        RequiresPaymentMethod = "requires_payment_method",
        /// A card is there and not confirmed.
        RequiresConfirmation = "requires_confirmation",
        /// The shopper's bank wants to see the shopper (3-D Secure).
        RequiresAction = "requires_action",
        /// The processor works on it.
        Processing = "processing",
        /// Authorised, not collected; only charges with a hold.
        RequiresCapture = "requires_capture",
        /// Paid.
        Succeeded = "succeeded",
        /// Cancelled, with one `l` on the wire.
        Canceled = "canceled",
    }
}

/// A charge as lomi knows it. It carries two amounts: compare your order with `original_amount`, never with
/// what the processor collects after conversion.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CardCharge {
    /// Its id (`id`). Webhooks never carry it.
    pub payment_intent_id: PaymentIntentId,
    /// Where it stands.
    pub status: CardChargeStatus,
    /// What the merchant asked for, in lomi's own unit (`original_amount`).
    pub original_amount: Option<Amount>,
    /// The currency of `original_amount` (`original_currency`).
    pub original_currency: Option<CurrencyCode>,
    /// What the card processor collects, in the smallest unit of its own currency: 3811 for 25 000 francs, which
    /// are 38.11 euros (`amount` on the wire).
    pub processor_amount_minor: Option<Amount>,
    /// The currency of `processor_amount_minor`; EUR for a charge in XOF (`currency` on the wire).
    pub processor_currency: Option<CurrencyCode>,
    /// What the card form needs, when the answer repeats it.
    pub client_secret: Option<ClientSecret>,
    /// The transaction behind it: only in a read, and `None` there too when lomi has lost it.
    pub transaction: Option<ChargeTransaction>,
}

/// The transaction that a charge became.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChargeTransaction {
    /// Its id, by which webhooks name the payment.
    pub transaction_id: TransactionId,
    /// Where it stands.
    pub status: Option<TransactionStatus>,
}

/// A fresh charge together with what the card form needs to confirm it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewCardCharge {
    /// For the shopper's browser and nobody else.
    pub client_secret: ClientSecret,
    /// How the form should look, when the request said so.
    pub appearance: Option<Appearance>,
    /// The charge.
    pub charge: CardCharge,
}

/// How the card form should look, as lomi understood it.
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

impl CardCharge {
    pub(crate) fn decode(text: &str) -> Result<Self, Unusable> {
        Self::read(&Row::enveloped(text).ok_or(Unusable("body"))?)
    }

    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let status = row.text(&["status"]).ok_or(Unusable("status"))?;
        Ok(Self {
            payment_intent_id: row.id(&["id", "payment_intent_id"]).ok_or(Unusable("id"))?,
            status: CardChargeStatus::from_wire(status),
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
        let status = row.text(&["status"]).map(TransactionStatus::from_wire);
        Some(Self { transaction_id: row.id(&["transaction_id", "id"])?, status })
    }
}

impl NewCardCharge {
    pub(crate) fn decode(text: &str) -> Result<Self, Unusable> {
        let row = Row::enveloped(text).ok_or(Unusable("body"))?;
        let charge = CardCharge::read(&row)?;
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
