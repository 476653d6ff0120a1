//! The outbox.

use axum::extract::{Path, State};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ControlResult, json_as};
use crate::fixtures;
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::model::{DeliveryPath, Envelope, Environment};
use crate::ordered_fields::OrderedFields;
use crate::sim::Sim;
use crate::webhook::event::Event;
use crate::webhook::payload_environment;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Emit {
    event: String,
    #[serde(default)]
    data: OrderedFields,
    /// A webhook id; without it, every subscribed endpoint.
    endpoint: Option<String>,
    environment: Option<Environment>,
}

/// `POST /_sim/events` `{event, data, endpoint?, environment?}`: any event, for the organisation that `data` names or A.
pub(crate) async fn emit(State(sim): State<Sim>, body: Bytes) -> ControlResult {
    let request: Emit = json_as(&body)?;
    let named = request.data.get("organization_id").and_then(Value::as_str).unwrap_or(fixtures::ORGANIZATION_A);
    let mut event = Event {
        organization_id: named.to_owned(),
        environment: Environment::Test,
        name: request.event,
        data: request.data,
        path: DeliveryPath::Queued,
    };
    event.environment = request.environment.unwrap_or_else(|| payload_environment(&event));
    let dispatches = sim.with(|context, now| match request.endpoint {
        Some(id) if context.endpoints.get(&id).is_none() => Err(ApiError::missing("Webhook", &id)),
        Some(id) => Ok(context.emit_to(&[id], &event, now)),
        None => Ok(context.emit(&event, now)),
    })?;
    Ok(Reply::created(json!({ "dispatches": dispatches })))
}

/// `GET /_sim/outbox`: oldest first.
pub(crate) async fn list(State(sim): State<Sim>) -> Reply {
    Reply::ok(&sim.read(|context, _| json!(context.outbox)))
}

/// `POST /_sim/outbox/run`: sends everything that waits, held events too.
pub(crate) async fn run(State(sim): State<Sim>) -> Reply {
    sim.idle().await;
    sim.with(|context, now| context.make_all_due(now));
    sim.run_due(sim.clock().now()).await;
    Reply::ok(&sim.read(|context, _| json!({"waiting": context.deliveries.len()})))
}

/// `POST /_sim/outbox/{dispatch}/resend`: one more attempt with the same content and id, and a new timestamp.
pub(crate) async fn resend(State(sim): State<Sim>, Path(id): Path<String>) -> ControlResult {
    let delivery = sim.with(|context, now| {
        let dispatch = context.outbox.get(&id).ok_or_else(|| ApiError::missing("Dispatch", &id))?;
        let envelope = Envelope {
            id: dispatch.event_id.clone(),
            event: dispatch.event.clone(),
            timestamp: now,
            data: dispatch.data.clone(),
            lomi_environment: String::new(),
        };
        let endpoint = context.endpoints.get(&dispatch.webhook_id).cloned();
        let endpoint = endpoint.ok_or_else(|| ApiError::bad_request("The endpoint is gone"))?;
        context.begin_once(&endpoint, envelope, now).ok_or_else(ApiError::unexpected)
    });
    let answer = sim.deliver(delivery?).await;
    Ok(Reply::ok(&json!({
        "delivered": answer.is_success(),
        "response_status": answer.status(),
        "error": answer.error(),
    })))
}
