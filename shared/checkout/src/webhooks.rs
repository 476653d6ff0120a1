//! Processes a signed event.
//!
//! 1. Parse the body.
//! 2. Read what it says.
//! 3. Require proof that it is about our own organisation's money, and about which payment.
//! 4. Find its order.
//! 5. Apply it in one transaction.
//! 6. Let our own key read what the event leaves open.
//!
//! Every authentic event ends in a write and an acknowledgement, because lomi never resends an event that was refused.
//! Only a failure of DynamoDB is an error; then lomi retries.

mod dispute_or_risk;
pub mod heartbeat;
mod reading;
mod refund;
mod session_event;
mod unproven;

pub use dispute_or_risk::DisputeOrRisk;
pub(crate) use dispute_or_risk::ProvenPayment;
pub use reading::{Reading, read};
pub use refund::RefundEvent;

use crate::Context;
use crate::apply::ApplyOutcome;
use crate::keys::unapplied_key;
use crate::organisation::Ours;
use crate::reason::{
    DISCOUNT_UNPROVEN, ENVIRONMENT_UNPROVEN, ORGANISATION_UNPROVEN, PAYMENT_UNIDENTIFIED, UNKNOWN_ORDER,
};
use domain::{AttributionCase, OrderEvent, OrderId, PaymentRef, Source, Timestamp};
use lomi_client::webhook::{EventKind, VerifiedBody, WebhookEvent};
use reading::order_named_by;
use sha2::{Digest, Sha256};
use store::{ProviderEvent, Quarantined, Recorded, StoreError};

/// What became of an event.
#[derive(Clone, Debug)]
pub enum WebhookOutcome {
    /// It is about an order of ours.
    Order(OrderId, ApplyOutcome),
    /// It changes no order, and is archived.
    Ignored,
    /// It was archived before.
    Duplicate,
    /// It does not prove that it is about our own organisation's money, or about which payment; the reason. It is
    /// quarantined, and a case is open for it.
    Unproven(&'static str),
    /// It cannot be used as it is, and is quarantined for the operator; the reason.
    Quarantined(&'static str),
}

/// An event that lomi signed: just received, or from quarantine.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'a> {
    body: VerifiedBody<'a>,
    received_at: Timestamp,
    now: Timestamp,
    /// Its entry, when it is from quarantine.
    quarantined: Option<&'a Quarantined>,
    /// Its payment, as lomi showed it to our own key.
    payment: Option<&'a ProvenPayment>,
}

impl<'a> Arrival<'a> {
    /// A quarantined event. `None` for the finding of a poll, which is not signed. Only [`receive`] quarantines
    /// webhooks, and it takes verified bytes alone.
    pub(crate) fn from_quarantine(item: &'a Quarantined, now: Timestamp) -> Option<Self> {
        let is_signed = item.source == Source::Webhook;
        let body = is_signed.then(|| VerifiedBody::verified_before(&item.raw))?;
        Some(Self { body, received_at: item.received_at, now, quarantined: Some(item), payment: None })
    }

    pub(crate) fn with_payment(self, payment: &'a ProvenPayment) -> Self {
        Self { payment: Some(payment), ..self }
    }

