//! The reasons in quarantine, as `GET /admin/quarantine` shows them.

/// The event names no order of this stack.
pub(crate) const UNKNOWN_ORDER: &str = "unknown_order";
/// The event does not say whether its money is test money.
pub(crate) const ENVIRONMENT_UNPROVEN: &str = "environment_unproven";
/// lomi does not say which order the payment belongs to.
pub(crate) const UNATTRIBUTED: &str = "unattributed_payment";
/// The event names its payment by a public id alone.
pub(crate) const PAYMENT_UNIDENTIFIED: &str = "payment_unidentified";
/// The order takes coupons, and the event does not prove how much was paid.
pub(crate) const DISCOUNT_UNPROVEN: &str = "discount_unproven";
/// The event is about a payment that is not on record here.
pub(crate) const UNKNOWN_PAYMENT: &str = "unknown_payment";
/// The event does not prove that the money belongs to this organisation.
pub(crate) const ORGANISATION_UNPROVEN: &str = "organisation_unproven";
/// lomi's answer to this stack's own key names another organisation.
pub(crate) const FOREIGN: &str = "organisation";
/// lomi calls a page or a card form paid, and no payment of it can be found.
pub(crate) const PAYMENT_UNEXPLAINED: &str = "payment_unexplained";
/// lomi calls a payment refunded, and no refund of it can be read.
pub(crate) const REFUND_UNKNOWN: &str = "refund_unknown";
