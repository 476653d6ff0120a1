//! Events about a page. They prove no payment, which may be held or be less than the price: lomi is called about the
//! page.

use super::{Arrival, WebhookOutcome, archive, order_of};
use crate::Context;
use domain::AttributionCase;
use lomi_client::webhook::{EventKind, WebhookEvent};
use store::StoreError;

/// Makes the order or a case due at the reconciler's next run, and archives the event.
pub(super) async fn schedule_lookup(
    context: &Context,
    event: &WebhookEvent,
    arrival: &Arrival<'_>,
) -> Result<WebhookOutcome, StoreError> {
    let (order_id, now) = (order_of(context, event).await?, context.clock.now());
    match (&event.kind, &event.data.checkout_session_id) {
        // The case also covers an order that is over.
        (EventKind::CheckoutCompleted, Some(session)) => {
            context.store.open_or_reopen_case(&AttributionCase::about_page(session.clone(), now).idle(), now).await?;
        }
        _ => {
            if let Some(id) = &order_id {
                context.change_order(id, |order| order.due_now(now)).await?;
            }
        }
    }
    archive(context, event, arrival, order_id.as_ref()).await
}
