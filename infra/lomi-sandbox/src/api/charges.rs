//! Card charges: create, read, cancel. `/payment-intents` is the older path.

use axum::Extension;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Value, json};

use super::charge_draft::{self, ChargeDraft};
use crate::clock::Timestamp;
use crate::context::Context;
use crate::http::call::{Admitted, Call};
use crate::http::error::ApiError;
use crate::http::idempotency;
use crate::http::reply::Reply;
use crate::model::{Caller, Intent};
use crate::pay::{charge, confirm};
use crate::sim::Sim;

/// `POST /charge/card` and `POST /payment-intents`.
pub(crate) async fn create(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let body = call.body.clone();
    idempotency::once(&sim, &call, |context, caller, now| open(context, caller, &body, now)).await
}

/// Runs under the idempotency key, so that `current` replays even the refusal of a muted rail.
fn open(context: &mut Context, caller: &Caller, body: &Value, now: Timestamp) -> Result<Value, ApiError> {
    if context.quirks.card_rail_muted {
        let text = "Card payments are temporarily unavailable";
        return Err(ApiError::plain(StatusCode::SERVICE_UNAVAILABLE, text));
    }
    let ChargeDraft { charge, appearance } = charge_draft::read(context.profile, body)?;
    let no_customer = || ApiError::bad_request("The customer does not exist: the charge was not recorded");
    let intent = charge::open(context, caller, &charge, now).ok_or_else(no_customer)?;
    let mut data = view(&intent);
    if let Some(appearance) = appearance {
        set(&mut data, "appearance", Value::Object(appearance));
    }
    Ok(json!({"success": true, "data": data}))
}

/// `GET /charge/card/{id}`.
pub(crate) async fn read(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    sim.read(|context, _| {
        let intent = accessible(context, &call, &id)?;
        let mut data = view(intent);
        set(&mut data, "transaction", charge::transaction_of(context, intent));
        Ok(Reply::ok(&json!({"success": true, "data": data})))
    })
}

/// `POST /charge/card/{id}/cancel`: 200 in `current` and 201 before. A final charge is an internal error.
pub(crate) async fn cancel(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    sim.with(|context, _| {
        accessible(context, &call, &id)?;
        let canceled = context.intents.get_mut(&id).and_then(confirm::cancel).ok_or_else(ApiError::unexpected)?;
        let body = json!({"success": true, "data": {"id": id, "status": canceled}});
        Ok(if call.profile.is_current() { Reply::ok(&body) } else { Reply::created(body) })
    })
}

/// Only the transaction names the owner: every key of the environment can read an orphan.
fn accessible<'a>(context: &'a Context, call: &Call, id: &str) -> Result<&'a Intent, ApiError> {
    let intent = context.intents.get(id).filter(|intent| intent.environment == call.caller.environment);
    let intent = intent.ok_or_else(|| ApiError::missing("Payment intent", id))?;
    let transaction = intent.transaction_id.as_ref().and_then(|id| context.transactions.get(id));
    match transaction.is_some_and(|row| !call.owns(&row.organization_id)) {
        true => Err(ApiError::plain(StatusCode::FORBIDDEN, "The payment intent belongs to another organization")),
        false => Ok(intent),
    }
}

fn view(intent: &Intent) -> Value {
    json!({
        "id": intent.id,
        "client_secret": intent.client_secret,
        "amount": intent.amount,
        "currency": intent.currency,
        "original_amount": intent.original_amount,
        "original_currency": intent.original_currency,
        "status": intent.status,
    })
}

fn set(data: &mut Value, name: &str, value: Value) {
    if let Some(data) = data.as_object_mut() {
        data.insert(name.to_owned(), value);
    }
}
