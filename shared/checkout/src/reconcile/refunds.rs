//! Refunds whose outcome nobody has told.

mod listing;

use super::{Report, RunError, count_calls, has_calls_left, tell};
use crate::Context;
use crate::apply::ApplyOutcome;
use crate::lookup::{LookupError, is_answer, poll};
use crate::refunds::refund_report::RefundReport;
use domain::{Order, OrderEvent, OrderId, Refund, RefundStatus, Source, Timestamp};
use listing::Listing;
use lomi_client::{Client, Error, RefundId};
use store::StoreError;
use tokio::time::Instant;

/// Asks lomi. about the order's open refunds; one that lomi. fails on holds up no other. `false` when this run has no
/// calls left for it.
pub(crate) async fn look_at(
    context: &Context,
    lomi: &Client,
    order: &Order,
    deadline: Instant,
    report: &mut Report,
) -> Result<bool, RunError> {
    // 1 A request whose lease has ended is in doubt.
    for (id, _) in order.refunds().iter().filter(|(_, refund)| refund.status == RefundStatus::Requested) {
        doubt(context, order.id(), id, report).await?;
    }
    // 2 Those that lomi. has named.
    for refund in order.refunds().values().filter(|refund| refund.status == RefundStatus::Pending) {
        if !ask(context, lomi, order, refund, deadline, report).await? {
            return Ok(false);
        }
    }
    // 3 Those that it has not, and those that were given up before it did.
    let now = context.clock.now();
    let unnamed = order.refunds().values().filter(|refund| refund.may_be_listed() && !refund.is_running(now));
    match unnamed.map(|refund| refund.requested_at).min() {
        Some(since) => find(context, lomi, order, since, deadline, report).await,
        None => Ok(true),
    }
}

async fn doubt(context: &Context, order_id: &OrderId, id: &str, report: &mut Report) -> Result<(), RunError> {
    let now = context.clock.now();
    let change = |order: &Order| {
        let is_left = order.refunds().get(id).is_some_and(|refund| !refund.is_running(now));
        is_left.then(|| order.refund_in_doubt(id, now)).flatten()
    };
    let order = context.change_order(order_id, change).await?;
    let status = order.as_ref().and_then(|order| order.refunds().get(id)).map(|refund| refund.status);
    report.refunds_in_doubt += u32::from(status == Some(RefundStatus::InDoubt));
    Ok(())
}

async fn ask(
    context: &Context,
    lomi: &Client,
    order: &Order,
    refund: &Refund,
    deadline: Instant,
    report: &mut Report,
) -> Result<bool, RunError> {
    let Some(id) = refund.refund_id.as_deref().and_then(|id| RefundId::parse(id).ok()) else { return Ok(true) };
    if !may_call(report) {
        return Ok(false);
    }
    match lomi.refunds().get(&id).deadline(deadline).send().await {
        Ok(row) => {
            if let Some(words) = RefundReport::of_answer(&row, order, &refund.transaction_id) {
                settle(context, lomi, order, &words, report).await?;
            }
        }
        Err(error) => record_and_continue(error, report)?,
    }
    Ok(true)
}

async fn find(
    context: &Context,
    lomi: &Client,
    order: &Order,
    since: Timestamp,
    deadline: Instant,
    report: &mut Report,
) -> Result<bool, RunError> {
    let asked_at = context.clock.now();
    let listing = match Listing::read(lomi, order, since, deadline, report).await {
        Ok(Some(listing)) => listing,
        Ok(None) => return Ok(false),
        Err(error) => return record_and_continue(error, report).map(|()| true),
    };
    if apply_all(context, lomi, order, &listing, report).await? {
        release(context, order, &listing, asked_at, report).await?;
    }
    Ok(true)
}

