//! Reads what a signed event says, before any order is read.

use super::{DisputeOrRisk, RefundEvent, dispute_or_risk, refund};
use crate::keys::{failure_key, held_key, payment_key};
use crate::reason::ENVIRONMENT_UNPROVEN;
use crate::units;
use domain::{ConfirmedPayment, Environment, OrderEvent, OrderId, Payment, Timestamp};
use lomi_client::webhook::{EventData, EventKind, WebhookEvent};

/// What an event says.
#[derive(Debug)]
pub enum Reading {
    /// An order event with its natural key, which is the same however often and in however many envelopes it arrives.
    OrderEvent(OrderEvent, String),
    /// About a refund. The order event depends on the order.
    Refund(RefundEvent),
    /// About a payment that is disputed or risky. The event may not name whose payment it is.
    DisputeOrRisk(DisputeOrRisk),
    /// About a page. It proves nothing; lomi is called about the page.
    SessionEvent,
    /// Of a kind that no order depends on.
    Irrelevant,
    /// Authentic but unusable, for this reason.
    Unusable(&'static str),
}

impl Reading {
    /// The key under which the event is applied. `None` when it is not applied as it is.
    pub(super) fn natural_key(&self) -> Option<String> {
        match self {
            Self::OrderEvent(_, natural_key) => Some(natural_key.clone()),
            Self::Refund(refund) => Some(refund.natural_key()),
            Self::DisputeOrRisk(_) | Self::SessionEvent | Self::Irrelevant | Self::Unusable(_) => None,
        }
    }
}

/// Reads an event for a stack whose environment is `own`. `now` is the time of a payment that names none.
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
        EventKind::CheckoutCompleted | EventKind::CheckoutExpired => return Reading::SessionEvent,
        _ => return Reading::Irrelevant,
    };
    match environment_of(event, own) {
        Some(environment) => read(&event.data, environment, now),
        None => Reading::Unusable(ENVIRONMENT_UNPROVEN),
    }
}

fn payment_succeeded(data: &EventData, environment: Environment, now: Timestamp) -> Reading {
    let Some(transaction_id) = data.transaction_id.clone() else { return Reading::Unusable("no_transaction") };
    // lomi sends the event even when its own update failed, so name and status must agree. No document says which event
    // reports a held payment; this one may.
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

/// The environment that the event proves.
///
/// Mobile-money events often carry no marker of lomi's. Our own sessions carry `payment_environment` in their metadata,
/// which lomi returns. Without either, a sandbox stack may trust the secret that verified the event, because lomi never
/// sends live events to test endpoints. A live stack may not, because lomi does send unmarked test events to live
/// endpoints.
pub(super) fn environment_of(event: &WebhookEvent, own: Environment) -> Option<Environment> {
    match (event.environment(), own) {
        (Some(environment), _) => Some(units::environment_from_lomi(environment)),
        (None, Environment::Sandbox) => Some(Environment::Sandbox),
        (None, Environment::Live) => None,
    }
}

/// The order that the event names in its metadata.
pub(super) fn order_named_by(event: &WebhookEvent) -> Option<OrderId> {
    OrderId::parse(event.data.metadata.text("order_id")?)
}
