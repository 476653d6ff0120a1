//! Creates a link at lomi, which takes no idempotency key: called once per key of ours.

use super::{IdempotentRequest, LinkAnswer, LinkError, SavedAnswer, in_progress};
use crate::Context;
use domain::Timestamp;
use lomi_client::{Client, CreatePaymentLink, Outcome, PaymentLink};
use std::time::Duration;
use store::{Answer, Begun, Receipt, StoreError};
use tokio::time::Instant;

/// Reserved before the caller's deadline to store the answer.
const WRITE_MARGIN: Duration = Duration::from_secs(2);

/// Creates the link, or returns the saved answer. `describe` makes the answer from the link.
///
/// # Errors
/// [`LinkError`]. After `OutcomeUnknown` the same key never creates a link: search lomi's list for it.
pub async fn create_native(
    context: &Context,
    request: &IdempotentRequest,
    link: &CreatePaymentLink,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
    describe: impl FnOnce(&PaymentLink) -> Option<Answer>,
) -> Result<LinkAnswer, LinkError> {
    let now = context.clock.now();
    let end = link.expires_at.as_deref().and_then(Timestamp::parse_rfc3339);
    // 1 Return a saved answer.
    let key_hash = match context.saved_answer(request, end, now).await? {
        SavedAnswer::Found(answer) => return Ok(answer),
        SavedAnswer::Missing { key_hash } => key_hash,
    };
    // 2 Write a receipt before lomi is called.
    let lomi = lomi().await.ok_or(LinkError::NoKey)?;
    // Its payments name no order and may have no webhook, so polling starts now. Before the receipt: after a crash in
    // between, the key can still be used.
    context.store.poll_native_links(now).await?;
    let receipt = Receipt::new(key_hash, request.fingerprint.clone(), now, None);
    if context.store.begin_receipt(&receipt, now).await? == Begun::AlreadyClaimed {
        return Err(in_progress());
    }
    // 3 Call lomi, once.
    let call_deadline = deadline.checked_sub(WRITE_MARGIN).unwrap_or(deadline);
    let created = match lomi.payment_links().create(link).deadline(call_deadline).send().await {
        Ok(created) => created,
        Err(error) if error.outcome() == Outcome::Unknown => return Err(LinkError::OutcomeUnknown(Some(error))),
        Err(error) => {
            // The error is the answer in any case. If the receipt stays, a retry is answered with `OutcomeUnknown`.
            let _ = context.store.forget_receipt(&receipt).await;
            return Err(error.into());
        }
    };
    // 4 Store the answer, and the labels that lomi may drop. The link exists whether or not that succeeds.
    let answer = describe(&created).ok_or(StoreError::Malformed { operation: "answer" })?;
    if link.metadata.is_empty() {
        let _ = context.store.finish_receipt(&receipt, &answer).await;
    } else {
        // An answer with labels that are stored nowhere would be wrong.
        let labels = (created.payment_link_id.as_str(), &link.metadata);
        let stored = context.store.finish_native_link(&receipt, &answer, labels).await;
        // The link exists, and a retry under another key would create a second one.
        stored.map_err(|_| LinkError::OutcomeUnknown(None))?;
    }
    Ok(LinkAnswer { answer, replayed: false })
}
