//! Events about refunds.

use super::reading::{environment_of, order_named_by};
use super::{WebhookOutcome, apply_to_order, quarantine, quarantine_unreadable_order};
use crate::Context;
use crate::keys::payment_key;
use crate::lookup::refund_report::{RefundReport, positive, status_of};
use crate::organisation::Ours;
use crate::reason::{ENVIRONMENT_UNPROVEN, UNKNOWN_PAYMENT};
use domain::{AttributionCase, Environment, Order, OrderEvent, RefundStatus};
use lomi_client::webhook::{EventKind, WebhookEvent};
use store::{ProviderEvent, StoreError};

/// A refund, and its environment.
#[derive(Debug)]
pub struct RefundEvent {
    report: RefundReport,
    environment: Environment,
}

/// `None` for an event of another kind. The error is the reason why the event is unusable.
pub(super) fn read(event: &WebhookEvent, own: Environment) -> Option<Result<RefundEvent, &'static str>> {
    let status = match event.kind {
        EventKind::RefundCreated => RefundStatus::Pending,
        EventKind::RefundCompleted => RefundStatus::Completed,
        EventKind::RefundFailed => RefundStatus::Failed,
        _ => return None,
    };
    Some(read_as(status, event, own))
}

fn read_as(named_status: RefundStatus, event: &WebhookEvent, own: Environment) -> Result<RefundEvent, &'static str> {
    let data = &event.data;
    let refund_id = data.refund_id.clone().ok_or("no_refund")?;
    let transaction_id = data.transaction_id.clone().ok_or("no_transaction")?;
    let environment = environment_of(event, own).ok_or(ENVIRONMENT_UNPROVEN)?;
    // An event that waited may show a later status than its name does: the later one counts.
    let status = data.status.as_deref().map_or(named_status, |text| status_of(text).max(named_status));
    let (amount, currency) = (data.amount.and_then(positive), data.currency_code);
    let organization_id = data.organization_id.clone();
    let report = RefundReport { refund_id, transaction_id, organization_id, status, amount, currency };
    Ok(RefundEvent { report, environment })
}

impl RefundEvent {
    /// A refund may arrive before its payment, so a case is opened for it.
    async fn quarantine_unknown_payment(
        &self,
        context: &Context,
        provider_event: &ProviderEvent,
    ) -> Result<WebhookOutcome, StoreError> {
        let outcome = quarantine(context, provider_event, UNKNOWN_PAYMENT, None).await?;
        let (refund, transaction) = (self.report.refund_id.clone(), self.report.transaction_id.clone());
        let now = context.clock.now();
        context.store.open_or_reopen_case(&AttributionCase::about_refund(refund, transaction, now), now).await?;
        Ok(outcome)
    }

    /// The natural key, the same however often and in however many envelopes the update arrives.
    #[must_use]
    pub fn natural_key(&self) -> String {
        self.report.natural_key()
    }

    /// The order event for `order`, whose payment was refunded. `None` when the amount is not an amount of a known
    /// currency.
    #[must_use]
    pub fn order_event(&self, order: &Order) -> Option<OrderEvent> {
        self.report.for_order(order, self.environment).map(OrderEvent::Refund)
    }

    pub(super) async fn apply(
        &self,
        context: &Context,
        event: &WebhookEvent,
        provider_event: ProviderEvent,
        ours: Ours,
    ) -> Result<WebhookOutcome, StoreError> {
        // 4 Find the order: by our id in the metadata, else by the payment.
        let id = match order_named_by(event) {
            Some(id) => id,
            None => match context.store.order_of_event(&payment_key(&self.report.transaction_id)).await? {
                Some(id) => id,
                None => return self.quarantine_unknown_payment(context, &provider_event).await,
            },
        };
        // 5 Apply in one transaction.
        let order_event = match context.order(&id).await {
            Ok(Some(order)) => self.order_event(&order),
            Ok(None) => return quarantine(context, &provider_event, "unknown_order", None).await,
            Err(StoreError::Malformed { .. }) => {
                return quarantine_unreadable_order(context, &provider_event, &id).await;
            }
            Err(error) => return Err(error),
        };
        match order_event {
            Some(order_event) => apply_to_order(context, id, &order_event, provider_event, ours).await,
            None => quarantine(context, &provider_event, "amount_unreadable", Some(id)).await,
        }
    }
}
