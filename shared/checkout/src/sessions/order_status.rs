//! What a waiting shopper sees, and the shopper's cancellation.

use crate::sessions::card_intent::changed;
use crate::{ApplyOutcome, Context};
use domain::{Order, OrderEvent, OrderId, Source};
use lomi_client::Client;
use std::time::Duration;
use store::StoreError;
use tokio::time::Instant;

/// Why no order is shown.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// No such order, or another token. The answer does not say which.
    #[error("no such order")]
    NotFound,
    /// DynamoDB did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The longest that a shopper waits for lomi. Then the order is shown as it is stored.
const LOOKUP_BUDGET: Duration = Duration::from_secs(3);
/// Reserved before the deadline to write changes.
const WRITE_MARGIN: Duration = Duration::from_secs(2);

/// An order to show.
#[derive(Debug)]
pub struct Shown {
    /// The order as it is now.
    pub order: Order,
    /// What the lookup applied.
    pub changes: Vec<ApplyOutcome>,
}

/// The order that `token` opens. While it is open, lomi is polled now and then, so that the return page shows the
/// payment even when no event comes. `lomi` is called only then.
///
/// # Errors
/// [`StatusError`]. When lomi cannot be reached, the order is shown as it is stored.
pub async fn status(
    context: &Context,
    id: &str,
    token: &str,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
) -> Result<Shown, StatusError> {
    // 1 Read the order and check the token.
    let order = open(context, id, token).await?;
    let now = context.clock.now();
    if !order.may_be_polled(now) {
        return Ok(Shown { order, changes: Vec::new() });
    }
    // 2 Take the poll slot before the call, so that many waiting pages make one call.
    let polled = order.poll_slot_taken(now);
    if !context.store.save(&polled).await? {
        return Ok(Shown { order, changes: Vec::new() });
    }
    // 3 Look the order up at lomi.
    let call_deadline = deadline.checked_sub(WRITE_MARGIN).unwrap_or(deadline).min(Instant::now() + LOOKUP_BUDGET);
    let changes = match lomi().await {
        Some(lomi) => {
            context.lookup(&lomi, &polled, call_deadline).await.map(|found| found.outcomes).unwrap_or_default()
        }
        None => Vec::new(),
    };
    if changes.is_empty() {
        return Ok(Shown { order: polled, changes });
    }
    let order = context.order(polled.id()).await?.unwrap_or(polled);
    Ok(Shown { order, changes })
}

/// Records that the shopper cancelled. lomi keeps a page payable, and a card form until the reconciler ends it: money
/// that still comes marks the order paid, and is flagged.
pub async fn cancel(context: &Context, id: &str, token: &str) -> Result<Order, StatusError> {
    let order = open(context, id, token).await?;
    let cancelled = context
        .change_order(order.id(), |order| {
            changed(order.transition(&OrderEvent::Cancelled, Source::Storefront, context.clock.now()))
        })
        .await?;
    cancelled.ok_or(StatusError::NotFound)
}

async fn open(context: &Context, id: &str, token: &str) -> Result<Order, StatusError> {
    let id = OrderId::parse(id).ok_or(StatusError::NotFound)?;
    let order = context.order(&id).await?;
    order.filter(|order| order.token_hash().matches(token)).ok_or(StatusError::NotFound)
}
