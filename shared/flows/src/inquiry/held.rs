//! Payments that lomi. looks at before the merchant has the money: `held`, since API 1.2.0.
//!
//! The shopper has paid, so nobody asks for the money again; the merchant has not got it, so nothing is delivered. How it ends
//! is announced nowhere for sure: each is asked about by its id.

use super::{Findings, InquiryError, MAX_PAGES, PAGE_SIZE, earliest_payment, is_answer, order_of, poll, whole};
use crate::World;
use crate::evidence::Settled;
use crate::ingest::held_key;
use domain::{Discount, Fact, Order, OrderId};
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
const MAX_ASKED: usize = 3;
/// Under this reason a page or a card form is put aside that is paid by no payment that can be found.
const PAYMENT_UNEXPLAINED: &str = "payment_unexplained";

impl World {
    /// Asks what became of the order's held payments.
    pub(super) async fn inquire_held(
        &self,
        lomi: &Client,
        order: &Order,
        deadline: Instant,
    ) -> Result<Findings, InquiryError> {
        let mut findings = Findings::default();
        for id in order.held_payments().iter().take(MAX_ASKED).filter_map(|id| TransactionId::parse(id).ok()) {
            findings.calls += 1;
            match lomi.transactions().get(&id).deadline(deadline).send().await {
                Ok(row) => self.settle_review(lomi, order.id(), &row, deadline, &mut findings).await?,
                // That lomi. cannot say anything about it says nothing about what else was paid.
                Err(error) if is_answer(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(findings)
    }

    async fn settle_review(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
        deadline: Instant,
        findings: &mut Findings,
    ) -> Result<(), InquiryError> {
        match row.status {
            TransactionStatus::Completed => {
                let paid = self.settle_payment(lomi, id, row, deadline, &mut findings.calls).await?;
                findings.settled.extend(paid);
            }
            TransactionStatus::Refunded => {
                self.settle_given_back(lomi, id, row, deadline, findings).await?;
            }
            _ if is_let_go(&row.status) => findings.settled.push(self.settle_let_go(lomi, id, row).await?),
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
        findings: &mut Findings,
    ) -> Result<bool, InquiryError> {
        // A page that takes coupons does not say for how much it was paid.
        if !order.allows_coupons() && !self.has_unpaid_rows(lomi, order, deadline, findings).await? {
            return Ok(true);
        }
        if order.is_past_its_end(self.clock.now()) && !order.was_held() {
            let said = format!("{payable} completed, by no payment that lomi. lists");
            let evidence = poll(format!("UNEXPLAINED#{payable}"), &said, self.clock.now());
            if self.quarantine(&evidence, PAYMENT_UNEXPLAINED, Some(order.id())).await? == Recorded::Applied {
                findings.settled.push(Settled::UnknownOrder);
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
        findings: &mut Findings,
    ) -> Result<bool, InquiryError> {
        let start = earliest_payment(order.created_at()).to_rfc3339();
        let unpaid = lomi.transactions().list().status(&UNPAID).start_date(&start).page_size(PAGE_SIZE);
        let mut listing = unpaid.deadline(deadline).stream();
        for _ in 0..MAX_PAGES {
            findings.calls += 1;
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
        findings.is_cut_short = true;
        Ok(true)
    }

    /// Takes a held payment for evidence about its order. `None` when it cannot be read.
    pub(crate) async fn settle_held(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
        deadline: Instant,
        calls: &mut u32,
    ) -> Result<Option<Settled>, InquiryError> {
        let settled = self.settle_held_row(lomi, id, row, Discount::Untold).await?;
        if !matches!(settled, Some(Settled::DiscountOpen)) {
            return Ok(settled);
        }
        let whole = whole(lomi, row, deadline, calls).await?;
        let is_held = whole.status == TransactionStatus::Held;
        Ok(if is_held { self.settle_held_row(lomi, id, &whole, Discount::Minor(0)).await? } else { None })
    }

    async fn settle_held_row(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
        otherwise: Discount,
    ) -> Result<Option<Settled>, StoreError> {
        let Some(held) = self.read_payment(lomi, row, otherwise) else { return Ok(None) };
        let said = format!("transaction {} held", held.transaction_id);
        let key = held_key(&held.transaction_id);
        self.settle_again(lomi, id, row, &Fact::PaymentHeld(held), (key, &said)).await.map(Some)
    }

    /// A payment may be held and let go more than once: what is on record already may have happened again since, and is another
    /// fact then, named by when it did.
    async fn settle_again(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
        fact: &Fact,
        (key, said): (String, &str),
    ) -> Result<Settled, StoreError> {
        let now = self.clock.now();
        let settled = self.settle_said_of(lomi, id, row, fact, &poll(key.clone(), said, now)).await?;
        match (&settled, &row.updated_at) {
            (Settled::Duplicate, Some(since)) => {
                let again = poll(format!("{key}#{since}"), said, now);
                self.settle_said_of(lomi, id, row, fact, &again).await
            }
            _ => Ok(settled),
        }
    }

    /// The review ended, and the merchant gets nothing. A failed try before the review is another fact, under another name.
    pub(super) async fn settle_let_go(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &Transaction,
    ) -> Result<Settled, StoreError> {
        let transaction_id = row.transaction_id.to_string();
        let said = format!("transaction {transaction_id} {}", row.status.as_str());
        let key = format!("HELD_LET_GO#{transaction_id}");
        let environment = self.environment_behind(lomi, row.environment);
        let fact = Fact::PaymentFailed { transaction_id, environment };
        self.settle_again(lomi, id, row, &fact, (key, &said)).await
    }
}

/// Whether lomi. has given up a payment for which it had taken the money.
pub(crate) const fn is_let_go(status: &TransactionStatus) -> bool {
    matches!(status, TransactionStatus::Failed | TransactionStatus::Expired | TransactionStatus::Cancelled)
}
