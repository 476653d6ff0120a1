//! Prices signed by the merchant's own backend: a JWT (RFC 7519) with HS256 only, valid for one order.

use crate::idempotency_key::names_nothing;
use crate::{CartTokenId, Currency, Label, Money, PricedCart, Timestamp, kept_labels};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use sha2::Sha256;
use std::collections::BTreeMap;

/// The longest token accepted, in bytes.
pub const MAX_CART_TOKEN_BYTES: usize = 4096;
/// The longest reference that a merchant may give an order, in characters.
pub const MAX_REFERENCE_CHARS: usize = 200;
/// The furthest `exp` from now, in milliseconds. A cart is paid on the day it is filled; a longer life is a mistake.
pub const MAX_CART_TOKEN_LIFE_MS: i64 = 24 * 60 * 60 * 1000;
/// How far the clock of the merchant's backend may be ahead.
const LEEWAY_MS: i64 = 60 * 1000;
/// Seconds stay below this for 3000 years; milliseconds have been above it since 1973.
const MILLISECONDS_FROM: i64 = 100_000_000_000;
/// Longer than any date that a JSON library writes.
const MAX_DATE_BYTES: usize = 32;
const MAX_JTI_CHARS: usize = 255;

/// Why a cart token is refused. Errors about claims are reported only after the signature has been verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CartTokenError {
    /// Not three base64url parts of JSON in UTF-8.
    #[error("not a JSON Web Token")]
    NotAToken,
    /// The header names another algorithm than HS256, or none.
    #[error("alg is not HS256")]
    Algorithm,
    /// Signed with another key, or changed after signing.
    #[error("the signature does not match")]
    Signature,
    /// The claims are not a JSON object, or name one twice.
    #[error("the claims cannot be read")]
    Claims,
    /// `amount` is missing, or not a positive whole number within bounds.
    #[error("amount is not an amount")]
    Amount,
    /// The signed `metadata` has a name that is reserved, or is out of bounds.
    #[error("the metadata cannot be kept")]
    Metadata,
    /// `currency_code` is missing or unknown.
    #[error("currency_code is unknown")]
    Currency,
    /// `reference` is not a text of at most 200 characters.
    #[error("reference is not a text of at most 200 characters")]
    Reference,
    /// `jti` is not a text of 1 to 255 characters, or is a placeholder such as `undefined`.
    #[error("jti names no cart")]
    Jti,
    /// `exp` is missing.
    #[error("exp is missing")]
    NoExp,
    /// `exp` is not a number.
    #[error("exp is not a time in seconds")]
    Exp,
    /// `exp` is in milliseconds instead of seconds.
    #[error("exp is in milliseconds")]
    ExpInMilliseconds,
    /// `exp` has passed.
    #[error("exp has passed")]
    Expired,
    /// `exp` is further away than [`MAX_CART_TOKEN_LIFE_MS`].
    #[error("exp is more than 24 hours away")]
    ExpTooFar,
    /// `nbf` is not a number, or in milliseconds.
    #[error("nbf is not a time in seconds")]
    Nbf,
    /// `nbf` has not come yet.
    #[error("nbf has not come yet")]
    NotYet,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// Raw values, so that an error can name the claim. A claim may appear only once.
#[derive(Deserialize)]
struct Claims {
    amount: Option<Box<RawValue>>,
    currency_code: Option<Box<RawValue>>,
    reference: Option<Box<RawValue>>,
    metadata: Option<Box<RawValue>>,
    jti: Option<Box<RawValue>>,
    exp: Option<Box<RawValue>>,
    nbf: Option<Box<RawValue>>,
}

/// The cart that `token` is signed for, if it is signed with `key` and valid at `now`.
///
/// Required claims: `amount` in minor units, `currency_code`, and `exp` in seconds since the epoch, with or without a
/// fraction. Optional: `nbf`, in the same unit; `jti`, which identifies the cart; `reference`, the merchant's own name
/// for the order; and `metadata`, the merchant's labels by the rules of [`kept_labels`].
///
/// # Errors
/// Claims are checked only after the signature.
pub fn open_cart_token(token: &str, key: &[u8], now: Timestamp) -> Result<PricedCart, CartTokenError> {
    if token.len() > MAX_CART_TOKEN_BYTES {
        return Err(CartTokenError::NotAToken);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(CartTokenError::NotAToken)?;
    let (header, claims) = signed.split_once('.').ok_or(CartTokenError::NotAToken)?;
    // The token does not choose its own algorithm: `none` and others are refused here.
    let header: Header = read(&text_of(header)?).ok_or(CartTokenError::Algorithm)?;
    if header.alg != "HS256" {
        return Err(CartTokenError::Algorithm);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| CartTokenError::Signature)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| CartTokenError::Signature)?;
    mac.update(signed.as_bytes());
    mac.verify_slice(&signature).map_err(|_| CartTokenError::Signature)?;
    let claims: Claims = read(&text_of(claims)?).ok_or(CartTokenError::Claims)?;
    check_dates(&claims, now)?;
    cart(&claims, signed)
}

