//! The timeline of an order, for the back office.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// More entries than a real order makes. Later ones are dropped; the order stays valid.
pub(super) const MAX_ENTRIES: usize = 100;
/// How many entries may come before repeated attempts stop adding any, so that later events still fit.
pub(super) const MAX_ATTEMPT_ENTRIES: usize = 50;

/// Where an update came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The shop or its shopper.
    Storefront,
    /// lomi's answer to our call.
    Lomi,
    /// A signed event.
    Webhook,
    /// The merchant's own systems.
    Merchant,
    /// A poll of lomi.
    Poll,
    /// The scheduled reconciler, by its own clock.
    Reconciler,
    /// A source that a newer release added.
    #[serde(other)]
    Other,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimelineEvent {
    /// The order was written.
    Created,
    /// A later attempt took the order over.
    Retried,
    /// lomi opened a page.
    Opened,
    /// lomi refused.
    Rejected,
    /// lomi's answer was lost.
    InDoubt,
    /// A payment attempt failed.
    PaymentFailed,
    /// lomi reviews a payment before the merchant has the money.
    PaymentHeld,
    /// The order was paid.
    Paid,
    /// The transaction of a payment that already counted became known.
    PaymentIdentified,
    /// A second payment arrived.
    PaidAgain,
    /// An authentic payment did not fit the order.
    Mismatch,
    /// The order was cancelled.
    Cancelled,
    /// The page can no longer be paid.
    Expired,
    /// lomi cancelled the order's intent: no card can be charged any more.
    IntentCancelled,
    /// lomi created an intent that no client received; the reconciler cancels it.
    IntentOrphaned,
    /// The merchant requested a refund.
    RefundRequested,
    /// lomi's answer about a refund was lost.
    RefundInDoubt,
    /// lomi accepted a refund.
    RefundPending,
    /// A refund completed.
    Refunded,
    /// A refund failed.
    RefundFailed,
    /// A payer's bank opened a dispute.
    DisputeOpened,
    /// The status of a dispute changed.
    DisputeUpdated,
    /// A dispute closed.
    DisputeClosed,
    /// lomi considers a payment risky.
    PaymentRiskFlagged,
    /// lomi considers a payment risky and blocks it.
    PaymentRiskBlocked,
    /// An entry that a newer release added: an older one must still read the order.
    #[serde(other)]
    Other,
}

/// One entry of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When this backend received it.
    #[serde(rename = "at_ms")]
    pub at: Timestamp,
    /// What happened.
    pub what: TimelineEvent,
    /// Where it came from.
    pub source: Source,
    /// lomi's id of the transaction, if the entry concerns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
}

impl Source {
    /// The source as it is stored and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Storefront => "storefront",
            Self::Lomi => "lomi",
            Self::Webhook => "webhook",
            Self::Merchant => "merchant",
            Self::Poll => "poll",
            Self::Reconciler => "reconciler",
            Self::Other => "other",
        }
    }
}

impl TimelineEvent {
    /// Whether a client that retries for ever produces many of these.
    pub(super) const fn is_an_attempt(self) -> bool {
        matches!(
            self,
            Self::Retried
                | Self::Rejected
                | Self::InDoubt
                | Self::IntentOrphaned
                | Self::RefundRequested
                | Self::RefundInDoubt
                | Self::PaymentRiskFlagged
                | Self::PaymentRiskBlocked
        )
    }
}

impl TimelineEntry {
    pub(super) const fn new(
        at: Timestamp,
        what: TimelineEvent,
        source: Source,
        transaction_id: Option<String>,
    ) -> Self {
        Self { at, what, source, transaction_id }
    }
}
