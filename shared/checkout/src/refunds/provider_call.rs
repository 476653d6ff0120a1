//! Steps 3 and 4: the call that creates the refund at lomi, and what the order becomes.

use super::{RefundError, confirm, is_in_doubt, to_write};
use crate::lookup::refund_report::RefundReport;
use crate::{Context, units};
use domain::{Order, OutboxEvent, ProviderRefund, Refund, Source, Timestamp};
use lomi_client::{Client, CreateRefund, Error, IdempotencyKey, Outcome, RefundAnswer, TransactionId};
use store::StoreError;
use tokio::time::Instant;

/// Bounds of the retry delay.
const COOL_DOWN_S: [u64; 2] = [2, 60];

/// The result of the call.
pub(super) enum CallResult {
    /// lomi recorded the refund.
    Recorded(ProviderRefund),
    /// The outcome is unknown.
    Unknown,
    /// No money moved, and the same request may be retried.
    NotExecuted(RefundError),
    /// No money moved, and none will under this key.
    Refused(RefundError),
}

/// One refund to create.
pub(super) struct RefundCall<'a> {
    pub(super) lomi: &'a Client,
    /// With the refund in it.
    pub(super) order: &'a Order,
    pub(super) id: &'a str,
    pub(super) refund: &'a Refund,
    /// The payment's UUID, which lomi requires. `None` when it is unknown.
    pub(super) payment: Option<&'a TransactionId>,
    pub(super) deadline: Instant,
}

/// Creates the refund. lomi executes it, or first answers with a preview.
///
/// # Errors
/// When DynamoDB does not store the request that executes a preview. No money has moved.
pub(super) async fn create(context: &Context, call: &RefundCall<'_>) -> Result<CallResult, StoreError> {
    let (Some(body), Some(key)) = (call.body(), call.preview_key()) else {
        return Ok(CallResult::Refused(RefundError::Unsendable));
    };
    match call.send(&body, key).await {
        Ok(RefundAnswer::Executed(row)) => Ok(call.executed(&row)),
        Ok(RefundAnswer::Preview(preview)) => confirm::execute(context, call, &body, preview).await,
        Err(error) => Ok(call.failed(error)),
    }
}

impl RefundCall<'_> {
    pub(super) async fn send(&self, body: &CreateRefund, key: IdempotencyKey) -> Result<RefundAnswer, Error> {
        self.lomi.refunds().create(body, key).deadline(self.deadline).send().await
    }

    /// A refund of another payment is not the requested one.
    pub(super) fn executed(&self, row: &lomi_client::Refund) -> CallResult {
        RefundReport::of_answer(row, self.order, &self.refund.transaction_id)
            .and_then(|report| report.for_order(self.order, self.order.environment()))
            .map_or(CallResult::Unknown, |refund| CallResult::Recorded(without_smaller_amount(refund, self.refund)))
    }

    /// lomi pays a part out before it records the refund, so a refusal does not prove that no money moved.
    pub(super) fn failed(&self, error: Error) -> CallResult {
        if self.order.is_paid_out(self.refund) && !was_never_processed(&error) {
            CallResult::Unknown
        } else {
            failure(error)
        }
    }

    /// The request body, the same to the byte at every attempt under one key.
    fn body(&self) -> Option<CreateRefund> {
        let currency = self.order.expected()?.currency();
        let amount = domain::Money::new(self.refund.amount_minor, currency).and_then(units::to_lomi)?;
        let payment = self.payment.cloned()?;
        Some(CreateRefund { reason: self.refund.reason.clone(), ..CreateRefund::new(payment, amount) })
    }

    /// lomi replays its first answer under a key for a day, also an expired token: another attempt needs another key.
    pub(super) fn preview_key(&self) -> Option<IdempotencyKey> {
        IdempotencyKey::parse(&format!("{}-{}", self.id, self.refund.requested_at.as_ms())).ok()
    }

    /// The key that executes the refund is its id.
    pub(super) fn execution_key(&self) -> Option<IdempotencyKey> {
        IdempotencyKey::parse(self.id).ok()
    }
}

/// The answer names the amount paid out. Less than requested is no contradiction: lomi may keep a fee, or may not have
/// paid yet.
fn without_smaller_amount(reported: ProviderRefund, requested: &Refund) -> ProviderRefund {
    let money = reported.money.filter(|money| money.amount_minor() >= requested.amount_minor);
    ProviderRefund { money, ..reported }
}

/// Whether lomi never processed the call: it was not sent, or the key or the rate limit stopped it.
fn was_never_processed(error: &Error) -> bool {
    error.outcome() == Outcome::NotSent
        || (error.outcome() == Outcome::Rejected && matches!(error.status(), Some(401 | 403 | 429)))
}

/// The retry delay that lomi requests, within bounds.
pub(super) fn cool_down_s(error: &Error) -> u32 {
    let [shortest_s, longest_s] = COOL_DOWN_S;
    let requested_s = error.retry_after().map_or(shortest_s, |wait| wait.as_secs()).clamp(shortest_s, longest_s);
    u32::try_from(requested_s).unwrap_or_default()
}

fn failure(error: Error) -> CallResult {
    let retry_after_s = cool_down_s(&error);
    match error.outcome() {
        Outcome::Unknown => CallResult::Unknown,
        Outcome::NotSent => CallResult::NotExecuted(RefundError::ProviderUnavailable { retry_after_s, error }),
        // lomi refuses our key. A rotated one is in use within a minute.
        Outcome::Rejected if error.is_retryable() || matches!(error.status(), Some(401 | 403)) => {
            CallResult::NotExecuted(RefundError::ProviderUnavailable { retry_after_s, error })
        }
        Outcome::Rejected => CallResult::Refused(RefundError::ProviderRejected(error)),
    }
}

/// The order after the call. `None` when it knows more by now than this result.
pub(super) fn outcome(
    order: &Order,
    id: &str,
    result: &CallResult,
    now: Timestamp,
) -> Option<(Order, Option<OutboxEvent>)> {
    match result {
        CallResult::Recorded(refund) => to_write(order.refund_answered(id, refund, now)),
        CallResult::Unknown => order.refund_in_doubt(id, now).map(|order| (order, None)),
        // A retry was answered meanwhile that the refund is in doubt, so it stays visible.
        CallResult::NotExecuted(_) if is_in_doubt(order, id) => {
            order.refund_released(id, Source::Lomi, now).map(|order| (order, None))
        }
        CallResult::NotExecuted(_) => order.without_refund(id, now).map(|order| (order, None)),
        CallResult::Refused(_) => order.refund_released(id, Source::Lomi, now).map(|order| (order, None)),
    }
}
