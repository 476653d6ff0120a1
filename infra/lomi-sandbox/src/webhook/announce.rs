//! Puts events into the outbox: what happened, with which data.

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

/// Announces what became of a payment.
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

/// The organisation that hears of a payment. For a card charge it is the one that the intent's metadata names at the
/// processor, where the caller may have written any: lomi.'s processor webhook, as far as its source is public, does not compare
/// it with the row. The data is the row's all the same, with its true `organization_id`.
fn receiving_organization(context: &Context, transaction: &Transaction) -> String {
    let intent = context.intents.get(&transaction.provider_transaction_id);
    let named = intent.and_then(|intent| intent.metadata.get("organization_id"));
    named.unwrap_or(&transaction.organization_id).clone()
}

/// Announces a refund, where that is announced at all.
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

/// Announces a turn of a dispute. lomi. prints its shape nowhere: this one is invented, and says as little as it may of whose the
/// payment is, neither an organisation nor any metadata.
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

/// Announces the end of a session, where that is announced at all.
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
