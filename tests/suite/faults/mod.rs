//! The same promises while something breaks.

mod crashes;
mod lost_events;
mod provider;
mod refunds;
mod secrets;
mod store;
