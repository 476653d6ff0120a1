//! The stand-in for the card form: its script and its requests. The shop's page has another
//! origin, so every origin may read the answers.

use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use super::json_as;
use crate::http::reply::Reply;
use crate::model::IntentStatus;
use crate::pay::confirm::{self, Card, Refusal};
use crate::sim::Sim;

const SCRIPT: &str = include_str!("card.js");
const INVALID_REQUEST: &str = "invalid_request_error";

/// `GET /_sim/card.js`.
pub(crate) async fn script() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (headers, SCRIPT).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirm {
    client_secret: String,
    card_number: String,
    exp: Option<String>,
    cvc: Option<String>,
}

/// `POST /_sim/card/{pi}/confirm`: 200 with the intent, 402 with an error.
pub(crate) async fn confirm(State(sim): State<Sim>, Path(id): Path<String>, body: Bytes) -> Response {
    let Ok(request) = json_as::<Confirm>(&body) else { return readable(malformed()) };
    let card = Card { number: request.card_number, exp: request.exp, cvc: request.cvc };
    readable(intent_reply(
        &id,
        sim.with(|context, now| confirm::confirm(context, &id, &request.client_secret, &card, now)),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Authenticate {
    pass: bool,
}

/// `POST /_sim/card/{pi}/authenticate` `{pass}`: the shopper's answer to the bank.
pub(crate) async fn authenticate(State(sim): State<Sim>, Path(id): Path<String>, body: Bytes) -> Response {
    let Ok(request) = json_as::<Authenticate>(&body) else { return readable(malformed()) };
    readable(intent_reply(&id, sim.with(|context, now| confirm::authenticate(context, &id, request.pass, now))))
}

fn intent_reply(id: &str, outcome: Result<IntentStatus, Refusal>) -> Reply {
    match outcome {
        Ok(status) => Reply::ok(&json!({"paymentIntent": {"id": id, "status": status}})),
        Err(Refusal::UnknownIntent) => refusal(StatusCode::NOT_FOUND, INVALID_REQUEST, "resource_missing"),
        Err(Refusal::WrongSecret) => refusal(StatusCode::FORBIDDEN, INVALID_REQUEST, "client_secret_invalid"),
        Err(Refusal::WrongState) => {
            refusal(StatusCode::BAD_REQUEST, INVALID_REQUEST, "payment_intent_unexpected_state")
        }
        Err(Refusal::Form(code)) => refusal(StatusCode::PAYMENT_REQUIRED, "validation_error", code),
        Err(Refusal::Card(code)) => refusal(StatusCode::PAYMENT_REQUIRED, "card_error", code),
    }
}

fn malformed() -> Reply {
    refusal(StatusCode::BAD_REQUEST, INVALID_REQUEST, "parameter_invalid")
}

fn refusal(status: StatusCode, kind: &str, code: &str) -> Reply {
    let message = format!("The payment did not go through ({code}).");
    Reply::new(status, &json!({"error": {"type": kind, "code": code, "message": message}}))
}

/// Every answer carries the CORS header itself: an `ApiError` would lose it.
fn readable(reply: Reply) -> Response {
    let mut response = reply.into_response();
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
