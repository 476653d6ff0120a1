//! A call that is ready to be sent, and the retry loop that sends it.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::error::{Error, ErrorKind, Outcome};
use crate::ids::IdempotencyKey;
use crate::older::OlderPath;
use crate::row::Unusable;
use crate::transport::{Answer, Request};

/// The time of a whole call, attempts and pauses, unless the caller sets a deadline.
const DEFAULT_BUDGET: Duration = Duration::from_secs(20);

type Decode<T> = fn(&str) -> Result<T, Unusable>;

/// A call that is ready to be sent; nothing happens before [`Call::send`].
///
/// A read, and a write with an idempotency key, is retried after a temporary failure. A write without a key is retried
/// only when nothing of it was sent.
#[must_use = "a call does nothing until it is sent"]
pub struct Call<T> {
    parts: Parts,
    decode: Decode<T>,
}

/// What a call sends.
#[derive(Clone)]
struct Parts {
    client: Client,
    method: Method,
    path: String,
    query: BTreeMap<&'static str, String>,
    /// The body, or the name of the field that makes the request invalid.
    body: Result<Option<Bytes>, &'static str>,
    idempotency_key: Option<IdempotencyKey>,
    /// Whether a write may be retried because of its idempotency key.
    is_repeatable: bool,
    deadline: Option<Instant>,
    /// Whether the path holds a public id, which some generations cannot read.
    has_public_id: bool,
    older: Option<OlderPath>,
}

impl<T> Call<T> {
    pub(crate) fn get(client: Client, path: String, decode: Decode<T>) -> Self {
        let parts = Parts {
            client,
            method: Method::GET,
            path,
            query: BTreeMap::new(),
            body: Ok(None),
            idempotency_key: None,
            is_repeatable: true,
            deadline: None,
            has_public_id: false,
            older: None,
        };
        Self { parts, decode }
    }

    pub(crate) fn post(client: Client, path: String, body: Result<Bytes, &'static str>, decode: Decode<T>) -> Self {
        let mut call = Self::get(client, path, decode).with_method(Method::POST);
        call.parts.body = body.map(Some);
        call
    }

    /// A `POST` without content. Servers that parse every body need the empty object.
    pub(crate) fn post_empty(client: Client, path: String, decode: Decode<T>) -> Self {
        Self::post(client, path, Ok(Bytes::from_static(b"{}")), decode)
    }

    pub(crate) fn patch(client: Client, path: String, body: Result<Bytes, &'static str>, decode: Decode<T>) -> Self {
        Self::post(client, path, body, decode).with_method(Method::PATCH)
    }

    pub(crate) fn delete(client: Client, path: String, decode: Decode<T>) -> Self {
        Self::get(client, path, decode).with_method(Method::DELETE)
    }

    fn with_method(mut self, method: Method) -> Self {
        self.parts.method = method;
        self
    }

    /// Never retried once something of it was sent, even with a key: some generations ignore the key of this call and
    /// would act twice.
    pub(crate) fn only_once(mut self) -> Self {
        self.parts.is_repeatable = false;
        self
    }

    /// A database that knows only UUIDs fails at a public id every time. That 500 is no outage and is not retried.
    pub(crate) fn by_id(mut self, is_uuid: bool) -> Self {
        self.parts.has_public_id = !is_uuid;
        self
    }

    /// The same request with another decoder for its answer.
    pub(crate) fn decoded_by<U>(self, decode: Decode<U>) -> Call<U> {
        Call { parts: self.parts, decode }
    }

    /// The path of the same call on an older server.
    pub(crate) fn or_at(mut self, older: OlderPath) -> Self {
        self.parts.older = Some(older);
        self
    }

