//! When somebody should ask lomi about an order.

use super::{Order, OrderStatus, Refund, RefundStatus, Source, TimelineEvent};
use crate::Timestamp;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;

/// lomi's sessions live 60 minutes; an order without a page is given up after as long.
const SESSION_LIFE_MS: i64 = 60 * MINUTE_MS;
/// No page lives longer than the longest life that can be asked for.
pub(super) const LONGEST_PAGE_MS: i64 = 24 * 60 * MINUTE_MS;
/// A page that lomi may have opened so long ago is not worth handing out.
pub(super) const STALE_PAGE_MS: i64 = 45 * MINUTE_MS;
/// A page is called expired this long after its end, so that a payment in its last second is heard of first.
const EXPIRY_MARGIN_MS: i64 = 2 * MINUTE_MS;
/// lomi may still complete a transaction it called pending for two hours.
const LATE_PAYMENT_MS: i64 = 130 * MINUTE_MS;
/// A paid order is looked at once more when that is over, and soon enough for the listing that others need, too.
const SECOND_PAYMENT_MS: i64 = 125 * MINUTE_MS;
/// Between two looks for money that comes after the page's end: with a minute between two runs and clocks that differ
/// by as much, it is known within ten.
const LATE_PAUSE_MS: i64 = 7 * MINUTE_MS;
/// Between two tries to end a card form, and how long it is tried.
const INTENT_PAUSE_MS: [i64; 2] = [MINUTE_MS, 6 * 60 * MINUTE_MS];
const INTENT_LIFE_MS: i64 = 30 * 24 * 60 * MINUTE_MS;
/// Between two looks at a payment that is held: in the order's first day, afterwards, and how long they are taken.
const HELD_PAUSE_MS: [i64; 2] = [LATE_PAUSE_MS, 6 * 60 * MINUTE_MS];
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const HELD_LIFE_MS: i64 = 90 * 24 * 60 * MINUTE_MS;
/// Between two looks that fail at an order that is over, and how long they are taken.
const DEFERRAL_PAUSE_MS: [i64; 2] = [MINUTE_MS, 6 * 60 * MINUTE_MS];
const DEFERRAL_LIFE_MS: i64 = 30 * 24 * 60 * MINUTE_MS;
/// A payment that is not identified when its page ends is looked for soon, then ever more rarely.
const UNIDENTIFIED_PAUSE_MS: [i64; 2] = [10 * MINUTE_MS, 6 * 60 * MINUTE_MS];
/// After so long only an event can still identify it.
const UNIDENTIFIED_LIFE_MS: i64 = 7 * 24 * 60 * MINUTE_MS;
/// A refund in doubt is soon asked about, then ever more rarely.
const REFUND_IN_DOUBT_PAUSE_MS: [i64; 2] = [30 * SECOND_MS, 60 * MINUTE_MS];
/// lomi takes its time over a refund that it calls pending.
const REFUND_PENDING_PAUSE_MS: [i64; 2] = [MINUTE_MS, 6 * 60 * MINUTE_MS];
/// What was given up in doubt is looked for now and then.
const REFUND_RELEASED_PAUSE_MS: [i64; 2] = [60 * MINUTE_MS, 24 * 60 * MINUTE_MS];
/// After so long only an event, or a person who asks, can still tell of a refund.
const REFUND_LIFE_MS: i64 = 30 * 24 * 60 * MINUTE_MS;

