//! Events for the merchant's own systems, told again.

use super::OperationError;
use crate::World;
use domain::OrderId;
use store::Retold;

/// Has every event that was told of an order told again, each under the same id: some eighty at most, as an order knows
/// forty refunds at most. An order that nothing was told of has none. Repeated, each is told once more; consumers know what
/// they have seen.
///
/// # Errors
/// [`OperationError`]. What was told again before it stays so.
pub async fn retell(world: &World, id: &OrderId) -> Result<Vec<Retold>, OperationError> {
    // 1 Which events can there be?
    let order = world.order(id).await?.ok_or(OperationError::NotFound)?;
    // 2 Each that there is, once more.
    let mut retold = Vec::new();
    for event in order.tellable() {
        retold.extend(world.store.retell(&order, &event).await?);
    }
    Ok(retold)
}
