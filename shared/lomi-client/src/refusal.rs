//! Error bodies, in the shapes of every generation of the API.

use std::time::Duration;

use crate::check::is_visible_ascii;
use crate::row::Row;

const MAX_CODE_LEN: usize = 64;
const MAX_REQUEST_ID_LEN: usize = 128;
const MAX_MESSAGE_LEN: usize = 512;

/// The body of an error answer. Every field is optional: a gateway may answer with an HTML page.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

impl Refusal {
    /// `{error: {code, message, details}, request_id}`, its predecessors `{error: {status, code, message}}`,
    /// `{error: {message}}`, `{statusCode, message, error}`, and anything else as plain text.
    pub(crate) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let Some(outer) = Row::parse(&text) else {
            return Self { message: bounded(text.trim()), ..Self::default() };
        };
        let inner = outer.row("error");
        let code = inner.as_ref().and_then(|error| error.text(&["code"]));
        let details = inner.as_ref().and_then(|error| error.row("details"));
        let seconds = details.and_then(|details| details.number("retry_after_seconds"));
        Self {
            code: code.filter(|code| is_code(code)),
            message: message(inner.as_ref(), &outer).and_then(|text| bounded(&text)),
            request_id: outer.text(&["request_id", "correlation_id"]).filter(|id| is_request_id(id)),
            retry_after: seconds.map(|seconds| Duration::from_secs(u64::from(seconds))),
        }
    }
}

/// An older framework puts the status phrase into `error` and the details into `message`.
fn message(inner: Option<&Row<'_>>, outer: &Row<'_>) -> Option<String> {
    inner
        .and_then(|error| error.text(&["message"]))
        .or_else(|| outer.text(&["message"]))
        .or_else(|| outer.texts("message").map(|lines| lines.join("; ")))
        .or_else(|| outer.text(&["error"]))
}

fn is_code(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    text.len() <= MAX_CODE_LEN && text.bytes().all(allowed)
}

/// Whether a text from the wire is safe to log as a request id.
pub(crate) fn is_request_id(text: &str) -> bool {
    is_visible_ascii(text, MAX_REQUEST_ID_LEN)
}

fn bounded(text: &str) -> Option<String> {
    let end = text.floor_char_boundary(MAX_MESSAGE_LEN);
    text.get(..end).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (Option<String>, Option<String>, Option<String>) {
        let refusal = Refusal::read(body.as_bytes());
        (refusal.code, refusal.message, refusal.request_id)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_current_shape_is_read_with_its_request_id() {
        let body = r#"{"error":{"code":"not_found","message":"gone","details":"Not Found"},"request_id":"r-1"}"#;
        assert_eq!(read(body), (some("not_found"), some("gone"), some("r-1")));
    }

    #[test]
    fn the_first_shape_is_read_despite_nested_details() {
        let body = r#"{"error":{"status":400,"code":"INVALID_REQUEST","message":"bad","details":{"amount":{"_errors":["x"]}},"timestamp":"t"}}"#;
        assert_eq!(read(body), (some("INVALID_REQUEST"), some("bad"), None));
    }

    #[test]
    fn a_first_generation_auth_failure_has_only_a_message() {
        assert_eq!(read(r#"{"error":{"message":"no key"}}"#), (None, some("no key"), None));
    }

    #[test]
    fn an_older_framework_body_gives_its_message_and_no_code() {
        let one = r#"{"statusCode":400,"message":"wrong","error":"Bad Request"}"#;
        assert_eq!(read(one), (None, some("wrong"), None));
        let many = r#"{"statusCode":400,"message":["a","b"],"error":"Bad Request"}"#;
        assert_eq!(read(many), (None, some("a; b"), None));
        assert_eq!(read(r#"{"error":"Conflict"}"#), (None, some("Conflict"), None));
    }

    #[test]
    fn a_gateway_error_page_is_kept_as_a_bounded_message() {
        let page = format!("<html>{}", "é".repeat(600));
        let (code, message, _) = read(&page);
        assert_eq!(code, None);
        assert!(message.unwrap().len() <= MAX_MESSAGE_LEN);
        assert_eq!(read(""), (None, None, None));
    }

    #[test]
    fn a_code_or_id_unfit_for_a_log_line_is_dropped() {
        let body = "{\"error\":{\"code\":\"a\\nb\",\"message\":\"m\"},\"request_id\":\"r\\u0000\"}";
        assert_eq!(read(body), (None, some("m"), None));
    }

    #[test]
    fn the_wait_of_a_rate_limit_is_read_from_the_details() {
        let body = br#"{"error":{"code":"rate_limit_exceeded","details":{"retry_after_seconds":60,"limit":120}}}"#;
        assert_eq!(Refusal::read(body).retry_after, Some(Duration::from_secs(60)));
    }
}
