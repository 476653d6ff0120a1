//! Looking at everything, starting over, changing the generation.

use axum::extract::State;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Answered, optional_json};
use crate::clock::Timestamp;
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::model::{Dispatch, DispatchStatus, Transaction};
use crate::settings::{Profile, Quirks};
use crate::sim::Sim;
use crate::context::Context;

/// `GET /_sim/state`.
pub(crate) async fn read(State(sim): State<Sim>) -> Reply {
    Reply::ok(&sim.ledger())
}

/// The whole state as one object, secrets included: this is a test tool.
pub(crate) fn ledger(context: &Context, now: Timestamp) -> Value {
    json!({
        "now": now,
        "profile": context.profile,
        "quirks": context.quirks,
        "faults": context.faults.planted(),
        "sessions": context.sessions,
        "transactions": transactions(context),
        "customers": context.customers,
        "intents": context.intents,
        "payment_links": context.links,
        "refunds": context.refunds,
        "payouts": context.payouts,
        "disputes": context.disputes,
        "webhooks": context.endpoints,
        "delivery_logs": context.logs.len(),
        "dispatches": dispatch_counts(context),
        "in_flight": context.in_flight,
        "idempotency_keys": context.idempotency.len(),
        "blocking_invoices": context.blocking_invoices,
    })
}

/// Each by both of its ids.
fn transactions(context: &Context) -> Vec<Value> {
    let with_both_ids = |row: &Transaction| {
        let mut shown = serde_json::to_value(row).unwrap_or_default();
        if let Some(members) = shown.as_object_mut() {
            members.insert("public_id".to_owned(), row.public_id().into());
        }
        shown
    };
    context.transactions.oldest_first().map(with_both_ids).collect()
}

fn dispatch_counts(context: &Context) -> Value {
    let count = |status| context.outbox.oldest_first().filter(|row: &&Dispatch| row.status == status).count();
    json!({
        "pending": count(DispatchStatus::Pending),
        "held": count(DispatchStatus::Held),
        "delivered": count(DispatchStatus::Delivered),
        "dead_letter": count(DispatchStatus::DeadLetter),
        "lost": count(DispatchStatus::Lost),
    })
}

/// `POST /_sim/reset`: back to the fixtures, faults and all. The clock goes on.
pub(crate) async fn reset(State(sim): State<Sim>) -> Reply {
    sim.with(|context, now| *context = Context::new(sim.settings(), now));
    Reply::ok(&json!({"reset": true}))
}

/// `POST /_sim/profile` `{profile?, quirks?}`: a new profile brings its quirks, then single ones are set.
pub(crate) async fn profile(State(sim): State<Sim>, body: Bytes) -> Answered {
    let body = optional_json(&body)?;
    let profile = match body.get("profile").and_then(Value::as_str) {
        Some(name) => Some(name.parse::<Profile>().map_err(|_| ApiError::bad_request("unknown profile"))?),
        None => None,
    };
    let changes = body.get("quirks").and_then(Value::as_object).cloned().unwrap_or_default();
    sim.with(|context, _| {
        let next = profile.unwrap_or(context.profile);
        let base = profile.map_or_else(|| context.quirks.clone(), Quirks::of);
        context.quirks = changed(&base, changes)?;
        context.profile = next;
        Ok(Reply::ok(&json!({"profile": context.profile, "quirks": context.quirks})))
    })
}

fn changed(quirks: &Quirks, changes: Map<String, Value>) -> Result<Quirks, ApiError> {
    let mut all = serde_json::to_value(quirks).unwrap_or_default();
    if let Some(all) = all.as_object_mut() {
        all.extend(changes);
    }
    serde_json::from_value(all).map_err(|error| ApiError::bad_request(error.to_string()))
}
