//! What happened to an order, for people.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// More entries than any real order makes; later ones are dropped, never the order.
pub(super) const MAX_ENTRIES: usize = 100;
/// Tries to open a page or to refund may fill this much, so that there is room for what happens afterwards.
pub(super) const MAX_ENTRIES_OF_TRIES: usize = 50;

/// Who brought the news.
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
    /// We asked lomi.
    Poll,
    /// The scheduled reconciler, by its own clock.
    Reconciler,
    /// Somebody whom a newer release knows.
    #[serde(other)]
    Other,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimelineEvent {
    /// The order was written.
    Created,
    /// A later try took the order over.
    Retried,
    /// lomi opened a page.
    Opened,
    /// lomi refused.
    Rejected,
    /// lomi's answer was lost.
    InDoubt,
    /// A try to pay failed.
    PaymentFailed,
    /// lomi looks at a payment before the merchant has its money.
    PaymentHeld,
    /// The order turned paid.
    Paid,
    /// The transaction behind a payment already counted became known.
    PaymentIdentified,
    /// A second payment arrived.
    PaidAgain,
    /// An authentic payment did not fit the order.
    Mismatch,
    /// The shopper gave up.
    Cancelled,
    /// The page can no longer be paid on.
    Expired,
    /// lomi cancelled the order's intent: no card can be charged any more.
    IntentCancelled,
    /// An intent was made at lomi that nobody holds; it is going to be cancelled.
    IntentOrphaned,
    /// The merchant asked for a refund.
    RefundRequested,
    /// lomi's answer about a refund was lost.
    RefundInDoubt,
    /// lomi has taken a refund on.
    RefundPending,
    /// Money went back.
    Refunded,
    /// Money did not go back after all.
    RefundFailed,
    /// A payer's bank wants a payment back.
    DisputeOpened,
    /// A dispute has moved on.
    DisputeUpdated,
    /// A dispute is over.
    DisputeClosed,
    /// lomi thinks a payment risky.
    PaymentRiskFlagged,
    /// lomi thinks a payment risky and stops it.
    PaymentRiskBlocked,
    /// Something that a newer release wrote: an older one must still be able to read the order.
    #[serde(other)]
    Other,
}

/// One line of an order's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When we learnt of it.
    #[serde(rename = "at_ms")]
    pub at: Timestamp,
    /// What happened.
    pub what: TimelineEvent,
    /// Who brought the news.
    pub source: Source,
    /// lomi's transaction, where one is meant.
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
    /// Whether a client that tries and tries makes many of these.
    pub(super) const fn is_a_try(self) -> bool {
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
