use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::AsRefStr;

use super::Environment;
use crate::clock::Timestamp;
use crate::money::Amount;
use crate::table::Row;

/// `completed` means recorded: the money can still fail to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, AsRefStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(crate) enum RefundStatus {
    Pending,
    Completed,
    Failed,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) refund_id: String,
    pub(crate) transaction_id: String,
    pub(crate) organization_id: String,
    pub(crate) environment: Environment,
    pub(crate) amount: Amount,
    pub(crate) refunded_amount: Amount,
    pub(crate) fee_amount: Amount,
    pub(crate) reason: Option<String>,
    pub(crate) status: RefundStatus,
    pub(crate) metadata: Value,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Row for Refund {
    fn id(&self) -> &str {
        &self.refund_id
    }
}
