//! What a waiting shopper sees, and the shopper's own word that they gave up.

use crate::sessions::card_intent::given_up;
use crate::{ApplyOutcome, Context};
use domain::{Order, OrderEvent, OrderId, Source};
use lomi_client::Client;
use std::time::Duration;
use store::StoreError;
use tokio::time::Instant;

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// No such order, or not with this token: nobody learns which.
    #[error("no such order")]
    NotFound,
    /// DynamoDB did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The longest that a shopper waits for lomi.; the order is then shown as it stands.
const PATIENCE: Duration = Duration::from_secs(3);
/// Kept back from the deadline to write what was changes.
const WRITE_MARGIN: Duration = Duration::from_secs(2);

/// An order to show.
#[derive(Debug)]
pub struct Shown {
    /// The order as it stands now.
    pub order: Order,
    /// What was learnt from lomi. on the way.
    pub changes: Vec<ApplyOutcome>,
}

/// The order that `token` opens. While it is open, lomi. itself is asked now and then, so that the return page turns
/// paid even when no event ever comes; `lomi` is only called when that is so.
///
/// # Errors
/// [`StatusError`]. That lomi. cannot be reached is none: the order is shown as it stands.
pub async fn status(
    context: &Context,
    id: &str,
    token: &str,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
) -> Result<Shown, StatusError> {
    // 1 Open the order.
    let order = open(context, id, token).await?;
    let now = context.clock.now();
    if !order.may_be_polled(now) {
        return Ok(Shown { order, changes: Vec::new() });
    }
    // 2 Take the turn to ask before asking, so that many waiting pages make one call.
    let asked = order.poll_slot_taken(now);
    if !context.store.save(&asked).await? {
        return Ok(Shown { order, changes: Vec::new() });
    }
    // 3 Ask.
    let call_deadline = deadline.checked_sub(WRITE_MARGIN).unwrap_or(deadline).min(Instant::now() + PATIENCE);
    let changes = match lomi().await {
        Some(lomi) => {
            context.lookup(&lomi, &asked, call_deadline).await.map(|found| found.outcomes).unwrap_or_default()
        }
        None => Vec::new(),
    };
    if changes.is_empty() {
        return Ok(Shown { order: asked, changes });
    }
    let order = context.order(asked.id()).await?.unwrap_or(asked);
    Ok(Shown { order, changes })
}

/// Notes that the shopper gave up. lomi. keeps a page payable, and a card form until the reconciler ends it: money that
/// still comes is taken and flagged.
///
/// # Errors
/// [`StatusError`].
pub async fn cancel(context: &Context, id: &str, token: &str) -> Result<Order, StatusError> {
    let order = open(context, id, token).await?;
    let cancelled = context
        .change_order(order.id(), |order| {
            given_up(order.transition(&OrderEvent::Cancelled, Source::Storefront, context.clock.now()))
        })
        .await?;
    cancelled.ok_or(StatusError::NotFound)
}

async fn open(context: &Context, id: &str, token: &str) -> Result<Order, StatusError> {
    let id = OrderId::parse(id).ok_or(StatusError::NotFound)?;
    let order = context.order(&id).await?;
    order.filter(|order| order.token_hash().matches(token)).ok_or(StatusError::NotFound)
}
