//! Money that goes back, and what of an order's money is left.
//!
//! What is told of refunds does not depend on the order of the events: a refund only grows
//! (`requested < in_doubt < pending < completed < failed`), and the order's status among the paid ones is a function of
//! its payments and its completed refunds.

mod provider_refund;
mod request;

pub use provider_refund::ProviderRefund;
pub use request::{NewRefund, RefundRefusal};

use super::{Environment, Order, OrderStatus, OutboxEvent};
use crate::{Fingerprint, IdempotencyKey, OrderId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The most refunds that may be asked for per order.
pub const MAX_REFUNDS: usize = 20;
/// The most characters of a refund's reason.
pub const MAX_REFUND_REASON_CHARS: usize = 500;
/// A request that lomi does not know of so long after it was made was never made. Not sooner: an answer that was lost
/// may have been the 500 with which lomi says that it will reconcile later what its processor has accepted.
const RELEASE_AFTER_MS: i64 = 24 * 60 * 60 * 1000;
/// By then lomi's dashboard and the wallet's statement show a payout that was made.
const CALL_OFF_AFTER_MS: i64 = 60 * 60 * 1000;

/// How far a refund has come. A later word wins over an earlier one, whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Reserved here; lomi is being asked.
    Requested,
    /// lomi's answer was lost: the money may or may not go back.
    InDoubt,
    /// lomi has taken it on.
    Pending,
    /// lomi has recorded it.
    Completed,
    /// The money stays, or came back: lomi refused, lomi says so, or lomi was never asked.
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

/// Money of one payment on its way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// lomi's id, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    /// lomi's id of the payment.
    pub transaction_id: String,
    /// In minor units of the order's currency.
    pub amount_minor: i64,
    /// How far it has come.
    pub status: RefundStatus,
    /// The merchant's own text, at most [`MAX_REFUND_REASON_CHARS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for, or when we learnt of it.
    #[serde(rename = "requested_at_ms")]
    pub requested_at: Timestamp,
    /// The request that asked for it here; `None` when it was made elsewhere, e.g. in lomi's dashboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RefundRequest>,
    /// When it was given up while in doubt. lomi may name it all the same, so its list is read for a month from the
    /// request.
    #[serde(rename = "released_at_ms", default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
    /// The call to lomi that moves the money, where it was not the first one; written before it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<RefundExecution>,
}

/// The second of two calls to lomi: what was sent, for whoever has to ask lomi what became of it. Never repeated by
/// itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundExecution {
    /// lomi takes it for the same call again.
    pub idempotency_key: String,
    /// To the byte; it holds lomi's token.
    pub body: String,
}

/// What recognises a request, and until when it is being worked on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    /// Recognises the request.
    pub fingerprint: Fingerprint,
    /// Until then nobody else takes it for lost.
    #[serde(rename = "lease_until_ms")]
    pub lease_until: Timestamp,
}

