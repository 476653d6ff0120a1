//! The body of a card charge. lomi checks it by hand and answers the first problem.

use serde_json::{Map, Value, json};

use crate::http::error::ApiError;
use crate::ids;
use crate::money::{Amount, Currency};
use crate::pay::charge::{Charge, ChargePayer};
use crate::settings::Profile;

/// The minimum of the processor.
const MIN_PROCESSOR_CENTS: i64 = 50;
/// The minimum of `current` in francs.
const MIN_FRANCS: Amount = Amount::whole(1_000);

/// A well-formed request for a card charge.
#[derive(Debug)]
pub(crate) struct ChargeDraft {
    pub(crate) charge: Charge,
    /// The look of the card form, echoed in the answer.
    pub(crate) appearance: Option<Map<String, Value>>,
}

pub(crate) fn read(profile: Profile, body: &Value) -> Result<ChargeDraft, ApiError> {
    let payer = payer(body)?;
    let product_id = optional_uuid(body, "product_id")?;
    let subscription_id = optional_uuid(body, "subscription_id")?;
    let amount = amount(profile, body)?;
    let currency = currency(profile, body)?;
    let appearance = appearance(body)?;
    check_minimum(profile, amount, currency)?;
    let quantity = body.get("quantity").and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok());
    let charge = Charge {
        amount,
        currency,
        payer,
        description: text(body, "description"),
        payment_reference: text(body, "payment_reference"),
        product_id,
        subscription_id,
        quantity: quantity.unwrap_or(1),
        metadata: body.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
    };
    Ok(ChargeDraft { charge, appearance })
}

/// Trimmed; blank counts as absent.
fn text(body: &Value, name: &str) -> Option<String> {
    let text = body.get(name).and_then(Value::as_str).map(str::trim);
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn payer(body: &Value) -> Result<ChargePayer, ApiError> {
    if let Some(id) = text(body, "customer_id") {
        return match ids::is_uuid_v4(&id) {
            true => Ok(ChargePayer::Customer(id)),
            false => Err(ApiError::bad_request("customer_id must be a UUID v4")),
        };
    }
    let refusal = || ApiError::bad_request("Send customer_id, or customer_email and customer_name");
    let email = text(body, "customer_email").filter(|email| is_email(email)).ok_or_else(refusal)?;
    let name = text(body, "customer_name").ok_or_else(refusal)?;
    Ok(ChargePayer::Guest { name, email, phone: text(body, "customer_phone").unwrap_or_default() })
}

/// `x@y.z`, without spaces.
fn is_email(text: &str) -> bool {
    let has_dot =
        |domain: &str| domain.split_once('.').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty());
    let parts = text.split_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && has_dot(domain)) && !text.contains(char::is_whitespace)
}

fn optional_uuid(body: &Value, name: &str) -> Result<Option<String>, ApiError> {
    match text(body, name) {
        Some(id) if !ids::is_uuid_v4(&id) => Err(ApiError::bad_request(format!("{name} must be a UUID v4"))),
        id => Ok(id),
    }
}

fn amount(profile: Profile, body: &Value) -> Result<Amount, ApiError> {
    let sent = body.get("amount").unwrap_or(&Value::Null);
    let as_text = || sent.as_str().filter(|_| profile == Profile::June2026).and_then(|text| Amount::parse(text.trim()));
    let amount = Amount::from_json(sent).or_else(as_text).filter(|amount| amount.is_positive());
    amount.ok_or_else(|| ApiError::bad_request("amount must be a positive number"))
}

fn currency(profile: Profile, body: &Value) -> Result<Currency, ApiError> {
    let code = text(body, "currency_code").or_else(|| text(body, "currency")).unwrap_or_else(|| "XOF".to_owned());
    code.to_ascii_uppercase().parse().map_err(|_| {
        let refusal = ApiError::bad_request("currency_code must be XOF, USD or EUR");
        // `current` has no specific code for it.
        if profile.is_current() { refusal } else { refusal.coded("UNSUPPORTED_CURRENCY") }
    })
}

fn appearance(body: &Value) -> Result<Option<Map<String, Value>>, ApiError> {
    let mut appearance = Map::new();
    if let Some(theme) = sent(body, "appearance_theme") {
        let theme = match theme.as_str() {
            Some("light" | "stripe") => "light",
            Some("dark" | "night") => "dark",
            Some("flat") => "flat",
            _ => return Err(ApiError::bad_request("appearance_theme must be light, dark or flat")),
        };
        appearance.insert("theme".to_owned(), json!(theme));
    }
    if let Some(radius) = sent(body, "appearance_border_radius") {
        if radius.as_number().is_none_or(|number| number.to_string().starts_with('-')) {
            return Err(ApiError::bad_request("appearance_border_radius must be a number not less than 0"));
        }
        appearance.insert("border_radius".to_owned(), radius.clone());
    }
    if let Some(mode) = sent(body, "appearance_billing_address") {
        if !matches!(mode.as_str(), Some("auto" | "never")) {
            return Err(ApiError::bad_request("appearance_billing_address must be auto or never"));
        }
        appearance.insert("billing_address".to_owned(), mode.clone());
    }
    Ok((!appearance.is_empty()).then_some(appearance))
}

fn sent<'a>(body: &'a Value, name: &str) -> Option<&'a Value> {
    body.get(name).filter(|value| !value.is_null())
}

/// `current` checks it itself. In the older generations the processor refuses, which June answers with an internal error.
fn check_minimum(profile: Profile, amount: Amount, currency: Currency) -> Result<(), ApiError> {
    let is_small_for_processor = amount.processor_cents(currency) < MIN_PROCESSOR_CENTS;
    match profile {
        Profile::Current if is_small_for_processor || (currency == Currency::Xof && amount < MIN_FRANCS) => {
            Err(ApiError::bad_request("amount is below the minimum of a card charge").coded("amount_invalid"))
        }
        Profile::June2026 if is_small_for_processor => Err(ApiError::unexpected()),
        Profile::Seeds if is_small_for_processor => Err(ApiError::bad_request("amount is too small for a card charge")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_needs_a_name_a_domain_and_no_space() {
        assert!(is_email("awa@shop.example"));
        for text in ["awa", "@shop.example", "awa@shop", "awa@.example", "awa kone@shop.example"] {
            assert!(!is_email(text), "{text}");
        }
    }
}