    fn provider_event(&self, natural_key: String, event: &str) -> ProviderEvent {
        let (event, raw) = (event.to_owned(), self.body.bytes().to_vec());
        ProviderEvent {
            natural_key,
            event,
            source: Source::Webhook,
            raw,
            received_at: self.now,
            is_quarantined: self.quarantined.is_some(),
        }
    }
}

/// Makes `body` durable, with everything that follows from it.
///
/// # Errors
/// When DynamoDB does not answer; then nothing may be acknowledged.
pub async fn receive(context: &Context, body: VerifiedBody<'_>) -> Result<WebhookOutcome, StoreError> {
    let now = context.clock.now();
    process(context, Arrival { body, received_at: now, now, quarantined: None, payment: None }).await
}

/// Processes an event that was just received, or replays one from quarantine.
pub(crate) async fn process(context: &Context, arrival: Arrival<'_>) -> Result<WebhookOutcome, StoreError> {
    let body = arrival.body;
    // 1 Parse. What cannot be parsed is quarantined under the hash of its bytes.
    let Ok(event) = WebhookEvent::parse(body) else {
        let digest = hex::encode(Sha256::digest(body.bytes()));
        let provider_event = arrival.provider_event(format!("unreadable#{digest}"), "unreadable");
        return quarantine(context, &provider_event, "unreadable", None).await;
    };
    // 2 Read the signed body alone, never a header.
    let reading = read(&event, context.environment, arrival.received_at);
    if let Reading::DisputeOrRisk(update) = &reading {
        return update.apply(context, &event, &arrival).await;
    }
    // 3 Require proof. An event about an order goes no further without it.
    match prove(context, &event).await? {
        Proof::Missing(reason, case) => {
            unproven::quarantine(context, &event, &arrival, (&reading, reason), &case).await
        }
        Proof::Proven(ours, case) => apply_proven(context, &event, &arrival, (&reading, &case), ours).await,
        Proof::NotNeeded => record_other(context, &event, &arrival, &reading).await,
    }
}

/// What an event proves.
enum Proof {
    /// No order depends on the event.
    NotNeeded,
    /// It is about our money. The case is for the discount that it may leave open.
    Proven(Ours, AttributionCase),
    /// Our own key must read the payment of the case, for this reason.
    Missing(&'static str, AttributionCase),
}

async fn prove(context: &Context, event: &WebhookEvent) -> Result<Proof, StoreError> {
    let Some(case) = unproven::case(event, context.clock.now()) else { return Ok(Proof::NotNeeded) };
    Ok(match context.ours_by_event(event.data.organization_id.as_deref()).await? {
        None => Proof::Missing(ORGANISATION_UNPROVEN, case),
        Some(_) if unproven::is_free(event) => Proof::Missing(DISCOUNT_UNPROVEN, case),
        Some(_) if unproven::lacks_transaction_id(event) => Proof::Missing(PAYMENT_UNIDENTIFIED, case),
        Some(ours) => Proof::Proven(ours, case),
    })
}

async fn apply_proven(
    context: &Context,
    event: &WebhookEvent,
    arrival: &Arrival<'_>,
    (reading, case): (&Reading, &AttributionCase),
    ours: Ours,
) -> Result<WebhookOutcome, StoreError> {
    match reading {
        Reading::OrderEvent(order_event, natural_key) => {
            let provider_event = arrival.provider_event(natural_key.clone(), event.kind.as_str());
            match apply_payment(context, event, order_event, provider_event, ours).await? {
                // 6 The event does not say how much was paid.
                WebhookOutcome::Order(_, ApplyOutcome::DiscountUnknown) => {
                    unproven::quarantine(context, event, arrival, (reading, DISCOUNT_UNPROVEN), case).await
                }
                outcome => Ok(outcome),
            }
        }
        Reading::Refund(refund) => {
            let provider_event = arrival.provider_event(refund.natural_key(), event.kind.as_str());
            refund.apply(context, event, provider_event, ours).await
        }
        other => record_other(context, event, arrival, other).await,
    }
}

/// Records an event that applies to no order as it is.
async fn record_other(
    context: &Context,
    event: &WebhookEvent,
    arrival: &Arrival<'_>,
    reading: &Reading,
) -> Result<WebhookOutcome, StoreError> {
    match reading {
        Reading::SessionEvent => session_event::schedule_lookup(context, event, arrival).await,
        Reading::Irrelevant => archive(context, event, arrival, None).await,
        Reading::Unusable(reason) => quarantine_unusable(context, event, arrival, reason).await,
        // Cannot happen: `prove` requires proof of these, and step 2 processes disputes and risks.
        Reading::OrderEvent(..) | Reading::Refund(_) | Reading::DisputeOrRisk(_) => {
            quarantine_unusable(context, event, arrival, ORGANISATION_UNPROVEN).await
        }
    }
}

async fn archive(
    context: &Context,
    event: &WebhookEvent,
    arrival: &Arrival<'_>,
    order_id: Option<&OrderId>,
) -> Result<WebhookOutcome, StoreError> {
    let provider_event = arrival.provider_event(archive_key(event, arrival.body), event.kind.as_str());
    match context.archive(&provider_event, order_id).await? {
        Recorded::Duplicate => Ok(WebhookOutcome::Duplicate),
        Recorded::Applied | Recorded::VersionConflict | Recorded::LinkUsedUp => Ok(WebhookOutcome::Ignored),
    }
}

async fn quarantine_unusable(
    context: &Context,
    event: &WebhookEvent,
    arrival: &Arrival<'_>,
    reason: &'static str,
) -> Result<WebhookOutcome, StoreError> {
    let provider_event = arrival.provider_event(unapplied_event_key(event, arrival.body), event.kind.as_str());
    let order_id = order_named_by(event);
    let names_order = order_id.is_some();
    let outcome = quarantine(context, &provider_event, reason, order_id).await?;
    if reason == ENVIRONMENT_UNPROVEN && !names_order {
        open_case(context, event).await?;
    }
    Ok(outcome)
}

async fn apply_payment(
    context: &Context,
    event: &WebhookEvent,
    order_event: &OrderEvent,
    provider_event: ProviderEvent,
    ours: Ours,
) -> Result<WebhookOutcome, StoreError> {
    // 4 Find the order: by our id in the metadata, else by lomi's session, else by the record of the same event.
    match find_order(context, event, &provider_event).await? {
        Some(id) => apply_to_order(context, id, order_event, provider_event, ours).await,
        None => quarantine_unknown_order(context, event, &provider_event).await,
    }
}

async fn find_order(
    context: &Context,
    event: &WebhookEvent,
    provider_event: &ProviderEvent,
) -> Result<Option<OrderId>, StoreError> {
    match order_of(context, event).await? {
        Some(id) => Ok(Some(id)),
        // A poll found this payment by lomi's own link before its event came.
        None => context.store.order_of_event(&provider_event.natural_key).await,
    }
}

async fn order_of(context: &Context, event: &WebhookEvent) -> Result<Option<OrderId>, StoreError> {
    match (order_named_by(event), &event.data.checkout_session_id) {
        (Some(id), _) => Ok(Some(id)),
        (None, Some(session)) => context.store.order_of(&PaymentRef::CheckoutSession(session.clone())).await,
        (None, None) => Ok(None),
    }
}

/// 5 Apply in one transaction.
async fn apply_to_order(
    context: &Context,
    id: OrderId,
    order_event: &OrderEvent,
    provider_event: ProviderEvent,
    ours: Ours,
) -> Result<WebhookOutcome, StoreError> {
    match context.apply(&id, order_event, &provider_event, ours).await {
        Ok(ApplyOutcome::UnknownOrder) => quarantine(context, &provider_event, UNKNOWN_ORDER, None).await,
        Ok(outcome) => Ok(WebhookOutcome::Order(id, outcome)),
        Err(StoreError::Malformed { .. }) => quarantine_unreadable_order(context, &provider_event, &id).await,
        Err(error) => Err(error),
    }
}

/// The payment may have been made by lomi's own link, so a case is opened for it.
async fn quarantine_unknown_order(
    context: &Context,
    event: &WebhookEvent,
    provider_event: &ProviderEvent,
) -> Result<WebhookOutcome, StoreError> {
    let outcome = quarantine(context, provider_event, UNKNOWN_ORDER, None).await?;
    open_case(context, event).await?;
    Ok(outcome)
}

/// lomi's answer to this stack's own key also proves the environment.
async fn open_case(context: &Context, event: &WebhookEvent) -> Result<(), StoreError> {
    let (EventKind::PaymentSucceeded, Some(transaction)) = (&event.kind, &event.data.transaction_id) else {
        return Ok(());
    };
    let (session, now) = (event.data.checkout_session_id.clone(), context.clock.now());
    context.store.open_or_reopen_case(&AttributionCase::new(transaction.clone(), session, now), now).await
}

/// This release cannot read the order, and lomi's retries would not change that.
async fn quarantine_unreadable_order(
    context: &Context,
    provider_event: &ProviderEvent,
    id: &OrderId,
) -> Result<WebhookOutcome, StoreError> {
    context.quarantine(provider_event, "order_unreadable", Some(id)).await?;
    Ok(WebhookOutcome::Quarantined("order_unreadable"))
}

/// Differs from the natural key of the applied event: a release that can apply the event must not take it for a
/// duplicate.
fn unapplied_event_key(event: &WebhookEvent, body: VerifiedBody<'_>) -> String {
    let data = &event.data;
    let ids = [&data.refund_id, &data.transaction_id, &data.public_id, &event.id];
    let object = ids.into_iter().flatten().next().cloned();
    let object = object.unwrap_or_else(|| hex::encode(Sha256::digest(body.bytes())));
    unapplied_key(event.kind.as_str(), &object)
}

/// One object may have many events of a kind that is not read here, each with other data. Another envelope around the
/// same data is a duplicate.
fn archive_key(event: &WebhookEvent, body: VerifiedBody<'_>) -> String {
    format!("{}#{}", unapplied_event_key(event, body), digest_of_data(body))
}

fn digest_of_data(body: VerifiedBody<'_>) -> String {
    let envelope = serde_json::from_slice::<serde_json::Value>(body.bytes()).ok();
    let data = envelope.as_ref().and_then(|envelope| envelope.get("data")).map(ToString::to_string);
    let digest = hex::encode(Sha256::digest(data.as_deref().map_or(body.bytes(), str::as_bytes)));
    digest.get(..16).unwrap_or_default().to_owned()
}

async fn quarantine(
    context: &Context,
    provider_event: &ProviderEvent,
    reason: &'static str,
    order_id: Option<OrderId>,
) -> Result<WebhookOutcome, StoreError> {
    context.quarantine(provider_event, reason, order_id.as_ref()).await?;
    // The reconciler checks the order that the event names at its next run. A replay by hand does not make it due
    // again.
    if let Some(id) = order_id.filter(|_| !provider_event.is_quarantined) {
        context.change_order(&id, |order| order.due_now(context.clock.now())).await?;
    }
    Ok(WebhookOutcome::Quarantined(reason))
}
