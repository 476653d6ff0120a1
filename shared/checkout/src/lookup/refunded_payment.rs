//! Payments that lomi calls refunded, and their refunds. A refund that was made in lomi's dashboard may show nowhere
//! else.

use super::{LookupError, LookupResult, PAGE_SIZE, earliest_payment, poll_event};
use crate::Context;
use crate::apply::ApplyOutcome;
use crate::lookup::refund_report::RefundReport;
use crate::reason::REFUND_UNKNOWN;
use domain::{Order, OrderEvent, OrderId, Timestamp};
use lomi_client::{Client, Refund, Transaction};
use store::{Recorded, StoreError};
use tokio::time::Instant;

/// Pages of refunds read for one payment.
const MAX_PAGES: u32 = 10;

impl Context {
    /// Applies the payment's refunds, then the payment. Nothing is written before lomi has shown both, and a crash in
    /// between leaves an order that is still checked. Refunds whose ids the order knows are read elsewhere. Returns
    /// whether the payment was applied.
    pub(crate) async fn apply_refunded_payment(
        &self,
        lomi: &Client,
        id: &OrderId,
        transaction: &Transaction,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<bool, LookupError> {
        let order = self.order(id).await?;
        // Money that was returned during a review never was the merchant's.
        if order.as_ref().is_some_and(|order| order.held_payments().contains(transaction.transaction_id.as_str())) {
            found.outcomes.push(self.apply_released(lomi, id, transaction).await?);
            return Ok(true);
        }
        let order = order.filter(|order| has_unknown_refunds(order, transaction));
        let mut is_known = order.is_none();
        if let Some(order) = order {
            let (rows, is_complete) = refunds_of(lomi, &order, transaction, deadline, found).await?;
            for row in rows {
                let refund = self.apply_refund(lomi, id, &row).await?;
                is_known |= is_applied(refund.as_ref());
                found.outcomes.extend(refund);
            }
            // A list that was cut short is complete only if its refunds amount to the whole payment.
            if !is_complete {
                is_known &= self.order(id).await?.is_none_or(|order| !has_unknown_refunds(&order, transaction));
            }
        }
        let payment = self.apply_payment(lomi, id, transaction, deadline, &mut found.calls).await?;
        let is_counted = is_applied(payment.as_ref());
        found.outcomes.extend(payment);
        if is_counted && !is_known {
            self.quarantine_refunded(id, transaction, found).await?;
        }
        Ok(is_counted)
    }

    /// Quarantines the event once, for the operator: the order counts as paid, but its money was refunded.
    async fn quarantine_refunded(
        &self,
        id: &OrderId,
        transaction: &Transaction,
        found: &mut LookupResult,
    ) -> Result<(), StoreError> {
        let summary = format!("transaction {} refunded, by no refund that lomi. lists", transaction.transaction_id);
        let provider_event = poll_event(format!("REFUNDED#{}", transaction.transaction_id), &summary, self.clock.now());
        if self.quarantine(&provider_event, REFUND_UNKNOWN, Some(id)).await? == Recorded::Applied {
            found.outcomes.push(ApplyOutcome::UnknownOrder);
        }
        Ok(())
    }

    /// Applies a row of lomi's list of refunds. `None` when it cannot be read.
    pub(crate) async fn apply_refund(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Refund,
    ) -> Result<Option<ApplyOutcome>, StoreError> {
        let Some(order) = self.order(id).await? else { return Ok(None) };
        let Some(report) = RefundReport::of_row(row) else { return Ok(None) };
        let Some(refund) = report.for_order(&order, self.environment_of_answer(lomi, None)) else { return Ok(None) };
        let provider_event = poll_event(report.natural_key(), &report.summary(), self.clock.now());
        let Some(ours) = self.ours_by_answer(lomi, row.organization_id.as_deref()).await? else {
            return self.refuse_foreign(id, &provider_event).await.map(Some);
        };
        self.apply(id, &OrderEvent::Refund(refund), &provider_event, ours).await.map(Some)
    }
}

/// Whether the event was understood. Only then does it count.
pub(crate) const fn is_applied(applied: Option<&ApplyOutcome>) -> bool {
    !matches!(
        applied,
        None | Some(ApplyOutcome::UnknownOrder | ApplyOutcome::DiscountUnknown | ApplyOutcome::Foreign { .. })
    )
}

/// Whether the order knows of fewer refunds than the whole payment.
fn has_unknown_refunds(order: &Order, transaction: &Transaction) -> bool {
    let id = transaction.transaction_id.as_str();
    let price_minor = order.expected().map(domain::Money::amount_minor);
    order.paid_minor(id).or(price_minor).is_some_and(|paid_minor| order.going_back_minor(id) < paid_minor)
}

/// The payment's refunds in lomi's list, and whether the list was read to its end.
async fn refunds_of(
    lomi: &Client,
    order: &Order,
    transaction: &Transaction,
    deadline: Instant,
    found: &mut LookupResult,
) -> Result<(Vec<Refund>, bool), LookupError> {
    let created_at = transaction.created_at.as_deref().and_then(Timestamp::parse_rfc3339);
    let start = earliest_payment(created_at.unwrap_or(order.created_at())).to_rfc3339();
    let mut listing = lomi.refunds().list().start_date(&start).limit(PAGE_SIZE).deadline(deadline).stream();
    let mut refunds = Vec::new();
    for _ in 0..MAX_PAGES {
        found.calls += 1;
        let page = listing.next_page().await?;
        let is_last = page.is_last();
        let ids = [Some(&transaction.transaction_id), transaction.public_id.as_ref()];
        let of_this = |row: &Refund| row.transaction_id.is_some() && ids.contains(&row.transaction_id.as_ref());
        refunds.extend(page.rows.into_iter().filter(of_this));
        if is_last {
            return Ok((refunds, true));
        }
    }
    Ok((refunds, false))
}
