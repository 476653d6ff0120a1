#![doc = include_str!("../README.md")]

pub mod admin;
mod apply;
mod attribution;
mod context;
mod keys;
mod lookup;
mod organisation;
pub mod payment_links;
mod provider_error;
mod reason;
pub mod reconcile;
pub mod refunds;
mod run;
pub mod sessions;
pub mod system;
pub mod units;
pub mod webhook_registration;
pub mod webhooks;

pub use apply::ApplyOutcome;
pub use context::{Context, KnownOrganisation};
