//! The shopper, the wallet operator and the card processor.

use axum::extract::{Path, State};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ControlResult, json_as};
use crate::context::Context;
use crate::expiry::expire_session;
use crate::fixtures;
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::model::{BlockingInvoice, Rail, Session, SessionStatus};
use crate::money::{Amount, Currency};
use crate::pay::{self, Coupon, Outcome, PayForm, SessionClosed, Step};
use crate::sim::Sim;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pay {
    method: Rail,
    #[serde(default)]
    outcome: Outcome,
    card_number: Option<String>,
    /// `true` confirms at the bank, `false` refuses.
    challenge: Option<bool>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    coupon: Option<Coupon>,
}

/// `POST /_sim/sessions/{id}/pay`: as the pay button of the page.
pub(crate) async fn pay(State(sim): State<Sim>, Path(id): Path<String>, body: Bytes) -> ControlResult {
    let request: Pay = json_as(&body)?;
    let form = PayForm {
        rail: request.method,
        outcome: request.outcome,
        card_number: request.card_number,
        challenge: request.challenge,
        name: request.name,
        email: request.email,
        phone: request.phone,
        coupon: request.coupon,
    };
    let step = sim.with(|context, now| pay::pay(context, &id, &form, now)).map_err(|closed| refusal(closed, &id))?;
    Ok(step_reply(&sim, &id, &step))
}

/// `POST /_sim/sessions/{id}/cancel`.
pub(crate) async fn cancel(State(sim): State<Sim>, Path(id): Path<String>) -> ControlResult {
    let step = sim.with(|context, now| pay::cancel(context, &id, now)).map_err(|closed| refusal(closed, &id))?;
    Ok(step_reply(&sim, &id, &step))
}

/// `POST /_sim/sessions/{id}/expire`.
pub(crate) async fn expire(State(sim): State<Sim>, Path(id): Path<String>) -> ControlResult {
    match sim.with(|context, now| expire_session(context, &id, now)) {
        true => Ok(Reply::ok(&json!({"session_status": SessionStatus::Expired}))),
        false => Err(ApiError::conflict("The session is not open")),
    }
}

/// `POST /_sim/sessions/{id}/late_approve`: the money arrives, whatever the status of the session.
pub(crate) async fn late_approve(State(sim): State<Sim>, Path(id): Path<String>) -> ControlResult {
    let approved = sim.with(|context, now| pay::late_approve(context, &id, now));
    let transaction_id = approved.map_err(|closed| refusal(closed, &id))?;
    Ok(Reply::ok(&json!({"transaction_id": transaction_id, "session_status": status(&sim, &id)})))
}

/// `POST /_sim/transactions/{id}/approve`.
pub(crate) async fn approve(State(sim): State<Sim>, Path(id): Path<String>) -> ControlResult {
    let changed = sim.with(|context, now| pay::complete(context, &id, now));
    transaction_reply(&sim, &id, changed)
}

/// `POST /_sim/transactions/{id}/decline`.
pub(crate) async fn decline(State(sim): State<Sim>, Path(id): Path<String>) -> ControlResult {
    let changed = sim.with(|context, now| pay::fail(context, &id, now));
    transaction_reply(&sim, &id, changed)
}

/// `POST /_sim/transactions/{id}/unlabel`: clears the metadata.
pub(crate) async fn unlabel(State(sim): State<Sim>, Path(id): Path<String>) -> ControlResult {
    let exists = sim.with(|context, _| context.transactions.get_mut(&id).map(|row| row.metadata.clear()).is_some());
    transaction_reply(&sim, &id, exists)
}

fn transaction_reply(sim: &Sim, id: &str, changed: bool) -> ControlResult {
    let status = sim.read(|context, _| context.transactions.get(id).map(|row| row.status));
    let status = status.ok_or_else(|| ApiError::missing("Transaction", id))?;
    Ok(Reply::ok(&json!({"transaction_id": id, "status": status, "changed": changed})))
}

#[derive(Deserialize)]
struct Block {
    amount: u32,
}

/// `POST /_sim/customers/{id}/blocking-invoice` `{amount}`, in whole francs.
pub(crate) async fn block(State(sim): State<Sim>, Path(id): Path<String>, body: Bytes) -> ControlResult {
    let amount = Amount::whole(json_as::<Block>(&body)?.amount);
    sim.with(|context, now| {
        let session = invoice_session(context, &id, amount, now).ok_or_else(|| ApiError::missing("Customer", &id))?;
        let invoice = BlockingInvoice {
            invoice_id: context.ids.uuid(),
            invoice_number: format!("INV-{:04}", context.blocking_invoices.len() + 1),
            amount_remaining: amount,
            currency_code: Currency::Xof,
            checkout_session_id: session.checkout_session_id,
        };
        let shown = json!(invoice);
        context.blocking_invoices.insert(id, invoice);
        Ok(Reply::created(shown))
    })
}

/// The session that pays the invoice.
fn invoice_session(context: &mut Context, customer_id: &str, amount: Amount, now: crate::Timestamp) -> Option<Session> {
    let customer = context.customers.get(customer_id)?;
    let caller = fixtures::caller_of(&customer.organization_id, customer.environment)?;
    Some(context.open_session(&caller, Default::default(), (amount, Currency::Xof), 60, now))
}

fn step_reply(sim: &Sim, session_id: &str, step: &Step) -> Reply {
    let session_status = status(sim, session_id);
    Reply::ok(&match step {
        Step::Left { url, transaction_id, paid } => json!({
            "step": if *paid { "paid" } else { "left" },
            "redirect": url,
            "transaction_id": transaction_id,
            "session_status": session_status,
        }),
        Step::Declined { code, transaction_id } => json!({
            "step": "declined",
            "code": code,
            "transaction_id": transaction_id,
            "session_status": session_status,
        }),
        Step::Challenge => json!({"step": "challenge", "session_status": session_status}),
        Step::Waiting { transaction_id } => json!({
            "step": "waiting",
            "transaction_id": transaction_id,
            "session_status": session_status,
        }),
    })
}

fn status(sim: &Sim, session_id: &str) -> Value {
    json!(sim.read(|context, _| context.sessions.get(session_id).map(|session| session.status)))
}

fn refusal(closed: SessionClosed, id: &str) -> ApiError {
    match closed {
        SessionClosed::Unknown => ApiError::missing("Checkout session", id),
        SessionClosed::Over => ApiError::plain(StatusCode::GONE, "The session is over"),
        SessionClosed::Paid => ApiError::conflict("The session is already paid"),
        SessionClosed::RailNotAllowed => ApiError::bad_request("The session does not take this method"),
    }
}
