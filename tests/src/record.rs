//! What the audit needs to know of what clients saw.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// Everything that was noted down, in the order it happened.
#[derive(Debug, Default)]
pub(crate) struct Record(Mutex<Entries>);

#[derive(Debug, Default)]
pub(crate) struct Entries {
    pub(crate) creates: Vec<CreateSeen>,
    pub(crate) deliveries: Vec<DeliverySeen>,
    pub(crate) customers: Vec<CustomerSeen>,
    pub(crate) refunds: Vec<RefundSeen>,
    /// Payouts that a person meant: of an order to the number that was confirmed, or of a payment refunded at lomi itself.
    pub(crate) meant_payouts: Vec<MeantPayout>,
    /// What must never stand in a log line.
    pub(crate) canaries: Vec<String>,
    /// lomi's refunds that nobody told of.
    pub(crate) secret_refunds: Vec<String>,
    /// lomi's endpoints that signed before anybody here had their secret.
    pub(crate) early_endpoints: Vec<String>,
}

/// A create: what a client sent, and the answer that it got.
#[derive(Clone, Debug)]
pub(crate) struct CreateSeen {
    /// The path, without the gateway's address.
    pub(crate) path: String,
    /// The body of the request.
    pub(crate) sent: Value,
    /// Route and idempotency key.
    pub(crate) key: String,
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// The answer that an authentic delivery of the harness got.
#[derive(Clone, Debug)]
pub(crate) struct DeliverySeen {
    pub(crate) status: u16,
    pub(crate) event: String,
}

/// A refund that the back office was told of.
#[derive(Clone, Debug)]
pub(crate) struct RefundSeen {
    /// Order and idempotency key.
    pub(crate) key: String,
    pub(crate) order_id: String,
    /// Our own id of it.
    pub(crate) id: String,
}

/// A payout to a number that a person has answered for.
#[derive(Clone, Debug)]
pub struct MeantPayout {
    /// The order, or lomi's payment.
    pub of: String,
    /// The number; any when lomi's own dashboard made the payout.
    pub phone: Option<String>,
}

/// A customer that a client was told of.
#[derive(Clone, Debug)]
pub(crate) struct CustomerSeen {
    pub(crate) customer_id: String,
}

impl Record {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
