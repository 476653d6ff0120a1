//! The part of a look at an order that ends card forms.

use super::{Report, RunError, counted, has_calls_left, tell};
use crate::Context;
use crate::lookup::LookupError;
use domain::{Order, Source};
use lomi_client::{CardChargeStatus, Client, PaymentIntentId};
use store::StoreError;
use tokio::time::Instant;

/// Ends the order's own intent, unless the order `is_paid` by now, and those that nobody holds. One that does not end
/// now keeps its order due.
pub(super) async fn close(
    context: &Context,
    lomi: &Client,
    order: &Order,
    is_paid: bool,
    deadline: Instant,
    report: &mut Report,
) -> Result<(), RunError> {
    let own = order.intent_to_close(context.clock.now()).filter(|_| !is_paid);
    for name in own.into_iter().chain(order.orphaned_intents()) {
        let Ok(intent) = PaymentIntentId::parse(name) else { continue };
        if !has_calls_left(report) {
            break;
        }
        let closed = context.close_intent(lomi, order, &intent, deadline).await;
        let is_over = match counted(closed, |closed| closed.found.calls, report) {
            Ok(closed) => {
                tell(&closed.found.settled, report);
                closed.is_let_go || closed.status == CardChargeStatus::Canceled
            }
            // What lomi. does not know takes no money.
            Err(LookupError::Lomi(error)) if error.status() == Some(404) && !error.is_unknown_route() => true,
            Err(error) => return Err(RunError::after(&error)),
        };
        if is_over {
            note(context, order, name).await?;
        }
    }
    Ok(())
}

async fn note(context: &Context, order: &Order, intent: &str) -> Result<(), StoreError> {
    if order.payment_intent_id() == Some(intent) {
        return context.note_closed(order.id(), Source::Reconciler).await;
    }
    context.change_order(order.id(), |order| order.without_orphan(intent, context.clock.now())).await.map(drop)
}