/// What the merchant's systems are told of a refund.
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
    /// Our own name of the refund that this key asks for: the same for every try, and another for another order.
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

    /// Whether somebody still has to find out what becomes of it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.status, RefundStatus::Requested | RefundStatus::InDoubt | RefundStatus::Pending)
    }

    /// Whether lomi was asked for it, perhaps, and never named it.
    #[must_use]
    pub const fn is_unnamed(&self) -> bool {
        matches!(self.status, RefundStatus::Requested | RefundStatus::InDoubt) && self.refund_id.is_none()
    }

    /// Whether lomi's list may still show it: it is open and has no name, or it was given up while in doubt.
    #[must_use]
    pub const fn may_be_listed(&self) -> bool {
        self.refund_id.is_none() && (self.is_open() || self.released_at.is_some())
    }

    /// Whether a request is being worked on at this moment.
    #[must_use]
    pub fn is_running(&self, now: Timestamp) -> bool {
        let is_leased = self.request.as_ref().is_some_and(|request| request.lease_until > now);
        self.status == RefundStatus::Requested && is_leased
    }

    /// Whether it is so old that lomi would know of it if it had been asked.
    #[must_use]
    pub fn may_be_released(&self, now: Timestamp) -> bool {
        self.is_unnamed() && !self.is_running(now) && now >= self.requested_at.plus_ms(RELEASE_AFTER_MS)
    }

    /// Whether a person may say that the money stayed. `is_paid_out`: lomi proves nothing of it, however late, so an
    /// hour is enough for lomi's own statements; what time settles is left to time.
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
    /// Every event that may have been told of this order, in the order of their kinds; which of them were is for the
    /// table to say.
    #[must_use]
    pub fn publishable_events(&self) -> Vec<OutboxEvent> {
        let notices = || self.refunds.values().filter_map(Refund::notice);
        let refunded = notices().map(OutboxEvent::OrderRefunded);
        let failed = notices().map(OutboxEvent::RefundFailed);
        std::iter::once(OutboxEvent::OrderPaid).chain(refunded).chain(failed).chain(self.dispute_events()).collect()
    }

    /// Every refund, by our own id or, where it was made elsewhere, by lomi's.
    #[must_use]
    pub const fn refunds(&self) -> &BTreeMap<String, Refund> {
        &self.refunds
    }

    /// Whether lomi says that the order is paid, and nobody knows by which transaction: nothing of it can go back.
    #[must_use]
    pub fn is_unidentified(&self) -> bool {
        self.payments.is_empty() && self.completed_unnamed
    }

    /// The refund, whoever asked for it, that lomi calls by this name.
    #[must_use]
    pub fn refund_called(&self, refund_id: &str) -> Option<&Refund> {
        self.refunds.values().find(|refund| refund.refund_id.as_deref() == Some(refund_id))
    }

    /// What went back of the payments that count, in minor units: completed refunds only.
    #[must_use]
    pub fn amount_refunded(&self) -> i64 {
        let counts = |refund: &&Refund| {
            refund.status == RefundStatus::Completed
                && (self.payments.contains_key(&refund.transaction_id) || self.is_unidentified())
        };
        self.refunds.values().filter(counts).fold(0, |sum: i64, refund| sum.saturating_add(refund.amount_minor))
    }

    /// Whether more went back than was paid. Only refunds that were made elsewhere can bring that about.
    #[must_use]
    pub fn is_over_refunded(&self) -> bool {
        self.kept().is_some_and(|kept| kept < 0)
    }

    /// Whether lomi may have more to say of the refunds: their outcome is not known, or is not proved.
    #[must_use]
    pub fn awaits_refund_updates(&self) -> bool {
        self.refunds.values().any(|refund| refund.is_open() || refund.may_be_listed())
    }

    /// Refunds of which lomi's answer was lost, and nobody has found out since.
    #[must_use]
    pub fn refunds_in_doubt(&self) -> usize {
        self.refunds.values().filter(|refund| refund.status == RefundStatus::InDoubt).count()
    }

    /// What is left of the order's money in minor units; `None` before there was any.
    fn kept(&self) -> Option<i64> {
        let payments = i64::try_from(self.payments.len()).unwrap_or(i64::MAX).max(i64::from(self.completed_unnamed));
        let discounts = self.payments.values().map(|payment| payment.discount_minor).fold(0, i64::saturating_add);
        let paid = self.amount?.saturating_mul(payments).saturating_sub(discounts);
        (payments > 0).then(|| paid.saturating_sub(self.amount_refunded()))
    }

    /// What one payment of the order was, in minor units: the price, less what a coupon took off it. `None` when it is
    /// not one of the order's.
    #[must_use]
    pub fn paid_minor(&self, transaction_id: &str) -> Option<i64> {
        let payment = self.payments.get(transaction_id)?;
        Some(self.amount?.saturating_sub(payment.discount_minor))
    }

    /// What lomi takes one payment of the order for, in minor units: what was paid, or that and what a coupon took off.
    /// `None` when it is not one of the order's.
    #[must_use]
    pub fn gross_minor(&self, transaction_id: &str) -> Option<i64> {
        let payment = self.payments.get(transaction_id)?;
        if payment.is_discount_within_gross { self.amount } else { self.paid_minor(transaction_id) }
    }

    /// The least that one payment of the order was.
    fn least_paid_minor(&self) -> Option<i64> {
        let discount_minor = self.payments.values().map(|payment| payment.discount_minor).max();
        Some(self.amount?.saturating_sub(discount_minor.unwrap_or_default()))
    }

    /// The status that follows from the money alone; the status as it is before there was any. The excess of an
    /// overpaid order may go back, and the order stays paid.
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
