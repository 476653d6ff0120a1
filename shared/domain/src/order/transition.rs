//! How an event changes an order.
//!
//! Status, payments, refunds, disputes and `overpaid` do not depend on the order or number of lomi's events.
//! (`paid_after_cancel` does: a cancellation comes from the shopper, and has no effect after a payment.)

use super::{DisputeUpdate, Environment, Order, OrderStatus, OutboxEvent, Payment, PaymentRef, ProviderRefund};
use super::{RiskUpdate, Source, TimelineEvent};
use crate::ids::is_uuid;
use crate::{Currency, Money, Timestamp};

/// The most payments that one order records; by then `overpaid` is set.
const MAX_PAYMENTS: usize = 20;

/// A completed transaction at lomi that names an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedPayment {
    /// lomi's id of the transaction: its UUID, or its public id when lomi sent no UUID.
    pub transaction_id: String,
    /// The gross amount, in minor units; 0 when a coupon took off the whole price.
    pub gross_minor: i64,
    /// The merchant's currency.
    pub currency: Currency,
    /// The coupon's discount.
    pub discount: Discount,
    /// The environment of the transaction, verified.
    pub environment: Environment,
    /// The checkout session that the transaction names, if any.
    pub checkout_session_id: Option<String>,
    /// What the order stores of it.
    pub payment: Payment,
}

/// The discount of a coupon, as lomi reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discount {
    /// Not reported.
    NotReported,
    /// In minor units; 0 for none.
    Minor(u64),
    /// Reported, but not a number of minor units: the paid amount is unknown.
    Unreadable,
}

/// An authenticated event about an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    /// lomi completed a transaction.
    PaymentSucceeded(ConfirmedPayment),
    /// lomi charged the payer and reviews the payment before the merchant has the money. The order is not paid by it.
    PaymentHeld(ConfirmedPayment),
    /// A payment attempt failed, or lomi released a held payment. Not final: the same transaction may still succeed.
    PaymentFailed {
        /// lomi's id of the transaction.
        transaction_id: String,
        /// The environment of the transaction.
        environment: Environment,
    },
    /// lomi says that the page or card form is paid, without naming the transaction.
    Completed {
        /// The page or card form.
        payable: PaymentRef,
        /// Its price, in the merchant's currency.
        money: Money,
        /// Its environment.
        environment: Environment,
    },
    /// A refund at lomi is pending, completed or failed.
    Refund(ProviderRefund),
    /// A payer's bank opened a dispute, or its status changed.
    Dispute(DisputeUpdate),
    /// lomi considers a payment risky.
    PaymentRisk(RiskUpdate),
    /// lomi was polled after the page's end and has no payment.
    SessionExpired,
    /// The shopper or the merchant cancelled the order.
    Cancelled,
}

/// Why an authenticated event does not match its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// A test payment for a live order or the reverse.
    Environment,
    /// Another currency than the order's.
    Currency,
    /// Another amount than the order's.
    Amount,
    /// Another page or card form than the order's.
    PaymentRef,
    /// The order does not know its own price yet.
    NoExpectation,
    /// The order stores its maximum of refunds.
    TooManyRefunds,
    /// The order stores its maximum of disputes, or a dispute its maximum of steps.
    TooManyDisputes,
}

impl Mismatch {
    /// Whether the amount or currency is wrong, and not the order or environment.
    #[must_use]
    pub const fn is_about_money(self) -> bool {
        matches!(self, Self::Amount | Self::Currency)
    }

    /// The mismatch in one word, for metrics and stored records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Currency => "currency",
            Self::Amount => "amount",
            Self::PaymentRef => "payment_ref",
            Self::NoExpectation => "no_expectation",
            Self::TooManyRefunds => "too_many_refunds",
            Self::TooManyDisputes => "too_many_disputes",
        }
    }
}

/// The effect of an event on an order.
#[derive(Clone, Debug, PartialEq)]
pub enum Transition {
    /// The changed order, and the outbox event that reports the change.
    Changed(Box<Order>, Option<OutboxEvent>),
    /// Nothing new.
    Unchanged,
    /// The order may be paid for less than its price, and this event does not prove the amount. Only a transaction that
    /// was read with our own key does, with its discount.
    DiscountUnknown,
    /// The event does not match. The order, if given, records that.
    Refused(Mismatch, Option<Box<Order>>),
}

