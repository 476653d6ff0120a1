//! The body of `POST /checkout-sessions`, as each generation reads it.

use serde_json::{Value, json};

use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::model::SessionDetails;
use crate::money::{Amount, Currency};
use crate::settings::Profile;

const SOURCES: [&str; 7] = ["system", "shopify", "woocommerce", "prestashop", "magento", "odoo", "bubble"];
const PROVIDERS: [&str; 6] = ["ORANGE", "WAVE", "NOWPAYMENTS", "MTN", "STRIPE", "SPI"];
const DEFAULT_LIFE_MIN: u32 = 60;
const SEEDS_LIFE_MIN: u32 = 30;
const SEEDS_MAX_METADATA_KEYS: usize = 50;

/// A well-formed request for a session, before its price is known.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) amount: Option<Amount>,
    pub(crate) currency: Option<Currency>,
    pub(crate) line_items: Option<Vec<LineItem>>,
    pub(crate) life_min: u32,
    pub(crate) details: SessionDetails,
}

#[derive(Clone, Debug)]
pub(crate) struct LineItem {
    pub(crate) price_id: String,
    pub(crate) quantity: u32,
}

impl Draft {
    pub(crate) fn read(profile: Profile, body: &Value) -> Result<Self, ApiError> {
        match profile {
            Profile::Current => current(body),
            Profile::June2026 => june(body),
            Profile::Seeds => seeds(body),
        }
    }
}

fn current(body: &Value) -> Result<Draft, ApiError> {
    let mut fields = Fields::new(body);
    let mut draft = lenient(&mut fields);
    draft.details.customer_email = fields.email("customer_email");
    draft.details.integration_source = fields.one_of("integration_source", &SOURCES);
    let details = &draft.details;
    let has_contact_flag = details.require_name || details.require_email || details.require_phone;
    if !has_contact_flag && details.customer_name.is_none() && details.customer_id.is_none() {
        fields.problem("require_name", "must be true unless customer_name or customer_id is sent");
    }
    match fields.problems.is_empty() {
        true => Ok(draft),
        false => Err(ApiError::validation(fields.problems)),
    }
}

/// Without a validation layer, a value that the database cannot store is an internal error. The currency has no default.
fn june(body: &Value) -> Result<Draft, ApiError> {
    let mut fields = Fields::new(body);
    let draft = lenient(&mut fields);
    let unusable = !fields.problems.is_empty() || draft.currency.is_none();
    if unusable { Err(ApiError::unexpected()) } else { Ok(draft) }
}

/// The fields that the NestJS generations share.
fn lenient(fields: &mut Fields<'_>) -> Draft {
    let line_items = fields.items("line_items", |item| {
        item.require("price_id");
        LineItem {
            price_id: item.id("price_id", "price_").unwrap_or_default(),
            quantity: item.count("quantity").unwrap_or(1),
        }
    });
    Draft {
        amount: fields.amount("amount"),
        currency: fields.variant("currency_code"),
        line_items,
        life_min: DEFAULT_LIFE_MIN,
        details: SessionDetails {
            title: fields.text("title"),
            description: fields.text("description"),
            customer_id: fields.uuid("customer_id"),
            customer_email: fields.text("customer_email"),
            customer_name: fields.text("customer_name"),
            customer_phone: fields.text("customer_phone"),
            customer_city: fields.text("customer_city"),
            customer_country: fields.text("customer_country"),
            customer_address: fields.text("customer_address"),
            customer_postal_code: fields.text("customer_postal_code"),
            product_id: fields.id("product_id", "prod_"),
            price_id: fields.id("price_id", "price_"),
            plan_id: None,
            subscription_id: fields.uuid("subscription_id"),
            payment_link_id: fields.uuid("payment_link_id"),
            quantity: fields.count("quantity").unwrap_or(1),
            allow_quantity: fields.flag("allow_quantity").unwrap_or(false),
            allow_coupon_code: fields.flag("allow_coupon_code").unwrap_or(false),
            require_name: fields.flag("require_name").unwrap_or(true),
            require_email: fields.flag("require_email").unwrap_or(true),
            // True in the contract of 1.2.0, false in its guide.
            require_phone: fields.flag("require_phone").unwrap_or(true),
            require_billing_address: fields.flag("require_billing_address").unwrap_or(false),
            success_url: fields.text("success_url"),
            cancel_url: fields.text("cancel_url"),
            metadata: fields.object("metadata"),
            integration_source: fields.text("integration_source"),
            allowed_providers: Vec::new(),
        },
    }
}

fn seeds(body: &Value) -> Result<Draft, ApiError> {
    let mut fields = Fields::new(body);
    for name in ["success_url", "cancel_url", "allowed_providers", "amount", "currency_code"] {
        fields.require(name);
    }
    let currency = fields.text("currency_code");
    let providers = fields.texts("allowed_providers");
    if fields.get("allowed_providers").is_some() && providers.as_ref().is_some_and(Vec::is_empty) {
        fields.problem("allowed_providers", "must not be empty");
    }
    let amount = fields.amount("amount");
    if amount.is_some_and(|amount| !amount.is_positive()) {
        fields.problem("amount", "must be greater than 0");
    }
    let draft = Draft {
        amount,
        currency: currency.and_then(|code| code.parse().ok()),
        line_items: None,
        life_min: fields.count("expiration_minutes").unwrap_or(SEEDS_LIFE_MIN),
        details: seeds_details(&mut fields, providers.clone().unwrap_or_default()),
    };
    if !fields.problems.is_empty() {
        return Err(ApiError::validation(fields.problems));
    }
    if draft.currency.is_none() {
        return Err(ApiError::bad_request("Currency is not supported").coded("UNSUPPORTED_CURRENCY"));
    }
    if providers.iter().flatten().any(|provider| !PROVIDERS.contains(&provider.as_str())) {
        return Err(ApiError::bad_request("Provider is not supported").coded("UNSUPPORTED_PROVIDER"));
    }
    Ok(draft)
}

fn seeds_details(fields: &mut Fields<'_>, allowed_providers: Vec<String>) -> SessionDetails {
    SessionDetails {
        title: fields.text("title"),
        description: fields.text("public_description"),
        customer_email: fields.text("customer_email"),
        customer_name: fields.text("customer_name"),
        customer_phone: fields.text("customer_phone"),
        product_id: fields.text("product_id"),
        plan_id: fields.text("plan_id"),
        subscription_id: fields.text("subscription_id"),
        quantity: 1,
        allow_coupon_code: fields.flag("allow_coupon_code").unwrap_or(false),
        success_url: fields.url("success_url"),
        cancel_url: fields.url("cancel_url"),
        metadata: seeds_metadata(fields),
        allowed_providers,
        ..SessionDetails::default()
    }
}

fn seeds_metadata(fields: &mut Fields<'_>) -> Value {
    let metadata = fields.object("metadata");
    let pairs = metadata.as_object();
    if pairs.is_some_and(|pairs| pairs.len() > SEEDS_MAX_METADATA_KEYS) {
        fields.problem("metadata", "must have at most 50 keys");
    }
    if pairs.is_some_and(|pairs| pairs.values().any(|value| !value.is_string())) {
        fields.problem("metadata", "values must be strings");
    }
    if metadata.is_null() { json!({}) } else { metadata }
}
