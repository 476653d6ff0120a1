//! Refunds of completed transactions, whole or in part.

mod answer;
mod create;
mod refund;

pub use answer::{ConfirmationToken, RefundAnswer, RefundPreview};
pub use create::{CreateRefund, RefundType, SubscriptionAction};
pub use refund::{Refund, RefundStatus};

use crate::call::Call;
use crate::client::Client;
use crate::ids::{IdempotencyKey, RefundId};
use crate::listing;

const PATH: &str = "/refunds";

/// `/refunds`.
#[derive(Debug, Clone)]
pub struct Refunds(Client);

impl Refunds {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// `POST /refunds`: gives money back, or shows what it would do (API 1.2.0); the answer says which. Completed
    /// transactions only; cards and Wave, in the newest generation MTN too.
    ///
    /// A preview moves nothing; the same refund [`confirmed_by`](CreateRefund::confirmed_by) its token executes, under a key
    /// of its own: a key repeats its first answer, the preview, for a day.
    ///
    /// The newest generation refuses a refund without a key; older ones ignore the key and refund again. So the
    /// call is **never repeated** once something of it was sent: after an unknown outcome look for the refund in
    /// [`Refunds::list`], and ask again only when it is not there and never will be.
    pub fn create(&self, refund: &CreateRefund, key: IdempotencyKey) -> Call<RefundAnswer> {
        let call = Call::post(self.0.clone(), PATH.to_owned(), refund.to_body(), RefundAnswer::decode);
        call.with_idempotency_key(key).only_once()
    }

    /// `GET /refunds/{id}`.
    pub fn get(&self, id: &RefundId) -> Call<Refund> {
        Call::get(self.0.clone(), format!("{PATH}/{id}"), Refund::decode)
    }

    /// `GET /refunds`: newest first as observed, no total and no filter on the transaction. A row that cannot be
    /// read makes the answer unusable: left out, it would look like money that was not given back.
    pub fn list(&self) -> Call<Vec<Refund>> {
        Call::get(self.0.clone(), PATH.to_owned(), listing::rows)
    }
}

impl Call<Vec<Refund>> {
    /// Only refunds in this status.
    pub fn status(self, status: &RefundStatus) -> Self {
        self.with_query("status", status.as_str().to_owned())
    }

    /// Only from this time on, ISO 8601 (`2026-06-20T09:00:00Z`). lomi checks it.
    pub fn start_date(self, start_date: &str) -> Self {
        self.with_query("startDate", start_date.to_owned())
    }

    /// Only up to this time, ISO 8601. lomi checks it.
    pub fn end_date(self, end_date: &str) -> Self {
        self.with_query("endDate", end_date.to_owned())
    }

    /// Rows per answer; lomi takes 20 or 50 when not set, and its newest generation gives at most 100. An answer of
    /// more than 1 MiB is an error.
    pub fn limit(self, limit: u32) -> Self {
        self.with_query("limit", limit.to_string())
    }
}
