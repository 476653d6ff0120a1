//! What was put aside, looked at once more.

use super::OperationError;
use crate::attribution::LinkPages;
use crate::keys::case_behind;
use crate::reason::{DISCOUNT_UNPROVEN, FOREIGN};
use crate::run::{Report, Run};
use crate::webhooks::{Arrival, WebhookOutcome, process};
use crate::{ApplyOutcome, Context};
use domain::{Order, OrderId, QuarantineId};
use lomi_client::Client;
use store::{Quarantined, StoreError};
use tokio::time::Instant;

/// What became of a second replay.
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

/// What was put aside, and what became of the second replay.
#[derive(Debug)]
pub struct Replayed {
    /// It, as it is now.
    pub item: Quarantined,
    /// What became of it.
    pub outcome: ReplayOutcome,
    /// The order that it is about, as it is now, where one is known.
    pub order: Option<Order>,
    /// What an event changed.
    pub applied: Option<ApplyOutcome>,
}

/// What a look found out.
struct Replay {
    outcome: ReplayOutcome,
    order_id: Option<OrderId>,
    applied: Option<ApplyOutcome>,
}

/// Takes up what was put aside once more: an event through the same code as on its arrival, what a poll found by asking
/// lomi. again. Repeated, at the same time or after a crash, it changes nothing more and tells nothing twice. `lomi` is only
/// called for what a poll found; what that brought, before an error too, is in `report`.
///
/// # Errors
/// [`OperationError`].
pub async fn replay(
    context: &Context,
    id: &QuarantineId,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Replayed, OperationError> {
    // 1 What was put aside?
    let kept = context.store.quarantined(id).await?.ok_or(OperationError::NotFound)?;
    // 2 What was used already is not used again.
    let replay = if kept.resolved_at.is_some() {
        Replay::of(ReplayOutcome::Duplicate, kept.order_id.clone())
    } else if let Some(arrival) = Arrival::kept(&kept, context.clock.now()) {
        // 3 lomi. signed it: the same protocol as on its arrival.
        Replay::of_webhook(process(context, arrival).await?)
    } else {
        // 3 Nobody signed it: lomi. is asked.
        read_anew(context, &kept, lomi, deadline, report).await?
    };
    // 4 What was used waits for nobody any more. After a crash before this, the next look finds it recorded.
    if !matches!(replay.outcome, ReplayOutcome::Quarantined(_)) {
        context.resolve(id, replay.order_id.as_ref()).await?;
    }
    // 5 Both as they are now.
    let item = context.store.quarantined(id).await?.ok_or(OperationError::NotFound)?;
    let order = match replay.order_id.as_ref().or(item.order_id.as_ref()) {
        Some(order_id) => context.order(order_id).await?,
        None => None,
    };
    Ok(Replayed { item, outcome: replay.outcome, order, applied: replay.applied })
}

impl Replay {
    fn of(outcome: ReplayOutcome, order_id: Option<OrderId>) -> Self {
        Self { outcome, order_id, applied: None }
    }

    fn of_webhook(outcome: WebhookOutcome) -> Self {
        match outcome {
            WebhookOutcome::Order(id, applied) => {
                let outcome = match &applied {
                    ApplyOutcome::Applied(..) => ReplayOutcome::Applied,
                    ApplyOutcome::Duplicate => ReplayOutcome::Duplicate,
                    ApplyOutcome::Ignored => ReplayOutcome::Ignored,
                    ApplyOutcome::Mismatched(mismatch) => ReplayOutcome::Quarantined(mismatch.as_str().to_owned()),
                    ApplyOutcome::Foreign { .. } => ReplayOutcome::Quarantined(FOREIGN.to_owned()),
                    ApplyOutcome::UnknownOrder => ReplayOutcome::Quarantined("unknown_order".to_owned()),
                    ApplyOutcome::DiscountUnknown => ReplayOutcome::Quarantined(DISCOUNT_UNPROVEN.to_owned()),
                };
                Self { applied: Some(applied), ..Self::of(outcome, Some(id)) }
            }
            WebhookOutcome::Ignored => Self::of(ReplayOutcome::Ignored, None),
            WebhookOutcome::Duplicate => Self::of(ReplayOutcome::Duplicate, None),
            WebhookOutcome::Unproven(reason) => Self::of(ReplayOutcome::Quarantined(reason.to_owned()), None),
            WebhookOutcome::Quarantined(reason) => Self::of(ReplayOutcome::Quarantined(reason.to_owned()), None),
        }
    }
}

/// Only a event that is on record was used: that lomi. says something else about the same order proves nothing about it.
async fn read_anew(
    context: &Context,
    kept: &Quarantined,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Replay, OperationError> {
    // 1 Was it applied by another route meanwhile?
    if let Some(id) = applied_to(context, kept).await? {
        return Ok(Replay::of(ReplayOutcome::Duplicate, Some(id)));
    }
    // 2 Synchronise the order that it names, or resolve its attribution case.
    let lomi = lomi().await.ok_or(OperationError::OutOfReach)?;
    let mut run = Run::new(context, &lomi, deadline, report);
    let synced = match &kept.order_id {
        Some(id) => match context.order(id).await? {
            Some(order) => run.sync_order(&order).await,
            None => Ok(()),
        },
        None => resolve_case_of(&mut run, kept).await,
    };
    // 3 Is it on record now?
    if let Some(id) = applied_to(context, kept).await? {
        return Ok(Replay::of(ReplayOutcome::Applied, Some(id)));
    }
    synced.map(|()| Replay::of(ReplayOutcome::Quarantined(kept.reason.clone()), None))
}

async fn resolve_case_of(run: &mut Run<'_>, kept: &Quarantined) -> Result<(), OperationError> {
    let Some(name) = case_behind(&kept.natural_key) else { return Ok(()) };
    // Cases expire after some months.
    let Some(case) = run.context.store.case(name).await? else { return Ok(()) };
    Ok(run.resolve(&case, &mut LinkPages::default()).await?)
}

/// The order that the event was counted for, or that the case about it led to.
async fn applied_to(context: &Context, kept: &Quarantined) -> Result<Option<OrderId>, StoreError> {
    match case_behind(&kept.natural_key) {
        Some(name) => Ok(context.store.case(name).await?.and_then(|case| case.order_id)),
        None => context.store.order_of_event(&kept.natural_key).await,
    }
}
