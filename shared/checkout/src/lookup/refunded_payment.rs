//! A payment that lomi. calls refunded, and what went back of it. A refund that was made in lomi.'s dashboard may be told by
//! nothing else.

use super::{LookupError, LookupResult, PAGE_SIZE, earliest_payment, poll};
use crate::Context;
use crate::apply::ApplyOutcome;
use crate::lookup::refund_report::RefundReport;
use crate::reason::REFUND_UNKNOWN;
use domain::{Order, OrderEvent, OrderId, Timestamp};
use lomi_client::{Client, Refund, Transaction};
use store::{Recorded, StoreError};
use tokio::time::Instant;

/// Pages that are read for one payment.
const MAX_PAGES: u32 = 10;

impl Context {
    /// Settles what went back of the payment, then the payment: nothing is written before lomi. has told both, and a crash
    /// in between leaves an order that is still looked at. Refunds that the order knows of are asked about elsewhere, by
    /// their names. Returns whether something was made of the payment.
    pub(crate) async fn apply_refunded_payment(
        &self,
        lomi: &Client,
        id: &OrderId,
        transaction: &Transaction,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<bool, LookupError> {
        let order = self.order(id).await?;
        // The merchant never had what went back out of a review.
        if order.as_ref().is_some_and(|order| order.held_payments().contains(transaction.transaction_id.as_str())) {
            found.outcomes.push(self.apply_released(lomi, id, transaction).await?);
            return Ok(true);
        }
        let order = order.filter(|order| is_news(order, transaction));
        let mut is_known = order.is_none();
        if let Some(order) = order {
            let (rows, is_whole) = refunds_of(lomi, &order, transaction, deadline, found).await?;
            for row in rows {
                let refund = self.apply_refund(lomi, id, &row).await?;
                is_known |= is_applied(refund.as_ref());
                found.outcomes.extend(refund);
            }
            // Of a list that was cut short, nothing less than all of the payment is all of it.
            if !is_whole {
                is_known &= self.order(id).await?.is_none_or(|order| !is_news(&order, transaction));
            }
        }
        let payment = self.apply_payment(lomi, id, transaction, deadline, &mut found.calls).await?;
        let is_counted = is_applied(payment.as_ref());
        found.outcomes.extend(payment);
        if is_counted && !is_known {
            self.put_aside(id, transaction, found).await?;
        }
        Ok(is_counted)
    }

    /// The order counts as paid, and somebody has to know that its money is gone. Once.
    async fn put_aside(
        &self,
        id: &OrderId,
        transaction: &Transaction,
        found: &mut LookupResult,
    ) -> Result<(), StoreError> {
        let said = format!("transaction {} refunded, by no refund that lomi. lists", transaction.transaction_id);
        let provider_event = poll(format!("REFUNDED#{}", transaction.transaction_id), &said, self.clock.now());
        if self.quarantine(&provider_event, REFUND_UNKNOWN, Some(id)).await? == Recorded::Applied {
            found.outcomes.push(ApplyOutcome::UnknownOrder);
        }
        Ok(())
    }

    /// Takes a row of lomi.'s list for what it is: event about the order. `None` when it cannot be read.
    pub(crate) async fn apply_refund(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Refund,
    ) -> Result<Option<ApplyOutcome>, StoreError> {
        let Some(order) = self.order(id).await? else { return Ok(None) };
        let words = RefundReport::of_row(row);
        let told = words.as_ref().and_then(|words| words.about(&order, self.environment_behind(lomi, None)));
        let (Some(words), Some(told)) = (words, told) else { return Ok(None) };
        let provider_event = poll(words.natural_key(), &words.summary(), self.clock.now());
        let Some(ours) = self.ours_by_answer(lomi, row.organization_id.as_deref()).await? else {
            return self.refuse_foreign(id, &provider_event).await.map(Some);
        };
        self.apply(id, &OrderEvent::Refund(told), &provider_event, ours).await.map(Some)
    }
}

/// Whether something was made of what was told: what could not be read counts for nothing.
pub(crate) const fn is_applied(applied: Option<&ApplyOutcome>) -> bool {
    !matches!(
        applied,
        None | Some(ApplyOutcome::UnknownOrder | ApplyOutcome::DiscountUnknown | ApplyOutcome::Foreign { .. })
    )
}

/// Whether less is known to have gone back than the payment was.
fn is_news(order: &Order, transaction: &Transaction) -> bool {
    let id = transaction.transaction_id.as_str();
    let price_minor = order.expected().map(domain::Money::amount_minor);
    order.paid_minor(id).or(price_minor).is_some_and(|paid_minor| order.going_back_minor(id) < paid_minor)
}

/// The refunds of the payment that lomi. lists, and whether its list was read to the end.
async fn refunds_of(
    lomi: &Client,
    order: &Order,
    transaction: &Transaction,
    deadline: Instant,
    found: &mut LookupResult,
) -> Result<(Vec<Refund>, bool), LookupError> {
    let made_at = transaction.created_at.as_deref().and_then(Timestamp::parse_rfc3339);
    let start = earliest_payment(made_at.unwrap_or(order.created_at())).to_rfc3339();
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
