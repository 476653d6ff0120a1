//! Secrets that lomi hands out. They can be passed on, and nothing shows them by accident.

use std::fmt;

use crate::webhook::{WebhookSecret, WebhookSecretError};

/// What the card form in the shopper's browser needs to confirm one charge (`pi_..._secret_...`).
///
/// It goes to that one shopper and nowhere else: no log, no URL, no cache. `Debug` does not show it.
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

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}

/// The signing secret of a webhook endpoint that was just made (`whsec_...`). lomi shows it this once: store it
/// before anything else. `Debug` does not show it.
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

    /// The secret as the check of signatures takes it.
    pub fn to_secret(&self) -> Result<WebhookSecret, WebhookSecretError> {
        WebhookSecret::parse(&self.0)
    }
}

impl fmt::Debug for IssuedWebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuedWebhookSecret(..)")
    }
}
