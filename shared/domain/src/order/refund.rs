//! Refunds of an order, and its status after them.
//!
//! Refund events can arrive in any order: the status of a refund only moves forward
//! (`requested < in_doubt < pending < completed < failed`), and whether a paid order is `paid`, `partially_refunded` or
//! `refunded` depends only on its payments and its completed refunds.

mod provider_refund;
mod request;

pub use provider_refund::ProviderRefund;
pub use request::{NewRefund, RefundRefusal};

use super::{Environment, Order, OrderStatus, OutboxEvent};
use crate::{Fingerprint, IdempotencyKey, OrderId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The most refunds per order.
pub const MAX_REFUNDS: usize = 20;
/// The most characters of a refund's reason.
pub const MAX_REFUND_REASON_CHARS: usize = 500;
/// A request that lomi still does not know after this time never reached it. A shorter time is not safe: the lost
/// answer may have been the 500 with which lomi announces that it will reconcile later what its processor has accepted.
const RELEASE_AFTER_MS: i64 = 24 * 60 * 60 * 1000;
/// After this time, lomi's dashboard and the wallet's statement show a payout that was made.
const CALL_OFF_AFTER_MS: i64 = 60 * 60 * 1000;

/// The progress of a refund. The later status wins, in whatever order the events arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Reserved in the order; the call to lomi is running.
    Requested,
    /// lomi's answer was lost: the money may have moved or not.
    InDoubt,
    /// lomi accepted it.
    Pending,
    /// lomi recorded it as completed.
    Completed,
    /// The merchant still has the money: lomi refused, reported a failure, or was never called.
    Failed,
}

impl RefundStatus {
    /// The status as it is stored and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::InDoubt => "in_doubt",
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

/// A refund of one payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// lomi's id, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    /// lomi's id of the payment.
    pub transaction_id: String,
    /// In minor units of the order's currency.
    pub amount_minor: i64,
    /// Its progress.
    pub status: RefundStatus,
    /// The merchant's own text, at most [`MAX_REFUND_REASON_CHARS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was requested, or when this backend first received it.
    #[serde(rename = "requested_at_ms")]
    pub requested_at: Timestamp,
    /// The request made here; `None` when it was made elsewhere, e.g. in lomi's dashboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RefundRequest>,
    /// When it was released while in doubt. lomi may still report it, so its list is read for a month from the request.
    #[serde(rename = "released_at_ms", default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
    /// The second call to lomi, when a second one moves the money. Written before the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<RefundExecution>,
}

/// The second of two calls to lomi, as it was sent, for an operator who must find out its outcome. Never repeated
/// automatically.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundExecution {
    /// lomi deduplicates the call by this key.
    pub idempotency_key: String,
    /// The exact body; it contains lomi's token.
    pub body: String,
}

/// The request that asked for a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    /// Recognises the request.
    pub fingerprint: Fingerprint,
    /// Until then no other process treats the request as lost.
    #[serde(rename = "lease_until_ms")]
    pub lease_until: Timestamp,
}

/// What the outbox event of a refund reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundNotice {
    /// lomi's id of the refund.
    pub refund_id: String,
    /// lomi's id of the payment.
    pub transaction_id: String,
    /// In minor units of the order's currency.
    pub amount_minor: i64,
}

impl Refund {
    /// Our own id of the refund for this key: the same for every attempt, different for another order.
    #[must_use]
    pub fn own_id(environment: Environment, order_id: &OrderId, key: &IdempotencyKey) -> String {
        let mut hasher = Sha256::new();
        for part in ["refund", environment.as_str(), order_id.as_str(), key.as_str()] {
            hasher.update(part);
            hasher.update([0]);
        }
        let digest = hex::encode(hasher.finalize());
        format!("rfd_{}", digest.get(..32).unwrap_or_default())
    }

    /// Whether its outcome is still unknown.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.status, RefundStatus::Requested | RefundStatus::InDoubt | RefundStatus::Pending)
    }

    /// Whether lomi may have received the request and has not returned its id.
    #[must_use]
    pub const fn is_unnamed(&self) -> bool {
        matches!(self.status, RefundStatus::Requested | RefundStatus::InDoubt) && self.refund_id.is_none()
    }

    /// Whether lomi's list may still show it: it is open without an id, or it was released while in doubt.
    #[must_use]
    pub const fn may_be_listed(&self) -> bool {
        self.refund_id.is_none() && (self.is_open() || self.released_at.is_some())
    }

    /// Whether an attempt is working on the request now.
    #[must_use]
    pub fn is_running(&self, now: Timestamp) -> bool {
        let is_leased = self.request.as_ref().is_some_and(|request| request.lease_until > now);
        self.status == RefundStatus::Requested && is_leased
    }

    /// Whether it is so old that lomi would know it if the request had arrived.
    #[must_use]
    pub fn may_be_released(&self, now: Timestamp) -> bool {
        self.is_unnamed() && !self.is_running(now) && now >= self.requested_at.plus_ms(RELEASE_AFTER_MS)
    }

    /// Whether the operator may declare that the money stayed. lomi never proves that for a payout (`is_paid_out`), so
    /// an hour is enough: lomi's own statements show a payout by then. Other refunds are released automatically after a
    /// day.
    #[must_use]
    pub fn may_be_called_off(&self, is_paid_out: bool, now: Timestamp) -> bool {
        let age_ms = if is_paid_out { CALL_OFF_AFTER_MS } else { RELEASE_AFTER_MS };
        self.status == RefundStatus::InDoubt && self.is_unnamed() && now >= self.requested_at.plus_ms(age_ms)
    }

    fn notice(&self) -> Option<RefundNotice> {
        let Self { transaction_id, amount_minor, .. } = self.clone();
        self.refund_id.clone().map(|refund_id| RefundNotice { refund_id, transaction_id, amount_minor })
    }
}

