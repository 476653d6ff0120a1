//! A signed event, from its bytes to what is durable.
//!
//! Everything authentic ends in a write and an acknowledgement: lomi. never sends an event again that was refused.
//! Only a store that does not answer is an error, and lomi. tries again.

mod dispute_or_risk;
pub mod heartbeat;
mod refund;
mod session_event;
mod unproven;

pub use dispute_or_risk::DisputeOrRisk;
pub(crate) use dispute_or_risk::ProvenPayment;
pub use refund::RefundEvent;

use crate::apply::ApplyOutcome;
use crate::keys::{failure_key, held_key, payment_key, unapplied_key};
use crate::organisation::Ours;
use crate::reason::{
    DISCOUNT_UNPROVEN, ENVIRONMENT_UNPROVEN, ORGANISATION_UNPROVEN, PAYMENT_UNIDENTIFIED, UNKNOWN_ORDER,
};

use crate::{Context, units};
use domain::{
    AttributionCase, ConfirmedPayment, Environment, OrderEvent, OrderId, Payment, PaymentRef, Source, Timestamp,
};
use lomi_client::webhook::{EventData, EventKind, VerifiedBody, WebhookEvent};
use sha2::{Digest, Sha256};
use store::{ProviderEvent, Quarantined, Recorded, StoreError};

