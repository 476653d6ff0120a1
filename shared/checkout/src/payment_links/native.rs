//! Making a link of lomi.'s own, which takes no idempotency key: asked for once per key of ours.

use super::{Keyed, LinkError, Made, Recalled, in_progress};
use crate::Context;
use domain::Timestamp;
use lomi_client::{Client, CreatePaymentLink, Outcome, PaymentLink};
use std::time::Duration;
use store::{Answer, Begun, Receipt, StoreError};
use tokio::time::Instant;

/// Kept back from the caller's deadline to keep the answer.
const WRITE_MARGIN: Duration = Duration::from_secs(2);

/// Makes the link, or gives the answer that was given before. `describe` turns the link into the answer.
///
/// # Errors
/// [`LinkError`]. After `OutcomeUnknown` the same key never makes a link any more: look for it in lomi.'s list.
pub async fn create_native(
    context: &Context,
    keyed: &Keyed,
    link: &CreatePaymentLink,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
    describe: impl FnOnce(&PaymentLink) -> Option<Answer>,
) -> Result<Made, LinkError> {
    let now = context.clock.now();
    let end = link.expires_at.as_deref().and_then(Timestamp::parse_rfc3339);
    // 1 Was it made before?
    let key_hash = match context.recall(keyed, end, now).await? {
        Recalled::Made(made) => return Ok(made),
        Recalled::Nothing { key_hash } => key_hash,
    };
    // 2 Note that it is being made, before lomi. is asked.
    let lomi = lomi().await.ok_or(LinkError::NoKey)?;
    // There will be payments that name no order, and of which nobody may tell. Before the receipt: with that written and
    // nothing asked, the key would be lost.
    context.store.poll_native_links(now).await?;
    let receipt = Receipt::new(key_hash, keyed.fingerprint.clone(), now, None);
    if context.store.begin_receipt(&receipt, now).await? == Begun::AlreadyClaimed {
        return Err(in_progress());
    }
    // 3 Ask, once.
    let call_deadline = deadline.checked_sub(WRITE_MARGIN).unwrap_or(deadline);
    let made = match lomi.payment_links().create(link).deadline(call_deadline).send().await {
        Ok(made) => made,
        Err(error) if error.outcome() == Outcome::Unknown => return Err(LinkError::OutcomeUnknown(Some(error))),
        Err(error) => {
            // The error is the answer either way; a receipt that stays makes a repetition careful, not wrong.
            let _ = context.store.forget_receipt(&receipt).await;
            return Err(error.into());
        }
    };
    // 4 Keep the answer, and with it what lomi. may forget. The link exists whether or not that succeeds.
    let answer = describe(&made).ok_or(StoreError::Malformed { operation: "answer" })?;
    if link.metadata.is_empty() {
        let _ = context.store.finish_receipt(&receipt, &answer).await;
    } else {
        // An answer that shows labels which nobody keeps would be wrong.
        let labels = (made.payment_link_id.as_str(), &link.metadata);
        let kept = context.store.finish_native_link(&receipt, &answer, labels).await;
        // It is there, and a request that comes again would make another.
        kept.map_err(|_| LinkError::OutcomeUnknown(None))?;
    }
    Ok(Made { answer, replayed: false })
}
