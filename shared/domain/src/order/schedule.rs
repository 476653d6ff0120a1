//! When the reconciler checks an order, and when a waiting shopper may poll lomi.

use super::{Order, OrderStatus, Refund, RefundStatus, Source, TimelineEvent};
use crate::Timestamp;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;

/// lomi's sessions live 60 minutes; an order without a page expires after the same time.
const SESSION_LIFE_MS: i64 = 60 * MINUTE_MS;
/// The longest session life that lomi accepts.
pub(super) const LONGEST_PAGE_MS: i64 = 24 * 60 * MINUTE_MS;
/// A page that lomi may have opened this long ago is too old to return to the shopper.
pub(super) const STALE_PAGE_MS: i64 = 45 * MINUTE_MS;
/// How long after its page's end an order expires, so that a payment in the last second is received first.
const EXPIRY_MARGIN_MS: i64 = 2 * MINUTE_MS;
/// lomi may still complete a pending transaction for two hours.
const LATE_PAYMENT_MS: i64 = 130 * MINUTE_MS;
/// When a paid order is checked once more: after those two hours, and before the shared listing of recent payments
/// stops covering it.
const SECOND_PAYMENT_MS: i64 = 125 * MINUTE_MS;
/// Pause between two checks for a late payment after the page's end. With runs a minute apart and clocks that differ by
/// as much, a late payment is found within ten minutes.
const LATE_PAUSE_MS: i64 = 7 * MINUTE_MS;
/// Pauses between two attempts to cancel a card intent (shortest, longest), and for how long they are made.
const INTENT_PAUSE_MS: [i64; 2] = [MINUTE_MS, 6 * 60 * MINUTE_MS];
const INTENT_LIFE_MS: i64 = 30 * 24 * 60 * MINUTE_MS;
/// Pauses between two checks of a held payment (on the order's first day, later), and for how long they are made.
const HELD_PAUSE_MS: [i64; 2] = [LATE_PAUSE_MS, 6 * 60 * MINUTE_MS];
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const HELD_LIFE_MS: i64 = 90 * 24 * 60 * MINUTE_MS;
/// Pauses after a failed check of an order that is over (shortest, longest), and for how long checks are made.
const DEFERRAL_PAUSE_MS: [i64; 2] = [MINUTE_MS, 6 * 60 * MINUTE_MS];
const DEFERRAL_LIFE_MS: i64 = 30 * 24 * 60 * MINUTE_MS;
/// Pauses between two lookups of an unidentified transaction after the page's end (shortest, longest).
const UNIDENTIFIED_PAUSE_MS: [i64; 2] = [10 * MINUTE_MS, 6 * 60 * MINUTE_MS];
/// After this time only an event can identify the transaction.
const UNIDENTIFIED_LIFE_MS: i64 = 7 * 24 * 60 * MINUTE_MS;
/// Pauses between two lookups of a refund in doubt (shortest, longest).
const REFUND_IN_DOUBT_PAUSE_MS: [i64; 2] = [30 * SECOND_MS, 60 * MINUTE_MS];
/// Pauses between two lookups of a refund that lomi reports as pending (shortest, longest).
const REFUND_PENDING_PAUSE_MS: [i64; 2] = [MINUTE_MS, 6 * 60 * MINUTE_MS];
/// Pauses between two lookups of a refund that was released while in doubt (shortest, longest).
const REFUND_RELEASED_PAUSE_MS: [i64; 2] = [60 * MINUTE_MS, 24 * 60 * MINUTE_MS];
/// After this time only an event or the operator can resolve a refund.
const REFUND_LIFE_MS: i64 = 30 * 24 * 60 * MINUTE_MS;

