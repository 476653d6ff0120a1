//! Events for the merchant's own systems, told again.

use super::OperationError;
use crate::Context;
use domain::OrderId;
use store::Republished;

/// Has every event that was told of an order told again, each under the same id: some eighty at most, as an order knows
/// forty refunds at most. An order that nothing was told of has none. Repeated, each is told once more; consumers know what
/// they have seen.
///
/// # Errors
/// [`OperationError`]. What was told again before it stays so.
pub async fn republish(context: &Context, id: &OrderId) -> Result<Vec<Republished>, OperationError> {
    // 1 Which events can there be?
    let order = context.order(id).await?.ok_or(OperationError::NotFound)?;
    // 2 Each that there is, once more.
    let mut republished = Vec::new();
    for event in order.publishable_events() {
        republished.extend(context.store.republish(&order, &event).await?);
    }
    Ok(republished)
}
