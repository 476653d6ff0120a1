//! Releases a refund in doubt after the operator has checked what this code cannot: lomi's dashboard and the wallet's
//! statement.

use crate::Context;
use crate::admin::OperationError;
use crate::run::{Report, Run};
use domain::{Order, OrderId, RefundStatus, Source};
use lomi_client::Client;
use store::StoreError;
use tokio::time::Instant;

/// Why a refund was not released. Only refunds in lomi's list were applied then.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// There is no such order, or it has no such refund.
    #[error("no such refund")]
    NotFound,
    /// Its outcome is known, it is too recent, or a row of lomi's list may be it.
    #[error("the refund cannot be called off")]
    NotReleasable,
    /// lomi or DynamoDB did not answer.
    #[error(transparent)]
    Operation(#[from] OperationError),
}

impl From<StoreError> for ReleaseError {
    fn from(error: StoreError) -> Self {
        Self::Operation(error.into())
    }
}

/// Releases the refund `id`, our own id: the operator says that the money stayed, and lomi's list does not contradict.
/// The amount may be refunded again. A repetition is safe. Should lomi name the refund later, it counts beside this
/// one.
pub async fn release(
    context: &Context,
    order_id: &OrderId,
    id: &str,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Order, ReleaseError> {
    // 1 Check that it may be released, or return when it was.
    let order = context.order(order_id).await?.ok_or(ReleaseError::NotFound)?;
    let refund = order.refunds().get(id).ok_or(ReleaseError::NotFound)?;
    if refund.released_at.is_some() && refund.refund_id.is_none() {
        return Ok(order);
    }
    if !refund.may_be_called_off(order.is_paid_out(refund), context.clock.now()) {
        return Err(ReleaseError::NotReleasable);
    }
    // 2 Search lomi's list for it.
    let lomi = lomi().await.ok_or(OperationError::ProviderUnavailable)?;
    let is_unlisted = Run::new(context, &lomi, deadline, report).is_unlisted(&order, refund).await;
    if !is_unlisted.map_err(OperationError::from)? {
        return Err(ReleaseError::NotReleasable);
    }
    // 3 Release it, unless its outcome is known by now.
    let change = |order: &Order| {
        let is_in_doubt = order.refunds().get(id).is_some_and(|refund| refund.status == RefundStatus::InDoubt);
        is_in_doubt.then(|| order.refund_released(id, Source::Merchant, context.clock.now())).flatten()
    };
    let order = context.change_order(order_id, change).await?.ok_or(ReleaseError::NotFound)?;
    let is_released = order.refunds().get(id).is_some_and(|refund| refund.released_at.is_some());
    if is_released { Ok(order) } else { Err(ReleaseError::NotReleasable) }
}
