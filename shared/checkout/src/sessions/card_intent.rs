//! What lomi. says about a card form's intent, and the end of one.

use crate::Context;
use crate::lookup::held::is_let_go;
use crate::lookup::{LookupError, LookupResult, Said, completed, order_of};
use domain::{Order, OrderEvent, OrderId, PaymentRef, Source, Transition};
use lomi_client::{CardCharge, CardChargeStatus, Client, Outcome, PaymentIntentId, TransactionStatus};
use store::StoreError;
use tokio::time::Instant;

/// What became of an attempt to end an intent.
pub(crate) struct Closed {
    /// Where it stands now.
    pub(crate) status: CardChargeStatus,
    /// Whether it took money that lomi. has let go, or that nobody can find: it takes no other.
    pub(crate) is_let_go: bool,
    /// What was learnt on the way: it may have been paid in the meantime.
    pub(crate) found: LookupResult,
}

/// What became of the back office's wish to end an intent.
#[derive(Debug)]
pub struct CancelledIntent {
    /// The intent.
    pub payment_intent_id: PaymentIntentId,
    /// Where it stands now: `canceled`, or `succeeded` when the shopper was faster.
    pub status: CardChargeStatus,
    /// Its order as it now is.
    pub order: Order,
    /// What was learnt on the way.
    pub changes: Vec<crate::ApplyOutcome>,
}

/// Why an intent was not ended. Whatever it is, the reconciler ends it when its order is over.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// No intent of an order of ours.
    #[error("no such intent")]
    NotFound,
    /// There is no key to call lomi. with.
    #[error("no usable key for lomi.")]
    NoKey,
    /// lomi. did not do it, or its answer was lost. Asking again is safe.
    #[error(transparent)]
    Lomi(lomi_client::Error),
    /// DynamoDB did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LookupError> for CancelError {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::Lomi(error) => Self::Lomi(error),
            LookupError::Store(error) => Self::Store(error),
        }
    }
}

/// Ends an intent for the back office.
///
/// # Errors
/// [`CancelError`].
pub async fn cancel_intent(
    context: &Context,
    id: &str,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
) -> Result<CancelledIntent, CancelError> {
    // 1 Whose is it? lomi. is asked about none but ours.
    let payment_intent_id = PaymentIntentId::parse(id).map_err(|_| CancelError::NotFound)?;
    let order_id = context.store.order_of(&PaymentRef::PaymentIntent(id.to_owned())).await?;
    let order_id = order_id.ok_or(CancelError::NotFound)?;
    let order = context.order(&order_id).await?.ok_or(CancelError::NotFound)?;
    let lomi = lomi().await.ok_or(CancelError::NoKey)?;
    // 2 End it at lomi., and learn whether it was paid first.
    let closed = context.close_intent(&lomi, &order, &payment_intent_id, deadline).await?;
    // 3 The order is given up, unless money came.
    let order = if closed.status == CardChargeStatus::Canceled {
        context.note_closed(&order_id, Source::Merchant).await?;
        let now = context.clock.now();
        context
            .change_order(&order_id, |order| given_up(order.transition(&OrderEvent::Cancelled, Source::Merchant, now)))
            .await?
    } else {
        context.order(&order_id).await?
    };
    let order = order.ok_or(CancelError::NotFound)?;
    Ok(CancelledIntent { payment_intent_id, status: closed.status, order, changes: closed.found.settled })
}

pub(crate) fn given_up(transition: Transition) -> Option<Order> {
    match transition {
        Transition::Changed(next, _) => Some(*next),
        Transition::Unchanged | Transition::DiscountUnknown | Transition::Refused(..) => None,
    }
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
            Ok(status) => return Ok(Closed { status, is_let_go: false, found }),
            // Nothing was tried, or lomi. wants no more calls: a look would tell nothing.
            Err(error) if error.outcome() == Outcome::NotSent || matches!(error.status(), Some(429 | 503)) => {
                return Err(error.into());
            }
            Err(_) => found.calls += 1,
        }
        let charge = lomi.card_charges().get(intent).deadline(deadline).send().await?;
        let is_let_go = self.apply_charge(lomi, order, &charge, deadline, &mut found).await?;
        Ok(Closed { status: charge.status, is_let_go, found })
    }

    /// Notes that lomi. takes no more money on the order's intent.
    pub(crate) async fn note_closed(&self, id: &OrderId, source: Source) -> Result<(), StoreError> {
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
                    if is_let_go(&transaction.status) || transaction.status == TransactionStatus::Held {
                        return Ok(is_its && is_let_go(&transaction.status));
                    }
                }
                Err(error) if error.is_retryable() => return Err(error.into()),
                Err(_) => {}
            }
        }
        if found.settled.is_empty() {
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
            found.settled.extend(completed(self, lomi, order.id(), payable, said).await?);
        }
        Ok(false)
    }
}
