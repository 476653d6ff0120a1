//! What the audit needs to know of the answers to clients.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// All entries in the order of their events.
#[derive(Debug, Default)]
pub(crate) struct Record(Mutex<Entries>);

#[derive(Debug, Default)]
pub(crate) struct Entries {
    pub(crate) creates: Vec<CreateSeen>,
    pub(crate) deliveries: Vec<DeliverySeen>,
    pub(crate) customers: Vec<CustomerSeen>,
    pub(crate) refunds: Vec<RefundSeen>,
    /// Payouts that a person confirmed: of an order to a number, or of a payment refunded at lomi itself.
    pub(crate) meant_payouts: Vec<MeantPayout>,
    pub(crate) canaries: Vec<String>,
    /// Refunds at lomi for which no event was sent.
    pub(crate) secret_refunds: Vec<String>,
    /// lomi's endpoints that signed before their secret was stored.
    pub(crate) early_endpoints: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct CreateSeen {
    pub(crate) path: String,
    pub(crate) sent: Value,
    /// Route and idempotency key.
    pub(crate) key: String,
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// The answer to an authentic delivery of the test.
#[derive(Clone, Debug)]
pub(crate) struct DeliverySeen {
    pub(crate) status: u16,
    pub(crate) event: String,
}

/// A refund that the back office got an answer about.
#[derive(Clone, Debug)]
pub(crate) struct RefundSeen {
    /// Order and idempotency key.
    pub(crate) key: String,
    pub(crate) order_id: String,
    pub(crate) id: String,
}

/// A payout to a number that a person confirmed.
#[derive(Clone, Debug)]
pub struct MeantPayout {
    /// The order, or lomi's payment.
    pub of: String,
    /// The number; any when lomi's own dashboard made the payout.
    pub phone: Option<String>,
}

/// A customer that a client got an answer about.
#[derive(Clone, Debug)]
pub(crate) struct CustomerSeen {
    pub(crate) customer_id: String,
}

impl Record {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