/// Decodes to text first: a parser that reads bytes skips unknown claims even when they are not UTF-8.
fn text_of(part: &str) -> Result<String, CartTokenError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| CartTokenError::NotAToken)?;
    String::from_utf8(json).map_err(|_| CartTokenError::NotAToken)
}

fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok()
}

fn check_dates(claims: &Claims, now: Timestamp) -> Result<(), CartTokenError> {
    let exp = claims.exp.as_ref().ok_or(CartTokenError::NoExp)?;
    let exp = numeric_date(exp.get()).ok_or(CartTokenError::Exp)?;
    if exp.as_s() >= MILLISECONDS_FROM {
        return Err(CartTokenError::ExpInMilliseconds);
    }
    if exp <= now {
        return Err(CartTokenError::Expired);
    }
    if exp > now.plus_ms(MAX_CART_TOKEN_LIFE_MS + LEEWAY_MS) {
        return Err(CartTokenError::ExpTooFar);
    }
    let Some(nbf) = &claims.nbf else { return Ok(()) };
    let nbf = numeric_date(nbf.get()).filter(|nbf| nbf.as_s() < MILLISECONDS_FROM).ok_or(CartTokenError::Nbf)?;
    if nbf > now.plus_ms(LEEWAY_MS) { Err(CartTokenError::NotYet) } else { Ok(()) }
}

fn cart(claims: &Claims, signed: &str) -> Result<PricedCart, CartTokenError> {
    let amount = claims.amount.as_ref().and_then(|raw| read(raw.get())).ok_or(CartTokenError::Amount)?;
    let currency: Option<Currency> = claims.currency_code.as_ref().and_then(|raw| read(raw.get()));
    let total = Money::new(amount, currency.ok_or(CartTokenError::Currency)?).ok_or(CartTokenError::Amount)?;
    let reference = text(claims.reference.as_deref(), 0..=MAX_REFERENCE_CHARS, CartTokenError::Reference)?;
    let jti = text(claims.jti.as_deref(), 1..=MAX_JTI_CHARS, CartTokenError::Jti)?;
    if jti.as_deref().is_some_and(|jti| names_nothing(jti.trim())) {
        return Err(CartTokenError::Jti);
    }
    let id = jti.map_or_else(|| CartTokenId::of_signed(signed), |jti| CartTokenId::of_jti(&jti));
    Ok(PricedCart::from_token(total, reference, metadata(claims)?, id))
}

fn metadata(claims: &Claims) -> Result<BTreeMap<String, String>, CartTokenError> {
    let Some(raw) = &claims.metadata else { return Ok(BTreeMap::new()) };
    let labels: BTreeMap<String, Label> = read(raw.get()).ok_or(CartTokenError::Metadata)?;
    let (metadata, faults) = kept_labels(&labels);
    if faults.is_empty() { Ok(metadata) } else { Err(CartTokenError::Metadata) }
}

fn text(
    raw: Option<&RawValue>,
    chars: std::ops::RangeInclusive<usize>,
    wrong: CartTokenError,
) -> Result<Option<String>, CartTokenError> {
    let Some(raw) = raw else { return Ok(None) };
    let text: String = read(raw.get()).ok_or(wrong)?;
    if chars.contains(&text.chars().count()) { Ok(Some(text)) } else { Err(wrong) }
}

