//! Refunds as lomi reports them: by events, answers and lists.

use super::{MAX_REFUNDS, Refund, RefundStatus};
use crate::order::{Environment, Mismatch, Order, OutboxEvent, Source, TimelineEvent, Transition};
use crate::{Money, Timestamp};

/// The most refunds that one order stores, including those made elsewhere.
const MAX_KNOWN_REFUNDS: usize = 2 * MAX_REFUNDS;

/// A refund at lomi, from an event or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRefund {
    /// lomi's id of the refund.
    pub refund_id: String,
    /// lomi's id of the payment.
    pub transaction_id: String,
    /// The refunded amount. Without it, only a refund that is already known can be updated.
    pub money: Option<Money>,
    /// The environment of the refund, verified.
    pub environment: Environment,
    /// `Pending`, `Completed` or `Failed`.
    pub status: RefundStatus,
}

impl Refund {
    fn made_elsewhere(told: &ProviderRefund, amount_minor: i64, now: Timestamp) -> Self {
        Self {
            refund_id: Some(told.refund_id.clone()),
            transaction_id: told.transaction_id.clone(),
            amount_minor,
            status: told.status,
            reason: None,
            requested_at: now,
            request: None,
            released_at: None,
            execution: None,
        }
    }
}

impl Order {
    /// The order after lomi answered the request of the refund `id`. Only this answer proves which of lomi's refunds
    /// belongs to the request. Updates from earlier events stay.
    #[must_use]
    pub fn refund_answered(&self, id: &str, told: &ProviderRefund, now: Timestamp) -> Transition {
        let mut named = self.clone();
        named.give_name(id, &told.refund_id);
        match named.refund_transition(told, Source::Lomi, now) {
            Transition::Unchanged if named != *self => {
                let mut order = named.changed(now);
                order.status = order.status_by_money();
                order.due_at = order.next_due(now);
                Transition::Changed(Box::new(order), None)
            }
            transition => transition,
        }
    }

    /// Gives `refund_id` to the request `id`. An event before the answer may have matched that refund to another
    /// request of the same amount, or to none: the two then swap their ids.
    fn give_name(&mut self, id: &str, refund_id: &str) {
        let holder = self.refund_named(refund_id).map(str::to_owned);
        if holder.as_deref() == Some(id) {
            return;
        }
        let Some(mut own) = self.refunds.remove(id) else { return };
        let status = std::mem::replace(&mut own.status, RefundStatus::Requested);
        let given_up = own.refund_id.replace(refund_id.to_owned()).map(|name| (name, status));
        let holder = holder.and_then(|key| self.refunds.remove_entry(&key));
        if let Some((_, holder)) = &holder {
            own.status = holder.status;
            own.amount_minor = own.amount_minor.max(holder.amount_minor);
        }
        match (holder, given_up) {
            (Some((key, other)), given_up) if other.request.is_some() => {
                let (refund_id, status) = given_up.unzip();
                let status = status.unwrap_or(RefundStatus::InDoubt);
                self.refunds.insert(key, Refund { refund_id, status, ..other });
            }
            (_, Some((name, status))) => {
                let refund_id = Some(name.clone());
                self.refunds.insert(
                    name,
                    Refund { refund_id, status, reason: None, request: None, execution: None, ..own.clone() },
                );
            }
            (_, None) => {}
        }
        self.refunds.insert(id.to_owned(), own);
    }

    fn refund_named(&self, refund_id: &str) -> Option<&str> {
        let mut named = self.refunds.iter().filter(|(_, refund)| refund.refund_id.as_deref() == Some(refund_id));
        named.next().map(|(key, _)| key.as_str())
    }

