//! Prices signed by the merchant's own backend: a JWT (RFC 7519) with HS256 and nothing else.

use crate::{Currency, Money, PricedCart, Timestamp, metadata_faults};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use std::collections::BTreeMap;

/// The longest token accepted, in bytes.
pub const MAX_CART_TOKEN_BYTES: usize = 4096;
/// The longest name that a merchant may give an order, in characters.
pub const MAX_REFERENCE_CHARS: usize = 200;

/// Why a cart token is not worth its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CartTokenError {
    /// Not three base64url parts, another algorithm than HS256, or a missing claim.
    #[error("not an HS256 token with amount, currency_code and exp")]
    Malformed,
    /// Signed with another key, or changed after signing.
    #[error("the signature does not match")]
    Signature,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// The claimed amount is not an amount.
    #[error("the amount is out of range")]
    Amount,
    /// The signed `metadata` has a name that is reserved, or is out of bounds.
    #[error("the metadata cannot be kept")]
    Metadata,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    amount: i64,
    currency_code: Currency,
    reference: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    exp: i64,
}

/// The cart that `token` is signed for, if it is signed with `key` and still valid at `now`.
///
/// Claims: `amount` in minor units, `currency_code`, `exp` in seconds since the epoch, and optionally `reference`,
/// the merchant's own name for the cart, and `metadata`, the merchant's labels by the rules of [`metadata_faults`].
///
/// # Errors
/// [`CartTokenError`] says what is wrong; nothing is trusted before the signature is.
pub fn open_cart_token(token: &str, key: &[u8], now: Timestamp) -> Result<PricedCart, CartTokenError> {
    if token.len() > MAX_CART_TOKEN_BYTES {
        return Err(CartTokenError::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(CartTokenError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(CartTokenError::Malformed)?;
    // The token does not choose its own algorithm: `none` and the like end here.
    if decode::<Header>(header)?.alg != "HS256" {
        return Err(CartTokenError::Malformed);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| CartTokenError::Malformed)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| CartTokenError::Signature)?;
    mac.update(signed.as_bytes());
    mac.verify_slice(&signature).map_err(|_| CartTokenError::Signature)?;
    price(decode(claims)?, now)
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, CartTokenError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| CartTokenError::Malformed)?;
    // Read from bytes, a member that nobody wants would be passed over even where it is no text at all.
    let json = String::from_utf8(json).map_err(|_| CartTokenError::Malformed)?;
    serde_json::from_str(&json).map_err(|_| CartTokenError::Malformed)
}

fn price(claims: Claims, now: Timestamp) -> Result<PricedCart, CartTokenError> {
    if claims.exp <= now.as_s() {
        return Err(CartTokenError::Expired);
    }
    if claims.reference.as_ref().is_some_and(|text| text.chars().count() > MAX_REFERENCE_CHARS) {
        return Err(CartTokenError::Malformed);
    }
    if !metadata_faults(&claims.metadata).is_empty() {
        return Err(CartTokenError::Metadata);
    }
    let total = Money::new(claims.amount, claims.currency_code).ok_or(CartTokenError::Amount)?;
    Ok(PricedCart::from_merchant(total, claims.reference).labelled(claims.metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"the merchant's key";
    const NOW: Timestamp = Timestamp::from_ms(1_000_000);

    fn sign(header: &str, claims: impl AsRef<[u8]>, key: &[u8]) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
    const CLAIMS: &str = r#"{"amount":25000,"currency_code":"XOF","reference":"A-1007","exp":1001}"#;

    #[test]
    fn a_signed_cart_has_the_signed_price() {
        let cart = open_cart_token(&sign(HS256, CLAIMS, KEY), KEY, NOW).unwrap();
        assert_eq!(cart, PricedCart::from_merchant(Money::new(25_000, Currency::Xof).unwrap(), Some("A-1007".into())));
    }

    #[test]
    fn the_merchants_labels_are_signed_and_none_of_lomis_names() {
        let labelled = |label: &str| CLAIMS.replace("\"exp\"", &format!(r#""metadata":{{"{label}":"web"}},"exp""#));
        let cart = open_cart_token(&sign(HS256, labelled("channel"), KEY), KEY, NOW).unwrap();
        assert_eq!(cart.metadata, BTreeMap::from([("channel".to_owned(), "web".to_owned())]));
        let refused = open_cart_token(&sign(HS256, labelled("organization_id"), KEY), KEY, NOW);
        assert_eq!(refused, Err(CartTokenError::Metadata));
    }

    #[test]
    fn a_token_that_is_changed_unsigned_expired_or_foreign_is_refused() {
        let open = |token: &str, now| open_cart_token(token, KEY, now).unwrap_err();
        let token = sign(HS256, CLAIMS, KEY);
        assert_eq!(open(&sign(HS256, CLAIMS, b"another"), NOW), CartTokenError::Signature);
        assert_eq!(open(&token, Timestamp::from_ms(1_001_000)), CartTokenError::Expired);
        assert_eq!(open(&sign(r#"{"alg":"none"}"#, CLAIMS, KEY), NOW), CartTokenError::Malformed);
        let (head, _) = token.rsplit_once('.').unwrap();
        assert_eq!(open(&format!("{head}."), NOW), CartTokenError::Signature);
        let cheaper = CLAIMS.replace("25000", "1");
        let (header, rest) = token.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        assert_eq!(
            open(&format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(cheaper)), NOW),
            CartTokenError::Signature
        );
        for amount in ["0", "-5", "1.5", "\"5\"", "1e3"] {
            let claims = CLAIMS.replace("25000", amount);
            assert!(open_cart_token(&sign(HS256, claims, KEY), KEY, NOW).is_err(), "{amount}");
        }
        let no_text = [&br#"{"amount":25000,"currency_code":"XOF","exp":1001,"note":""#[..], b"\xff\"}"].concat();
        assert_eq!(open(&sign(HS256, no_text, KEY), NOW), CartTokenError::Malformed);
        for garbage in ["", ".", "..", "a.b.c", "é.é.é"] {
            assert!(open_cart_token(garbage, KEY, NOW).is_err(), "{garbage}");
        }
    }
}
