//! Applies an event to an order. Webhooks and polls both end here.

use crate::Context;
use crate::organisation::Ours;
use crate::reason::FOREIGN;
use domain::{Mismatch, Order, OrderEvent, OrderId, OutboxEvent, QuarantineId, Source, Transition};
use std::time::Duration;
use store::{LinkPlace, ProviderEvent, Recorded, StoreError};
use tokio::time::sleep;

/// Attempts per write. Fifty concurrent writers of one order succeed within them.
const MAX_ATTEMPTS: u32 = 12;
/// The longest pause before the second attempt. It doubles up to 16 times this.
const FIRST_PAUSE_MS: u64 = 8;

/// What became of an event.
#[derive(Clone, Debug)]
pub enum ApplyOutcome {
    /// It changed the order, which is now this, and may have written an event for the merchant's systems.
    Applied(Box<Order>, Option<OutboxEvent>),
    /// It was applied before.
    Duplicate,
    /// It is true and changes nothing.
    Ignored,
    /// It contradicts its order and is quarantined.
    Mismatched(Mismatch),
    /// lomi's answer names another organisation. It is quarantined.
    Foreign {
        /// Whether it is quarantined for the first time.
        is_new: bool,
    },
    /// The order takes coupons, and the event does not say how much was paid. Nothing was written.
    DiscountUnknown,
    /// There is no such order.
    UnknownOrder,
}

impl Context {
    /// Applies the event to the current version of the order, and retries when another process wrote it meanwhile.
    /// `Ours` is the proof that the event belongs to our own organisation.
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

    /// `None` when another process wrote the order meanwhile.
    async fn apply_once(
        &self,
        order: &Order,
        order_event: &OrderEvent,
        provider_event: ProviderEvent,
    ) -> Result<Option<ApplyOutcome>, StoreError> {
        match order.transition(order_event, provider_event.source, self.clock.now()) {
            Transition::Changed(next, event) => self.write_applied(provider_event, order, next, event).await,
            // A poll finds the same again and again: not worth a write.
            Transition::Unchanged if provider_event.source == Source::Poll => Ok(Some(ApplyOutcome::Duplicate)),
            Transition::Unchanged => {
                let recorded = self.store.archive(provider_event, Some(order.id())).await?;
                Ok(outcome(recorded, ApplyOutcome::Ignored))
            }
            Transition::DiscountUnknown => Ok(Some(ApplyOutcome::DiscountUnknown)),
            Transition::Refused(mismatch, marked) => self.write_refused(provider_event, order, mismatch, marked).await,
        }
    }

    async fn write_refused(
        &self,
        provider_event: ProviderEvent,
        order: &Order,
        mismatch: Mismatch,
        marked: Option<Box<Order>>,
    ) -> Result<Option<ApplyOutcome>, StoreError> {
        // A quarantined event is not quarantined twice. The order may not have existed to be marked before.
        if provider_event.is_quarantined {
            let is_marked = match marked {
                Some(marked) => self.store.save(&marked).await?,
                None => true,
            };
            return Ok(is_marked.then_some(ApplyOutcome::Mismatched(mismatch)));
        }
        let reason = mismatch.as_str();
        let recorded = self.store.quarantine(provider_event, reason, Some(order.id()), marked.as_deref()).await?;
        match (recorded, marked) {
            // Quarantined before, when the order could not be marked yet.
            (Recorded::Duplicate, Some(marked)) if !self.store.save(&marked).await? => Ok(None),
            (recorded, _) => Ok(outcome(recorded, ApplyOutcome::Mismatched(mismatch))),
        }
    }

    /// A payment beyond a link's limit still marks its order paid, and the order records that it is beyond the limit.
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

    /// Archives an event that changes no order.
    pub(crate) async fn archive(
        &self,
        provider_event: &ProviderEvent,
        id: Option<&OrderId>,
    ) -> Result<Recorded, StoreError> {
        self.retry_on_conflict(async || self.store.archive(provider_event.clone(), id).await.map(unless_conflict)).await
    }

    /// Quarantines an event for the operator. An entry that exists stays as it is.
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
            self.store.quarantine(provider_event.clone(), reason, order_id, None).await.map(unless_conflict)
        })
        .await
    }

    /// Quarantines an answer to our own key that names another organisation.
    pub(crate) async fn refuse_foreign(
        &self,
        id: &OrderId,
        provider_event: &ProviderEvent,
    ) -> Result<ApplyOutcome, StoreError> {
        let recorded = self.quarantine(provider_event, FOREIGN, Some(id)).await?;
        Ok(ApplyOutcome::Foreign { is_new: recorded == Recorded::Applied })
    }

    /// Marks a quarantined event as resolved: it was applied after all.
    pub(crate) async fn resolve_quarantined_event(
        &self,
        id: &QuarantineId,
        order_id: Option<&OrderId>,
    ) -> Result<(), StoreError> {
        self.retry_on_conflict(async || {
            let is_written = self.store.resolve_quarantined(id, order_id, self.clock.now()).await?;
            Ok(is_written.then_some(()))
        })
        .await
    }

    /// Changes an order without an event. Returns the order as it then is; `None` when there is none.
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

    /// Repeats `step`, with a pause, while it returns `None`: another process wrote in between.
    pub(crate) async fn retry_on_conflict<T>(
        &self,
        step: impl AsyncFn() -> Result<Option<T>, StoreError>,
    ) -> Result<T, StoreError> {
        for attempt in 0..MAX_ATTEMPTS {
            if let Some(done) = step().await? {
                return Ok(done);
            }
            sleep(self.pause(attempt)).await;
        }
        Err(StoreError::Busy { operation: "write order", reason: "contended" })
    }

    /// A random pause, so that writers in conflict do not meet again.
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

/// A conflict means that another process is writing the same event, and may fail: only a successful write counts.
fn unless_conflict(recorded: Recorded) -> Option<Recorded> {
    (recorded != Recorded::VersionConflict).then_some(recorded)
}
