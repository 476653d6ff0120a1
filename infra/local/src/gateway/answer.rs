//! A function's response (payload format 2.0) -> HTTP response.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// API Gateway's own error body: a `message` only.
pub(super) fn message(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

/// API Gateway's answer when a function fails or returns no valid response.
pub(super) fn internal_error() -> Response {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// Reads a function's answer; `None` when API Gateway could not use it either.
pub(super) fn read(payload: &[u8]) -> Option<Response> {
    let answer: Value = serde_json::from_slice(payload).ok()?;
    let Some(status) = answer.get("statusCode") else {
        // Without a status, API Gateway sends the whole answer as the body of a 200.
        return Some(Json(answer).into_response());
    };
    let status = status.as_u64().and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok())?;
    let mut response = Response::new(Body::from(body(&answer)?));
    *response.status_mut() = status;
    for (name, value) in header_lines(&answer) {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            return None;
        };
        // The HTTP server sets the length and the framing.
        if name != header::CONTENT_LENGTH && name != header::TRANSFER_ENCODING {
            response.headers_mut().append(name, value);
        }
    }
    let has_type = response.headers().contains_key(header::CONTENT_TYPE);
    if !has_type && answer.get("body").is_some_and(|body| !body.is_null()) {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    }
    Some(response)
}

fn body(answer: &Value) -> Option<Vec<u8>> {
    let text = match answer.get("body") {
        None | Some(Value::Null) => return Some(Vec::new()),
        Some(Value::String(text)) => text,
        Some(_) => return None,
    };
    if answer.get("isBase64Encoded") == Some(&Value::Bool(true)) {
        return STANDARD.decode(text).ok();
    }
    Some(text.clone().into_bytes())
}

/// `multiValueHeaders` take precedence over `headers` of the same name; every cookie becomes a `set-cookie` line.
fn header_lines(answer: &Value) -> Vec<(String, String)> {
    let object = |member: &str| answer.get(member).and_then(Value::as_object).into_iter().flatten();
    let mut lines: Vec<(String, String)> = Vec::new();
    for (name, values) in object("multiValueHeaders") {
        lines.extend(values.as_array().into_iter().flatten().filter_map(|value| Some((name.clone(), plain(value)?))));
    }
    let several: Vec<String> = lines.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    let single = object("headers").filter(|(name, _)| !several.contains(&name.to_ascii_lowercase()));
    lines.extend(single.filter_map(|(name, value)| Some((name.clone(), plain(value)?))));
    let cookies = answer.get("cookies").and_then(Value::as_array).into_iter().flatten();
    lines.extend(cookies.filter_map(|cookie| Some(("set-cookie".to_owned(), plain(cookie)?))));
    lines
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_headers_and_cookies_are_copied() {
        let answer = json!({
            "statusCode": 201,
            "headers": { "Content-Type": "application/json", "X-One": "a", "Content-Length": "999" },
            "multiValueHeaders": { "x-one": ["b", "c"] },
            "cookies": ["a=1; Path=/", "b=2"],
            "body": "{}",
        });
        let response = read(answer.to_string().as_bytes()).unwrap();
        assert_eq!(response.status(), 201);
        let all = |name: &str| response.headers().get_all(name).iter().cloned().collect::<Vec<_>>();
        assert_eq!(all("x-one"), ["b", "c"]);
        assert_eq!(all("set-cookie"), ["a=1; Path=/", "b=2"]);
        assert_eq!(all("content-length"), Vec::<HeaderValue>::new());
    }

    #[test]
    fn a_bare_answer_is_the_body_of_a_200() {
        let response = read(br#"{"hello":1}"#).unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
    }

    #[test]
    fn an_answer_without_a_response_shape_is_refused() {
        assert!(read(b"not json").is_none());
        assert!(read(br#"{"statusCode":9000}"#).is_none());
        assert!(read(br#"{"statusCode":200,"body":{"a":1}}"#).is_none());
        assert!(read(br#"{"statusCode":200,"body":"%%","isBase64Encoded":true}"#).is_none());
        assert!(read(b"{\"statusCode\":200,\"headers\":{\"x\":\"a\\nb\"}}").is_none());
    }
}
