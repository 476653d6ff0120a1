//! A whole number as lomi's documents print it.

use lomi_client::Amount;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A whole number in any notation without an exponent: lomi's documents type amounts and counts as `number`, and some
/// JSON libraries print `10000.0`. It is read from its digits, never through a float.
///
/// Any other JSON value deserialises too, to `None`, so that the caller reports it with a text of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole(Option<i64>);

impl Whole {
    /// The number; `None` for a fraction, an exponent, a number out of range, and a value that is no number.
    #[must_use]
    pub const fn get(self) -> Option<i64> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let plain = Some(raw.get()).filter(|text| !text.contains(['e', 'E']));
        let number = plain.and_then(|text| text.parse::<Amount>().ok());
        Ok(Self(number.and_then(|number| number.to_scaled(0))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integral_float_is_read_as_a_whole_number() {
        let read = |json: &str| serde_json::from_str::<Whole>(json).unwrap().get();
        for json in ["10000", "10000.0", "10000.000"] {
            assert_eq!(read(json), Some(10_000), "{json}");
        }
        assert_eq!(read("9007199254740993.0"), Some(9_007_199_254_740_993), "no float ever held it");
        for json in ["10000.5", "1e4", "1.0E4", "1e-1", "1e30", "\"10000\"", "true", "[]", "{}"] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
