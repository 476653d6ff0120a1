//! The fields of a payment in events and rows.

use serde_json::{Map, Value, json};

use crate::ids;
use crate::model::{Rail, Transaction};
use crate::ordered_fields::OrderedFields;
use crate::settings::Quirks;

const MOBILE_MONEY_FIELDS: [&str; 20] = [
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

const CARD_FIELDS: [&str; 24] = [
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

/// Internal metadata, which events lack. Every `stripe_` field is dropped too, even a merchant's own.
const INTERNAL_METADATA: [&str; 4] = ["card_country", "fee_currency", "fx_rate", "wave_session"];

/// The transaction as a row with its derived columns.
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

pub(crate) fn payment_data(transaction: &Transaction, quirks: &Quirks) -> OrderedFields {
    let row = transaction_row(transaction);
    let mut data = match transaction.rail {
        Rail::Card => OrderedFields::pick(&row, &CARD_FIELDS),
        Rail::Wave | Rail::Mtn => OrderedFields::pick(&row, &MOBILE_MONEY_FIELDS),
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

/// The id that the merchant sees.
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

/// Applies the quirk `decimal_numbers` to the amounts of a row, not to its metadata.
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
