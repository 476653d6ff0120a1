//! What a waiting shopper sees, and the shopper's own word that they gave up.

use crate::card_intent::given_up;
use crate::{Settled, World};
use domain::{Fact, Order, OrderId, Source};
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
/// Kept back from the deadline to write what was learnt.
const WRITE_MARGIN: Duration = Duration::from_secs(2);

/// An order to show.
#[derive(Debug)]
pub struct Shown {
    /// The order as it stands now.
    pub order: Order,
    /// What was learnt from lomi. on the way.
    pub learnt: Vec<Settled>,
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
) -> Result<Shown, StatusError> {
    // 1 Open the order.
    let order = open(world, id, token).await?;
    let now = world.clock.now();
    if !order.may_be_asked_about(now) {
        return Ok(Shown { order, learnt: Vec::new() });
    }
    // 2 Take the turn to ask before asking, so that many waiting pages make one call.
    let asked = order.turn_taken(now);
    if !world.store.save(&asked).await? {
        return Ok(Shown { order, learnt: Vec::new() });
    }
    // 3 Ask.
    let ask_until = deadline.checked_sub(WRITE_MARGIN).unwrap_or(deadline).min(Instant::now() + PATIENCE);
    let learnt = match lomi().await {
        Some(lomi) => {
            world.inquire(&lomi, &asked, ask_until).await.map(|findings| findings.settled).unwrap_or_default()
        }
        None => Vec::new(),
    };
    if learnt.is_empty() {
        return Ok(Shown { order: asked, learnt });
    }
    let order = world.order(asked.id()).await?.unwrap_or(asked);
    Ok(Shown { order, learnt })
}

/// Notes that the shopper gave up. lomi. keeps a page payable, and a card form until the reconciler ends it: money that
/// still comes is taken and flagged.
///
/// # Errors
/// [`StatusError`].
pub async fn cancel(world: &World, id: &str, token: &str) -> Result<Order, StatusError> {
    let order = open(world, id, token).await?;
    let cancelled = world
        .change_order(order.id(), |order| {
            given_up(order.judge(&Fact::Cancelled, Source::Storefront, world.clock.now()))
        })
        .await?;
    cancelled.ok_or(StatusError::NotFound)
}

async fn open(world: &World, id: &str, token: &str) -> Result<Order, StatusError> {
    let id = OrderId::parse(id).ok_or(StatusError::NotFound)?;
    let order = world.order(&id).await?;
    order.filter(|order| order.token_hash().matches(token)).ok_or(StatusError::NotFound)
}
