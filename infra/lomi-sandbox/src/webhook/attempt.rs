//! The bytes and headers of one attempt, and its answer.

use serde_json::Value;

use super::sign::{dated_signature, signature};
use crate::clock::Timestamp;
use crate::fault::{FaultKind, FiredFault};
use crate::model::{Attempt, Dispatch, Endpoint, Envelope};
use crate::settings::Profile;

pub(crate) const USER_AGENT: &str = "Lomi-Webhook/1.0";
/// The same for test and live: both hosts of lomi run as production.
const LOMI_ENVIRONMENT: &str = "production";
const STALE_S: i64 = 600;

/// One `POST` to send, without following redirects.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub(crate) dispatch_id: String,
    /// The URL as the merchant registered it.
    pub url: String,
    /// Names and values, `Content-Type` included.
    pub headers: Vec<(String, String)>,
    /// The signed body.
    pub body: String,
    /// For the whole exchange, the body of the answer included.
    pub timeout_ms: u64,
}

impl Delivery {
    pub(crate) fn new(dispatch_id: &str, attempt: &Attempt, timeout_ms: u64) -> Self {
        Self {
            dispatch_id: dispatch_id.to_owned(),
            url: attempt.url.clone(),
            headers: attempt.headers.clone(),
            body: attempt.body.clone(),
            timeout_ms,
        }
    }
}

/// The result of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The receiver answered in time.
    Status {
        /// The HTTP status.
        status: u16,
        /// The body, possibly truncated.
        body: String,
    },
    /// No complete answer in time. The receiver may have handled the event nevertheless.
    TimedOut,
    /// The connection could not be made, or broke.
    Failed(
        /// The cause, for people.
        String,
    ),
}

impl Answer {
    pub(crate) const fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::TimedOut | Self::Failed(_) => None,
        }
    }

    pub(crate) fn body(&self) -> Option<&str> {
        match self {
            Self::Status { body, .. } => Some(body),
            Self::TimedOut | Self::Failed(_) => None,
        }
    }

    pub(crate) fn error(&self) -> Option<&str> {
        match self {
            Self::Status { .. } => None,
            Self::TimedOut => Some("timeout"),
            Self::Failed(cause) => Some(cause),
        }
    }

    pub(crate) fn summary(&self) -> String {
        match self {
            Self::Status { status, body } => format!("{status} {}", body.chars().take(200).collect::<String>()),
            Self::TimedOut => "timeout".to_owned(),
            Self::Failed(cause) => cause.clone(),
        }
    }

    /// Any 2xx.
    pub(crate) fn is_success(&self) -> bool {
        self.status().is_some_and(|status| (200..300).contains(&status))
    }

    /// Any 4xx ends the dispatch, 408 and 429 included.
    pub(crate) fn is_terminal(&self) -> bool {
        self.status().is_some_and(|status| (400..500).contains(&status))
    }
}

#[derive(Debug)]
pub(crate) struct AttemptInput<'a> {
    pub(crate) profile: Profile,
    /// Re-encodes the body with sorted keys after signing.
    pub(crate) reserialises: bool,
    pub(crate) fired: &'a [FiredFault],
    pub(crate) event_id: String,
    pub(crate) now: Timestamp,
}

impl AttemptInput<'_> {
    fn has(&self, kind: FaultKind) -> bool {
        self.fired.iter().any(|fault| fault.kind == kind)
    }
}

pub(crate) fn write(dispatch: &Dispatch, endpoint: &Endpoint, input: AttemptInput<'_>) -> Attempt {
    let envelope = Envelope {
        id: input.event_id.clone(),
        event: dispatch.event.clone(),
        timestamp: dispatch.fixed_timestamp.unwrap_or(input.now),
        data: dispatch.data.clone(),
        lomi_environment: LOMI_ENVIRONMENT.to_owned(),
    };
    let mut body = serde_json::to_string(&envelope).unwrap_or_default();
    let headers = headers(&dispatch.header_event, &endpoint.secret, &body, &input);
    if input.reserialises || input.has(FaultKind::Reserialised) {
        body = serde_json::from_str::<Value>(&body).unwrap_or_default().to_string();
    }
    Attempt {
        number: dispatch.attempts.len() + 1,
        at: input.now,
        url: endpoint.url.clone(),
        headers,
        body,
        faults: input.fired.iter().map(|fault| fault.kind).collect(),
        response_status: None,
        response_body: None,
        error: None,
        duration_ms: None,
    }
}

fn headers(event: &str, secret: &str, body: &str, input: &AttemptInput<'_>) -> Vec<(String, String)> {
    let mut secret = secret.to_owned();
    if input.has(FaultKind::WrongSecret) {
        secret.push_str("_of_someone_else");
    }
    let mut legacy = signature(&secret, body);
    let stale_s = if input.has(FaultKind::StaleT) { STALE_S } else { 0 };
    let mut dated = dated_signature(&secret, body, input.now.unix_s() - stale_s);
    if input.has(FaultKind::BadSignature) {
        (legacy, dated) = (flip(&legacy), flip(&dated));
    }
    if input.has(FaultKind::UpperHex) {
        legacy = legacy.to_ascii_uppercase();
        dated = dated.split_once("v1=").map_or(dated.clone(), |(t, hex)| format!("{t}v1={}", hex.to_ascii_uppercase()));
    }
    let mut headers = base_headers(event);
    if !input.has(FaultKind::V1Only) {
        headers.push(("X-Lomi-Signature".to_owned(), legacy));
    }
    if input.profile.is_current() || input.has(FaultKind::V1Only) {
        headers.push(("X-Lomi-Timestamp".to_owned(), input.now.to_string()));
        if !input.has(FaultKind::LegacyOnly) {
            headers.push(("X-Lomi-Signature-V1".to_owned(), dated));
        }
    }
    headers
}

pub(crate) fn base_headers(event: &str) -> Vec<(String, String)> {
    let pairs = [("Content-Type", "application/json"), ("X-Lomi-Event", event), ("User-Agent", USER_AGENT)];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// Changes the last hex digit.
fn flip(signature: &str) -> String {
    let last = if signature.ends_with('0') { '1' } else { '0' };
    let length = signature.len().saturating_sub(1);
    signature.chars().take(length).chain([last]).collect()
}
