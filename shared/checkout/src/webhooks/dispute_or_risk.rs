//! Events about disputes, and about payments that lomi thinks risky.
//!
//! No document of lomi shows the shape of a dispute, and a risk event names neither an order nor an organisation. So
//! the payment leads to the order: as it is on record here, or as lomi shows it to our own key. Until then the event is
//! quarantined.

use super::{
    Arrival, WebhookOutcome, apply_to_order, digest_of_data, quarantine, quarantine_unreadable_order,
    reading::{environment_of, order_named_by},
};
use crate::keys::{failure_key, held_key, payment_key, unapplied_key};
use crate::lookup::refund_report::positive;
use crate::organisation::Ours;
use crate::reason::{ORGANISATION_UNPROVEN, PAYMENT_UNIDENTIFIED, UNKNOWN_PAYMENT};
use crate::{Context, units};
use domain::{
    AttributionCase, DisputeStage, DisputeUpdate, Environment, Money, Order, OrderEvent, OrderId, QuarantineId,
    RiskUpdate, ShortText, Source, Timestamp,
};
use lomi_client::webhook::{EventData, EventKind, WebhookEvent};
use lomi_client::{Amount, CurrencyCode};
use store::{Quarantined, StoreError};

/// lomi's ids are UUIDs, or a prefix and letters.
const MAX_ID_CHARS: usize = 64;

/// A dispute or a risk, and the payment that it is about.
#[derive(Debug)]
pub struct DisputeOrRisk {
    kind: Kind,
    /// The payment's UUID, if the event names it.
    transaction_id: Option<String>,
    /// The payment's id in the event: its UUID, else its public id.
    payment: String,
    /// The event's environment, if it names one; else the payment's counts.
    environment: Option<Environment>,
    /// Whether the event proves its environment without its payment.
    is_environment_proved: bool,
}

#[derive(Debug)]
enum Kind {
    Dispute(DisputeData),
    Risk { is_blocked: bool },
}

/// One update of a dispute.
#[derive(Debug)]
struct DisputeData {
    dispute_id: Option<String>,
    stage: DisputeStage,
    status: Option<ShortText>,
    reason: Option<ShortText>,
    amount: Option<Amount>,
    currency: Option<CurrencyCode>,
    changed_at: Option<Timestamp>,
}

/// A payment that is proved to be ours.
#[derive(Clone, Debug)]
pub(crate) struct ProvenPayment {
    pub(crate) ours: Ours,
    pub(crate) order_id: OrderId,
    /// The payment's UUID.
    pub(crate) transaction_id: String,
}

/// `None` for an event of another kind. The error is the reason why the event is unusable.
pub(super) fn read(event: &WebhookEvent, own: Environment) -> Option<Result<DisputeOrRisk, &'static str>> {
    let data = &event.data;
    let kind = match event.kind {
        EventKind::DisputeCreated => Kind::Dispute(DisputeData::of(DisputeStage::Opened, data)),
        EventKind::DisputeUpdated => Kind::Dispute(DisputeData::of(DisputeStage::Updated, data)),
        EventKind::DisputeClosed => Kind::Dispute(DisputeData::of(DisputeStage::Closed, data)),
        EventKind::PaymentRiskFlagged => Kind::Risk { is_blocked: false },
        EventKind::PaymentRiskBlocked => Kind::Risk { is_blocked: true },
        _ => return None,
    };
    let Some(payment) = data.transaction_id.as_ref().or(data.public_id.as_ref()) else {
        return Some(Err("no_transaction"));
    };
    Some(Ok(DisputeOrRisk {
        kind,
        transaction_id: data.transaction_id.clone(),
        payment: payment.clone(),
        environment: event.environment().map(units::environment_from_lomi),
        is_environment_proved: environment_of(event, own).is_some(),
    }))
}

impl DisputeData {
    fn of(stage: DisputeStage, data: &EventData) -> Self {
        Self {
            dispute_id: data.dispute_id.clone().filter(|id| is_id(id)),
            stage,
            status: data.status.as_deref().and_then(ShortText::of),
            reason: data.reason.as_deref().and_then(ShortText::of),
            amount: data.amount.and_then(positive),
            currency: data.currency_code,
            changed_at: data.updated_at.as_deref().and_then(Timestamp::parse_rfc3339),
        }
    }

    /// In the order's currency when the event names none.
    fn money(&self, order: &Order) -> Option<Money> {
        match (&self.currency, order.expected()) {
            (Some(currency), _) => units::from_lomi(self.amount, Some(currency)),
            (None, expected) => units::from_lomi_in(self.amount?, expected?.currency()),
        }
    }
}

