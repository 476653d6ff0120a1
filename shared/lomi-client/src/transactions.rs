//! Transactions, read only: attempts of shoppers to pay.

use strum::{AsRefStr, EnumString};

use crate::call::Call;
use crate::client::Client;
use crate::ids::{CustomerId, TransactionId};
use crate::key::Environment;
use crate::listing::{self, ListRow};
use crate::open_enum::as_str;
use crate::paging::{self, Paging};
use crate::row::{self, Resource, Row, Unusable};
use crate::{Amount, CurrencyCode, Metadata};

/// The status of a transaction. `failed` and `expired` are not final: a second attempt or a late confirmation by the
/// provider can still make them `completed`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsRefStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum TransactionStatus {
    /// Waiting for the shopper or the provider.
    Pending,
    /// The payer has paid, and lomi reviews the payment before the merchant receives it. May still fail. Since API
    /// 1.2.0.
    Held,
    /// Paid.
    Completed,
    /// The attempt failed.
    Failed,
    /// Paid and fully refunded.
    Refunded,
    /// Not paid in time.
    Expired,
    /// Documented; no server code produces it.
    Cancelled,
    /// Any other, as sent.
    #[strum(default, transparent)]
    Other(String),
}

as_str!(TransactionStatus);

/// One attempt of a shopper to pay. It does not carry the checkout session: find your order in `metadata`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Transaction {
    /// Its id: the UUID if the row has one, otherwise the public id.
    pub transaction_id: TransactionId,
    /// Its public id (`txn_...`), as on lomi's dashboard and in newer events; since API 1.2.0.
    pub public_id: Option<TransactionId>,
    /// Its status.
    pub status: TransactionStatus,
    /// The owning organisation.
    pub organization_id: Option<String>,
    /// The customer that lomi found or created for the payer.
    pub customer_id: Option<CustomerId>,
    /// `payment` or `instalment` in the database; documents also name `refund` and `payout`.
    pub transaction_type: Option<String>,
    /// What the payer paid, in lomi's own unit.
    pub gross_amount: Option<Amount>,
    /// lomi's fee, in the same unit.
    pub fee_amount: Option<Amount>,
    /// Gross less fee.
    pub net_amount: Option<Amount>,
    /// The sum of all completed refunds; since API 1.2.0.
    pub refunded_amount: Option<Amount>,
    /// The discount of a coupon.
    pub discount_amount: Option<Amount>,
    /// The currency of all amounts.
    pub currency_code: Option<CurrencyCode>,
    /// `WAVE`, `MTN`, `STRIPE` (cards), ...
    pub provider_code: Option<String>,
    /// `CARDS`, `MOBILE_MONEY`, ...
    pub payment_method_code: Option<String>,
    /// The merchant's description.
    pub description: Option<String>,
    /// The metadata of the session or charge, and keys that the provider adds.
    pub metadata: Metadata,
    /// The environment, if the row says (mobile-money rows often do not; then that of the key holds).
    pub environment: Option<Environment>,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent.
    pub updated_at: Option<String>,
}

impl Resource for Transaction {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let (uuid, public_id) = ids(row);
        let id = uuid.or_else(|| public_id.clone()).ok_or(Unusable("transaction_id"))?;
        Ok(Self {
            transaction_id: id,
            public_id,
            status: row.required(&["status"])?,
            organization_id: row.text(&["organization_id"]),
            customer_id: row.parsed(&["customer_id"]),
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

/// The UUID and the public id, from the fields that may hold either.
fn ids(row: &Row<'_>) -> (Option<TransactionId>, Option<TransactionId>) {
    let named = ["transaction_id", "id", "public_id"].iter().filter_map(|name| row.parsed::<TransactionId>(&[name]));
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
        Call::get(self.0.clone(), format!("/transactions/{id}"), row::decode)
    }

    /// `GET /transactions`: those of the key's environment, newest first as observed, without a total and without a
    /// filter on metadata or session. One unreadable row makes the page an error: a skipped row would look like a
    /// payment that never happened.
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

    /// Only from this time on, ISO 8601 (`2026-06-20T09:00:00Z`).
    pub fn start_date(self, start_date: &str) -> Self {
        self.with_query("startDate", start_date.to_owned())
    }

    /// Only up to this time, ISO 8601.
    pub fn end_date(self, end_date: &str) -> Self {
        self.with_query("endDate", end_date.to_owned())
    }

    /// Rows per page; 20 or 50 when not set, at most 100 in the newest generation. A page of more than 1 MiB is an
    /// error.
    pub fn page_size(self, page_size: u32) -> Self {
        paging::with_size(self, page_size)
    }
}

impl ListRow for Transaction {
    const PAGING: Paging = Paging::Numbered { size: 50 };

    fn id(&self) -> &str {
        self.transaction_id.as_str()
    }

    /// The database of June 2026 knows only these statuses and may refuse a filter with another.
    fn older_form<T>(call: &Call<T>) -> Option<Call<T>> {
        const OLDER: [&str; 5] = ["pending", "completed", "failed", "refunded", "expired"];
        let statuses = call.query_text("status")?;
        let known: Vec<_> = statuses.split(',').filter(|status| OLDER.contains(status)).collect();
        let older = known.join(",");
        (!older.is_empty() && older != statuses).then(|| call.clone().with_query("status", older))
    }
}
