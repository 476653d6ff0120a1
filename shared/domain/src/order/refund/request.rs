//! A refund that the merchant requests here: its limits and its outcome.

use super::{MAX_REFUNDS, Refund, RefundExecution, RefundRequest, RefundStatus};
use crate::order::{Order, Payment, Source, TimelineEvent};
use crate::{MAX_AMOUNT_MINOR, Timestamp};

/// A refund to request from lomi.
#[derive(Clone, Debug)]
pub struct NewRefund {
    /// The payment, by either of its ids; the order's only payment when `None`.
    pub transaction_id: Option<String>,
    /// In minor units, 1 to [`MAX_AMOUNT_MINOR`]; the whole remaining amount of the payment when `None`.
    pub amount_minor: Option<i64>,
    /// The merchant's own text.
    pub reason: Option<String>,
    /// The request that asks for it.
    pub request: RefundRequest,
}

/// Why a refund is not requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    /// The order is not paid, or has [`MAX_REFUNDS`] refunds already.
    #[error("the order takes no refund")]
    Closed,
    /// The order is paid, and its transaction is not known yet.
    #[error("the payment is not identified yet")]
    PaymentUnidentified,
    /// The order has several payments and none was named, or the named one is not the order's.
    #[error("no such payment of the order")]
    WhichPayment,
    /// More than the remaining amount of the payment.
    #[error("more than what is left of the payment")]
    ExceedsPayment,
}

impl Order {
    /// The order with the refund's amount reserved, before lomi is called.
    ///
    /// # Errors
    /// lomi must not be called.
    pub fn with_refund(&self, id: &str, new: NewRefund, now: Timestamp) -> Result<Self, RefundRefusal> {
        if !self.status.is_paid() || self.refunds.len() >= MAX_REFUNDS {
            return Err(RefundRefusal::Closed);
        }
        let transaction_id = self.payment_to_refund(new.transaction_id)?;
        let left = self.refundable(&transaction_id).ok_or(RefundRefusal::WhichPayment)?;
        let amount_minor = new.amount_minor.unwrap_or(left);
        if !(1..=left.min(MAX_AMOUNT_MINOR)).contains(&amount_minor) {
            return Err(RefundRefusal::ExceedsPayment);
        }
        let mut order = self.changed(now);
        order.note(now, TimelineEvent::RefundRequested, Source::Merchant, Some(transaction_id.clone()));
        let refund = Refund {
            refund_id: None,
            transaction_id,
            amount_minor,
            status: RefundStatus::Requested,
            reason: new.reason,
            requested_at: now,
            request: Some(new.request),
            released_at: None,
            execution: None,
        };
        order.refunds.insert(id.to_owned(), refund);
        order.due_at = order.next_due(now);
        Ok(order)
    }

    fn payment_to_refund(&self, named: Option<String>) -> Result<String, RefundRefusal> {
        if self.payments.is_empty() {
            return Err(RefundRefusal::PaymentUnidentified);
        }
        let mut payments = self.payments.keys();
        match (named, payments.next(), payments.next()) {
            (Some(named), _, _) => self.payment_called(&named).map(str::to_owned).ok_or(RefundRefusal::WhichPayment),
            (None, Some(only), None) => Ok(only.clone()),
            _ => Err(RefundRefusal::WhichPayment),
        }
    }

    /// Whether lomi may carry out this refund as a payout to a phone number. It does so for a part of a Wave payment:
    /// the money goes to the number in the customer's row at that moment, not to the wallet that paid, and it moves
    /// before the refund is recorded. A part of an MTN payment needs such a number, too. A full refund, and any part of
    /// a card payment, goes to where it came from. An unknown provider counts as one that pays out.
    #[must_use]
    pub fn is_paid_out(&self, refund: &Refund) -> bool {
        let gross_minor = self.gross_minor(&refund.transaction_id);
        !self.goes_back_by_card(refund) && gross_minor.is_none_or(|gross| refund.amount_minor < gross)
    }

    /// Whether the refund goes to the card that paid. The card processor never refunds more than it took in total; lomi
    /// itself limits each call to the whole payment.
    #[must_use]
    pub fn goes_back_by_card(&self, refund: &Refund) -> bool {
        self.payments.get(&refund.transaction_id).is_some_and(Payment::is_by_card)
    }

