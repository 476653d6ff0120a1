//! Finishing what a crash or a lost event left open.
//!
//! The work is proportional to what is due: the sparse index gives the orders, and one listing of lomi.'s payments,
//! read once per run, answers for fifty of them at a time.

mod cases;
mod intents;
mod listed;
mod recent_payments;
pub(crate) mod refunds;

use crate::Context;
use crate::apply::ApplyOutcome;
use crate::lookup::{LookupError, is_about_one_thing, is_unknown_to_lomi};
use crate::webhooks::heartbeat::is_silent_since;
use domain::{Order, OrderEvent, OrderStatus, OutboxEvent, Source, TimelineEvent, Timestamp, Transition};
use listed::{apply_listed, apply_remaining};
use lomi_client::Client;
use recent_payments::RecentPayments;
use std::collections::BTreeSet;
use store::{Due, DueCursor, StoreError};
use tokio::time::Instant;

/// Rounds per run: a run ends, the schedule comes again.
const MAX_ROUNDS: u32 = 20;
/// Calls about single orders per run, far below lomi.'s 5 000 in 15 minutes.
const MAX_SINGLE_CALLS: u32 = 120;

/// What a run did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Orders that were due and looked at.
    pub due: u32,
    /// Calls to lomi., those about single orders among them.
    pub lomi_calls: u32,
    /// Orders that turned paid here because no event had told of the payment.
    pub repaired: u32,
    /// Among them those that the shopper had given up.
    pub paid_after_cancel: u32,
    /// Among them those of a link that was used up before.
    pub beyond_link_limit: u32,
    /// Orders that asking lomi. made paid, while no event whatever has come since: seen at the last look at their payments.
    pub paid_without_webhook: u32,
    /// Second payments found.
    pub overpaid: u32,
    /// Orders found without an outcome of their call to lomi.
    pub in_doubt: u32,
    /// Refunds found without an outcome of their call to lomi.
    pub refunds_in_doubt: u32,
    /// Refunds of which the money stays or came back.
    pub refunds_failed: u32,
    /// Refunds found after which more went back than was paid.
    pub over_refunded: u32,
    /// Turns of disputes that were told of, but for those that end in the merchant's favour.
    pub disputed: u32,
    /// ProviderEvent that did not fit its order.
    pub mismatched: u32,
    /// Among it that of another amount or currency.
    pub wrong_amounts: u32,
    /// Orders left for the next run because this one had no calls or no time left.
    pub skipped: u32,
    /// Orders that could not be looked at, which stay due, and questions about refunds that lomi. failed on.
    pub failed: u32,
    /// Among them those that DynamoDB failed on.
    pub store_failed: u32,
    single_calls: u32,
}

/// Why a run looks no further.
pub(crate) enum RunError {
    /// This order cannot be dealt with; the next one may.
    Order,
    /// Neither can this one, because of DynamoDB.
    Store,
    /// lomi. does not answer: nothing else would fare better.
    Lomi,
}

impl RunError {
    fn after(error: &LookupError) -> Self {
        match error {
            LookupError::Lomi(error) if !is_about_one_thing(error) => Self::Lomi,
            LookupError::Lomi(_) => Self::Order,
            LookupError::Store(_) => Self::Store,
        }
    }

    /// Counts the one thing that could not be looked at.
    const fn count(&self, report: &mut Report) {
        report.failed = report.failed.saturating_add(1);
        if matches!(self, Self::Store) {
            report.store_failed = report.store_failed.saturating_add(1);
        }
    }
}

