//! The local API Gateway: an HTTP API in front of the functions, with API Gateway's limits and errors.

mod answer;
mod cors;
mod event;
mod route;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio::time::timeout;

use self::event::Received;
use self::route::{Match, Routes};
use crate::pool::Pool;
use crate::process::InvokeError;
use crate::runtime_api::MAX_PAYLOAD_BYTES;
use crate::system;
use crate::template::{Cors, Resolved};
use crate::terminal::say;

/// The largest body that an HTTP API accepts.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// The largest request line and headers together, as HTTP APIs count them.
const MAX_HEAD_BYTES: usize = 10_240;
/// A body that is too large is read up to here, so that its sender gets the answer and not a connection reset.
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// The longest that a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest an HTTP API waits for a function, whatever the function's own limit.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Gateway {
    routes: Routes,
    cors: Option<Cors>,
    pools: BTreeMap<String, Arc<Pool>>,
    admin_token: String,
}

/// The demo's back-office page sends DELETE from the shop's origin; a deployed stack does not allow it.
fn with_back_office(mut cors: Cors) -> Cors {
    cors.allow_methods.push("DELETE".to_owned());
    cors
}

impl Gateway {
    pub(crate) fn new(template: &Resolved, pools: BTreeMap<String, Arc<Pool>>, admin_token: String) -> Self {
        Self {
            routes: Routes::new(&template.functions),
            cors: template.cors.clone().map(with_back_office),
            pools,
            admin_token,
        }
    }

    pub(crate) fn router(self) -> Router {
        Router::new().fallback(handle).with_state(Arc::new(self))
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        given.and_then(|value| value.strip_prefix("Bearer ")) == Some(self.admin_token.as_str())
    }

    async fn answer(&self, parts: &Parts, body: Body, request_id: &str) -> Response {
        if let Some(refusal) = refuse_head(parts) {
            return refusal;
        }
        let path = event::decoded_path(&parts.uri);
        let Some(found) = self.routes.find(parts.method.as_str(), &path) else {
            return answer::message(StatusCode::NOT_FOUND, "Not Found");
        };
        if found.target.guarded && !self.admits(&parts.headers) {
            return answer::message(StatusCode::FORBIDDEN, "Forbidden");
        }
        match body_within(BODY_TIMEOUT, body).await {
            Ok(body) => self.invoke(parts, &body, &found, request_id).await,
            Err(refusal) => refusal,
        }
    }

    async fn invoke(&self, parts: &Parts, body: &[u8], found: &Match<'_>, request_id: &str) -> Response {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        let received = Received {
            method: &parts.method,
            uri: &parts.uri,
            version: parts.version,
            headers: &parts.headers,
            body,
            peer: peer.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0))),
            request_id,
        };
        let payload = event::event(&received, found).to_string();
        if payload.len() > MAX_PAYLOAD_BYTES {
            return too_large();
        }
        let Some(pool) = self.pools.get(&found.target.function) else { return answer::internal_error() };
        match timeout(INTEGRATION_TIMEOUT, pool.invoke(Bytes::from(payload))).await {
            Ok(Ok(response)) => answer::read(&response).unwrap_or_else(answer::internal_error),
            Err(_) | Ok(Err(InvokeError::TimedOut(_) | InvokeError::Throttled)) => {
                answer::message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
            }
            // Killed by a test, which needs no message.
            Ok(Err(InvokeError::Killed)) => answer::internal_error(),
            Ok(Err(error)) => {
                say(format_args!("[{}] {error}", pool.name()));
                answer::internal_error()
            }
        }
    }
}

async fn handle(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Some(cors) = gateway.cors.as_ref().filter(|_| cors::is_preflight(&parts.method, &parts.headers)) {
        return cors::preflight(cors, &parts.headers);
    }
    let request_id = system::request_id();
    let mut response = gateway.answer(&parts, body, &request_id).await;
    if let Some(cors) = &gateway.cors {
        cors::apply(cors, &parts.headers, &mut response);
    }
    if let Ok(value) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert("apigw-requestid", value);
    }
    response
}

fn refuse_head(parts: &Parts) -> Option<Response> {
    let line_bytes = parts.method.as_str().len() + parts.uri.to_string().len();
    if line_bytes > MAX_HEAD_BYTES {
        return Some(answer::message(StatusCode::URI_TOO_LONG, "URI Too Long"));
    }
    let header_bytes: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    (line_bytes + header_bytes > MAX_HEAD_BYTES)
        .then(|| answer::message(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large"))
}

async fn body_within(limit: Duration, body: Body) -> Result<Bytes, Response> {
    match timeout(limit, read_body(body)).await {
        Ok(read) => read,
        Err(_) => Err(answer::message(StatusCode::REQUEST_TIMEOUT, "Request Timeout")),
    }
}

async fn read_body(body: Body) -> Result<Bytes, Response> {
    let mut stream = body.into_data_stream();
    let mut whole = BytesMut::new();
    let mut read_bytes: usize = 0;
    while let Some(chunk) = stream.next().await {
        let Ok(chunk) = chunk else { return Err(answer::message(StatusCode::BAD_REQUEST, "Bad Request")) };
        read_bytes = read_bytes.saturating_add(chunk.len());
        if read_bytes <= MAX_BODY_BYTES {
            whole.extend_from_slice(&chunk);
        } else if read_bytes > MAX_DRAINED_BYTES {
            break;
        }
    }
    if read_bytes > MAX_BODY_BYTES { Err(too_large()) } else { Ok(whole.freeze()) }
}

fn too_large() -> Response {
    answer::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_never_ends_is_abandoned() {
        let first = futures::stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"{")) });
        let body = Body::from_stream(first.chain(futures::stream::pending()));
        let refusal = body_within(Duration::from_millis(20), body).await.unwrap_err();
        assert_eq!(refusal.status(), StatusCode::REQUEST_TIMEOUT);
    }
}