    /// The amount of a full refund of the payment, in minor units. `None` when part of it was or may have been
    /// refunded, and when lomi's gross amount exceeds what was paid.
    #[must_use]
    pub fn whole_refund_minor(&self, transaction_id: &str) -> Option<i64> {
        self.refundable(transaction_id).filter(|left| Some(*left) == self.gross_minor(transaction_id))
    }

    /// The order without the refund, after its request was not sent or lomi refused it for a temporary reason. `None`
    /// when an update has arrived since.
    #[must_use]
    pub fn without_refund(&self, id: &str, now: Timestamp) -> Option<Self> {
        self.refunds.get(id).filter(|refund| refund.is_unnamed())?;
        let mut order = self.changed(now);
        order.refunds.remove(id);
        order.due_at = order.next_due(now);
        Some(order)
    }

    /// The order with the body that is about to be sent for the refund `id`. `None` when the refund no longer equals
    /// `asked` or its lease has ended: another process treats it as lost, and nothing may be sent.
    #[must_use]
    pub fn with_refund_execution(
        &self,
        id: &str,
        asked: &Refund,
        execution: RefundExecution,
        now: Timestamp,
    ) -> Option<Self> {
        let mut order = self.changed(now);
        let held = order.refunds.get_mut(id)?;
        let is_the_same = Refund { execution: None, ..held.clone() } == Refund { execution: None, ..asked.clone() };
        (is_the_same && held.is_running(now)).then(|| held.execution = Some(execution))?;
        Some(order)
    }

    /// The order after lomi's answer to a refund was lost. `None` when an update has arrived since.
    #[must_use]
    pub fn refund_in_doubt(&self, id: &str, now: Timestamp) -> Option<Self> {
        self.refund_moved(id, RefundStatus::InDoubt, (TimelineEvent::RefundInDoubt, Source::Lomi), now)
    }

    /// The order after lomi refused a refund, or proved not to know it: its amount may be requested again. `None` when
    /// an update has arrived since.
    #[must_use]
    pub fn refund_released(&self, id: &str, source: Source, now: Timestamp) -> Option<Self> {
        self.refund_moved(id, RefundStatus::Failed, (TimelineEvent::RefundFailed, source), now)
    }

    fn refund_moved(
        &self,
        id: &str,
        status: RefundStatus,
        (what, source): (TimelineEvent, Source),
        now: Timestamp,
    ) -> Option<Self> {
        let mut order = self.changed(now);
        let refund = order.refunds.get_mut(id).filter(|refund| refund.is_unnamed() && refund.status < status)?;
        if refund.status == RefundStatus::InDoubt {
            refund.released_at = Some(now);
        }
        refund.status = status;
        let transaction_id = refund.transaction_id.clone();
        order.note(now, what, source, Some(transaction_id));
        order.due_at = order.next_due(now);
        Some(order)
    }

    /// What can still be refunded of a payment, in minor units; `None` when it is not one of the order's. A refund
    /// whose outcome is unknown counts as completed.
    fn refundable(&self, transaction_id: &str) -> Option<i64> {
        let paid_minor = self.paid_minor(transaction_id)?;
        Some(paid_minor.saturating_sub(self.going_back_minor(transaction_id)).max(0))
    }

    /// The completed refunds of the payment, in minor units.
    #[must_use]
    pub fn refunded_minor(&self, transaction_id: &str) -> i64 {
        self.sum_of_refunds(transaction_id, |status| status == RefundStatus::Completed)
    }

    /// Every refund of the payment that has not failed, in minor units.
    #[must_use]
    pub fn going_back_minor(&self, transaction_id: &str) -> i64 {
        self.sum_of_refunds(transaction_id, |status| status != RefundStatus::Failed)
    }

    fn sum_of_refunds(&self, transaction_id: &str, counts: impl Fn(RefundStatus) -> bool) -> i64 {
        let counted =
            self.refunds.values().filter(|refund| refund.transaction_id == transaction_id && counts(refund.status));
        counted.fold(0, |sum: i64, refund| sum.saturating_add(refund.amount_minor))
    }
}
