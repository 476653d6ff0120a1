//! What is announced, and with which data.

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::ids;
use crate::members::Members;
use crate::model::{DeliveryPath, Dispute, Environment, Rail, Refund, Transaction};
use crate::settings::{Profile, Quirks};
use crate::context::Context;

pub(crate) const PAYMENT_SUCCEEDED: &str = "PAYMENT_SUCCEEDED";
pub(crate) const PAYMENT_FAILED: &str = "PAYMENT_FAILED";
pub(crate) const REFUND_CREATED: &str = "REFUND_CREATED";
pub(crate) const REFUND_COMPLETED: &str = "REFUND_COMPLETED";
pub(crate) const REFUND_FAILED: &str = "REFUND_FAILED";
pub(crate) const DISPUTE_CREATED: &str = "DISPUTE_CREATED";
pub(crate) const DISPUTE_UPDATED: &str = "DISPUTE_UPDATED";
pub(crate) const DISPUTE_CLOSED: &str = "DISPUTE_CLOSED";
pub(crate) const SESSION_COMPLETED: &str = "checkout.session.completed";
pub(crate) const SESSION_EXPIRED: &str = "checkout.session.expired";

/// Events of payments and refunds: what a new endpoint usually subscribes to.
pub(crate) const PAYMENT_EVENTS: [&str; 8] = [
    "PAYMENT_CREATED",
    PAYMENT_SUCCEEDED,
    PAYMENT_FAILED,
    REFUND_CREATED,
    REFUND_COMPLETED,
    REFUND_FAILED,
    SESSION_COMPLETED,
    SESSION_EXPIRED,
];

/// What may come after a payment, since API 1.2.0. Earlier generations know no name of these but the first.
pub(crate) const AFTERMATH_EVENTS: [&str; 5] =
    [DISPUTE_CREATED, DISPUTE_UPDATED, DISPUTE_CLOSED, "PAYMENT_RISK_FLAGGED", "PAYMENT_RISK_BLOCKED"];

/// Further names that an endpoint may subscribe to. Nothing here sends them by itself.
const OTHER_EVENTS: [&str; 13] = [
    "SUBSCRIPTION_CREATED",
    "SUBSCRIPTION_UPDATED",
    "SUBSCRIPTION_RENEWED",
    "SUBSCRIPTION_CANCELLED",
    "USAGE_RECORDED",
    "USAGE_INVOICE_CREATED",
    "USAGE_INVOICE_PAID",
    "USAGE_INVOICE_OVERDUE",
    "SUBSCRIPTION_USAGE_PERIOD_CLOSED",
    DISPUTE_CREATED,
    "PAYOUT_CREATED",
    "PAYOUT_COMPLETED",
    "PAYOUT_FAILED",
];

pub(crate) fn is_known(profile: Profile, event: &str) -> bool {
    let is_newer = profile.is_current() && AFTERMATH_EVENTS.contains(&event);
    is_newer || PAYMENT_EVENTS.contains(&event) || OTHER_EVENTS.contains(&event)
}

/// Something that endpoints may want to hear about.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) organization_id: String,
    pub(crate) environment: Environment,
    pub(crate) name: String,
    pub(crate) data: Members,
    pub(crate) path: DeliveryPath,
}

const MOBILE_MONEY_MEMBERS: [&str; 20] = [
    "transaction_id",
    "organization_id",
    "customer_id",
    "product_id",
    "subscription_id",
    "transaction_type",
    "status",
    "description",
    "gross_amount",
    "fee_amount",
    "net_amount",
    "fee_name",
    "fee_category",
    "fee_subcategory",
    "currency_code",
    "provider_code",
    "payment_method_code",
    "metadata",
    "created_at",
    "updated_at",
];

const CARD_MEMBERS: [&str; 24] = [
    "transaction_id",
    "organization_id",
    "customer_id",
    "checkout_session_id",
    "environment",
    "transaction_type",
    "status",
    "gross_amount",
    "discount_amount",
    "fee_amount",
    "net_amount",
    "currency_code",
    "provider_code",
    "payment_method_code",
    "quantity",
    "price_id",
    "product_id",
    "subscription_id",
    "description",
    "available_at",
    "tier_fee_id",
    "metadata",
    "created_at",
    "updated_at",
];

