//! What every API request passes, in lomi.'s order: body, rate limit, key, idempotency key.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::Value;

use super::error::ApiError;
use super::idempotency;
use super::limits::Budget;
use crate::clock::Timestamp;
use crate::fixtures;
use crate::model::{Caller, Environment};
use crate::settings::Profile;
use crate::sim::Sim;

const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// Rows of one page; larger wishes are cut.
const MAX_PAGE: usize = 1000;

/// The address of the other end of the connection. Absent when there is no connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The id of the request, the caller's own or a new one.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// How long the fault `latency_ms` keeps the effect waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause(pub(crate) u64);

/// An authenticated request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) caller: Caller,
    pub(crate) profile: Profile,
    /// Method and path pattern.
    pub(crate) route: String,
    /// Null when no body was sent.
    pub(crate) body: Value,
    pub(crate) query: HashMap<String, String>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) request_id: String,
    pub(crate) pause_ms: u64,
}

/// The authenticated request as handlers take it.
pub(crate) type Admitted = Extension<Arc<Call>>;

impl Call {
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A page size or an offset.
    pub(crate) fn whole(&self, name: &str, default: usize) -> Result<usize, ApiError> {
        let Some(text) = self.query(name) else { return Ok(default) };
        text.parse().map_err(|_| ApiError::bad_request("Validation failed (numeric string is expected)"))
    }

    pub(crate) fn limit(&self, name: &str, default: usize) -> Result<usize, ApiError> {
        Ok(self.whole(name, default)?.min(MAX_PAGE))
    }

    /// The bound of a period, ISO 8601.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        // A plus sign that was not encoded arrives as a space.
        let read = |text: &str| {
            let instant = Timestamp::parse(&text.replace(' ', "+"));
            instant.ok_or_else(|| ApiError::bad_request(format!("{name} must be an ISO date")))
        };
        self.query(name).map(read).transpose()
    }

    /// Whether a row of this owner and environment belongs to the key.
    pub(crate) fn covers(&self, organization_id: &str, environment: Environment) -> bool {
        self.owns(organization_id) && self.caller.environment == environment
    }

    /// Whether a row of this owner may be seen at all, whatever its environment.
    pub(crate) fn owns(&self, organization_id: &str) -> bool {
        self.caller.organization_id == organization_id
    }
}

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

/// The first key header that is present decides, even if a later one would be right.
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
pub(crate) type IsThere = fn(Profile) -> bool;

/// Lets a request through only in the generations that have the route.
pub(crate) async fn only_where(
    State((sim, is_there)): State<(Sim, IsThere)>,
    request: Request,
    next: Next,
) -> Response {
    if sim.read(|context, _| is_there(context.profile)) {
        return next.run(request).await;
    }
    unknown_route(request.method().clone(), request.uri().clone()).await.into_response()
}

/// The answer to a route that does not exist in this profile.
pub(crate) async fn unknown_route(method: Method, uri: http::Uri) -> ApiError {
    ApiError::plain(StatusCode::NOT_FOUND, format!("Cannot {method} {}", uri.path()))
}
