//! The faults of requests.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use http::{Method, StatusCode, header};
use serde_json::Value;

use super::call::Pause;
use super::error::ApiError;
use crate::fault::{FaultKind, FiredFault, PREVIEW, When};
use crate::sim::Sim;

/// Bounds a hanging request.
const HANG: Duration = Duration::from_secs(300);
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// Marks, in the extensions of a response, that the connection breaks instead. Code that calls the router without a server
/// treats such a response as a broken connection.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionDropped;

/// Lets the planted faults hit a request.
pub(crate) async fn inject(State(sim): State<Sim>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let is_preview;
    (request, is_preview) = detect_preview(&sim, request, &route).await;
    let route = if is_preview { PREVIEW } else { route.as_str() };
    let fired = sim.with(|context, _| context.faults.fire_for_request(request.method().as_str(), route));
    let (after, before): (Vec<_>, Vec<_>) = fired.into_iter().partition(fires_after);
    for fault in before {
        match (fault.kind, fault.when) {
            (FaultKind::LatencyMs, When::Inside) => {
                request.extensions_mut().insert(Pause(number(&fault.arg, 100)));
            }
            (FaultKind::LatencyMs, _) => tokio::time::sleep(latency(&fault)).await,
            _ => return answer(&fault).await,
        }
    }
    let mut response = next.run(request).await;
    for fault in after {
        response = match fault.kind {
            FaultKind::LatencyMs => {
                tokio::time::sleep(latency(&fault)).await;
                response
            }
            FaultKind::TruncatedJson => truncated(response).await,
            FaultKind::EmptyList => emptied(response).await,
            _ => answer(&fault).await,
        };
    }
    response
}

/// Whether this is the first of the two calls of a refund, which has no token yet.
async fn detect_preview(sim: &Sim, request: Request, route: &str) -> (Request, bool) {
    let is_refund = request.method() == Method::POST && route == "/refunds";
    if !is_refund || !sim.read(|context, _| context.quirks.refund_preview) {
        return (request, false);
    }
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    (Request::from_parts(parts, Body::from(bytes)), body.get("confirmation_token").is_none())
}

fn fires_after(fault: &FiredFault) -> bool {
    fault.when == When::After
        || matches!(fault.kind, FaultKind::TruncatedJson | FaultKind::EmptyList | FaultKind::CommitThen500)
}

/// The answer in place of the real one.
async fn answer(fault: &FiredFault) -> Response {
    match fault.kind {
        FaultKind::Status => status(&fault.arg),
        FaultKind::Html502 => gateway_page(),
        FaultKind::Hang => {
            tokio::time::sleep(HANG).await;
            dropped()
        }
        FaultKind::DropConnection => dropped(),
        _ => ApiError::unexpected().into_response(),
    }
}

/// `arg` is a status, or `{"status", "retry_after_s", "message"}`.
fn status(arg: &Value) -> Response {
    let code = arg.get("status").unwrap_or(arg).as_u64().and_then(|code| u16::try_from(code).ok());
    let status = code.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let message = arg.get("message").and_then(Value::as_str).unwrap_or("Injected by a fault");
    let error = ApiError::plain(status, message);
    match arg.get("retry_after_s").and_then(Value::as_u64) {
        Some(seconds) => error.with_header("retry-after", seconds).into_response(),
        None if status == StatusCode::TOO_MANY_REQUESTS => error.with_header("retry-after", 60).into_response(),
        None => error.into_response(),
    }
}

fn gateway_page() -> Response {
    let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
    (StatusCode::BAD_GATEWAY, Html(page)).into_response()
}

fn dropped() -> Response {
    let mut response = StatusCode::BAD_GATEWAY.into_response();
    response.extensions_mut().insert(ConnectionDropped);
    response
}

/// The first half of the body, as if it were all of it.
async fn truncated(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(bytes.slice(..bytes.len() / 2)))
}

/// The list, bare or in an envelope, as if nothing were in it.
async fn emptied(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default();
    let mut list: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let rows = if list.is_array() { Some(&mut list) } else { list.get_mut("data") };
    if let Some(rows) = rows {
        *rows = Value::Array(Vec::new());
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(list.to_string()))
}

fn latency(fault: &FiredFault) -> Duration {
    Duration::from_millis(number(&fault.arg, 100))
}

fn number(arg: &Value, default: u64) -> u64 {
    arg.as_u64().unwrap_or(default)
}
