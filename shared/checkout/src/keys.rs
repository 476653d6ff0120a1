//! Natural keys: the name that an event or a row of lomi is on record under, the same however often and by whichever way it comes.

use crate::reason::UNATTRIBUTED;
use domain::AttributionCase;

/// The natural key of a completed transaction, by whichever way it becomes known. One transaction pays one order.
pub(crate) fn payment_key(transaction_id: &str) -> String {
    format!("PAYMENT_SUCCEEDED#{transaction_id}")
}

/// The natural key of a payment that lomi. looks at before the merchant has the money.
pub(crate) fn held_key(transaction_id: &str) -> String {
    format!("PAYMENT_HELD#{transaction_id}")
}

/// The natural key of a try to pay that failed.
pub(crate) fn failure_key(transaction_id: &str) -> String {
    format!("PAYMENT_FAILED#{transaction_id}")
}

/// What an event that was not understood, or not believed, is kept under: by its name and what it is about.
pub(crate) fn unapplied_key(event: &str, object: &str) -> String {
    format!("UNAPPLIED#{event}#{object}")
}

/// The natural key of a payment that no order was found for.
pub(crate) fn unattributed_key(case: &AttributionCase) -> String {
    format!("{UNATTRIBUTED}#{}", case.name())
}

/// The name of the case that was given up, and left this in quarantine.
pub(crate) fn case_behind(natural_key: &str) -> Option<&str> {
    natural_key.strip_prefix(UNATTRIBUTED)?.strip_prefix('#')
}
