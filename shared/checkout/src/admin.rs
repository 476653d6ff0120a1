//! What the operator does by hand: replay a quarantined event, synchronise an order with lomi now, have lomi resend
//! webhooks, publish events to the merchant's systems again.
//!
//! Nothing here decides about an order: events go through [`webhooks`](crate::webhooks), lomi's answers through the
//! reconciler's code.

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
use crate::run::{Report, Run, RunError};
use domain::{Order, OrderId, TimelineEntry};
use lomi_client::Client;
use store::StoreError;
use tokio::time::Instant;

/// Why an operation was not done, or not completely. A repetition is safe.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// The object does not exist.
    #[error("no such thing")]
    NotFound,
    /// There is no usable key of lomi, or lomi stopped answering.
    #[error("lomi. cannot be asked")]
    ProviderUnavailable,
    /// lomi did not answer, or answered an error.
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
    fn from(error: RunError) -> Self {
        match error {
            RunError::Lomi | RunError::NoCallsLeft => Self::ProviderUnavailable,
            RunError::Order | RunError::Store => {
                Self::Store(StoreError::Busy { operation: "check refunds", reason: "not_written" })
            }
        }
    }
}

/// An order after it was synchronised with lomi.
#[derive(Debug)]
pub struct OrderSync {
    /// The order as it is now.
    pub order: Order,
    known_entries: usize,
}

impl OrderSync {
    /// The timeline entries that the synchronisation added, oldest first.
    #[must_use]
    pub fn changes(&self) -> &[TimelineEntry] {
        self.order.timeline().get(self.known_entries..).unwrap_or_default()
    }
}

/// Synchronises one order with lomi now, whatever its schedule says. The report counts what was found before an error.
///
/// # Errors
/// [`OperationError`].
pub async fn sync(
    context: &Context,
    id: &OrderId,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
    report: &mut Report,
) -> Result<OrderSync, OperationError> {
    // 1 Read the order.
    let before = context.order(id).await?.ok_or(OperationError::NotFound)?;
    let lomi = lomi().await.ok_or(OperationError::ProviderUnavailable)?;
    // 2 Synchronise it, by the reconciler's code.
    let synced = Run::new(context, &lomi, deadline, report).sync_order(&before).await;
    // 3 Read it as it is now. After a failed call "no changes" would be a claim that nothing supports.
    let order = context.order(id).await?.ok_or(OperationError::NotFound)?;
    let sync = OrderSync { order, known_entries: before.timeline().len() };
    if sync.changes().is_empty() {
        synced?;
    }
    Ok(sync)
}
