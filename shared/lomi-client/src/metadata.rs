//! Metadata in lomi's answers: any JSON object.

use std::fmt;

use serde_json::{Map, Value};

/// The merchant's own keys and keys that lomi adds. Values may be any JSON. lomi adds the payer's phone, so `Debug`
/// shows only the names.
#[derive(Clone, Default, PartialEq)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    pub(crate) fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// The value of `key` when it is a string.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    /// Whether the value of `key` is the JSON value `true`, not a text that looks like it.
    pub fn is_true(&self, key: &str) -> bool {
        self.0.get(key) == Some(&Value::Bool(true))
    }

    /// Every field, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metadata")?;
        f.debug_list().entries(self.0.keys()).finish()
    }
}