/// Whether lomi.'s list, read to its end at this moment, has nothing that could be this refund of the order. What the
/// list teaches is written.
pub(crate) async fn is_unlisted(
    context: &Context,
    lomi: &Client,
    order: &Order,
    refund: &Refund,
    deadline: Instant,
    report: &mut Report,
) -> Result<bool, RunError> {
    let listing = match Listing::read(lomi, order, refund.requested_at, deadline, report).await {
        Ok(Some(listing)) => listing,
        Ok(None) | Err(_) => return Err(RunError::Lomi),
    };
    let is_understood = apply_all(context, lomi, order, &listing, report).await?;
    let now = context.order(order.id()).await?;
    Ok(is_understood && now.is_some_and(|now| !listing.may_hold(refund, order, &now)))
}

/// Writes what lomi.'s list says of the order's payments, whoever made the refunds. `true` when it was read to its end, and each
/// of its rows is understood.
pub(crate) async fn learn(
    context: &Context,
    lomi: &Client,
    order: &Order,
    deadline: Instant,
    report: &mut Report,
) -> Result<bool, LookupError> {
    match Listing::read(lomi, order, order.created_at(), deadline, report).await? {
        Some(listing) => Ok(apply_all(context, lomi, order, &listing, report).await?),
        None => Ok(false),
    }
}

/// Writes what the rows say. `true` when the list was read to its end and each of its rows is understood.
async fn apply_all(
    context: &Context,
    lomi: &Client,
    order: &Order,
    listing: &Listing,
    report: &mut Report,
) -> Result<bool, StoreError> {
    let mut is_understood = listing.is_whole;
    for words in listing.words() {
        is_understood &= settle(context, lomi, order, &words, report).await?;
    }
    Ok(is_understood)
}

/// The answers are event like any event. `false` when it cannot be told which refund this one is: it has no name that
/// is known here, and no amount.
async fn settle(
    context: &Context,
    lomi: &Client,
    order: &Order,
    words: &RefundReport,
    report: &mut Report,
) -> Result<bool, StoreError> {
    let Some(told) = words.about(order, context.environment_behind(lomi, None)) else { return Ok(false) };
    let is_understood = told.money.is_some() || order.refund_called(&told.refund_id).is_some();
    let provider_event = poll(words.natural_key(), &words.said(), context.clock.now());
    let settled = match context.ours_by_answer(lomi, words.organization_id.as_deref()).await? {
        Some(ours) => context.settle(order.id(), &OrderEvent::Refund(told), &provider_event, ours).await?,
        None => context.refuse_foreign(order.id(), &provider_event).await?,
    };
    tell(std::slice::from_ref::<ApplyOutcome>(&settled), report);
    Ok(is_understood)
}

/// What lomi. does not know of so long after the request never reached it. That does not hold of a part that lomi. pays out:
/// the money leaves before the refund is recorded, so it stays in doubt until lomi. names it.
async fn release(
    context: &Context,
    before: &Order,
    listing: &Listing,
    asked_at: Timestamp,
    report: &mut Report,
) -> Result<(), RunError> {
    let Some(order) = context.order(before.id()).await? else { return Ok(()) };
    let is_lost = |refund: &Refund| {
        refund.may_be_released(asked_at) && !order.is_paid_out(refund) && !listing.may_hold(refund, before, &order)
    };
    for (id, _) in order.refunds().iter().filter(|(_, refund)| is_lost(refund)) {
        let change = |order: &Order| order.refund_released(id, Source::Reconciler, context.clock.now());
        context.change_order(order.id(), change).await?;
        report.refunds_failed += 1;
    }
    Ok(())
}

/// What lomi. answers to one case is no reason to leave the others out. That it fails on one is counted.
fn record_and_continue(error: Error, report: &mut Report) -> Result<(), RunError> {
    if is_answer(&error) {
        return Ok(());
    }
    match RunError::after(&LookupError::Lomi(error)) {
        RunError::Lomi => Err(RunError::Lomi),
        stop @ (RunError::Order | RunError::Store) => {
            stop.count(report);
            Ok(())
        }
    }
}

/// Takes one call out of what a run has for single orders.
fn may_call(report: &mut Report) -> bool {
    let may = has_calls_left(report);
    count_calls(u32::from(may), report);
    may
}
