//! Errors that answer one question first: did it happen?

use std::fmt;
use std::time::Duration;

use crate::refusal::Refusal;
use crate::row::Unusable;

/// Whether the call had its effect at lomi.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing of the request left this process. It had no effect.
    NotSent,
    /// lomi answered that it refused. It had no effect.
    Rejected,
    /// It may or may not have had its effect: ask again with the same idempotency key, or read the object.
    Unknown,
}

/// What went wrong on the last attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request breaks a rule that is checked before the call.
    InvalidRequest,
    /// The deadline had passed before the first attempt.
    DeadlinePassed,
    /// No connection: name, route, refused, TLS, or the connect time-out.
    Connect,
    /// No complete answer within the attempt's time or the deadline.
    TimedOut,
    /// The connection broke after the request may have been written.
    Interrupted,
    /// The answer is longer than 1 MiB.
    AnswerTooLarge,
    /// A 2xx whose body is not what this call returns.
    UnusableAnswer,
    /// Any status that is not a 2xx; redirects are among them and never followed.
    Refused,
    /// A list that is read as a stream does not go on where it was asked to, but begins again, or has more than
    /// 1 000 pages. What there is beyond the rows that came is unknown.
    EndlessList,
}

/// Why a call did not return what it was asked for.
///
/// `Display` and `Debug` show neither the secret key nor a body, so both are fit for logs.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    outcome: Outcome,
    attempts: u32,
    /// The member that is wrong, for `InvalidRequest` and `UnusableAnswer`.
    member: Option<&'static str>,
    head: Option<AnswerHead>,
    refusal: Refusal,
    source: Option<reqwest::Error>,
}

/// What an answer says outside its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnswerHead {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) is_replay: bool,
}

impl Error {
    /// Whether the call had its effect. Holds for the whole call: one attempt that may have reached lomi
    /// makes a write `Unknown`, whatever a later attempt was told.
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

    /// lomi's words for a human, at most 512 bytes. They may repeat what was sent: keep them out of logs.
    pub fn message(&self) -> Option<&str> {
        self.0.refusal.message.as_deref()
    }

    /// The id that lomi's support asks for, from the header or the body.
    pub fn request_id(&self) -> Option<&str> {
        let from_header = self.0.head.as_ref().and_then(|head| head.request_id.as_deref());
        from_header.or(self.0.refusal.request_id.as_deref())
    }

    /// How long lomi asks to wait (whole seconds; up to 15 minutes is usual). The date form of the header
    /// is not read.
    pub fn retry_after(&self) -> Option<Duration> {
        let from_header = self.0.head.as_ref().and_then(|head| head.retry_after);
        from_header.or(self.0.refusal.retry_after)
    }

    /// Whether lomi repeated a stored answer to this idempotency key; repeating the call cannot change it
    /// while lomi remembers the key.
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
                Some(409) => own_outcome(409, self.code()) == Outcome::Unknown,
                _ => false,
            },
            _ => true,
        }
    }

    /// Whether lomi has no such route, which says nothing about the object asked for: its 404 then begins with `Cannot`
    /// and the method (servers from December 2025 on).
    pub fn is_unknown_route(&self) -> bool {
        self.status() == Some(404) && self.message().is_some_and(|message| message.starts_with("Cannot "))
    }

    /// Whether lomi refused the idempotency key or the confirmation token itself, so that nothing of the request was done
    /// under it. It prints no code for tokens: a refusal whose code or words name the token counts.
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
            member: None,
            head: None,
            refusal: Refusal::default(),
            source: None,
        }))
    }

    pub(crate) fn invalid_request(member: &'static str) -> Self {
        let mut error = Self::new(ErrorKind::InvalidRequest, Outcome::NotSent);
        error.0.member = Some(member);
        error
    }

    pub(crate) fn deadline_passed() -> Self {
        Self::new(ErrorKind::DeadlinePassed, Outcome::NotSent)
    }

    /// What was read so far stands. `attempts`: the requests that showed it.
    pub(crate) fn endless_list(attempts: u32) -> Self {
        Self::new(ErrorKind::EndlessList, Outcome::NotSent).of_call(attempts, false)
    }

    pub(crate) fn timed_out() -> Self {
        Self::new(ErrorKind::TimedOut, Outcome::Unknown)
    }

    /// No answer: from `reqwest`, which tells apart what failed while connecting.
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
        error.0.member = Some(unusable.0);
        error
    }

    pub(crate) fn refused(head: AnswerHead, refusal: Refusal) -> Self {
        let outcome = own_outcome(head.status, refusal.code.as_deref());
        let mut error = Self::new(ErrorKind::Refused, outcome).with_head(head);
        error.0.refusal = refusal;
        error
    }

    fn with_head(mut self, head: AnswerHead) -> Self {
        self.0.head = Some(head);
        self
    }

    /// The error of the whole call, after `attempts` requests, any of which may have had its effect.
    pub(crate) fn of_call(mut self, attempts: u32, may_have_happened: bool) -> Self {
        self.0.attempts = attempts;
        if may_have_happened {
            self.0.outcome = Outcome::Unknown;
        }
        self
    }
}

/// What one answer says about its own attempt. A 409 is the answer both to a reused key (nothing happened) and
/// to a first request that still runs, so one that does not say which is `Unknown`.
fn own_outcome(status: u16, code: Option<&str>) -> Outcome {
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
        if let Some(member) = self.0.member {
            write!(f, ", see {member}")?;
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
            .field("member", &self.0.member)
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
