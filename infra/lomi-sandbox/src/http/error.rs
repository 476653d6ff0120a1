//! Error answers: one body for the NestJS generations, another for `seeds`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::settings::Profile;

/// One thing wrong with one field of a body.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) field: String,
    pub(crate) message: String,
}

/// An error answer. The layer that knows the profile and the request id writes the body. Boxed, because results carry it.
#[derive(Clone, Debug)]
pub(crate) struct ApiError(Box<Content>);

#[derive(Clone, Debug)]
struct Content {
    status: StatusCode,
    /// Replaces the generic code of the status.
    code: Option<&'static str>,
    message: String,
    details: Value,
    problems: Vec<Problem>,
    headers: Vec<(&'static str, String)>,
}

impl ApiError {
    fn new(status: StatusCode, message: impl Into<String>, details: Value) -> Self {
        let (problems, headers) = (Vec::new(), Vec::new());
        Self(Box::new(Content { status, code: None, message: message.into(), details, problems, headers }))
    }

    /// An error with a plain text: `details` repeats the reason phrase of the status.
    pub(crate) fn plain(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, message, json!(status.canonical_reason()))
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::plain(StatusCode::CONFLICT, message)
    }

    /// An unknown object or a stranger's.
    pub(crate) fn missing(kind: &str, id: &str) -> Self {
        Self::plain(StatusCode::NOT_FOUND, format!("{kind} {id} not found or access denied"))
    }

    /// Sets a specific code, which only some profiles show.
    pub(crate) fn coded(mut self, code: &'static str) -> Self {
        self.0.code = Some(code);
        self.0.details = Value::Null;
        self
    }

    pub(crate) fn validation(problems: Vec<Problem>) -> Self {
        let lines = problems.iter().map(|problem| format!("{} {}", problem.field, problem.message));
        let details = Value::from_iter(lines);
        let mut error = Self::new(StatusCode::BAD_REQUEST, "Validation failed", details);
        error.0.code = Some("validation_failed");
        error.0.problems = problems;
        error
    }

    /// An internal error without its cause.
    pub(crate) fn unexpected() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "An unexpected error occurred", Value::Null)
    }

    pub(crate) fn with_details(mut self, details: Value) -> Self {
        self.0.details = details;
        self
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.headers.push((name, value.to_string()));
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(crate) fn headers(&self) -> &[(&'static str, String)] {
        &self.0.headers
    }

    pub(crate) fn body(&self, profile: Profile, request_id: &str, now: Timestamp) -> Value {
        if profile.is_seeds() {
            return self.seeds_body(now);
        }
        let code = self.0.code.filter(|_| profile.is_current()).unwrap_or_else(|| self.generic_code());
        json!({
            "error": {"code": code, "message": self.0.message, "details": self.0.details},
            "request_id": request_id,
        })
    }

    fn generic_code(&self) -> &'static str {
        match self.0.status.as_u16() {
            400 => "bad_request",
            401 => "unauthorized",
            403 => "forbidden",
            404 => "not_found",
            409 => "conflict",
            429 => "rate_limit_exceeded",
            503 => "service_unavailable",
            402..=499 => "error",
            _ => "internal_error",
        }
    }

    fn seeds_body(&self, now: Timestamp) -> Value {
        if self.0.status == StatusCode::UNAUTHORIZED {
            return json!({"error": {"message": self.0.message}});
        }
        let mut error = Map::new();
        error.insert("status".to_owned(), json!(self.0.status.as_u16()));
        error.insert("code".to_owned(), json!(self.seeds_code()));
        error.insert("message".to_owned(), json!(self.0.message));
        error.insert("timestamp".to_owned(), json!(now));
        if !self.0.problems.is_empty() {
            error.insert("details".to_owned(), self.problem_tree());
        }
        json!({ "error": error })
    }

    fn seeds_code(&self) -> &'static str {
        let own = self.0.code.filter(|code| code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
        own.unwrap_or(match self.0.status.as_u16() {
            403 => "FORBIDDEN",
            404 => "NOT_FOUND",
            409 => "RESOURCE_CONFLICT",
            400..=499 => "INVALID_REQUEST",
            _ => "INTERNAL_ERROR",
        })
    }

    fn problem_tree(&self) -> Value {
        let mut tree = Map::new();
        for problem in &self.0.problems {
            let node = tree.entry(problem.field.clone()).or_insert_with(|| json!({"_errors": []}));
            if let Some(errors) = node.get_mut("_errors").and_then(Value::as_array_mut) {
                errors.push(json!(problem.message));
            }
        }
        tree.insert("_errors".to_owned(), json!([]));
        Value::Object(tree)
    }
}

/// Hands the error to the layer that writes bodies.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
