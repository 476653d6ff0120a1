//! The environment and the status of an order.

use serde::{Deserialize, Serialize};

/// The lomi environment of an order. The two never mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Test keys, no real money.
    Sandbox,
    /// Live keys, real money.
    Live,
}

impl Environment {
    /// `sandbox` or `live`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Live => "live",
        }
    }

    /// The environment of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sandbox, Self::Live].into_iter().find(|environment| environment.as_str() == name)
    }
}

/// The status of an order. An event only moves it to a later variant, with one exception: the last three follow from
/// the payments and completed refunds alone. So a failed refund, or a payment found after a refund, moves an order from
/// [`Self::Refunded`] or [`Self::PartiallyRefunded`] back as far as [`Self::Paid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Written; lomi has not been called or has not answered.
    Creating,
    /// lomi opened no usable page; a later attempt may succeed.
    Rejected,
    /// lomi was called and the answer was lost; the shopper received nothing.
    InDoubt,
    /// The shopper has a page to pay on.
    Open,
    /// A payment attempt failed; another may succeed on the same page.
    FailedAttempt,
    /// The page can no longer be paid.
    Expired,
    /// The shopper cancelled; the page at lomi stays payable until it expires.
    Cancelled,
    /// Paid: an authenticated event matched the order, amount, currency and environment.
    Paid,
    /// Part of the price was refunded.
    PartiallyRefunded,
    /// Everything was refunded.
    Refunded,
}

impl OrderStatus {
    /// Every status, lowest first.
    pub const ALL: [Self; 10] = [
        Self::Creating,
        Self::Rejected,
        Self::InDoubt,
        Self::Open,
        Self::FailedAttempt,
        Self::Expired,
        Self::Cancelled,
        Self::Paid,
        Self::PartiallyRefunded,
        Self::Refunded,
    ];

    /// The status as it is stored and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Rejected => "rejected",
            Self::InDoubt => "in_doubt",
            Self::Open => "open",
            Self::FailedAttempt => "failed_attempt",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether money has arrived.
    #[must_use]
    pub fn is_paid(self) -> bool {
        self >= Self::Paid
    }
}
