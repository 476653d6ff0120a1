//! The problem codes of the API.

mod entries;

use crate::language::Text;

/// The stable `code` of a problem: codes are added, never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// 400: the body or a parameter is not what the route takes.
    ValidationFailed,
    /// 400: the body is not JSON.
    MalformedJson,
    /// 413: the body is larger than the route takes.
    PayloadTooLarge,
    /// 415: `Content-Type` is not JSON.
    UnsupportedMediaType,
    /// 400: a create without a usable `Idempotency-Key`.
    IdempotencyKeyRequired,
    /// 400: the key of a public create is short or a placeholder, so that strangers could send it too.
    IdempotencyKeyGuessable,
    /// 422: the key was used with another body.
    IdempotencyKeyReused,
    /// 409: the first request with this key is still running.
    IdempotencyInProgress,
    /// 401: no or wrong credentials, or a signature that does not verify.
    Unauthorized,
    /// 404: the resource does not exist, or this caller may not access it.
    NotFound,
    /// 409: the order's state does not allow it.
    OrderClosed,
    /// 409: another order uses the signed cart.
    CartTokenUsed,
    /// 409: more than the part of the payment that is not refunded yet; nothing was sent.
    RefundExceedsPayment,
    /// 409: the money may go to a phone number that is not the payer's; nothing was sent.
    RefundPhoneDiffers,
    /// 409: the phone number that the money would go to is unknown; nothing was sent.
    RefundPhoneUnknown,
    /// 409: the outcome of the refund is known, or may still be found; it stays unchanged.
    RefundNotReleasable,
    /// 409: the order is paid, and its transaction is not known yet.
    PaymentUnidentified,
    /// 503: lomi did not answer, or its answer was lost.
    ProviderUnavailable,
    /// 502: lomi refused the request.
    ProviderRejected,
    /// 502: lomi's answer was lost, and a retry could repeat the effect.
    OutcomeUnknown,
    /// 503: lomi accepts no card payments on the shop's own page at the moment; its hosted page may.
    CardUnavailable,
    /// 400: the amount is below lomi's minimum for cards.
    CardAmountTooSmall,
    /// 402: lomi requires this customer's unpaid invoice to be paid first.
    InvoicePaymentRequired,
    /// 409: only lomi's dashboard can change or end this native link.
    NativeLinkUnchangeable,
    /// 409: lomi did not clear a field of a customer.
    CustomerTextKept,
    /// 503: DynamoDB did not answer.
    StoreUnavailable,
    /// 503: Secrets Manager did not answer, or holds no usable secret.
    SecretsUnavailable,
    /// 503: the request was not finished within its time.
    Timeout,
    /// 500: a defect of this backend.
    InternalError,
}

/// One problem type.
pub(super) struct Entry {
    /// `urn:lomi-checkout:problem:` and the code.
    pub(super) kind: &'static str,
    pub(super) status: u16,
    /// Whether the very same request may succeed later.
    pub(super) retryable: bool,
    pub(super) retry_after_s: Option<u32>,
    pub(super) title: Text,
    pub(super) detail: Text,
}

const TYPE_PREFIX: &str = "urn:lomi-checkout:problem:";

impl Code {
    /// All of them.
    pub const ALL: [Self; 29] = [
        Self::ValidationFailed,
        Self::MalformedJson,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyKeyRequired,
        Self::IdempotencyKeyGuessable,
        Self::IdempotencyKeyReused,
        Self::IdempotencyInProgress,
        Self::Unauthorized,
        Self::NotFound,
        Self::OrderClosed,
        Self::CartTokenUsed,
        Self::RefundExceedsPayment,
        Self::RefundPhoneDiffers,
        Self::RefundPhoneUnknown,
        Self::RefundNotReleasable,
        Self::PaymentUnidentified,
        Self::ProviderUnavailable,
        Self::ProviderRejected,
        Self::OutcomeUnknown,
        Self::CardUnavailable,
        Self::CardAmountTooSmall,
        Self::InvoicePaymentRequired,
        Self::NativeLinkUnchangeable,
        Self::CustomerTextKept,
        Self::StoreUnavailable,
        Self::SecretsUnavailable,
        Self::Timeout,
        Self::InternalError,
    ];

