//! Events that are quarantined until lomi has shown their payment to our own key.

use super::Answer;
use crate::Context;
use crate::apply::ApplyOutcome;
use crate::keys::{failure_key, held_key, payment_key, unapplied_key, unattributed_key};
use crate::lookup::{LookupError, LookupResult, order_of, poll_event};
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
    /// The order of a payment that is not paid, or not yet: the one that recorded it, or the one that it names.
    pub(super) async fn order_of_unpaid(&self, transaction: &Transaction) -> Result<Answer, StoreError> {
        if let Some(id) = self.order_on_record(transaction).await? {
            return Ok(Answer::Order(id));
        }
        if let Some(id) = self.store.order_of_event(&failure_key(transaction.transaction_id.as_str())).await? {
            return Ok(Answer::Order(id));
        }
        let Some(id) = order_of(transaction) else { return Ok(Answer::NotYet) };
        Ok(self.order(&id).await?.map_or(Answer::Foreign, |order| Answer::Order(order.id().clone())))
    }

    /// Replays a quarantined event whose payment is this order's, as lomi shows our own key. After a crash it is a
    /// duplicate.
    pub(super) async fn replay_quarantined(
        &self,
        lomi: &Client,
        id: &QuarantineId,
        order_id: OrderId,
        transaction: &Transaction,
        found: &mut LookupResult,
    ) -> Result<Answer, LookupError> {
        // 1 Read the event, and check that it is ours.
        let Some(item) = self.store.quarantined(id).await? else { return Ok(Answer::Foreign) };
        if item.resolved_at.is_some() {
            return Ok(Answer::Order(order_id));
        }
        let ours = self.ours_by_answer(lomi, transaction.organization_id.as_deref()).await?;
        let arrival = Arrival::from_quarantine(&item, self.clock.now());
        let (Some(ours), Some(arrival)) = (ours, arrival) else { return Ok(Answer::NotYet) };
        // 2 Process it as on its arrival.
        let transaction_id = transaction.transaction_id.to_string();
        let payment = ProvenPayment { ours, order_id: order_id.clone(), transaction_id };
        let is_applied = match process(self, arrival.with_payment(&payment)).await? {
            WebhookOutcome::Order(_, outcome) => {
                let is_applied =
                    matches!(outcome, ApplyOutcome::Applied(..) | ApplyOutcome::Duplicate | ApplyOutcome::Ignored);
                found.outcomes.push(outcome);
                is_applied
            }
            WebhookOutcome::Duplicate => true,
            // The event contradicts lomi's answer: it ends as the operator's.
            WebhookOutcome::Ignored | WebhookOutcome::Unproven(_) | WebhookOutcome::Quarantined(_) => {
                return Ok(Answer::NotYet);
            }
        };
        // 3 Mark it as resolved.
        if is_applied {
            self.resolve_quarantined_event(id, Some(&order_id)).await?;
        }
        Ok(Answer::Order(order_id))
    }

    /// Archives an event that no order depends on and whose payment lomi does not show, and marks it as resolved.
    pub(super) async fn dismiss(&self, case: &AttributionCase) -> Result<(), StoreError> {
        let Some(id) = &case.kept else { return Ok(()) };
        let Some(item) = self.store.quarantined(id).await? else { return Ok(()) };
        let summary = format!("nobody knows whose payment {} is about", item.event);
        self.archive(&poll_event(item.natural_key.clone(), &summary, self.clock.now()), None).await?;
        self.resolve_quarantined_event(id, None).await
    }
}

/// The quarantine entries of the events that opened the case.
pub(super) fn quarantine_entries(case: &AttributionCase) -> Vec<(String, &'static str, Source)> {
    let mut entries = vec![(unattributed_key(case), UNATTRIBUTED, Source::Poll)];
    // The replayed event is resolved already.
    if case.kept.is_some() {
        return entries;
    }
    let mut add = |natural_key, reason| entries.push((natural_key, reason, Source::Webhook));
    match (&case.refund_id, &case.transaction_id, &case.checkout_session_id) {
        (Some(refund), _, _) => {
            for name in ["REFUND_CREATED", "REFUND_COMPLETED", "REFUND_FAILED"] {
                add(format!("{name}#{refund}"), UNKNOWN_PAYMENT);
                for reason in [ORGANISATION_UNPROVEN, PAYMENT_UNIDENTIFIED] {
                    add(unapplied_key(name, refund), reason);
                }
            }
        }
        (None, Some(transaction), _) if case.is_failure => {
            for reason in [ORGANISATION_UNPROVEN, PAYMENT_UNIDENTIFIED] {
                add(unapplied_key("PAYMENT_FAILED", transaction), reason);
            }
        }
        (None, Some(transaction), _) => {
            add(payment_key(transaction), UNKNOWN_ORDER);
            add(held_key(transaction), UNKNOWN_ORDER);
            for reason in [ENVIRONMENT_UNPROVEN, ORGANISATION_UNPROVEN, PAYMENT_UNIDENTIFIED, DISCOUNT_UNPROVEN] {
                add(unapplied_key("PAYMENT_SUCCEEDED", transaction), reason);
            }
        }
        (None, None, Some(session)) => {
            add(unapplied_key(EventKind::CheckoutCompleted.as_str(), session), ORGANISATION_UNPROVEN);
        }
        (None, None, None) => {}
    }
    entries
}
