//! Signing secrets of webhook endpoints.

use hmac::{Hmac, KeyInit};
use sha2::Sha256;

use crate::check::is_visible_ascii;
use crate::opaque_debug::opaque_debug;

pub(super) type Mac = Hmac<Sha256>;

/// A rotation needs two; more than four is a mistake.
const MAX_SECRETS: usize = 4;

/// The signing secret of one webhook endpoint (`whsec_...`). The whole text is the key, prefix included.
/// `Debug` does not show it.
#[derive(Clone)]
pub struct WebhookSecret(Mac);

/// Why a text, or a list of secrets, cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookSecretError {
    /// Empty, longer than 256 characters, or not visible ASCII.
    #[error("a webhook secret is 1 to 256 visible ASCII characters")]
    Malformed,
    /// No secret, or more than four.
    #[error("1 to 4 webhook secrets can be live at once")]
    Count,
}

impl WebhookSecret {
    /// Takes the secret as lomi showed it. Drops surrounding white space, such as the trailing newline of a secret
    /// store. Secrets of older endpoints have no prefix.
    pub fn parse(text: &str) -> Result<Self, WebhookSecretError> {
        let text = text.trim();
        if !is_visible_ascii(text, 256) {
            return Err(WebhookSecretError::Malformed);
        }
        Mac::new_from_slice(text.as_bytes()).map(Self).map_err(|_| WebhookSecretError::Malformed)
    }

    pub(super) fn mac(&self) -> Mac {
        self.0.clone()
    }
}

opaque_debug!(WebhookSecret);

/// The one to four live secrets, newest first: two during a rotation.
#[derive(Debug, Clone)]
pub struct Secrets(Vec<WebhookSecret>);

impl Secrets {
    /// Takes one to four secrets, newest first.
    pub fn new(secrets: Vec<WebhookSecret>) -> Result<Self, WebhookSecretError> {
        if !(1..=MAX_SECRETS).contains(&secrets.len()) {
            return Err(WebhookSecretError::Count);
        }
        Ok(Self(secrets))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &WebhookSecret> {
        self.0.iter()
    }
}
