//! Refunds whose outcome nobody has told.

mod listing;

use super::{Report, Stop, count_calls, has_calls_left, tell};
use crate::World;
use crate::evidence::Settled;
use crate::inquiry::{InquiryError, is_answer, poll};
use crate::refund::words::Words;
use domain::{Fact, Order, OrderId, Refund, RefundStatus, Source, Timestamp};
use listing::Listing;
use lomi_client::{Client, Error, RefundId};
use store::StoreError;
use tokio::time::Instant;

/// Asks lomi. about the order's open refunds; one that lomi. fails on holds up no other. `false` when this run has no
/// calls left for it.
pub(crate) async fn look_at(
    world: &World,
    lomi: &Client,
    order: &Order,
    deadline: Instant,
    report: &mut Report,
) -> Result<bool, Stop> {
    // 1 A request whose lease has ended is in doubt.
    for (id, _) in order.refunds().iter().filter(|(_, refund)| refund.status == RefundStatus::Requested) {
        doubt(world, order.id(), id, report).await?;
    }
    // 2 Those that lomi. has named.
    for refund in order.refunds().values().filter(|refund| refund.status == RefundStatus::Pending) {
        if !ask(world, lomi, order, refund, deadline, report).await? {
            return Ok(false);
        }
    }
    // 3 Those that it has not, and those that were given up before it did.
    let now = world.clock.now();
    let unnamed = order.refunds().values().filter(|refund| refund.may_be_listed() && !refund.is_running(now));
    match unnamed.map(|refund| refund.requested_at).min() {
        Some(since) => find(world, lomi, order, since, deadline, report).await,
        None => Ok(true),
    }
}

async fn doubt(world: &World, order_id: &OrderId, id: &str, report: &mut Report) -> Result<(), Stop> {
    let now = world.clock.now();
    let change = |order: &Order| {
        let is_left = order.refunds().get(id).is_some_and(|refund| !refund.is_running(now));
        is_left.then(|| order.refund_in_doubt(id, now)).flatten()
    };
    let order = world.change_order(order_id, change).await?;
    let status = order.as_ref().and_then(|order| order.refunds().get(id)).map(|refund| refund.status);
    report.refunds_in_doubt += u32::from(status == Some(RefundStatus::InDoubt));
    Ok(())
}

async fn ask(
    world: &World,
    lomi: &Client,
    order: &Order,
    refund: &Refund,
    deadline: Instant,
    report: &mut Report,
) -> Result<bool, Stop> {
    let Some(id) = refund.refund_id.as_deref().and_then(|id| RefundId::parse(id).ok()) else { return Ok(true) };
    if !may_call(report) {
        return Ok(false);
    }
    match lomi.refunds().get(&id).deadline(deadline).send().await {
        Ok(row) => {
            if let Some(words) = Words::of_answer(&row, order, &refund.transaction_id) {
                settle(world, lomi, order, &words, report).await?;
            }
        }
        Err(error) => pass_over(error, report)?,
    }
    Ok(true)
}

async fn find(
    world: &World,
    lomi: &Client,
    order: &Order,
    since: Timestamp,
    deadline: Instant,
    report: &mut Report,
) -> Result<bool, Stop> {
    let asked_at = world.clock.now();
    let listing = match Listing::read(lomi, order, since, deadline, report).await {
        Ok(Some(listing)) => listing,
        Ok(None) => return Ok(false),
        Err(error) => return pass_over(error, report).map(|()| true),
    };
    if settle_all(world, lomi, order, &listing, report).await? {
        release(world, order, &listing, asked_at, report).await?;
    }
    Ok(true)
}

/// Whether lomi.'s list, read to its end at this moment, has nothing that could be this refund of the order. What the
/// list teaches is written.
pub(crate) async fn is_unlisted(
    world: &World,
    lomi: &Client,
    order: &Order,
    refund: &Refund,
    deadline: Instant,
    report: &mut Report,
) -> Result<bool, Stop> {
    let listing = match Listing::read(lomi, order, refund.requested_at, deadline, report).await {
        Ok(Some(listing)) => listing,
        Ok(None) | Err(_) => return Err(Stop::Lomi),
    };
    let is_understood = settle_all(world, lomi, order, &listing, report).await?;
    let now = world.order(order.id()).await?;
    Ok(is_understood && now.is_some_and(|now| !listing.may_hold(refund, order, &now)))
}

/// Writes what lomi.'s list says of the order's payments, whoever made the refunds. `true` when it was read to its end, and each
/// of its rows is understood.
pub(crate) async fn learn(
    world: &World,
    lomi: &Client,
    order: &Order,
    deadline: Instant,
    report: &mut Report,
) -> Result<bool, InquiryError> {
    match Listing::read(lomi, order, order.created_at(), deadline, report).await? {
        Some(listing) => Ok(settle_all(world, lomi, order, &listing, report).await?),
        None => Ok(false),
    }
}

/// Writes what the rows say. `true` when the list was read to its end and each of its rows is understood.
async fn settle_all(
    world: &World,
    lomi: &Client,
    order: &Order,
    listing: &Listing,
    report: &mut Report,
) -> Result<bool, StoreError> {
    let mut is_understood = listing.is_whole;
    for words in listing.words() {
        is_understood &= settle(world, lomi, order, &words, report).await?;
    }
    Ok(is_understood)
}

/// The answers are evidence like any event. `false` when it cannot be told which refund this one is: it has no name that
/// is known here, and no amount.
async fn settle(
    world: &World,
    lomi: &Client,
    order: &Order,
    words: &Words,
    report: &mut Report,
) -> Result<bool, StoreError> {
    let Some(told) = words.about(order, world.environment_behind(lomi, None)) else { return Ok(false) };
    let is_understood = told.money.is_some() || order.refund_called(&told.refund_id).is_some();
    let evidence = poll(words.natural_key(), &words.said(), world.clock.now());
    let settled = match world.ours_by_answer(lomi, words.organization_id.as_deref()).await? {
        Some(ours) => world.settle(order.id(), &Fact::Refund(told), &evidence, ours).await?,
        None => world.refuse_foreign(order.id(), &evidence).await?,
    };
    tell(std::slice::from_ref::<Settled>(&settled), report);
    Ok(is_understood)
}

/// What lomi. does not know of so long after the request never reached it. That does not hold of a part that lomi. pays out:
/// the money leaves before the refund is recorded, so it stays in doubt until lomi. names it.
async fn release(
    world: &World,
    before: &Order,
    listing: &Listing,
    asked_at: Timestamp,
    report: &mut Report,
) -> Result<(), Stop> {
    let Some(order) = world.order(before.id()).await? else { return Ok(()) };
    let is_lost = |refund: &Refund| {
        refund.may_be_released(asked_at) && !order.is_paid_out(refund) && !listing.may_hold(refund, before, &order)
    };
    for (id, _) in order.refunds().iter().filter(|(_, refund)| is_lost(refund)) {
        let change = |order: &Order| order.refund_released(id, Source::Reconciler, world.clock.now());
        world.change_order(order.id(), change).await?;
        report.refunds_failed += 1;
    }
    Ok(())
}

/// What lomi. answers to one question is no reason to leave the others out. That it fails on one is counted.
fn pass_over(error: Error, report: &mut Report) -> Result<(), Stop> {
    if is_answer(&error) {
        return Ok(());
    }
    match Stop::after(&InquiryError::Lomi(error)) {
        Stop::Lomi => Err(Stop::Lomi),
        stop @ (Stop::Order | Stop::Store) => {
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
