//! lomi's webhooks: verify the raw bytes first, then read the event.
//!
//! ```
//! use lomi_client::webhook::{self, EventKind, Secrets, Signatures, WebhookEvent, WebhookSecret};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = WebhookSecret::parse("whsec_example")?;
//! let body = br#"{"id":"1","event":"PAYMENT_SUCCEEDED","data":{"gross_amount":25000}}"#;
//! let header = webhook::sign(&secret, body); // as lomi does before it sends
//!
//! let secrets = Secrets::new(vec![secret])?;
//! let signatures = Signatures { legacy: Some(&header), v1: None };
//! let verified = webhook::verify(signatures, body, &secrets)?;
//! let event = WebhookEvent::parse(verified)?;
//! assert_eq!(event.kind, EventKind::PaymentSucceeded);
//! # Ok(())
//! # }
//! ```

mod event;
mod kind;
mod secret;
mod signature;

pub use event::{EventData, EventError, WebhookEvent};
pub use kind::EventKind;
pub use secret::{Secrets, WebhookSecret, WebhookSecretError};
pub use signature::{
    LEGACY_HEADER, Scheme, SignatureError, Signatures, V1_HEADER, VerifiedBody, sign, sign_v1, verify,
};