/// Any other character could be a separator of a natural key.
fn is_id(text: &str) -> bool {
    text.len() <= MAX_ID_CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

impl DisputeOrRisk {
    /// The order event for this payment of `order`.
    #[must_use]
    pub fn order_event(&self, order: &Order, transaction_id: &str) -> OrderEvent {
        let transaction_id = order.payment_called(transaction_id).unwrap_or(transaction_id).to_owned();
        let environment = self.environment.unwrap_or(order.environment());
        match &self.kind {
            Kind::Risk { is_blocked } => {
                OrderEvent::PaymentRisk(RiskUpdate { transaction_id, environment, is_blocked: *is_blocked })
            }
            Kind::Dispute(dispute) => OrderEvent::Dispute(DisputeUpdate {
                dispute_id: dispute.dispute_id.clone(),
                transaction_id,
                environment,
                stage: dispute.stage,
                status: dispute.status.clone(),
                reason: dispute.reason.clone(),
                money: dispute.money(order),
                changed_at: dispute.changed_at,
            }),
        }
    }

    /// The payment's id in the event: its UUID, else its public id.
    #[must_use]
    pub fn payment(&self) -> &str {
        &self.payment
    }

    pub(super) async fn apply(
        &self,
        context: &Context,
        event: &WebhookEvent,
        arrival: &Arrival<'_>,
    ) -> Result<WebhookOutcome, StoreError> {
        // 3 and 4 Require proof, and find the payment's order.
        let Some(proved) = self.find_payment(context, event, arrival).await? else {
            return self.open_case(context, event, arrival).await;
        };
        // 5 Apply in one transaction.
        let provider_event = arrival
            .provider_event(format!("{}#{}", event.kind.as_str(), self.object_key(arrival)), event.kind.as_str());
        let order = match context.order(&proved.order_id).await {
            Ok(Some(order)) => order,
            Ok(None) => return self.open_case(context, event, arrival).await,
            Err(StoreError::Malformed { .. }) => {
                return quarantine_unreadable_order(context, &provider_event, &proved.order_id).await;
            }
            Err(error) => return Err(error),
        };
        let order_event = self.order_event(&order, &proved.transaction_id);
        apply_to_order(context, proved.order_id, &order_event, provider_event, proved.ours).await
    }

    /// The payment as lomi showed it to our own key, else as it is on record here, else with the order that the event
    /// itself names and proves. An event that names another organisation is about no payment of ours.
    async fn find_payment(
        &self,
        context: &Context,
        event: &WebhookEvent,
        arrival: &Arrival<'_>,
    ) -> Result<Option<ProvenPayment>, StoreError> {
        let organization_id = event.data.organization_id.as_deref();
        if let Some(payment) = arrival.payment {
            return Ok((!context.is_foreign(organization_id).await?).then(|| payment.clone()));
        }
        // A public id does not say which payment of ours it is.
        let Some(transaction_id) = self.transaction_id.clone() else { return Ok(None) };
        let natural_keys = [payment_key, held_key, failure_key].map(|key| key(&transaction_id));
        if let Some((ours, order_id)) = context.ours_by_record(organization_id, &natural_keys).await? {
            return Ok(Some(ProvenPayment { ours, order_id, transaction_id }));
        }
        let Some(order_id) = order_named_by(event).filter(|_| self.is_environment_proved) else { return Ok(None) };
        let ours = context.ours_by_event(organization_id).await?;
        Ok(ours.map(|ours| ProvenPayment { ours, order_id, transaction_id }))
    }

    /// Quarantines the event until lomi shows its payment to our own key. That raises no alarm; the case raises one
    /// when it ends without an answer, unless it is idle.
    async fn open_case(
        &self,
        context: &Context,
        event: &WebhookEvent,
        arrival: &Arrival<'_>,
    ) -> Result<WebhookOutcome, StoreError> {
        let reason = if context.is_foreign(event.data.organization_id.as_deref()).await? {
            ORGANISATION_UNPROVEN
        } else if self.transaction_id.is_none() {
            PAYMENT_UNIDENTIFIED
        } else {
            UNKNOWN_PAYMENT
        };
        let natural_key = unapplied_key(event.kind.as_str(), &self.object_key(arrival));
        let provider_event = arrival.provider_event(natural_key.clone(), event.kind.as_str());
        quarantine(context, &provider_event, reason, order_named_by(event)).await?;
        let new_entry = || QuarantineId::of(&natural_key, reason, Source::Webhook.as_str());
        let entry = arrival.quarantined.map_or_else(new_entry, Quarantined::id);
        // No order depends on a risk.
        let (is_idle, now) = (matches!(self.kind, Kind::Risk { .. }), context.clock.now());
        let case = AttributionCase::about_event(entry, self.payment.clone(), is_idle, now);
        context.store.open_or_reopen_case(&case, now).await?;
        Ok(WebhookOutcome::Unproven(reason))
    }

    /// The object and the digest of its data. Another envelope around the same data is a duplicate.
    fn object_key(&self, arrival: &Arrival<'_>) -> String {
        let dispute_id = match &self.kind {
            Kind::Dispute(dispute) => dispute.dispute_id.as_ref(),
            Kind::Risk { .. } => None,
        };
        format!("{}#{}", dispute_id.unwrap_or(&self.payment), digest_of_data(arrival.body))
    }
}
