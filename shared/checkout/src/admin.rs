//! What an operator does by hand: has what was put aside looked at once more, has lomi. asked now, has lomi. send
//! again, tells the merchant's systems again.
//!
//! Nothing here judges anew: events go through [`ingest`](crate::ingest), answers of lomi.'s through the reconciler's code.

mod deliveries;
mod events;
mod lists;
mod order_sync;
mod replay;

pub use deliveries::{DeliveryCursor, FailedDelivery, Resend, Resent, ResentDelivery, resend};
pub use events::republish;
pub use lists::{try_payments, try_refunds};
pub use replay::{ReplayOutcome, Replayed, replay};

use crate::Context;
use crate::lookup::LookupError;
use crate::reconcile::{Report, RunError};
use domain::{Order, OrderId, TimelineEntry};
use lomi_client::Client;
use order_sync::ask_about;
use store::StoreError;
use tokio::time::Instant;

/// Why something that was asked for by hand was not done, or not to its end. Asking again is safe.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// There is no such thing.
    #[error("no such thing")]
    NotFound,
    /// There is no key to call lomi. with, or lomi. stopped answering on the way.
    #[error("lomi. cannot be asked")]
    OutOfReach,
    /// lomi. did not answer, or not as it should.
    #[error(transparent)]
    Lomi(lomi_client::Error),
    /// DynamoDB did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LookupError> for OperationError {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::Lomi(error) => Self::Lomi(error),
            LookupError::Store(error) => Self::Store(error),
        }
    }
}

impl From<RunError> for OperationError {
    fn from(stop: RunError) -> Self {
        match stop {
            RunError::Lomi => Self::OutOfReach,
            RunError::Order | RunError::Store => {
                Self::Store(StoreError::Busy { operation: "look at refunds", reason: "not_written" })
            }
        }
    }
}

/// What became of a case about one order.
#[derive(Debug)]
pub struct Asked {
    /// The order as it is now.
    pub order: Order,
    known_entries: usize,
}

impl Asked {
    /// What happened to the order since it was asked about, oldest first.
    #[must_use]
    pub fn news(&self) -> &[TimelineEntry] {
        self.order.timeline().get(self.known_entries..).unwrap_or_default()
    }
}

/// Asks lomi. about one order now, whatever its schedule says. What was found before an error is in `report`.
///
/// # Errors
/// [`OperationError`].
pub async fn ask(
    context: &Context,
    id: &OrderId,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Asked, OperationError> {
    // 1 Which order?
    let before = context.order(id).await?.ok_or(OperationError::NotFound)?;
    let lomi = lomi().await.ok_or(OperationError::OutOfReach)?;
    // 2 Ask, in the reconciler's words.
    let looked = ask_about(context, &lomi, &before, deadline, report).await;
    // 3 The order as it is now. "No news" is more than is known while a case is open.
    let order = context.order(id).await?.ok_or(OperationError::NotFound)?;
    let asked = Asked { order, known_entries: before.timeline().len() };
    if asked.news().is_empty() {
        looked?;
    }
    Ok(asked)
}
