//! The secret key and the environment that it opens.

use std::fmt;

use sha2::{Digest, Sha256};

/// Which half of a lomi account something belongs to. Nothing moves between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Environment {
    /// No real money; the host is `sandbox.api.lomi.africa`.
    Test,
    /// Real money; the host is `api.lomi.africa`.
    Live,
}

impl Environment {
    /// `test` or `live`, as lomi writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        match text {
            "test" => Some(Self::Test),
            "live" => Some(Self::Live),
            _ => None,
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A merchant's secret API key. Neither `Debug` nor any error of this crate shows it.
#[derive(Clone)]
pub struct SecretKey(String);

/// Why a text is not a secret key. The text itself is never part of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretKeyError {
    /// A publishable key (`lomi_pk_...`): lomi refuses those on its API.
    #[error("this is a publishable key; the API takes the secret key")]
    Publishable,
    /// A webhook signing secret (`whsec_...`).
    #[error("this is a webhook secret, not an API key")]
    WebhookSecret,
    /// Empty, longer than 256 characters, or with characters that a header cannot carry.
    #[error("a secret key is 1 to 256 visible ASCII characters")]
    Malformed,
}

impl SecretKey {
    /// Takes `lomi_sk_test_...`, `lomi_sk_live_...` or an older key without a marker; surrounding white
    /// space (a trailing newline of a secret store, say) is dropped.
    pub fn parse(text: &str) -> Result<Self, SecretKeyError> {
        let text = text.trim();
        if text.starts_with("lomi_pk_") {
            return Err(SecretKeyError::Publishable);
        }
        if text.starts_with("whsec_") {
            return Err(SecretKeyError::WebhookSecret);
        }
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = (1..=256).contains(&text.len());
        (visible && fits).then(|| Self(text.to_owned())).ok_or(SecretKeyError::Malformed)
    }

    /// The environment in the key's prefix; `None` for an older key, which does not say.
    pub fn environment(&self) -> Option<Environment> {
        if self.0.starts_with("lomi_sk_test_") {
            Some(Environment::Test)
        } else if self.0.starts_with("lomi_sk_live_") {
            Some(Environment::Live)
        } else {
            None
        }
    }

    /// Tells this key from another one, in 16 hexadecimal digits: the beginning of its SHA-256, from which nobody finds
    /// the key. It may be stored.
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes())).chars().take(16).collect()
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_says_the_environment() {
        let environment = |text| SecretKey::parse(text).unwrap().environment();
        assert_eq!(environment("lomi_sk_test_abc"), Some(Environment::Test));
        assert_eq!(environment("lomi_sk_live_abc\n"), Some(Environment::Live));
        assert_eq!(environment("lomi_sk_0123abcd"), None);
    }

    #[test]
    fn a_key_of_another_kind_is_refused_by_name() {
        let refused = |text| SecretKey::parse(text).unwrap_err();
        assert_eq!(refused("lomi_pk_test_abc"), SecretKeyError::Publishable);
        assert_eq!(refused("whsec_abc"), SecretKeyError::WebhookSecret);
        assert_eq!(refused("  "), SecretKeyError::Malformed);
        assert_eq!(refused("lomi_sk_test_a\r\nx: y"), SecretKeyError::Malformed);
    }

    #[test]
    fn a_fingerprint_tells_keys_apart_and_shows_none() {
        let fingerprint = |text| SecretKey::parse(text).unwrap().fingerprint();
        assert_eq!(fingerprint("lomi_sk_test_abc\n"), fingerprint("lomi_sk_test_abc"));
        assert_ne!(fingerprint("lomi_sk_test_abc"), fingerprint("lomi_sk_test_abd"));
        assert_eq!(fingerprint("lomi_sk_test_abc").len(), 16);
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let key = SecretKey::parse("lomi_sk_test_canary").unwrap();
        assert!(!format!("{key:?}").contains("canary"));
    }
}
