//! The payment page or card form of an order, and card intents that must be cancelled.

use super::{NewOrder, Order, OrderStatus, Source, TimelineEvent};
use crate::{Money, Timestamp};

/// More orphans than the attempts of one order leave behind. Further ones are only logged.
const MAX_ORPHANS: usize = 10;

/// A payment page or card form at lomi.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentRef {
    /// A hosted payment page, by its UUID.
    CheckoutSession(String),
    /// A card form on the shop's own page, by its `pi_` id.
    PaymentIntent(String),
}

/// What lomi opened for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedPayment {
    /// The id of the page or form.
    pub id: PaymentRef,
    /// From this time on no payment is taken: lomi closes a page; the reconciler cancels a card form.
    pub expires_at: Timestamp,
    /// The amount that lomi returned; the expected price of an order that lomi priced.
    pub amount: Option<Money>,
}

impl Order {
    /// An order imported from lomi: its page was opened there, at lomi's price. No client holds its token.
    #[must_use]
    pub fn imported(new: NewOrder, payable: OpenedPayment, now: Timestamp) -> Self {
        let mut order = Self::create(new, now);
        order.timeline.clear();
        order.opened(payable, now)
    }

    /// The page or form that the shopper received.
    #[must_use]
    pub fn payable(&self) -> Option<PaymentRef> {
        let session = self.checkout_session_id.clone().map(PaymentRef::CheckoutSession);
        session.or_else(|| self.payment_intent_id.clone().map(PaymentRef::PaymentIntent))
    }

    /// Whether the signed cart of this order may be used for another order: this one ended unpaid, and no payment of it
    /// can complete any more.
    ///
    /// Without a page or form there is nothing to pay on. A card form is over when lomi has cancelled its intent. A
    /// page cannot be cancelled at lomi: it is over when its time has passed and lomi no longer completes a payment of
    /// it.
    #[must_use]
    pub fn releases_cart(&self, now: Timestamp) -> bool {
        let has_ended = match self.payable() {
            None => self.status != OrderStatus::Creating,
            Some(PaymentRef::PaymentIntent(_)) if self.intent_closed => true,
            Some(_) => {
                let is_over = matches!(self.status, OrderStatus::Cancelled | OrderStatus::Expired);
                is_over && !self.money_may_come(now)
            }
        };
        // A mismatched payment is still money: the operator must decide first.
        has_ended && !self.status.is_paid() && !self.mismatch && self.held.is_empty()
    }

    /// Whether the order has a different page, or a different form, than `payable`.
    pub(super) fn has_another(&self, payable: &PaymentRef) -> bool {
        let (own, id) = match payable {
            PaymentRef::CheckoutSession(id) => (&self.checkout_session_id, id),
            PaymentRef::PaymentIntent(id) => (&self.payment_intent_id, id),
        };
        own.as_ref().is_some_and(|own| own != id)
    }

    /// The order's intent, when it must be cancelled: the order is over, and lomi would accept a payment for ever.
    #[must_use]
    pub fn intent_to_close(&self, now: Timestamp) -> Option<&str> {
        let is_over = self.status == OrderStatus::Cancelled || now >= self.payable_until();
        let has_money = self.status.is_paid() || !self.held.is_empty();
        self.payment_intent_id.as_deref().filter(|_| is_over && !self.intent_closed && !has_money)
    }

    /// The order after lomi cancelled its intent; `None` when that is already recorded.
    #[must_use]
    pub fn with_intent_closed(&self, source: Source, now: Timestamp) -> Option<Self> {
        if self.intent_closed || self.payment_intent_id.is_none() {
            return None;
        }
        let mut order = self.changed(now);
        order.intent_closed = true;
        order.note(now, TimelineEvent::IntentCancelled, source, None);
        Some(order)
    }

    /// The order with an orphaned intent, which no client received and the reconciler must cancel. `None` when it is
    /// the order's own, or already recorded.
    #[must_use]
    pub fn with_orphan(&self, payment_intent_id: &str, now: Timestamp) -> Option<Self> {
        let is_own = self.payment_intent_id.as_deref() == Some(payment_intent_id);
        if is_own || self.orphaned_intents.contains(payment_intent_id) || self.orphaned_intents.len() >= MAX_ORPHANS {
            return None;
        }
        let mut order = self.changed(now);
        order.orphaned_intents.insert(payment_intent_id.to_owned());
        order.note(now, TimelineEvent::IntentOrphaned, Source::Lomi, None);
        order.due_at = order.due_at.or(Some(now));
        Some(order)
    }

