//! What the two functions that open something to pay on have in common at the wire.

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

/// Who asks, by the gateway's own word on the route that matched: it lets nobody unknown through to `/admin`.
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

/// The caller's key, and what recognises its request. The key opens the order: of a storefront, which anybody may be, it has
/// to be one that no stranger comes to as well.
///
/// # Errors
/// `idempotency_key_required`, `idempotency_key_guessable`, or what is wrong with the body as JSON.
pub fn idempotency(request: &Request, caller: Caller) -> Result<(IdempotencyKey, Fingerprint), Problem> {
    let key = request.header("idempotency-key").and_then(IdempotencyKey::parse);
    let key = key.ok_or(Problem::new(Code::IdempotencyKeyRequired))?;
    if caller == Caller::Storefront && !key.is_hard_to_guess() {
        return Err(Problem::new(Code::IdempotencyKeyGuessable));
    }
    Ok((key, Fingerprint::of(&request.route, &json(request)?)))
}

/// The same, where the merchant's own backend may leave the key out: lomi.'s documents print its creates without one. A
/// request without a key is its own, whatever it repeats.
///
/// # Errors
/// Those of [`idempotency`]; a key that is there has to be one.
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

/// What is kept of an answer and shown a second time, under the names of lomi.'s documents.
#[derive(Debug, Deserialize)]
pub struct Kept {
    /// The order's price in minor units, where there is one.
    pub amount: Option<i64>,
    /// Its currency.
    pub currency_code: Option<String>,
    /// The page.
    pub checkout_url: Option<String>,
    /// The intent.
    pub payment_intent_id: Option<String>,
}

/// Runs the use case and answers, telling `event` what became of it. `beside` says what else the answer shows: it is made
/// of the kept answer and the request alone, so a replay shows the same, and of it nothing is kept.
///
/// # Errors
/// Why nothing was handed out.
pub async fn run<M: Serialize>(
    context: &Context,
    create: &CreateCheckout,
    lomi: &Lomi,
    (request, event): (&Request, &mut Telemetry),
    beside: impl FnOnce(Kept) -> Option<M>,
) -> Result<Response, Problem> {
    let client = async || lomi.client(request.deadline, event).await;
    let created = create_checkout(context, create, client, request.deadline).await;
    let created = created.inspect_err(|error| report_error(error, event))?;
    report_created(&created, event);
    let body = with_members(created.answer.body, beside)?;
    let response = Response::new(created.answer.status, "application/json", body);
    Ok(if created.replayed { response.header("idempotency-replayed", "true") } else { response })
}

/// The kept bytes stay as they are; what stands beside them follows.
fn with_members<M: Serialize>(kept: String, beside: impl FnOnce(Kept) -> Option<M>) -> Result<String, Problem> {
    let unreadable = || Problem::new(Code::InternalError).because("answer_unreadable");
    let Some(members) = beside(serde_json::from_str(&kept).map_err(|_| unreadable())?) else { return Ok(kept) };
    let members = serde_json::to_string(&members).map_err(|_| unreadable())?;
    let (kept, members) = kept.strip_suffix('}').zip(members.strip_prefix('{')).ok_or_else(unreadable)?;
    Ok(format!("{kept},{members}"))
}

/// Tells `event` what was made.
pub fn report_created(created: &Created, event: &mut Telemetry) {
    event.flag(Field::IdempotencyReplayed, created.replayed);
    if let Some(order) = &created.order {
        report_order(order, event);
    }
}

fn report_order(order: &Order, event: &mut Telemetry) {
    event.id(Field::OrderId, order.id().as_str());
    event.word(Field::OrderStatus, order.status().as_str());
    if let Some(money) = order.expected() {
        event.number(Field::OrderAmountMinor, money.amount_minor());
        event.word(Field::OrderCurrency, money.currency().code());
    }
}

/// Tells `event` why nothing was made.
pub fn report_error(error: &CreateError, event: &mut Telemetry) {
    match error {
        CreateError::ProviderUnavailable { error, .. }
        | CreateError::ProviderRejected(error)
        | CreateError::CardUnavailable(error) => {
            if error.outcome() == lomi_client::Outcome::Unknown {
                event.count(Counter::InDoubt);
            }
            crate::lomi::report(error, event);
        }
        CreateError::WrongPayment => event.count(Counter::WrongPage),
        _ => {}
    }
}
