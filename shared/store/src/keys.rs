//! The primary key of every kind of item.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CartTokenId, Environment, LinkCode, OrderId, PaymentRef, QuarantineId, Sku};
use std::collections::HashMap;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Writes spread over the shards of the `due` index; the reconciler reads them all.
pub(crate) const DUE_SHARDS: u8 = 4;

pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: String, sk: &str) -> Self {
        Self { pk, sk: sk.to_owned() }
    }

    pub(crate) fn order(id: &OrderId) -> Self {
        Self::new(format!("ORDER#{id}"), "ORDER")
    }

    pub(crate) fn claim(hash: &str) -> Self {
        Self::new(format!("IDEM#{hash}"), "IDEM")
    }

    /// The environment is part of the key: a test order cannot hold a live cart.
    pub(crate) fn cart(environment: Environment, id: &CartTokenId) -> Self {
        Self::new(format!("CART#{}#{}", environment.as_str(), id.as_str()), "CART")
    }

    pub(crate) fn provider_event(natural_key: &str) -> Self {
        Self::new(format!("EVT#{natural_key}"), "EVT")
    }

    /// The source is part of the id: a polled payment must not replace a signed event, nor the reverse.
    pub(crate) fn quarantine(id: &QuarantineId) -> Self {
        Self::new(format!("QUARANTINE#{}", id.as_str()), "QUARANTINE")
    }

    pub(crate) fn payable(payable: &PaymentRef) -> Self {
        match payable {
            PaymentRef::CheckoutSession(id) => Self::new(format!("REF#session#{id}"), "REF"),
            PaymentRef::PaymentIntent(id) => Self::new(format!("REF#intent#{id}"), "REF"),
        }
    }

    pub(crate) fn case(name: &str) -> Self {
        Self::new(format!("ATTRIBUTION#{name}"), "ATTRIBUTION")
    }

    pub(crate) fn native_links_cursor() -> Self {
        Self::new("CURSOR#native-links".to_owned(), "CURSOR")
    }

    pub(crate) fn heartbeat() -> Self {
        Self::new("HEARTBEAT#webhook".to_owned(), "HEARTBEAT")
    }

    pub(crate) fn organisation() -> Self {
        Self::new("ORGANISATION#own".to_owned(), "ORGANISATION")
    }

    pub(crate) fn outbox(id: &OrderId, event: &str) -> Self {
        Self::new(format!("OUTBOX#{id}#{event}"), "OUTBOX")
    }

    pub(crate) fn product(sku: &Sku) -> Self {
        Self::new(format!("PRODUCT#{}", sku.as_str()), "PRODUCT")
    }

    pub(crate) fn link(code: &LinkCode) -> Self {
        Self::new(format!("LINK#{}", code.as_str()), "LINK")
    }

    /// lomi's ids are unique across environments.
    pub(crate) fn native_link(id: &str) -> Self {
        Self::new(format!("NATIVE#{id}"), "NATIVE")
    }

    pub(crate) fn into_item(self) -> Item {
        Item::from([("PK".to_owned(), text(self.pk)), ("SK".to_owned(), text(self.sk))])
    }
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The order's shard of the `due` index, from the last digit of its id, so that it never changes.
pub(crate) fn due_shard(id: &OrderId) -> String {
    let digit = id.as_str().chars().last().and_then(|digit| digit.to_digit(16)).unwrap_or_default();
    shard_name(u8::try_from(digit).unwrap_or_default() % DUE_SHARDS)
}

pub(crate) fn shard_name(shard: u8) -> String {
    format!("DUE#{shard}")
}
