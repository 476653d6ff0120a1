//! The clock.

use axum::extract::State;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{ControlResult, json_as};
use crate::http::reply::Reply;
use crate::sim::Sim;

const MAX_ADVANCE_S: u64 = 31 * 24 * 3600;

#[derive(Deserialize)]
struct Advance {
    advance_s: u64,
}

/// `GET /_sim/clock`.
pub(crate) async fn read(State(sim): State<Sim>) -> Reply {
    Reply::ok(&json!({"now": sim.clock().now(), "is_real": sim.clock().is_real()}))
}

/// `POST /_sim/clock` `{advance_s}`: answers after everything that falls due on the way is done.
pub(crate) async fn advance(State(sim): State<Sim>, body: Bytes) -> ControlResult {
    let advance: Advance = json_as(&body)?;
    sim.advance(advance.advance_s.min(MAX_ADVANCE_S) * 1000).await;
    Ok(read(State(sim)).await)
}
