//! Payments that lomi. looks at before the merchant has the money: `held`, since API 1.2.0.
//!
//! The shopper has paid, so nobody asks for the money again; the merchant has not got it, so nothing is delivered. How it ends
//! is announced nowhere for sure: each is asked about by its id.

use super::{LookupError, LookupResult, MAX_PAGES, PAGE_SIZE, earliest_payment, order_of, poll, whole};
use crate::Context;
use crate::apply::ApplyOutcome;
use crate::keys::held_key;
use crate::provider_error::is_answer;
use crate::reason::PAYMENT_UNEXPLAINED;
use domain::{Discount, Order, OrderEvent, OrderId};
use lomi_client::{Client, Transaction, TransactionId, TransactionStatus};
use store::{Recorded, StoreError};
use tokio::time::Instant;

/// What a shopper has tried, and what the merchant has not got.
const UNPAID: [TransactionStatus; 5] = [
    TransactionStatus::Pending,
    TransactionStatus::Held,
    TransactionStatus::Failed,
    TransactionStatus::Expired,
    TransactionStatus::Cancelled,
];
/// Held payments of one order that are asked about at one look.
const MAX_ATTEMPTS: usize = 3;

impl Context {
    /// Asks what became of the order's held payments.
    pub(super) async fn lookup_held(
        &self,
        lomi: &Client,
        order: &Order,
        deadline: Instant,
    ) -> Result<LookupResult, LookupError> {
        let mut found = LookupResult::default();
        for id in order.held_payments().iter().take(MAX_ATTEMPTS).filter_map(|id| TransactionId::parse(id).ok()) {
            found.calls += 1;
            match lomi.transactions().get(&id).deadline(deadline).send().await {
                Ok(row) => self.apply_review(lomi, order.id(), &row, deadline, &mut found).await?,
                // That lomi. cannot say anything about it says nothing about what else was paid.
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
            // Still looked at, or a word that nobody knows yet.
            _ => {}
        }
        Ok(())
    }

    /// What a page or a card form proves that lomi. calls paid and of whose payment it shows nothing. Such a page is used up,
    /// and stays `completed`, while its money waits, is held, or was let go: only a list without an unpaid payment of the order
    /// leaves none of that.
    ///
    /// When nothing else can come of it, a person has to look: the payment may be in lomi.'s books without our order id. They
    /// are told once, and `false` says that it pays nothing.
    pub(crate) async fn proves_payment(
        &self,
        lomi: &Client,
        order: &Order,
        payable: &str,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<bool, LookupError> {
        // A page that takes coupons does not say for how much it was paid.
        if !order.allows_coupons() && !self.has_unpaid_rows(lomi, order, deadline, found).await? {
            return Ok(true);
        }
        if order.is_past_its_end(self.clock.now()) && !order.was_held() {
            let said = format!("{payable} completed, by no payment that lomi. lists");
            let provider_event = poll(format!("UNEXPLAINED#{payable}"), &said, self.clock.now());
            if self.quarantine(&provider_event, PAYMENT_UNEXPLAINED, Some(order.id())).await? == Recorded::Applied {
                found.outcomes.push(ApplyOutcome::UnknownOrder);
            }
        }
        Ok(false)
    }

    /// Whether lomi. lists a payment of the order that is not paid, or one that may be. What cannot be read may be there.
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
            let may_be_its = |row: &Transaction| match order_of(row) {
                Some(id) => id == *order.id(),
                None => row.status == TransactionStatus::Held,
            };
            if page.rows.iter().any(may_be_its) {
                return Ok(true);
            }
            if page.is_last() {
                return Ok(false);
            }
        }
        found.is_cut_short = true;
        Ok(true)
    }

    /// Takes a held payment for event about its order. `None` when it cannot be read.
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
        let whole = whole(lomi, row, deadline, calls).await?;
        let is_held = whole.status == TransactionStatus::Held;
        Ok(if is_held { self.apply_held_row(lomi, id, &whole, Discount::Minor(0)).await? } else { None })
    }

    async fn apply_held_row(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
        otherwise: Discount,
    ) -> Result<Option<ApplyOutcome>, StoreError> {
        let Some(held) = self.read_payment(lomi, row, otherwise) else { return Ok(None) };
        let said = format!("transaction {} held", held.transaction_id);
        let key = held_key(&held.transaction_id);
        self.apply_again(lomi, id, row, &OrderEvent::PaymentHeld(held), (key, &said)).await.map(Some)
    }

    /// A payment may be held and let go more than once: what is on record already may have happened again since, and is another
    /// event then, named by when it did.
    async fn apply_again(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
        order_event: &OrderEvent,
        (key, said): (String, &str),
    ) -> Result<ApplyOutcome, StoreError> {
        let now = self.clock.now();
        let applied = self.apply_said_of(lomi, id, row, order_event, &poll(key.clone(), said, now)).await?;
        match (&applied, &row.updated_at) {
            (ApplyOutcome::Duplicate, Some(since)) => {
                let again = poll(format!("{key}#{since}"), said, now);
                self.apply_said_of(lomi, id, row, order_event, &again).await
            }
            _ => Ok(applied),
        }
    }

    /// The review ended, and the merchant gets nothing. A failed try before the review is another event, under another name.
    pub(super) async fn apply_released(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
    ) -> Result<ApplyOutcome, StoreError> {
        let transaction_id = row.transaction_id.to_string();
        let said = format!("transaction {transaction_id} {}", row.status.as_str());
        let key = format!("HELD_LET_GO#{transaction_id}");
        let environment = self.environment_behind(lomi, row.environment);
        let order_event = OrderEvent::PaymentFailed { transaction_id, environment };
        self.apply_again(lomi, id, row, &order_event, (key, &said)).await
    }
}

/// Whether lomi. has given up a payment for which it had taken the money.
pub(crate) const fn is_released(status: &TransactionStatus) -> bool {
    matches!(status, TransactionStatus::Failed | TransactionStatus::Expired | TransactionStatus::Cancelled)
}
