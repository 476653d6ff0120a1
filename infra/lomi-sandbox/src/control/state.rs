//! Reads and resets the state, and changes the generation.

use axum::extract::State;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{ControlResult, optional_json};
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::settings::{Profile, Quirks};
use crate::sim::Sim;

/// `GET /_sim/state`.
pub(crate) async fn read(State(sim): State<Sim>) -> Reply {
    Reply::ok(&sim.state())
}

/// `POST /_sim/reset`: back to the fixtures, without faults. The clock keeps its time.
pub(crate) async fn reset(State(sim): State<Sim>) -> Reply {
    sim.reset();
    Reply::ok(&json!({"reset": true}))
}

/// `POST /_sim/profile` `{profile?, quirks?}`: a profile sets all its quirks, then `quirks` changes single ones.
pub(crate) async fn profile(State(sim): State<Sim>, body: Bytes) -> ControlResult {
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
