//! Payments that lomi reviews before the merchant has the money: `held`, since API 1.2.0.
//!
//! The shopper has paid, so the order asks for no other payment. The merchant does not have the money, so nothing is
//! delivered. No event is sure to announce how a review ends, so each held payment is polled by its id.

use super::{
    LookupError, LookupResult, MAX_PAGES, PAGE_SIZE, earliest_payment, order_of, poll_event, read_transaction,
};
use crate::Context;
use crate::apply::ApplyOutcome;
use crate::keys::held_key;
use crate::provider_error::is_answer;
use crate::reason::PAYMENT_UNEXPLAINED;
use domain::{Discount, Order, OrderEvent, OrderId};
use lomi_client::{Client, Transaction, TransactionId, TransactionStatus};
use store::{Recorded, StoreError};
use tokio::time::Instant;

/// Statuses of transactions whose money the merchant does not have.
const UNPAID: [TransactionStatus; 5] = [
    TransactionStatus::Pending,
    TransactionStatus::Held,
    TransactionStatus::Failed,
    TransactionStatus::Expired,
    TransactionStatus::Cancelled,
];
/// Held payments of one order that one lookup reads.
const MAX_HELD: usize = 3;

impl Context {
    /// Reads what became of the order's held payments.
    pub(super) async fn lookup_held(
        &self,
        lomi: &Client,
        order: &Order,
        deadline: Instant,
    ) -> Result<LookupResult, LookupError> {
        let mut found = LookupResult::default();
        for id in order.held_payments().iter().take(MAX_HELD).filter_map(|id| TransactionId::parse(id).ok()) {
            found.calls += 1;
            match lomi.transactions().get(&id).deadline(deadline).send().await {
                Ok(row) => self.apply_review(lomi, order.id(), &row, deadline, &mut found).await?,
                // A payment that lomi cannot show does not hide another one.
                Err(error) if is_answer(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    async fn apply_review(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<(), LookupError> {
        match row.status {
            TransactionStatus::Completed => {
                let paid = self.apply_payment(lomi, id, row, deadline, &mut found.calls).await?;
                found.outcomes.extend(paid);
            }
            TransactionStatus::Refunded => {
                self.apply_refunded_payment(lomi, id, row, deadline, found).await?;
            }
            _ if is_released(&row.status) => found.outcomes.push(self.apply_released(lomi, id, row).await?),
            // Still in review, or a status that is not known here.
            _ => {}
        }
        Ok(())
    }

    /// Whether a completed page or card form without a listed payment proves that the order is paid. A page also shows
    /// `completed` while its money is pending, held or released. So it proves a payment only when lomi's list has no
    /// unpaid payment of the order.
    ///
    /// When nothing else can come of it, the event is quarantined once for the operator: the payment may be in lomi's
    /// books without our order id.
    pub(crate) async fn proves_payment(
        &self,
        lomi: &Client,
        order: &Order,
        payable: &str,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<bool, LookupError> {
        // A page that takes coupons does not say how much was paid.
        if !order.allows_coupons() && !self.has_unpaid_rows(lomi, order, deadline, found).await? {
            return Ok(true);
        }
        if order.is_past_its_end(self.clock.now()) && !order.was_held() {
            let summary = format!("{payable} completed, by no payment that lomi. lists");
            let provider_event = poll_event(format!("UNEXPLAINED#{payable}"), &summary, self.clock.now());
            if self.quarantine(&provider_event, PAYMENT_UNEXPLAINED, Some(order.id())).await? == Recorded::Applied {
                found.outcomes.push(ApplyOutcome::UnknownOrder);
            }
        }
        Ok(false)
    }

    /// Whether lomi lists an unpaid payment that is or may be the order's. `true` when the list cannot be read.
    async fn has_unpaid_rows(
        &self,
        lomi: &Client,
        order: &Order,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<bool, LookupError> {
        let start = earliest_payment(order.created_at()).to_rfc3339();
        let unpaid = lomi.transactions().list().status(&UNPAID).start_date(&start).page_size(PAGE_SIZE);
        let mut listing = unpaid.deadline(deadline).stream();
        for _ in 0..MAX_PAGES {
            found.calls += 1;
            let page = match listing.next_page().await {
                Ok(page) => page,
                Err(error) if is_answer(&error) => break,
                Err(error) => return Err(error.into()),
            };
            let may_belong = |row: &Transaction| match order_of(row) {
                Some(id) => id == *order.id(),
                None => row.status == TransactionStatus::Held,
            };
            if page.rows.iter().any(may_belong) {
                return Ok(true);
            }
            if page.is_last() {
                return Ok(false);
            }
        }
        found.is_cut_short = true;
        Ok(true)
    }

    /// Applies a held payment. `None` when it cannot be read.
    pub(crate) async fn apply_held(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
        deadline: Instant,
        calls: &mut u32,
    ) -> Result<Option<ApplyOutcome>, LookupError> {
        let applied = self.apply_held_row(lomi, id, row, Discount::NotReported).await?;
        if !matches!(applied, Some(ApplyOutcome::DiscountUnknown)) {
            return Ok(applied);
        }
        let complete = read_transaction(lomi, row, deadline, calls).await?;
        let is_held = complete.status == TransactionStatus::Held;
        Ok(if is_held { self.apply_held_row(lomi, id, &complete, Discount::Minor(0)).await? } else { None })
    }

    async fn apply_held_row(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
        default_discount: Discount,
    ) -> Result<Option<ApplyOutcome>, StoreError> {
        let Some(held) = self.to_confirmed_payment(lomi, row, default_discount) else { return Ok(None) };
        let summary = format!("transaction {} held", held.transaction_id);
        let key = held_key(&held.transaction_id);
        self.apply_repeatable(lomi, id, row, &OrderEvent::PaymentHeld(held), (key, &summary)).await.map(Some)
    }

    /// A payment may be held and released more than once. What is on record already may have happened again, and is
    /// another event then, named by the time of its change.
    async fn apply_repeatable(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
        order_event: &OrderEvent,
        (key, summary): (String, &str),
    ) -> Result<ApplyOutcome, StoreError> {
        let now = self.clock.now();
        let applied = self.apply_row(lomi, id, row, order_event, &poll_event(key.clone(), summary, now)).await?;
        match (&applied, &row.updated_at) {
            (ApplyOutcome::Duplicate, Some(since)) => {
                let again = poll_event(format!("{key}#{since}"), summary, now);
                self.apply_row(lomi, id, row, order_event, &again).await
            }
            _ => Ok(applied),
        }
    }

    /// Applies that the review ended without money for the merchant. The natural key differs from that of a failed
    /// attempt before the review.
    pub(super) async fn apply_released(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
    ) -> Result<ApplyOutcome, StoreError> {
        let transaction_id = row.transaction_id.to_string();
        let summary = format!("transaction {transaction_id} {}", row.status.as_str());
        let key = format!("HELD_LET_GO#{transaction_id}");
        let environment = self.environment_of_answer(lomi, row.environment);
        let order_event = OrderEvent::PaymentFailed { transaction_id, environment };
        self.apply_repeatable(lomi, id, row, &order_event, (key, &summary)).await
    }
}

/// Whether lomi gave up a payment after it had taken the money.
pub(crate) const fn is_released(status: &TransactionStatus) -> bool {
    matches!(status, TransactionStatus::Failed | TransactionStatus::Expired | TransactionStatus::Cancelled)
}
