//! Identifiers whose shape is checked when they are made.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

const ORDER_PREFIX: &str = "ord_";

/// `ord_` and 32 lower-case hexadecimal digits: 128 unpredictable bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderId(String);

impl OrderId {
    /// An order id made from the first half of `entropy`.
    #[must_use]
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        let digits = hex::encode(entropy);
        Self(format!("{ORDER_PREFIX}{}", digits.get(..32).unwrap_or_default()))
    }

    /// The id of the order for a checkout session that lomi opened without us, e.g. by a native link. One session
    /// always gives one id.
    #[must_use]
    pub fn of_page(checkout_session_id: &str) -> Self {
        Self::from_entropy(Sha256::digest(format!("page {checkout_session_id}")).into())
    }

    /// `None` unless `text` has exactly the shape of an order id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(ORDER_PREFIX)?;
        (digits.len() == 32 && is_lower_hex(digits)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OrderId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not an order id")
    }
}

impl From<OrderId> for String {
    fn from(id: OrderId) -> Self {
        id.0
    }
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

const QUARANTINE_PREFIX: &str = "qtn_";

/// Identifies one quarantined event: `qtn_` and 32 lower-case hexadecimal digits. The id is a hash of the event, so
/// that the same event is quarantined once; it reveals nothing about the event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuarantineId(String);

impl QuarantineId {
    /// The id of the event `natural_key` from this source, quarantined for this reason.
    #[must_use]
    pub fn of(natural_key: &str, reason: &str, source: &str) -> Self {
        let mut hasher = Sha256::new();
        for part in ["quarantine", natural_key, reason, source] {
            hasher.update(part);
            hasher.update([0]);
        }
        let digits = hex::encode(hasher.finalize());
        Self(format!("{QUARANTINE_PREFIX}{}", digits.get(..32).unwrap_or_default()))
    }

    /// `None` unless `text` has exactly the shape of a quarantine id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(QUARANTINE_PREFIX)?;
        (digits.len() == 32 && is_lower_hex(digits)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The bearer token that opens exactly one order: 64 hexadecimal digits. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderToken(String);

impl OrderToken {
    /// A token of 256 bits.
    #[must_use]
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(hex::encode(entropy))
    }

    /// The token itself, for the answer to its owner only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The hash that the order stores instead of the token.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl fmt::Debug for OrderToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OrderToken(..)")
    }
}

/// SHA-256 of an order token in hexadecimal: enough to recognise the token. (The token itself is in the stored answer
/// to the request that created it, for as long as that answer is kept.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(String);

impl TokenHash {
    fn of(token: &str) -> Self {
        Self(hex::encode(Sha256::digest(token.as_bytes())))
    }

    /// Whether `presented` is the token, in constant time.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        Self::of(presented).0.as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

/// The fencing token of one attempt to create an order: an attempt may write only while the claim still carries its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttemptId(String);

impl AttemptId {
    /// An attempt id of 256 bits.
    #[must_use]
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(hex::encode(entropy))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether one of lomi's ids is a UUID (8-4-4-4-12 hexadecimal digits). Otherwise it is a public id such as `txn_...`:
/// two ids of different kinds may belong to one object.
pub(crate) fn is_uuid(id: &str) -> bool {
    let is_digit = |(place, byte): (usize, u8)| match place {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    id.len() == 36 && id.bytes().enumerate().all(is_digit)
}

/// A merchant's article number: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sku(String);

impl Sku {
    /// `None` unless `text` has the shape of a SKU.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        fits.then(|| Self(text.to_owned()))
    }

    /// The SKU as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Sku {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a SKU")
    }
}

impl From<Sku> for String {
    fn from(sku: Sku) -> Self {
        sku.0
    }
}

/// A managed link's code in its URL: 10 characters of `0-9 a-z` without `i l o u`, 50 bits of entropy. It can be read
/// aloud and cannot be guessed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LinkCode(String);

const LINK_CODE_CHARS: usize = 10;
const LINK_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl LinkCode {
    /// A code from the first bytes of `entropy`.
    #[must_use]
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        let letter = |byte: u8| LINK_ALPHABET.get(usize::from(byte % 32)).map(|letter| char::from(*letter));
        Self(entropy.into_iter().take(LINK_CODE_CHARS).filter_map(letter).collect())
    }

