//! Where all roads meet: a event about an order is judged and made durable, whichever way it came.

use crate::Context;
use crate::organisation::Ours;
use crate::reason::FOREIGN;
use domain::{Mismatch, Order, OrderEvent, OrderId, OutboxEvent, QuarantineId, Source, Transition};
use std::time::Duration;
use store::{LinkPlace, ProviderEvent, Recorded, StoreError};
use tokio::time::sleep;

/// So often a write is made anew on top of somebody else's. Fifty writers at one order settle within it.
const MAX_TRIES: u32 = 12;
/// The longest pause before the first new try; it doubles up to 16 times this.
const FIRST_PAUSE_MS: u64 = 8;

/// What became of a event.
#[derive(Clone, Debug)]
pub enum ApplyOutcome {
    /// It changed the order, which is now this, and told of it.
    Applied(Box<Order>, Option<OutboxEvent>),
    /// It was known before.
    Duplicate,
    /// It is true and changes nothing.
    Ignored,
    /// It does not fit its order and is kept for a person to look at.
    Mismatched(Mismatch),
    /// lomi.'s answer says that it is another organisation's. It is kept for a person to look at.
    Foreign {
        /// Whether it was not kept before.
        is_new: bool,
    },
    /// The order may be paid for less than its price, and this does not tell for how much. Nothing was written.
    DiscountUnknown,
    /// There is no such order.
    UnknownOrder,
}

impl Context {
    /// Judges `event` against the order as it stands and writes what follows, on top of whatever others write meanwhile.
    /// Nothing counts of which nobody has proved that it is our own organisation's.
    pub(crate) async fn apply(
        &self,
        id: &OrderId,
        order_event: &OrderEvent,
        provider_event: &ProviderEvent,
        _: Ours,
    ) -> Result<ApplyOutcome, StoreError> {
        self.retry_on_conflict(async || match self.order(id).await? {
            Some(order) => self.apply_once(&order, order_event, provider_event.clone()).await,
            None => Ok(Some(ApplyOutcome::UnknownOrder)),
        })
        .await
    }

    /// `None` when the order moved meanwhile.
    async fn apply_once(
        &self,
        order: &Order,
        order_event: &OrderEvent,
        provider_event: ProviderEvent,
    ) -> Result<Option<ApplyOutcome>, StoreError> {
        match order.transition(order_event, provider_event.source, self.clock.now()) {
            Transition::Changed(next, event) => self.write_applied(provider_event, order, next, event).await,
            // What a poll finds again and again is not worth a write.
            Transition::Unchanged if provider_event.source == Source::Poll => Ok(Some(ApplyOutcome::Duplicate)),
            Transition::Unchanged => {
                let recorded = self.store.archive(provider_event, Some(order.id())).await?;
                Ok(outcome(recorded, ApplyOutcome::Ignored))
            }
            Transition::DiscountUnknown => Ok(Some(ApplyOutcome::DiscountUnknown)),
            // What is put aside stays there, once; the order may not have been there to be marked before.
            Transition::Refused(mismatch, marked) if provider_event.is_quarantined => {
                let is_marked = match marked {
                    Some(marked) => self.store.save(&marked).await?,
                    None => true,
                };
                Ok(is_marked.then_some(ApplyOutcome::Mismatched(mismatch)))
            }
            Transition::Refused(mismatch, marked) => {
                let reason = mismatch.as_str();
                let recorded =
                    self.store.quarantine(provider_event, reason, Some(order.id()), marked.as_deref()).await?;
                match (recorded, marked) {
                    // Kept before, when the order could not be marked yet.
                    (Recorded::Duplicate, Some(marked)) if !self.store.save(&marked).await? => Ok(None),
                    (recorded, _) => Ok(outcome(recorded, ApplyOutcome::Mismatched(mismatch))),
                }
            }
        }
    }

