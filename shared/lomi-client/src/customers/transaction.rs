//! What one customer paid or tried to pay.

use crate::ids::TransactionId;
use crate::listing::Listed;
use crate::paging::{Page, Paging};
use crate::row::{Row, Unusable};
use crate::{Amount, CurrencyCode, Metadata, TransactionStatus};

/// One attempt of a customer to pay: fewer members than a [`Transaction`](crate::Transaction) has.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CustomerTransaction {
    /// Its id.
    pub transaction_id: TransactionId,
    /// Where it stands.
    pub status: TransactionStatus,
    /// What the merchant said it is for.
    pub description: Option<String>,
    /// What the payer paid, in lomi's own unit.
    pub gross_amount: Option<Amount>,
    /// The currency of `gross_amount`.
    pub currency_code: Option<CurrencyCode>,
    /// `WAVE`, `MTN`, `STRIPE` (cards), ... (since June 2026).
    pub provider_code: Option<String>,
    /// `CARDS`, `MOBILE_MONEY`, ... (since June 2026).
    pub payment_method_code: Option<String>,
    /// The metadata of the session or charge, joined by keys of the provider (since June 2026).
    pub metadata: Metadata,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
}

impl CustomerTransaction {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let id = row.id(&["transaction_id", "id"]).ok_or(Unusable("transaction_id"))?;
        let status = row.text(&["status"]).ok_or(Unusable("status"))?;
        Ok(Self {
            transaction_id: id,
            status: TransactionStatus::from_wire(status),
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

impl Listed for Vec<CustomerTransaction> {
    type Row = CustomerTransaction;
    const PAGING: Paging = Paging::Whole;

    fn read_page(text: &str) -> Result<Page<CustomerTransaction>, Unusable> {
        Page::read(text, CustomerTransaction::read)
    }

    fn id(row: &CustomerTransaction) -> &str {
        row.transaction_id.as_str()
    }
}
