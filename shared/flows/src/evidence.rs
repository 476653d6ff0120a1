//! Where all roads meet: a fact about an order is judged and made durable, whichever way it came.

use crate::World;
use domain::{Fact, Mismatch, Order, OrderId, OutboxEvent, Source, Verdict};
use std::time::Duration;
use store::{Evidence, Recorded, StoreError};
use tokio::time::sleep;

/// So often a write is made anew on top of somebody else's. Fifty writers at one order settle within it.
const MAX_TRIES: u32 = 12;
/// The longest pause before the first new try; it doubles up to 16 times this.
const FIRST_PAUSE_MS: u64 = 8;

/// What became of a fact.
#[derive(Clone, Debug)]
pub enum Settled {
    /// It changed the order, which is now this, and told of it.
    Applied(Box<Order>, Option<OutboxEvent>),
    /// It was known before.
    Duplicate,
    /// It is true and changes nothing.
    Ignored,
    /// It does not fit its order and is kept for a person to look at.
    Mismatched(Mismatch),
    /// There is no such order.
    UnknownOrder,
}

/// How evidence is written down once it is judged.
pub(crate) struct Testimony {
    pub(crate) evidence: Evidence,
    pub(crate) source: Source,
}

impl World {
    /// Judges `fact` against the order as it stands and writes what follows, again and again until nobody interferes.
    pub(crate) async fn settle(&self, id: &OrderId, fact: &Fact, testimony: Testimony) -> Result<Settled, StoreError> {
        for attempt in 0..MAX_TRIES {
            let Some(order) = self.order(id).await? else { return Ok(Settled::UnknownOrder) };
            if let Some(settled) = self.settle_once(&order, fact, &testimony).await? {
                return Ok(settled);
            }
            sleep(self.pause(attempt)).await;
        }
        Err(contended())
    }

    /// `None` when the order moved meanwhile.
    async fn settle_once(
        &self,
        order: &Order,
        fact: &Fact,
        testimony: &Testimony,
    ) -> Result<Option<Settled>, StoreError> {
        let evidence = testimony.evidence.clone();
        match order.judge(fact, testimony.source, self.clock.now()) {
            Verdict::Changed(next, event) => {
                let recorded = self.store.apply(evidence, &next, event).await?;
                Ok(outcome(recorded, Settled::Applied(next, event)))
            }
            // What a poll finds again and again is not worth a write.
            Verdict::Unchanged if testimony.source == Source::Poll => Ok(Some(Settled::Duplicate)),
            Verdict::Unchanged => {
                let recorded = self.store.archive(evidence, Some(order.id())).await?;
                Ok(outcome(recorded, Settled::Ignored))
            }
            Verdict::Refused(mismatch, marked) => {
                let reason = mismatch.as_str();
                let recorded = self.store.quarantine(evidence, reason, Some(order.id()), marked.as_deref()).await?;
                match (recorded, marked) {
                    // Kept before, when the order could not be marked yet.
                    (Recorded::Duplicate, Some(marked)) if !self.store.save(&marked).await? => Ok(None),
                    (recorded, _) => Ok(outcome(recorded, Settled::Mismatched(mismatch))),
                }
            }
        }
    }

    /// Keeps evidence that changes no order. A conflict means that the same evidence is being written this very moment,
    /// perhaps in vain: only a write that was seen to succeed counts.
    pub(crate) async fn keep(&self, evidence: &Evidence) -> Result<Recorded, StoreError> {
        for attempt in 0..MAX_TRIES {
            match self.store.archive(evidence.clone(), None).await? {
                Recorded::OrderMoved => sleep(self.pause(attempt)).await,
                recorded => return Ok(recorded),
            }
        }
        Err(contended())
    }

    /// Keeps evidence that is of no use as it is, for a person to look at.
    pub(crate) async fn quarantine(
        &self,
        evidence: &Evidence,
        reason: &'static str,
        order_id: Option<&OrderId>,
    ) -> Result<(), StoreError> {
        for attempt in 0..MAX_TRIES {
            match self.store.quarantine(evidence.clone(), reason, order_id, None).await? {
                Recorded::OrderMoved => sleep(self.pause(attempt)).await,
                Recorded::Applied | Recorded::Duplicate => return Ok(()),
            }
        }
        Err(contended())
    }

    /// Changes an order by something that is no evidence. `None` when `change` finds nothing to change.
    pub(crate) async fn change_order(
        &self,
        id: &OrderId,
        change: impl Fn(&Order) -> Option<Order>,
    ) -> Result<Option<Order>, StoreError> {
        for attempt in 0..MAX_TRIES {
            let Some(order) = self.order(id).await? else { return Ok(None) };
            let Some(next) = change(&order) else { return Ok(Some(order)) };
            if self.store.save(&next).await? {
                return Ok(Some(next));
            }
            sleep(self.pause(attempt)).await;
        }
        Err(contended())
    }

    /// A random pause, so that writers who met once do not meet again.
    pub(crate) fn pause(&self, attempt: u32) -> Duration {
        let [a, b, ..] = self.entropy.bytes();
        let longest_ms = FIRST_PAUSE_MS << attempt.min(4);
        Duration::from_millis(u64::from(u16::from_le_bytes([a, b])) % longest_ms)
    }
}

fn outcome(recorded: Recorded, applied: Settled) -> Option<Settled> {
    match recorded {
        Recorded::Applied => Some(applied),
        Recorded::Duplicate => Some(Settled::Duplicate),
        Recorded::OrderMoved => None,
    }
}

const fn contended() -> StoreError {
    StoreError::Busy { operation: "write order", reason: "contended" }
}
