//! Errors that say whether the call had its effect.

use std::fmt;
use std::time::Duration;

use crate::refusal::Refusal;
use crate::row::Unusable;

/// Whether the call had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing of the request was sent. It had no effect.
    NotSent,
    /// lomi refused the request. It had no effect.
    Rejected,
    /// It may have had its effect: retry with the same idempotency key, or read the object.
    Unknown,
}

/// What went wrong on the last attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request is invalid and was not sent.
    InvalidRequest,
    /// The deadline had passed before the first attempt.
    DeadlinePassed,
    /// No connection: DNS, network, refused, TLS, or the connect time-out.
    Connect,
    /// No complete answer within the attempt's time or the deadline.
    TimedOut,
    /// The connection broke after the request may have been written.
    Interrupted,
    /// The answer is longer than 1 MiB.
    AnswerTooLarge,
    /// A 2xx whose body is not what this call returns.
    UnusableAnswer,
    /// Any status but 2xx. Redirects count as well and are never followed.
    Refused,
    /// A list that is read as a stream starts again instead of continuing, or has more than 1 000 pages. Further rows
    /// may exist.
    EndlessList,
}

/// Why a call failed.
///
/// `Display` and `Debug` show neither the secret key nor a body, so both are safe to log.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    outcome: Outcome,
    attempts: u32,
    /// The invalid field, for `InvalidRequest` and `UnusableAnswer`.
    field: Option<&'static str>,
    head: Option<AnswerHead>,
    refusal: Refusal,
    source: Option<reqwest::Error>,
}

/// An answer without its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnswerHead {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) is_replay: bool,
}

impl Error {
    /// Whether the call had its effect. Holds for the whole call: after one attempt that may have
    /// reached lomi a write stays `Unknown`, even if a later attempt was refused.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// What went wrong on the last attempt.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status of the last attempt, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.head.as_ref().map(|head| head.status)
    }

    /// lomi's own code (`validation_failed`, `INVALID_REQUEST`, ...), at most 64 characters of
    /// `A-Z a-z 0-9 _ . -`. Codes differ between generations: branch on [`Error::outcome`] first.
    pub fn code(&self) -> Option<&str> {
        self.0.refusal.code.as_deref()
    }

    /// lomi's message, at most 512 bytes. It may repeat request data: keep it out of logs.
    pub fn message(&self) -> Option<&str> {
        self.0.refusal.message.as_deref()
    }

    /// The request id for lomi's support, from the header or the body.
    pub fn request_id(&self) -> Option<&str> {
        let from_header = self.0.head.as_ref().and_then(|head| head.request_id.as_deref());
        from_header.or(self.0.refusal.request_id.as_deref())
    }

    /// `Retry-After` in whole seconds (up to 15 minutes is usual). The date form of the header is not read.
    pub fn retry_after(&self) -> Option<Duration> {
        let from_header = self.0.head.as_ref().and_then(|head| head.retry_after);
        from_header.or(self.0.refusal.retry_after)
    }

    /// Whether lomi repeated its stored answer to this idempotency key. While lomi stores the key, a retry gets the
    /// same.
    pub fn is_replay(&self) -> bool {
        self.0.head.as_ref().is_some_and(|head| head.is_replay)
    }

    /// Whether the same call, with the same idempotency key, may succeed later.
    pub fn is_retryable(&self) -> bool {
        if self.is_replay() {
            return false;
        }
        match self.0.kind {
            ErrorKind::InvalidRequest | ErrorKind::AnswerTooLarge | ErrorKind::EndlessList => false,
            ErrorKind::Refused => match self.status() {
                Some(429 | 500..=599) => true,
                Some(409) => outcome_of(409, self.code()) == Outcome::Unknown,
                _ => false,
            },
            _ => true,
        }
    }

    /// Whether lomi has no such route, which says nothing about the object: the message of that 404 starts with
    /// `Cannot` and the method (servers since December 2025).
    pub fn is_unknown_route(&self) -> bool {
        self.status() == Some(404) && self.message().is_some_and(|message| message.starts_with("Cannot "))
    }

    /// Whether lomi refused the idempotency key or the confirmation token, so that the request had no effect under it.
    /// lomi documents no code for tokens: a refusal whose code or message names the token counts.
    pub fn refuses_key_or_token(&self) -> bool {
        let names_token = |text: Option<&str>| {
            text.is_some_and(|text| text.to_ascii_lowercase().replace(' ', "_").contains("confirmation_token"))
        };
        let is_refusal = self.outcome() == Outcome::Rejected && matches!(self.status(), Some(400..=499));
        let is_about_key = self.code() == Some("idempotency_key_reused");
        is_refusal && (is_about_key || names_token(self.code()) || names_token(self.message()))
    }

    /// How many requests were made.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    fn new(kind: ErrorKind, outcome: Outcome) -> Self {
        Self(Box::new(Inner {
            kind,
            outcome,
            attempts: 0,
            field: None,
            head: None,
            refusal: Refusal::default(),
            source: None,
        }))
    }

    pub(crate) fn invalid_request(field: &'static str) -> Self {
        let mut error = Self::new(ErrorKind::InvalidRequest, Outcome::NotSent);
        error.0.field = Some(field);
        error
    }

    pub(crate) fn deadline_passed() -> Self {
        Self::new(ErrorKind::DeadlinePassed, Outcome::NotSent)
    }

    /// Rows already read stay valid. `attempts`: the requests that revealed it.
    pub(crate) fn endless_list(attempts: u32) -> Self {
        Self::new(ErrorKind::EndlessList, Outcome::NotSent).for_call(attempts, false)
    }

    pub(crate) fn timed_out() -> Self {
        Self::new(ErrorKind::TimedOut, Outcome::Unknown)
    }

    /// No answer. `reqwest` says whether it failed while connecting.
    pub(crate) fn no_answer(source: reqwest::Error) -> Self {
        let mut error = if source.is_builder() {
            Self::new(ErrorKind::InvalidRequest, Outcome::NotSent)
        } else if source.is_connect() {
            Self::not_connected()
        } else {
            Self::interrupted()
        };
        error.0.source = Some(source.without_url());
        error
    }

    pub(crate) fn not_connected() -> Self {
        Self::new(ErrorKind::Connect, Outcome::NotSent)
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(ErrorKind::Interrupted, Outcome::Unknown)
    }

    pub(crate) fn answer_too_large(head: AnswerHead) -> Self {
        Self::new(ErrorKind::AnswerTooLarge, Outcome::Unknown).with_head(head)
    }

    pub(crate) fn answer_cut_short(head: AnswerHead, source: reqwest::Error) -> Self {
        let mut error = Self::interrupted().with_head(head);
        error.0.source = Some(source.without_url());
        error
    }

    pub(crate) fn unusable(head: AnswerHead, unusable: Unusable) -> Self {
        let mut error = Self::new(ErrorKind::UnusableAnswer, Outcome::Unknown).with_head(head);
        error.0.field = Some(unusable.0);
        error
    }

    pub(crate) fn refused(head: AnswerHead, refusal: Refusal) -> Self {
        let outcome = outcome_of(head.status, refusal.code.as_deref());
        let mut error = Self::new(ErrorKind::Refused, outcome).with_head(head);
        error.0.refusal = refusal;
        error
    }

    fn with_head(mut self, head: AnswerHead) -> Self {
        self.0.head = Some(head);
        self
    }

    /// The error of the whole call after `attempts` requests. `may_have_happened`: one of them may have had its effect.
    pub(crate) fn for_call(mut self, attempts: u32, may_have_happened: bool) -> Self {
        self.0.attempts = attempts;
        if may_have_happened {
            self.0.outcome = Outcome::Unknown;
        }
        self
    }
}

