//! Failed attempts and paid pages whose event did not prove whose they are.

use super::Answer;
use crate::Context;
use crate::apply::ApplyOutcome;
use crate::keys::failure_key;
use crate::lookup::refunded_payment::is_applied;
use crate::lookup::{LookupError, LookupResult, order_of, poll_event};
use domain::{AttributionCase, Order, OrderEvent, OrderId, PaymentRef};
use lomi_client::{Client, Transaction, TransactionStatus};
use store::StoreError;
use tokio::time::Instant;

impl Context {
    /// lomi shows our key the transaction of a `PAYMENT_FAILED` event: whatever its status is by now, it is ours.
    pub(super) async fn attribute_failure(
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
        let provider_event = poll_event(
            failure_key(&transaction_id),
            &format!("transaction {transaction_id} {}", transaction.status.as_str()),
            self.clock.now(),
        );
        let Some(ours) = self.ours_by_answer(lomi, transaction.organization_id.as_deref()).await? else {
            found.outcomes.push(self.refuse_foreign(&id, &provider_event).await?);
            return Ok(Answer::NotYet);
        };
        if transaction.status == TransactionStatus::Failed {
            let environment = self.environment_of_answer(lomi, transaction.environment);
            let applied = self
                .apply(&id, &OrderEvent::PaymentFailed { transaction_id, environment }, &provider_event, ours)
                .await?;
            let is_written = matches!(applied, ApplyOutcome::Applied(..) | ApplyOutcome::Mismatched(_));
            found.outcomes.push(applied);
            if is_written {
                return Ok(Answer::Order(id));
            }
        }
        self.archive(&provider_event, Some(&id)).await?;
        Ok(Answer::Order(id))
    }

    /// Resolves a `CHECKOUT_COMPLETED` event: what lomi answers our own key about the page's order is applied.
    pub(super) async fn attribute_page(
        &self,
        lomi: &Client,
        case: &AttributionCase,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<Answer, LookupError> {
        let page = case.checkout_session_id.clone().map(PaymentRef::CheckoutSession);
        let order = match page {
            Some(page) => self.order_by_page(&page).await?,
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

    /// Archives an event that the order already knows from another source, so that it is on record under its own key.
    pub(super) async fn archive_known(
        &self,
        applied: Option<&ApplyOutcome>,
        id: &OrderId,
        natural_key: String,
        summary: &str,
    ) -> Result<(), StoreError> {
        if matches!(applied, Some(ApplyOutcome::Duplicate)) {
            self.archive(&poll_event(natural_key, summary, self.clock.now()), Some(id)).await?;
        }
        Ok(())
    }

    async fn order_by_page(&self, page: &PaymentRef) -> Result<Option<Order>, StoreError> {
        match self.store.order_of(page).await? {
            Some(id) => self.order(&id).await,
            None => Ok(None),
        }
    }
}
