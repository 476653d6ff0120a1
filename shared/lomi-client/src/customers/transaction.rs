//! The transactions of one customer.

use crate::ids::TransactionId;
use crate::listing::ListRow;
use crate::paging::Paging;
use crate::row::{Resource, Row, Unusable};
use crate::{Amount, CurrencyCode, Metadata, TransactionStatus};

/// One attempt of a customer to pay, with fewer fields than [`Transaction`](crate::Transaction).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CustomerTransaction {
    /// Its id.
    pub transaction_id: TransactionId,
    /// Its status.
    pub status: TransactionStatus,
    /// The merchant's description.
    pub description: Option<String>,
    /// What the payer paid, in lomi's own unit.
    pub gross_amount: Option<Amount>,
    /// The currency of `gross_amount`.
    pub currency_code: Option<CurrencyCode>,
    /// `WAVE`, `MTN`, `STRIPE` (cards), ... (since June 2026).
    pub provider_code: Option<String>,
    /// `CARDS`, `MOBILE_MONEY`, ... (since June 2026).
    pub payment_method_code: Option<String>,
    /// The metadata of the session or charge, and keys that the provider adds (since June 2026).
    pub metadata: Metadata,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
}

impl Resource for CustomerTransaction {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let id = row.required(&["transaction_id", "id"])?;
        Ok(Self {
            transaction_id: id,
            status: row.required(&["status"])?,
            description: row.text(&["description"]),
            gross_amount: row.amount(&["gross_amount", "amount"])?,
            currency_code: row.currency(&["currency_code", "currency"])?,
            provider_code: row.text(&["provider_code"]),
            payment_method_code: row.text(&["payment_method_code"]),
            metadata: row.metadata(),
            created_at: row.text(&["created_at"]),
        })
    }
}

impl ListRow for CustomerTransaction {
    const PAGING: Paging = Paging::Whole;

    fn id(&self) -> &str {
        self.transaction_id.as_str()
    }
}
