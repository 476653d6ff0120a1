//! HTTP as lomi speaks it: checks, errors, limits, idempotency, and faults.

pub(crate) mod call;
pub(crate) mod error;
pub(crate) mod faults;
pub(crate) mod fields;
pub(crate) mod finish;
pub(crate) mod gate;
pub(crate) mod idempotency;
pub(crate) mod limits;
pub(crate) mod reply;
