//! Identifiers, checked before they reach a URL: lomi. answers 500 to some ids that are not UUIDs.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The text is not a UUID (8-4-4-4-12 hexadecimal digits, any version).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {0} is a UUID")]
pub struct IdError(&'static str);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $noun:literal) => {
        $(#[$doc])*
        ///
        /// A UUID of any version, kept in lower case.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Reads a UUID; surrounding space and the decorated forms of some documents are refused.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                if is_uuid_shaped(text) {
                    Ok(Self(text.to_ascii_lowercase()))
                } else {
                    Err(IdError($noun))
                }
            }

            /// The 36 characters.
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

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

uuid_id!(
    /// Names one hosted checkout session.
    CheckoutSessionId,
    "checkout session id"
);
uuid_id!(
    /// Names one transaction: one attempt of one shopper to pay.
    TransactionId,
    "transaction id"
);
uuid_id!(
    /// Names a customer of the merchant.
    CustomerId,
    "customer id"
);
uuid_id!(
    /// Names a product of the merchant's lomi. catalogue.
    ProductId,
    "product id"
);
uuid_id!(
    /// Names one price of a product.
    PriceId,
    "price id"
);
uuid_id!(
    /// Names a subscription plan (first generation of the API only; later ones use a price).
    PlanId,
    "plan id"
);
uuid_id!(
    /// Names a customer's subscription.
    SubscriptionId,
    "subscription id"
);
uuid_id!(
    /// Names a payment link.
    PaymentLinkId,
    "payment link id"
);

uuid_id!(
    /// Names a refund.
    RefundId,
    "refund id"
);
uuid_id!(
    /// Names a webhook endpoint of the merchant.
    WebhookEndpointId,
    "webhook endpoint id"
);
uuid_id!(
    /// Names one row of the log of webhook deliveries.
    DeliveryLogId,
    "delivery log id"
);

/// Whether an id is a UUID of version 4, the only one that a card charge takes.
pub(crate) fn is_version_4(id: &str) -> bool {
    let variant = id.as_bytes().get(19);
    id.as_bytes().get(14) == Some(&b'4') && variant.is_some_and(|byte| b"89ab".contains(byte))
}

fn is_uuid_shaped(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(position, byte)| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The caller's own key of one intended effect, sent unchanged on every attempt.
///
/// 1 to 255 visible ASCII characters: lomi. cuts longer keys, so two of them could collide. lomi. remembers
/// a key for about a day together with a hash of the body; the same key with another body is refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text is not 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is 1 to 255 visible ASCII characters")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// Takes 1 to 255 visible ASCII characters (no space).
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = (1..=255).contains(&text.len());
        (visible && fits).then(|| Self(text.to_owned())).ok_or(IdempotencyKeyError)
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
    fn an_id_is_a_uuid_in_either_case() {
        let id = CheckoutSessionId::parse(&ID.to_uppercase()).unwrap();
        assert_eq!(id.as_str(), ID);
        assert_eq!(id, ID.parse().unwrap());
    }

    #[test]
    fn what_is_not_a_uuid_never_becomes_an_id() {
        let padded = format!(" {ID}");
        let decorated = format!("cs_{ID}");
        let slashed = ID.replace('-', "/");
        for wrong in ["", "{CHECKOUT_SESSION_ID}", "pi_123", &padded, &decorated, &slashed] {
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
