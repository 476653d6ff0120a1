//! Finishes what a crash or a lost event left open.
//!
//! The work is proportional to what is due: the sparse index names the orders, and one listing of lomi's payments, read
//! once per run, answers for fifty of them per page.

mod cases;
mod intents;
mod listed;
mod recent_payments;

use crate::apply::ApplyOutcome;
use crate::lookup::LookupError;
use crate::provider_error::is_unknown_to_lomi;
use crate::run::RunError;
pub use crate::run::{Report, Run};
use crate::webhooks::heartbeat::is_silent_since;
use domain::{Order, OrderEvent, OrderStatus, Source, Timestamp, Transition};
use recent_payments::RecentPayments;
use std::collections::BTreeSet;
use store::{Due, DueCursor, StoreError};

/// Rounds per run. What is due after them waits for the next run, a minute later.
const MAX_ROUNDS: u32 = 20;

impl Run<'_> {
    /// Checks everything that is due, until nothing is, or until the deadline.
    ///
    /// # Errors
    /// When DynamoDB does not say what is due. The report counts what was done before.
    pub async fn reconcile(&mut self) -> Result<(), StoreError> {
        let (mut cursor, mut recent) = (DueCursor::default(), RecentPayments::new(self.deadline));
        let mut checked = BTreeSet::new();
        // 0 Read whose key it is: webhooks are compared with that by functions without the key.
        self.learn_organisation().await;
        for _ in 0..MAX_ROUNDS {
            // 1 Read what is due.
            let due = self.context.store.due(self.context.clock.now(), &mut cursor).await?;
            if due.is_empty() || self.is_over() {
                break;
            }
            let orders = self.read_due(&due).await;
            checked.extend(orders.iter().map(|order| order.id().clone()));
            // 2 Read one listing for many orders.
            let now = self.context.clock.now();
            if recent.load_since(self.lomi, &orders, now, &mut self.report.lomi_calls).await.is_err() {
                self.fail(&orders);
                break;
            }
            // 3 Check order by order. One that fails stays due and delays no other.
            if !self.check_orders(&orders, &recent).await {
                break;
            }
            // 4 Resolve payments that name no order.
            if !self.resolve_cases(&due).await {
                break;
            }
        }
        self.report.failed += u32::from(recent.was_refused());
        // 5 A run out of calls has left orders unchecked. The listing still answers for those behind them.
        if self.report.skipped > 0 {
            self.apply_remaining(recent.for_other_orders(&checked)).await;
        }
        Ok(())
    }

    /// A failure costs webhooks time, not money: without a known organisation they are verified with the key.
    async fn learn_organisation(&mut self) {
        match self.context.learn_organisation(self.lomi, self.deadline).await {
            Ok(calls) => self.report.lomi_calls = self.report.lomi_calls.saturating_add(calls),
            Err(error) => self.record(&RunError::from(error)),
        }
    }

    async fn read_due(&mut self, due: &[Due]) -> Vec<Order> {
        let mut orders = Vec::with_capacity(due.len());
        for due in due {
            let Due::Order(id) = due else { continue };
            match self.context.order(id).await {
                // The index is eventually consistent: the order itself says whether it is due.
                Ok(Some(order)) if order.is_due(self.context.clock.now()) => orders.push(order),
                Ok(_) => {}
                Err(error) => self.record(&RunError::from(error)),
            }
        }
        self.report.due = self.report.due.saturating_add(count(&orders));
        orders
    }

    /// `false` when the run should end.
    async fn check_orders(&mut self, orders: &[Order], recent: &RecentPayments) -> bool {
        for (index, order) in orders.iter().enumerate() {
            let rest = orders.get(index..).unwrap_or_default();
            if self.is_over() {
                self.report.skipped = self.report.skipped.saturating_add(count(rest));
                return false;
            }
            let error = match self.check_order(order, recent).await {
                Ok(()) => continue,
                Err(error) => error,
            };
            if !matches!(error, RunError::NoCallsLeft) {
                // It moves to the end of the queue, or it would come first in every run. If this write fails, it stays
                // first.
                let context = self.context;
                let _ = context.change_order(order.id(), |order| order.deferred(context.clock.now())).await;
            }
            if matches!(error, RunError::Lomi) {
                self.fail(rest);
                return false;
            }
            self.record(&error);
        }
        true
    }

    async fn check_order(&mut self, order: &Order, recent: &RecentPayments) -> Result<(), RunError> {
        let now = self.context.clock.now();
        // 1 Apply the payments that the listing shows.
        let mut outcomes = self.apply_listed(recent.for_order(order.id())).await?;
        // 2 Look the order up where the listing does not reach, and once before it expires. A paid one may be paid
        // again.
        if !has_paid(&outcomes) && needs_lookup(order, recent, now) {
            if !self.has_calls() {
                return Err(RunError::NoCallsLeft);
            }
            outcomes.extend(self.lookup(order, recent).await?);
        }
        // 3 End the card form of an order that is over, and orphaned ones. If lomi fails on one, refunds are still
        // checked.
        let closed = self.close_intents(order, has_paid(&outcomes)).await;
        if matches!(closed, Err(RunError::Lomi)) {
            return closed;
        }
        // 4 Find out what became of refunds.
        if order.awaits_refund_updates() {
            self.check_refunds(order).await?;
        }
        closed?;
        // 5 A webhook for its payment would have arrived by now.
        if let Some(paid_at) = order.paid_by_polling(now) {
            self.report.paid_without_webhook += u32::from(is_silent_since(self.context, paid_at).await?);
        }
        // 6 Write what remains: paid orders are written already.
        Ok(self.conclude(order, now).await?)
    }

    async fn lookup(&mut self, order: &Order, recent: &RecentPayments) -> Result<Vec<ApplyOutcome>, RunError> {
        let looked_up = self.context.lookup(self.lomi, order, self.deadline).await;
        match self.finish(looked_up) {
            Ok(found) if found.is_cut_short && !order.status().is_paid() && !recent.covers(order) => {
                Err(RunError::Order)
            }
            Ok(found) => Ok(found.outcomes),
            Err(LookupError::Lomi(error)) if is_unknown_to_lomi(&error) => match recent.covers(order) {
                // The listing shows no payment of it, so it must not stay due for ever.
                true => Ok(Vec::new()),
                false => self.find_in_listing(order).await,
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the list of the time in which the order could be paid. Without the whole list nothing is concluded.
    async fn find_in_listing(&mut self, order: &Order) -> Result<Vec<ApplyOutcome>, RunError> {
        let listed = self.context.find_payments(self.lomi, order, self.deadline).await;
        let found = self.finish(listed)?;
        if found.is_cut_short { Err(RunError::Order) } else { Ok(found.outcomes) }
    }

    async fn conclude(&mut self, before: &Order, now: Timestamp) -> Result<(), StoreError> {
        let conclude = |order: &Order| order.is_due(now).then(|| conclusion(order, now));
        let status = self.context.change_order(before.id(), conclude).await?.map(|order| order.status());
        let is_new_doubt = status == Some(OrderStatus::InDoubt) && before.status() != OrderStatus::InDoubt;
        self.report.in_doubt += u32::from(is_new_doubt);
        Ok(())
    }

    fn fail(&mut self, orders: &[Order]) {
        self.report.failed = self.report.failed.saturating_add(count(orders));
    }
}

fn has_paid(outcomes: &[ApplyOutcome]) -> bool {
    outcomes.iter().any(|outcome| matches!(outcome, ApplyOutcome::Applied(order, _) if order.status().is_paid()))
}

/// Whether an order without a payment in the listing needs a call of its own.
fn needs_lookup(order: &Order, recent: &RecentPayments, now: Timestamp) -> bool {
    let is_open = order.status() <= OrderStatus::Expired || order.status() == OrderStatus::Cancelled;
    let may_be_paid_again = order.status().is_paid() && !order.awaits_only_refunds();
    let expires_now = order.is_past_its_end(now) && order.status() < OrderStatus::Expired;
    (is_open || may_be_paid_again || order.is_unidentified())
        && (expires_now || !recent.covers(order) || !order.held_payments().is_empty())
}

/// What time alone makes of an order about which lomi knows nothing new.
fn conclusion(order: &Order, now: Timestamp) -> Order {
    // A card form that could not be closed may still take money.
    if order.is_past_its_end(now)
        && order.intent_to_close(now).is_none()
        && let Transition::Changed(expired, _) = order.transition(&OrderEvent::SessionExpired, Source::Reconciler, now)
    {
        return *expired;
    }
    if order.status() == OrderStatus::Creating { order.in_doubt(false, now) } else { order.polled(now) }
}

fn count(orders: &[Order]) -> u32 {
    u32::try_from(orders.len()).unwrap_or(u32::MAX)
}