    /// When the whole call must be over, pauses included. Twenty seconds after [`Call::send`] unless set.
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.parts.deadline = Some(deadline);
        self
    }

    pub(crate) fn with_query(mut self, name: &'static str, value: String) -> Self {
        self.parts.query.insert(name, value);
        self
    }

    pub(crate) fn without_query(mut self, name: &str) -> Self {
        self.parts.query.remove(name);
        self
    }

    pub(crate) fn query_text(&self, name: &str) -> Option<&str> {
        self.parts.query.get(name).map(String::as_str)
    }

    pub(crate) fn query_number(&self, name: &str) -> Option<u32> {
        self.query_text(name)?.parse().ok()
    }

    pub(crate) fn with_idempotency_key(mut self, key: IdempotencyKey) -> Self {
        self.parts.idempotency_key = Some(key);
        self
    }

    /// Sends the call, with retries as far as the rules and the deadline allow. After a failure [`Error::outcome`] says
    /// whether the call had its effect.
    pub async fn send(self) -> Result<T, Error> {
        let deadline = self.parts.deadline.unwrap_or_else(|| Instant::now() + DEFAULT_BUDGET);
        match &self.parts.older {
            Some(older) => self.send_to_either(older, deadline).await,
            None => self.send_to(&self.parts.path, 0, deadline).await,
        }
    }

    /// Starts with the path that last succeeded. Only a success changes which path that is.
    async fn send_to_either(&self, older: &OlderPath, deadline: Instant) -> Result<T, Error> {
        let (newer_path, prefers_older) = (&*self.parts.path, &self.parts.client.prefers_older_paths);
        let is_older = prefers_older.load(Ordering::Relaxed);
        let (first, second) = if is_older { (older.path(), newer_path) } else { (newer_path, older.path()) };
        let error = match self.send_to(first, 0, deadline).await {
            Err(error) if error.is_unknown_route() || (!is_older && older.may_explain(&error)) => error,
            answer => return answer,
        };
        match self.send_to(second, error.attempts(), deadline).await {
            Err(other) if other.is_unknown_route() => Err(error),
            Err(other) => Err(other),
            Ok(value) => {
                prefers_older.store(!is_older, Ordering::Relaxed);
                Ok(value)
            }
        }
    }

    async fn send_to(&self, path: &str, mut attempts: u32, deadline: Instant) -> Result<T, Error> {
        let request = self.request(path)?;
        let client = &self.parts.client;
        let mut may_have_happened = false;
        loop {
            let answer = client.transport.attempt(&request, deadline).await;
            let error = match answer.and_then(|answer| self.read(&answer)) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            attempts += u32::from(error.kind() != ErrorKind::DeadlinePassed);
            may_have_happened |= request.is_write() && error.outcome() == Outcome::Unknown;
            let error = error.for_call(attempts, may_have_happened);
            if !self.may_repeat(&request, &error) {
                return Err(error);
            }
            match client.retry.pause(&error, attempts, deadline) {
                Some(pause) => sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    fn request(&self, path: &str) -> Result<Request, Error> {
        let parts = &self.parts;
        let mut url = parts.client.transport.base_url().clone();
        url.set_path(path);
        if !parts.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&parts.query);
        }
        Ok(Request {
            method: parts.method.clone(),
            url,
            body: parts.body.clone().map_err(Error::invalid_request)?,
            idempotency_key: parts.idempotency_key.clone(),
        })
    }

    fn read(&self, answer: &Answer) -> Result<T, Error> {
        let text = std::str::from_utf8(&answer.body).map_err(|_| Unusable("body"));
        text.and_then(self.decode).map_err(|unusable| Error::unusable(answer.head.clone(), unusable))
    }

    /// A write without a key may be retried only when nothing of it was sent: lomi would do it twice.
    fn may_repeat(&self, request: &Request, error: &Error) -> bool {
        let is_keyed = request.idempotency_key.is_some() && self.parts.is_repeatable;
        let is_safe = !request.is_write() || is_keyed;
        let has_time = error.kind() != ErrorKind::DeadlinePassed;
        let is_temporary = error.status() != Some(500) || !self.parts.has_public_id;
        has_time && is_temporary && error.is_retryable() && (is_safe || error.outcome() == Outcome::NotSent)
    }
}

/// A derived `Clone` would require `T: Clone`.
impl<T> Clone for Call<T> {
    fn clone(&self) -> Self {
        Self { parts: self.parts.clone(), decode: self.decode }
    }
}