impl Order {
    /// Applies `order_event`, received at `now` from `source`.
    #[must_use]
    pub fn transition(&self, order_event: &OrderEvent, source: Source, now: Timestamp) -> Transition {
        match order_event {
            OrderEvent::PaymentSucceeded(settled) => self.payment_transition(settled, source, now),
            OrderEvent::PaymentHeld(settled) => self.held_transition(settled, source, now),
            OrderEvent::PaymentFailed { transaction_id, environment } => {
                if *environment != self.environment {
                    return Transition::Refused(Mismatch::Environment, None);
                }
                self.failure_transition(transaction_id, source, now)
            }
            OrderEvent::Completed { payable, money, environment } => {
                let paid = (money.amount_minor(), money.currency(), Discount::Minor(0));
                match self.mismatch_of(paid, *environment, Some(payable)) {
                    Some(mismatch) => self.refuse(mismatch, source, now),
                    // A page that had a held payment is completed by that payment, whose own events decide. A page
                    // that accepts coupons does not say how much was paid.
                    None if self.was_held || self.allows_coupons => Transition::Unchanged,
                    None if self.completed_unnamed || !self.payments.is_empty() => Transition::Unchanged,
                    None => self.pay(source, now, None, |order| order.completed_unnamed = true),
                }
            }
            OrderEvent::Refund(told) => self.refund_transition(told, source, now),
            OrderEvent::Dispute(told) => self.dispute_transition(told, source, now),
            OrderEvent::PaymentRisk(told) => self.risk_transition(told, source, now),
            // A held payment exists: the shopper has paid.
            OrderEvent::SessionExpired if !self.held.is_empty() => Transition::Unchanged,
            OrderEvent::SessionExpired => self.advance(OrderStatus::Expired, TimelineEvent::Expired, source, None, now),
            OrderEvent::Cancelled => self.advance(OrderStatus::Cancelled, TimelineEvent::Cancelled, source, None, now),
        }
    }

    fn payment_transition(&self, settled: &ConfirmedPayment, source: Source, now: Timestamp) -> Transition {
        if let Some(transition) = self.refusal_of(settled, source, now) {
            return transition;
        }
        if self.payments.len() >= MAX_PAYMENTS {
            return Transition::Unchanged;
        }
        let id = settled.transaction_id.clone();
        let payment = self.payment_of(settled);
        self.pay(source, now, Some(id.clone()), |order| {
            order.held.remove(&id);
            order.payments.insert(id, payment);
        })
    }

    /// Whether the gross amount is the price. A payment that counted at its gross amount still counts when its discount
    /// is read later.
    fn is_at_price(&self, settled: &ConfirmedPayment) -> bool {
        self.expected() == Money::new(settled.gross_minor, settled.currency) && settled.gross_minor > 0
    }

    /// What the order stores of a payment that matches it.
    fn payment_of(&self, settled: &ConfirmedPayment) -> Payment {
        let price_minor = self.amount.unwrap_or_default();
        let discount_minor = match settled.discount {
            Discount::Minor(minor) => i64::try_from(minor).unwrap_or_default(),
            Discount::NotReported | Discount::Unreadable => 0,
        };
        let is_within_gross = settled.gross_minor == price_minor && discount_minor > 0;
        Payment { discount_minor, is_discount_within_gross: is_within_gross, ..settled.payment.clone() }
    }

    /// Why the payment does not count: it is already recorded, does not match, or has an unknown discount.
    fn refusal_of(&self, settled: &ConfirmedPayment, source: Source, now: Timestamp) -> Option<Transition> {
        if settled.environment == self.environment && self.counts(settled) && self.is_at_price(settled) {
            return Some(Transition::Unchanged);
        }
        let is_open = source == Source::Webhook || settled.discount == Discount::NotReported;
        if self.allows_coupons && is_open && settled.environment == self.environment {
            return Some(Transition::DiscountUnknown);
        }
        let session = self.session_named_by(settled);
        let paid = (settled.gross_minor, settled.currency, settled.discount);
        match self.mismatch_of(paid, settled.environment, session.as_ref()) {
            Some(mismatch) => Some(self.refuse(mismatch, source, now)),
            None => self.counts(settled).then_some(Transition::Unchanged),
        }
    }

    fn held_transition(&self, settled: &ConfirmedPayment, source: Source, now: Timestamp) -> Transition {
        if let Some(transition) = self.refusal_of(settled, source, now) {
            return transition;
        }
        let id = &settled.transaction_id;
        if self.held.contains(id) || self.held.len() >= MAX_PAYMENTS {
            return Transition::Unchanged;
        }
        let mut order = self.changed(now);
        order.held.insert(id.clone());
        order.was_held = true;
        order.note(now, TimelineEvent::PaymentHeld, source, Some(id.clone()));
        order.due_at = order.next_due(now);
        Transition::Changed(Box::new(order), None)
    }

