//! Refunds whose outcome nobody has told.

use super::{MAX_SINGLE_CALLS, Report, Stop, tell};
use crate::World;
use crate::evidence::Settled;
use crate::inquiry::{CLOCK_SKEW_MS, is_answer, poll};
use crate::refund::words::Words;
use domain::{Fact, Order, OrderId, Refund, RefundStatus, Source, Timestamp};
use lomi_client::{Client, Error, RefundId};
use tokio::time::Instant;

/// Rows per page: lomi.'s own default, so that a shorter page is surely the last.
const PAGE_SIZE: u32 = 50;
/// Pages per look. A list that is longer proves nothing about what is not in it.
const MAX_PAGES: u32 = 10;

/// What lomi.'s list of refunds says.
struct Listed {
    /// About payments of the order, newest first.
    words: Vec<Words>,
    /// Whether the list was read to its end.
    is_whole: bool,
}

/// Asks lomi. about the order's open refunds. `false` when this run has no calls left for it.
pub(super) async fn look_at(
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
    // 3 Those that it has not.
    let now = world.clock.now();
    let unnamed = order.refunds().values().filter(|refund| refund.is_unnamed() && !refund.is_running(now));
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
    let order = world.change_order(order_id, change).await.map_err(|_| Stop::Order)?;
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
            let words = Words::of_row(&row).filter(|words| words.transaction_id == refund.transaction_id);
            settle(world, lomi, order, words.as_slice(), report).await?;
            Ok(true)
        }
        Err(error) if is_answer(&error) => Ok(true),
        Err(_) => Err(Stop::Lomi),
    }
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
    let Some(listed) = list(lomi, order, since, deadline, report).await.map_err(|_| Stop::Lomi)? else {
        return Ok(false);
    };
    settle(world, lomi, order, &listed.words, report).await?;
    if listed.is_whole {
        release(world, order.id(), asked_at, report).await?;
    }
    Ok(true)
}

/// `None` when this run has no calls left.
async fn list(
    lomi: &Client,
    order: &Order,
    since: Timestamp,
    deadline: Instant,
    report: &mut Report,
) -> Result<Option<Listed>, Error> {
    let start = since.plus_ms(-CLOCK_SKEW_MS).to_rfc3339();
    let mut listed = Listed { words: Vec::new(), is_whole: false };
    for page in 0..MAX_PAGES {
        if !may_call(report) {
            return Ok(None);
        }
        let call = lomi.refunds().list().start_date(&start).limit(PAGE_SIZE).offset(page * PAGE_SIZE);
        let rows = match call.deadline(deadline).send().await {
            Ok(rows) => rows,
            // Nothing can be concluded from a list that cannot be read.
            Err(error) if is_answer(&error) => return Ok(Some(listed)),
            Err(error) => return Err(error),
        };
        let own = rows.iter().filter_map(Words::of_row).filter(|words| is_of(order, words));
        listed.words.extend(own);
        if rows.len() < usize::try_from(PAGE_SIZE).unwrap_or(usize::MAX) {
            listed.is_whole = true;
            break;
        }
    }
    Ok(Some(listed))
}

fn is_of(order: &Order, words: &Words) -> bool {
    let is_paid_by = order.payments().contains_key(&words.transaction_id);
    is_paid_by || order.refunds().values().any(|refund| refund.transaction_id == words.transaction_id)
}

/// The answers are evidence like any event.
async fn settle(world: &World, lomi: &Client, order: &Order, all: &[Words], report: &mut Report) -> Result<(), Stop> {
    for words in all {
        let Some(told) = words.about(order, world.environment_behind(lomi, None)) else { continue };
        let evidence = poll(words.natural_key(), &words.said(), world.clock.now());
        let settled = world.settle(order.id(), &Fact::Refund(told), &evidence).await.map_err(|_| Stop::Order)?;
        tell(std::slice::from_ref::<Settled>(&settled), report);
    }
    Ok(())
}

/// What lomi. does not know of so long after the request never reached it.
async fn release(world: &World, order_id: &OrderId, asked_at: Timestamp, report: &mut Report) -> Result<(), Stop> {
    let order = world.order(order_id).await.map_err(|_| Stop::Order)?;
    let refunds = order.iter().flat_map(Order::refunds);
    for (id, _) in refunds.filter(|(_, refund)| refund.may_be_released(asked_at)) {
        let change = |order: &Order| order.refund_released(id, Source::Reconciler, world.clock.now());
        world.change_order(order_id, change).await.map_err(|_| Stop::Order)?;
        report.refunds_failed += 1;
    }
    Ok(())
}

/// Takes one call out of what a run has for single orders.
const fn may_call(report: &mut Report) -> bool {
    if report.single_calls >= MAX_SINGLE_CALLS {
        report.skipped = report.skipped.saturating_add(1);
        return false;
    }
    report.single_calls = report.single_calls.saturating_add(1);
    report.lomi_calls = report.lomi_calls.saturating_add(1);
    true
}
