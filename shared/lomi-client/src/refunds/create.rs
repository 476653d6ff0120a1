//! The refund request.

use bytes::Bytes;
use serde::Serialize;

use super::ConfirmationToken;
use crate::Amount;
use crate::check::{first_violation, json_body};
use crate::ids::TransactionId;

/// A refund of all or part of a payment. lomi may charge a fee for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreateRefund {
    /// The payment; it must be completed.
    pub transaction_id: TransactionId,
    /// Above zero and at most the part of the payment that is not refunded yet, in its currency and lomi's own unit. A
    /// partial refund through Wave needs the customer's phone.
    pub amount: Amount,
    /// The reason, for the merchant's records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Full or partial; when not set, lomi derives it from the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_type: Option<RefundType>,
    /// What happens to the subscription, if the payment was for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_action: Option<SubscriptionAction>,
    /// The token from the preview of this refund; without one API 1.2.0 only answers with a preview.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation_token: Option<ConfirmationToken>,
}

/// Whether a refund covers the whole payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RefundType {
    /// The whole payment.
    Full,
    /// A part of the payment.
    Partial,
}

/// What happens to a subscription when its payment is refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionAction {
    /// lomi decides.
    Default,
    /// The subscription ends.
    Cancel,
    /// The subscription pauses.
    Pause,
    /// The subscription continues.
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

    /// The same refund with its confirmation token.
    #[must_use]
    pub fn confirmed_by(&self, token: ConfirmationToken) -> Self {
        Self { confirmation_token: Some(token), ..self.clone() }
    }

    /// The exact body that is sent; `None` when the refund is invalid. It may hold a token: keep it out of logs.
    pub fn to_json(&self) -> Option<String> {
        String::from_utf8(self.to_body().ok()?.to_vec()).ok()
    }

    pub(crate) fn to_body(&self) -> Result<Bytes, &'static str> {
        first_violation([(self.amount.is_positive(), "amount")])?;
        json_body(self)
    }
}