impl From<StoreError> for RunError {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

/// Looks at everything that is due, until nothing is, or `deadline`. What was done before an error is in `report`.
///
/// # Errors
/// When DynamoDB does not tell what is due.
pub async fn reconcile(
    context: &Context,
    lomi: &Client,
    deadline: Instant,
    report: &mut Report,
) -> Result<(), StoreError> {
    // 0 Whose key is it? Events are held against that by those who have no key. A failure costs them time: our key is asked.
    match context.learn_organisation(lomi, deadline).await {
        Ok(calls) => report.lomi_calls = report.lomi_calls.saturating_add(calls),
        Err(error) => RunError::from(error).count(report),
    }
    let (mut cursor, mut sweep) = (DueCursor::default(), RecentPayments::new(deadline));
    let mut read = BTreeSet::new();
    for _ in 0..MAX_ROUNDS {
        // 1 What is due?
        let due = context.store.due(context.clock.now(), &mut cursor).await?;
        if due.is_empty() || Instant::now() >= deadline {
            break;
        }
        let orders = read_due(context, &due, report).await;
        read.extend(orders.iter().map(|order| order.id().clone()));
        // 2 One listing answers for many.
        if sweep.load_since(lomi, &orders, context.clock.now(), &mut report.lomi_calls).await.is_err() {
            report.failed = report.failed.saturating_add(count(&orders));
            break;
        }
        // 3 Order by order; one that fails stays due and holds up no other.
        if !check_orders(context, lomi, &orders, &sweep, deadline, report).await {
            break;
        }
        // 4 Payments that name none of them.
        if !cases::resolve_cases(context, lomi, &due, deadline, report).await {
            break;
        }
    }
    report.failed += u32::from(sweep.was_refused());
    // 5 Orders that lomi. would have to be asked about, more than a run may, are in front of others that the listing answers
    // for: what was paid does not wait for them.
    if report.skipped > 0 {
        apply_remaining(context, lomi, sweep.for_other_orders(&read), deadline, report).await;
    }
    Ok(())
}

async fn read_due(context: &Context, due: &[Due], report: &mut Report) -> Vec<Order> {
    let mut orders = Vec::with_capacity(due.len());
    for due in due {
        let Due::Order(id) = due else { continue };
        match context.order(id).await {
            // The index lags behind: the order itself says whether it is due.
            Ok(Some(order)) if order.is_due(context.clock.now()) => orders.push(order),
            Ok(_) => {}
            Err(error) => RunError::from(error).count(report),
        }
    }
    report.due = report.due.saturating_add(count(&orders));
    orders
}

/// `false` when the run should end.
async fn check_orders(
    context: &Context,
    lomi: &Client,
    orders: &[Order],
    sweep: &RecentPayments,
    deadline: Instant,
    report: &mut Report,
) -> bool {
    for (index, order) in orders.iter().enumerate() {
        if Instant::now() >= deadline {
            report.skipped = report.skipped.saturating_add(count(orders.get(index..).unwrap_or_default()));
            return false;
        }
        let looked = look_at(context, lomi, order, sweep, deadline, report).await;
        if looked.is_err() {
            // It goes to the end of the line, or it would be the first of every run. If that fails, it stays where it is.
            let _ = context.change_order(order.id(), |order| order.deferred(context.clock.now())).await;
        }
        match looked {
            Ok(()) => {}
            Err(stop @ (RunError::Order | RunError::Store)) => stop.count(report),
            Err(RunError::Lomi) => {
                report.failed = report.failed.saturating_add(count(orders.get(index..).unwrap_or_default()));
                return false;
            }
        }
    }
    true
}

async fn look_at(
    context: &Context,
    lomi: &Client,
    order: &Order,
    sweep: &RecentPayments,
    deadline: Instant,
    report: &mut Report,
) -> Result<(), RunError> {
    let now = context.clock.now();
    // 1 Payments that the listing shows.
    let listed = apply_listed(context, lomi, sweep.of_order(order.id()), deadline, report).await?;
    let Some(mut settled) = listed else { return Ok(()) };
    // 2 A single case where the listing does not reach, and once before an order is called expired. A paid one is looked
    // at for a second payment.
    let is_open = order.status() <= OrderStatus::Expired || order.status() == OrderStatus::Cancelled;
    let may_be_paid_again = order.status().is_paid() && !order.awaits_only_refunds();
    let ends = order.is_past_its_end(now) && order.status() < OrderStatus::Expired;
    if !has_paid(&settled)
        && (is_open || may_be_paid_again || order.is_unidentified())
        && (ends || !sweep.covers(order) || !order.held_payments().is_empty())
    {
        if !has_calls_left(report) {
            return Ok(());
        }
        let news = lookup(context, lomi, order, sweep, deadline, report).await?;
        tell(&news, report);
        settled.extend(news);
    }
    // 3 A card form whose order is over, or that nobody holds, takes no more money. One that lomi. fails on holds up no refund.
    let ended = intents::close(context, lomi, order, has_paid(&settled), deadline, report).await;
    if matches!(ended, Err(RunError::Lomi)) {
        return ended;
    }
    // 4 What became of refunds.
    if order.awaits_refund_updates() && !refunds::look_at(context, lomi, order, deadline, report).await? {
        return Ok(());
    }
    ended?;
    // 5 An event of its payment would have come by now.
    if let Some(paid_at) = order.paid_by_asking(now) {
        report.paid_without_webhook += u32::from(is_silent_since(context, paid_at).await?);
    }
    // 6 Write what is left to say: paid orders are written already.
    Ok(conclude(context, order, now, report).await?)
}

/// Whether something that was just changes made the order paid.
fn has_paid(settled: &[ApplyOutcome]) -> bool {
    settled.iter().any(|settled| matches!(settled, ApplyOutcome::Applied(order, _) if order.status().is_paid()))
}

async fn lookup(
    context: &Context,
    lomi: &Client,
    order: &Order,
    sweep: &RecentPayments,
    deadline: Instant,
    report: &mut Report,
) -> Result<Vec<ApplyOutcome>, RunError> {
    let found = context.lookup(lomi, order, deadline).await;
    match counted(found, |found| found.calls, report) {
        Ok(found) if found.is_cut_short && !order.status().is_paid() && !sweep.covers(order) => Err(RunError::Order),
        Ok(found) => Ok(found.settled),
        // lomi.'s list, which it gave, shows no payment of it: the order must not stay due for ever. Without a list nothing is
        // known, and nothing is concluded.
        Err(LookupError::Lomi(error)) if is_unknown_to_lomi(&error) => match sweep.covers(order) {
            true => Ok(Vec::new()),
            false => find_in_listing(context, lomi, order, deadline, report).await,
        },
        Err(error) => Err(RunError::after(&error)),
    }
}

/// What the list of the time in which the order could be paid says of it.
async fn find_in_listing(
    context: &Context,
    lomi: &Client,
    order: &Order,
    deadline: Instant,
    report: &mut Report,
) -> Result<Vec<ApplyOutcome>, RunError> {
    let listed = counted(context.identify(lomi, order, deadline).await, |found| found.calls, report);
    match listed {
        Ok(found) if found.is_cut_short => Err(RunError::Order),
        Ok(found) => Ok(found.settled),
        Err(error) => Err(RunError::after(&error)),
    }
}

/// Whether this run may still ask about single things. What it may not ask about is left for the next one.
const fn has_calls_left(report: &mut Report) -> bool {
    let is_left = report.single_calls < MAX_SINGLE_CALLS;
    if !is_left {
        report.skipped = report.skipped.saturating_add(1);
    }
    is_left
}

const fn count_calls(calls: u32, report: &mut Report) {
    report.single_calls = report.single_calls.saturating_add(calls);
    report.lomi_calls = report.lomi_calls.saturating_add(calls);
}

/// Counts the calls to lomi. that an inquiry made.
pub(crate) fn counted<T>(
    found: Result<T, LookupError>,
    calls: impl FnOnce(&T) -> u32,
    report: &mut Report,
) -> Result<T, LookupError> {
    let calls = match &found {
        Ok(found) => calls(found),
        Err(LookupError::Lomi(error)) => error.attempts(),
        Err(LookupError::Store(_)) => 1,
    };
    count_calls(calls, report);
    found
}

pub(crate) fn tell(settled: &[ApplyOutcome], report: &mut Report) {
    for outcome in settled {
        match outcome {
            ApplyOutcome::Applied(order, Some(OutboxEvent::OrderPaid)) => {
                report.repaired += 1;
                report.paid_after_cancel += u32::from(order.is_paid_after_cancel());
                report.beyond_link_limit += u32::from(order.is_beyond_link_limit());
            }
            ApplyOutcome::Applied(order, Some(OutboxEvent::Disputed(_))) => {
                report.disputed += u32::from(order.is_disputed());
            }
            ApplyOutcome::Applied(order, event) => {
                let is_news = |what| order.last_event() == Some(what);
                report.overpaid += u32::from(is_news(TimelineEvent::PaidAgain));
                report.wrong_amounts += u32::from(is_news(TimelineEvent::Mismatch));
                report.refunds_failed += u32::from(is_news(TimelineEvent::RefundFailed));
                report.over_refunded += u32::from(event.is_some() && order.is_over_refunded());
            }
            ApplyOutcome::Mismatched(mismatch) => {
                report.mismatched += 1;
                report.wrong_amounts += u32::from(mismatch.is_about_money());
            }
            ApplyOutcome::Foreign { is_new } => report.mismatched += u32::from(*is_new),
            // Put aside: lomi. does not say whose it is.
            ApplyOutcome::UnknownOrder => report.mismatched += 1,
            ApplyOutcome::Duplicate | ApplyOutcome::Ignored | ApplyOutcome::DiscountUnknown => {}
        }
    }
}

async fn conclude(context: &Context, before: &Order, now: Timestamp, report: &mut Report) -> Result<(), StoreError> {
    let concluded =
        context.change_order(before.id(), |order| order.is_due(now).then(|| conclusion(order, now))).await?;
    let status = concluded.map(|order| order.status());
    report.in_doubt += u32::from(status == Some(OrderStatus::InDoubt) && before.status() != OrderStatus::InDoubt);
    Ok(())
}

/// What time alone makes of an order about which lomi. knows nothing new.
fn conclusion(order: &Order, now: Timestamp) -> Order {
    // A card form that could not be closed may still take money.
    if order.is_past_its_end(now)
        && order.intent_to_close(now).is_none()
        && let Transition::Changed(expired, _) = order.transition(&OrderEvent::SessionExpired, Source::Reconciler, now)
    {
        return *expired;
    }
    if order.status() == OrderStatus::Creating { order.in_doubt(false, now) } else { order.asked(now) }
}

fn count(orders: &[Order]) -> u32 {
    u32::try_from(orders.len()).unwrap_or(u32::MAX)
}
