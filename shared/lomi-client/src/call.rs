//! A call that is ready to be sent, and the loop that sends it.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::error::{Error, ErrorKind, Outcome};
use crate::ids::IdempotencyKey;
use crate::older::Older;
use crate::row::Unusable;
use crate::transport::{Answer, Request};

/// The time of a whole call, attempts and pauses, unless the caller sets a deadline.
const DEFAULT_BUDGET: Duration = Duration::from_secs(20);

type Decode<T> = fn(&str) -> Result<T, Unusable>;

/// A call that is ready to be sent; nothing happens before [`Call::send`].
///
/// A read, and a write with an idempotency key, is tried again after a failure that may pass. A write
/// without one is tried again only when nothing of it was sent.
#[must_use = "a call does nothing until it is sent"]
pub struct Call<T> {
    client: Client,
    method: Method,
    path: String,
    query: BTreeMap<&'static str, String>,
    /// The body, or the name of the member that keeps it from being one.
    body: Result<Option<Bytes>, &'static str>,
    idempotency_key: Option<IdempotencyKey>,
    /// Whether the idempotency key is reason enough to send a write again.
    is_repeatable: bool,
    deadline: Option<Instant>,
    /// Whether it names its object by an id that some generations cannot read.
    is_by_public_id: bool,
    /// Where else the call may be served.
    older: Option<Older>,
    decode: Decode<T>,
}

impl<T> Call<T> {
    pub(crate) fn get(client: Client, path: String, decode: Decode<T>) -> Self {
        Self {
            client,
            method: Method::GET,
            path,
            query: BTreeMap::new(),
            body: Ok(None),
            idempotency_key: None,
            is_repeatable: true,
            deadline: None,
            is_by_public_id: false,
            older: None,
            decode,
        }
    }

    pub(crate) fn post(client: Client, path: String, body: Result<Bytes, &'static str>, decode: Decode<T>) -> Self {
        let body = body.map(Some);
        Self { method: Method::POST, body, ..Self::get(client, path, decode) }
    }

    /// A `POST` that says nothing beyond its path. The empty object keeps servers content that parse every body.
    pub(crate) fn act(client: Client, path: String, decode: Decode<T>) -> Self {
        Self::post(client, path, Ok(Bytes::from_static(b"{}")), decode)
    }

    pub(crate) fn patch(client: Client, path: String, body: Result<Bytes, &'static str>, decode: Decode<T>) -> Self {
        Self { method: Method::PATCH, ..Self::post(client, path, body, decode) }
    }

    pub(crate) fn delete(client: Client, path: String, decode: Decode<T>) -> Self {
        Self { method: Method::DELETE, ..Self::get(client, path, decode) }
    }

    /// Never sent again once something of it left, whatever its key: some generations of the API ignore the key
    /// of this call and would do it twice.
    pub(crate) fn only_once(mut self) -> Self {
        self.is_repeatable = false;
        self
    }

    /// Names its object by an id that is the UUID of it or not. A database that knows UUIDs only fails at another one, every
    /// time: that is no outage, and asked once.
    pub(crate) fn by_id(mut self, is_uuid: bool) -> Self {
        self.is_by_public_id = !is_uuid;
        self
    }

    /// The same question, its answer read in another way.
    pub(crate) fn reading<U>(self, decode: Decode<U>) -> Call<U> {
        Call {
            client: self.client,
            method: self.method,
            path: self.path,
            query: self.query,
            body: self.body,
            idempotency_key: self.idempotency_key,
            is_repeatable: self.is_repeatable,
            deadline: self.deadline,
            is_by_public_id: self.is_by_public_id,
            older: self.older,
            decode,
        }
    }

    /// The same call on a server that does not know this path.
    pub(crate) fn or_at(mut self, older: Older) -> Self {
        self.older = Some(older);
        self
    }

    /// When the whole call must be over, pauses included. Twenty seconds after [`Call::send`] unless set.
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    pub(crate) fn with_query(mut self, name: &'static str, value: String) -> Self {
        self.query.insert(name, value);
        self
    }

