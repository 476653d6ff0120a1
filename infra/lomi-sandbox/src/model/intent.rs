use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Environment;
use crate::clock::Timestamp;
use crate::money::{Amount, Currency};
use crate::table::Row;

/// The card processor's words. A refused attempt goes back to `requires_payment_method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IntentStatus {
    RequiresPaymentMethod,
    /// The bank asks the shopper.
    RequiresAction,
    Succeeded,
    Canceled,
}

impl IntentStatus {
    /// Whether nothing can happen to it any more.
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
    /// In hundredths of `currency`, which is the processor's and not the merchant's.
    pub(crate) amount: i64,
    /// Lower case.
    pub(crate) currency: String,
    pub(crate) original_amount: Amount,
    pub(crate) original_currency: Currency,
    pub(crate) status: IntentStatus,
    pub(crate) description: Option<String>,
    /// What the processor was told; never part of a webhook.
    pub(crate) metadata: BTreeMap<String, String>,
    /// `None`: an orphan. The charge was refused after the processor had been told.
    pub(crate) transaction_id: Option<String>,
    /// The card that the bank asks about.
    pub(crate) challenged_card: Option<String>,
    pub(crate) created_at: Timestamp,
}

impl Row for Intent {
    fn id(&self) -> &str {
        &self.id
    }
}
