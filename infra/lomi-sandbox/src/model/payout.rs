use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::money::Amount;
use crate::table::Row;

/// Money paid out to a phone. A partial Wave refund is first a payout and then a row in the list of refunds. The payout
/// exists even when the row was never written. Only the control API shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Payout {
    pub(crate) payout_id: String,
    pub(crate) transaction_id: String,
    pub(crate) amount: Amount,
    pub(crate) phone: String,
    pub(crate) created_at: Timestamp,
}

impl Row for Payout {
    fn id(&self) -> &str {
        &self.payout_id
    }
}