    pub(crate) fn without_query(mut self, name: &str) -> Self {
        self.query.remove(name);
        self
    }

    pub(crate) fn query_text(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub(crate) fn query_number(&self, name: &str) -> Option<u32> {
        self.query_text(name)?.parse().ok()
    }

    pub(crate) fn with_idempotency_key(mut self, key: IdempotencyKey) -> Self {
        self.idempotency_key = Some(key);
        self
    }

    /// Sends it, as often as the rules and the deadline allow. [`Error::outcome`] says whether a call that
    /// failed had its effect.
    pub async fn send(self) -> Result<T, Error> {
        let deadline = self.deadline.unwrap_or_else(|| Instant::now() + DEFAULT_BUDGET);
        match &self.older {
            Some(older) => self.send_to_either(older, deadline).await,
            None => self.send_to(&self.path, 0, deadline).await,
        }
    }

    /// First where the server was last seen to know the call. An answer that is no success teaches nothing.
    async fn send_to_either(&self, older: &Older, deadline: Instant) -> Result<T, Error> {
        let is_older = self.client.is_older.load(Ordering::Relaxed);
        let (first, second) = if is_older { (older.path(), &*self.path) } else { (&*self.path, older.path()) };
        let error = match self.send_to(first, 0, deadline).await {
            Err(error) if error.is_unknown_route() || (!is_older && older.may_explain(&error)) => error,
            answer => return answer,
        };
        match self.send_to(second, error.attempts(), deadline).await {
            Err(other) if other.is_unknown_route() => Err(error),
            Err(other) => Err(other),
            Ok(value) => {
                self.client.is_older.store(!is_older, Ordering::Relaxed);
                Ok(value)
            }
        }
    }

    async fn send_to(&self, path: &str, mut attempts: u32, deadline: Instant) -> Result<T, Error> {
        let request = self.request(path)?;
        let mut may_have_happened = false;
        loop {
            let answer = self.client.transport.attempt(&request, deadline).await;
            let error = match answer.and_then(|answer| self.read(&answer)) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            attempts += u32::from(error.kind() != ErrorKind::DeadlinePassed);
            may_have_happened |= request.is_write() && error.outcome() == Outcome::Unknown;
            let error = error.of_call(attempts, may_have_happened);
            if !self.may_repeat(&request, &error) {
                return Err(error);
            }
            match self.client.retry.pause(&error, attempts, deadline) {
                Some(pause) => sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    fn request(&self, path: &str) -> Result<Request, Error> {
        let mut url = self.client.transport.base_url().clone();
        url.set_path(path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(Request {
            method: self.method.clone(),
            url,
            body: self.body.clone().map_err(Error::invalid_request)?,
            idempotency_key: self.idempotency_key.clone(),
        })
    }

    fn read(&self, answer: &Answer) -> Result<T, Error> {
        let text = std::str::from_utf8(&answer.body).map_err(|_| Unusable("body"));
        text.and_then(self.decode).map_err(|unusable| Error::unusable(answer.head.clone(), unusable))
    }

    /// A write without a key may only be repeated when nothing of it left: lomi would do it twice. A deadline
    /// that has passed passes again.
    fn may_repeat(&self, request: &Request, error: &Error) -> bool {
        let is_keyed = request.idempotency_key.is_some() && self.is_repeatable;
        let is_safe = !request.is_write() || is_keyed;
        let has_time = error.kind() != ErrorKind::DeadlinePassed;
        let may_pass = error.status() != Some(500) || !self.is_by_public_id;
        has_time && may_pass && error.is_retryable() && (is_safe || error.outcome() == Outcome::NotSent)
    }
}

/// By hand, because a derived `Clone` would ask the same of `T`.
impl<T> Clone for Call<T> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            body: self.body.clone(),
            idempotency_key: self.idempotency_key.clone(),
            is_repeatable: self.is_repeatable,
            deadline: self.deadline,
            is_by_public_id: self.is_by_public_id,
            older: self.older.clone(),
            decode: self.decode,
        }
    }
}
