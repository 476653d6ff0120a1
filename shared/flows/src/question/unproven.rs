//! What only an event that proved nothing tells of: a failed try to pay, and a page that was paid.

use super::Answer;
use crate::World;
use crate::evidence::Settled;
use crate::ingest::failure_key;
use crate::inquiry::given_back::is_judged;
use crate::inquiry::{Findings, InquiryError, order_of, poll};
use domain::{Fact, Order, OrderId, PayableId, Question};
use lomi_client::{Client, Transaction, TransactionStatus};
use store::StoreError;
use tokio::time::Instant;

impl World {
    /// lomi. shows our key a transaction of which an event told that it had failed: whatever became of it since, it is ours.
    pub(super) async fn answer_about_failure(
        &self,
        lomi: &Client,
        transaction: &Transaction,
        findings: &mut Findings,
    ) -> Result<Answer, InquiryError> {
        let Some(id) = order_of(transaction) else { return Ok(Answer::Foreign) };
        if self.order(&id).await?.is_none() {
            return Ok(Answer::Foreign);
        }
        let transaction_id = transaction.transaction_id.to_string();
        let evidence = poll(
            failure_key(&transaction_id),
            &format!("transaction {transaction_id} {}", transaction.status.as_str()),
            self.clock.now(),
        );
        let Some(ours) = self.ours_by_answer(lomi, transaction.organization_id.as_deref()).await? else {
            findings.settled.push(self.refuse_foreign(&id, &evidence).await?);
            return Ok(Answer::NotYet);
        };
        if transaction.status == TransactionStatus::Failed {
            let environment = self.environment_behind(lomi, transaction.environment);
            let settled =
                self.settle(&id, &Fact::PaymentFailed { transaction_id, environment }, &evidence, ours).await?;
            let is_written = matches!(settled, Settled::Applied(..) | Settled::Mismatched(_));
            findings.settled.push(settled);
            if is_written {
                return Ok(Answer::Order(id));
            }
        }
        self.keep(&evidence, Some(&id)).await?;
        Ok(Answer::Order(id))
    }

    /// An event told that a page was paid: whatever lomi. tells our own key of its order is evidence.
    pub(super) async fn answer_about_page(
        &self,
        lomi: &Client,
        question: &Question,
        deadline: Instant,
        findings: &mut Findings,
    ) -> Result<Answer, InquiryError> {
        let page = question.checkout_session_id.clone().map(PayableId::CheckoutSession);
        let order = match page {
            Some(page) => self.order_on(&page).await?,
            None => None,
        };
        let Some(order) = order else { return Ok(Answer::Foreign) };
        if !order.payments().is_empty() {
            return Ok(Answer::Order(order.id().clone()));
        }
        let asked = self.inquire(lomi, &order, deadline).await?;
        findings.calls += asked.calls;
        findings.is_cut_short |= asked.is_cut_short;
        let is_counted = asked.settled.iter().any(|settled| is_judged(Some(settled)));
        findings.settled.extend(asked.settled);
        Ok(if is_counted { Answer::Order(order.id().clone()) } else { Answer::NotYet })
    }

    /// The order knew it already, perhaps without any evidence of its own: by what it was told as it asked, or by another fact.
    /// What the event told is true, and on record from now on.
    pub(super) async fn note_known(
        &self,
        settled: Option<&Settled>,
        id: &OrderId,
        natural_key: String,
        said: &str,
    ) -> Result<(), StoreError> {
        if matches!(settled, Some(Settled::Duplicate)) {
            self.keep(&poll(natural_key, said, self.clock.now()), Some(id)).await?;
        }
        Ok(())
    }

    async fn order_on(&self, page: &PayableId) -> Result<Option<Order>, StoreError> {
        match self.store.order_of(page).await? {
            Some(id) => self.order(&id).await,
            None => Ok(None),
        }
    }
}
