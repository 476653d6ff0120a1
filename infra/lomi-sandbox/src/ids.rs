//! Ids and secrets, reproducible when a seed is set.

use fastrand::Rng;
use sha2::{Digest, Sha256};

#[derive(Debug, Default)]
pub(crate) struct IdSource(Rng);

impl IdSource {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(seed.map_or_else(Rng::new, Rng::with_seed))
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let bits = self.0.u128(..) & !(0xf << 76) & !(0b11 << 62) | (0x4 << 76) | (0b10 << 62);
        let hex = format!("{bits:032x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
    }

    /// `prefix` followed by `count` letters and digits.
    pub(crate) fn token(&mut self, prefix: &str, count: usize) -> String {
        prefix.chars().chain((0..count).map(|_| self.0.alphanumeric())).collect()
    }
}

/// Whether the text has the shape of a UUID of any version.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether the text is a version 4 UUID.
pub(crate) fn is_uuid_v4(text: &str) -> bool {
    let at = |at: usize| text.as_bytes().get(at).map(u8::to_ascii_lowercase);
    is_uuid(text) && at(14) == Some(b'4') && matches!(at(19), Some(b'8' | b'9' | b'a' | b'b'))
}

/// The id that the dashboard shows for this UUID: `prefix` and 14 characters, deterministic.
pub(crate) fn public_id(prefix: &str, uuid: &str) -> String {
    // The documented samples have capital letters without I and O, and the digits 2 to 9.
    const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let digest = Sha256::digest(uuid.as_bytes());
    let letter = |byte: &u8| ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'2');
    prefix.chars().chain(digest.iter().take(14).map(letter).map(char::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_ids_again() {
        let (mut one, mut two) = (IdSource::new(Some(7)), IdSource::new(Some(7)));
        assert_eq!(one.uuid(), two.uuid());
        assert_ne!(one.uuid(), one.uuid());
    }

    #[test]
    fn an_id_is_a_version_4_uuid() {
        let id = IdSource::new(Some(1)).uuid();
        assert!(is_uuid(&id), "{id}");
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
        assert!(!is_uuid("not-a-uuid"));
        assert!(is_uuid_v4(&id) && !is_uuid_v4("7c0dd2f4-52a1-1f0e-9a53-0f6f2a1b9c11"));
    }
}
