//! The payer's bank.

use axum::extract::{Path, State};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{ControlResult, json_as};
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::pay::dispute::{DisputeRefused, Turn, turn};
use crate::sim::Sim;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DisputeRequest {
    turn: Turn,
    status: Option<String>,
    reason: Option<String>,
}

/// `POST /_sim/transactions/{id}/dispute` `{turn, status?, reason?}`.
pub(crate) async fn dispute(State(sim): State<Sim>, Path(id): Path<String>, body: Bytes) -> ControlResult {
    let request: DisputeRequest = json_as(&body)?;
    sim.with(|context, now| {
        if !context.profile.is_current() {
            return Err(ApiError::bad_request("Only the newest generation tells of disputes"));
        }
        let transaction =
            context.transactions.get(&id).cloned().ok_or_else(|| ApiError::missing("Transaction", &id))?;
        let turned = turn(context, &transaction, request.turn, (request.status, request.reason), now);
        turned.map(|dispute| Reply::created(json!(dispute))).map_err(|cause| {
            ApiError::conflict(match cause {
                DisputeRefused::None => "The payment is not disputed",
                DisputeRefused::There => "The payment is disputed already",
            })
        })
    })
}
