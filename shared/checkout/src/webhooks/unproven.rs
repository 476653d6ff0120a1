//! Events that prove too little: the row names another organisation or none, or ours is not known yet; or the event
//! names its payment by a public id without the UUID that identifies a payment here. lomi answers both to our own key;
//! what it denies to our key is another organisation's.

use super::{Arrival, Reading, WebhookOutcome, order_of};
use crate::Context;
use crate::keys::unapplied_key;
use domain::{AttributionCase, Timestamp};
use lomi_client::webhook::{EventKind, WebhookEvent};
use store::StoreError;

/// The case that our own key must resolve for an event that an order depends on. `None` for any other event, and for
/// one that does not name its object.
pub(super) fn case(event: &WebhookEvent, now: Timestamp) -> Option<AttributionCase> {
    let (transaction, session) = (transaction_named(event), event.data.checkout_session_id.clone());
    let case = match event.kind {
        EventKind::PaymentSucceeded => AttributionCase::new(transaction?, session, now),
        EventKind::PaymentFailed => AttributionCase::about_failure(transaction?, now),
        EventKind::RefundCreated | EventKind::RefundCompleted | EventKind::RefundFailed => {
            AttributionCase::about_refund(event.data.refund_id.clone()?, transaction?, now)
        }
        _ => return None,
    };
    Some(case.unproven())
}

/// The payment, by its UUID or else its public id.
fn transaction_named(event: &WebhookEvent) -> Option<String> {
    event.data.transaction_id.clone().or_else(|| event.data.public_id.clone())
}

/// Whether the event names its payment by the public id alone. Under that id it would be applied again beside an event
/// with the UUID.
pub(super) fn lacks_transaction_id(event: &WebhookEvent) -> bool {
    event.data.transaction_id.is_none() && event.data.public_id.is_some()
}

/// Whether the payment's amount is 0: a coupon may have made it free.
pub(super) fn is_free(event: &WebhookEvent) -> bool {
    event.kind == EventKind::PaymentSucceeded && event.data.amount.is_some_and(|amount| !amount.is_positive())
}

/// Quarantines the event, makes the order that it names due, and opens a case. That raises no alarm: if lomi denies the
/// payment to our key, the case ends with one.
pub(super) async fn quarantine(
    context: &Context,
    event: &WebhookEvent,
    arrival: &Arrival<'_>,
    (reading, reason): (&Reading, &'static str),
    case: &AttributionCase,
) -> Result<WebhookOutcome, StoreError> {
    // 1 An event that lomi's answer to our own key has applied already needs no proof.
    if let Some(natural_key) = reading.natural_key()
        && context.store.order_of_event(&natural_key).await?.is_some()
    {
        return Ok(WebhookOutcome::Duplicate);
    }
    // 2 Quarantine it, and make its order due.
    let object = [&case.refund_id, &case.transaction_id, &case.checkout_session_id];
    let object = object.into_iter().flatten().next().map_or("", String::as_str);
    let provider_event = arrival.provider_event(unapplied_key(event.kind.as_str(), object), event.kind.as_str());
    let order = order_of(context, event).await?;
    super::quarantine(context, &provider_event, reason, order).await?;
    // 3 Open the case.
    context.store.open_or_reopen_case(case, context.clock.now()).await?;
    Ok(WebhookOutcome::Unproven(reason))
}
