//! Puts events into the outbox.

use serde_json::json;

use super::event::{Event, PAYMENT_FAILED};
use super::payload::{payment_data, payment_name};
use crate::clock::Timestamp;
use crate::context::Context;
use crate::model::{DeliveryPath, Dispute, Environment, Rail, Refund, Transaction};
use crate::ordered_fields::OrderedFields;

const REFUND_FIELDS: [&str; 12] = [
    "refund_id",
    "transaction_id",
    "organization_id",
    "amount",
    "refunded_amount",
    "fee_amount",
    "reason",
    "status",
    "metadata",
    "environment",
    "created_at",
    "updated_at",
];

const DISPUTE_FIELDS: [&str; 6] = ["dispute_id", "transaction_id", "amount", "currency_code", "reason", "status"];

pub(crate) fn payment(context: &mut Context, transaction_id: &str, name: &str, now: Timestamp) {
    let Some(transaction) = context.transactions.get(transaction_id) else { return };
    let is_test = transaction.environment == Environment::Test;
    let queued = is_test && !(transaction.rail == Rail::Card && name == PAYMENT_FAILED);
    let event = Event {
        organization_id: receiving_organization(context, transaction),
        environment: transaction.environment,
        name: name.to_owned(),
        data: payment_data(transaction, &context.quirks),
        path: if queued || context.profile.is_current() { DeliveryPath::Queued } else { DeliveryPath::Direct },
    };
    context.emit(&event, now);
}

/// The organisation that receives the events of a payment. For a card charge, it is the `organization_id` in the metadata of
/// the intent, where the caller can write any: by its public source, lomi's processor webhook does not compare it with the
/// row. The data still has the true `organization_id`.
fn receiving_organization(context: &Context, transaction: &Transaction) -> String {
    let intent = context.intents.get(&transaction.provider_transaction_id);
    let named = intent.and_then(|intent| intent.metadata.get("organization_id"));
    named.unwrap_or(&transaction.organization_id).clone()
}

/// Only `current` announces refunds.
pub(crate) fn refund(context: &mut Context, refund: &Refund, name: &str, now: Timestamp) {
    if !context.profile.is_current() {
        return;
    }
    let mut data = OrderedFields::pick(&serde_json::to_value(refund).unwrap_or_default(), &REFUND_FIELDS);
    data.set("transaction_id", json!(payment_name(&context.quirks, &refund.transaction_id)));
    let event = Event {
        organization_id: refund.organization_id.clone(),
        environment: refund.environment,
        name: name.to_owned(),
        data,
        path: DeliveryPath::Queued,
    };
    context.emit(&event, now);
}

/// lomi documents no payload of a dispute. This one is invented, and names neither an organisation nor metadata, so that a
/// receiver cannot depend on either.
pub(crate) fn dispute(context: &mut Context, dispute: &Dispute, name: &str, now: Timestamp) {
    let mut data = OrderedFields::pick(&serde_json::to_value(dispute).unwrap_or_default(), &DISPUTE_FIELDS);
    data.set("transaction_id", json!(payment_name(&context.quirks, &dispute.transaction_id)));
    let event = Event {
        organization_id: dispute.organization_id.clone(),
        environment: dispute.environment,
        name: name.to_owned(),
        data,
        path: DeliveryPath::Queued,
    };
    context.emit(&event, now);
}

/// The quirk `session_events` switches it on.
pub(crate) fn session_ended(context: &mut Context, session_id: &str, name: &str, now: Timestamp) {
    let Some(session) = context.sessions.get(session_id).filter(|_| context.quirks.session_events) else { return };
    let event = Event {
        organization_id: session.organization_id.clone(),
        environment: session.environment,
        name: name.to_owned(),
        data: OrderedFields::all(&serde_json::to_value(session).unwrap_or_default()),
        path: DeliveryPath::Queued,
    };
    context.emit(&event, now);
}
