//! What a waiting shopper sees, and the shopper's own word that they gave up.

use crate::World;
use domain::{Fact, Order, OrderId, Source, Verdict};
use lomi_client::Client;
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

/// The order that `token` opens. While it is open, lomi. itself is asked now and then, so that the return page turns
/// paid even when no event ever comes; `lomi` is only called when that is so.
///
/// # Errors
/// [`StatusError`]. That lomi. cannot be reached is none: the order is shown as it stands.
pub async fn status(
    world: &World,
    id: &str,
    token: &str,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
) -> Result<Order, StatusError> {
    // 1 Open the order.
    let order = open(world, id, token).await?;
    let now = world.clock.now();
    if !order.may_be_asked_about(now) {
        return Ok(order);
    }
    // 2 Take the turn to ask before asking, so that many waiting pages make one call.
    let asked = order.asked(now);
    if !world.store.save(&asked).await? {
        return Ok(order);
    }
    // 3 Ask.
    let Some(lomi) = lomi().await else { return Ok(asked) };
    if world.inquire(&lomi, &asked, deadline).await.is_ok_and(|findings| !findings.settled.is_empty()) {
        return Ok(world.store.order(asked.id()).await?.unwrap_or(asked));
    }
    Ok(asked)
}

/// Notes that the shopper gave up. lomi. keeps the page payable: money that still comes is taken and flagged.
///
/// # Errors
/// [`StatusError`].
pub async fn cancel(world: &World, id: &str, token: &str) -> Result<Order, StatusError> {
    let order = open(world, id, token).await?;
    let cancelled = world
        .change_order(order.id(), |order| {
            match order.judge(&Fact::CancelledByShopper, Source::Storefront, world.clock.now()) {
                Verdict::Changed(next, _) => Some(*next),
                Verdict::Unchanged | Verdict::Refused(..) => None,
            }
        })
        .await?;
    cancelled.ok_or(StatusError::NotFound)
}

async fn open(world: &World, id: &str, token: &str) -> Result<Order, StatusError> {
    let id = OrderId::parse(id).ok_or(StatusError::NotFound)?;
    let order = world.store.order(&id).await?;
    order.filter(|order| order.token_hash().matches(token)).ok_or(StatusError::NotFound)
}
