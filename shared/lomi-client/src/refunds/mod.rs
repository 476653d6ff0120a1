//! Full and partial refunds of completed transactions.

mod answer;
mod create;
mod refund;

pub use answer::{ConfirmationToken, RefundAnswer, RefundPreview};
pub use create::{CreateRefund, RefundType, SubscriptionAction};
pub use refund::{Refund, RefundStatus};

use crate::call::Call;
use crate::client::Client;
use crate::ids::{IdempotencyKey, RefundId};
use crate::{listing, row};

const PATH: &str = "/refunds";

/// `/refunds`.
#[derive(Debug, Clone)]
pub struct Refunds(Client);

impl Refunds {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// `POST /refunds`: executes a refund or returns a preview (API 1.2.0). Only for completed transactions by card and
    /// Wave, in the newest generation also MTN.
    ///
    /// A preview moves no money. Send the same refund [`confirmed_by`](CreateRefund::confirmed_by) its token under
    /// another key: for a day, the first key repeats its first answer, the preview.
    ///
    /// The newest generation refuses a refund without a key; older ones ignore the key and refund again. So the call is
    /// **never retried** once something of it was sent. After an unknown outcome search [`Refunds::list`], and call
    /// again only when the refund cannot appear there any more.
    pub fn create(&self, refund: &CreateRefund, key: IdempotencyKey) -> Call<RefundAnswer> {
        let call = Call::post(self.0.clone(), PATH.to_owned(), refund.to_body(), row::decode);
        call.with_idempotency_key(key).only_once()
    }

    /// `GET /refunds/{id}`.
    pub fn get(&self, id: &RefundId) -> Call<Refund> {
        Call::get(self.0.clone(), format!("{PATH}/{id}"), row::decode)
    }

    /// `GET /refunds`: newest first as observed, without a total and without a filter on the transaction. One
    /// unreadable row makes the answer unusable: a skipped row would look like a refund that never happened.
    pub fn list(&self) -> Call<Vec<Refund>> {
        Call::get(self.0.clone(), PATH.to_owned(), listing::rows)
    }
}

impl Call<Vec<Refund>> {
    /// Only refunds in this status.
    pub fn status(self, status: &RefundStatus) -> Self {
        self.with_query("status", status.as_str().to_owned())
    }

    /// Only from this time on, ISO 8601 (`2026-06-20T09:00:00Z`).
    pub fn start_date(self, start_date: &str) -> Self {
        self.with_query("startDate", start_date.to_owned())
    }

    /// Only up to this time, ISO 8601.
    pub fn end_date(self, end_date: &str) -> Self {
        self.with_query("endDate", end_date.to_owned())
    }

    /// Rows per answer; 20 or 50 when not set, at most 100 in the newest generation. An answer of more than 1 MiB is an
    /// error.
    pub fn limit(self, limit: u32) -> Self {
        self.with_query("limit", limit.to_string())
    }
}
