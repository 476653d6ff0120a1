//! What only an event that proved nothing tells of: a failed try to pay, and a page that was paid.

use super::Answer;
use crate::Context;
use crate::apply::ApplyOutcome;
use crate::keys::failure_key;
use crate::lookup::refunded_payment::is_applied;
use crate::lookup::{LookupError, LookupResult, order_of, poll};
use domain::{AttributionCase, Order, OrderEvent, OrderId, PaymentRef};
use lomi_client::{Client, Transaction, TransactionStatus};
use store::StoreError;
use tokio::time::Instant;

impl Context {
    /// lomi. shows our key a transaction of which an event told that it had failed: whatever became of it since, it is ours.
    pub(super) async fn answer_about_failure(
        &self,
        lomi: &Client,
        transaction: &Transaction,
        found: &mut LookupResult,
    ) -> Result<Answer, LookupError> {
        let Some(id) = order_of(transaction) else { return Ok(Answer::Foreign) };
        if self.order(&id).await?.is_none() {
            return Ok(Answer::Foreign);
        }
        let transaction_id = transaction.transaction_id.to_string();
        let provider_event = poll(
            failure_key(&transaction_id),
            &format!("transaction {transaction_id} {}", transaction.status.as_str()),
            self.clock.now(),
        );
        let Some(ours) = self.ours_by_answer(lomi, transaction.organization_id.as_deref()).await? else {
            found.outcomes.push(self.refuse_foreign(&id, &provider_event).await?);
            return Ok(Answer::NotYet);
        };
        if transaction.status == TransactionStatus::Failed {
            let environment = self.environment_behind(lomi, transaction.environment);
            let applied = self
                .apply(&id, &OrderEvent::PaymentFailed { transaction_id, environment }, &provider_event, ours)
                .await?;
            let is_written = matches!(applied, ApplyOutcome::Applied(..) | ApplyOutcome::Mismatched(_));
            found.outcomes.push(applied);
            if is_written {
                return Ok(Answer::Order(id));
            }
        }
        self.keep(&provider_event, Some(&id)).await?;
        Ok(Answer::Order(id))
    }

    /// An event told that a page was paid: whatever lomi. tells our own key of its order is event.
    pub(super) async fn answer_about_page(
        &self,
        lomi: &Client,
        case: &AttributionCase,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<Answer, LookupError> {
        let page = case.checkout_session_id.clone().map(PaymentRef::CheckoutSession);
        let order = match page {
            Some(page) => self.order_on(&page).await?,
            None => None,
        };
        let Some(order) = order else { return Ok(Answer::Foreign) };
        if !order.payments().is_empty() {
            return Ok(Answer::Order(order.id().clone()));
        }
        let looked_up = self.lookup(lomi, &order, deadline).await?;
        found.calls += looked_up.calls;
        found.is_cut_short |= looked_up.is_cut_short;
        let is_counted = looked_up.outcomes.iter().any(|applied| is_applied(Some(applied)));
        found.outcomes.extend(looked_up.outcomes);
        Ok(if is_counted { Answer::Order(order.id().clone()) } else { Answer::NotYet })
    }

    /// The order knew it already, perhaps without any event of its own: by what it was told as it looked_up, or by another event.
    /// What the event told is true, and on record from now on.
    pub(super) async fn note_known(
        &self,
        applied: Option<&ApplyOutcome>,
        id: &OrderId,
        natural_key: String,
        said: &str,
    ) -> Result<(), StoreError> {
        if matches!(applied, Some(ApplyOutcome::Duplicate)) {
            self.keep(&poll(natural_key, said, self.clock.now()), Some(id)).await?;
        }
        Ok(())
    }

    async fn order_on(&self, page: &PaymentRef) -> Result<Option<Order>, StoreError> {
        match self.store.order_of(page).await? {
            Some(id) => self.order(&id).await,
            None => Ok(None),
        }
    }
}
