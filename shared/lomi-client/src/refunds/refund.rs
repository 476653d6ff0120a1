//! The answers about a refund.

use crate::ids::{RefundId, TransactionId};
use crate::listing::Listed;
use crate::open_enum::open_enum;
use crate::paging::{Page, Paging};
use crate::row::{Row, Unusable};
use crate::{Amount, Metadata};

open_enum! {
    /// Where a refund stands.
    RefundStatus {
        /// Asked for.
        Pending = "pending",
        /// Recorded by lomi; a card network may pay it out days later.
        Completed = "completed",
        /// Not done.
        Failed = "failed",
    }
}

/// A refund as lomi knows it. The answer to its creation carries less than a read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Refund {
    /// Its id.
    pub refund_id: RefundId,
    /// The payment that it gives back.
    pub transaction_id: Option<TransactionId>,
    /// The organisation that owns it, where the answer says; only in reads.
    pub organization_id: Option<String>,
    /// Where it stands.
    pub status: RefundStatus,
    /// What was asked to be given back, in lomi's own unit and the payment's currency; only in reads.
    pub amount: Option<Amount>,
    /// What was given back, in the same unit.
    pub refunded_amount: Option<Amount>,
    /// lomi's fee for it, in the same unit; only in reads.
    pub fee_amount: Option<Amount>,
    /// Why, as the merchant said; only in reads.
    pub reason: Option<String>,
    /// What lomi noted; only in reads.
    pub metadata: Metadata,
    /// Time of creation, ISO 8601 UTC as sent; only in reads.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent; only in reads.
    pub updated_at: Option<String>,
}

impl Refund {
    pub(crate) fn decode(text: &str) -> Result<Self, Unusable> {
        Self::read(&Row::enveloped(text).ok_or(Unusable("body"))?)
    }

    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let status = row.text(&["status"]).ok_or(Unusable("status"))?;
        Ok(Self {
            refund_id: row.id(&["refund_id", "id"]).ok_or(Unusable("refund_id"))?,
            transaction_id: row.id(&["transaction_id"]),
            organization_id: row.text(&["organization_id"]),
            status: RefundStatus::from_wire(status),
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

impl Listed for Vec<Refund> {
    type Row = Refund;
    const PAGING: Paging = Paging::Offset { limit: 50 };

    fn read_page(text: &str) -> Result<Page<Refund>, Unusable> {
        Page::read(text, Refund::read)
    }

    fn id(row: &Refund) -> &str {
        row.refund_id.as_str()
    }
}
