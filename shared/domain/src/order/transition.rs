//! What an order makes of a event.
//!
//! Status, payments, refunds, disputes and `overpaid` after a set of events from lomi do not depend on the order in
//! which they came, nor on how often. (`paid_after_cancel` tells of the shopper's own word, which is no event of
//! lomi's: it means nothing after the money.)

use super::{DisputeNotice, Environment, Order, OrderStatus, Payment, PaymentRef, RefundNotice, TimelineEvent};
use super::{DisputeUpdate, ProviderRefund, RiskUpdate, Source};
use crate::ids::is_uuid;
use crate::{Currency, Money, Timestamp};

/// More distinct payments for one order than this are not recorded one by one: `overpaid` already says it all.
const MAX_PAYMENTS: usize = 20;

/// A completed transaction at lomi that names an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedPayment {
    /// lomi's id of the transaction: its UUID, unless lomi tells none.
    pub transaction_id: String,
    /// The gross amount, in minor units: nothing at all where a coupon took off the whole price.
    pub gross_minor: i64,
    /// The merchant's currency.
    pub currency: Currency,
    /// What a coupon took off.
    pub discount: Discount,
    /// Where the transaction took place, proved and not assumed.
    pub environment: Environment,
    /// The session it names, where it names one.
    pub checkout_session_id: Option<String>,
    /// What the order keeps of it.
    pub payment: Payment,
}

/// What a coupon took off a payment, as lomi tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discount {
    /// Not told.
    Untold,
    /// In minor units; none, where it is 0.
    Minor(u64),
    /// Told, and no number of minor units: how much was paid is not known.
    Unreadable,
}

/// Something that is true about an order, from authentic event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    /// lomi completed a transaction.
    PaymentSucceeded(ConfirmedPayment),
    /// lomi has charged the payer and looks at the payment before the merchant has the money. Nothing is paid by it.
    PaymentHeld(ConfirmedPayment),
    /// A try to pay failed, or lomi let a held payment go. Never final: the same transaction may still succeed.
    PaymentFailed {
        /// lomi's id of the transaction.
        transaction_id: String,
        /// Where it took place.
        environment: Environment,
    },
    /// lomi says that what the shopper was to pay on is paid, without naming the transaction.
    Completed {
        /// What was paid on.
        payable: PaymentRef,
        /// What it cost, in the merchant's currency.
        money: Money,
        /// Where.
        environment: Environment,
    },
    /// lomi gives money back, has given it, or failed to.
    Refund(ProviderRefund),
    /// A payer's bank wants a payment back, or lomi says what became of that.
    Dispute(DisputeUpdate),
    /// lomi thinks a payment risky.
    PaymentRisk(RiskUpdate),
    /// lomi was asked after the page's end and knows of no payment.
    SessionExpired,
    /// The shopper, or the merchant, gave the order up.
    Cancelled,
}

/// How authentic event fails to fit an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// A test payment for a live order or the reverse.
    Environment,
    /// Another currency than the order's.
    Currency,
    /// Another amount than the order's.
    Amount,
    /// Another page or card form than the order's.
    Payable,
    /// The order does not know its own price yet.
    NoExpectation,
    /// The order has so many refunds that no further one is kept with it.
    TooManyRefunds,
    /// The order has so many disputes, or a dispute so many turns, that no further one is kept with it.
    TooManyDisputes,
}

impl Mismatch {
    /// Whether the sum is wrong, and not the order or the environment.
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
            Self::Payable => "payable",
            Self::NoExpectation => "no_expectation",
            Self::TooManyRefunds => "too_many_refunds",
            Self::TooManyDisputes => "too_many_disputes",
        }
    }
}

/// An event for the merchant's own systems, written in the same transaction as the state it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxEvent {
    /// The order turned paid; at most once in an order's life.
    OrderPaid,
    /// Money went back; at most once per refund.
    OrderRefunded(RefundNotice),
    /// Money of which [`Self::OrderRefunded`] told did not arrive; at most once per refund.
    RefundFailed(RefundNotice),
    /// A payment is disputed, or the dispute moved on; at most once per turn.
    Disputed(DisputeNotice),
}

impl OutboxEvent {
    /// The event's type, as consumers see it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::OrderPaid => "order.paid",
            Self::OrderRefunded(_) => "order.refunded",
            Self::RefundFailed(_) => "order.refund_failed",
            Self::Disputed(_) => "order.disputed",
        }
    }

    /// What tells the event apart from every other one of its order.
    #[must_use]
    pub fn name(&self) -> String {
        let kind = self.as_str();
        match self {
            Self::OrderPaid => kind.to_owned(),
            Self::OrderRefunded(refund) | Self::RefundFailed(refund) => format!("{kind}#{}", refund.refund_id),
            Self::Disputed(dispute) => format!("{kind}#{}", dispute.suffix()),
        }
    }

    /// The refund that it is about.
    #[must_use]
    pub const fn refund(&self) -> Option<&RefundNotice> {
        match self {
            Self::OrderPaid | Self::Disputed(_) => None,
            Self::OrderRefunded(refund) | Self::RefundFailed(refund) => Some(refund),
        }
    }

    /// The turn of a dispute that it is about.
    #[must_use]
    pub const fn dispute(&self) -> Option<&DisputeNotice> {
        match self {
            Self::Disputed(dispute) => Some(dispute),
            Self::OrderPaid | Self::OrderRefunded(_) | Self::RefundFailed(_) => None,
        }
    }
}

