//! Event names of every generation.

/// What an event says happened. Decided by the signed body alone, never by the unsigned event header.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// A payment was made. May come twice, and before an earlier failure.
    PaymentSucceeded,
    /// One attempt failed. Not final: a success on the same transaction can follow.
    PaymentFailed,
    /// A payment was begun. Named by lomi, not seen to be sent.
    PaymentCreated,
    /// A refund was asked for.
    RefundCreated,
    /// A refund was recorded.
    RefundCompleted,
    /// A refund failed.
    RefundFailed,
    /// A payer's bank wants a payment back. Of this and of the two that follow no shape is published.
    DisputeCreated,
    /// A dispute has moved on.
    DisputeUpdated,
    /// A dispute is over, one way or the other.
    DisputeClosed,
    /// A payment looks risky and goes on.
    PaymentRiskFlagged,
    /// A payment looks risky and is stopped, where lomi is told to stop such payments.
    PaymentRiskBlocked,
    /// A checkout session was paid. Only older generations send it.
    CheckoutCompleted,
    /// A checkout session ended unpaid. Only the first generation sends it.
    CheckoutExpired,
    /// A delivery to try the endpoint: acknowledge it, fulfil nothing.
    Test,
    /// Any other event, by its name as sent.
    Other(String),
}

impl EventKind {
    pub(crate) fn from_wire(name: &str) -> Self {
        match name {
            "PAYMENT_SUCCEEDED" | "payment.succeeded" => Self::PaymentSucceeded,
            "transaction.completed" | "transaction.succeeded" => Self::PaymentSucceeded,
            "PAYMENT_FAILED" | "payment.failed" | "transaction.failed" => Self::PaymentFailed,
            "PAYMENT_CREATED" | "payment.created" => Self::PaymentCreated,
            "REFUND_CREATED" | "refund.created" => Self::RefundCreated,
            "REFUND_COMPLETED" | "refund.completed" => Self::RefundCompleted,
            "REFUND_FAILED" | "refund.failed" => Self::RefundFailed,
            "DISPUTE_CREATED" => Self::DisputeCreated,
            "DISPUTE_UPDATED" => Self::DisputeUpdated,
            "DISPUTE_CLOSED" => Self::DisputeClosed,
            "PAYMENT_RISK_FLAGGED" => Self::PaymentRiskFlagged,
            "PAYMENT_RISK_BLOCKED" => Self::PaymentRiskBlocked,
            "CHECKOUT_COMPLETED" | "checkout.completed" => Self::CheckoutCompleted,
            "checkout.session.completed" => Self::CheckoutCompleted,
            "checkout.session.expired" => Self::CheckoutExpired,
            "test.webhook" => Self::Test,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name under which lomi takes a subscription: the one that the last generation to send the event gives it,
    /// or the name as sent.
    pub fn as_str(&self) -> &str {
        match self {
            Self::PaymentSucceeded => "PAYMENT_SUCCEEDED",
            Self::PaymentFailed => "PAYMENT_FAILED",
            Self::PaymentCreated => "PAYMENT_CREATED",
            Self::RefundCreated => "REFUND_CREATED",
            Self::RefundCompleted => "REFUND_COMPLETED",
            Self::RefundFailed => "REFUND_FAILED",
            Self::DisputeCreated => "DISPUTE_CREATED",
            Self::DisputeUpdated => "DISPUTE_UPDATED",
            Self::DisputeClosed => "DISPUTE_CLOSED",
            Self::PaymentRiskFlagged => "PAYMENT_RISK_FLAGGED",
            Self::PaymentRiskBlocked => "PAYMENT_RISK_BLOCKED",
            Self::CheckoutCompleted => "checkout.session.completed",
            Self::CheckoutExpired => "checkout.session.expired",
            Self::Test => "test.webhook",
            Self::Other(name) => name,
        }
    }

    /// Whether no shape of its object is published: whatever of it cannot be read counts as absent, money too.
    pub(crate) const fn is_without_shape(&self) -> bool {
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