impl Order {
    /// Every event that this order may have published, by kind. The outbox says which of them were.
    #[must_use]
    pub fn publishable_events(&self) -> Vec<OutboxEvent> {
        let notices = || self.refunds.values().filter_map(Refund::notice);
        let refunded = notices().map(OutboxEvent::OrderRefunded);
        let failed = notices().map(OutboxEvent::RefundFailed);
        std::iter::once(OutboxEvent::OrderPaid).chain(refunded).chain(failed).chain(self.dispute_events()).collect()
    }

    /// Every refund, by our own id or, when made elsewhere, by lomi's.
    #[must_use]
    pub const fn refunds(&self) -> &BTreeMap<String, Refund> {
        &self.refunds
    }

    /// Whether lomi says that the order is paid and the transaction is unknown: nothing can be refunded yet.
    #[must_use]
    pub fn is_unidentified(&self) -> bool {
        self.payments.is_empty() && self.completed_unnamed
    }

    /// The refund with this id of lomi's.
    #[must_use]
    pub fn refund_called(&self, refund_id: &str) -> Option<&Refund> {
        self.refunds.values().find(|refund| refund.refund_id.as_deref() == Some(refund_id))
    }

    /// What was refunded of the payments that count, in minor units: completed refunds only.
    #[must_use]
    pub fn amount_refunded(&self) -> i64 {
        let counts = |refund: &&Refund| {
            refund.status == RefundStatus::Completed
                && (self.payments.contains_key(&refund.transaction_id) || self.is_unidentified())
        };
        self.refunds.values().filter(counts).fold(0, |sum: i64, refund| sum.saturating_add(refund.amount_minor))
    }

    /// Whether more was refunded than paid. Only refunds made elsewhere can cause that.
    #[must_use]
    pub fn is_over_refunded(&self) -> bool {
        self.kept().is_some_and(|kept| kept < 0)
    }

    /// Whether lomi may report more about the refunds: an outcome is unknown, or unproven.
    #[must_use]
    pub fn awaits_refund_updates(&self) -> bool {
        self.refunds.values().any(|refund| refund.is_open() || refund.may_be_listed())
    }

    /// How many refunds are in doubt.
    #[must_use]
    pub fn refunds_in_doubt(&self) -> usize {
        self.refunds.values().filter(|refund| refund.status == RefundStatus::InDoubt).count()
    }

    /// Payments minus completed refunds, in minor units; `None` before any payment.
    fn kept(&self) -> Option<i64> {
        let payments = i64::try_from(self.payments.len()).unwrap_or(i64::MAX).max(i64::from(self.completed_unnamed));
        let discounts = self.payments.values().map(|payment| payment.discount_minor).fold(0, i64::saturating_add);
        let paid = self.amount?.saturating_mul(payments).saturating_sub(discounts);
        (payments > 0).then(|| paid.saturating_sub(self.amount_refunded()))
    }

    /// The amount that was paid by one payment, in minor units: the price minus its discount. `None` when the payment
    /// is not one of the order's.
    #[must_use]
    pub fn paid_minor(&self, transaction_id: &str) -> Option<i64> {
        let payment = self.payments.get(transaction_id)?;
        Some(self.amount?.saturating_sub(payment.discount_minor))
    }

    /// lomi's gross amount of one payment, in minor units: what was paid, or that plus the discount. `None` when the
    /// payment is not one of the order's.
    #[must_use]
    pub fn gross_minor(&self, transaction_id: &str) -> Option<i64> {
        let payment = self.payments.get(transaction_id)?;
        if payment.is_discount_within_gross { self.amount } else { self.paid_minor(transaction_id) }
    }

    /// The smallest amount that a payment of the order paid.
    fn least_paid_minor(&self) -> Option<i64> {
        let discount_minor = self.payments.values().map(|payment| payment.discount_minor).max();
        Some(self.amount?.saturating_sub(discount_minor.unwrap_or_default()))
    }

    /// The status that follows from the money, or the present status before any payment. Refunding the excess of an
    /// overpaid order leaves it paid.
    pub(super) fn status_by_money(&self) -> OrderStatus {
        match (self.kept(), self.least_paid_minor()) {
            (Some(kept), Some(paid)) if kept >= paid => OrderStatus::Paid,
            (Some(kept), _) if kept > 0 => OrderStatus::PartiallyRefunded,
            (Some(_), _) => OrderStatus::Refunded,
            (None, _) => self.status,
        }
    }
}

#[cfg(test)]
mod tests;
