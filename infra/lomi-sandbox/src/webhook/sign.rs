//! The signatures of a webhook body.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Lower-case hex HMAC-SHA256. The key is the whole secret as text, `whsec_` included.
pub(crate) fn signature(secret: &str, message: &str) -> String {
    // HMAC takes keys of every length, so this cannot fail.
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mac| hex::encode(mac.chain_update(message.as_bytes()).finalize().into_bytes()))
        .unwrap_or_default()
}

/// The dated signature: `t=<unix seconds>,v1=<signature of "<t>.<body>">`.
pub(crate) fn dated_signature(secret: &str, body: &str, unix_s: i64) -> String {
    format!("t={unix_s},v1={}", signature(secret, &format!("{unix_s}.{body}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_sim_0123456789abcdef";
    const BODY: &str = concat!(
        r#"{"id":"7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11","event":"PAYMENT_SUCCEEDED","timestamp":"2026-06-20T09:14:07.512Z","#,
        r#""data":{"transaction_id":"0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33","organization_id":"5a3f8d0e-1b2c-4d3e-8f4a-6b7c8d9e0f11","#,
        r#""gross_amount":25000,"currency_code":"XOF","status":"completed","description":"Café – commande nº 1007","#,
        r#""metadata":{"order_id":"A-1007"}},"lomi_environment":"production"}"#,
    );
    const EXPECTED: &str = "f0a4bca8b4844364141d13c1f3a58e63e205fe03475e6374abd5bf209f65988f";

    #[test]
    fn a_body_is_signed_as_the_vector_says() {
        assert_eq!(BODY.len(), 407);
        assert_eq!(signature(SECRET, BODY), EXPECTED);
        let dated = "t=1781946847,v1=6ff9737d2b67eb12018ce566ad04058979c1e9004319627e8d6b2d871001f080";
        assert_eq!(dated_signature(SECRET, BODY, 1_781_946_847), dated);
    }

    #[test]
    fn another_body_or_secret_has_another_signature() {
        let sorted = serde_json::from_str::<serde_json::Value>(BODY).unwrap().to_string();
        for body in [sorted, BODY.replace('é', "\\u00e9"), format!("{BODY}\n")] {
            assert_ne!(signature(SECRET, &body), EXPECTED);
        }
        assert_ne!(signature("sim_0123456789abcdef", BODY), EXPECTED);
    }
}
