//! The events and their names.

use crate::model::{DeliveryPath, Environment};
use crate::ordered_fields::OrderedFields;
use crate::settings::Profile;

pub(crate) const PAYMENT_SUCCEEDED: &str = "PAYMENT_SUCCEEDED";
pub(crate) const PAYMENT_FAILED: &str = "PAYMENT_FAILED";
pub(crate) const REFUND_CREATED: &str = "REFUND_CREATED";
pub(crate) const REFUND_COMPLETED: &str = "REFUND_COMPLETED";
pub(crate) const REFUND_FAILED: &str = "REFUND_FAILED";
pub(crate) const DISPUTE_CREATED: &str = "DISPUTE_CREATED";
pub(crate) const DISPUTE_UPDATED: &str = "DISPUTE_UPDATED";
pub(crate) const DISPUTE_CLOSED: &str = "DISPUTE_CLOSED";
pub(crate) const SESSION_COMPLETED: &str = "checkout.session.completed";
pub(crate) const SESSION_EXPIRED: &str = "checkout.session.expired";

/// The events of payments, refunds and sessions.
pub(crate) const PAYMENT_EVENTS: [&str; 8] = [
    "PAYMENT_CREATED",
    PAYMENT_SUCCEEDED,
    PAYMENT_FAILED,
    REFUND_CREATED,
    REFUND_COMPLETED,
    REFUND_FAILED,
    SESSION_COMPLETED,
    SESSION_EXPIRED,
];

/// The events of disputes and risk, since API 1.2.0. Earlier generations know only the first.
pub(crate) const AFTERMATH_EVENTS: [&str; 5] =
    [DISPUTE_CREATED, DISPUTE_UPDATED, DISPUTE_CLOSED, "PAYMENT_RISK_FLAGGED", "PAYMENT_RISK_BLOCKED"];

/// Further events that an endpoint may subscribe to. Only the control API sends them.
const OTHER_EVENTS: [&str; 13] = [
    "SUBSCRIPTION_CREATED",
    "SUBSCRIPTION_UPDATED",
    "SUBSCRIPTION_RENEWED",
    "SUBSCRIPTION_CANCELLED",
    "USAGE_RECORDED",
    "USAGE_INVOICE_CREATED",
    "USAGE_INVOICE_PAID",
    "USAGE_INVOICE_OVERDUE",
    "SUBSCRIPTION_USAGE_PERIOD_CLOSED",
    DISPUTE_CREATED,
    "PAYOUT_CREATED",
    "PAYOUT_COMPLETED",
    "PAYOUT_FAILED",
];

pub(crate) fn is_known(profile: Profile, event: &str) -> bool {
    let is_newer = profile.is_current() && AFTERMATH_EVENTS.contains(&event);
    is_newer || PAYMENT_EVENTS.contains(&event) || OTHER_EVENTS.contains(&event)
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) organization_id: String,
    pub(crate) environment: Environment,
    pub(crate) name: String,
    pub(crate) data: OrderedFields,
    pub(crate) path: DeliveryPath,
}
