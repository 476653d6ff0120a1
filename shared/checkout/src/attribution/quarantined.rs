//! Events that were put aside until lomi. has told our own key of their payment.

use super::Answer;
use crate::Context;
use crate::apply::ApplyOutcome;
use crate::keys::{failure_key, held_key, payment_key, unapplied_key, unattributed_key};
use crate::lookup::{LookupError, LookupResult, order_of, poll};
use crate::reason::{
    DISCOUNT_UNPROVEN, ENVIRONMENT_UNPROVEN, ORGANISATION_UNPROVEN, PAYMENT_UNIDENTIFIED, UNATTRIBUTED, UNKNOWN_ORDER,
    UNKNOWN_PAYMENT,
};
use crate::webhooks::{Arrival, ProvenPayment, WebhookOutcome, process};
use domain::{AttributionCase, OrderId, QuarantineId, Source};
use lomi_client::webhook::EventKind;
use lomi_client::{Client, Transaction};
use store::StoreError;

impl Context {
    /// The order of a payment that nobody has made, or not yet: on record here, or named by it.
    pub(super) async fn order_of_unpaid(&self, transaction: &Transaction) -> Result<Answer, StoreError> {
        if let Some(id) = self.order_that_counted(transaction).await? {
            return Ok(Answer::Order(id));
        }
        if let Some(id) = self.store.order_of_event(&failure_key(transaction.transaction_id.as_str())).await? {
            return Ok(Answer::Order(id));
        }
        let Some(id) = order_of(transaction) else { return Ok(Answer::NotYet) };
        Ok(self.order(&id).await?.map_or(Answer::Foreign, |order| Answer::Order(order.id().clone())))
    }

    /// Takes an event up again whose payment is this order's, as lomi. tells our own key. Repeated after a crash it finds
    /// itself recorded.
    pub(super) async fn take_up(
        &self,
        lomi: &Client,
        kept: &QuarantineId,
        order_id: OrderId,
        transaction: &Transaction,
        found: &mut LookupResult,
    ) -> Result<Answer, LookupError> {
        // 1 Is it still there, and ours?
        let Some(item) = self.store.quarantined(kept).await? else { return Ok(Answer::Foreign) };
        if item.resolved_at.is_some() {
            return Ok(Answer::Order(order_id));
        }
        let ours = self.ours_by_answer(lomi, transaction.organization_id.as_deref()).await?;
        let arrival = Arrival::kept(&item, self.clock.now());
        let (Some(ours), Some(arrival)) = (ours, arrival) else { return Ok(Answer::NotYet) };
        // 2 The same protocol as on its arrival.
        let transaction_id = transaction.transaction_id.to_string();
        let proved = ProvenPayment { ours, order_id: order_id.clone(), transaction_id };
        let is_used = match process(self, arrival.proved(&proved)).await? {
            WebhookOutcome::Order(_, applied) => {
                let is_used =
                    matches!(applied, ApplyOutcome::Applied(..) | ApplyOutcome::Duplicate | ApplyOutcome::Ignored);
                found.outcomes.push(applied);
                is_used
            }
            WebhookOutcome::Duplicate => true,
            // It contradicts what our own key was told: for a person, in the end.
            WebhookOutcome::Ignored | WebhookOutcome::Unproven(_) | WebhookOutcome::Quarantined(_) => {
                return Ok(Answer::NotYet);
            }
        };
        // 3 What was used waits for nobody any more.
        if is_used {
            self.resolve(kept, Some(&order_id)).await?;
        }
        Ok(Answer::Order(order_id))
    }

    /// Nothing hangs on the event, and nobody knows whose payment it is about: it is kept, and waits for nobody.
    pub(super) async fn let_be(&self, case: &AttributionCase) -> Result<(), StoreError> {
        let Some(kept) = &case.kept else { return Ok(()) };
        let Some(item) = self.store.quarantined(kept).await? else { return Ok(()) };
        let said = format!("nobody knows whose payment {} is about", item.event);
        self.keep(&poll(item.natural_key.clone(), &said, self.clock.now()), None).await?;
        self.resolve(kept, None).await
    }
}

/// Where what raised the case was put aside, why, and by whom.
pub(super) fn quarantined_under(case: &AttributionCase) -> Vec<(String, &'static str, Source)> {
    let mut kept = vec![(unattributed_key(case), UNATTRIBUTED, Source::Poll)];
    // What was taken up again is no longer there.
    if case.kept.is_some() {
        return kept;
    }
    let mut put_aside = |natural_key, reason| kept.push((natural_key, reason, Source::Webhook));
    match (&case.refund_id, &case.transaction_id, &case.checkout_session_id) {
        (Some(refund), _, _) => {
            for name in ["REFUND_CREATED", "REFUND_COMPLETED", "REFUND_FAILED"] {
                put_aside(format!("{name}#{refund}"), UNKNOWN_PAYMENT);
                for reason in [ORGANISATION_UNPROVEN, PAYMENT_UNIDENTIFIED] {
                    put_aside(unapplied_key(name, refund), reason);
                }
            }
        }
        (None, Some(transaction), _) if case.is_failure => {
            for reason in [ORGANISATION_UNPROVEN, PAYMENT_UNIDENTIFIED] {
                put_aside(unapplied_key("PAYMENT_FAILED", transaction), reason);
            }
        }
        (None, Some(transaction), _) => {
            put_aside(payment_key(transaction), UNKNOWN_ORDER);
            put_aside(held_key(transaction), UNKNOWN_ORDER);
            for reason in [ENVIRONMENT_UNPROVEN, ORGANISATION_UNPROVEN, PAYMENT_UNIDENTIFIED, DISCOUNT_UNPROVEN] {
                put_aside(unapplied_key("PAYMENT_SUCCEEDED", transaction), reason);
            }
        }
        (None, None, Some(session)) => {
            put_aside(unapplied_key(EventKind::CheckoutCompleted.as_str(), session), ORGANISATION_UNPROVEN);
        }
        (None, None, None) => {}
    }
    kept
}
