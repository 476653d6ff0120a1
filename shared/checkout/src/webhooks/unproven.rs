//! Events that do not say enough: the row in them names another organisation or none, or nobody has learned ours yet; or it
//! names its payment by a public id, and the UUID that a payment is known by here is not in it. Our own key is told both;
//! what it is denied is somebody else's.

use super::{Arrival, Reading, WebhookOutcome, order_told_of, quarantine};
use crate::Context;
use crate::keys::unapplied_key;
use domain::{AttributionCase, Timestamp};
use lomi_client::webhook::{EventKind, WebhookEvent};
use store::StoreError;

/// What our own key is to be asked about an event that an order depends on. `None` for any other event, and for one that
/// does not name what it is about.
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

/// The payment that the event is about, by whichever id it has of it.
fn transaction_named(event: &WebhookEvent) -> Option<String> {
    event.data.transaction_id.clone().or_else(|| event.data.public_id.clone())
}

/// Whether the event leaves open which payment it is about: the same one may be told of by its UUID, and would count twice.
pub(super) fn is_payment_open(event: &WebhookEvent) -> bool {
    event.data.transaction_id.is_none() && event.data.public_id.is_some()
}

/// Whether the event tells of a payment of nothing: a coupon may have made it free.
pub(super) fn is_free(event: &WebhookEvent) -> bool {
    event.kind == EventKind::PaymentSucceeded && event.data.amount.is_some_and(|amount| !amount.is_positive())
}

/// Keeps the event, whatever else it says, has the reconciler look at the order that it names and ask lomi. about it. Nobody is
/// woken: if lomi. denies it to our key, the case ends with that.
pub(super) async fn keep(
    context: &Context,
    event: &WebhookEvent,
    arrival: &Arrival<'_>,
    (reading, reason): (&Reading, &'static str),
    case: &AttributionCase,
) -> Result<WebhookOutcome, StoreError> {
    // 1 What our own key was told already needs no other proof.
    if let Some(natural_key) = reading.natural_key()
        && context.store.order_of_event(&natural_key).await?.is_some()
    {
        return Ok(WebhookOutcome::Duplicate);
    }
    // 2 Keep it, and have the order looked at.
    let object = [&case.refund_id, &case.transaction_id, &case.checkout_session_id];
    let object = object.into_iter().flatten().next().map_or("", String::as_str);
    let provider_event = arrival.provider_event(unapplied_key(event.kind.as_str(), object), event.kind.as_str());
    let order = order_told_of(context, event).await?;
    quarantine(context, &provider_event, reason, order).await?;
    // 3 Ask.
    context.store.open_or_reopen_case(case, context.clock.now()).await?;
    Ok(WebhookOutcome::Unproven(reason))
}