/// The outcome of one attempt. A 409 means either a reused key (no effect) or a first request that is still running;
/// without a code it is `Unknown`.
fn outcome_of(status: u16, code: Option<&str>) -> Outcome {
    match (status, code) {
        (409, None | Some("idempotency_in_progress")) => Outcome::Unknown,
        (400..=499, _) => Outcome::Rejected,
        _ => Outcome::Unknown,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.kind {
            ErrorKind::InvalidRequest => "the request to lomi is not valid",
            ErrorKind::DeadlinePassed => "the deadline passed before lomi was called",
            ErrorKind::Connect => "no connection to lomi",
            ErrorKind::TimedOut => "lomi did not answer in time",
            ErrorKind::Interrupted => "the connection to lomi broke",
            ErrorKind::AnswerTooLarge => "the answer of lomi is too large",
            ErrorKind::UnusableAnswer => "the answer of lomi has an unknown shape",
            ErrorKind::Refused => "lomi did not do it",
            ErrorKind::EndlessList => "the list of lomi does not go on, or never ends",
        })?;
        if let Some(field) = self.0.field {
            write!(f, ", see {field}")?;
        }
        if let Some(status) = self.status() {
            write!(f, ", status {status}")?;
        }
        if let Some(code) = self.code() {
            write!(f, ", code {code}")?;
        }
        if let Some(request_id) = self.request_id() {
            write!(f, ", request {request_id}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("outcome", &self.0.outcome)
            .field("attempts", &self.0.attempts)
            .field("field", &self.0.field)
            .field("status", &self.status())
            .field("code", &self.code())
            .field("request_id", &self.request_id())
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}
