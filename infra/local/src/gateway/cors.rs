//! CORS as API Gateway applies it: it replaces a function's own CORS headers.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::template::Cors;

/// Whether this is a preflight, which API Gateway answers without a function.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// 204 with the CORS headers, or without any when the origin is not allowed.
pub(super) fn preflight(cors: &Cors, headers: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let Some(origin) = allowed_origin(cors, headers) else { return response };
    let max_age_s = cors.max_age_s.map(|seconds| seconds.to_string());
    let lines = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, Some(origin)),
        (header::ACCESS_CONTROL_ALLOW_METHODS, joined(&cors.allow_methods)),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, joined(&cors.allow_headers)),
        (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, cors.allow_credentials.then(|| "true".to_owned())),
        (header::ACCESS_CONTROL_MAX_AGE, max_age_s),
    ];
    set(response.headers_mut(), lines);
    response
}

/// Sets the CORS headers of a response.
pub(super) fn apply(cors: &Cors, request: &HeaderMap, response: &mut Response) {
    let headers = response.headers_mut();
    let own: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
    for name in own {
        headers.remove(name);
    }
    let Some(origin) = allowed_origin(cors, request) else { return };
    let lines = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, Some(origin)),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, joined(&cors.expose_headers)),
        (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, cors.allow_credentials.then(|| "true".to_owned())),
    ];
    set(headers, lines);
}

fn allowed_origin(cors: &Cors, request: &HeaderMap) -> Option<String> {
    let origin = request.get(header::ORIGIN)?.to_str().ok()?;
    let allowed = |candidate: &str| cors.allow_origins.iter().any(|known| known == candidate);
    if allowed("*") {
        return Some("*".to_owned());
    }
    allowed(origin).then(|| origin.to_owned())
}

fn joined(items: &[String]) -> Option<String> {
    (!items.is_empty()).then(|| items.join(","))
}

fn set(headers: &mut HeaderMap, lines: impl IntoIterator<Item = (HeaderName, Option<String>)>) {
    for (name, value) in lines {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
}
