//! Ends card forms.

use crate::Context;
use crate::lookup::LookupError;
use crate::run::{Run, RunError};
use domain::{Order, Source};
use lomi_client::{CardChargeStatus, PaymentIntentId};
use store::StoreError;

impl Run<'_> {
    /// Ends the order's own intent, unless the order `is_paid` by now, and its orphaned ones. An intent that does not
    /// end keeps its order due.
    pub(super) async fn close_intents(&mut self, order: &Order, is_paid: bool) -> Result<(), RunError> {
        let (context, lomi) = (self.context, self.lomi);
        let own = order.intent_to_close(context.clock.now()).filter(|_| !is_paid);
        for name in own.into_iter().chain(order.orphaned_intents()) {
            let Ok(intent) = PaymentIntentId::parse(name) else { continue };
            if !self.has_calls() {
                self.record(&RunError::NoCallsLeft);
                break;
            }
            let is_over = match context.close_intent(lomi, order, &intent, self.deadline).await {
                Ok(closed) => {
                    self.finish(Ok(closed.found))?;
                    closed.is_released || closed.status == CardChargeStatus::Canceled
                }
                Err(error) => {
                    self.charge(error.calls());
                    let is_unknown = matches!(&error, LookupError::Lomi(error) if error.status() == Some(404) && !error.is_unknown_route());
                    if !is_unknown {
                        return Err(error.into());
                    }
                    // lomi takes no money on an intent that it does not know.
                    true
                }
            };
            if is_over {
                record_closed(context, order, name).await?;
            }
        }
        Ok(())
    }
}

async fn record_closed(context: &Context, order: &Order, intent: &str) -> Result<(), StoreError> {
    if order.payment_intent_id() == Some(intent) {
        return context.record_intent_closed(order.id(), Source::Reconciler).await;
    }
    context.change_order(order.id(), |order| order.without_orphan(intent, context.clock.now())).await.map(drop)
}
