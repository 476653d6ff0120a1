//! Delivery logs and replays, under the paths of `current` and the older ones.

use axum::Extension;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::webhooks;
use crate::context::page;
use crate::http::call::Admitted;
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::model::DeliveryLog;
use crate::settings::Profile;
use crate::sim::Sim;

/// Columns of a payment rail that is not simulated here.
const ALWAYS_NULL: [&str; 5] = ["amount", "compte_paye", "compte_payeur", "spi_event_code", "spi_tx_id"];

/// `GET /webhooks/deliveries`. Older generations read `deliveries` as the id of a webhook.
pub(crate) async fn list_of_webhook(sim: State<Sim>, call: Admitted) -> Result<Reply, ApiError> {
    if !call.profile.is_current() {
        return webhooks::read(sim, call, Path("deliveries".to_owned())).await;
    }
    match call.query("webhookId") {
        Some(_) => list(sim, call).await,
        None => Err(ApiError::bad_request("webhookId is required")),
    }
}

/// `GET /webhook-delivery-logs`.
pub(crate) async fn list(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let (offset, limit) = (call.whole("offset", 0)?, call.limit("limit", 25)?);
    let is_set = |name| call.query(name) == Some("true");
    let (only_good, only_bad) = (is_set("successOnly"), is_set("failedOnly"));
    let rows = sim.read(|context, _| {
        let keep = |log: &&DeliveryLog| {
            webhooks::own(context, &call, &log.webhook_id).is_ok()
                && call.query("webhookId").is_none_or(|id| id == log.webhook_id)
                && (!only_good || log.success)
                && (!only_bad || !log.success)
        };
        page(&context.logs, offset, limit, keep).map(|log| row(call.profile, log)).collect()
    });
    Ok(Reply::ok(&Value::Array(rows)))
}

fn row(profile: Profile, log: &DeliveryLog) -> Value {
    let mut row = json!(log);
    if let Some(fields) = row.as_object_mut().filter(|_| profile.is_current()) {
        fields.extend(ALWAYS_NULL.map(|name| (name.to_owned(), Value::Null)));
    }
    row
}

/// `GET /webhooks/deliveries/{id}`, `GET /webhook-delivery-logs/{id}`.
pub(crate) async fn read(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(log_id): Path<String>,
) -> Result<Reply, ApiError> {
    sim.read(|context, _| {
        let log = context.logs.get(&log_id).filter(|log| call.owns(&log.organization_id));
        log.map(|log| Reply::ok(&row(call.profile, log))).ok_or_else(|| ApiError::missing("Delivery log", &log_id))
    })
}

/// `POST /webhooks/{id}/deliveries/{log_id}/retry`, `POST /webhooks/{id}/logs/{log_id}/retry`: the logged envelope once
/// more, same id and timestamp.
pub(crate) async fn retry(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path((id, log_id)): Path<(String, String)>,
) -> Result<Reply, ApiError> {
    let delivery = sim.with(|context, now| {
        let endpoint = webhooks::own(context, &call, &id)?.clone();
        let log = context.logs.get(&log_id).filter(|log| log.webhook_id == id);
        let envelope = log.map(|log| log.payload.clone()).ok_or_else(|| ApiError::missing("Delivery log", &log_id))?;
        if !endpoint.listens_to(&envelope.event) {
            return Err(ApiError::bad_request("The webhook is inactive or not subscribed to this event"));
        }
        let event_id = envelope.id.clone();
        let delivery = context.begin_once(&endpoint, envelope, now).ok_or_else(ApiError::unexpected)?;
        Ok((delivery, event_id))
    });
    let (delivery, event_id) = delivery?;
    let answer = sim.deliver(delivery).await;
    match answer.is_success() {
        true => Ok(Reply::ok(&json!({"delivered": true, "response_status": answer.status(), "event_id": event_id}))),
        false => Err(ApiError::bad_request(format!("Delivery failed: {}", answer.summary()))),
    }
}
