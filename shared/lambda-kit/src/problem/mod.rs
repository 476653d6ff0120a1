//! RFC 9457 problems, made of static texts, pointers and numbers, so that they leak nothing internal. One exception is
//! intended: a caller who may refund sees the phone numbers that a payout concerns.

mod cart_token;
mod catalogue;
mod provider;
mod refusal;

pub use catalogue::Code;

use crate::http::Response;
use crate::language::{Language, Text};
use checkout::refunds::Payout;
use domain::PhoneNumber;
use serde::Serialize;

/// Most entries of `errors` in one answer.
pub const MAX_FIELD_ERRORS: usize = 20;

/// The error of one field of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) to the field, e.g. `/items/0/quantity`; empty for the whole body.
    pub pointer: String,
    /// What the field must be.
    pub detail: Text,
}

/// A problem. Status, title and retryability follow from its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The problem type.
    pub code: Code,
    /// Seconds for `Retry-After`.
    pub retry_after_s: Option<u32>,
    /// At most [`MAX_FIELD_ERRORS`].
    pub errors: Vec<FieldError>,
    /// The phone numbers of a refund, for the back office.
    pub payout: Option<Box<Payout>>,
    /// The internal cause in one word, for the log.
    pub(crate) cause: Option<&'static str>,
}

impl Problem {
    /// The problem with the defaults of its code.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        let entry = code.entry();
        Self { code, retry_after_s: entry.retry_after_s, errors: Vec::new(), payout: None, cause: None }
    }

    /// `validation_failed` for one field.
    #[must_use]
    pub fn invalid(pointer: impl Into<String>, detail: Text) -> Self {
        Self::invalid_fields(vec![FieldError { pointer: pointer.into(), detail }])
    }

    /// `validation_failed` for several fields; the first [`MAX_FIELD_ERRORS`] are reported.
    #[must_use]
    pub fn invalid_fields(mut errors: Vec<FieldError>) -> Self {
        errors.truncate(MAX_FIELD_ERRORS);
        Self { errors, ..Self::new(Code::ValidationFailed) }
    }

    /// Sets `errors`.
    #[must_use]
    pub fn about(mut self, mut errors: Vec<FieldError>) -> Self {
        errors.truncate(MAX_FIELD_ERRORS);
        self.errors = errors;
        self
    }

    /// Sets the cause, which is logged and never sent to the client.
    #[must_use]
    pub const fn because(mut self, cause: &'static str) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Sets `Retry-After`.
    #[must_use]
    pub fn with_retry_after_s(self, retry_after_s: u32) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..self }
    }

    /// The response to the client.
    #[must_use]
    pub fn to_response(&self, request_id: &str, language: Language) -> Response {
        let entry = self.code.entry();
        let body = Body {
            kind: entry.kind,
            title: entry.title.in_language(language),
            status: entry.status,
            detail: entry.detail.in_language(language),
            code: self.code.as_str(),
            request_id,
            retryable: entry.retryable,
            errors: self.errors.iter().map(|error| Entry::new(error, language)).collect(),
            payout: self.payout.as_deref().map(PayoutView::of),
        };
        // Strings and numbers always serialise.
        let text = serde_json::to_string(&body).unwrap_or_default();
        let response =
            Response::new(entry.status, "application/problem+json", text).header("content-language", language.tag());
        match self.retry_after_s {
            Some(seconds) => response.header("retry-after", seconds.to_string()),
            None => response,
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
    code: &'static str,
    request_id: &'a str,
    retryable: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payout: Option<PayoutView<'a>>,
}

#[derive(Serialize)]
struct PayoutView<'a> {
    phone: Option<&'a str>,
    paid_by: Option<&'a str>,
    ordered_with: Option<&'a str>,
    full_refund_amount: Option<i64>,
}

impl<'a> PayoutView<'a> {
    fn of(payout: &'a Payout) -> Self {
        Self {
            phone: payout.phone.as_ref().map(PhoneNumber::expose),
            paid_by: payout.paid_by.as_ref().map(PhoneNumber::expose),
            ordered_with: payout.ordered_with.as_ref().map(PhoneNumber::expose),
            full_refund_amount: payout.whole_refund_minor,
        }
    }
}

#[derive(Serialize)]
struct Entry<'a> {
    pointer: &'a str,
    detail: &'static str,
}

impl<'a> Entry<'a> {
    fn new(error: &'a FieldError, language: Language) -> Self {
        Self { pointer: &error.pointer, detail: error.detail.in_language(language) }
    }
}
