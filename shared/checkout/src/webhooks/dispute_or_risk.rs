//! Events about what comes after a payment, or beside it: its payer's bank wants it back, or lomi. thinks it risky.
//!
//! No shape of a dispute is published, and an assessment carries neither an order nor an organisation. So the payment leads to
//! the order: as it is on record here, or as lomi. tells it to our own key. Until then the event is kept, and counts as
//! soon as lomi. has told.

use super::{
    Arrival, WebhookOutcome, digest_of_data, environment_of, judge, order_named_by, quarantine,
    quarantine_unreadable_order,
};
use crate::keys::{failure_key, held_key, payment_key, unapplied_key};
use crate::organisation::Ours;
use crate::reason::{ORGANISATION_UNPROVEN, PAYMENT_UNIDENTIFIED, UNKNOWN_PAYMENT};

use crate::lookup::refund_report::positive;
use crate::{Context, units};
use domain::{
    AttributionCase, DisputeStage, DisputeUpdate, Environment, Money, Order, OrderEvent, OrderId, QuarantineId,
    RiskUpdate, ShortText, Source, Timestamp,
};
use lomi_client::webhook::{EventData, EventKind, WebhookEvent};
use lomi_client::{Amount, CurrencyCode};
use store::{Quarantined, StoreError};

/// lomi.'s own ids are UUIDs, or a prefix and letters.
const MAX_ID_CHARS: usize = 64;

/// What an event says of a dispute, or of a risk, and of which payment.
#[derive(Debug)]
pub struct DisputeOrRisk {
    what: What,
    /// The payment's UUID, where the event names it by that.
    transaction_id: Option<String>,
    /// What the event calls the payment.
    payment: String,
    /// Test or live, where the event says; else it is where its payment is.
    environment: Option<Environment>,
    /// Whether the event proves that without its payment.
    is_environment_proved: bool,
}

#[derive(Debug)]
enum What {
    Dispute(DisputeData),
    Risk { is_blocked: bool },
}

/// lomi.'s words about one turn of a dispute.
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

/// What our own key was told of a payment.
#[derive(Clone, Debug)]
pub(crate) struct ProvenPayment {
    pub(crate) ours: Ours,
    pub(crate) order_id: OrderId,
    /// Its UUID.
    pub(crate) transaction_id: String,
}

