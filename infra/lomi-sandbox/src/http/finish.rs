//! The outermost layer: request ids, and bodies for errors.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};

use super::call::RequestId;
use super::error::ApiError;
use super::reply::Reply;
use crate::sim::Sim;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives every request an id and every error its body.
pub(crate) async fn finish(State(sim): State<Sim>, mut request: Request, next: Next) -> Response {
    let sent = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let request_id = sent.unwrap_or_else(|| sim.with(|context, _| context.request_ids.uuid()));
    request.extensions_mut().insert(RequestId(request_id.clone()));
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        response = error_response(&sim, &error, &request_id, response);
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Keeps the rate-limit header of the bare response.
fn error_response(sim: &Sim, error: &ApiError, request_id: &str, bare: Response) -> Response {
    let body = sim.read(|context, now| error.body(context.profile, request_id, now));
    let mut response = Reply::new(error.status(), &body).into_response();
    if let Some(remaining) = bare.headers().get("x-ratelimit-remaining") {
        response.headers_mut().insert("x-ratelimit-remaining", remaining.clone());
    }
    for (name, value) in error.headers() {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}
