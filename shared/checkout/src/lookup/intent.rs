//! Reads and ends card forms' intents.

use super::held::is_released;
use super::{CompletedPayment, LookupError, LookupResult, apply_completed, order_of};
use crate::Context;
use domain::{Order, OrderId, PaymentRef, Source};
use lomi_client::{CardCharge, CardChargeStatus, Client, Outcome, PaymentIntentId, TransactionStatus};
use store::StoreError;
use tokio::time::Instant;

pub(crate) struct Closed {
    /// The intent's status now.
    pub(crate) status: CardChargeStatus,
    /// Whether it took money that lomi released or that cannot be found: it takes no other.
    pub(crate) is_released: bool,
    /// What was found: the intent may have been paid meanwhile.
    pub(crate) found: LookupResult,
}

impl Context {
    /// Reads the order's intent, and applies it when it is paid.
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

    /// Ends the intent at lomi. lomi answers an error for one that has ended already, so after an error the intent is
    /// read.
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
            // Nothing was sent, or lomi wants no more calls: reading it would say nothing.
            Err(error) if error.outcome() == Outcome::NotSent || matches!(error.status(), Some(429 | 503)) => {
                return Err(error.into());
            }
            Err(_) => found.calls += 1,
        }
        let charge = lomi.card_charges().get(intent).deadline(deadline).send().await?;
        let is_released = self.apply_charge(lomi, order, &charge, deadline, &mut found).await?;
        Ok(Closed { status: charge.status, is_released, found })
    }

    /// Records that lomi takes no more money on the order's intent.
    pub(crate) async fn record_intent_closed(&self, id: &OrderId, source: Source) -> Result<(), StoreError> {
        self.change_order(id, |order| order.with_intent_closed(source, self.clock.now())).await.map(drop)
    }

    /// Applies a paid intent. Returns whether the form took money that lomi released or that cannot be found.
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
        // The transaction names the order and the payment. lomi may have lost it, or not have written it yet.
        if let Some(linked) = &charge.transaction {
            found.calls += 1;
            let transaction = lomi.transactions().get(&linked.transaction_id).deadline(deadline).send().await;
            match transaction {
                Ok(transaction) => {
                    let names_order = order_of(&transaction).as_ref() == Some(order.id());
                    if names_order {
                        self.apply_transaction(lomi, &transaction, deadline, found).await?;
                    }
                    // The form took the money, and the merchant does not have it. The form's own status is older than
                    // that.
                    if is_released(&transaction.status) || transaction.status == TransactionStatus::Held {
                        return Ok(names_order && is_released(&transaction.status));
                    }
                }
                Err(error) if error.is_retryable() => return Err(error.into()),
                Err(_) => {}
            }
        }
        if found.outcomes.is_empty() {
            let name = charge.payment_intent_id.as_str();
            if !self.proves_payment(lomi, order, name, deadline, found).await? {
                // The form took money, whatever became of it, and takes no other.
                return Ok(order.is_past_its_end(self.clock.now()));
            }
            // In the merchant's currency, not the amount that the card processor collects after conversion.
            let completed = CompletedPayment {
                price: (charge.original_amount, charge.original_currency.as_ref()),
                environment: None,
                organization_id: None,
            };
            let payment = PaymentRef::PaymentIntent(charge.payment_intent_id.to_string());
            found.outcomes.extend(apply_completed(self, lomi, order.id(), payment, completed).await?);
        }
        Ok(false)
    }
}
