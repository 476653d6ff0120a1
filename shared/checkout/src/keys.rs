//! Natural keys. An event has one key, however often and by whichever route it arrives.

use crate::reason::UNATTRIBUTED;
use domain::AttributionCase;

/// A completed transaction. It pays one order.
pub(crate) fn payment_key(transaction_id: &str) -> String {
    format!("PAYMENT_SUCCEEDED#{transaction_id}")
}

/// A payment that lomi reviews before the merchant has the money.
pub(crate) fn held_key(transaction_id: &str) -> String {
    format!("PAYMENT_HELD#{transaction_id}")
}

/// A failed attempt to pay.
pub(crate) fn failure_key(transaction_id: &str) -> String {
    format!("PAYMENT_FAILED#{transaction_id}")
}

/// An event that was not applied: the kind of event and the object that it is about.
pub(crate) fn unapplied_key(event: &str, object: &str) -> String {
    format!("UNAPPLIED#{event}#{object}")
}

/// A payment that no order was found for.
pub(crate) fn unattributed_key(case: &AttributionCase) -> String {
    format!("{UNATTRIBUTED}#{}", case.name())
}

/// The name of the attribution case that ended with this quarantine entry.
pub(crate) fn case_name(natural_key: &str) -> Option<&str> {
    natural_key.strip_prefix(UNATTRIBUTED)?.strip_prefix('#')
}
