//! A JSON answer as text, so that it can be stored and replayed.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

/// A status and a JSON body.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
    is_replay: bool,
}

impl Reply {
    pub(crate) fn new(status: StatusCode, body: &Value) -> Self {
        Self { status, body: body.to_string(), is_replay: false }
    }

    pub(crate) fn ok(body: &Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    pub(crate) fn created(body: Value) -> Self {
        Self::new(StatusCode::CREATED, &body)
    }

    pub(crate) fn stored(status: u16, body: String) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        Self { status, body, is_replay: false }
    }

    /// Marks the answer as a replay.
    pub(crate) fn replayed(mut self) -> Self {
        self.is_replay = true;
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        let mut response = (self.status, [(header::CONTENT_TYPE, json)], self.body).into_response();
        if self.is_replay {
            response.headers_mut().insert("idempotency-cache-hit", HeaderValue::from_static("true"));
        }
        response
    }
}
