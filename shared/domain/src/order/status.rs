//! Where an order lives and how far it has come.

use serde::{Deserialize, Serialize};

/// Which lomi environment an order lives in. The two never mix.
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

/// Where an order stands. A event only ever moves an order to a later variant, never back, with one exception: the
/// three that mean money follow from the payments and refunds alone, so that a refund which fails, or a payment that is
/// found after a refund, leads back from [`Self::Refunded`] or [`Self::PartiallyRefunded`] as far as [`Self::Paid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Written, lomi not yet asked or not yet answered.
    Creating,
    /// lomi opened no page that could be handed out; a later try may.
    Rejected,
    /// lomi was asked and the answer was lost; nothing was handed to the shopper.
    InDoubt,
    /// The shopper has a page to pay on.
    Open,
    /// A try to pay failed; another may succeed on the same page.
    FailedAttempt,
    /// The page can no longer be paid on.
    Expired,
    /// The shopper gave up; the page at lomi stays payable until it expires.
    Cancelled,
    /// Paid: proved by authentic event equal in order, amount, currency and environment.
    Paid,
    /// So much of the money went back that less than the price is left.
    PartiallyRefunded,
    /// All of the money went back.
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