/// `None` for an event of another kind; else what it says, or in one word why it is of no use.
pub(super) fn read(event: &WebhookEvent, own: Environment) -> Option<Result<DisputeOrRisk, &'static str>> {
    let data = &event.data;
    let what = match event.kind {
        EventKind::DisputeCreated => What::Dispute(DisputeData::of(DisputeStage::Opened, data)),
        EventKind::DisputeUpdated => What::Dispute(DisputeData::of(DisputeStage::Updated, data)),
        EventKind::DisputeClosed => What::Dispute(DisputeData::of(DisputeStage::Closed, data)),
        EventKind::PaymentRiskFlagged => What::Risk { is_blocked: false },
        EventKind::PaymentRiskBlocked => What::Risk { is_blocked: true },
        _ => return None,
    };
    let Some(payment) = data.transaction_id.as_ref().or(data.public_id.as_ref()) else {
        return Some(Err("no_transaction"));
    };
    Some(Ok(DisputeOrRisk {
        what,
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

    /// In the order's currency where the event names none.
    fn money(&self, order: &Order) -> Option<Money> {
        match (&self.currency, order.expected()) {
            (Some(currency), _) => units::from_lomi(self.amount, Some(currency)),
            (None, expected) => units::from_lomi_in(self.amount?, expected?.currency()),
        }
    }
}

/// Anything else could not be told from other parts of an event's name.
fn is_id(text: &str) -> bool {
    text.len() <= MAX_ID_CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

impl DisputeOrRisk {
    /// The event that it is about `order`, whose payment of this id it is about.
    #[must_use]
    pub fn order_event(&self, order: &Order, transaction_id: &str) -> OrderEvent {
        let transaction_id = order.payment_called(transaction_id).unwrap_or(transaction_id).to_owned();
        let environment = self.environment.unwrap_or(order.environment());
        match &self.what {
            What::Risk { is_blocked } => {
                OrderEvent::PaymentRisk(RiskUpdate { transaction_id, environment, is_blocked: *is_blocked })
            }
            What::Dispute(words) => OrderEvent::Dispute(DisputeUpdate {
                dispute_id: words.dispute_id.clone(),
                transaction_id,
                environment,
                stage: words.stage,
                status: words.status.clone(),
                reason: words.reason.clone(),
                money: words.money(order),
                changed_at: words.changed_at,
            }),
        }
    }

    /// What the event calls the payment.
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
        // 3 Whose money is it, and 4 which order is it about?
        let Some(proved) = self.behind(context, event, arrival).await? else {
            return self.wait(context, event, arrival).await;
        };
        // 5 Judge and write in one transaction.
        let provider_event =
            arrival.provider_event(format!("{}#{}", event.kind.as_str(), self.object(arrival)), event.kind.as_str());
        let order = match context.order(&proved.order_id).await {
            Ok(Some(order)) => order,
            Ok(None) => return self.wait(context, event, arrival).await,
            Err(StoreError::Malformed { .. }) => {
                return quarantine_unreadable_order(context, &provider_event, &proved.order_id).await;
            }
            Err(error) => return Err(error),
        };
        let order_event = self.order_event(&order, &proved.transaction_id);
        judge(context, proved.order_id, &order_event, provider_event, proved.ours).await
    }

    /// The payment as our own key was told it, else as it is on record here, else the order that the event itself names and
    /// proves. An event that names another organisation is about none of ours.
    async fn behind(
        &self,
        context: &Context,
        event: &WebhookEvent,
        arrival: &Arrival<'_>,
    ) -> Result<Option<ProvenPayment>, StoreError> {
        let said = event.data.organization_id.as_deref();
        if let Some(proved) = arrival.proved {
            return Ok((!context.is_anothers(said).await?).then(|| proved.clone()));
        }
        // A public id does not say which payment of ours it is.
        let Some(transaction_id) = self.transaction_id.clone() else { return Ok(None) };
        let natural_keys = [payment_key, held_key, failure_key].map(|key| key(&transaction_id));
        if let Some((ours, order_id)) = context.ours_by_record(said, &natural_keys).await? {
            return Ok(Some(ProvenPayment { ours, order_id, transaction_id }));
        }
        let Some(order_id) = order_named_by(event).filter(|_| self.is_environment_proved) else { return Ok(None) };
        let ours = context.ours_by_event(said).await?;
        Ok(ours.map(|ours| ProvenPayment { ours, order_id, transaction_id }))
    }

    /// Keeps the event until our own key was told of its payment. Nobody is woken: where that never comes, the case ends
    /// with telling somebody, unless nothing hangs on it.
    async fn wait(
        &self,
        context: &Context,
        event: &WebhookEvent,
        arrival: &Arrival<'_>,
    ) -> Result<WebhookOutcome, StoreError> {
        let reason = if context.is_anothers(event.data.organization_id.as_deref()).await? {
            ORGANISATION_UNPROVEN
        } else if self.transaction_id.is_none() {
            PAYMENT_UNIDENTIFIED
        } else {
            UNKNOWN_PAYMENT
        };
        let natural_key = unapplied_key(event.kind.as_str(), &self.object(arrival));
        let provider_event = arrival.provider_event(natural_key.clone(), event.kind.as_str());
        quarantine(context, &provider_event, reason, order_named_by(event)).await?;
        let fresh = || QuarantineId::of(&natural_key, reason, Source::Webhook.as_str());
        let kept = arrival.put_aside.map_or_else(fresh, Quarantined::id);
        let (is_idle, now) = (matches!(self.what, What::Risk { .. }), context.clock.now());
        context
            .store
            .open_or_reopen_case(&AttributionCase::about_event(kept, self.payment.clone(), is_idle, now), now)
            .await?;
        Ok(WebhookOutcome::Unproven(reason))
    }

    /// What it is about and what it says of it: another envelope around the same is no news.
    fn object(&self, arrival: &Arrival<'_>) -> String {
        let dispute_id = match &self.what {
            What::Dispute(words) => words.dispute_id.as_ref(),
            What::Risk { .. } => None,
        };
        format!("{}#{}", dispute_id.unwrap_or(&self.payment), digest_of_data(arrival.body))
    }
}