    fn failure_transition(&self, id: &String, source: Source, now: Timestamp) -> Transition {
        if !self.held.contains(id) {
            return self.advance(OrderStatus::FailedAttempt, TimelineEvent::PaymentFailed, source, Some(id), now);
        }
        let mut order = self.changed(now);
        // The event may be late and concern an attempt before the review: lomi must be polled.
        if source == Source::Webhook {
            order.due_at = Some(now);
            return Transition::Changed(Box::new(order), None);
        }
        order.held.remove(id);
        order.status = order.status.max(OrderStatus::FailedAttempt);
        order.note(now, TimelineEvent::PaymentFailed, source, Some(id.clone()));
        // The review postponed the expiry, which may be due by now.
        let is_undecided = order.status < OrderStatus::Expired;
        order.due_at = if is_undecided { Some(now) } else { order.next_due(now) };
        Transition::Changed(Box::new(order), None)
    }

    /// Whether the payment already counts, under either of its ids.
    fn counts(&self, settled: &ConfirmedPayment) -> bool {
        let ids = [Some(&settled.transaction_id), settled.payment.public_id.as_ref()];
        ids.into_iter().flatten().any(|id| self.payment_called(id).is_some())
    }

    /// The page that a payment names. A public id is ignored when the order has a UUID, or the reverse: both may name
    /// one page.
    fn session_named_by(&self, settled: &ConfirmedPayment) -> Option<PaymentRef> {
        let own = self.checkout_session_id.as_deref();
        let told = settled.checkout_session_id.clone();
        told.filter(|told| own.is_none_or(|own| is_uuid(own) == is_uuid(told))).map(PaymentRef::CheckoutSession)
    }

    fn mismatch_of(
        &self,
        (gross_minor, currency, discount): (i64, Currency, Discount),
        environment: Environment,
        payable: Option<&PaymentRef>,
    ) -> Option<Mismatch> {
        let Some(expected) = self.expected() else { return Some(Mismatch::NoExpectation) };
        if environment != self.environment {
            Some(Mismatch::Environment)
        } else if payable.is_some_and(|payable| self.has_another(payable)) {
            Some(Mismatch::PaymentRef)
        } else if currency != expected.currency() {
            Some(Mismatch::Currency)
        } else if !self.is_price((gross_minor, discount), expected.amount_minor()) {
            Some(Mismatch::Amount)
        } else {
            None
        }
    }

    /// Whether the amount is the price. lomi does not document whether the gross amount includes the discount, so both
    /// readings are accepted. Without the merchant's permission no coupon may lower the amount.
    fn is_price(&self, (gross_minor, discount): (i64, Discount), price_minor: i64) -> bool {
        match discount {
            Discount::NotReported | Discount::Minor(0) => gross_minor == price_minor,
            Discount::Minor(minor) if self.allows_coupons => {
                let before_minor = gross_minor.checked_add_unsigned(minor);
                let is_within = minor <= price_minor.unsigned_abs();
                is_within && (gross_minor == price_minor || before_minor == Some(price_minor))
            }
            Discount::Minor(_) | Discount::Unreadable => false,
        }
    }

    /// Flags the order only for a mismatch that is certainly about it.
    pub(super) fn refuse(&self, mismatch: Mismatch, source: Source, now: Timestamp) -> Transition {
        let marks = mismatch.is_about_money() && !self.mismatch;
        let marked = marks.then(|| {
            let mut order = self.changed(now);
            order.mismatch = true;
            order.note(now, TimelineEvent::Mismatch, source, None);
            Box::new(order)
        });
        Transition::Refused(mismatch, marked)
    }

    /// Records a payment. Only the first payment of an order emits `order.paid`.
    fn pay(&self, source: Source, now: Timestamp, id: Option<String>, record: impl FnOnce(&mut Self)) -> Transition {
        let mut order = self.changed(now);
        record(&mut order);
        order.overpaid |= order.payments.len() > 1;
        let first = !self.status.is_paid();
        order.paid_after_cancel |= self.status == OrderStatus::Cancelled;
        order.status = order.status_by_money();
        let what = match (first, order.overpaid) {
            (true, _) => TimelineEvent::Paid,
            (false, true) => TimelineEvent::PaidAgain,
            (false, false) => TimelineEvent::PaymentIdentified,
        };
        order.note(now, what, source, id);
        order.due_at = order.next_due(now);
        Transition::Changed(Box::new(order), first.then_some(OutboxEvent::OrderPaid))
    }

    fn advance(
        &self,
        to: OrderStatus,
        what: TimelineEvent,
        source: Source,
        id: Option<&String>,
        now: Timestamp,
    ) -> Transition {
        if self.status >= to {
            return Transition::Unchanged;
        }
        let mut order = self.changed(now);
        order.status = to;
        order.note(now, what, source, id.cloned());
        order.due_at = order.next_due(now);
        Transition::Changed(Box::new(order), None)
    }
}
