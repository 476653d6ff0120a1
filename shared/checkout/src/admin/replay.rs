//! What was put aside, looked at once more.

use super::OperationError;
use super::order_sync::ask_about;
use crate::attribution::LinkPages;
use crate::keys::case_behind;
use crate::lookup::LookupResult;
use crate::reason::{DISCOUNT_UNPROVEN, FOREIGN};
use crate::reconcile::{Report, tell};
use crate::webhooks::{Arrival, Ingested, take};
use crate::{ApplyOutcome, Context};
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
    pub settled: Option<ApplyOutcome>,
}

/// What a look found out.
struct Look {
    outcome: ReplayOutcome,
    order_id: Option<OrderId>,
    settled: Option<ApplyOutcome>,
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
    let look = if kept.resolved_at.is_some() {
        Look::found(ReplayOutcome::Duplicate, kept.order_id.clone())
    } else if let Some(arrival) = Arrival::kept(&kept, context.clock.now()) {
        // 3 lomi. signed it: the same protocol as on its arrival.
        Look::of(take(context, arrival).await?)
    } else {
        // 3 Nobody signed it: lomi. is asked.
        ask_anew(context, &kept, lomi, deadline, report).await?
    };
    // 4 What was used waits for nobody any more. After a crash before this, the next look finds it recorded.
    if !matches!(look.outcome, ReplayOutcome::Quarantined(_)) {
        context.resolve(id, look.order_id.as_ref()).await?;
    }
    // 5 Both as they are now.
    let item = context.store.quarantined(id).await?.ok_or(OperationError::NotFound)?;
    let order = match look.order_id.as_ref().or(item.order_id.as_ref()) {
        Some(order_id) => context.order(order_id).await?,
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
            Ingested::ApplyOutcome(id, settled) => {
                let outcome = match &settled {
                    ApplyOutcome::Applied(..) => ReplayOutcome::Applied,
                    ApplyOutcome::Duplicate => ReplayOutcome::Duplicate,
                    ApplyOutcome::Ignored => ReplayOutcome::Ignored,
                    ApplyOutcome::Mismatched(mismatch) => ReplayOutcome::Quarantined(mismatch.as_str().to_owned()),
                    ApplyOutcome::Foreign { .. } => ReplayOutcome::Quarantined(FOREIGN.to_owned()),
                    ApplyOutcome::UnknownOrder => ReplayOutcome::Quarantined("unknown_order".to_owned()),
                    ApplyOutcome::DiscountUnknown => ReplayOutcome::Quarantined(DISCOUNT_UNPROVEN.to_owned()),
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

/// Only a event that is on record was used: that lomi. says something else about the same order proves nothing about it.
async fn ask_anew(
    context: &Context,
    kept: &Quarantined,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Look, OperationError> {
    // 1 Was it told in another way meanwhile?
    if let Some(id) = used_for(context, kept).await? {
        return Ok(Look::found(ReplayOutcome::Duplicate, Some(id)));
    }
    // 2 Ask about the order that it named, or whose it is.
    let lomi = lomi().await.ok_or(OperationError::OutOfReach)?;
    let asked = match &kept.order_id {
        Some(id) => match context.order(id).await? {
            Some(order) => ask_about(context, &lomi, &order, deadline, report).await,
            None => Ok(()),
        },
        None => ask_whose(context, &lomi, kept, deadline, report).await,
    };
    // 3 Is it on record now?
    if let Some(id) = used_for(context, kept).await? {
        return Ok(Look::found(ReplayOutcome::Applied, Some(id)));
    }
    asked.map(|()| Look::found(ReplayOutcome::Quarantined(kept.reason.clone()), None))
}

async fn ask_whose(
    context: &Context,
    lomi: &Client,
    kept: &Quarantined,
    deadline: Instant,
    report: &mut Report,
) -> Result<(), OperationError> {
    let Some(name) = case_behind(&kept.natural_key) else { return Ok(()) };
    // Questions are forgotten after some months.
    let Some(case) = context.store.case(name).await? else { return Ok(()) };
    let mut found = LookupResult::default();
    let looked = context.resolve_case(lomi, &case, &mut LinkPages::default(), deadline, &mut found).await;
    report.lomi_calls = report.lomi_calls.saturating_add(found.calls);
    tell(&found.settled, report);
    Ok(looked.map(|_| ())?)
}

/// The order that the event was counted for, or that the case about it led to.
async fn used_for(context: &Context, kept: &Quarantined) -> Result<Option<OrderId>, StoreError> {
    match case_behind(&kept.natural_key) {
        Some(name) => Ok(context.store.case(name).await?.and_then(|case| case.order_id)),
        None => context.store.order_of_event(&kept.natural_key).await,
    }
}
