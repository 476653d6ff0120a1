//! Hosted checkout sessions: create one, send the shopper to its page, read its status.

mod create;
mod session;

pub use create::{CreateCheckoutSession, LineItem};
pub use session::{BlockingInvoice, CheckoutSession, CreatedCheckoutSession, NewCheckoutSession, SessionStatus};

use crate::call::Call;
use crate::client::Client;
use crate::ids::{CheckoutSessionId, IdempotencyKey};
use crate::{listing, row};

const PATH: &str = "/checkout-sessions";

/// `/checkout-sessions`. There is no update, cancel or delete: a session stays payable until it expires.
#[derive(Debug, Clone)]
pub struct CheckoutSessions(Client);

impl CheckoutSessions {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// `POST /checkout-sessions`. Use an idempotency key: without one a lost answer cannot be recovered, and the
    /// call is never retried once sent.
    pub fn create(&self, session: &CreateCheckoutSession) -> Call<CreatedCheckoutSession> {
        let body = session.to_body();
        Call::post(self.0.clone(), PATH.to_owned(), body, row::decode)
    }

    /// `GET /checkout-sessions/{id}`. Not every generation returns the `checkout_url`: keep it from the create.
    pub fn get(&self, id: &CheckoutSessionId) -> Call<CheckoutSession> {
        Call::get(self.0.clone(), format!("{PATH}/{id}"), row::decode)
    }

    /// `GET /checkout-sessions`: newest first as observed, without a total. Some generations mix test and live rows.
    pub fn list(&self) -> Call<Vec<CheckoutSession>> {
        Call::get(self.0.clone(), PATH.to_owned(), listing::rows)
    }
}

impl Call<CreatedCheckoutSession> {
    /// The caller's key of this session, sent on every attempt. For about a day the same key with the same content
    /// returns the same session; with other content lomi answers 409.
    pub fn idempotency_key(self, key: IdempotencyKey) -> Self {
        self.with_idempotency_key(key)
    }
}

impl Call<Vec<CheckoutSession>> {
    /// Only sessions in this status: `open`, `completed` or `expired`.
    pub fn status(self, status: &SessionStatus) -> Self {
        self.with_query("status", status.as_str().to_owned())
    }

    /// Rows per answer; 20 when not set, at most 100 in the newest generation. An answer of more than 1 MiB is an
    /// error.
    pub fn limit(self, limit: u32) -> Self {
        self.with_query("limit", limit.to_string())
    }
}
