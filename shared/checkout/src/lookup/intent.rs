//! What lomi says about a card form's intent, and how an intent is ended.

use super::held::is_released;
use super::{LookupError, LookupResult, Said, completed, order_of};
use crate::Context;
use domain::{Order, OrderId, PaymentRef, Source};
use lomi_client::{CardCharge, CardChargeStatus, Client, Outcome, PaymentIntentId, TransactionStatus};
use store::StoreError;
use tokio::time::Instant;

/// What became of an attempt to end an intent.
pub(crate) struct Closed {
    /// Where it stands now.
    pub(crate) status: CardChargeStatus,
    /// Whether it took money that lomi. has let go, or that nobody can find: it takes no other.
    pub(crate) is_released: bool,
    /// What was learnt on the way: it may have been paid in the meantime.
    pub(crate) found: LookupResult,
}

impl Context {
    /// Asks lomi. about the order's intent; a paid one is event.
    pub(crate) async fn lookup_intent(
        &self,
        lomi: &Client,
        order: &Order,
        intent: &PaymentIntentId,
        deadline: Instant,
    ) -> Result<LookupResult, LookupError> {
        let mut found = LookupResult { calls: 1, ..LookupResult::default() };
        let charge = lomi.card_charges().get(intent).deadline(deadline).send().await?;
        self.apply_charge(lomi, order, &charge, deadline, &mut found).await?;
        Ok(found)
    }

    /// Ends the intent at lomi. lomi. answers an error for one that has ended already, so an error is followed by a look.
    pub(crate) async fn close_intent(
        &self,
        lomi: &Client,
        order: &Order,
        intent: &PaymentIntentId,
        deadline: Instant,
    ) -> Result<Closed, LookupError> {
        let mut found = LookupResult { calls: 1, ..LookupResult::default() };
        match lomi.card_charges().cancel(intent).deadline(deadline).send().await {
            Ok(status) => return Ok(Closed { status, is_released: false, found }),
            // Nothing was tried, or lomi. wants no more calls: a look would tell nothing.
            Err(error) if error.outcome() == Outcome::NotSent || matches!(error.status(), Some(429 | 503)) => {
                return Err(error.into());
            }
            Err(_) => found.calls += 1,
        }
        let charge = lomi.card_charges().get(intent).deadline(deadline).send().await?;
        let is_released = self.apply_charge(lomi, order, &charge, deadline, &mut found).await?;
        Ok(Closed { status: charge.status, is_released, found })
    }

    /// Notes that lomi. takes no more money on the order's intent.
    pub(crate) async fn record_intent_closed(&self, id: &OrderId, source: Source) -> Result<(), StoreError> {
        self.change_order(id, |order| order.with_intent_closed(source, self.clock.now())).await.map(drop)
    }

    /// Whether the form took money that lomi. has let go, or that nobody can find.
    async fn apply_charge(
        &self,
        lomi: &Client,
        order: &Order,
        charge: &CardCharge,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<bool, LookupError> {
        if charge.status != CardChargeStatus::Succeeded {
            return Ok(false);
        }
        // The transaction names the order and the payment; lomi. may have lost it, or not have written it yet.
        if let Some(behind) = &charge.transaction {
            found.calls += 1;
            let transaction = lomi.transactions().get(&behind.transaction_id).deadline(deadline).send().await;
            match transaction {
                Ok(transaction) => {
                    let is_its = order_of(&transaction).as_ref() == Some(order.id());
                    if is_its {
                        self.apply_transaction(lomi, &transaction, deadline, found).await?;
                    }
                    // The form took the money, and the merchant has not got it: what the form says of itself is older.
                    if is_released(&transaction.status) || transaction.status == TransactionStatus::Held {
                        return Ok(is_its && is_released(&transaction.status));
                    }
                }
                Err(error) if error.is_retryable() => return Err(error.into()),
                Err(_) => {}
            }
        }
        if found.outcomes.is_empty() {
            let name = charge.payment_intent_id.as_str();
            if !self.proves_payment(lomi, order, name, deadline, found).await? {
                // The form has taken money, whatever became of it, and takes no other.
                return Ok(order.is_past_its_end(self.clock.now()));
            }
            // In the merchant's currency, never what the card processor collects after conversion.
            let said = Said {
                price: (charge.original_amount, charge.original_currency.as_ref()),
                environment: None,
                organization_id: None,
            };
            let payable = PaymentRef::PaymentIntent(charge.payment_intent_id.to_string());
            found.outcomes.extend(completed(self, lomi, order.id(), payable, said).await?);
        }
        Ok(false)
    }
}
