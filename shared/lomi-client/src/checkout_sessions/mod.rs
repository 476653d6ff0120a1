//! Hosted checkout sessions: create one, send the shopper to its page, read how it ended.

mod create;
mod session;

pub use create::{CreateCheckoutSession, LineItem};
pub use session::{BlockingInvoice, CheckoutSession, CreatedCheckoutSession, NewCheckoutSession, SessionStatus};

use crate::call::Call;
use crate::client::Client;
use crate::ids::{CheckoutSessionId, IdempotencyKey};
use crate::listing;

const PATH: &str = "/checkout-sessions";

/// `/checkout-sessions`. There is no update, cancel or delete: a session stays payable until it expires.
#[derive(Debug, Clone)]
pub struct CheckoutSessions(Client);

impl CheckoutSessions {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// `POST /checkout-sessions`. Give it an idempotency key: without one, a lost answer cannot be asked
    /// for again and nothing is retried once it was sent.
    pub fn create(&self, session: &CreateCheckoutSession) -> Call<CreatedCheckoutSession> {
        let body = session.to_body();
        Call::post(self.0.clone(), PATH.to_owned(), body, CreatedCheckoutSession::decode)
    }

    /// `GET /checkout-sessions/{id}`. Not every generation answers the `checkout_url`: keep the one from creation.
    pub fn get(&self, id: &CheckoutSessionId) -> Call<CheckoutSession> {
        Call::get(self.0.clone(), format!("{PATH}/{id}"), CheckoutSession::decode)
    }

    /// `GET /checkout-sessions`: newest first as observed, no total. Some generations mix test and live rows.
    pub fn list(&self) -> Call<Vec<CheckoutSession>> {
        Call::get(self.0.clone(), PATH.to_owned(), listing::rows)
    }
}

impl Call<CreatedCheckoutSession> {
    /// The caller's own key of this one session, sent on every attempt. The same key with the same content
    /// gives the same session for about a day; with other content lomi refuses it (409).
    pub fn idempotency_key(self, key: IdempotencyKey) -> Self {
        self.with_idempotency_key(key)
    }
}

impl Call<Vec<CheckoutSession>> {
    /// Only sessions in this status: `open`, `completed` or `expired`.
    pub fn status(self, status: &SessionStatus) -> Self {
        self.with_query("status", status.as_str().to_owned())
    }

    /// Rows per answer; lomi takes 20 when not set, and its newest generation gives at most 100. An answer of more
    /// than 1 MiB is an error.
    pub fn limit(self, limit: u32) -> Self {
        self.with_query("limit", limit.to_string())
    }
}