    /// Money is money: a payment after a link's last one still makes its order paid, which then says so.
    async fn write_applied(
        &self,
        provider_event: ProviderEvent,
        before: &Order,
        mut next: Box<Order>,
        event: Option<OutboxEvent>,
    ) -> Result<Option<ApplyOutcome>, StoreError> {
        let place = match (before.takes_link_place(), next.takes_link_place()) {
            (false, true) => LinkPlace::Taken,
            (true, false) => LinkPlace::Released { was_surplus: before.is_beyond_link_limit() },
            (true, true) | (false, false) => LinkPlace::Unchanged,
        };
        if let LinkPlace::Released { .. } = place {
            *next = next.within_link_limit();
        }
        let mut recorded = self.store.apply(provider_event.clone(), &next, event.as_ref(), place).await?;
        if recorded == Recorded::LinkUsedUp {
            *next = next.beyond_link_limit();
            recorded = self.store.apply(provider_event, &next, event.as_ref(), place).await?;
        }
        Ok(outcome(recorded, ApplyOutcome::Applied(next, event)))
    }

    /// Keeps event that changes no order; it may be about one.
    pub(crate) async fn keep(
        &self,
        provider_event: &ProviderEvent,
        id: Option<&OrderId>,
    ) -> Result<Recorded, StoreError> {
        self.retry_on_conflict(async || self.store.archive(provider_event.clone(), id).await.map(seen)).await
    }

    /// Keeps event that is of no use as it is, for a person to look at. What is kept already stays as it is.
    pub(crate) async fn quarantine(
        &self,
        provider_event: &ProviderEvent,
        reason: &'static str,
        order_id: Option<&OrderId>,
    ) -> Result<Recorded, StoreError> {
        if provider_event.is_quarantined {
            return Ok(Recorded::Duplicate);
        }
        self.retry_on_conflict(async || {
            self.store.quarantine(provider_event.clone(), reason, order_id, None).await.map(seen)
        })
        .await
    }

    /// Keeps an answer to our own key that says it is another organisation's, for a person to look at. Once.
    pub(crate) async fn refuse_foreign(
        &self,
        id: &OrderId,
        provider_event: &ProviderEvent,
    ) -> Result<ApplyOutcome, StoreError> {
        let recorded = self.quarantine(provider_event, FOREIGN, Some(id)).await?;
        Ok(ApplyOutcome::Foreign { is_new: recorded == Recorded::Applied })
    }

    /// Takes event out of the list of what waits for somebody: it was used after all.
    pub(crate) async fn resolve(&self, id: &QuarantineId, order_id: Option<&OrderId>) -> Result<(), StoreError> {
        self.retry_on_conflict(async || {
            let is_written = self.store.resolve_quarantined(id, order_id, self.clock.now()).await?;
            Ok(is_written.then_some(()))
        })
        .await
    }

    /// Changes an order by something that is no event: the order as it then is, `None` when there is none.
    pub(crate) async fn change_order(
        &self,
        id: &OrderId,
        change: impl Fn(&Order) -> Option<Order>,
    ) -> Result<Option<Order>, StoreError> {
        self.retry_on_conflict(async || {
            let Some(order) = self.order(id).await? else { return Ok(Some(None)) };
            let Some(next) = change(&order) else { return Ok(Some(Some(order))) };
            Ok(self.store.save(&next).await?.then_some(Some(next)))
        })
        .await
    }

    /// Takes `step` again, after a pause, for as long as it says `None`: somebody else wrote in between.
    pub(crate) async fn retry_on_conflict<T>(
        &self,
        step: impl AsyncFn() -> Result<Option<T>, StoreError>,
    ) -> Result<T, StoreError> {
        for attempt in 0..MAX_TRIES {
            if let Some(done) = step().await? {
                return Ok(done);
            }
            sleep(self.pause(attempt)).await;
        }
        Err(StoreError::Busy { operation: "write order", reason: "contended" })
    }

    /// A random pause, so that writers who met once do not meet again.
    pub(crate) fn pause(&self, attempt: u32) -> Duration {
        let [a, b, ..] = self.entropy.bytes();
        let longest_ms = FIRST_PAUSE_MS << attempt.min(4);
        Duration::from_millis(u64::from(u16::from_le_bytes([a, b])) % longest_ms)
    }
}

fn outcome(recorded: Recorded, applied: ApplyOutcome) -> Option<ApplyOutcome> {
    match recorded {
        Recorded::Applied => Some(applied),
        Recorded::Duplicate => Some(ApplyOutcome::Duplicate),
        Recorded::VersionConflict | Recorded::LinkUsedUp => None,
    }
}

/// A conflict means that the same event is being written this very moment, perhaps in vain: only a write that was seen
/// to succeed counts.
fn seen(recorded: Recorded) -> Option<Recorded> {
    (recorded != Recorded::VersionConflict).then_some(recorded)
}
