//! Money as an exact decimal, never a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

/// Longest number text that is read; a valid one is far shorter.
const MAX_TEXT_LEN: usize = 64;
/// Most decimals of an amount; ten to this power still fits in an `i64`.
const MAX_SCALE: u8 = 18;

/// An exact decimal amount in **lomi's own unit**, which the type cannot know.
///
/// XOF is whole francs in every source. For USD and EUR lomi's sources contradict each other (cents in the first
/// documents and in the plugins, units with decimals in the later ones), so the caller converts to minor units with
/// [`Amount::to_scaled`].
///
/// Bounds: an `i64` of at most 18 decimals; may be negative. `25000`, `25000.0` and `"25000.00"` are equal.
/// Reads a JSON number or a JSON string that holds one (an exponent is fine when the value is exact),
/// and writes a JSON number, an integer when whole. Reading and writing need `serde_json`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount {
    /// The digits without the decimal point; never a multiple of ten unless `scale` is zero.
    units: i64,
    /// How many of those digits are decimals.
    scale: u8,
}

/// The text is not a decimal number, or does not fit an [`Amount`] exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an exact decimal amount")]
pub struct AmountError;

impl Amount {
    /// `units` divided by ten to the power of `scale`: `from_scaled(25_000, 0)` is 25 000 francs and
    /// `from_scaled(1_999, 2)` is 19.99. `None` when `scale` is above 18.
    pub fn from_scaled(units: i64, scale: u8) -> Option<Self> {
        (scale <= MAX_SCALE).then(|| Self { units, scale }.normalised())
    }

    /// The amount times ten to the power of `scale`, or `None` when that is not a whole `i64`:
    /// 19.99 is `Some(1999)` at scale 2, and `None` at scale 0.
    pub fn to_scaled(self, scale: u8) -> Option<i64> {
        let zeros = scale.checked_sub(self.scale)?;
        self.units.checked_mul(power_of_ten(zeros)?)
    }

    /// Whether the amount is above zero.
    pub fn is_positive(self) -> bool {
        self.units > 0
    }

    fn normalised(mut self) -> Self {
        while self.scale > 0 && self.units % 10 == 0 {
            self.units /= 10;
            self.scale -= 1;
        }
        self
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        if text.len() > MAX_TEXT_LEN {
            return Err(AmountError);
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, decimals) = match mantissa.split_once('.') {
            Some((_, "")) => return Err(AmountError),
            Some((whole, decimals)) => (whole, decimals.trim_end_matches('0')),
            None => (mantissa, ""),
        };
        let units = read_units(whole, decimals)?;
        if units == 0 {
            return Ok(Self { units: 0, scale: 0 });
        }
        let decimals = i16::try_from(decimals.len()).map_err(|_| AmountError)?;
        place_point(units, decimals - exponent)
    }
}

/// An exponent of more than two digits cannot give a value that fits.
fn read_exponent(text: &str) -> Result<i16, AmountError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !matches!(digits.len(), 1 | 2) || !is_digits(digits) {
        return Err(AmountError);
    }
    text.parse().map_err(|_| AmountError)
}

/// The digits of both halves as one integer, in the JSON grammar: no leading zeros, no plus sign.
fn read_units(whole: &str, decimals: &str) -> Result<i64, AmountError> {
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", whole),
    };
    let has_leading_zero = digits.len() > 1 && digits.starts_with('0');
    if digits.is_empty() || has_leading_zero || !is_digits(digits) || !is_digits(decimals) {
        return Err(AmountError);
    }
    format!("{sign}{digits}{decimals}").parse().map_err(|_| AmountError)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn place_point(units: i64, decimals: i16) -> Result<Amount, AmountError> {
    let shift = u8::try_from(decimals.unsigned_abs()).map_err(|_| AmountError)?;
    if decimals < 0 {
        let factor = power_of_ten(shift).ok_or(AmountError)?;
        let units = units.checked_mul(factor).ok_or(AmountError)?;
        return Ok(Amount { units, scale: 0 });
    }
    let exact = Amount { units, scale: shift }.normalised();
    if exact.scale > MAX_SCALE { Err(AmountError) } else { Ok(exact) }
}

fn power_of_ten(exponent: u8) -> Option<i64> {
    10_i64.checked_pow(u32::from(exponent))
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(factor) = power_of_ten(self.scale).filter(|_| self.scale > 0) else {
            return write!(f, "{}", self.units);
        };
        let sign = if self.units < 0 { "-" } else { "" };
        let (units, factor) = (self.units.unsigned_abs(), factor.unsigned_abs());
        let width = usize::from(self.scale);
        write!(f, "{sign}{}.{:0width$}", units / factor, units % factor)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({self})")
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.scale == 0 {
            return serializer.serialize_i64(self.units);
        }
        // Only a raw value writes a decimal without a float.
        RawValue::from_string(self.to_string()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_json(&raw).map_err(de::Error::custom)
    }
}

impl Amount {
    /// Reads the JSON text of a number, or of a string that holds a number.
    pub(crate) fn from_json(raw: &RawValue) -> Result<Self, AmountError> {
        let text = raw.get();
        let unquoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        unquoted.unwrap_or(text).parse()
    }
}

#[cfg(test)]
#[path = "amount_tests.rs"]
mod tests;
