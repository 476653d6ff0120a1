//! What an error of lomi says about other calls.

use lomi_client::{Error, ErrorKind};

/// Whether lomi answered, if only with something unusable: another call may succeed.
pub(crate) fn is_answer(error: &Error) -> bool {
    let is_unreadable = matches!(error.kind(), ErrorKind::UnusableAnswer | ErrorKind::AnswerTooLarge);
    is_unreadable || !error.is_retryable()
}

/// Whether lomi answered that it does not know the object, or not as this merchant's. Believe it only beside another
/// answer that the same key got at the same time: a key without rights, or a server without the route, gets the same
/// status.
pub(crate) fn is_unknown_to_lomi(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 403 | 404)) && !error.is_unknown_route()
}

/// Whether lomi failed on this one object only, so that a call about another may succeed. Not when it rejects the key
/// or limits the rate.
pub(crate) fn is_about_one_thing(error: &Error) -> bool {
    let is_list = error.kind() == ErrorKind::EndlessList;
    is_list || error.status().is_some_and(|status| !matches!(status, 401 | 429))
}
