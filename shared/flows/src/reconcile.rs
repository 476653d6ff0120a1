//! Finishing what a crash or a lost event left open.
//!
//! The work is proportional to what is due: the sparse index gives the orders, and one listing of lomi.'s completed
//! transactions answers for a hundred of them at a time.

use crate::World;
use crate::evidence::Settled;
use crate::inquiry::{Findings, InquiryError, completed_page, is_last_page, order_of};
use domain::{Fact, Order, OrderId, OrderStatus, Source, Timestamp, Verdict};
use lomi_client::{Client, Outcome, Transaction};
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;
use tokio::time::Instant;

/// Orders per round.
const ROUND: u16 = 100;
/// Rounds per run: a run ends, the schedule comes again.
const MAX_ROUNDS: u32 = 10;
/// Pages of transactions per round.
const MAX_PAGES: u32 = 10;
/// Calls about single orders per run, far below lomi.'s 5 000 in 15 minutes.
const MAX_SINGLE_CALLS: u32 = 120;

/// What a run did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Orders that were due and looked at.
    pub due: u32,
    /// Calls to lomi.
    pub lomi_calls: u32,
    /// Orders that turned paid here because no event had told of the payment.
    pub repaired: u32,
    /// Orders called expired.
    pub expired: u32,
    /// Orders found without an outcome of their call to lomi.
    pub in_doubt: u32,
    /// Payments that did not fit their order.
    pub mismatched: u32,
    /// Orders that could not be looked at; they stay due.
    pub failed: u32,
}

/// What one round learnt from lomi.'s list of transactions.
struct Sweep {
    by_order: BTreeMap<OrderId, Vec<Transaction>>,
    /// Whether the list was read to its end, so that an order not in it has no payment.
    complete: bool,
}

/// Looks at everything that is due, until nothing is, or `deadline`.
///
/// # Errors
/// When DynamoDB does not tell what is due.
pub async fn reconcile(world: &World, lomi: &Client, deadline: Instant) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let mut seen = BTreeSet::new();
    for _ in 0..MAX_ROUNDS {
        // 1 What is due? The index may lag: an order already seen is not taken twice.
        let ids = world.store.due_orders(world.clock.now(), ROUND).await?;
        let fresh: Vec<OrderId> = ids.into_iter().filter(|id| seen.insert(id.clone())).collect();
        if fresh.is_empty() || Instant::now() >= deadline {
            break;
        }
        let orders = read_due(world, &fresh, &mut report).await;
        // 2 One listing answers for many.
        let Ok(sweep) = sweep(lomi, &orders, deadline, &mut report).await else {
            // lomi. is out of reach: everything stays due, and single questions would fare no better.
            report.failed = report.failed.saturating_add(u32::try_from(orders.len()).unwrap_or(u32::MAX));
            break;
        };
        // 3 Order by order; one that fails stays due and holds up no other.
        for order in &orders {
            if Instant::now() >= deadline {
                return Ok(report);
            }
            if look_at(world, lomi, order, &sweep, deadline, &mut report).await.is_err() {
                report.failed += 1;
            }
        }
    }
    Ok(report)
}

async fn read_due(world: &World, ids: &[OrderId], report: &mut Report) -> Vec<Order> {
    let mut orders = Vec::with_capacity(ids.len());
    for id in ids {
        match world.store.order(id).await {
            Ok(Some(order)) if order.due_at().is_some_and(|due| due <= world.clock.now()) => orders.push(order),
            Ok(_) => {}
            Err(_) => report.failed += 1,
        }
    }
    report.due = report.due.saturating_add(u32::try_from(orders.len()).unwrap_or(u32::MAX));
    orders
}

async fn sweep(
    lomi: &Client,
    orders: &[Order],
    deadline: Instant,
    report: &mut Report,
) -> Result<Sweep, lomi_client::Error> {
    let mut sweep = Sweep { by_order: BTreeMap::new(), complete: orders.is_empty() };
    let Some(oldest) = orders.iter().map(Order::created_at).min() else { return Ok(sweep) };
    for page in 1..=MAX_PAGES {
        report.lomi_calls += 1;
        let transactions = completed_page(lomi, oldest, page, deadline).await?;
        let last = is_last_page(&transactions);
        for transaction in transactions {
            if let Some(id) = order_of(&transaction) {
                sweep.by_order.entry(id).or_default().push(transaction);
            }
        }
        if last {
            sweep.complete = true;
            break;
        }
    }
    Ok(sweep)
}

async fn look_at(
    world: &World,
    lomi: &Client,
    order: &Order,
    sweep: &Sweep,
    deadline: Instant,
    report: &mut Report,
) -> Result<(), InquiryError> {
    let now = world.clock.now();
    // 1 Payments that the listing shows.
    let mut settled = Vec::new();
    for transaction in sweep.by_order.get(order.id()).into_iter().flatten() {
        settled.extend(world.settle_transaction(lomi, transaction).await?);
    }
    // 2 A single question where the listing cannot be relied upon, and once before an order is called expired.
    let ends = order.is_past_its_end(now) && order.status() < OrderStatus::Expired;
    if settled.is_empty() && (ends || !sweep.complete) {
        if report.lomi_calls >= MAX_SINGLE_CALLS {
            return Ok(());
        }
        let findings = inquire(world, lomi, order, deadline).await?;
        report.lomi_calls += findings.calls;
        settled = findings.settled;
    }
    count(&settled, report);
    // 3 Write what is left to say: paid orders are written already.
    conclude(world, order, now, report).await?;
    Ok(())
}

/// A refusal that will be repeated (lomi. does not know the session, say) is an answer: the order must not stay at the
/// head of the queue because of it.
async fn inquire(world: &World, lomi: &Client, order: &Order, deadline: Instant) -> Result<Findings, InquiryError> {
    match world.inquire(lomi, order, deadline).await {
        Err(InquiryError::Lomi(error)) if error.outcome() == Outcome::Rejected && !error.is_retryable() => {
            Ok(Findings { settled: Vec::new(), calls: error.attempts() })
        }
        other => other,
    }
}

fn count(settled: &[Settled], report: &mut Report) {
    for outcome in settled {
        match outcome {
            Settled::Applied(_, Some(_)) => report.repaired += 1,
            Settled::Mismatched(_) => report.mismatched += 1,
            Settled::Applied(_, None) | Settled::Duplicate | Settled::Ignored | Settled::UnknownOrder => {}
        }
    }
}

async fn conclude(world: &World, before: &Order, now: Timestamp, report: &mut Report) -> Result<(), StoreError> {
    let concluded = world
        .change_order(before.id(), |order| {
            let still_due = order.due_at().is_some_and(|due| due <= now);
            still_due.then(|| conclusion(order, now))
        })
        .await?;
    match concluded.map(|order| order.status()).filter(|status| *status != before.status()) {
        Some(OrderStatus::Expired) => report.expired += 1,
        Some(OrderStatus::InDoubt) => report.in_doubt += 1,
        _ => {}
    }
    Ok(())
}

/// What time alone makes of an order about which lomi. knows nothing new.
fn conclusion(order: &Order, now: Timestamp) -> Order {
    let asked = order.asked(now);
    if order.is_past_its_end(now)
        && let Verdict::Changed(expired, _) = order.judge(&Fact::SessionExpired, Source::Reconciler, now)
    {
        return *expired;
    }
    if order.status() == OrderStatus::Creating { order.in_doubt(false, now) } else { asked }
}
