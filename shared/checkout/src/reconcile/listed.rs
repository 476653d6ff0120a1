//! Applies the payments that the listing shows.

use crate::apply::ApplyOutcome;
use crate::lookup::{LookupResult, order_of};
use crate::run::{Run, RunError};
use domain::Order;
use lomi_client::{Transaction, TransactionStatus};
use std::time::Duration;
use tokio::time::Instant;

/// Kept back from a run's deadline to report what it did.
const REPORTING_MARGIN: Duration = Duration::from_secs(1);

impl Run<'_> {
    /// Applies payments of one order. Outcomes before an error are counted.
    pub(super) async fn apply_listed(
        &mut self,
        transactions: impl Iterator<Item = &Transaction>,
    ) -> Result<Vec<ApplyOutcome>, RunError> {
        let mut outcomes = Vec::new();
        for transaction in transactions {
            // The refunds behind it need calls of their own.
            if transaction.status == TransactionStatus::Refunded && !self.has_calls() {
                return Err(RunError::NoCallsLeft);
            }
            let mut found = LookupResult::default();
            let applied = self.context.apply_transaction(self.lomi, transaction, self.deadline, &mut found).await;
            self.charge(found.calls);
            self.count(&found.outcomes);
            applied?;
            outcomes.extend(found.outcomes);
        }
        Ok(outcomes)
    }

    /// Applies payments of orders that this run did not check. A payment that fails waits for its order's own check.
    pub(super) async fn apply_remaining(&mut self, payments: impl Iterator<Item = &Transaction>) {
        for payment in payments {
            if Instant::now() + REPORTING_MARGIN >= self.deadline {
                break;
            }
            // The listing also shows payments that are applied already, and order ids of other systems.
            let Some(id) = order_of(payment) else { continue };
            let is_open = |order: &Order| !order.payments().contains_key(payment.transaction_id.as_str());
            if !matches!(self.context.order(&id).await, Ok(Some(order)) if is_open(&order)) {
                continue;
            }
            if let Err(error) = self.apply_listed(std::iter::once(payment)).await {
                self.record(&error);
                if matches!(error, RunError::Lomi) {
                    break;
                }
            }
        }
    }
}
