//! The table from what lomi. did not do to what a client sees.

use super::{Code, Problem};
use crate::http::FOREIGN_CURSOR;
use lomi_client::{Error, ErrorKind, Outcome};
use std::time::Duration;

/// lomi. never asks for more.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(15 * 60);

/// Of a call that may be made again without harm: a read, a change to values that are named, anything under an
/// idempotency key. Whether a try had its effect then does not matter.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        // It is our key that lomi. refuses, and a rotated one is in use within a minute.
        let is_our_key = matches!(error.status(), Some(401 | 403));
        match (error.kind(), error.outcome()) {
            (ErrorKind::InvalidRequest, _) => Self::new(Code::InternalError).because("lomi_request_invalid"),
            (ErrorKind::AnswerTooLarge, _) => Self::new(Code::InternalError).because("lomi_answer_too_large"),
            (ErrorKind::EndlessList, _) => Self::new(Code::InternalError).because("lomi_list_without_end"),
            // Ours wraps lomi.'s, and lomi. may have forgotten it.
            (ErrorKind::Refused, Outcome::Rejected) if error.code() == Some("invalid_cursor") => {
                Self::invalid("/cursor", FOREIGN_CURSOR)
            }
            (ErrorKind::Refused, Outcome::Rejected) if error.status() == Some(404) => Self::new(Code::NotFound),
            (ErrorKind::Refused, Outcome::Rejected) if !error.is_retryable() && !is_our_key => {
                Self::new(Code::ProviderRejected)
            }
            _ => unavailable(&error),
        }
    }
}

impl Problem {
    /// Of a read by an id that the caller named. Generations that know nothing but UUIDs answer 400, 422 or 500 to another id.
    #[must_use]
    pub fn of_read(error: Error, is_uuid: bool) -> Self {
        match error.status() {
            Some(400 | 422 | 500) if !is_uuid => Self::new(Code::NotFound),
            _ => error.into(),
        }
    }

    /// Of a call that makes something new each time it is made, because lomi. takes no idempotency key for it.
    #[must_use]
    pub fn of_creation(error: Error) -> Self {
        match error.outcome() {
            Outcome::Unknown => Self::new(Code::OutcomeUnknown),
            // Its path names nothing that could be missing.
            Outcome::Rejected if error.status() == Some(404) => Self::new(Code::ProviderRejected),
            Outcome::NotSent | Outcome::Rejected => error.into(),
        }
    }
}

fn unavailable(error: &Error) -> Problem {
    let problem = Problem::new(Code::ProviderUnavailable);
    match error.retry_after() {
        Some(wait) => {
            let wait_s = wait.min(MAX_RETRY_AFTER).as_secs().max(1);
            problem.with_retry_after_s(u32::try_from(wait_s).unwrap_or(1))
        }
        None => problem,
    }
}