/// What became of an event.
#[derive(Clone, Debug)]
pub enum WebhookOutcome {
    /// It is about an order of ours.
    Order(OrderId, ApplyOutcome),
    /// No order changes by it; it is kept.
    Ignored,
    /// It was kept before.
    Duplicate,
    /// It does not say for sure that it is about our own organisation's money, or about which payment; the reason in one
    /// word. It is kept, and our own key is asked.
    Unproven(&'static str),
    /// It cannot be used as it is and is kept for a person to look at; the reason in one word.
    Quarantined(&'static str),
}

/// What an event says about an order, before any order is looked at.
#[derive(Debug)]
pub enum Reading {
    /// A event, and its natural key: the same however often and in however many envelopes it comes.
    OrderEvent(OrderEvent, String),
    /// About a refund; what it comes to depends on the order.
    Refund(RefundEvent),
    /// About a payment that is disputed, or looks risky; whose payment that is, the event may not say.
    DisputeOrRisk(DisputeOrRisk),
    /// About a page: lomi. is asked about it, and the event itself proves nothing.
    Hint,
    /// Of a kind that no order depends on.
    Irrelevant,
    /// Authentic, and of no use; the reason in one word.
    Unusable(&'static str),
}

impl Reading {
    /// What the event is on record under; `None` for what is none.
    fn natural_key(&self) -> Option<String> {
        match self {
            Self::OrderEvent(_, natural_key) => Some(natural_key.clone()),
            Self::Refund(news) => Some(news.natural_key()),
            Self::DisputeOrRisk(_) | Self::Hint | Self::Irrelevant | Self::Unusable(_) => None,
        }
    }
}

/// An event that lomi. signed: fresh from the wire, or as it was put aside.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'a> {
    body: VerifiedBody<'a>,
    /// When it came.
    at: Timestamp,
    /// When it is taken up.
    now: Timestamp,
    /// As it was put aside, where it was.
    put_aside: Option<&'a Quarantined>,
    /// What our own key was told of the payment that it is about.
    proved: Option<&'a ProvenPayment>,
}

impl<'a> Arrival<'a> {
    /// What was put aside, to be taken up at `now`. `None` for what a poll found: nobody signed that. An event is put aside
    /// by [`ingest`] alone, which takes nothing but verified bytes.
    pub(crate) fn kept(item: &'a Quarantined, now: Timestamp) -> Option<Self> {
        let is_signed = item.source == Source::Webhook;
        let body = is_signed.then(|| VerifiedBody::verified_before(&item.raw))?;
        Some(Self { body, at: item.received_at, now, put_aside: Some(item), proved: None })
    }

    /// The same after our own key was told whose its payment is.
    pub(crate) fn proved(self, proved: &'a ProvenPayment) -> Self {
        Self { proved: Some(proved), ..self }
    }

    fn provider_event(&self, natural_key: String, event: &str) -> ProviderEvent {
        let (event, raw) = (event.to_owned(), self.body.bytes().to_vec());
        ProviderEvent {
            natural_key,
            event,
            source: Source::Webhook,
            raw,
            received_at: self.now,
            is_quarantined: self.put_aside.is_some(),
        }
    }
}

/// Makes `body` durable, with everything that follows from it.
///
/// # Errors
/// When DynamoDB does not answer; nothing may be acknowledged then.
pub async fn receive(context: &Context, body: VerifiedBody<'_>) -> Result<WebhookOutcome, StoreError> {
    let now = context.clock.now();
    process(context, Arrival { body, at: now, now, put_aside: None, proved: None }).await
}

/// The same for an event that may have been put aside before.
pub(crate) async fn process(context: &Context, arrival: Arrival<'_>) -> Result<WebhookOutcome, StoreError> {
    let body = arrival.body;
    // 1 Read. What cannot be read is kept under the hash of its bytes.
    let Ok(event) = WebhookEvent::parse(body) else {
        let digest = hex::encode(Sha256::digest(body.bytes()));
        let provider_event = arrival.provider_event(format!("unreadable#{digest}"), "unreadable");
        return quarantine(context, &provider_event, "unreadable", None).await;
    };
    // 2 Understand: from the signed body alone, never from a header.
    let reading = read(&event, context.environment, arrival.at);
    if let Reading::DisputeOrRisk(told) = &reading {
        return told.apply(context, &event, &arrival).await;
    }
    // 3 Whose money is it, and which payment? What is about an order and leaves that open goes no further, whatever it says.
    let ours = match unproven::case(&event, context.clock.now()) {
        None => None,
        Some(case) => match context.ours_by_event(event.data.organization_id.as_deref()).await? {
            Some(ours) if !unproven::is_payment_open(&event) && !unproven::is_free(&event) => Some((ours, case)),
            ours => {
                let reason = match ours {
                    None => ORGANISATION_UNPROVEN,
                    Some(_) if unproven::is_free(&event) => DISCOUNT_UNPROVEN,
                    Some(_) => PAYMENT_UNIDENTIFIED,
                };
                return unproven::keep(context, &event, &arrival, (&reading, reason), &case).await;
            }
        },
    };
    match (&reading, ours) {
        (Reading::OrderEvent(order_event, natural_key), Some((ours, case))) => {
            let provider_event = arrival.provider_event(natural_key.clone(), event.kind.as_str());
            match apply_payment(context, &event, order_event, provider_event, ours).await? {
                // 6 The sum is for our own key to be told.
                WebhookOutcome::Order(_, ApplyOutcome::DiscountUnknown) => {
                    unproven::keep(context, &event, &arrival, (&reading, DISCOUNT_UNPROVEN), &case).await
                }
                applied => Ok(applied),
            }
        }
        (Reading::Refund(news), Some((ours, _))) => {
            let provider_event = arrival.provider_event(news.natural_key(), event.kind.as_str());
            news.apply(context, &event, provider_event, ours).await
        }
        (Reading::Hint, _) => session_event::follow(context, &event, &arrival).await,
        (Reading::Irrelevant, _) => keep(context, &event, &arrival, None).await,
        (Reading::Unusable(reason), _) => unusable(context, &event, &arrival, reason).await,
        // Nothing that can be understood lacks what lomi. could be asked about.
        (Reading::OrderEvent(..) | Reading::Refund(_), None) | (Reading::DisputeOrRisk(_), _) => {
            unusable(context, &event, &arrival, ORGANISATION_UNPROVEN).await
        }
    }
}

/// Keeps an event that changes no order by itself.
async fn keep(
    context: &Context,
    event: &WebhookEvent,
    arrival: &Arrival<'_>,
    order_id: Option<&OrderId>,
) -> Result<WebhookOutcome, StoreError> {
    let provider_event = arrival.provider_event(session_event_key(event, arrival.body), event.kind.as_str());
    match context.keep(&provider_event, order_id).await? {
        Recorded::Duplicate => Ok(WebhookOutcome::Duplicate),
        Recorded::Applied | Recorded::VersionConflict | Recorded::LinkUsedUp => Ok(WebhookOutcome::Ignored),
    }
}

async fn unusable(
    context: &Context,
    event: &WebhookEvent,
    arrival: &Arrival<'_>,
    reason: &'static str,
) -> Result<WebhookOutcome, StoreError> {
    let provider_event = arrival.provider_event(other_key(event, arrival.body), event.kind.as_str());
    let order = order_named_by(event);
    let is_nameless = order.is_none();
    let kept = quarantine(context, &provider_event, reason, order).await?;
    if reason == ENVIRONMENT_UNPROVEN && is_nameless {
        raise(context, event).await?;
    }
    Ok(kept)
}

async fn apply_payment(
    context: &Context,
    event: &WebhookEvent,
    order_event: &OrderEvent,
    provider_event: ProviderEvent,
    ours: Ours,
) -> Result<WebhookOutcome, StoreError> {
    // 4 Find the order: our own id in the metadata first, lomi.'s session second, what is on record of the event last.
    match find_order(context, event, &provider_event).await? {
        Some(id) => judge(context, id, order_event, provider_event, ours).await,
        None => open_case_for(context, event, &provider_event).await,
    }
}

async fn find_order(
    context: &Context,
    event: &WebhookEvent,
    provider_event: &ProviderEvent,
) -> Result<Option<OrderId>, StoreError> {
    match order_told_of(context, event).await? {
        Some(id) => Ok(Some(id)),
        // A payment by lomi.'s own link that was found before its event came.
        None => context.store.order_of_event(&provider_event.natural_key).await,
    }
}

async fn order_told_of(context: &Context, event: &WebhookEvent) -> Result<Option<OrderId>, StoreError> {
    match (order_named_by(event), &event.data.checkout_session_id) {
        (Some(id), _) => Ok(Some(id)),
        (None, Some(session)) => context.store.order_of(&PaymentRef::CheckoutSession(session.clone())).await,
        (None, None) => Ok(None),
    }
}

/// 5 Judge and write in one transaction.
async fn judge(
    context: &Context,
    id: OrderId,
    order_event: &OrderEvent,
    provider_event: ProviderEvent,
    ours: Ours,
) -> Result<WebhookOutcome, StoreError> {
    match context.apply(&id, order_event, &provider_event, ours).await {
        Ok(ApplyOutcome::UnknownOrder) => quarantine(context, &provider_event, UNKNOWN_ORDER, None).await,
        Ok(applied) => Ok(WebhookOutcome::Order(id, applied)),
        Err(StoreError::Malformed { .. }) => quarantine_unreadable_order(context, &provider_event, &id).await,
        Err(error) => Err(error),
    }
}

/// Keeps the event, and has lomi. asked about its payment: it may be one by lomi.'s own link.
async fn open_case_for(
    context: &Context,
    event: &WebhookEvent,
    provider_event: &ProviderEvent,
) -> Result<WebhookOutcome, StoreError> {
    let kept = quarantine(context, provider_event, UNKNOWN_ORDER, None).await?;
    raise(context, event).await?;
    Ok(kept)
}

/// What lomi. answers to this stack's own key also proves the environment.
async fn raise(context: &Context, event: &WebhookEvent) -> Result<(), StoreError> {
    let (EventKind::PaymentSucceeded, Some(transaction)) = (&event.kind, &event.data.transaction_id) else {
        return Ok(());
    };
    let (session, now) = (event.data.checkout_session_id.clone(), context.clock.now());
    context.store.open_or_reopen_case(&AttributionCase::new(transaction.clone(), session, now), now).await
}

/// This release cannot read the order and will not learn to while lomi. tries again.
async fn quarantine_unreadable_order(
    context: &Context,
    provider_event: &ProviderEvent,
    id: &OrderId,
) -> Result<WebhookOutcome, StoreError> {
    context.quarantine(provider_event, "order_unreadable", Some(id)).await?;
    Ok(WebhookOutcome::Quarantined("order_unreadable"))
}

/// Understands an event, for a stack whose environment is `own`. `now` stands in for a time of payment that is not told.
#[must_use]
pub fn read(event: &WebhookEvent, own: Environment, now: Timestamp) -> Reading {
    if let Some(read) = refund::read(event, own) {
        return read.map_or_else(Reading::Unusable, Reading::Refund);
    }
    if let Some(read) = dispute_or_risk::read(event, own) {
        return read.map_or_else(Reading::Unusable, Reading::DisputeOrRisk);
    }
    let read = match event.kind {
        EventKind::PaymentSucceeded => payment_succeeded,
        EventKind::PaymentFailed => payment_failed,
        EventKind::CheckoutCompleted | EventKind::CheckoutExpired => return Reading::Hint,
        _ => return Reading::Irrelevant,
    };
    match environment_of(event, own) {
        Some(environment) => read(&event.data, environment, now),
        None => Reading::Unusable(ENVIRONMENT_UNPROVEN),
    }
}

fn payment_succeeded(data: &EventData, environment: Environment, now: Timestamp) -> Reading {
    let Some(transaction_id) = data.transaction_id.clone() else { return Reading::Unusable("no_transaction") };
    // lomi. sends the event even when its own update failed: name and status must agree. Which event tells of a held payment
    // is written nowhere; this one may.
    let is_held = match data.status.as_deref() {
        None | Some("completed") => false,
        Some("held") => true,
        Some(_) => return Reading::Unusable("status_disagrees"),
    };
    let paid = units::paid_from_lomi(data.amount, data.discount_amount, data.currency_code.as_ref());
    let Some((gross_minor, currency, discount)) = paid else { return Reading::Unusable("amount_unreadable") };
    let key = if is_held { held_key(&transaction_id) } else { payment_key(&transaction_id) };
    let payment = Payment {
        provider_code: data.provider_code.clone(),
        payment_method_code: data.payment_method_code.clone(),
        paid_at: data.updated_at.as_deref().and_then(Timestamp::parse_rfc3339).unwrap_or(now),
        public_id: data.public_id.clone(),
        discount_minor: 0,
        is_discount_within_gross: false,
    };
    let checkout_session_id = data.checkout_session_id.clone();
    let payment =
        ConfirmedPayment { transaction_id, gross_minor, currency, discount, environment, checkout_session_id, payment };
    let order_event = if is_held { OrderEvent::PaymentHeld } else { OrderEvent::PaymentSucceeded };
    Reading::OrderEvent(order_event(payment), key)
}

fn payment_failed(data: &EventData, environment: Environment, _: Timestamp) -> Reading {
    let Some(transaction_id) = data.transaction_id.clone() else { return Reading::Unusable("no_transaction") };
    let key = failure_key(&transaction_id);
    Reading::OrderEvent(OrderEvent::PaymentFailed { transaction_id, environment }, key)
}

/// Test or live, proved.
///
/// Mobile-money events often carry no marker of lomi.'s. Our own sessions carry `payment_environment` in their metadata,
/// which comes back. Without either, a sandbox stack may believe the secret that verified the event, because lomi.
/// never sends live events to test endpoints; a live stack may not, because lomi. does send unmarked test events to
/// live endpoints.
fn environment_of(event: &WebhookEvent, own: Environment) -> Option<Environment> {
    match (event.environment(), own) {
        (Some(environment), _) => Some(units::environment_from_lomi(environment)),
        (None, Environment::Sandbox) => Some(Environment::Sandbox),
        (None, Environment::Live) => None,
    }
}

fn order_named_by(event: &WebhookEvent) -> Option<OrderId> {
    OrderId::parse(event.data.metadata.text("order_id")?)
}

fn other_key(event: &WebhookEvent, body: VerifiedBody<'_>) -> String {
    let data = &event.data;
    let ids = [&data.refund_id, &data.transaction_id, &data.public_id, &event.id];
    let object = ids.into_iter().flatten().next().cloned();
    let object = object.unwrap_or_else(|| hex::encode(Sha256::digest(body.bytes())));
    // Not the natural key of the event: a release that understands it must be able to take it for new.
    unapplied_key(event.kind.as_str(), &object)
}

/// Events of a kind that nobody understands here: of one object there may be many, each with news of its own. Another
/// envelope around the same object is none.
fn session_event_key(event: &WebhookEvent, body: VerifiedBody<'_>) -> String {
    format!("{}#{}", other_key(event, body), digest_of_data(body))
}

/// Tells what was said of an object from anything else that is.
fn digest_of_data(body: VerifiedBody<'_>) -> String {
    let said = serde_json::from_slice::<serde_json::Value>(body.bytes()).ok();
    let data = said.as_ref().and_then(|said| said.get("data")).map(ToString::to_string);
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
    // lomi. can be asked about an order that it named: let the reconciler do so at once. Once: what is looked at again by
    // hand changes nothing.
    if let Some(id) = order_id.filter(|_| !provider_event.is_quarantined) {
        context.change_order(&id, |order| order.due_now(context.clock.now())).await?;
    }
    Ok(WebhookOutcome::Quarantined(reason))
}