impl Order {
    /// Whether the reconciler is to look at the order now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at.is_some_and(|due| due <= now)
    }

    /// When the reconciler looks at the order next; `None` when nothing more can come.
    pub(super) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let refunds = self.refunds.values().filter_map(|refund| next_look_at(refund, now));
        let intents = self.next_look_at_intents(now);
        let held = self.next_look_at_held(now);
        self.next_look_at_payments(now).into_iter().chain(intents).chain(held).chain(refunds).min()
    }

    /// Whether lomi lets go of a held payment, or of its money, is announced nowhere for sure.
    fn next_look_at_held(&self, now: Timestamp) -> Option<Timestamp> {
        let is_awaited = !self.held.is_empty() && self.age_ms(now) < HELD_LIFE_MS;
        let [first_ms, then_ms] = HELD_PAUSE_MS;
        let pause_ms = if self.age_ms(now) < DAY_MS { first_ms } else { then_ms };
        is_awaited.then(|| now.plus_ms(pause_ms))
    }

    /// lomi takes money on an intent until somebody ends it, however long that fails.
    fn next_look_at_intents(&self, now: Timestamp) -> Option<Timestamp> {
        let is_left = self.intent_to_close(now).is_some() || !self.orphaned_intents.is_empty();
        (is_left && self.age_ms(now) < INTENT_LIFE_MS).then(|| self.after_a_pause(INTENT_PAUSE_MS, now))
    }

    /// The order at the end of the line, after a look at it that failed. `None` when somebody has moved it meanwhile.
    ///
    /// As long as money may come, or go back, it is looked at again about as soon as it would have been; then ever
    /// later.
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

    /// An eighth of the order's age from now, within bounds.
    fn after_a_pause(&self, [shortest_ms, longest_ms]: [i64; 2], now: Timestamp) -> Timestamp {
        now.plus_ms((self.age_ms(now) / 8).clamp(shortest_ms, longest_ms))
    }

    /// Whether nothing but refunds is left to look at, or a payment that only a question about this order finds: the
    /// last look at the payments together with other orders has been taken.
    #[must_use]
    pub fn awaits_only_refunds(&self) -> bool {
        self.status.is_paid()
            && self.held.is_empty()
            && self.polled_at.is_some_and(|asked| asked >= self.last_look_at_payments())
    }

    /// An order that can still turn paid is looked at at least every five minutes while its page lives. A paid one is
    /// looked at when its page has ended and when lomi completes nothing of it any more, for a second payment that
    /// nobody told of, and for days when nobody knows which transaction paid it.
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
        // The first look after the end decides about expiry; a few more catch late confirmations.
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

    /// The end of the page, or of the time in which a lost one could have been opened.
    #[must_use]
    pub fn payable_until(&self) -> Timestamp {
        self.expires_at.unwrap_or_else(|| self.created_at.plus_ms(SESSION_LIFE_MS))
    }

    /// Whether the page's end is so long past that, without news of a payment, the order is over.
    #[must_use]
    pub fn is_past_its_end(&self, now: Timestamp) -> bool {
        now >= self.payable_until().plus_ms(EXPIRY_MARGIN_MS)
    }

    /// When asking lomi made the order paid, if this is the last look at its payments: the one at which somebody
    /// notices that no event told of it.
    #[must_use]
    pub fn paid_by_asking(&self, now: Timestamp) -> Option<Timestamp> {
        let is_the_look = now >= self.last_look_at_payments() && !self.awaits_only_refunds();
        let paid = self.timeline.iter().find(|entry| entry.what == TimelineEvent::Paid).filter(|_| is_the_look)?;
        (self.status.is_paid() && paid.source == Source::Poll).then_some(paid.at)
    }

    /// When lomi completes nothing more of a paid order.
    fn last_look_at_payments(&self) -> Timestamp {
        self.payable_until().plus_ms(SECOND_PAYMENT_MS)
    }

    /// Whether a shopper waiting for news is reason enough to ask lomi now.
    ///
    /// The pause grows with the order's age, so that no number of impatient pages spends lomi's rate limit.
    #[must_use]
    pub fn may_be_polled(&self, now: Timestamp) -> bool {
        let age_ms = now.as_ms().saturating_sub(self.created_at.as_ms());
        let pause_ms = (age_ms / 20).clamp(3 * SECOND_MS, MINUTE_MS);
        let watched = !self.status.is_paid() && self.status >= OrderStatus::Open && self.due_at.is_some();
        watched && self.polled_at.is_none_or(|asked| now >= asked.plus_ms(pause_ms))
    }

    /// How long a waiting page should wait before it asks again, `None` when nothing more will come.
    #[must_use]
    pub fn poll_after_ms(&self, now: Timestamp) -> Option<i64> {
        let age_ms = now.as_ms().saturating_sub(self.created_at.as_ms());
        (!self.status.is_paid() && self.due_at.is_some()).then(|| (age_ms / 100).clamp(2 * SECOND_MS, 15 * SECOND_MS))
    }
}

/// When to ask lomi about a refund; the pause grows with its age.
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
