//! HTTP requests and responses, and the loop around a handler.

mod body;
mod gateway;
mod query;
mod serve;

pub use body::{json, json_of};
pub use query::{DEFAULT_LIMIT, FOREIGN_CURSOR, MAX_LIMIT, Queries};
pub use serve::{Limits, serve};

use crate::language::Language;
use crate::problem::{Code, Problem};
use bytes::Bytes;
use domain::is_loopback;
use lambda_http::http::HeaderMap;
use serde::Serialize;
use std::collections::HashMap;
use tokio::time::Instant;
use url::Url;

/// One request.
#[derive(Debug)]
pub struct Request {
    /// The method and the route's template, e.g. `GET /orders/{order_id}`: what a handler matches on.
    pub route: String,
    /// The body as the client sent it, at most [`Limits::body_bytes`], decoded when API Gateway had encoded it.
    pub body: Bytes,
    /// When the handler must have answered.
    pub deadline: Instant,
    /// The language that the client prefers.
    pub language: Language,
    path: HashMap<String, String>,
    query: HashMap<String, String>,
    headers: HeaderMap,
    domain_name: Option<String>,
}

impl Request {
    /// The origin at which API Gateway was reached, for links back to it: https, or plain http on a loopback host.
    /// `None` when the event's domain name is not a bare host.
    #[must_use]
    pub fn origin(&self) -> Option<Url> {
        let host = self.domain_name.as_deref()?;
        let url = Url::parse(&format!("https://{host}")).ok()?;
        let is_bare =
            url.path() == "/" && url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
        let url = if is_loopback(&url) { Url::parse(&format!("http://{host}")).ok()? } else { url };
        is_bare.then_some(url)
    }

    /// A decoded parameter of the route's template; empty when the template does not have it.
    #[must_use]
    pub fn path(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The first value of a decoded query parameter.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A header, if its value is visible ASCII. The case of `name` does not matter.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the header is present, even with a value that [`Self::header`] does not return.
    #[must_use]
    pub fn has_header(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// The token of an `Authorization: Bearer` header.
    #[must_use]
    pub fn bearer_token(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }
}

/// A response. `Cache-Control` is `no-store` unless the handler replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Response {
    /// A response with `body` of the type `content_type`.
    #[must_use]
    pub fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type", content_type.to_owned()), ("cache-control", "no-store".to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// A response with `value` as JSON.
    ///
    /// # Errors
    /// `internal_error` when `value` has no JSON form, e.g. a map whose keys are not strings.
    pub fn json(status: u16, value: &impl Serialize) -> Result<Self, Problem> {
        let text = serde_json::to_vec(value).map_err(|_| Problem::new(Code::InternalError))?;
        Ok(Self::new(status, "application/json", text))
    }

    /// A response with the status 204.
    #[must_use]
    pub const fn no_content() -> Self {
        Self { status: 204, headers: Vec::new(), body: Bytes::new() }
    }

    /// Sets a header and replaces one of the same name; `name` must be lower case. A value that HTTP does not allow is
    /// dropped.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached_at(domain_name: Option<&str>) -> Option<String> {
        let request = Request {
            route: String::new(),
            body: Bytes::new(),
            deadline: Instant::now(),
            language: Language::English,
            path: HashMap::new(),
            query: HashMap::new(),
            headers: HeaderMap::new(),
            domain_name: domain_name.map(str::to_owned),
        };
        request.origin().map(String::from)
    }

    #[test]
    fn return_links_use_https_except_on_loopback() {
        let origin = |domain_name| reached_at(Some(domain_name)).unwrap();
        assert_eq!(
            origin("a1b2.execute-api.eu-west-3.amazonaws.com"),
            "https://a1b2.execute-api.eu-west-3.amazonaws.com/"
        );
        assert_eq!(origin("pay.shop.example"), "https://pay.shop.example/");
        assert_eq!(origin("127.0.0.1:3000"), "http://127.0.0.1:3000/");
        assert_eq!(origin("localhost:3000"), "http://localhost:3000/");
    }

    #[test]
    fn an_origin_is_a_bare_host() {
        assert_eq!(reached_at(None), None);
        for odd in
            ["", "a@evil.example", "shop.example/path", "shop.example?a", "shop.example#a", "shop example", ":80"]
        {
            assert_eq!(reached_at(Some(odd)), None, "{odd}");
        }
    }
}
