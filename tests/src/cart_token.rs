//! Cart tokens, signed as a merchant's backend signs them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The time in this many seconds, as in `exp` and `nbf`.
#[must_use]
pub fn in_s(seconds: i64) -> i64 {
    lambda_kit::system::clock().now().as_s() + seconds
}

/// A JWT over `claims`, signed with HS256.
#[must_use]
pub fn sign(claims: &Value, key: &str) -> String {
    sign_with_header(&json!({ "alg": "HS256", "typ": "JWT" }), claims, key)
}

/// A JWT with any header; the signature is always HS256.
#[must_use]
pub fn sign_with_header(header: &Value, claims: &Value, key: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes any key");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}
