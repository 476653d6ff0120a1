//! The same promises while something breaks.

mod card_forms;
mod crashes;
mod lost_events;
mod provider;
mod refunds;
mod secrets;
mod store;