impl Order {
    /// Whether the order is due for the reconciler.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at.is_some_and(|due| due <= now)
    }

    /// When the reconciler next checks the order; `None` when no more updates can arrive.
    pub(super) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let refunds = self.refunds.values().filter_map(|refund| next_look_at(refund, now));
        let intents = self.next_look_at_intents(now);
        let held = self.next_look_at_held(now);
        self.next_look_at_payments(now).into_iter().chain(intents).chain(held).chain(refunds).min()
    }

    /// No event reliably reports that a held payment was completed or released.
    fn next_look_at_held(&self, now: Timestamp) -> Option<Timestamp> {
        let is_awaited = !self.held.is_empty() && self.age_ms(now) < HELD_LIFE_MS;
        let [first_ms, then_ms] = HELD_PAUSE_MS;
        let pause_ms = if self.age_ms(now) < DAY_MS { first_ms } else { then_ms };
        is_awaited.then(|| now.plus_ms(pause_ms))
    }

    /// lomi accepts payments on an intent until it is cancelled, so attempts go on while they fail.
    fn next_look_at_intents(&self, now: Timestamp) -> Option<Timestamp> {
        let is_left = self.intent_to_close(now).is_some() || !self.orphaned_intents.is_empty();
        (is_left && self.age_ms(now) < INTENT_LIFE_MS).then(|| self.after_a_pause(INTENT_PAUSE_MS, now))
    }

    /// The order rescheduled after a failed check. `None` when it is not due: another process has moved it.
    ///
    /// While a payment or a refund is awaited, the next check comes about as soon as usual; later the pause grows.
    #[must_use]
    pub fn deferred(&self, now: Timestamp) -> Option<Self> {
        if !self.is_due(now) {
            return None;
        }
        let soon = now.plus_ms(MINUTE_MS);
        let may_be_paid = !self.status.is_paid() && (self.money_may_come(now) || !self.held.is_empty());
        let mut order = self.changed(now);
        order.due_at = if may_be_paid {
            Some(soon)
        } else if self.awaits_refund_updates() {
            Some(self.next_due(now).map_or(soon, |next| next.max(soon)))
        } else {
            (self.age_ms(now) < DEFERRAL_LIFE_MS).then(|| self.after_a_pause(DEFERRAL_PAUSE_MS, now))
        };
        Some(order)
    }

    /// Whether lomi may still complete a payment of the order.
    #[must_use]
    pub fn money_may_come(&self, now: Timestamp) -> bool {
        now <= self.payable_until().plus_ms(LATE_PAYMENT_MS)
    }

    fn age_ms(&self, now: Timestamp) -> i64 {
        now.as_ms().saturating_sub(self.created_at.as_ms())
    }

    /// Now plus an eighth of the order's age, within bounds.
    fn after_a_pause(&self, [shortest_ms, longest_ms]: [i64; 2], now: Timestamp) -> Timestamp {
        now.plus_ms((self.age_ms(now) / 8).clamp(shortest_ms, longest_ms))
    }

    /// Whether the shared listing of recent payments was read for the last time for this order: it awaits refunds only,
    /// or a transaction that only a lookup of this one order finds.
    #[must_use]
    pub fn awaits_only_refunds(&self) -> bool {
        self.status.is_paid()
            && self.held.is_empty()
            && self.polled_at.is_some_and(|asked| asked >= self.last_look_at_payments())
    }

    /// An unpaid order is checked at least every five minutes while its page lives. A paid one is checked when its page
    /// has ended, and again when lomi no longer completes a payment of it, for a second payment that no event reported;
    /// and for days while its transaction is unknown.
    fn next_look_at_payments(&self, now: Timestamp) -> Option<Timestamp> {
        let decision = self.payable_until().plus_ms(EXPIRY_MARGIN_MS);
        if self.status.is_paid() {
            let last = Some(self.last_look_at_payments()).filter(|last| now < *last);
            return if now < decision {
                Some(decision)
            } else {
                self.next_look_for_transaction(now, decision).or(last)
            };
        }
        let age_ms = now.as_ms().saturating_sub(self.created_at.as_ms());
        let wait_ms = (age_ms / 2).clamp(MINUTE_MS, 5 * MINUTE_MS);
        let next = now.plus_ms(wait_ms);
        if next <= self.payable_until() {
            return Some(next);
        }
        // The first check after the end decides about expiry; later ones find late payments.
        if now < decision {
            return Some(decision);
        }
        let next = now.plus_ms(LATE_PAUSE_MS);
        (next <= self.payable_until().plus_ms(LATE_PAYMENT_MS)).then_some(next)
    }

    fn next_look_for_transaction(&self, now: Timestamp, since: Timestamp) -> Option<Timestamp> {
        let age_ms = now.as_ms().saturating_sub(since.as_ms());
        let [shortest_ms, longest_ms] = UNIDENTIFIED_PAUSE_MS;
        let is_looked_for = self.is_unidentified() && age_ms < UNIDENTIFIED_LIFE_MS;
        is_looked_for.then(|| now.plus_ms((age_ms / 2).clamp(shortest_ms, longest_ms)))
    }

    /// The end of the page, or the latest end of a page that was lost.
    #[must_use]
    pub fn payable_until(&self) -> Timestamp {
        self.expires_at.unwrap_or_else(|| self.created_at.plus_ms(SESSION_LIFE_MS))
    }

    /// Whether the page ended so long ago that an order without a payment expires.
    #[must_use]
    pub fn is_past_its_end(&self, now: Timestamp) -> bool {
        now >= self.payable_until().plus_ms(EXPIRY_MARGIN_MS)
    }

    /// When a poll marked the order paid, if this is the last check of its payments: the check that reports a payment
    /// without a webhook event.
    #[must_use]
    pub fn paid_by_polling(&self, now: Timestamp) -> Option<Timestamp> {
        let is_the_look = now >= self.last_look_at_payments() && !self.awaits_only_refunds();
        let paid = self.timeline.iter().find(|entry| entry.what == TimelineEvent::Paid).filter(|_| is_the_look)?;
        (self.status.is_paid() && paid.source == Source::Poll).then_some(paid.at)
    }

    /// When lomi no longer completes a second payment of a paid order.
    fn last_look_at_payments(&self) -> Timestamp {
        self.payable_until().plus_ms(SECOND_PAYMENT_MS)
    }

    /// Whether a waiting shopper's request may poll lomi now.
    ///
    /// The pause grows with the order's age, so that many open pages cannot use up lomi's rate limit.
    #[must_use]
    pub fn may_be_polled(&self, now: Timestamp) -> bool {
        let age_ms = now.as_ms().saturating_sub(self.created_at.as_ms());
        let pause_ms = (age_ms / 20).clamp(3 * SECOND_MS, MINUTE_MS);
        let watched = !self.status.is_paid() && self.status >= OrderStatus::Open && self.due_at.is_some();
        watched && self.polled_at.is_none_or(|asked| now >= asked.plus_ms(pause_ms))
    }

    /// How long a waiting page should wait before its next request; `None` when no more updates can arrive.
    #[must_use]
    pub fn poll_after_ms(&self, now: Timestamp) -> Option<i64> {
        let age_ms = now.as_ms().saturating_sub(self.created_at.as_ms());
        (!self.status.is_paid() && self.due_at.is_some()).then(|| (age_ms / 100).clamp(2 * SECOND_MS, 15 * SECOND_MS))
    }
}

