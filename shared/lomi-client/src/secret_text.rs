//! Secrets in lomi's answers. Only `expose` reveals them.

use crate::opaque_debug::opaque_debug;
use crate::webhook::{WebhookSecret, WebhookSecretError};

/// What the card form in the shopper's browser needs to confirm one charge (`pi_..._secret_...`).
///
/// For that one shopper only: no log, no URL, no cache. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the shopper's browser.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The signing secret of a new webhook endpoint (`whsec_...`). lomi shows it only once: store it first. `Debug` does
/// not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedWebhookSecret(String);

impl IssuedWebhookSecret {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for a secret store.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The secret for [`verify`](crate::webhook::verify).
    pub fn to_secret(&self) -> Result<WebhookSecret, WebhookSecretError> {
        WebhookSecret::parse(&self.0)
    }
}

opaque_debug!(ClientSecret, IssuedWebhookSecret);
