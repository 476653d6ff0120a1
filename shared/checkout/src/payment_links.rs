//! Payment links: made once per idempotency key, ours or lomi.'s own; ours opened as often as they allow.

mod managed;
mod native;
mod opening;

pub use managed::{NewLink, create};
pub use native::create_native;
pub use opening::{OpenError, Opening, judge, open};

use crate::Context;
use domain::{Fingerprint, IdempotencyKey, LinkCode, ManagedLink, PriceError, Timestamp};
use store::{Answer, Claim, Operation, Receipt, StoreError};

/// A request that has no answer yet runs normally for so long; after that nobody knows what became of it.
const LEASE_MS: i64 = 30_000;
/// How soon a request that met another with its key should come again.
const RETRY_AFTER_S: u32 = 2;

/// What recognises a request to make a link.
#[derive(Clone, Debug)]
pub struct Keyed {
    /// The caller's key.
    pub idempotency_key: IdempotencyKey,
    /// Recognises the request.
    pub fingerprint: Fingerprint,
}

/// An answer that is saved and will be given again, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What to answer.
    pub answer: Answer,
    /// Whether an earlier request had made it.
    pub replayed: bool,
}

/// Why no link was made, or nobody knows whether one was.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The key belongs to another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Another request with this key is at it.
    #[error("in progress")]
    InProgress {
        /// When to come again.
        retry_after_s: u32,
    },
    /// It would be over before it is made. Nothing was written.
    #[error("the link's end has passed")]
    EndHasPassed,
    /// An article cannot be sold as asked. Nothing was written.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// There is no key to call lomi. with. Nothing was written.
    #[error("no usable key for lomi.")]
    NoKey,
    /// lomi. may have made the link and may not have: its answer was lost, now as it says or when the same key came first.
    #[error("nobody knows whether lomi. made the link")]
    OutcomeUnknown(Option<lomi_client::Error>),
    /// lomi. made no link.
    #[error(transparent)]
    Lomi(#[from] lomi_client::Error),
    /// DynamoDB did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Context {
    /// The managed link, if it is of this stack's environment.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn link(&self, code: &LinkCode) -> Result<Option<ManagedLink>, StoreError> {
        let link = self.store.link(code).await?;
        Ok(link.filter(|link| link.environment == self.environment))
    }

    /// What was answered under the key, or the name of the receipt that is to be written for a link that ends at `end`.
    async fn recall(&self, keyed: &Keyed, end: Option<Timestamp>, now: Timestamp) -> Result<Recalled, LinkError> {
        let key_hash = Claim::hash(self.environment, Operation::CreatePaymentLink, &keyed.idempotency_key);
        match self.store.receipt(&key_hash, now).await? {
            // Only now: what was answered once is answered again, also when the link is over.
            None if end.is_some_and(|end| end <= now) => Err(LinkError::EndHasPassed),
            None => Ok(Recalled::Nothing { key_hash }),
            Some(receipt) if receipt.fingerprint != keyed.fingerprint => Err(LinkError::KeyReused),
            Some(Receipt { answer: Some(answer), .. }) => Ok(Recalled::Made(Made { answer, replayed: true })),
            Some(receipt) if receipt.begun_at.plus_ms(LEASE_MS) > now => Err(in_progress()),
            Some(_) => Err(LinkError::OutcomeUnknown(None)),
        }
    }
}

enum Recalled {
    Nothing { key_hash: String },
    Made(Made),
}

const fn in_progress() -> LinkError {
    LinkError::InProgress { retry_after_s: RETRY_AFTER_S }
}