    /// The order after an orphan was cancelled; `None` when it is not one of the order's.
    #[must_use]
    pub fn without_orphan(&self, payment_intent_id: &str, now: Timestamp) -> Option<Self> {
        let mut order = self.changed(now);
        order.orphaned_intents.remove(payment_intent_id).then_some(order)
    }

    /// Intents that no client received and that must still be cancelled at lomi.
    pub fn orphaned_intents(&self) -> impl Iterator<Item = &str> {
        self.orphaned_intents.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AttemptId, Currency, Environment, OrderDetails, OrderToken, PricedCart};

    const T0: Timestamp = Timestamp::from_ms(1_800_000_000_000);
    const HOUR_MS: i64 = 60 * 60 * 1000;

    fn card_order() -> Order {
        let price = Money::new(12_500, Currency::Xof).unwrap();
        let new = NewOrder {
            order_id: crate::OrderId::from_entropy([1; 32]),
            environment: Environment::Live,
            cart: PricedCart::from_merchant(price, None),
            details: OrderDetails::default(),
            token_hash: OrderToken::from_entropy([2; 32]).hash(),
            attempt_id: AttemptId::from_entropy([3; 32]),
            lease_until: T0.plus_ms(30_000),
        };
        let id = PaymentRef::PaymentIntent("pi_1".into());
        Order::create(new, T0).opened(OpenedPayment { id, expires_at: T0.plus_ms(HOUR_MS), amount: Some(price) }, T0)
    }

    #[test]
    fn an_order_stays_due_while_its_page_still_takes_money() {
        for order in [card_order(), card_order().with_orphan("pi_2", T0).unwrap()] {
            let (mut order, mut now) = (order, T0);
            while now.as_ms() < T0.as_ms() + 29 * 24 * HOUR_MS {
                order = order.polled(now);
                now = order.due_at().expect("somebody has to end it");
            }
        }
        let mut closed = card_order().with_intent_closed(Source::Reconciler, T0).unwrap();
        while let Some(due) = closed.due_at() {
            closed = closed.polled(due);
        }
    }

    #[test]
    fn a_cart_is_released_when_no_money_can_come_any_more() {
        let created = card_order();
        let over = T0.plus_ms(HOUR_MS + 131 * 60 * 1000);
        let with = |change: &dyn Fn(&mut Order)| {
            let mut order = created.clone();
            change(&mut order);
            order
        };
        let page = |status| {
            with(&|order| {
                order.payment_intent_id = None;
                order.checkout_session_id = Some("s".into());
                order.status = status;
            })
        };
        let nothing = |status| {
            with(&|order| {
                order.payment_intent_id = None;
                order.status = status;
            })
        };
        assert!(!created.releases_cart(over), "nobody has looked yet whether it was paid");
        for (order, soon, later) in [
            (nothing(OrderStatus::Creating), false, false),
            (nothing(OrderStatus::Rejected), true, true),
            (nothing(OrderStatus::InDoubt), true, true),
            (nothing(OrderStatus::Expired), true, true),
            (page(OrderStatus::Open), false, false),
            (page(OrderStatus::FailedAttempt), false, false),
            (page(OrderStatus::Cancelled), false, true),
            (page(OrderStatus::Expired), false, true),
            (page(OrderStatus::Paid), false, false),
            (page(OrderStatus::Refunded), false, false),
            (with(&|order| order.status = OrderStatus::Cancelled), false, true),
            (with(&|order| order.intent_closed = true), true, true),
        ] {
            assert_eq!(order.releases_cart(T0.plus_ms(60_000)), soon, "{order:?}");
            assert_eq!(order.releases_cart(over), later, "{order:?}");
        }
        let mut odd = page(OrderStatus::Expired);
        odd.mismatch = true;
        assert!(!odd.releases_cart(over), "money came, and it does not fit");
    }

    #[test]
    fn a_failed_poll_is_retried_soon_and_then_less_often() {
        let fail_at = |now: Timestamp| {
            let mut order = card_order();
            order.due_at = Some(now);
            order.deferred(now).unwrap().due_at().map(|due| due.as_ms() - now.as_ms())
        };
        assert_eq!(fail_at(T0.plus_ms(HOUR_MS)), Some(60_000));
        assert_eq!(fail_at(T0.plus_ms(10 * 24 * HOUR_MS)), Some(6 * HOUR_MS));
        assert_eq!(fail_at(T0.plus_ms(31 * 24 * HOUR_MS)), None);
        assert_eq!(card_order().deferred(T0), None, "it is not due: somebody has moved it");
    }
}
