//! Prices signed by the merchant's backend.

use crate::bytes::{first_line, number, one_byte_off};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{
    AttemptId, CartTokenError, Environment, Money, NewOrder, Order, OrderDetails, OrderId, OrderToken, PricedCart,
    Timestamp, open_cart_token,
};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::Sha256;

const KEY: &[u8] = b"the merchant's key, 32 bytes of it";
const ANOTHER_KEY: &[u8] = b"the merchant's key, 32 bytes of is";
const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

/// The header fields that matter, as they were written, each at most once. RFC 7519 ignores the others whatever they
/// contain, even a number of any size.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Header {
    alg: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    amount: Value,
    currency_code: Value,
    exp: Value,
    nbf: Value,
}

/// Any bytes taken as a token. The first line as header and the rest as claims also make a token signed with the
/// right key.
pub fn cart_token(data: &[u8]) {
    if let Ok(token) = std::str::from_utf8(data) {
        a_token_opens_only_with_its_signature(token);
    }
    let (header, claims) = first_line(data);
    what_was_signed_is_what_it_costs(header, claims);
}

fn a_token_opens_only_with_its_signature(token: &str) {
    match open_cart_token(token, KEY, NOW) {
        // All of these errors are about claims, so the signature was right.
        Ok(_)
        | Err(
            CartTokenError::Claims
            | CartTokenError::Amount
            | CartTokenError::Metadata
            | CartTokenError::Currency
            | CartTokenError::Reference
            | CartTokenError::Jti
            | CartTokenError::NoExp
            | CartTokenError::Exp
            | CartTokenError::ExpInMilliseconds
            | CartTokenError::Expired
            | CartTokenError::ExpTooFar
            | CartTokenError::Nbf
            | CartTokenError::NotYet,
        ) => {
            let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
            assert_eq!(signature_of(signed, KEY).map(|right| format!("{signed}.{right}")).as_deref(), Some(token));
        }
        Err(CartTokenError::NotAToken | CartTokenError::Algorithm | CartTokenError::Signature) => {}
    }
}

fn what_was_signed_is_what_it_costs(header: &[u8], claims: &[u8]) {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let Some(signature) = signature_of(&signed, KEY) else { return };
    let token = format!("{signed}.{signature}");
    let Ok(cart) = open_cart_token(&token, KEY, NOW) else { return };

    let (header, claims): (Header, Claims) = (said_in(header), said_in(claims));
    assert_eq!(header.alg.as_str(), Some("HS256"));
    // Whole seconds, or a fraction of one more.
    let lasts = |end: f64| end > 1_800_000_000.0 && end <= 1_800_086_461.0;
    assert!(claims.exp.as_f64().is_some_and(lasts), "a token was opened that ends at {}", claims.exp);
    assert!(claims.nbf.is_null() || claims.nbf.as_f64().is_some_and(|start| start < 1_800_000_061.0));
    let price = price_of(cart);
    assert_eq!(price.map(Money::amount_minor), claims.amount.as_i64());
    assert_eq!(price.map(|price| price.currency().code()), claims.currency_code.as_str());

    assert_eq!(open_cart_token(&token, ANOTHER_KEY, NOW).err(), Some(CartTokenError::Signature));
    let changed = one_byte_off(token.as_bytes(), number(token.as_bytes()));
    if let Some(Ok(changed)) = changed.map(String::from_utf8) {
        assert!(open_cart_token(&changed, KEY, NOW).is_err(), "opened after a byte was changed: {changed}");
    }
}

fn said_in<T: Default + DeserializeOwned>(json: &[u8]) -> T {
    serde_json::from_slice(json).unwrap_or_default()
}

fn signature_of(signed: &str, key: &[u8]) -> Option<String> {
    let mac = Hmac::<Sha256>::new_from_slice(key).ok()?.chain_update(signed);
    Some(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn price_of(cart: PricedCart) -> Option<Money> {
    order_for(cart, Environment::Live, NOW).expected()
}

pub(crate) fn order_for(cart: PricedCart, environment: Environment, now: Timestamp) -> Order {
    let new = NewOrder {
        order_id: OrderId::from_entropy([1; 32]),
        environment,
        cart,
        details: OrderDetails::default(),
        token_hash: OrderToken::from_entropy([2; 32]).hash(),
        attempt_id: AttemptId::from_entropy([3; 32]),
        lease_until: now.plus_ms(30_000),
    };
    Order::create(new, now)
}
