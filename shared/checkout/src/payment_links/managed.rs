//! Making a link of ours: one per idempotency key, written together with the answer.

use super::{Keyed, LinkError, Made, Recalled, in_progress};
use crate::Context;
use domain::{LinkCode, LinkPrice, ManagedLink, PricedCart, Timestamp};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use store::{Answer, Begun, Receipt, StoreError};

/// What the merchant wants of a link, checked.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// Shown to shoppers.
    pub title: String,
    /// Shown to shoppers.
    pub description: Option<String>,
    /// What it asks for.
    pub price: LinkPrice,
    /// How many orders it takes.
    pub max_payments: Option<NonZeroU32>,
    /// From then on it opens nothing.
    pub expires_at: Option<Timestamp>,
    /// The merchant's own notes.
    pub metadata: BTreeMap<String, String>,
    /// Where a payment leads.
    pub success_url: Option<String>,
    /// Where giving up leads.
    pub cancel_url: Option<String>,
}

/// Makes the link, or gives the answer that was given before. `describe` turns the link into the answer.
///
/// # Errors
/// [`LinkError`]; there is no link because of this call then.
pub async fn create(
    context: &Context,
    keyed: &Keyed,
    new: NewLink,
    describe: impl FnOnce(&ManagedLink) -> Option<Answer>,
) -> Result<Made, LinkError> {
    let now = context.clock.now();
    // 1 Was it made before?
    let key_hash = match context.recall(keyed, new.expires_at, now).await? {
        Recalled::Made(made) => return Ok(made),
        Recalled::Nothing { key_hash } => key_hash,
    };
    // 2 Articles must be for sale now; what they cost is asked again at every opening.
    if let LinkPrice::Items(lines) = &new.price {
        let skus: Vec<_> = lines.iter().map(|line| line.sku.clone()).collect();
        PricedCart::from_catalog(lines, &context.store.products(&skus).await?)?;
    }
    // 3 Write the link and its receipt together.
    let link = fresh(context, new, now);
    let answer = describe(&link).ok_or(StoreError::Malformed { operation: "answer" })?;
    let receipt = Receipt::new(key_hash, keyed.fingerprint.clone(), now, Some(answer.clone()));
    match context.store.create_link(&link, &receipt, now).await? {
        Begun::Ours => Ok(Made { answer, replayed: false }),
        // Somebody with the same key was first, this very moment.
        Begun::AlreadyClaimed => match context.recall(keyed, None, now).await? {
            Recalled::Made(made) => Ok(made),
            Recalled::Nothing { .. } => Err(in_progress()),
        },
    }
}

fn fresh(context: &Context, new: NewLink, now: Timestamp) -> ManagedLink {
    ManagedLink {
        // Drawn and not derived from the key: whoever guesses the key must not know the address.
        code: LinkCode::from_entropy(context.entropy.bytes()),
        environment: context.environment,
        title: new.title,
        description: new.description,
        price: new.price,
        max_payments: new.max_payments,
        expires_at: new.expires_at,
        active: true,
        metadata: new.metadata,
        success_url: new.success_url,
        cancel_url: new.cancel_url,
        opened_count: 0,
        paid_count: 0,
        surplus_count: 0,
        created_at: now,
    }
}
