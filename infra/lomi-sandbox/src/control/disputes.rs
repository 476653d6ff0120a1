//! Being the payer's bank.

use axum::extract::{Path, State};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{Answered, json_as};
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::pay::dispute::{NoDispute, Turn, turn};
use crate::sim::Sim;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    turn: Turn,
    status: Option<String>,
    reason: Option<String>,
}

/// `POST /_sim/transactions/{id}/dispute` `{turn, status?, reason?}`.
pub(crate) async fn dispute(State(sim): State<Sim>, Path(id): Path<String>, body: Bytes) -> Answered {
    let wish: Wish = json_as(&body)?;
    sim.with(|context, now| {
        if !context.profile.is_current() {
            return Err(ApiError::bad_request("Only the newest generation tells of disputes"));
        }
        let transaction =
            context.transactions.get(&id).cloned().ok_or_else(|| ApiError::missing("Transaction", &id))?;
        let turned = turn(context, &transaction, wish.turn, (wish.status, wish.reason), now);
        turned.map(|dispute| Reply::created(json!(dispute))).map_err(|cause| {
            ApiError::conflict(match cause {
                NoDispute::None => "The payment is not disputed",
                NoDispute::There => "The payment is disputed already",
            })
        })
    })
}
