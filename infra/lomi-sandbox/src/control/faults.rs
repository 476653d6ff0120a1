//! Planting faults.

use axum::extract::State;
use bytes::Bytes;
use serde_json::json;

use super::{Answered, json_as};
use crate::fault::Plan;
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::sim::Sim;

/// `GET /_sim/faults`: also the exhausted ones, with how often each fired.
pub(crate) async fn list(State(sim): State<Sim>) -> Reply {
    Reply::ok(&sim.read(|world, _| json!(world.faults.planted())))
}

/// `POST /_sim/faults` `{target, kind, times?, when?, event?, arg?}`.
pub(crate) async fn plant(State(sim): State<Sim>, body: Bytes) -> Answered {
    let plan: Plan = json_as(&body)?;
    sim.with(|world, _| {
        let fault = world.faults.plant(plan).map_err(ApiError::bad_request)?;
        Ok(Reply::created(json!(fault)))
    })
}

/// `DELETE /_sim/faults`.
pub(crate) async fn clear(State(sim): State<Sim>) -> Reply {
    sim.with(|world, _| world.faults.clear());
    Reply::ok(&json!({"cleared": true}))
}
