//! Maps errors of lomi to problems.

use super::{Code, Problem};
use crate::http::FOREIGN_CURSOR;
use lomi_client::{Error, ErrorKind, Outcome};
use std::time::Duration;

/// Longest `Retry-After` that is passed on. lomi never sends more.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(15 * 60);

/// For calls that may be repeated: reads, changes to given values, calls with an idempotency key. Whether the failed
/// attempt took effect does not matter for them.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        // lomi refuses the stack's key; a rotated one is in use within a minute, so the caller may retry.
        let is_our_key = matches!(error.status(), Some(401 | 403));
        match (error.kind(), error.outcome()) {
            (ErrorKind::InvalidRequest, _) => Self::new(Code::InternalError).because("lomi_request_invalid"),
            (ErrorKind::AnswerTooLarge, _) => Self::new(Code::InternalError).because("lomi_answer_too_large"),
            (ErrorKind::EndlessList, _) => Self::new(Code::InternalError).because("lomi_list_without_end"),
            // This API's cursor contains lomi's, which may have expired.
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
    /// For a read by an id of the caller. Generations of lomi that know UUIDs only answer 400, 422 or 500 to any other
    /// id.
    #[must_use]
    pub fn of_read(error: Error, is_uuid: bool) -> Self {
        match error.status() {
            Some(400 | 422 | 500) if !is_uuid => Self::new(Code::NotFound),
            _ => error.into(),
        }
    }

    /// For a create without an idempotency key, which would create twice if it were repeated.
    #[must_use]
    pub fn of_creation(error: Error) -> Self {
        match error.outcome() {
            Outcome::Unknown => Self::new(Code::OutcomeUnknown),
            // The path of a create contains no id, so a 404 means that lomi has no such route.
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
