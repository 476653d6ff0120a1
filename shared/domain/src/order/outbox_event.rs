//! What the merchant's own systems are sent.

use super::{DisputeNotice, RefundNotice};

/// An event for the merchant's own systems, written in the same transaction as the change it reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxEvent {
    /// The order was paid; at most once per order.
    OrderPaid,
    /// A refund completed; at most once per refund.
    OrderRefunded(RefundNotice),
    /// A refund that [`Self::OrderRefunded`] reported failed after all; at most once per refund.
    RefundFailed(RefundNotice),
    /// A dispute opened or changed; at most once per step.
    Disputed(DisputeNotice),
}

impl OutboxEvent {
    /// The event's type, as consumers receive it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::OrderPaid => "order.paid",
            Self::OrderRefunded(_) => "order.refunded",
            Self::RefundFailed(_) => "order.refund_failed",
            Self::Disputed(_) => "order.disputed",
        }
    }

    /// Identifies the event within its order.
    #[must_use]
    pub fn name(&self) -> String {
        let kind = self.as_str();
        match self {
            Self::OrderPaid => kind.to_owned(),
            Self::OrderRefunded(refund) | Self::RefundFailed(refund) => format!("{kind}#{}", refund.refund_id),
            Self::Disputed(dispute) => format!("{kind}#{}", dispute.suffix()),
        }
    }

    /// The refund that the event is about.
    #[must_use]
    pub const fn refund(&self) -> Option<&RefundNotice> {
        match self {
            Self::OrderPaid | Self::Disputed(_) => None,
            Self::OrderRefunded(refund) | Self::RefundFailed(refund) => Some(refund),
        }
    }

    /// The dispute step that the event is about.
    #[must_use]
    pub const fn dispute(&self) -> Option<&DisputeNotice> {
        match self {
            Self::Disputed(dispute) => Some(dispute),
            Self::OrderPaid | Self::OrderRefunded(_) | Self::RefundFailed(_) => None,
        }
    }
}