    /// The value of `code`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.entry().kind.strip_prefix(TYPE_PREFIX).unwrap_or_default()
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.entry().status
    }

    /// Whether the cause is this backend or AWS, and neither the caller nor lomi.
    pub(crate) const fn is_own_failure(self) -> bool {
        matches!(self, Self::StoreUnavailable | Self::SecretsUnavailable | Self::Timeout | Self::InternalError)
    }

    pub(super) const fn entry(self) -> &'static Entry {
        match self {
            Self::ValidationFailed => &entries::VALIDATION_FAILED,
            Self::MalformedJson => &entries::MALFORMED_JSON,
            Self::PayloadTooLarge => &entries::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => &entries::UNSUPPORTED_MEDIA_TYPE,
            Self::IdempotencyKeyRequired => &entries::IDEMPOTENCY_KEY_REQUIRED,
            Self::IdempotencyKeyGuessable => &entries::IDEMPOTENCY_KEY_GUESSABLE,
            Self::IdempotencyKeyReused => &entries::IDEMPOTENCY_KEY_REUSED,
            Self::IdempotencyInProgress => &entries::IDEMPOTENCY_IN_PROGRESS,
            Self::Unauthorized => &entries::UNAUTHORIZED,
            Self::NotFound => &entries::NOT_FOUND,
            Self::OrderClosed => &entries::ORDER_CLOSED,
            Self::CartTokenUsed => &entries::CART_TOKEN_USED,
            Self::RefundExceedsPayment => &entries::REFUND_EXCEEDS_PAYMENT,
            Self::RefundPhoneDiffers => &entries::REFUND_PHONE_DIFFERS,
            Self::RefundPhoneUnknown => &entries::REFUND_PHONE_UNKNOWN,
            Self::RefundNotReleasable => &entries::REFUND_NOT_RELEASABLE,
            Self::PaymentUnidentified => &entries::PAYMENT_UNIDENTIFIED,
            Self::ProviderUnavailable => &entries::PROVIDER_UNAVAILABLE,
            Self::ProviderRejected => &entries::PROVIDER_REJECTED,
            Self::OutcomeUnknown => &entries::OUTCOME_UNKNOWN,
            Self::CardUnavailable => &entries::CARD_UNAVAILABLE,
            Self::CardAmountTooSmall => &entries::CARD_AMOUNT_TOO_SMALL,
            Self::InvoicePaymentRequired => &entries::INVOICE_PAYMENT_REQUIRED,
            Self::NativeLinkUnchangeable => &entries::NATIVE_LINK_UNCHANGEABLE,
            Self::CustomerTextKept => &entries::CUSTOMER_TEXT_KEPT,
            Self::StoreUnavailable => &entries::STORE_UNAVAILABLE,
            Self::SecretsUnavailable => &entries::SECRETS_UNAVAILABLE,
            Self::Timeout => &entries::TIMEOUT,
            Self::InternalError => &entries::INTERNAL_ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_named_once_and_explained_in_both_languages() {
        let names: BTreeSet<&str> = Code::ALL.into_iter().map(Code::as_str).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            let Entry { kind, title, detail, .. } = code.entry();
            assert_eq!(kind.strip_prefix(TYPE_PREFIX), Some(code.as_str()));
            assert!(!title.en.is_empty() && title.en != title.fr, "{kind}");
            assert!(!detail.en.is_empty() && detail.en != detail.fr, "{kind}");
        }
    }

    #[test]
    fn a_5xx_is_our_error_unless_lomi_caused_it() {
        let is_lomis = |code: Code| code.as_str().starts_with("provider_") || code.as_str().starts_with("card_");
        for code in Code::ALL {
            let is_ours = code.status() >= 500 && !is_lomis(code) && code != Code::OutcomeUnknown;
            assert_eq!(code.is_own_failure(), is_ours, "{}", code.as_str());
        }
    }

    #[test]
    fn a_retryable_problem_has_a_retry_after() {
        for code in Code::ALL {
            let entry = code.entry();
            assert_eq!(entry.retryable, entry.retry_after_s.is_some(), "{}", entry.kind);
        }
    }
}
