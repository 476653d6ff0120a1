//! The caller's `Idempotency-Key`, and whether another caller could have chosen the same one.

use std::fmt;

/// The caller's `Idempotency-Key`: 1 to 255 visible ASCII characters. It is a secret: a repeated request with the same
/// key gets the same answer, and the answer to a create holds the order's token. See [`Self::is_hard_to_guess`].
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The shortest key that a public route accepts: a UUID has 36 characters, 16 random bytes in base64url have 22.
const MIN_PUBLIC_KEY_CHARS: usize = 22;
/// How many of them must not belong to placeholder words.
const MIN_TELLING_CHARS: usize = 16;
/// What programs write where a value is missing.
const WORDS_FOR_NOTHING: [&str; 10] =
    ["undefined", "null", "none", "nil", "nan", "true", "false", "object", "empty", "unknown"];
/// From this length on, a run of one character counts as a placeholder, too: the UUID of zeros.
const MIN_RUN_CHARS: usize = 4;

impl IdempotencyKey {
    /// `None` unless `text`, trimmed, has the shape of a key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let key = text.trim();
        let fits = (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(key.to_owned()))
    }

    /// A random key, for a request that came without one.
    #[must_use]
    pub fn from_entropy(bytes: [u8; 32]) -> Self {
        Self(hex::encode(bytes))
    }

    /// Whether two callers are unlikely to choose the same key: it has at least 22 characters, and at least 16 of them
    /// do not belong to placeholder words such as `undefined` or `null`. Public routes require it.
    #[must_use]
    pub fn is_hard_to_guess(&self) -> bool {
        let parts = self.0.split(|letter: char| !letter.is_ascii_alphanumeric());
        let nothing: usize = parts.filter(|part| tells_nothing(part)).map(str::len).sum();
        self.0.len() >= MIN_PUBLIC_KEY_CHARS && self.0.len().saturating_sub(nothing) >= MIN_TELLING_CHARS
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a part of a key consists of placeholder words only, or repeats one character.
fn tells_nothing(part: &str) -> bool {
    let mut letters = part.bytes();
    let first = letters.next();
    let is_run = part.len() >= MIN_RUN_CHARS && letters.all(|letter| Some(letter) == first);
    is_run || names_nothing(part)
}

/// Whether the text consists of placeholder words only.
pub(crate) fn names_nothing(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut rest = lower.as_str();
    while let Some(left) = WORDS_FOR_NOTHING.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = left;
    }
    !lower.is_empty() && rest.is_empty()
}

/// The key gives access to the answer, so it stays out of logs.
impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_entropy_idempotency_key_is_detected() {
        let is_good = |text: &str| IdempotencyKey::parse(text).expect("a key").is_hard_to_guess();
        for good in [
            "3f0c2a1e-9b7d-4c58-8e21-5a6b7c8d9e0f",
            "Zm9vYmFyYmF6cXV4MTIzNA",
            "4063283215-1906441187-3392087721-55",
            // Random keys contain placeholder words, too.
            "Zm9v-nil-YmF6cXV4MTIzN",
            "cart-88121790-2026-11-30-undefined",
        ] {
            assert!(is_good(good), "{good}");
        }
        for bad in [
            "undefined",
            "null",
            "NaN",
            "1",
            "0",
            "true",
            "cart-1042",
            "2026-11-30T10:15:00Z",
            "undefinedundefinedundefined",
            "null-null-null-null-null-null",
            "NaNNaNNaNNaNNaNNaNNaNNaN",
            "cart-undefined-undefined-undefined",
            "[object,Object]-[object,Object]",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(!is_good(bad), "{bad}");
        }
    }

    #[test]
    fn a_key_with_separators_or_controls_is_refused() {
        for wrong in ["", " ", "a b", "a\nb", "é", &"k".repeat(256)] {
            assert!(IdempotencyKey::parse(wrong).is_none(), "{wrong:?}");
        }
    }
}
