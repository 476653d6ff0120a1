//! The checks of every API request, in the order of lomi: body, rate limit, API key, idempotency key.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::Value;

use super::call::{Call, Pause, Peer, RequestId};
use super::error::ApiError;
use super::idempotency;
use super::limits::Budget;
use crate::fixtures;
use crate::model::Caller;
use crate::settings::Profile;
use crate::sim::Sim;

const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// Lets a request through to its handler, or answers it.
pub(crate) async fn gate(State(sim): State<Sim>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let (call, remaining) = match admit(&sim, &parts, body).await {
        Ok(admitted) => admitted,
        Err(error) => return error.into_response(),
    };
    let shows_budget = call.profile.is_current();
    let mut request = Request::from_parts(parts, Body::empty());
    request.extensions_mut().insert(Arc::new(call));
    let mut response = next.run(request).await;
    if shows_budget {
        response.headers_mut().insert("x-ratelimit-remaining", HeaderValue::from(remaining));
    }
    response
}

async fn admit(sim: &Sim, parts: &Parts, body: Body) -> Result<(Call, u32), ApiError> {
    let body = read_json(body).await?;
    let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let route = format!("{} {path}", parts.method);
    let client = parts.extensions.get::<Peer>().map_or_else(|| "local".to_owned(), |peer| peer.0.ip().to_string());
    let profile = sim.read(|context, _| context.profile);
    let budget = budget(sim, profile, &route);
    let remaining = sim.with(|context, now| context.limits.spend(&client, &route, budget, now))?;
    let caller = authenticate(&parts.headers)?;
    let idempotency_key = header(&parts.headers, "idempotency-key").and_then(idempotency::key_of);
    idempotency::check_presence(profile, &route, idempotency_key.as_deref())?;
    let query = Query::<HashMap<String, String>>::try_from_uri(&parts.uri);
    let call = Call {
        caller,
        profile,
        body,
        query: query.map(|query| query.0).unwrap_or_default(),
        idempotency_key,
        request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        pause_ms: parts.extensions.get::<Pause>().map_or(0, |pause| pause.0),
        route,
    };
    Ok((call, remaining))
}

fn budget(sim: &Sim, profile: Profile, route: &str) -> Budget {
    let is_payment = route.starts_with("POST /charge/") || route == "POST /refunds";
    if route == "POST /checkout-sessions" || (is_payment && profile.is_current()) {
        return Budget { limit: sim.settings().rate_write, window_s: 60 };
    }
    Budget { limit: sim.settings().rate_default, window_s: 900 }
}

async fn read_json(body: Body) -> Result<Value, ApiError> {
    let too_large = |_| ApiError::plain(StatusCode::PAYLOAD_TOO_LARGE, "request entity too large");
    let bytes = to_bytes(body, MAX_BODY_BYTES).await.map_err(too_large)?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&bytes).map_err(|error| ApiError::bad_request(format!("Malformed JSON: {error}")))
}

/// The first key header that is present decides, even if a later one would be valid.
fn authenticate(headers: &HeaderMap) -> Result<Caller, ApiError> {
    let unauthorized = |message: &str| ApiError::plain(StatusCode::UNAUTHORIZED, message);
    if headers.contains_key("lomi-account") {
        return Err(unauthorized("Network operators are not supported here"));
    }
    let bearer = || header(headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
    let key = header(headers, "x-api-key").or_else(|| header(headers, "x-lomi-api-key")).or_else(bearer);
    let key = key.map(str::trim).filter(|key| !key.is_empty()).ok_or_else(|| unauthorized("API Key is missing"))?;
    fixtures::caller(key).ok_or_else(|| unauthorized("Invalid API Key"))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a generation has a route.
pub(crate) type RouteExists = fn(Profile) -> bool;

/// Lets a request through only in the generations that have the route.
pub(crate) async fn only_if_exists(
    State((sim, exists)): State<(Sim, RouteExists)>,
    request: Request,
    next: Next,
) -> Response {
    if sim.read(|context, _| exists(context.profile)) {
        return next.run(request).await;
    }
    unknown_route(request.method().clone(), request.uri().clone()).await.into_response()
}

/// The answer to a route that does not exist in this profile.
pub(crate) async fn unknown_route(method: Method, uri: http::Uri) -> ApiError {
    ApiError::plain(StatusCode::NOT_FOUND, format!("Cannot {method} {}", uri.path()))
}
