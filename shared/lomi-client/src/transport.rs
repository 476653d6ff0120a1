//! One attempt: a request and its bounded answer.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use reqwest::{Method, Response};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::error::{AnswerHead, Error};
use crate::ids::IdempotencyKey;
use crate::refusal::{Refusal, is_request_id};
use crate::wire::{Carrier, SendError, WireError};

/// Far above any answer of the API; a longer one does not come from lomi.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

const API_KEY: &str = "x-api-key";
const IDEMPOTENCY_KEY: &str = "idempotency-key";
const REQUEST_ID: &str = "x-request-id";
const CACHE_HIT: &str = "idempotency-cache-hit";

/// What every attempt of one call sends, byte for byte: lomi compares the bodies of one idempotency key.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Bytes>,
    pub(crate) idempotency_key: Option<IdempotencyKey>,
}

impl Request {
    /// Whether sending it twice may have two effects.
    pub(crate) fn is_write(&self) -> bool {
        self.method != Method::GET
    }
}

/// A 2xx.
pub(crate) struct Answer {
    pub(crate) head: AnswerHead,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Transport {
    carrier: Carrier,
    base_url: Url,
    key: HeaderValue,
    attempt_timeout: Duration,
}

impl Transport {
    pub(crate) fn new(carrier: Carrier, base_url: Url, key: HeaderValue, attempt_timeout: Duration) -> Self {
        Self { carrier, base_url, key, attempt_timeout }
    }

    pub(crate) fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// Sends once. Ends at the attempt's time-out or the deadline, whichever comes first.
    pub(crate) async fn attempt(&self, request: &Request, deadline: Instant) -> Result<Answer, Error> {
        let now = Instant::now();
        let until = now.checked_add(self.attempt_timeout).unwrap_or(deadline).min(deadline);
        if until <= now {
            return Err(Error::deadline_passed());
        }
        timeout_at(until, self.exchange(request)).await.unwrap_or_else(|_| Err(Error::timed_out()))
    }

    async fn exchange(&self, request: &Request) -> Result<Answer, Error> {
        let http_request = self.to_http(request).map_err(|_| Error::invalid_request("request"))?;
        let response = self.carrier.exchange(http_request).await.map_err(no_answer)?;
        let head = read_head(response.status().as_u16(), response.headers());
        let is_success = response.status().is_success();
        let body = read_body(response).await;
        if !is_success {
            // If the body of a refusal is lost, the status is enough.
            let refusal = Refusal::read(&body.unwrap_or_default());
            return Err(Error::refused(head, refusal));
        }
        match body {
            Ok(body) => Ok(Answer { head, body }),
            Err(BodyError::TooLarge) => Err(Error::answer_too_large(head)),
            Err(BodyError::CutShort(source)) => Err(Error::answer_cut_short(head, source)),
        }
    }

    fn to_http(&self, request: &Request) -> Result<http::Request<Bytes>, http::Error> {
        let mut builder = http::Request::builder()
            .method(request.method.clone())
            .uri(request.url.as_str())
            .header(API_KEY, &self.key)
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("lomi-client/", env!("CARGO_PKG_VERSION")));
        if let Some(key) = &request.idempotency_key {
            builder = builder.header(IDEMPOTENCY_KEY, key.as_str());
        }
        if request.body.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/json");
        }
        builder.body(request.body.clone().unwrap_or_default())
    }
}

fn no_answer(error: SendError) -> Error {
    match error {
        SendError::Network(source) => Error::no_answer(source),
        SendError::Wire(WireError::NotSent) => Error::not_connected(),
        SendError::Wire(WireError::Interrupted) => Error::interrupted(),
    }
}

fn read_head(status: u16, headers: &HeaderMap) -> AnswerHead {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let seconds = text(RETRY_AFTER.as_str()).and_then(|seconds| seconds.parse::<u32>().ok());
    AnswerHead {
        status,
        request_id: text(REQUEST_ID).filter(|id| is_request_id(id)).map(str::to_owned),
        retry_after: seconds.map(|seconds| Duration::from_secs(u64::from(seconds))),
        is_replay: text(CACHE_HIT).is_some_and(|hit| hit.eq_ignore_ascii_case("true")),
    }
}

enum BodyError {
    TooLarge,
    CutShort(reqwest::Error),
}

/// Reads to the end or the limit. Counts bytes instead of trusting `Content-Length`.
async fn read_body(mut response: Response) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::CutShort)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