/// What a event does to an order.
#[derive(Clone, Debug, PartialEq)]
pub enum Transition {
    /// The order is now this, and these events tell of it.
    Changed(Box<Order>, Option<OutboxEvent>),
    /// Nothing new.
    Unchanged,
    /// The order may be paid for less than its price, and this does not tell for how much: only a transaction that our
    /// own key has read, with its discount, does.
    DiscountUnknown,
    /// The event does not fit. The order, where given, remembers that.
    Refused(Mismatch, Option<Box<Order>>),
}

impl Order {
    /// Judges `event`, learnt at `now` from `source`.
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
                    // What was paid on is used up, and its money is, or was, the one that is held: the payment says how
                    // it ends. A page that takes coupons does not say for how much it was paid.
                    None if self.was_held || self.allows_coupons => Transition::Unchanged,
                    None if self.completed_unnamed || !self.payments.is_empty() => Transition::Unchanged,
                    None => self.pay(source, now, None, |order| order.completed_unnamed = true),
                }
            }
            OrderEvent::Refund(told) => self.refund_transition(told, source, now),
            OrderEvent::Dispute(told) => self.dispute_transition(told, source, now),
            OrderEvent::PaymentRisk(told) => self.risk_transition(told, source, now),
            // The shopper has paid.
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

    /// Whether the gross amount is the price. A payment that counts may have been counted before discounts were looked
    /// at.
    fn is_at_price(&self, settled: &ConfirmedPayment) -> bool {
        self.expected() == Money::new(settled.gross_minor, settled.currency) && settled.gross_minor > 0
    }

    /// What the order keeps of a payment that is its own.
    fn payment_of(&self, settled: &ConfirmedPayment) -> Payment {
        let price_minor = self.amount.unwrap_or_default();
        let discount_minor = match settled.discount {
            Discount::Minor(minor) => i64::try_from(minor).unwrap_or_default(),
            Discount::Untold | Discount::Unreadable => 0,
        };
        let is_within_gross = settled.gross_minor == price_minor && discount_minor > 0;
        Payment { discount_minor, is_discount_within_gross: is_within_gross, ..settled.payment.clone() }
    }

    /// Why the payment is no news, not the order's, or not yet.
    fn refusal_of(&self, settled: &ConfirmedPayment, source: Source, now: Timestamp) -> Option<Transition> {
        if settled.environment == self.environment && self.counts(settled) && self.is_at_price(settled) {
            return Some(Transition::Unchanged);
        }
        let is_open = source == Source::Webhook || settled.discount == Discount::Untold;
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
        // An event may be about a try before the review, and come late: lomi is asked.
        if source == Source::Webhook {
            order.due_at = Some(now);
            return Transition::Changed(Box::new(order), None);
        }
        order.held.remove(id);
        order.status = order.status.max(OrderStatus::FailedAttempt);
        order.note(now, TimelineEvent::PaymentFailed, source, Some(id.clone()));
        // The page's end, which the review put off, may be past.
        let is_undecided = order.status < OrderStatus::Expired;
        order.due_at = if is_undecided { Some(now) } else { order.next_due(now) };
        Transition::Changed(Box::new(order), None)
    }

    /// Whether the payment is one of the order's already, by either of its ids.
    fn counts(&self, settled: &ConfirmedPayment) -> bool {
        let ids = [Some(&settled.transaction_id), settled.payment.public_id.as_ref()];
        ids.into_iter().flatten().any(|id| self.payment_called(id).is_some())
    }

    /// The page that a payment names, unless it does so by a public id: that may be the order's own page.
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
            Some(Mismatch::Payable)
        } else if currency != expected.currency() {
            Some(Mismatch::Currency)
        } else if !self.is_price((gross_minor, discount), expected.amount_minor()) {
            Some(Mismatch::Amount)
        } else {
            None
        }
    }

    /// Whether the sum is the price. No document says whether a coupon is part of the gross amount or has been taken
    /// off it, so both count, and less than the price was paid either way. Where the merchant allows no coupon, nobody
    /// pays less.
    fn is_price(&self, (gross_minor, discount): (i64, Discount), price_minor: i64) -> bool {
        match discount {
            Discount::Untold | Discount::Minor(0) => gross_minor == price_minor,
            Discount::Minor(minor) if self.allows_coupons => {
                let before_minor = gross_minor.checked_add_unsigned(minor);
                let is_within = minor <= price_minor.unsigned_abs();
                is_within && (gross_minor == price_minor || before_minor == Some(price_minor))
            }
            Discount::Minor(_) | Discount::Unreadable => false,
        }
    }

    /// Only event that is about this order beyond doubt leaves a mark on it.
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

    /// Records money. Only the first money of an order tells the merchant's systems `order.paid`.
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
