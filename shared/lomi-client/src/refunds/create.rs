//! The request of a refund.

use bytes::Bytes;
use serde::Serialize;

use super::ConfirmationToken;
use crate::Amount;
use crate::check::first_broken;
use crate::ids::TransactionId;

/// How much of which payment to give back. lomi may take a fee for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreateRefund {
    /// The payment; it has to be completed.
    pub transaction_id: TransactionId,
    /// What to give back, above zero and at most what is left of the payment, in its currency and lomi's own
    /// unit. A partial refund through Wave needs the customer's phone.
    pub amount: Amount,
    /// Why, for the merchant's records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether all of it; lomi tells by the amount when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_type: Option<RefundType>,
    /// What becomes of the subscription that was paid, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_action: Option<SubscriptionAction>,
    /// The token of the preview of this very refund; without one lomi (API 1.2.0) only shows what it would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation_token: Option<ConfirmationToken>,
}

/// Whether all of a payment is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RefundType {
    /// All of it.
    Full,
    /// A part of it.
    Partial,
}

/// What becomes of a subscription whose payment is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionAction {
    /// lomi decides.
    Default,
    /// It ends.
    Cancel,
    /// It stops for now.
    Pause,
    /// Nothing.
    None,
}

impl CreateRefund {
    /// A refund with nothing optional.
    pub fn new(transaction_id: TransactionId, amount: Amount) -> Self {
        Self {
            transaction_id,
            amount,
            reason: None,
            refund_type: None,
            subscription_action: None,
            confirmation_token: None,
        }
    }

    /// The same refund, to be executed.
    #[must_use]
    pub fn confirmed_by(&self, token: ConfirmationToken) -> Self {
        Self { confirmation_token: Some(token), ..self.clone() }
    }

    /// The body as it is sent, to the byte; `None` when it cannot be sent. It may hold a token: keep it out of logs.
    pub fn to_json(&self) -> Option<String> {
        String::from_utf8(self.to_body().ok()?.to_vec()).ok()
    }

    pub(crate) fn to_body(&self) -> Result<Bytes, &'static str> {
        first_broken([(self.amount.is_positive(), "amount")])?;
        serde_json::to_vec(self).map(Bytes::from).map_err(|_| "body")
    }
}
