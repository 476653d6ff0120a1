//! The answers about a refund.

use strum::{AsRefStr, EnumString};

use crate::ids::{RefundId, TransactionId};
use crate::listing::ListRow;
use crate::open_enum::as_str;
use crate::paging::Paging;
use crate::row::{Resource, Row, Unusable};
use crate::{Amount, Metadata};

/// The status of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsRefStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum RefundStatus {
    /// Requested.
    Pending,
    /// Recorded by lomi; a card network may pay it out days later.
    Completed,
    /// Failed.
    Failed,
    /// Any other, as sent.
    #[strum(default, transparent)]
    Other(String),
}

as_str!(RefundStatus);

/// A refund. The answer to a create has fewer fields than a read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Refund {
    /// Its id.
    pub refund_id: RefundId,
    /// The refunded payment.
    pub transaction_id: Option<TransactionId>,
    /// The owning organisation; only in reads.
    pub organization_id: Option<String>,
    /// Its status.
    pub status: RefundStatus,
    /// The requested amount, in lomi's own unit and the payment's currency; only in reads.
    pub amount: Option<Amount>,
    /// The refunded amount, in the same unit.
    pub refunded_amount: Option<Amount>,
    /// lomi's fee for it, in the same unit; only in reads.
    pub fee_amount: Option<Amount>,
    /// The merchant's reason; only in reads.
    pub reason: Option<String>,
    /// lomi's metadata; only in reads.
    pub metadata: Metadata,
    /// Time of creation, ISO 8601 UTC as sent; only in reads.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent; only in reads.
    pub updated_at: Option<String>,
}

impl Resource for Refund {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        Ok(Self {
            refund_id: row.required(&["refund_id", "id"])?,
            transaction_id: row.parsed(&["transaction_id"]),
            organization_id: row.text(&["organization_id"]),
            status: row.required(&["status"])?,
            amount: row.amount(&["amount"])?,
            refunded_amount: row.amount(&["refunded_amount"])?,
            fee_amount: row.amount(&["fee_amount"])?,
            reason: row.text(&["reason"]),
            metadata: row.metadata(),
            created_at: row.text(&["created_at"]),
            updated_at: row.text(&["updated_at"]),
        })
    }
}

impl ListRow for Refund {
    const PAGING: Paging = Paging::Offset { limit: 50 };

    fn id(&self) -> &str {
        self.refund_id.as_str()
    }
}
