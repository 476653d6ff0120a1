//! The id of a card charge.

use std::fmt;
use std::str::FromStr;

const PREFIX: &str = "pi_";
/// The middle of a client secret, which starts like the id of its charge.
const SECRET_MARK: &str = "_secret_";

/// Identifies one card charge: `pi_` and letters, digits or underscores, at most 255 characters. A client secret
/// (`pi_..._secret_...`) is refused, because ids appear in URLs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PaymentIntentId(String);

/// The text is not `pi_` and letters, digits or underscores, or it is a client secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a payment intent id is pi_ and letters, digits or underscores")]
pub struct PaymentIntentIdError;

impl PaymentIntentId {
    /// Reads an id.
    pub fn parse(text: &str) -> Result<Self, PaymentIntentIdError> {
        let rest = text.strip_prefix(PREFIX).filter(|rest| !rest.is_empty()).ok_or(PaymentIntentIdError)?;
        let allowed = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let fits = text.len() <= 255 && !text.contains(SECRET_MARK);
        (allowed && fits).then(|| Self(text.to_owned())).ok_or(PaymentIntentIdError)
    }

    /// The id as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PaymentIntentId {
    type Err = PaymentIntentIdError;

    fn from_str(text: &str) -> Result<Self, PaymentIntentIdError> {
        Self::parse(text)
    }
}

impl fmt::Display for PaymentIntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_id_begins_with_pi_and_is_fit_for_a_url() {
        assert_eq!(PaymentIntentId::parse("pi_3QxYk6").unwrap().as_str(), "pi_3QxYk6");
        let long = format!("pi_{}", "a".repeat(253));
        for wrong in ["", "pi_", "pi_a/b", "pi_é", "PI_a", " pi_a", "a465993b-98fb-49c3-9943-5b8eac17004c", &long] {
            assert!(PaymentIntentId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_client_secret_never_becomes_an_id() {
        assert!(PaymentIntentId::parse("pi_3QxYk6_secret_canary").is_err());
    }
}
