//! What the listing of payments shows, settled.

use super::{Report, Stop, count_calls, has_calls_left, tell};
use crate::World;
use crate::evidence::Settled;
use crate::inquiry::{Findings, order_of};
use domain::Order;
use lomi_client::{Client, Transaction, TransactionStatus};
use std::time::Duration;
use tokio::time::Instant;

/// Kept back from a run's deadline to tell what it did.
const TO_TELL: Duration = Duration::from_secs(1);

/// Settles payments of one order; `None` when this run has no calls left for what went back of one. What was settled
/// before an error is told in `report`.
pub(super) async fn settle_listed(
    world: &World,
    lomi: &Client,
    transactions: impl Iterator<Item = &Transaction>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Option<Vec<Settled>>, Stop> {
    let mut all = Vec::new();
    for transaction in transactions {
        if transaction.status == TransactionStatus::Refunded && !has_calls_left(report) {
            return Ok(None);
        }
        let mut findings = Findings::default();
        let settled = world.settle_transaction(lomi, transaction, deadline, &mut findings).await;
        count_calls(findings.calls, report);
        tell(&findings.settled, report);
        settled.map_err(|error| Stop::after(&error))?;
        all.extend(findings.settled);
    }
    Ok(Some(all))
}

/// Payments of orders that were not due, or not read: one that fails is left to its order's own look.
pub(super) async fn settle_unread(
    world: &World,
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
        if !matches!(world.order(&id).await, Ok(Some(order)) if is_open(&order)) {
            continue;
        }
        match settle_listed(world, lomi, std::iter::once(payment), deadline, report).await {
            Ok(_) => {}
            Err(stop @ Stop::Lomi) => {
                stop.count(report);
                break;
            }
            Err(stop) => stop.count(report),
        }
    }
}
