//! What lomi. says about a card form's intent, and the end of one.

use crate::Context;
use crate::lookup::LookupError;
use domain::{Order, OrderEvent, PaymentRef, Source, Transition};
use lomi_client::{CardChargeStatus, Client, PaymentIntentId};
use store::StoreError;
use tokio::time::Instant;

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
        context.record_intent_closed(&order_id, Source::Merchant).await?;
        let now = context.clock.now();
        context
            .change_order(&order_id, |order| given_up(order.transition(&OrderEvent::Cancelled, Source::Merchant, now)))
            .await?
    } else {
        context.order(&order_id).await?
    };
    let order = order.ok_or(CancelError::NotFound)?;
    Ok(CancelledIntent { payment_intent_id, status: closed.status, order, changes: closed.found.outcomes })
}

pub(crate) fn given_up(transition: Transition) -> Option<Order> {
    match transition {
        Transition::Changed(next, _) => Some(*next),
        Transition::Unchanged | Transition::DiscountUnknown | Transition::Refused(..) => None,
    }
}
