//! Bodies of the create routes, parsed by the functions' own sources.

use crate::bytes::first_line;
use crate::redirect::{leads_to_the_shop, policy};
use checkout::sessions::CheckoutMode;
use domain::{
    CartLine, Currency, LomiCart, MAX_CART_LINES, MAX_CART_TOKEN_BYTES, MAX_QUANTITY, OrderDetails, OrderId,
    OrderToken, metadata_faults,
};
use lambda_kit::fields::{Asked, Caller, PublicPrices, Whole};
use lambda_kit::http::json_of;
use lambda_kit::problem::{MAX_FIELD_ERRORS, Problem};
use serde_json::Value;

#[path = "../../../functions/create-payment-intent/src/body.rs"]
mod intent;
#[path = "../../../functions/create-checkout-session/src/body.rs"]
mod session;

/// The most text of a request that an answer repeats.
const MAX_POINTER_BYTES: usize = 256;

/// Any bytes taken as a body. An empty first line makes the caller the merchant's backend.
pub fn create(data: &[u8]) {
    let (mark, rest) = first_line(data);
    let (caller, body) = if mark.is_empty() { (Caller::Merchant, rest) } else { (Caller::Storefront, data) };
    if let Some(policy) = policy() {
        transition(
            caller,
            body,
            json_of::<session::Body>(body)
                .and_then(|body| body.check(caller, &policy, (&PublicPrices::All, Currency::Xof))),
        );
    }
    transition(caller, body, json_of::<intent::Body>(body).and_then(|body| body.check(caller, Currency::Xof, None)));
}

fn transition(caller: Caller, body: &[u8], read: Result<(CheckoutMode, OrderDetails, Asked), Problem>) {
    match read {
        Err(problem) => is_the_callers_fault_and_short(&problem),
        Ok((mode, details, asked)) => {
            is_priced_by_whom_it_may_be(caller, body, &asked);
            leads_nobody_astray(&mode);
            is_bounded(&details, &asked);
            is_named_by_whom_it_may_be(caller, &mode, &details);
        }
    }
}

fn is_the_callers_fault_and_short(problem: &Problem) {
    let status = problem.to_response("", lambda_kit::language::Language::English).status();
    assert!((400..500).contains(&status), "a body is never our own fault: {status}");
    assert!(problem.errors.len() <= MAX_FIELD_ERRORS);
    assert!(problem.errors.iter().all(|error| error.pointer.len() <= MAX_POINTER_BYTES), "{problem:?}");
}

fn is_priced_by_whom_it_may_be(caller: Caller, body: &[u8], asked: &Asked) {
    let written = serde_json::from_slice::<Value>(body).unwrap_or_default();
    match asked {
        Asked::Merchant(money) => {
            assert_eq!(caller, Caller::Merchant, "a storefront named a price");
            let is_its = |number: i64| number == money.amount_minor();
            let whole = written.get("amount").map(|amount| serde_json::from_str::<Whole>(&amount.to_string()));
            assert!(whole.is_some_and(|whole| whole.is_ok_and(|whole| whole.get().is_some_and(is_its))));
            let said = ["currency_code", "currency"].map(|name| written.get(name).and_then(Value::as_str));
            assert_eq!(said.into_iter().flatten().next().unwrap_or("XOF"), money.currency().code());
        }
        _ => assert!(written.get("amount").is_none_or(Value::is_null), "an amount was passed over in silence"),
    }
}

fn leads_nobody_astray(mode: &CheckoutMode) {
    let CheckoutMode::Page(page) = mode else { return };
    let (id, token) = (OrderId::from_entropy([1; 32]), OrderToken::from_entropy([2; 32]));
    for url in [&page.success_url, &page.cancel_url] {
        leads_to_the_shop(&url.for_order(&id, &token));
    }
}

fn is_bounded(details: &OrderDetails, asked: &Asked) {
    let is_count = |count: usize| (1..=MAX_CART_LINES).contains(&count);
    let is_quantity = |quantity: u32| (1..=MAX_QUANTITY).contains(&quantity);
    assert!(match asked {
        Asked::Catalog(lines) =>
            is_count(lines.len()) && lines.iter().all(|line: &CartLine| is_quantity(line.quantity)),
        Asked::Lomi(LomiCart::Lines(lines), _) =>
            is_count(lines.len()) && lines.iter().all(|line| is_quantity(line.quantity)),
        Asked::Lomi(LomiCart::Price(line), _) => is_quantity(line.quantity),
        Asked::Lomi(LomiCart::Product { quantity, .. }, _) => is_quantity(*quantity),
        Asked::Signed(token) => token.len() <= MAX_CART_TOKEN_BYTES,
        Asked::Merchant(_) => true,
    });
    for labels in [&details.metadata, &details.shopper_notes] {
        assert_eq!(metadata_faults(labels), [], "labels that cannot be kept");
    }
}

/// A storefront cannot set the order's reference, nor a label or record at lomi.
fn is_named_by_whom_it_may_be(caller: Caller, mode: &CheckoutMode, details: &OrderDetails) {
    if caller == Caller::Merchant {
        assert!(details.shopper_notes.is_empty(), "the merchant's labels are no shopper's notes");
        return;
    }
    assert!(details.reference.is_none() && details.metadata.is_empty(), "a storefront speaks for the merchant");
    if let CheckoutMode::Card(card) = mode {
        assert!(card.payment_reference.is_none() && card.quantity.is_none());
        assert!(card.product_id.is_none() && card.subscription_id.is_none());
    }
}
