//! Creates a managed link: one per idempotency key, written together with the answer.

use super::{IdempotentRequest, LinkAnswer, LinkError, SavedAnswer, in_progress};
use crate::Context;
use domain::{LinkCode, LinkPrice, ManagedLink, PricedCart, Timestamp};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use store::{Answer, Begun, Receipt, StoreError};

/// A valid request for a managed link.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// Shown to shoppers.
    pub title: String,
    /// Shown to shoppers.
    pub description: Option<String>,
    /// Its price.
    pub price: LinkPrice,
    /// How many orders it takes.
    pub max_payments: Option<NonZeroU32>,
    /// When it stops opening.
    pub expires_at: Option<Timestamp>,
    /// The merchant's labels.
    pub metadata: BTreeMap<String, String>,
    /// Where a payment leads.
    pub success_url: Option<String>,
    /// Where cancelling leads.
    pub cancel_url: Option<String>,
}

/// Creates the link, or returns the saved answer. `describe` makes the answer from the link.
///
/// # Errors
/// [`LinkError`]. This call created no link.
pub async fn create(
    context: &Context,
    request: &IdempotentRequest,
    new: NewLink,
    describe: impl FnOnce(&ManagedLink) -> Option<Answer>,
) -> Result<LinkAnswer, LinkError> {
    let now = context.clock.now();
    // 1 Return a saved answer.
    let key_hash = match context.saved_answer(request, new.expires_at, now).await? {
        SavedAnswer::Found(answer) => return Ok(answer),
        SavedAnswer::Missing { key_hash } => key_hash,
    };
    // 2 Require that the products are for sale. Their prices are read at every opening.
    if let LinkPrice::Items(lines) = &new.price {
        let skus: Vec<_> = lines.iter().map(|line| line.sku.clone()).collect();
        PricedCart::from_catalog(lines, &context.store.products(&skus).await?)?;
    }
    // 3 Write the link and its receipt together.
    let link = new_link(context, new, now);
    let answer = describe(&link).ok_or(StoreError::Malformed { operation: "answer" })?;
    let receipt = Receipt::new(key_hash, request.fingerprint.clone(), now, Some(answer.clone()));
    match context.store.create_link(&link, &receipt, now).await? {
        Begun::Ours => Ok(LinkAnswer { answer, replayed: false }),
        // Another request with the same key was first.
        Begun::AlreadyClaimed => match context.saved_answer(request, None, now).await? {
            SavedAnswer::Found(answer) => Ok(answer),
            SavedAnswer::Missing { .. } => Err(in_progress()),
        },
    }
}

fn new_link(context: &Context, new: NewLink, now: Timestamp) -> ManagedLink {
    ManagedLink {
        // Random, not derived from the key: the key must not reveal the address.
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
