//! What went back of a payment, as lomi. knows it. A refund that was made in lomi.'s dashboard may be told by nothing else.

use super::{Findings, InquiryError, earliest_payment, poll};
use crate::World;
use crate::evidence::Settled;
use crate::refund::words::Words;
use domain::{Fact, Order, OrderId, RefundStatus, Timestamp};
use lomi_client::{Client, Refund, Transaction};
use store::StoreError;
use tokio::time::Instant;

/// Rows per page: lomi.'s own default, so that a shorter page is surely the last.
const PAGE_SIZE: u32 = 50;
/// Pages that are read for one payment.
const MAX_PAGES: u32 = 10;

impl World {
    /// Settles lomi.'s refunds of a payment that lomi. calls refunded. Those of which the order knows are asked about by
    /// their names, elsewhere.
    pub(crate) async fn settle_refunds_of(
        &self,
        lomi: &Client,
        id: &OrderId,
        transaction: &Transaction,
        deadline: Instant,
        findings: &mut Findings,
    ) -> Result<(), InquiryError> {
        let Some(order) = self.order(id).await?.filter(|order| is_news(order, transaction)) else { return Ok(()) };
        let made_at = transaction.created_at.as_deref().and_then(Timestamp::parse_rfc3339);
        let start = earliest_payment(made_at.unwrap_or(order.created_at())).to_rfc3339();
        for page in 0..MAX_PAGES {
            findings.calls += 1;
            let list = lomi.refunds().list().start_date(&start).limit(PAGE_SIZE).offset(page * PAGE_SIZE);
            let rows = list.deadline(deadline).send().await?;
            for row in rows.iter().filter(|row| row.transaction_id.as_ref() == Some(&transaction.transaction_id)) {
                findings.settled.extend(self.settle_refund(lomi, id, row).await?);
            }
            if rows.len() < usize::try_from(PAGE_SIZE).unwrap_or(usize::MAX) {
                break;
            }
        }
        Ok(())
    }

    /// Takes a row of lomi.'s list for what it is: evidence about the order. `None` when it cannot be read.
    pub(crate) async fn settle_refund(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Refund,
    ) -> Result<Option<Settled>, StoreError> {
        let Some(order) = self.order(id).await? else { return Ok(None) };
        let words = Words::of_row(row);
        let told = words.as_ref().and_then(|words| words.about(&order, self.environment_behind(lomi, None)));
        let (Some(words), Some(told)) = (words, told) else { return Ok(None) };
        let evidence = poll(words.natural_key(), &words.said(), self.clock.now());
        self.settle(id, &Fact::Refund(told), &evidence).await.map(Some)
    }
}

/// Whether the order counts the payment, and no refund of it.
fn is_news(order: &Order, transaction: &Transaction) -> bool {
    let payment = transaction.transaction_id.as_str();
    let is_known = |status| status != RefundStatus::Failed;
    order.payments().contains_key(payment)
        && !order.refunds().values().any(|refund| refund.transaction_id == payment && is_known(refund.status))
}
