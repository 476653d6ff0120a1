//! Transactions, read only: what shoppers paid or tried to pay.

use crate::call::Call;
use crate::client::Client;
use crate::ids::{CustomerId, TransactionId};
use crate::key::Environment;
use crate::listing::{self, Listed};
use crate::open_enum::open_enum;
use crate::paging::{self, Page, Paging};
use crate::row::{Row, Unusable};
use crate::{Amount, CurrencyCode, Metadata};

open_enum! {
    /// Where a transaction stands. `failed` and `expired` can still become `completed` (a second attempt,
    /// a late confirmation by the provider), so neither is final.
    TransactionStatus {
        /// Waiting for the shopper or the provider.
        Pending = "pending",
        /// The payer has paid, and lomi looks at it before the merchant has it. It may still fail. Since API 1.2.0.
        Held = "held",
        /// Paid.
        Completed = "completed",
        /// The attempt was refused.
        Failed = "failed",
        /// Paid and fully refunded.
        Refunded = "refunded",
        /// Nothing happened in time.
        Expired = "expired",
        /// Documented, not seen in any server code.
        Cancelled = "cancelled",
    }
}

/// One attempt of a shopper to pay. Reads do not name the checkout session: find your order in `metadata`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Transaction {
    /// Its id: the UUID, wherever the row has one. It is what a payment is known by.
    pub transaction_id: TransactionId,
    /// Its other id (`txn_...`), which lomi's dashboard shows and newer events may name; since API 1.2.0.
    pub public_id: Option<TransactionId>,
    /// Where it stands.
    pub status: TransactionStatus,
    /// The owning organisation.
    pub organization_id: Option<String>,
    /// The customer that lomi found or made for the payer.
    pub customer_id: Option<CustomerId>,
    /// `payment` or `instalment` in the database; documents also name `refund` and `payout`.
    pub transaction_type: Option<String>,
    /// What the payer paid, in lomi's own unit.
    pub gross_amount: Option<Amount>,
    /// lomi's fee, in the same unit.
    pub fee_amount: Option<Amount>,
    /// Gross less fee.
    pub net_amount: Option<Amount>,
    /// What went back of it by completed refunds, wherever they were made; since API 1.2.0.
    pub refunded_amount: Option<Amount>,
    /// Taken off by a coupon.
    pub discount_amount: Option<Amount>,
    /// The currency of all amounts.
    pub currency_code: Option<CurrencyCode>,
    /// `WAVE`, `MTN`, `STRIPE` (cards), ...
    pub provider_code: Option<String>,
    /// `CARDS`, `MOBILE_MONEY`, ...
    pub payment_method_code: Option<String>,
    /// What the merchant said it is for.
    pub description: Option<String>,
    /// The metadata of the session or charge, joined by keys of the provider.
    pub metadata: Metadata,
    /// Test or live, when the row says (mobile-money rows often do not; then the key decides).
    pub environment: Option<Environment>,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent.
    pub updated_at: Option<String>,
}

impl Transaction {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let (uuid, public_id) = ids(row);
        let id = uuid.or_else(|| public_id.clone()).ok_or(Unusable("transaction_id"))?;
        let status = row.text(&["status"]).ok_or(Unusable("status"))?;
        Ok(Self {
            transaction_id: id,
            public_id,
            status: TransactionStatus::from_wire(status),
            organization_id: row.text(&["organization_id"]),
            customer_id: row.id(&["customer_id"]),
            transaction_type: row.text(&["transaction_type"]),
            gross_amount: row.amount(&["gross_amount", "amount"])?,
            fee_amount: row.amount(&["fee_amount"])?,
            net_amount: row.amount(&["net_amount"])?,
            refunded_amount: row.amount(&["refunded_amount"])?,
            discount_amount: row.amount(&["discount_amount"])?,
            currency_code: row.currency(&["currency_code", "currency"])?,
            provider_code: row.text(&["provider_code"]),
            payment_method_code: row.text(&["payment_method_code"]),
            description: row.text(&["description"]),
            metadata: row.metadata(),
            environment: row.environment(),
            created_at: row.text(&["created_at"]),
            updated_at: row.text(&["updated_at"]),
        })
    }
}

/// The UUID and the public id, whichever members hold them.
fn ids(row: &Row<'_>) -> (Option<TransactionId>, Option<TransactionId>) {
    let named = ["transaction_id", "id", "public_id"].iter().filter_map(|name| row.id::<TransactionId>(&[name]));
    let (uuids, public): (Vec<_>, Vec<_>) = named.partition(TransactionId::is_uuid);
    (uuids.into_iter().next(), public.into_iter().next())
}

/// `/transactions`.
#[derive(Debug, Clone)]
pub struct Transactions(Client);

impl Transactions {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// `GET /transactions/{id}`.
    pub fn get(&self, id: &TransactionId) -> Call<Transaction> {
        Call::get(self.0.clone(), format!("/transactions/{id}"), decode_one)
    }

    /// `GET /transactions`: those of the key's environment, newest first as observed. There is no total and
    /// no filter on metadata or session. One row that cannot be read makes the page an error:
    /// left out, it would look like a payment that never was.
    pub fn list(&self) -> Call<Vec<Transaction>> {
        Call::get(self.0.clone(), "/transactions".to_owned(), listing::rows)
    }
}

impl Call<Vec<Transaction>> {
    /// Only these statuses; an empty list means all.
    pub fn status(self, statuses: &[TransactionStatus]) -> Self {
        if statuses.is_empty() {
            return self;
        }
        let names: Vec<_> = statuses.iter().map(TransactionStatus::as_str).collect();
        self.with_query("status", names.join(","))
    }

    /// Only from this time on, ISO 8601 (`2026-06-20T09:00:00Z`). lomi checks it.
    pub fn start_date(self, start_date: &str) -> Self {
        self.with_query("startDate", start_date.to_owned())
    }

    /// Only up to this time, ISO 8601. lomi checks it.
    pub fn end_date(self, end_date: &str) -> Self {
        self.with_query("endDate", end_date.to_owned())
    }

    /// Rows per page; lomi takes 20 or 50 when not set, and its newest generation gives at most 100. A page of more
    /// than 1 MiB is an error.
    pub fn page_size(self, page_size: u32) -> Self {
        paging::with_size(self, page_size)
    }
}

fn decode_one(text: &str) -> Result<Transaction, Unusable> {
    Transaction::read(&Row::enveloped(text).ok_or(Unusable("body"))?)
}

impl Listed for Vec<Transaction> {
    type Row = Transaction;
    const PAGING: Paging = Paging::Numbered { size: 50 };

    fn read_page(text: &str) -> Result<Page<Transaction>, Unusable> {
        Page::read(text, Transaction::read)
    }

    fn id(row: &Transaction) -> &str {
        row.transaction_id.as_str()
    }

    /// The database of June 2026 has these statuses and no other, and may refuse a filter that names one.
    fn in_older_words<T>(call: &Call<T>) -> Option<Call<T>> {
        const OLDER: [&str; 5] = ["pending", "completed", "failed", "refunded", "expired"];
        let asked = call.query_text("status")?;
        let known: Vec<_> = asked.split(',').filter(|status| OLDER.contains(status)).collect();
        let older = known.join(",");
        (!older.is_empty() && older != asked).then(|| call.clone().with_query("status", older))
    }
}
