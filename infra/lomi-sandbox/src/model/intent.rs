use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Environment;
use crate::clock::Timestamp;
use crate::money::{Amount, Currency};
use crate::table::Row;

/// The statuses of the card processor. A refused attempt returns to `requires_payment_method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IntentStatus {
    RequiresPaymentMethod,
    /// The shopper has to confirm with the bank.
    RequiresAction,
    Succeeded,
    Canceled,
}

impl IntentStatus {
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Canceled)
    }
}

/// The card processor's side of a card charge.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// `pi_` and 24 letters and digits.
    pub(crate) id: String,
    pub(crate) client_secret: String,
    pub(crate) environment: Environment,
    /// In hundredths of `currency`, the currency of the processor.
    pub(crate) amount: i64,
    /// Lower case.
    pub(crate) currency: String,
    pub(crate) original_amount: Amount,
    pub(crate) original_currency: Currency,
    pub(crate) status: IntentStatus,
    pub(crate) description: Option<String>,
    /// Sent to the processor, never part of a webhook.
    pub(crate) metadata: BTreeMap<String, String>,
    /// `None` for an orphan: lomi refused the charge after creating the intent.
    pub(crate) transaction_id: Option<String>,
    /// The card that waits for 3-D Secure.
    pub(crate) challenged_card: Option<String>,
    pub(crate) created_at: Timestamp,
}

impl Row for Intent {
    fn id(&self) -> &str {
        &self.id
    }
}
