//! Publishes events to the merchant's systems again.

use super::OperationError;
use crate::Context;
use domain::OrderId;
use store::Republished;

/// Publishes every event of an order again, each under the same id: at most some eighty, as an order has at most forty
/// refunds. An order without events has none. A repetition publishes each once more; consumers recognise the id.
///
/// # Errors
/// [`OperationError`]. Events that were published before it stay published.
pub async fn republish(context: &Context, id: &OrderId) -> Result<Vec<Republished>, OperationError> {
    // 1 Read which events the order can have.
    let order = context.order(id).await?.ok_or(OperationError::NotFound)?;
    // 2 Publish each that exists.
    let mut republished = Vec::new();
    for event in order.publishable_events() {
        republished.extend(context.store.republish(&order, &event).await?);
    }
    Ok(republished)
}
