//! The caller's name for a request, and whether a stranger could come to it, too.

use std::fmt;

/// The caller's `Idempotency-Key`: 1 to 255 visible ASCII characters. Whoever knows it can ask for its answer again, and
/// the answer to a create holds the token that opens the order: see [`Self::is_hard_to_guess`].
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// Fewest characters of a key that strangers may not share: a UUID has 36, 16 random bytes in base64url have 22.
const MIN_PUBLIC_KEY_CHARS: usize = 22;
/// Of these, so many must not belong to a word for nothing.
const MIN_TELLING_CHARS: usize = 16;
/// What programs write where a value is missing.
const WORDS_FOR_NOTHING: [&str; 10] =
    ["undefined", "null", "none", "nil", "nan", "true", "false", "object", "empty", "unknown"];
/// A run of one character is nobody's choice either, from this length on: the UUID of zeros.
const MIN_RUN_CHARS: usize = 4;

impl IdempotencyKey {
    /// `None` unless `text`, trimmed, has the shape of a key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let key = text.trim();
        let fits = (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(key.to_owned()))
    }

    /// A key that nobody else ever has, for a request that came without one.
    #[must_use]
    pub fn from_entropy(bytes: [u8; 32]) -> Self {
        Self(hex::encode(bytes))
    }

    /// Whether two strangers cannot both have come to this key: it has at least 22 characters, and
    /// at least 16 of them are no words such as `undefined` or `null`. Required of everybody whom no gateway knows.
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

/// Whether a part of a key is made of words for nothing alone, or of one character again and again.
fn tells_nothing(part: &str) -> bool {
    let mut letters = part.bytes();
    let first = letters.next();
    let is_run = part.len() >= MIN_RUN_CHARS && letters.all(|letter| Some(letter) == first);
    is_run || names_nothing(part)
}

/// Whether the text is made of words alone that programs write where a value is missing.
pub(crate) fn names_nothing(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut rest = lower.as_str();
    while let Some(left) = WORDS_FOR_NOTHING.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = left;
    }
    !lower.is_empty() && rest.is_empty()
}

/// Whoever knows the key can ask for its answer again, so it stays out of logs.
impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_strangers_may_share_is_told_from_one_of_many() {
        let is_good = |text: &str| IdempotencyKey::parse(text).expect("a key").is_hard_to_guess();
        for good in [
            "3f0c2a1e-9b7d-4c58-8e21-5a6b7c8d9e0f",
            "Zm9vYmFyYmF6cXV4MTIzNA",
            "4063283215-1906441187-3392087721-55",
            // Chance makes words, too.
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