const REFUND_MEMBERS: [&str; 12] = [
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

const DISPUTE_MEMBERS: [&str; 6] = ["dispute_id", "transaction_id", "amount", "currency_code", "reason", "status"];

/// Internals that never leave with an event. Every `stripe_` member is dropped too, even a merchant's own.
const INTERNAL_METADATA: [&str; 4] = ["card_country", "fee_currency", "fx_rate", "wave_session"];

/// The transaction as a row with all its derived columns, in no particular order.
pub(crate) fn transaction_row(transaction: &Transaction) -> Value {
    let mut row = serde_json::to_value(transaction).unwrap_or_default();
    let rail = transaction.rail;
    let derived = json!({
        "transaction_type": "payment",
        "fee_name": format!("{} {}", fee_owner(rail), transaction.currency_code),
        "fee_category": "payment_processing",
        "fee_subcategory": rail.fee_subcategory(),
        "provider_code": rail.provider_code(),
        "payment_method_code": rail.payment_method_code(),
    });
    if let (Some(row), Value::Object(derived)) = (row.as_object_mut(), derived) {
        row.remove("rail");
        row.extend(derived);
    }
    row
}

const fn fee_owner(rail: Rail) -> &'static str {
    match rail {
        Rail::Card => "Card",
        Rail::Wave => "Wave",
        Rail::Mtn => "MTN",
    }
}

/// The `data` of a payment event.
pub(crate) fn payment_data(transaction: &Transaction, quirks: &Quirks) -> Members {
    let row = transaction_row(transaction);
    let mut data = match transaction.rail {
        Rail::Card => Members::pick(&row, &CARD_MEMBERS),
        Rail::Wave | Rail::Mtn => Members::pick(&row, &MOBILE_MONEY_MEMBERS),
    };
    data.set("transaction_id", json!(payment_name(quirks, &transaction.transaction_id)));
    data.set("metadata", Value::Object(shown_metadata(&transaction.metadata)));
    if !quirks.omit_env_marker {
        data.set("environment", json!(transaction.environment));
        data.set("checkout_session_id", json!(transaction.checkout_session_id));
    }
    if quirks.decimal_numbers {
        data.iter_mut().filter(|(name, _)| is_amount(name)).for_each(|(_, value)| make_decimal(value));
    }
    data
}

/// How a payment is named to the merchant.
pub(crate) fn payment_name(quirks: &Quirks, transaction_id: &str) -> String {
    match quirks.payments_by_public_id {
        true => ids::public_id("txn_", transaction_id),
        false => transaction_id.to_owned(),
    }
}

fn shown_metadata(metadata: &Map<String, Value>) -> Map<String, Value> {
    let is_shown = |name: &str| !name.starts_with("stripe_") && !INTERNAL_METADATA.contains(&name);
    metadata.iter().filter(|(name, _)| is_shown(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The same row as the quirk wants its amounts. What the merchant sent as metadata stays as it is.
pub(crate) fn with_decimals(mut row: Value, quirks: &Quirks) -> Value {
    for (name, value) in row.as_object_mut().into_iter().flatten().filter(|_| quirks.decimal_numbers) {
        match name.as_str() {
            "data" => *value = with_decimals(value.take(), quirks),
            name if is_amount(name) => make_decimal(value),
            _ => {}
        }
    }
    row
}

fn is_amount(name: &str) -> bool {
    name == "amount" || name.trim_end_matches("_xof").ends_with("_amount")
}

/// `25000` becomes `25000.0`; a number with a fraction stays.
fn make_decimal(value: &mut Value) {
    if value.is_i64() {
        *value = serde_json::from_str(&format!("{value}.0")).unwrap_or_default();
    }
}

/// Announces what became of a payment.
pub(crate) fn payment(context: &mut Context, transaction_id: &str, name: &str, now: Timestamp) {
    let Some(transaction) = context.transactions.get(transaction_id) else { return };
    let is_test = transaction.environment == Environment::Test;
    let queued = is_test && !(transaction.rail == Rail::Card && name == PAYMENT_FAILED);
    let event = Event {
        organization_id: hearer(context, transaction),
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
fn hearer(context: &Context, transaction: &Transaction) -> String {
    let intent = context.intents.get(&transaction.provider_transaction_id);
    let named = intent.and_then(|intent| intent.metadata.get("organization_id"));
    named.unwrap_or(&transaction.organization_id).clone()
}

/// Announces a refund, where that is announced at all.
pub(crate) fn refund(context: &mut Context, refund: &Refund, name: &str, now: Timestamp) {
    if !context.profile.is_current() {
        return;
    }
    let mut data = Members::pick(&serde_json::to_value(refund).unwrap_or_default(), &REFUND_MEMBERS);
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
    let mut data = Members::pick(&serde_json::to_value(dispute).unwrap_or_default(), &DISPUTE_MEMBERS);
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
        data: Members::all(&serde_json::to_value(session).unwrap_or_default()),
        path: DeliveryPath::Queued,
    };
    context.emit(&event, now);
}
