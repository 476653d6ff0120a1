//! Converts between API Gateway's payload format 2.0 and this crate's types.
//!
//! The event types are those of lambda_http. Its adapter is not used, because it panics on a body that is not the
//! base64 it claims to be and on an invalid `Host`: the client chooses both.

use super::{Limits, Request, Response, query};
use crate::language::Language;
use crate::problem::{Code, Problem};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::HashMap;
use tokio::time::Instant;
use url::form_urlencoded;

/// Parses the event. `None` when it is not an event of an HTTP API.
pub(super) fn parse(event: &str) -> Option<ApiGatewayV2httpRequest> {
    serde_json::from_str(event).ok()
}

/// The client's language. It is read first, so that every later problem is in that language.
pub(super) fn language(event: &ApiGatewayV2httpRequest) -> Language {
    let header = event.headers.get("accept-language").and_then(|value| value.to_str().ok());
    header.map(Language::from_accept_language).unwrap_or_default()
}

/// The request for the handler.
pub(super) fn request(event: ApiGatewayV2httpRequest, deadline: Instant, limits: Limits) -> Result<Request, Problem> {
    let language = language(&event);
    let body = body(event.body.unwrap_or_default(), event.is_base64_encoded, limits.body_bytes)?;
    let route = event.route_key.unwrap_or_default();
    let query = event.raw_query_string.unwrap_or_default();
    query::check(&route, &query, limits.queries)?;
    Ok(Request {
        route,
        body,
        deadline,
        language,
        path: event.path_parameters,
        query: parameters(&query),
        headers: event.headers,
        domain_name: event.request_context.domain_name,
    })
}

/// The query parameters, parsed from the raw string. API Gateway's own map joins repeated values with commas, so it
/// cannot represent a comma inside a value.
fn parameters(raw: &str) -> HashMap<String, String> {
    let mut query = HashMap::new();
    for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
        query.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    query
}

fn body(text: String, is_base64: bool, max_bytes: usize) -> Result<Bytes, Problem> {
    // Four characters of base64 are three bytes: the cap is checked before decoding.
    let at_least = if is_base64 { (text.len() / 4).saturating_sub(1) * 3 } else { text.len() };
    if at_least > max_bytes {
        return Err(Problem::new(Code::PayloadTooLarge));
    }
    if !is_base64 {
        return Ok(Bytes::from(text));
    }
    match STANDARD.decode(text) {
        Ok(bytes) if bytes.len() <= max_bytes => Ok(Bytes::from(bytes)),
        Ok(_) => Err(Problem::new(Code::PayloadTooLarge)),
        Err(_) => Err(Problem::new(Code::MalformedJson)),
    }
}

/// The response for API Gateway.
pub(super) fn response(response: Response) -> ApiGatewayV2httpResponse {
    let mut headers = HeaderMap::with_capacity(response.headers.len());
    for (name, value) in response.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = i64::from(response.status);
    answer.headers = headers;
    (answer.body, answer.is_base64_encoded) = match String::from_utf8(response.body.into()) {
        Ok(text) if text.is_empty() => (None, false),
        Ok(text) => (Some(Body::Text(text)), false),
        Err(binary) => (Some(Body::Binary(binary.into_bytes())), true),
    };
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_stays_in_its_value_and_the_first_value_counts() {
        let query = parameters("value=12%2C50&search=Ba,+Awa&search=other&plain");
        let value = |name: &str| query.get(name).map(String::as_str);
        assert_eq!(value("value"), Some("12,50"));
        assert_eq!(value("search"), Some("Ba, Awa"));
        assert_eq!((value("plain"), value("missing")), (Some(""), None));
    }
}
