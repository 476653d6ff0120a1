//! Identifiers, checked before they reach a URL.
//!
//! Since API 1.2.0 an object may have two: a UUID, and a public id (`txn_...`, `prod_...`, `price_...`) that the
//! dashboard shows. Few routes document which one they take, so any id that needs no escaping in a URL is accepted.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::check::is_visible_ascii;

/// The text is not 1 to 64 of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {0} is 1 to 64 of A-Z a-z 0-9 _ -")]
pub struct IdError(&'static str);

const MAX_ID_CHARS: usize = 64;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $noun:literal) => {
        $(#[$doc])*
        ///
        /// A UUID of any version, kept in lower case, or another id of 1 to 64 of `A-Z a-z 0-9 _ -`, kept unchanged.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub struct $name(String);

        impl $name {
            /// Reads an id; refuses white space, placeholders and all that a URL needs escaped.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                if is_uuid(text) {
                    Ok(Self(text.to_ascii_lowercase()))
                } else if is_url_safe(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError($noun))
                }
            }

            /// Whether it is a UUID and not a public id.
            pub fn is_uuid(&self) -> bool {
                is_uuid(&self.0)
            }

            /// The id as it is sent.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Names one hosted checkout session.
    CheckoutSessionId,
    "checkout session id"
);
id!(
    /// Names one transaction: one attempt of one shopper to pay.
    TransactionId,
    "transaction id"
);
id!(
    /// Names a customer of the merchant.
    CustomerId,
    "customer id"
);
id!(
    /// Names a product of the merchant's lomi catalogue.
    ProductId,
    "product id"
);
id!(
    /// Names one price of a product.
    PriceId,
    "price id"
);
id!(
    /// Names a subscription plan (first generation of the API only; later ones use a price).
    PlanId,
    "plan id"
);
id!(
    /// Names a customer's subscription.
    SubscriptionId,
    "subscription id"
);
id!(
    /// Names a payment link.
    PaymentLinkId,
    "payment link id"
);
id!(
    /// Names a refund.
    RefundId,
    "refund id"
);
id!(
    /// Names a webhook endpoint of the merchant.
    WebhookEndpointId,
    "webhook endpoint id"
);
id!(
    /// Names one row of the log of webhook deliveries.
    DeliveryLogId,
    "delivery log id"
);

/// Whether an id is a UUID of version 4; a card charge takes no other.
pub(crate) fn is_version_4(id: &str) -> bool {
    let variant = id.as_bytes().get(19).filter(|_| is_uuid(id));
    id.as_bytes().get(14) == Some(&b'4') && variant.is_some_and(|byte| b"89ab".contains(byte))
}

fn is_url_safe(text: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=MAX_ID_CHARS).contains(&text.len()) && text.bytes().all(is_safe)
}

/// 8-4-4-4-12 hexadecimal digits, of any version.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(position, byte)| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The caller's key of one operation, sent unchanged on every attempt.
///
/// 1 to 255 visible ASCII characters: lomi truncates longer keys, so two of them could collide. lomi stores a key
/// for about a day with a hash of the body and refuses the same key with another body.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text is not 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is 1 to 255 visible ASCII characters")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// Takes 1 to 255 visible ASCII characters, no space.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        is_visible_ascii(text, 255).then(|| Self(text.to_owned())).ok_or(IdempotencyKeyError)
    }

    /// The key as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "a465993b-98fb-49c3-9943-5b8eac17004c";

    #[test]
    fn a_uuid_is_the_same_id_in_either_case() {
        let id = CheckoutSessionId::parse(&ID.to_uppercase()).unwrap();
        assert_eq!(id.as_str(), ID);
        assert_eq!(id, ID.parse().unwrap());
        assert!(id.is_uuid());
    }

    #[test]
    fn a_public_id_is_stored_unchanged() {
        let longest = "x".repeat(64);
        for public in ["txn_7KQ2MB9RWX4TZD", "cs_a-b", longest.as_str()] {
            let id = TransactionId::parse(public).unwrap();
            assert_eq!(id.as_str(), public);
            assert!(!id.is_uuid());
        }
    }

    #[test]
    fn an_id_needs_no_url_escaping() {
        let (padded, slashed, long) = (format!(" {ID}"), ID.replace('-', "/"), "x".repeat(65));
        for wrong in ["", "{CHECKOUT_SESSION_ID}", "..", "a?b", "é", &padded, &slashed, &long] {
            assert!(CheckoutSessionId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_idempotency_key_is_bounded_and_visible() {
        assert!(IdempotencyKey::parse("order-1").is_ok());
        assert!(IdempotencyKey::parse(&"k".repeat(255)).is_ok());
        for wrong in ["", " ", "a b", "clé", "a\n", &"k".repeat(256)] {
            assert!(IdempotencyKey::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
