//! Event names of every generation.

use strum::{AsRefStr, EnumString};

use crate::open_enum::as_str;

/// What happened, according to the signed body; the unsigned event header is never read.
///
/// `as_str` is the name for a subscription: the one of the newest generation that sends the event, or the name as sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsRefStr, EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum EventKind {
    /// A payment succeeded. May come twice, and before an earlier failure.
    #[strum(to_string = "PAYMENT_SUCCEEDED", serialize = "payment.succeeded")]
    #[strum(serialize = "transaction.completed", serialize = "transaction.succeeded")]
    PaymentSucceeded,
    /// One attempt failed. Not final: a success of the same transaction can follow.
    #[strum(to_string = "PAYMENT_FAILED", serialize = "payment.failed", serialize = "transaction.failed")]
    PaymentFailed,
    /// A payment was started. Documented, never seen.
    #[strum(to_string = "PAYMENT_CREATED", serialize = "payment.created")]
    PaymentCreated,
    /// A refund was requested.
    #[strum(to_string = "REFUND_CREATED", serialize = "refund.created")]
    RefundCreated,
    /// A refund was recorded.
    #[strum(to_string = "REFUND_COMPLETED", serialize = "refund.completed")]
    RefundCompleted,
    /// A refund failed.
    #[strum(to_string = "REFUND_FAILED", serialize = "refund.failed")]
    RefundFailed,
    /// A payer's bank disputes a payment. lomi documents no shape for the three dispute events.
    DisputeCreated,
    /// A dispute changed.
    DisputeUpdated,
    /// A dispute ended, won or lost.
    DisputeClosed,
    /// A payment looks risky and continues.
    PaymentRiskFlagged,
    /// A payment looks risky and was blocked, where the merchant has lomi block such payments.
    PaymentRiskBlocked,
    /// A checkout session was paid. Only older generations send it.
    #[strum(
        to_string = "checkout.session.completed",
        serialize = "CHECKOUT_COMPLETED",
        serialize = "checkout.completed"
    )]
    CheckoutCompleted,
    /// A checkout session ended unpaid. Only the first generation sends it.
    #[strum(to_string = "checkout.session.expired")]
    CheckoutExpired,
    /// A test delivery: acknowledge it, fulfil nothing.
    #[strum(to_string = "test.webhook")]
    Test,
    /// Any other, as sent.
    #[strum(default, transparent)]
    Other(String),
}

as_str!(EventKind);

impl EventKind {
    /// Whether lomi documents no shape of its object. Then an unreadable field counts as absent, money too.
    pub(crate) const fn has_unknown_shape(&self) -> bool {
        matches!(
            self,
            Self::DisputeCreated
                | Self::DisputeUpdated
                | Self::DisputeClosed
                | Self::PaymentRiskFlagged
                | Self::PaymentRiskBlocked
        )
    }
}
