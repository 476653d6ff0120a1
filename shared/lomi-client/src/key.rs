//! The secret key and its environment.

use sha2::{Digest, Sha256};
use strum::{Display, EnumString, IntoStaticStr};

use crate::check::is_visible_ascii;
use crate::opaque_debug::opaque_debug;

/// The environment of a key or an object. The two share nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Environment {
    /// No real money; the host is `sandbox.api.lomi.africa`.
    Test,
    /// Real money; the host is `api.lomi.africa`.
    Live,
}

impl Environment {
    /// `test` or `live`, as lomi writes it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A merchant's secret API key. Neither `Debug` nor any error of this crate shows it.
#[derive(Clone)]
pub struct SecretKey(String);

opaque_debug!(SecretKey);

/// Why a text is not a secret key. The error never contains the text.
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
    /// Takes `lomi_sk_test_...`, `lomi_sk_live_...` or an older key without an environment. Drops surrounding white
    /// space, such as the trailing newline of a secret store.
    pub fn parse(text: &str) -> Result<Self, SecretKeyError> {
        let text = text.trim();
        if text.starts_with("lomi_pk_") {
            return Err(SecretKeyError::Publishable);
        }
        if text.starts_with("whsec_") {
            return Err(SecretKeyError::WebhookSecret);
        }
        is_visible_ascii(text, 256).then(|| Self(text.to_owned())).ok_or(SecretKeyError::Malformed)
    }

    /// The environment in the key's prefix; `None` for an older key without one.
    pub fn environment(&self) -> Option<Environment> {
        if self.0.starts_with("lomi_sk_test_") {
            Some(Environment::Test)
        } else if self.0.starts_with("lomi_sk_live_") {
            Some(Environment::Live)
        } else {
            None
        }
    }

    /// Identifies the key without revealing it: the first 16 hexadecimal digits of its SHA-256. Safe to store.
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes())).chars().take(16).collect()
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_the_environment() {
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
    fn fingerprints_differ_between_keys_and_reveal_none() {
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
