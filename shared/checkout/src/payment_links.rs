//! Payment links: managed and native links, each created once per idempotency key. Shoppers open managed links here.

mod managed;
mod native;
mod opening;

pub use managed::{NewLink, create};
pub use native::create_native;
pub use opening::{OpenError, Opening, check, open};

use crate::Context;
use domain::{Fingerprint, IdempotencyKey, LinkCode, ManagedLink, PriceError, Timestamp};
use store::{Answer, Claim, Operation, Receipt, StoreError};

/// A request without an answer runs for so long; after that its outcome is unknown.
const LEASE_MS: i64 = 30_000;
/// The retry delay of a request that met another with its key.
const RETRY_AFTER_S: u32 = 2;

/// Identifies a request to create a link.
#[derive(Clone, Debug)]
pub struct IdempotentRequest {
    /// The caller's key.
    pub idempotency_key: IdempotencyKey,
    /// Identifies the request.
    pub fingerprint: Fingerprint,
}

/// An answer, saved so that a retry gets the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkAnswer {
    /// The answer.
    pub answer: Answer,
    /// Whether an earlier request created it.
    pub replayed: bool,
}

/// Why no link was created, or may have been.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The key belongs to another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Another request with this key is running.
    #[error("in progress")]
    InProgress {
        /// When to retry.
        retry_after_s: u32,
    },
    /// The link's end is in the past. Nothing was written.
    #[error("the link's end has passed")]
    EndHasPassed,
    /// A product cannot be sold as requested. Nothing was written.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// There is no usable key for lomi. Nothing was written.
    #[error("no usable key for lomi.")]
    NoKey,
    /// lomi may have created the link: its answer was lost, now or at the first request with this key.
    #[error("nobody knows whether lomi. made the link")]
    OutcomeUnknown(Option<lomi_client::Error>),
    /// lomi created no link.
    #[error(transparent)]
    Lomi(#[from] lomi_client::Error),
    /// DynamoDB did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Context {
    /// The managed link, if it is of this stack's environment.
    pub async fn link(&self, code: &LinkCode) -> Result<Option<ManagedLink>, StoreError> {
        let link = self.store.link(code).await?;
        Ok(link.filter(|link| link.environment == self.environment))
    }

    /// The saved answer under the key, or the key's hash for the receipt of a new link that ends at `end`.
    async fn saved_answer(
        &self,
        request: &IdempotentRequest,
        end: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<SavedAnswer, LinkError> {
        let key_hash = Claim::hash(self.environment, Operation::CreatePaymentLink, &request.idempotency_key);
        match self.store.receipt(&key_hash, now).await? {
            // Checked only for a new key: a saved answer is returned even when its link has ended.
            None if end.is_some_and(|end| end <= now) => Err(LinkError::EndHasPassed),
            None => Ok(SavedAnswer::Missing { key_hash }),
            Some(receipt) if receipt.fingerprint != request.fingerprint => Err(LinkError::KeyReused),
            Some(Receipt { answer: Some(answer), .. }) => Ok(SavedAnswer::Found(LinkAnswer { answer, replayed: true })),
            Some(receipt) if receipt.begun_at.plus_ms(LEASE_MS) > now => Err(in_progress()),
            Some(_) => Err(LinkError::OutcomeUnknown(None)),
        }
    }
}

enum SavedAnswer {
    Missing { key_hash: String },
    Found(LinkAnswer),
}

const fn in_progress() -> LinkError {
    LinkError::InProgress { retry_after_s: RETRY_AFTER_S }
}
