//! What the listing of payments shows, settled.

use super::{Report, RunError, count_calls, has_calls_left, tell};
use crate::Context;
use crate::apply::ApplyOutcome;
use crate::lookup::{LookupResult, order_of};
use domain::Order;
use lomi_client::{Client, Transaction, TransactionStatus};
use std::time::Duration;
use tokio::time::Instant;

/// Kept back from a run's deadline to tell what it did.
const TO_TELL: Duration = Duration::from_secs(1);

/// Settles payments of one order; `None` when this run has no calls left for what went back of one. What was settled
/// before an error is told in `report`.
pub(super) async fn apply_listed(
    context: &Context,
    lomi: &Client,
    transactions: impl Iterator<Item = &Transaction>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Option<Vec<ApplyOutcome>>, RunError> {
    let mut all = Vec::new();
    for transaction in transactions {
        if transaction.status == TransactionStatus::Refunded && !has_calls_left(report) {
            return Ok(None);
        }
        let mut found = LookupResult::default();
        let settled = context.apply_transaction(lomi, transaction, deadline, &mut found).await;
        count_calls(found.calls, report);
        tell(&found.settled, report);
        settled.map_err(|error| RunError::after(&error))?;
        all.extend(found.settled);
    }
    Ok(Some(all))
}

/// Payments of orders that were not due, or not read: one that fails is left to its order's own look.
pub(super) async fn apply_remaining(
    context: &Context,
    lomi: &Client,
    payments: impl Iterator<Item = &Transaction>,
    deadline: Instant,
    report: &mut Report,
) {
    for payment in payments {
        if Instant::now() + TO_TELL >= deadline {
            break;
        }
        // The list also has orders of others, by the look of their names, and payments that count already.
        let Some(id) = order_of(payment) else { continue };
        let is_open = |order: &Order| !order.payments().contains_key(payment.transaction_id.as_str());
        if !matches!(context.order(&id).await, Ok(Some(order)) if is_open(&order)) {
            continue;
        }
        match apply_listed(context, lomi, std::iter::once(payment), deadline, report).await {
            Ok(_) => {}
            Err(stop @ RunError::Lomi) => {
                stop.count(report);
                break;
            }
            Err(stop) => stop.count(report),
        }
    }
}
