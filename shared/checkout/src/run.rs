//! One run against lomi: what it may use, what it may still spend, and what it has found.

use crate::lookup::{LookupError, LookupResult};
use crate::provider_error::{is_about_one_thing, is_answer};
use crate::{ApplyOutcome, Context};
use domain::{OutboxEvent, TimelineEvent};
use lomi_client::Client;
use store::StoreError;
use tokio::time::Instant;

/// Calls about single orders per run, far below lomi's 5 000 in 15 minutes.
const MAX_SINGLE_CALLS: u32 = 120;

/// What a run found and did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Orders and attribution cases that were due and checked.
    pub due: u32,
    /// Calls to lomi, listings included.
    pub lomi_calls: u32,
    /// Orders marked paid by this run, because no event had reported the payment.
    pub repaired: u32,
    /// Among them, orders that the shopper had cancelled.
    pub paid_after_cancel: u32,
    /// Among them, orders of a link that had reached its limit.
    pub beyond_link_limit: u32,
    /// Orders that polling made paid and that no event has reported since, counted at the last check of their payments.
    pub paid_without_webhook: u32,
    /// Second payments found.
    pub overpaid: u32,
    /// Orders whose call to lomi has no known outcome.
    pub in_doubt: u32,
    /// Refunds whose call to lomi has no known outcome.
    pub refunds_in_doubt: u32,
    /// Refunds that failed or were released: the merchant keeps the money.
    pub refunds_failed: u32,
    /// Refunds after which more was refunded than paid.
    pub over_refunded: u32,
    /// Dispute updates, without disputes that closed in the merchant's favour.
    pub disputed: u32,
    /// Events and answers that did not fit their order.
    pub mismatched: u32,
    /// Among them, those with another amount or currency.
    pub wrong_amounts: u32,
    /// Orders and cases left for the next run, because this one had no calls or no time left.
    pub skipped: u32,
    /// Orders and cases that could not be checked. They stay due.
    pub failed: u32,
    /// Among them, failures of DynamoDB.
    pub store_failed: u32,
}

/// Why a step of a run did not finish.
#[derive(Debug)]
pub(crate) enum RunError {
    /// This order cannot be checked now; the next one may.
    Order,
    /// DynamoDB failed on this order; the next one may succeed.
    Store,
    /// lomi does not answer, so no other order would fare better.
    Lomi,
    /// The run has no calls left. What it did not check stays due.
    NoCallsLeft,
}

impl From<StoreError> for RunError {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

impl From<LookupError> for RunError {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::Lomi(error) if !is_about_one_thing(&error) => Self::Lomi,
            LookupError::Lomi(_) => Self::Order,
            LookupError::Store(_) => Self::Store,
        }
    }
}

/// One run. Its report belongs to the caller, so that it survives a run that is cut off.
pub struct Run<'a> {
    pub(crate) context: &'a Context,
    pub(crate) lomi: &'a Client,
    pub(crate) deadline: Instant,
    pub(crate) report: &'a mut Report,
    calls_left: u32,
}

impl<'a> Run<'a> {
    /// A run with its full budget of calls, until `deadline`.
    pub const fn new(context: &'a Context, lomi: &'a Client, deadline: Instant, report: &'a mut Report) -> Self {
        Self { context, lomi, deadline, report, calls_left: MAX_SINGLE_CALLS }
    }

    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Whether the run may make another call about a single order.
    pub(crate) const fn has_calls(&self) -> bool {
        self.calls_left > 0
    }

    /// Charges calls that were made, also beyond the budget: one lookup may need several.
    pub(crate) const fn charge(&mut self, calls: u32) {
        self.calls_left = self.calls_left.saturating_sub(calls);
        self.report.lomi_calls = self.report.lomi_calls.saturating_add(calls);
    }

    /// Charges one call that is about to be made.
    pub(crate) const fn take_call(&mut self) -> Result<(), RunError> {
        if !self.has_calls() {
            return Err(RunError::NoCallsLeft);
        }
        self.charge(1);
        Ok(())
    }

    /// Charges the calls of a lookup and counts what it found. A failed one has made at least its failed attempts.
    pub(crate) fn finish(&mut self, looked_up: Result<LookupResult, LookupError>) -> Result<LookupResult, LookupError> {
        match &looked_up {
            Ok(found) => {
                self.charge(found.calls);
                self.count(&found.outcomes);
            }
            Err(error) => self.charge(error.calls()),
        }
        looked_up
    }

    /// Counts what became of events.
    pub(crate) fn count(&mut self, outcomes: &[ApplyOutcome]) {
        for outcome in outcomes {
            self.report.count(outcome);
        }
    }

    /// Counts an order or a case that was not checked.
    pub(crate) const fn record(&mut self, error: &RunError) {
        let report = &mut *self.report;
        match error {
            RunError::NoCallsLeft => report.skipped = report.skipped.saturating_add(1),
            RunError::Order | RunError::Lomi => report.failed = report.failed.saturating_add(1),
            RunError::Store => {
                report.failed = report.failed.saturating_add(1);
                report.store_failed = report.store_failed.saturating_add(1);
            }
        }
    }

    /// Records that lomi failed on one call, and continues with the others. An answer that is of no use is no failure.
    pub(crate) fn record_and_continue(&mut self, error: lomi_client::Error) -> Result<(), RunError> {
        if is_answer(&error) {
            return Ok(());
        }
        match RunError::from(LookupError::Lomi(error)) {
            RunError::Lomi => Err(RunError::Lomi),
            error => {
                self.record(&error);
                Ok(())
            }
        }
    }
}

impl Report {
    fn count(&mut self, outcome: &ApplyOutcome) {
        match outcome {
            ApplyOutcome::Applied(order, Some(OutboxEvent::OrderPaid)) => {
                self.repaired += 1;
                self.paid_after_cancel += u32::from(order.is_paid_after_cancel());
                self.beyond_link_limit += u32::from(order.is_beyond_link_limit());
            }
            ApplyOutcome::Applied(order, Some(OutboxEvent::Disputed(_))) => {
                self.disputed += u32::from(order.is_disputed());
            }
            ApplyOutcome::Applied(order, event) => {
                let is_last = |event| order.last_event() == Some(event);
                self.overpaid += u32::from(is_last(TimelineEvent::PaidAgain));
                self.wrong_amounts += u32::from(is_last(TimelineEvent::Mismatch));
                self.refunds_failed += u32::from(is_last(TimelineEvent::RefundFailed));
                self.over_refunded += u32::from(event.is_some() && order.is_over_refunded());
            }
            ApplyOutcome::Mismatched(mismatch) => {
                self.mismatched += 1;
                self.wrong_amounts += u32::from(mismatch.is_about_money());
            }
            ApplyOutcome::Foreign { is_new } => self.mismatched += u32::from(*is_new),
            ApplyOutcome::UnknownOrder => self.mismatched += 1,
            ApplyOutcome::Duplicate | ApplyOutcome::Ignored | ApplyOutcome::DiscountUnknown => {}
        }
    }
}