    /// The oldest request for this payment and amount that has no id from lomi yet. A failure matches none: it may
    /// belong to an older request, and would release money that may be moving.
    fn refund_waiting_for(&self, told: &ProviderRefund) -> Option<&str> {
        if told.status == RefundStatus::Failed {
            return None;
        }
        let amount_minor = told.money?.amount_minor();
        let fits = |refund: &Refund| {
            refund.is_unnamed() && refund.transaction_id == told.transaction_id && refund.amount_minor == amount_minor
        };
        let waiting = self.refunds.iter().filter(|(_, refund)| fits(refund));
        waiting.min_by_key(|(_, refund)| refund.requested_at).map(|(key, _)| key.as_str())
    }

    pub(in crate::order) fn refund_transition(
        &self,
        told: &ProviderRefund,
        source: Source,
        now: Timestamp,
    ) -> Transition {
        let Some(expected) = self.expected() else { return Transition::Refused(Mismatch::NoExpectation, None) };
        if told.environment != self.environment {
            return Transition::Refused(Mismatch::Environment, None);
        }
        if told.money.is_some_and(|money| money.currency() != expected.currency()) {
            return self.refuse(Mismatch::Currency, source, now);
        }
        let known = self.refund_named(&told.refund_id).or_else(|| self.refund_waiting_for(told));
        match (known, told.money) {
            (Some(key), _) => self.refund_grown(key, told, source, now),
            (None, None) => Transition::Refused(Mismatch::Amount, None),
            (None, Some(_)) if self.refunds.len() >= MAX_KNOWN_REFUNDS => {
                Transition::Refused(Mismatch::TooManyRefunds, None)
            }
            (None, Some(money)) => {
                let refund = Refund::made_elsewhere(told, money.amount_minor(), now);
                let (order, event) = self.refund_written(&told.refund_id, refund, source, now);
                Transition::Changed(Box::new(order), event)
            }
        }
    }

    /// The later status and the larger amount win. Two amounts from lomi for one refund are flagged as a mismatch.
    fn refund_grown(&self, key: &str, told: &ProviderRefund, source: Source, now: Timestamp) -> Transition {
        let Some(known) = self.refunds.get(key) else { return Transition::Unchanged };
        let amount_minor = told.money.map_or(known.amount_minor, Money::amount_minor);
        let is_mismatch = amount_minor != known.amount_minor && !self.mismatch;
        let grown = Refund {
            refund_id: Some(told.refund_id.clone()),
            status: known.status.max(told.status),
            amount_minor: amount_minor.max(known.amount_minor),
            ..known.clone()
        };
        if grown == *known && !is_mismatch {
            return Transition::Unchanged;
        }
        let (mut order, event) = self.refund_written(key, grown, source, now);
        if is_mismatch {
            order.mismatch = true;
            order.note(now, TimelineEvent::Mismatch, source, Some(told.transaction_id.clone()));
        }
        Transition::Changed(Box::new(order), event)
    }

    fn refund_written(&self, key: &str, refund: Refund, source: Source, now: Timestamp) -> (Self, Option<OutboxEvent>) {
        let was = self.refunds.get(key).map(|refund| refund.status);
        let event = match (was, refund.status) {
            (Some(RefundStatus::Completed), RefundStatus::Failed) => refund.notice().map(OutboxEvent::RefundFailed),
            (Some(RefundStatus::Completed), _) => None,
            (_, RefundStatus::Completed) => refund.notice().map(OutboxEvent::OrderRefunded),
            _ => None,
        };
        let mut order = self.changed(now);
        if was != Some(refund.status) {
            order.note(now, updates_of(refund.status), source, Some(refund.transaction_id.clone()));
        }
        order.refunds.insert(key.to_owned(), refund);
        order.status = order.status_by_money();
        order.due_at = order.next_due(now);
        (order, event)
    }
}

const fn updates_of(status: RefundStatus) -> TimelineEvent {
    match status {
        RefundStatus::Requested => TimelineEvent::RefundRequested,
        RefundStatus::InDoubt => TimelineEvent::RefundInDoubt,
        RefundStatus::Pending => TimelineEvent::RefundPending,
        RefundStatus::Completed => TimelineEvent::Refunded,
        RefundStatus::Failed => TimelineEvent::RefundFailed,
    }
}