/// When to look up a refund at lomi; the pause grows with its age.
fn next_look_at(refund: &Refund, now: Timestamp) -> Option<Timestamp> {
    let age_ms = now.as_ms().saturating_sub(refund.requested_at.as_ms());
    let after = |[shortest_ms, longest_ms]: [i64; 2]| now.plus_ms((age_ms / 2).clamp(shortest_ms, longest_ms));
    match (refund.status, &refund.request) {
        (RefundStatus::Requested, Some(request)) => Some(request.lease_until.max(now)),
        (RefundStatus::Requested, None) => Some(after(REFUND_IN_DOUBT_PAUSE_MS)),
        (RefundStatus::InDoubt, _) if age_ms < REFUND_LIFE_MS => Some(after(REFUND_IN_DOUBT_PAUSE_MS)),
        (RefundStatus::Pending, _) if age_ms < REFUND_LIFE_MS => Some(after(REFUND_PENDING_PAUSE_MS)),
        (RefundStatus::Failed, _) if refund.may_be_listed() && age_ms < REFUND_LIFE_MS => {
            Some(after(REFUND_RELEASED_PAUSE_MS))
        }
        (RefundStatus::InDoubt | RefundStatus::Pending | RefundStatus::Completed | RefundStatus::Failed, _) => None,
    }
}
