use serde::{Deserialize, Serialize};

use super::Environment;
use crate::clock::Timestamp;
use crate::money::{Amount, Currency};
use crate::table::Row;

/// A chargeback of a card payment, with the fields of the server of June 2026.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) dispute_id: String,
    pub(crate) transaction_id: String,
    pub(crate) organization_id: String,
    pub(crate) environment: Environment,
    pub(crate) amount: Amount,
    pub(crate) currency_code: Currency,
    pub(crate) reason: String,
    pub(crate) status: String,
    pub(crate) is_closed: bool,
    pub(crate) created_at: Timestamp,
}

impl Dispute {
    /// A won dispute leaves the payment refundable.
    pub(crate) fn is_won(&self) -> bool {
        self.is_closed && self.status == "won"
    }
}

impl Row for Dispute {
    fn id(&self) -> &str {
        &self.dispute_id
    }
}
