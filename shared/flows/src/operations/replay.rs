//! What was put aside, looked at once more.

use super::OperationError;
use super::look::ask_about;
use crate::ingest::{Arrival, Ingested, take};
use crate::inquiry::Findings;
use crate::organisation::FOREIGN;
use crate::question::{DISCOUNT_UNPROVEN, LinkPages, question_behind};
use crate::reconcile::{Report, tell};
use crate::{Settled, World};
use domain::{Order, OrderId, QuarantineId};
use lomi_client::Client;
use store::{Quarantined, StoreError};
use tokio::time::Instant;

/// What became of a second look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// It changed the order.
    Applied,
    /// It is recorded already: by an earlier look, or because lomi. told it in another way.
    Duplicate,
    /// It is true and changes nothing.
    Ignored,
    /// It still fits nothing; why, in one word.
    Quarantined(String),
}

/// What was put aside, and what became of the second look.
#[derive(Debug)]
pub struct Replayed {
    /// It, as it is now.
    pub item: Quarantined,
    /// What became of it.
    pub outcome: ReplayOutcome,
    /// The order that it is about, as it is now, where one is known.
    pub order: Option<Order>,
    /// What an event changed.
    pub settled: Option<Settled>,
}

/// What a look found out.
struct Look {
    outcome: ReplayOutcome,
    order_id: Option<OrderId>,
    settled: Option<Settled>,
}

/// Takes up what was put aside once more: an event through the same code as on its arrival, what a poll found by asking
/// lomi. again. Repeated, at the same time or after a crash, it changes nothing more and tells nothing twice. `lomi` is only
/// called for what a poll found; what that brought, before an error too, is in `report`.
///
/// # Errors
/// [`OperationError`].
pub async fn replay(
    world: &World,
    id: &QuarantineId,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Replayed, OperationError> {
    // 1 What was put aside?
    let kept = world.store.quarantined(id).await?.ok_or(OperationError::NotFound)?;
    // 2 What was used already is not used again.
    let look = if kept.resolved_at.is_some() {
        Look::found(ReplayOutcome::Duplicate, kept.order_id.clone())
    } else if let Some(arrival) = Arrival::kept(&kept, world.clock.now()) {
        // 3 lomi. signed it: the same protocol as on its arrival.
        Look::of(take(world, arrival).await?)
    } else {
        // 3 Nobody signed it: lomi. is asked.
        ask_anew(world, &kept, lomi, deadline, report).await?
    };
    // 4 What was used waits for nobody any more. After a crash before this, the next look finds it recorded.
    if !matches!(look.outcome, ReplayOutcome::Quarantined(_)) {
        world.resolve(id, look.order_id.as_ref()).await?;
    }
    // 5 Both as they are now.
    let item = world.store.quarantined(id).await?.ok_or(OperationError::NotFound)?;
    let order = match look.order_id.as_ref().or(item.order_id.as_ref()) {
        Some(order_id) => world.order(order_id).await?,
        None => None,
    };
    Ok(Replayed { item, outcome: look.outcome, order, settled: look.settled })
}

impl Look {
    fn found(outcome: ReplayOutcome, order_id: Option<OrderId>) -> Self {
        Self { outcome, order_id, settled: None }
    }

    fn of(ingested: Ingested) -> Self {
        match ingested {
            Ingested::Settled(id, settled) => {
                let outcome = match &settled {
                    Settled::Applied(..) => ReplayOutcome::Applied,
                    Settled::Duplicate => ReplayOutcome::Duplicate,
                    Settled::Ignored => ReplayOutcome::Ignored,
                    Settled::Mismatched(mismatch) => ReplayOutcome::Quarantined(mismatch.as_str().to_owned()),
                    Settled::Foreign { .. } => ReplayOutcome::Quarantined(FOREIGN.to_owned()),
                    Settled::UnknownOrder => ReplayOutcome::Quarantined("unknown_order".to_owned()),
                    Settled::DiscountOpen => ReplayOutcome::Quarantined(DISCOUNT_UNPROVEN.to_owned()),
                };
                Self { settled: Some(settled), ..Self::found(outcome, Some(id)) }
            }
            Ingested::Ignored => Self::found(ReplayOutcome::Ignored, None),
            Ingested::Duplicate => Self::found(ReplayOutcome::Duplicate, None),
            Ingested::Unproven(reason) => Self::found(ReplayOutcome::Quarantined(reason.to_owned()), None),
            Ingested::Quarantined(reason) => Self::found(ReplayOutcome::Quarantined(reason.to_owned()), None),
        }
    }
}

/// Only a fact that is on record was used: that lomi. says something else about the same order proves nothing about it.
async fn ask_anew(
    world: &World,
    kept: &Quarantined,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Look, OperationError> {
    // 1 Was it told in another way meanwhile?
    if let Some(id) = used_for(world, kept).await? {
        return Ok(Look::found(ReplayOutcome::Duplicate, Some(id)));
    }
    // 2 Ask about the order that it named, or whose it is.
    let lomi = lomi().await.ok_or(OperationError::OutOfReach)?;
    let asked = match &kept.order_id {
        Some(id) => match world.order(id).await? {
            Some(order) => ask_about(world, &lomi, &order, deadline, report).await,
            None => Ok(()),
        },
        None => ask_whose(world, &lomi, kept, deadline, report).await,
    };
    // 3 Is it on record now?
    if let Some(id) = used_for(world, kept).await? {
        return Ok(Look::found(ReplayOutcome::Applied, Some(id)));
    }
    asked.map(|()| Look::found(ReplayOutcome::Quarantined(kept.reason.clone()), None))
}

async fn ask_whose(
    world: &World,
    lomi: &Client,
    kept: &Quarantined,
    deadline: Instant,
    report: &mut Report,
) -> Result<(), OperationError> {
    let Some(name) = question_behind(&kept.natural_key) else { return Ok(()) };
    // Questions are forgotten after some months.
    let Some(question) = world.store.question(name).await? else { return Ok(()) };
    let mut findings = Findings::default();
    let looked = world.look_into(lomi, &question, &mut LinkPages::default(), deadline, &mut findings).await;
    report.lomi_calls = report.lomi_calls.saturating_add(findings.calls);
    tell(&findings.settled, report);
    Ok(looked.map(|_| ())?)
}

/// The order that the fact was counted for, or that the question about it led to.
async fn used_for(world: &World, kept: &Quarantined) -> Result<Option<OrderId>, StoreError> {
    match question_behind(&kept.natural_key) {
        Some(name) => Ok(world.store.question(name).await?.and_then(|question| question.order_id)),
        None => world.store.order_of_evidence(&kept.natural_key).await,
    }
}
