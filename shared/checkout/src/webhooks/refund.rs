//! Events about refunds.

use super::{WebhookOutcome, environment_of, judge, order_named_by, quarantine, quarantine_unreadable_order};
use crate::Context;
use crate::keys::payment_key;
use crate::organisation::Ours;
use crate::reason::{ENVIRONMENT_UNPROVEN, UNKNOWN_PAYMENT};

use crate::lookup::refund_report::{RefundReport, positive, status_of};
use domain::{AttributionCase, Environment, Order, OrderEvent, RefundStatus};
use lomi_client::webhook::{EventKind, WebhookEvent};
use store::{ProviderEvent, StoreError};

/// What an event says of a refund, and where.
#[derive(Debug)]
pub struct RefundEvent {
    words: RefundReport,
    environment: Environment,
}

/// `None` for an event of another kind; else the news, or in one word why it is of no use.
pub(super) fn read(event: &WebhookEvent, own: Environment) -> Option<Result<RefundEvent, &'static str>> {
    let status = match event.kind {
        EventKind::RefundCreated => RefundStatus::Pending,
        EventKind::RefundCompleted => RefundStatus::Completed,
        EventKind::RefundFailed => RefundStatus::Failed,
        _ => return None,
    };
    Some(read_as(status, event, own))
}

fn read_as(named: RefundStatus, event: &WebhookEvent, own: Environment) -> Result<RefundEvent, &'static str> {
    let data = &event.data;
    let refund_id = data.refund_id.clone().ok_or("no_refund")?;
    let transaction_id = data.transaction_id.clone().ok_or("no_transaction")?;
    let environment = environment_of(event, own).ok_or(ENVIRONMENT_UNPROVEN)?;
    // An event that waited may show a later state of its object than its name does: the later one is true.
    let status = data.status.as_deref().map_or(named, |word| status_of(word).max(named));
    let (amount, currency) = (data.amount.and_then(positive), data.currency_code);
    let organization_id = data.organization_id.clone();
    let words = RefundReport { refund_id, transaction_id, organization_id, status, amount, currency };
    Ok(RefundEvent { words, environment })
}

impl RefundEvent {
    /// Keeps the event, and has lomi. asked whose payment it gives back: the refund may be heard of before its payment.
    async fn open_case_for(
        &self,
        context: &Context,
        provider_event: &ProviderEvent,
    ) -> Result<WebhookOutcome, StoreError> {
        let kept = quarantine(context, provider_event, UNKNOWN_PAYMENT, None).await?;
        let (refund, transaction) = (self.words.refund_id.clone(), self.words.transaction_id.clone());
        let now = context.clock.now();
        context.store.open_or_reopen_case(&AttributionCase::about_refund(refund, transaction, now), now).await?;
        Ok(kept)
    }

    /// The same however often and in however many envelopes the news comes.
    #[must_use]
    pub fn natural_key(&self) -> String {
        self.words.natural_key()
    }

    /// The event that they are about `order`, whose payment it is. `None` when the amount is none of a currency we know.
    #[must_use]
    pub fn order_event(&self, order: &Order) -> Option<OrderEvent> {
        // The amount is in the currency of the payment.
        self.words.about(order, self.environment).map(OrderEvent::Refund)
    }

    pub(super) async fn apply(
        &self,
        context: &Context,
        event: &WebhookEvent,
        provider_event: ProviderEvent,
        ours: Ours,
    ) -> Result<WebhookOutcome, StoreError> {
        // 4 Find the order: our own id in the metadata first, the payment that is given back second.
        let id = match order_named_by(event) {
            Some(id) => id,
            None => match context.store.order_of_event(&payment_key(&self.words.transaction_id)).await? {
                Some(id) => id,
                None => return self.open_case_for(context, &provider_event).await,
            },
        };
        // 5 Judge and write in one transaction.
        let order_event = match context.order(&id).await {
            Ok(Some(order)) => self.order_event(&order),
            Ok(None) => return quarantine(context, &provider_event, "unknown_order", None).await,
            Err(StoreError::Malformed { .. }) => {
                return quarantine_unreadable_order(context, &provider_event, &id).await;
            }
            Err(error) => return Err(error),
        };
        match order_event {
            Some(order_event) => judge(context, id, &order_event, provider_event, ours).await,
            None => quarantine(context, &provider_event, "amount_unreadable", Some(id)).await,
        }
    }
}
