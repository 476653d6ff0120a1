//! Webhook endpoints. Only the create answer has the secret.

use axum::Extension;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::context::Context;
use crate::http::call::{Admitted, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::reply::Reply;
use crate::model::{DeliveryPath, Endpoint};
use crate::ordered_fields::OrderedFields;
use crate::settings::Profile;
use crate::sim::Sim;
use crate::webhook::endpoints::{NewEndpoint, is_safe_target};
use crate::webhook::event::{self, Event};
use crate::webhook::test_send;

const BAD_URL: &str = "Invalid webhook URL format";

/// `POST /webhooks`: in `current` the events are `events` or, by the older name, `authorized_events`, and the answer is
/// flat.
pub(crate) async fn create(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    if sim.read(|context, _| context.quirks.webhooks_body_bug) {
        return Err(ApiError::bad_request(BAD_URL));
    }
    let mut fields = Fields::new(&call.body);
    let events = name_of_events(call.profile, &fields);
    fields.require("url");
    fields.require(events);
    let new = NewEndpoint {
        url: fields.text("url").unwrap_or_default(),
        authorized_events: fields.texts(events).unwrap_or_default(),
        description: fields.text("description"),
        metadata: fields.object("metadata"),
    };
    if !fields.problems.is_empty() {
        return Err(ApiError::validation(fields.problems));
    }
    check_url(&sim, &new.url)?;
    check_events(call.profile, &new.authorized_events)?;
    let endpoint = sim.with(|context, now| context.create_endpoint(&call.caller, new, None, now));
    Ok(Reply::created(created(call.profile, &endpoint)))
}

/// In `current`, the older name is an alias of `events`.
fn name_of_events(profile: Profile, fields: &Fields<'_>) -> &'static str {
    let has_older = fields.get("events").is_none() && fields.get("authorized_events").is_some();
    if profile.is_current() && !has_older { "events" } else { "authorized_events" }
}

/// The new endpoint: the secret is a field of the row in `current`, and beside the row before.
fn created(profile: Profile, endpoint: &Endpoint) -> Value {
    let mut row = row(profile, endpoint);
    if !profile.is_current() {
        return json!({"data": row, "secret": endpoint.secret});
    }
    if let Some(fields) = row.as_object_mut() {
        fields.insert("secret".to_owned(), json!(endpoint.secret));
    }
    row
}

fn row(profile: Profile, endpoint: &Endpoint) -> Value {
    let mut row = endpoint.row();
    if let Some(fields) = row.as_object_mut().filter(|_| profile.is_current()) {
        let unused = [("deleted_at", json!(null)), ("last_payload", json!(null)), ("spi_event_types", json!(null))];
        fields.extend(unused.map(|(name, value)| (name.to_owned(), value)));
        fields.insert("supports_spi".to_owned(), json!(false));
    }
    row
}

fn check_url(sim: &Sim, url: &str) -> Result<(), ApiError> {
    match is_safe_target(url, sim.settings().allow_insecure_targets) {
        true => Ok(()),
        false => Err(ApiError::bad_request(BAD_URL)),
    }
}

fn check_events(profile: Profile, events: &[String]) -> Result<(), ApiError> {
    if events.is_empty() {
        return Err(ApiError::bad_request("authorized_events must not be empty"));
    }
    match events.iter().find(|name| !event::is_known(profile, name)) {
        Some(unknown) => Err(ApiError::bad_request(format!("authorized_events: unknown event {unknown}"))),
        None => Ok(()),
    }
}

/// `GET /webhooks`.
pub(crate) async fn list(State(sim): State<Sim>, Extension(call): Admitted) -> Reply {
    let rows = sim.read(|context, _| {
        let own = context.endpoints.newest_first().filter(|endpoint| is_own(&call, endpoint));
        own.map(|endpoint| row(call.profile, endpoint)).collect()
    });
    Reply::ok(&Value::Array(rows))
}

/// `GET /webhooks/{id}`.
pub(crate) async fn read(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    sim.read(|context, _| own(context, &call, &id).map(|endpoint| Reply::ok(&row(call.profile, endpoint))))
}

/// `PATCH /webhooks/{id}`: only what is sent changes.
pub(crate) async fn update(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    let mut fields = Fields::new(&call.body);
    let (url, events) = (fields.text("url"), fields.texts("authorized_events"));
    let (is_active, metadata) = (fields.flag("is_active"), fields.object("metadata"));
    let is_misread = sim.read(|context, _| context.quirks.webhooks_body_bug);
    if !is_misread {
        if !fields.problems.is_empty() {
            return Err(ApiError::validation(fields.problems));
        }
        url.as_deref().map_or(Ok(()), |url| check_url(&sim, url))?;
        events.as_deref().map_or(Ok(()), |events| check_events(call.profile, events))?;
    }
    sim.with(|context, now| {
        own(context, &call, &id)?;
        let endpoint = context.endpoints.get_mut(&id).ok_or_else(ApiError::unexpected)?;
        if !is_misread {
            endpoint.url = url.unwrap_or_else(|| endpoint.url.clone());
            endpoint.authorized_events = events.unwrap_or_else(|| endpoint.authorized_events.clone());
            endpoint.is_active = is_active.unwrap_or(endpoint.is_active);
            endpoint.metadata = if metadata.is_null() { endpoint.metadata.clone() } else { metadata };
            endpoint.updated_at = now;
        }
        Ok(Reply::ok(&row(call.profile, endpoint)))
    })
}

/// `DELETE /webhooks/{id}`.
pub(crate) async fn delete(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    sim.with(|context, _| {
        own(context, &call, &id)?;
        context.endpoints.remove(&id);
        Ok(Reply::ok(&json!({"deleted": true})))
    })
}

/// `POST /webhooks/{id}/test`: one signed request, 200 only if the receiver accepts it.
pub(crate) async fn test(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    let delivery = sim.with(|context, now| {
        let endpoint = own(context, &call, &id)?.clone();
        Ok::<_, ApiError>(test_send::delivery(context, &endpoint, now))
    })?;
    let answer = sim.send_once(&delivery).await;
    match answer.is_success() {
        true => Ok(Reply::ok(&json!({"success": true, "response_status": answer.status()}))),
        false => Err(ApiError::bad_request(format!("Test delivery failed: {}", answer.summary()))),
    }
}

/// `POST /test/webhook-event`: any event to the caller's own endpoints.
pub(crate) async fn test_event(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let name = call.body.get("event").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(ApiError::bad_request("event is required"));
    }
    let mut data = OrderedFields::all(call.body.get("data").unwrap_or(&Value::Null));
    data.set("organization_id", json!(call.caller.organization_id));
    data.set("merchant_id", json!(call.caller.merchant_id));
    let payload = json!({"event": name, "data": data});
    let event = Event {
        organization_id: call.caller.organization_id.to_owned(),
        environment: call.caller.environment,
        name: name.to_owned(),
        data,
        path: DeliveryPath::Queued,
    };
    sim.with(|context, now| context.emit(&event, now));
    Ok(Reply::created(json!({"success": true, "message": "Event queued", "payload": payload})))
}

fn is_own(call: &Call, endpoint: &Endpoint) -> bool {
    call.owns(&endpoint.organization_id) && endpoint.environment == call.caller.environment
}

pub(crate) fn own<'a>(context: &'a Context, call: &Call, id: &str) -> Result<&'a Endpoint, ApiError> {
    let endpoint = context.endpoints.get(id).filter(|endpoint| is_own(call, endpoint));
    endpoint.ok_or_else(|| ApiError::missing("Webhook", id))
}
