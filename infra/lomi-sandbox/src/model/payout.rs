use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::money::Amount;
use crate::table::Row;

/// Money that left for a phone. A partial Wave refund is a payout first and a row in the list of refunds afterwards; the
/// payout stands here even when that row was never written. Only the control API shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Payout {
    pub(crate) payout_id: String,
    /// The payment of which a part went out.
    pub(crate) transaction_id: String,
    pub(crate) amount: Amount,
    /// Where it went.
    pub(crate) phone: String,
    pub(crate) created_at: Timestamp,
}

impl Row for Payout {
    fn id(&self) -> &str {
        &self.payout_id
    }
}
