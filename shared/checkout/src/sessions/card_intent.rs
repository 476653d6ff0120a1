//! Cancels a card form's intent for the back office.

use crate::Context;
use crate::lookup::LookupError;
use domain::{Order, OrderEvent, PaymentRef, Source, Transition};
use lomi_client::{CardChargeStatus, Client, PaymentIntentId};
use store::StoreError;
use tokio::time::Instant;

/// The outcome of a cancellation.
#[derive(Debug)]
pub struct CancelledIntent {
    /// The intent.
    pub payment_intent_id: PaymentIntentId,
    /// The intent's status now: `canceled`, or `succeeded` when the shopper was faster.
    pub status: CardChargeStatus,
    /// Its order now.
    pub order: Order,
    /// What the lookup applied.
    pub changes: Vec<crate::ApplyOutcome>,
}

/// Why an intent was not cancelled. In each case the reconciler cancels it when its order is over.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// No order here has this intent.
    #[error("no such intent")]
    NotFound,
    /// There is no usable key for lomi.
    #[error("no usable key for lomi.")]
    NoKey,
    /// lomi refused, or its answer was lost. A retry is safe.
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

/// Cancels an intent. A shopper may have paid it first; then its order is paid.
pub async fn cancel_intent(
    context: &Context,
    id: &str,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
) -> Result<CancelledIntent, CancelError> {
    // 1 Find its order. lomi is called about no intent of others.
    let payment_intent_id = PaymentIntentId::parse(id).map_err(|_| CancelError::NotFound)?;
    let order_id = context.store.order_of(&PaymentRef::PaymentIntent(id.to_owned())).await?;
    let order_id = order_id.ok_or(CancelError::NotFound)?;
    let order = context.order(&order_id).await?.ok_or(CancelError::NotFound)?;
    let lomi = lomi().await.ok_or(CancelError::NoKey)?;
    // 2 Cancel it at lomi, and read whether it was paid first.
    let closed = context.close_intent(&lomi, &order, &payment_intent_id, deadline).await?;
    // 3 Cancel the order, unless it was paid.
    let order = if closed.status == CardChargeStatus::Canceled {
        context.record_intent_closed(&order_id, Source::Merchant).await?;
        let now = context.clock.now();
        context
            .change_order(&order_id, |order| changed(order.transition(&OrderEvent::Cancelled, Source::Merchant, now)))
            .await?
    } else {
        context.order(&order_id).await?
    };
    let order = order.ok_or(CancelError::NotFound)?;
    Ok(CancelledIntent { payment_intent_id, status: closed.status, order, changes: closed.found.outcomes })
}

pub(crate) fn changed(transition: Transition) -> Option<Order> {
    match transition {
        Transition::Changed(next, _) => Some(*next),
        Transition::Unchanged | Transition::DiscountUnknown | Transition::Refused(..) => None,
    }
}
