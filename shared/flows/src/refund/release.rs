//! A refund in doubt, after a person has looked where this code cannot: in lomi.'s dashboard and the wallet's statement.

use crate::World;
use domain::{Order, OrderId, Refund, RefundStatus, Source};
use store::StoreError;

/// Why a refund was not called off. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// There is no such order, or it has no such refund.
    #[error("no such refund")]
    NotFound,
    /// Its outcome is known, or it is being asked for at this moment.
    #[error("the refund is not in doubt")]
    NotInDoubt,
    /// DynamoDB did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Calls off the refund `id`, our own name of it: the money stayed, says a person, and its amount may be asked for again.
/// Repeating it is safe. Should lomi. name the refund after all, it counts beside this one.
///
/// # Errors
/// [`ReleaseError`].
pub async fn release(world: &World, order_id: &OrderId, id: &str) -> Result<Order, ReleaseError> {
    let change = |order: &Order| {
        let is_in_doubt = order.refunds().get(id).is_some_and(|refund| refund.status == RefundStatus::InDoubt);
        is_in_doubt.then(|| order.refund_released(id, Source::Merchant, world.clock.now())).flatten()
    };
    let order = world.change_order(order_id, change).await?.ok_or(ReleaseError::NotFound)?;
    match order.refunds().get(id) {
        None => Err(ReleaseError::NotFound),
        Some(Refund { status: RefundStatus::Failed, refund_id: None, .. }) => Ok(order),
        Some(_) => Err(ReleaseError::NotInDoubt),
    }
}