    /// `None` unless `text` has the shape of a code.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == LINK_CODE_CHARS && text.bytes().all(|byte| LINK_ALPHABET.contains(&byte));
        fits.then(|| Self(text.to_owned()))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LinkCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a link code")
    }
}

impl From<LinkCode> for String {
    fn from(code: LinkCode) -> Self {
        code.0
    }
}

/// Identifies a signed cart: 64 lower-case hexadecimal digits, a hash of the token's `jti`, or of the signed bytes when
/// it has no `jti`. It reveals neither.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CartTokenId(String);

impl CartTokenId {
    /// The id of every token with this `jti`.
    #[must_use]
    pub fn of_jti(jti: &str) -> Self {
        Self::of("jti", jti)
    }

    /// The id of the one token over these signed bytes (header and claims, without the signature).
    #[must_use]
    pub fn of_signed(signed: &str) -> Self {
        Self::of("token", signed)
    }

    fn of(kind: &str, text: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(kind);
        hasher.update([0]);
        hasher.update(text);
        Self(hex::encode(hasher.finalize()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_order_id_parses_as_one() {
        let id = OrderId::from_entropy([7; 32]);
        assert_eq!(OrderId::parse(id.as_str()), Some(id.clone()));
        for wrong in [
            "",
            "ord_",
            "ord_00",
            &id.as_str().to_uppercase(),
            &format!("{id}0"),
            "ord_../../../../../../../../etc/pass",
        ] {
            assert_eq!(OrderId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_quarantine_id_is_stable_and_parses_back() {
        let id = QuarantineId::of("PAYMENT_SUCCEEDED#t", "amount", "webhook");
        assert_eq!(id, QuarantineId::of("PAYMENT_SUCCEEDED#t", "amount", "webhook"));
        assert_eq!(QuarantineId::parse(id.as_str()), Some(id.clone()));
        for (natural_key, reason, source) in [
            ("PAYMENT_SUCCEEDED#u", "amount", "webhook"),
            ("PAYMENT_SUCCEEDED#t", "currency", "webhook"),
            ("PAYMENT_SUCCEEDED#t", "amount", "poll"),
            ("PAYMENT_SUCCEEDED#", "tamount", "webhook"),
        ] {
            assert_ne!(id, QuarantineId::of(natural_key, reason, source), "{natural_key} {reason} {source}");
        }
        for wrong in ["", "qtn_", "ord_0123456789abcdef0123456789abcdef", &id.as_str().to_uppercase()] {
            assert_eq!(QuarantineId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_opens_its_own_order_only() {
        let (mine, other) = (OrderToken::from_entropy([1; 32]), OrderToken::from_entropy([2; 32]));
        assert!(mine.hash().matches(mine.reveal()));
        assert!(!mine.hash().matches(other.reveal()));
        assert!(!mine.hash().matches(""));
    }

    #[test]
    fn no_similar_token_opens_an_order() {
        let mine = OrderToken::from_entropy([1; 32]).hash();
        for number in 0..2000_u16 {
            let mut entropy = [1; 32];
            let [high, low] = number.to_be_bytes();
            (entropy[30], entropy[31]) = (high, low);
            assert_eq!(mine.matches(OrderToken::from_entropy(entropy).reveal()), entropy == [1; 32], "{number}");
        }
    }

    #[test]
    fn a_token_does_not_show_in_debug_output() {
        let token = OrderToken::from_entropy([1; 32]);
        assert!(!format!("{token:?}").contains(token.reveal()));
    }

    #[test]
    fn a_cart_is_identified_by_its_jti_or_its_bytes() {
        let (name, bytes) = (CartTokenId::of_jti("A"), CartTokenId::of_signed("A"));
        assert_eq!(name, CartTokenId::of_jti("A"));
        assert_ne!(name, bytes);
        assert_ne!(name, CartTokenId::of_jti("B"));
    }

    #[test]
    fn skus_with_separators_or_controls_are_refused() {
        for wrong in ["", "a#b", "a/b", "é", &"s".repeat(65)] {
            assert!(Sku::parse(wrong).is_none(), "{wrong:?}");
        }
    }
}
