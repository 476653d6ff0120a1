//! Events about a page. What they say proves no payment, whose may be held, or be less than the price: lomi. is asked.

use super::{Arrival, WebhookOutcome, keep, order_told_of};
use crate::Context;
use domain::AttributionCase;
use lomi_client::webhook::{EventKind, WebhookEvent};
use store::StoreError;

/// Has the reconciler ask lomi. at its next run, and keeps the event.
pub(super) async fn follow(
    context: &Context,
    event: &WebhookEvent,
    arrival: &Arrival<'_>,
) -> Result<WebhookOutcome, StoreError> {
    let (order_id, now) = (order_told_of(context, event).await?, context.clock.now());
    match (&event.kind, &event.data.checkout_session_id) {
        // An order that is over is asked about, too.
        (EventKind::CheckoutCompleted, Some(session)) => {
            context.store.open_or_reopen_case(&AttributionCase::about_page(session.clone(), now).idle(), now).await?;
        }
        _ => {
            if let Some(id) = &order_id {
                context.change_order(id, |order| order.due_now(now)).await?;
            }
        }
    }
    keep(context, event, arrival, order_id.as_ref()).await
}
