//! What `create-checkout-session` and `create-payment-intent` share: the caller, the idempotency key, the answer.

use crate::fields::Caller;
use crate::http::{Request, Response, json};
use crate::lomi::Lomi;
use crate::problem::{Code, Problem};
use crate::telemetry::{Counter, Field, Telemetry};
use checkout::Context;
use checkout::sessions::{CreateCheckout, CreateError, Created, create_checkout};
use checkout::system::Entropy;
use domain::{Fingerprint, IdempotencyKey, Order};
use serde::{Deserialize, Serialize};

/// Tells the callers apart by the route that API Gateway matched: on `/admin` it admits IAM-signed requests only.
///
/// # Errors
/// `not_found` for a route that is neither `storefront` nor `merchant`.
pub fn caller(request: &Request, storefront: &str, merchant: &str) -> Result<Caller, Problem> {
    match request.route.as_str() {
        route if route == storefront => Ok(Caller::Storefront),
        route if route == merchant => Ok(Caller::Merchant),
        _ => Err(Problem::new(Code::NotFound)),
    }
}

/// The idempotency key, and the fingerprint of the request. Anyone who repeats the key gets the order, so a
/// storefront's key must be hard to guess.
///
/// # Errors
/// `idempotency_key_required`, `idempotency_key_guessable`, or the error of a body that is not JSON.
pub fn idempotency(request: &Request, caller: Caller) -> Result<(IdempotencyKey, Fingerprint), Problem> {
    let key = request.header("idempotency-key").and_then(IdempotencyKey::parse);
    let key = key.ok_or(Problem::new(Code::IdempotencyKeyRequired))?;
    if caller == Caller::Storefront && !key.is_hard_to_guess() {
        return Err(Problem::new(Code::IdempotencyKeyGuessable));
    }
    Ok((key, Fingerprint::of(&request.route, &json(request)?)))
}

/// [`idempotency`], but the merchant's backend may omit the key, because lomi's documents print creates without one. A
/// request without a key gets a fresh one, so it never replays another.
///
/// # Errors
/// Those of [`idempotency`]; a key that is sent must be valid.
pub fn idempotency_or_fresh(
    request: &Request,
    caller: Caller,
    entropy: &Entropy,
) -> Result<(IdempotencyKey, Fingerprint), Problem> {
    if caller == Caller::Storefront || request.has_header("idempotency-key") {
        return idempotency(request, caller);
    }
    let key = IdempotencyKey::from_entropy(entropy.bytes());
    Ok((key, Fingerprint::of(&request.route, &json(request)?)))
}

/// The fields of the stored answer that are repeated under the names of lomi's documents.
#[derive(Debug, Deserialize)]
pub struct Kept {
    /// The order's price in minor units, where there is one.
    pub amount: Option<i64>,
    /// Its currency.
    pub currency_code: Option<String>,
    /// The address of the payment page.
    pub checkout_url: Option<String>,
    /// The id of the payment intent.
    pub payment_intent_id: Option<String>,
}

/// Runs the use case, reports its outcome to `telemetry` and answers. `beside` makes further fields from the stored answer
/// and the request alone, so a replay shows the same ones; they are not stored.
pub async fn run<M: Serialize>(
    context: &Context,
    create: &CreateCheckout,
    lomi: &Lomi,
    (request, telemetry): (&Request, &mut Telemetry),
    beside: impl FnOnce(Kept) -> Option<M>,
) -> Result<Response, Problem> {
    let client = async || lomi.client(request.deadline, telemetry).await;
    let created = create_checkout(context, create, client, request.deadline).await;
    let created = created.inspect_err(|error| report_error(error, telemetry))?;
    report_created(&created, telemetry);
    let body = with_fields(created.answer.body, beside)?;
    let response = Response::new(created.answer.status, "application/json", body);
    Ok(if created.replayed { response.header("idempotency-replayed", "true") } else { response })
}

/// Appends the further fields to the stored bytes, which stay unchanged.
fn with_fields<M: Serialize>(kept: String, beside: impl FnOnce(Kept) -> Option<M>) -> Result<String, Problem> {
    let unreadable = || Problem::new(Code::InternalError).because("answer_unreadable");
    let Some(fields) = beside(serde_json::from_str(&kept).map_err(|_| unreadable())?) else { return Ok(kept) };
    let fields = serde_json::to_string(&fields).map_err(|_| unreadable())?;
    let (kept, fields) = kept.strip_suffix('}').zip(fields.strip_prefix('{')).ok_or_else(unreadable)?;
    Ok(format!("{kept},{fields}"))
}

/// Reports the order to `telemetry`.
pub fn report_created(created: &Created, telemetry: &mut Telemetry) {
    telemetry.flag(Field::IdempotencyReplayed, created.replayed);
    if let Some(order) = &created.order {
        report_order(order, telemetry);
    }
}

fn report_order(order: &Order, telemetry: &mut Telemetry) {
    telemetry.id(Field::OrderId, order.id().as_str());
    telemetry.word(Field::OrderStatus, order.status().as_str());
    if let Some(money) = order.expected() {
        telemetry.number(Field::OrderAmountMinor, money.amount_minor());
        telemetry.word(Field::OrderCurrency, money.currency().code());
    }
}

/// Reports a failed create to `telemetry`.
pub fn report_error(error: &CreateError, telemetry: &mut Telemetry) {
    match error {
        CreateError::ProviderUnavailable { error, .. }
        | CreateError::ProviderRejected(error)
        | CreateError::CardUnavailable(error) => {
            if error.outcome() == lomi_client::Outcome::Unknown {
                telemetry.count(Counter::InDoubt);
            }
            crate::lomi::report(error, telemetry);
        }
        CreateError::WrongPayment => telemetry.count(Counter::WrongPage),
        _ => {}
    }
}