/// A `NumericDate` (RFC 7519, section 2): a JSON number of seconds such as `1796040000.123` or `1.79604e9`. Digits
/// after the millisecond are dropped. `None` when the milliseconds exceed an `i64`.
fn numeric_date(json: &str) -> Option<Timestamp> {
    if json.len() > MAX_DATE_BYTES {
        return None;
    }
    let (mantissa, exponent) = json.split_once(['e', 'E']).unwrap_or((json, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let to_ms = exponent.parse::<i32>().ok()?.checked_add(3)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let scale = 10_i128.checked_pow(to_ms.unsigned_abs());
    let ms = match scale {
        Some(scale) if to_ms >= 0 => digits.checked_mul(scale)?,
        Some(scale) => digits.div_euclid(scale),
        // The divisor overflows: the value rounds to zero.
        None => (to_ms < 0).then_some(0)?,
    };
    i64::try_from(ms).ok().map(Timestamp::from_ms)
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
        let price = Money::new(25_000, Currency::Xof).unwrap();
        let signed = sign(HS256, CLAIMS, KEY);
        let id = CartTokenId::of_signed(signed.rsplit_once('.').unwrap().0);
        assert_eq!(cart, PricedCart::from_token(price, Some("A-1007".into()), BTreeMap::new(), id));
        let named = CLAIMS.replace(r#""exp""#, r#""jti":"cart-7","exp""#);
        let cart = open_cart_token(&sign(HS256, named, KEY), KEY, NOW).unwrap();
        assert_eq!(cart.token, Some(CartTokenId::of_jti("cart-7")));
    }

    #[test]
    fn signed_labels_cannot_use_lomis_reserved_names() {
        let labelled = |label: &str| CLAIMS.replace("\"exp\"", &format!(r#""metadata":{{"{label}":"web"}},"exp""#));
        let cart = open_cart_token(&sign(HS256, labelled("channel"), KEY), KEY, NOW).unwrap();
        assert_eq!(cart.metadata, BTreeMap::from([("channel".to_owned(), "web".to_owned())]));
        let refused = open_cart_token(&sign(HS256, labelled("organization_id"), KEY), KEY, NOW);
        assert_eq!(refused, Err(CartTokenError::Metadata));
        let of = |label: &str| labelled("channel").replace("\"web\"", label);
        for (label, text) in [("7", "7"), ("true", "true"), ("1.50", "1.50")] {
            let cart = open_cart_token(&sign(HS256, of(label), KEY), KEY, NOW).unwrap();
            assert_eq!(cart.metadata["channel"], text);
        }
        let tree = open_cart_token(&sign(HS256, of("{}"), KEY), KEY, NOW);
        assert_eq!(tree, Err(CartTokenError::Metadata));
    }

    #[test]
    fn an_invalid_cart_token_is_refused() {
        let open = |token: &str, now| open_cart_token(token, KEY, now).unwrap_err();
        let token = sign(HS256, CLAIMS, KEY);
        assert_eq!(open(&sign(HS256, CLAIMS, b"another"), NOW), CartTokenError::Signature);
        assert_eq!(open(&token, Timestamp::from_ms(1_001_000)), CartTokenError::Expired);
        assert_eq!(open(&sign(r#"{"alg":"none"}"#, CLAIMS, KEY), NOW), CartTokenError::Algorithm);
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
        assert_eq!(open(&sign(HS256, no_text, KEY), NOW), CartTokenError::NotAToken);
        for garbage in ["", ".", "..", "a.b.c", "é.é.é"] {
            assert!(open_cart_token(garbage, KEY, NOW).is_err(), "{garbage}");
        }
    }

    #[test]
    fn a_time_may_have_a_fraction_and_is_in_seconds() {
        let ms = |json| numeric_date(json).map(Timestamp::as_ms);
        for (json, expected) in [
            ("1001", 1_001_000),
            ("1001.5", 1_001_500),
            ("1001.123999", 1_001_123),
            ("1.001e3", 1_001_000),
            ("1001000E-3", 1_001_000),
            ("1e-400", 0),
            ("-1.5", -1_500),
            ("0", 0),
        ] {
            assert_eq!(ms(json), Some(expected), "{json}");
        }
        for json in ["\"1001\"", "true", "[]", "1e400", "1e30", "1e99999999999", &"1".repeat(33)] {
            assert_eq!(ms(json), None, "{json}");
        }
    }

    #[test]
    fn every_claim_that_is_wrong_is_named() {
        let day_s = MAX_CART_TOKEN_LIFE_MS / 1000;
        let far = (1_000 + day_s + 61).to_string();
        let last = (1_000 + day_s + 60).to_string();
        let long = format!("\"{}\"", "j".repeat(256));
        let open = |claim: &str, json: &str| {
            let mut claims = serde_json::from_str::<serde_json::Value>(CLAIMS).unwrap();
            claims[claim] = serde_json::from_str(json).unwrap();
            open_cart_token(&sign(HS256, claims.to_string(), KEY), KEY, NOW).err()
        };
        for (claim, json, expected) in [
            ("exp", "1000.001", None),
            ("exp", last.as_str(), None),
            ("exp", "null", Some(CartTokenError::NoExp)),
            ("exp", "\"1001\"", Some(CartTokenError::Exp)),
            ("exp", "1000", Some(CartTokenError::Expired)),
            ("exp", "-1", Some(CartTokenError::Expired)),
            ("exp", far.as_str(), Some(CartTokenError::ExpTooFar)),
            ("exp", "4000000000", Some(CartTokenError::ExpTooFar)),
            ("exp", "1796040000000", Some(CartTokenError::ExpInMilliseconds)),
            ("nbf", "null", None),
            ("nbf", "1060", None),
            ("nbf", "1060.5", Some(CartTokenError::NotYet)),
            ("nbf", "1796040000000", Some(CartTokenError::Nbf)),
            ("nbf", "\"now\"", Some(CartTokenError::Nbf)),
            ("amount", "null", Some(CartTokenError::Amount)),
            ("amount", "-5", Some(CartTokenError::Amount)),
            ("currency_code", "null", Some(CartTokenError::Currency)),
            ("currency_code", "\"GHS\"", Some(CartTokenError::Currency)),
            ("reference", "7", Some(CartTokenError::Reference)),
            ("jti", "\"\"", Some(CartTokenError::Jti)),
            ("jti", "7", Some(CartTokenError::Jti)),
            ("jti", "\"undefined\"", Some(CartTokenError::Jti)),
            ("jti", long.as_str(), Some(CartTokenError::Jti)),
        ] {
            assert_eq!(open(claim, json), expected, "{claim} {json}");
        }
        assert_eq!(open_cart_token(&sign(HS256, "[]", KEY), KEY, NOW), Err(CartTokenError::Claims));
        let twice = CLAIMS.replace('{', r#"{"exp":1002,"#);
        assert_eq!(open_cart_token(&sign(HS256, twice, KEY), KEY, NOW), Err(CartTokenError::Claims));
    }
}
