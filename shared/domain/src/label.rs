//! One value of a label, as the merchant's backend may write it.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

/// A text, a flag or a number: what lomi's documentation shows as label values. Orders store texts, so all become
/// texts.
///
/// Other JSON values parse as well, so that the caller can refuse them with a message of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Text(String),
    Flag(bool),
    /// The digits as written: a parsed number would lose some.
    Number(String),
    Other,
}

impl Label {
    /// The text that is stored: `true` or `false` for a flag, the digits as written for a number. `None` for other
    /// JSON.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        match &self.0 {
            Kind::Text(text) | Kind::Number(text) => Some(text.clone()),
            Kind::Flag(flag) => Some(flag.to_string()),
            Kind::Other => None,
        }
    }

    /// Whether the value is a text. A shopper's notes may be nothing else.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        matches!(self.0, Kind::Text(_))
    }

    /// The value as JSON, for places that keep the type. `None` for other JSON.
    #[must_use]
    pub fn to_json(&self) -> Option<Value> {
        match &self.0 {
            Kind::Text(text) => Some(text.clone().into()),
            Kind::Flag(flag) => Some((*flag).into()),
            Kind::Number(digits) => serde_json::from_str(digits).ok(),
            Kind::Other => None,
        }
    }

    fn of_json(json: &str) -> Kind {
        match json.bytes().next() {
            Some(b'"') => serde_json::from_str(json).map_or(Kind::Other, Kind::Text),
            Some(b't' | b'f') => serde_json::from_str(json).map_or(Kind::Other, Kind::Flag),
            _ => serde_json::from_str::<Number>(json).map_or(Kind::Other, |_| Kind::Number(json.to_owned())),
        }
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(Self::of_json(raw.get())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Label {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_label_is_kept_as_it_was_written() {
        for (json, text) in [
            (r#""caf\u00e9""#, "café"),
            ("true", "true"),
            ("false", "false"),
            ("12", "12"),
            ("-1.50", "-1.50"),
            ("123456789012345678901234", "123456789012345678901234"),
        ] {
            assert_eq!(read(json).to_text().as_deref(), Some(text), "{json}");
            assert!(read(json).to_json().is_some(), "{json}");
        }
        assert_eq!(read("12").to_json(), Some(12.into()));
        for json in ["null", "1e999", "{}", r#"{"a":1}"#, "[]", r#"["a"]"#] {
            assert_eq!((read(json).to_text(), read(json).to_json()), (None, None), "{json}");
        }
    }
}
