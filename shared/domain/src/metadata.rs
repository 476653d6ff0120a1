//! Labels of an order: the merchant's own, which are sent to lomi, and a shopper's notes, which are not.

use crate::Label;
use std::collections::BTreeMap;

/// The most labels that one order, link or customer may have, as in lomi's documents of 2025.
pub const MAX_METADATA_KEYS: usize = 50;
const MAX_NAME_BYTES: usize = 40;
const MAX_VALUE_CHARS: usize = 500;
/// lomi repeats metadata in every row and event of a payment: fifty rows must fit into the largest page that we read.
const MAX_BYTES: usize = 4096;

/// Names with a meaning to this backend or to lomi. On a card charge lomi merges the caller's metadata over its own,
/// key by key, so such a label would change the payment's merchant, environment or price. `payment_flow` switches a
/// check off, `test_mode` chooses the endpoint of an event, and the rest are lomi's own columns.
const RESERVED_NAMES: [&str; 24] = [
    "order_id",
    "payment_environment",
    "payment_reference",
    "organization_id",
    "merchant_id",
    "environment",
    "customer_id",
    "source",
    "integration_source",
    "payment_flow",
    "test_mode",
    "subscription_id",
    "product_id",
    "price_id",
    "invoice_id",
    "transaction_id",
    "checkout_session_id",
    "payment_intent_id",
    "payment_link_id",
    "payment_mobile",
    "sender_mobile",
    "card_country",
    "fee_currency",
    "fx_rate",
];
/// Prefixes of names that lomi writes itself, or drops silently.
const RESERVED_PREFIXES: [&str; 5] = ["original_", "stripe_", "wave_", "mtn_", "spi_"];

/// What is wrong with labels. The name is included when it is safe to repeat in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataFault {
    /// More than [`MAX_METADATA_KEYS`].
    TooMany,
    /// More than 4096 bytes of names and values in all.
    TooLarge,
    /// Not 1 to 40 letters, digits, dots, dashes and underscores.
    Name(Option<String>),
    /// The name is reserved by this backend or by lomi.
    Reserved(String),
    /// A value of more than 500 characters, or with control characters.
    Value(Option<String>),
    /// A value that is not a text, a flag or a number.
    Kind(Option<String>),
}

/// Whether `name` is reserved. Case-sensitive, as at lomi.
#[must_use]
pub fn is_reserved_label(name: &str) -> bool {
    RESERVED_NAMES.contains(&name) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The labels as the texts that are stored, and everything that is wrong with them.
#[must_use]
pub fn kept_labels(labels: &BTreeMap<String, Label>) -> (BTreeMap<String, String>, Vec<MetadataFault>) {
    let texts = labels.iter().map(|(name, label)| (name.clone(), label.to_text().unwrap_or_default())).collect();
    let no_labels = labels.iter().filter(|(_, label)| label.to_text().is_none());
    let mut faults = metadata_faults(&texts);
    faults.extend(no_labels.map(|(name, _)| MetadataFault::Kind(is_plain(name).then(|| name.clone()))));
    (texts, faults)
}

/// Everything that is wrong with `labels`. Empty when they may be stored.
#[must_use]
pub fn metadata_faults(labels: &BTreeMap<String, String>) -> Vec<MetadataFault> {
    let mut faults = Vec::new();
    if labels.len() > MAX_METADATA_KEYS {
        faults.push(MetadataFault::TooMany);
    }
    if labels.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum::<usize>() > MAX_BYTES {
        faults.push(MetadataFault::TooLarge);
    }
    for (name, value) in labels {
        let is_plain = is_plain(name);
        let shown = is_plain.then(|| name.clone());
        if !is_plain || !(1..=MAX_NAME_BYTES).contains(&name.len()) {
            faults.push(MetadataFault::Name(shown.clone()));
        } else if is_reserved_label(name) {
            faults.push(MetadataFault::Reserved(name.clone()));
        }
        if value.chars().count() > MAX_VALUE_CHARS || !is_legible(value) {
            faults.push(MetadataFault::Value(shown));
        }
    }
    faults
}

fn is_plain(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// Whether a text has no control characters except line ends and tabs. lomi's database cannot store the others, and its
/// answer looks like an outage.
#[must_use]
pub fn is_legible(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(name: &str, value: &str) -> Vec<MetadataFault> {
        metadata_faults(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn labels_cannot_use_lomis_reserved_names() {
        for name in ["organization_id", "payment_flow", "original_amount", "stripe_x", "order_id"] {
            assert_eq!(faults(name, "x"), [MetadataFault::Reserved(name.to_owned())]);
        }
        for name in ["channel", "my_source", "a-b.c_1", "originality"] {
            assert_eq!(faults(name, "x"), []);
        }
    }

    #[test]
    fn labels_are_bounded_and_legible() {
        assert_eq!(faults("a b", ""), [MetadataFault::Name(None)]);
        assert_eq!(faults("", ""), [MetadataFault::Name(Some(String::new()))]);
        assert_eq!(faults("a", "\u{0}"), [MetadataFault::Value(Some("a".to_owned()))]);
        assert_eq!(faults("a", &"é".repeat(501)), [MetadataFault::Value(Some("a".to_owned()))]);
        let many = (0..51).map(|number| (format!("n{number}"), "x".repeat(100))).collect();
        assert_eq!(metadata_faults(&many), [MetadataFault::TooMany, MetadataFault::TooLarge]);
    }

    #[test]
    fn a_nested_value_is_no_label() {
        let labels = serde_json::from_str(r#"{"a":{},"b":[1],"c":null,"d e":{},"f":1,"g":true}"#).unwrap();
        let (texts, faults) = kept_labels(&labels);
        let kind = |name: &str| MetadataFault::Kind(Some(name.to_owned()));
        let of_name = [MetadataFault::Name(None), kind("a"), kind("b"), kind("c"), MetadataFault::Kind(None)];
        assert_eq!((faults, texts["f"].as_str(), texts["g"].as_str()), (of_name.into(), "1", "true"));
    }
}
