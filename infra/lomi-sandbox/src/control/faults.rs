//! Planting faults.

use axum::Extension;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::json;
use tower::ServiceExt;

use super::{ControlResult, json_as};
use crate::fault::{PREVIEW, Plan, WEBHOOK};
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::sim::Sim;

const METHODS: [&str; 5] = ["DELETE", "GET", "PATCH", "POST", "PUT"];

/// `GET /_sim/faults`: how often each fired, exhausted ones included.
pub(crate) async fn list(State(sim): State<Sim>) -> Reply {
    Reply::ok(&sim.read(|context, _| json!(context.faults.planted())))
}

/// `POST /_sim/faults` `{target, kind, times?, when?, event?, arg?}`.
pub(crate) async fn plant(State(sim): State<Sim>, body: Bytes) -> ControlResult {
    let plan: Plan = json_as(&body)?;
    if !is_fault_target(&sim, &plan.target).await {
        return Err(ApiError::bad_request(format!("no route {}: a fault there would never fire", plan.target)));
    }
    sim.with(|context, _| {
        let fault = context.faults.plant(plan).map_err(ApiError::bad_request)?;
        Ok(Reply::created(json!(fault)))
    })
}

/// Whether the target is `webhook`, `*`, or a path pattern of the API or the page, with or without a method before it.
async fn is_fault_target(sim: &Sim, target: &str) -> bool {
    let path = match target.split_once(' ') {
        Some((method, path)) if METHODS.contains(&method) => path.trim_start(),
        Some(_) => return false,
        None => target,
    };
    if path == "*" || path == PREVIEW || target == WEBHOOK {
        return true;
    }
    let Ok(request) = Request::get(path).body(Body::empty()) else { return false };
    // A pattern, taken as a path, leads to its own route; the route answers with its pattern and does nothing else.
    let routes = crate::faultable_routes(sim).route_layer(from_fn(answer_with_pattern)).with_state(sim.clone());
    let Ok(answer) = routes.oneshot(request).await;
    answer.extensions().get::<MatchedPath>().is_some_and(|pattern| pattern.as_str() == path)
}

async fn answer_with_pattern(request: Request, _route: Next) -> Response {
    (request.extensions().get::<MatchedPath>().cloned().map(Extension), ()).into_response()
}

/// `DELETE /_sim/faults`.
pub(crate) async fn clear(State(sim): State<Sim>) -> Reply {
    sim.with(|context, _| context.faults.clear());
    Reply::ok(&json!({"cleared": true}))
}
