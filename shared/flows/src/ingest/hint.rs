//! Events about a page. What they say proves no payment, whose may be held, or be less than the price: lomi. is asked.

use super::{Arrival, Ingested, keep, order_told_of};
use crate::World;
use domain::Question;
use lomi_client::webhook::{EventKind, WebhookEvent};
use store::StoreError;

/// Has the reconciler ask lomi. at its next run, and keeps the event.
pub(super) async fn follow(world: &World, event: &WebhookEvent, arrival: &Arrival<'_>) -> Result<Ingested, StoreError> {
    let (order_id, now) = (order_told_of(world, event).await?, world.clock.now());
    match (&event.kind, &event.data.checkout_session_id) {
        // An order that is over is asked about, too.
        (EventKind::CheckoutCompleted, Some(session)) => {
            world.store.ask_again(&Question::about_page(session.clone(), now).idle(), now).await?;
        }
        _ => {
            if let Some(id) = &order_id {
                world.change_order(id, |order| order.due_now(now)).await?;
            }
        }
    }
    keep(world, event, arrival, order_id.as_ref()).await
}
