//! Replays a quarantined event.

use super::OperationError;
use crate::attribution::LinkPages;
use crate::keys::case_name;
use crate::reason::{DISCOUNT_UNPROVEN, FOREIGN};
use crate::run::{Report, Run};
use crate::webhooks::{Arrival, WebhookOutcome, process};
use crate::{ApplyOutcome, Context};
use domain::{Order, OrderId, QuarantineId};
use lomi_client::Client;
use store::{Quarantined, StoreError};
use tokio::time::Instant;

/// The outcome of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// It changed the order.
    Applied,
    /// It was applied already: by an earlier replay, or from another source.
    Duplicate,
    /// It is true and changes nothing.
    Ignored,
    /// It stays in quarantine, for this reason.
    Quarantined(String),
}

/// A quarantined event after its replay.
#[derive(Debug)]
pub struct Replayed {
    /// The entry as it is now.
    pub item: Quarantined,
    /// The outcome.
    pub outcome: ReplayOutcome,
    /// Its order as it is now, if known.
    pub order: Option<Order>,
    /// How a webhook was applied.
    pub applied: Option<ApplyOutcome>,
}

struct Replay {
    outcome: ReplayOutcome,
    order_id: Option<OrderId>,
    applied: Option<ApplyOutcome>,
}

/// Replays a quarantined event. A webhook goes through the same code as on its arrival; for the finding of a poll, lomi
/// is called again. A repetition, concurrent or after a crash, changes nothing more and publishes nothing twice. `lomi`
/// is called only for the finding of a poll; `report` counts what that found, also before an error.
pub async fn replay(
    context: &Context,
    id: &QuarantineId,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Replayed, OperationError> {
    // 1 Read the entry.
    let entry = context.store.quarantined(id).await?.ok_or(OperationError::NotFound)?;
    // 2 A resolved entry is a duplicate.
    let replay = if entry.resolved_at.is_some() {
        Replay::of(ReplayOutcome::Duplicate, entry.order_id.clone())
    } else if let Some(arrival) = Arrival::from_quarantine(&entry, context.clock.now()) {
        // 3 A webhook: process it as on its arrival.
        Replay::of_webhook(process(context, arrival).await?)
    } else {
        // 3 The finding of a poll: call lomi.
        sync_again(context, &entry, lomi, deadline, report).await?
    };
    // 4 Mark it as resolved. After a crash before this, the next replay finds a duplicate.
    if !matches!(replay.outcome, ReplayOutcome::Quarantined(_)) {
        context.resolve_quarantined_event(id, replay.order_id.as_ref()).await?;
    }
    // 5 Read entry and order as they are now.
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

/// Only an event on record resolves the entry: another finding about the same order proves nothing about it.
async fn sync_again(
    context: &Context,
    entry: &Quarantined,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Replay, OperationError> {
    // 1 Was it applied by another route meanwhile?
    if let Some(id) = applied_to(context, entry).await? {
        return Ok(Replay::of(ReplayOutcome::Duplicate, Some(id)));
    }
    // 2 Synchronise the order that it names, or resolve its attribution case.
    let lomi = lomi().await.ok_or(OperationError::ProviderUnavailable)?;
    let mut run = Run::new(context, &lomi, deadline, report);
    let synced = match &entry.order_id {
        Some(id) => match context.order(id).await? {
            Some(order) => run.sync_order(&order).await,
            None => Ok(()),
        },
        None => resolve_case(&mut run, entry).await,
    };
    // 3 Is it on record now?
    if let Some(id) = applied_to(context, entry).await? {
        return Ok(Replay::of(ReplayOutcome::Applied, Some(id)));
    }
    synced.map(|()| Replay::of(ReplayOutcome::Quarantined(entry.reason.clone()), None))
}

async fn resolve_case(run: &mut Run<'_>, entry: &Quarantined) -> Result<(), OperationError> {
    let Some(name) = case_name(&entry.natural_key) else { return Ok(()) };
    // Cases expire after some months.
    let Some(case) = run.context.store.case(name).await? else { return Ok(()) };
    Ok(run.resolve(&case, &mut LinkPages::default()).await?)
}

/// The order that the event, or the case about it, was applied to.
async fn applied_to(context: &Context, entry: &Quarantined) -> Result<Option<OrderId>, StoreError> {
    match case_name(&entry.natural_key) {
        Some(name) => Ok(context.store.case(name).await?.and_then(|case| case.order_id)),
        None => context.store.order_of_event(&entry.natural_key).await,
    }
}
