//! What only an event that proved nothing tells of: a failed try to pay, and a page that was paid without a transaction.

use super::Answer;
use crate::World;
use crate::evidence::Settled;
use crate::ingest::{failure_key, session_key};
use crate::inquiry::given_back::is_judged;
use crate::inquiry::{Findings, InquiryError, order_of, poll};
use domain::{Fact, Order, OrderId, PayableId, Question};
use lomi_client::{CheckoutSession, CheckoutSessionId, Client, SessionStatus, Transaction, TransactionStatus};
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

    /// lomi. shows our key a page of which an event told that it was paid.
    pub(super) async fn answer_about_page(
        &self,
        lomi: &Client,
        question: &Question,
        deadline: Instant,
        findings: &mut Findings,
    ) -> Result<Answer, InquiryError> {
        let id = question.checkout_session_id.as_deref().and_then(|id| CheckoutSessionId::parse(id).ok());
        let Some(id) = id else { return Ok(Answer::Foreign) };
        findings.calls += 1;
        let session = lomi.checkout_sessions().get(&id).deadline(deadline).send().await?;
        if session.status != SessionStatus::Completed {
            return Ok(Answer::NotYet);
        }
        let Some(order) = self.order_on(&session).await? else { return Ok(Answer::Foreign) };
        if !self.proves_payment(lomi, &order, id.as_str(), deadline, findings).await? {
            return Ok(Answer::NotYet);
        }
        let order_id = order.id().clone();
        let settled = self.settle_page(lomi, &order_id, &session).await?;
        let is_counted = is_judged(settled.as_ref());
        self.note_known(settled.as_ref(), &order_id, session_key(id.as_str()), &format!("{id} completed")).await?;
        findings.settled.extend(settled);
        Ok(if is_counted { Answer::Order(order_id) } else { Answer::NotYet })
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

    async fn order_on(&self, session: &CheckoutSession) -> Result<Option<Order>, StoreError> {
        let payable = PayableId::CheckoutSession(session.checkout_session_id.to_string());
        match self.store.order_of(&payable).await? {
            Some(id) => self.order(&id).await,
            None => Ok(None),
        }
    }
}
