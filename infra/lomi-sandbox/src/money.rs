//! Amounts: decimal JSON numbers in the major unit of the currency, held as integers.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use strum::{AsRefStr, Display, EnumString, VariantNames};

/// In hundredths. A larger JSON number is not exact in every reader.
const MAX_HUNDREDTHS: i64 = 1_000_000_000_000_000;
/// The fixed parity of the CFA franc.
const FRANCS_PER_1000_EUR: i64 = 655_957;

/// Currencies a session can be opened in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, AsRefStr, Display, EnumString, VariantNames)]
#[serde(rename_all = "UPPERCASE")]
#[strum(serialize_all = "UPPERCASE")]
pub(crate) enum Currency {
    Xof,
    Usd,
    Eur,
}

impl Currency {
    /// The currency that the card processor books, in its spelling.
    pub(crate) const fn processor_code(self) -> &'static str {
        match self {
            Self::Xof | Self::Eur => "eur",
            Self::Usd => "usd",
        }
    }
}

/// A decimal with two places, held in hundredths. Negative only as received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Amount(i64);

impl Amount {
    /// One hundredth.
    pub(crate) const CENT: Self = Self(1);

    pub(crate) const fn whole(units: u32) -> Self {
        // A hundred times a u32 fits an i64.
        Self(units as i64 * 100)
    }

    /// From a JSON number; digits past the second place are rounded half up. `None` for anything else.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        value.as_number().and_then(|number| Self::parse(&number.to_string()))
    }

    /// From decimal text without an exponent.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (units, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(units) || !all_digits(fraction) {
            return None;
        }
        let thousandths: i64 = format!("{fraction:0<3}").chars().take(3).collect::<String>().parse().ok()?;
        let hundredths = units.parse::<i64>().ok()?.checked_mul(100)?.checked_add((thousandths + 5) / 10)?;
        (hundredths <= MAX_HUNDREDTHS).then_some(Self(sign * hundredths))
    }

    pub(crate) const fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub(crate) fn times(self, quantity: u32) -> Option<Self> {
        self.0.checked_mul(i64::from(quantity)).filter(|total| *total <= MAX_HUNDREDTHS).map(Self)
    }

    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).filter(|total| *total <= MAX_HUNDREDTHS).map(Self)
    }

    pub(crate) const fn minus(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }

    /// `rate` thousandths of the amount, rounded to the smallest unit of the currency.
    pub(crate) const fn permille(self, rate: i64, currency: Currency) -> Self {
        let unit = if matches!(currency, Currency::Xof) { 100 } else { 1 };
        let step = 1000 * unit;
        Self((self.0 * rate + step / 2) / step * unit)
    }

    /// In cents of the currency that the card processor books. Francs convert at the fixed parity.
    pub(crate) const fn processor_cents(self, currency: Currency) -> i64 {
        match currency {
            // Twice the numerator, so that adding the divisor once rounds half up.
            Currency::Xof => (self.0 * 2_000 + FRANCS_PER_1000_EUR) / (2 * FRANCS_PER_1000_EUR),
            Currency::Usd | Currency::Eur => self.0,
        }
    }

    /// In francs. Euros convert at the fixed parity; the rate of the dollar is invented.
    pub(crate) const fn in_francs(self, currency: Currency) -> Self {
        match currency {
            Currency::Xof => self,
            Currency::Eur => self.permille(FRANCS_PER_1000_EUR, Currency::Xof),
            Currency::Usd => self.permille(600_000, Currency::Xof),
        }
    }

    /// Converts by the rates of [`Self::in_francs`].
    pub(crate) const fn converted(self, from: Currency, to: Currency) -> Self {
        let francs = self.in_francs(from);
        match (from, to) {
            (Currency::Xof, Currency::Xof) | (Currency::Usd, Currency::Usd) | (Currency::Eur, Currency::Eur) => self,
            (_, Currency::Xof) => francs,
            (_, Currency::Eur) => Self(francs.processor_cents(Currency::Xof)),
            (_, Currency::Usd) => Self(francs.0 / 600),
        }
    }

    /// `25000`, `12.5` or `-3.05`: the shortest decimal.
    pub(crate) fn text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (units, rest) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        match rest {
            0 => format!("{sign}{units}"),
            rest if rest % 10 == 0 => format!("{sign}{units}.{}", rest / 10),
            rest => format!("{sign}{units}.{rest:02}"),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 100 == 0 {
            return serializer.serialize_i64(self.0 / 100);
        }
        // A bounded number with two decimals survives the nearest double unchanged.
        match self.text().parse() {
            Ok(number) => serializer.serialize_f64(number),
            Err(_) => serializer.serialize_none(),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_json(&value).ok_or_else(|| de::Error::custom("expected a decimal amount"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn decimals_keep_two_places_and_round_half_up() {
        let text = |value: Value| Amount::from_json(&value).map(Amount::text);
        assert_eq!(text(json!(25000)).as_deref(), Some("25000"));
        assert_eq!(text(json!(25000.0)).as_deref(), Some("25000"));
        assert_eq!(text(json!(12.345)).as_deref(), Some("12.35"));
        assert_eq!(text(json!(-0.5)).as_deref(), Some("-0.5"));
        assert_eq!(text(json!(1e300)), None);
        assert_eq!(text(json!("25000")), None);
    }

    #[test]
    fn an_amount_is_written_as_a_whole_number_when_it_is_one() {
        assert_eq!(serde_json::to_string(&Amount::whole(25_000)).unwrap(), "25000");
        assert_eq!(serde_json::to_string(&Amount::parse("0.1").unwrap()).unwrap(), "0.1");
    }

    #[test]
    fn francs_become_cents_at_the_fixed_parity() {
        for (francs, cents) in [(25_000, 3811), (1_000, 152), (10_000, 1524)] {
            assert_eq!(Amount::whole(francs).processor_cents(Currency::Xof), cents);
        }
        assert_eq!(Amount::parse("12.5").unwrap().processor_cents(Currency::Usd), 1250);
    }

    #[test]
    fn a_fee_in_francs_has_no_fraction() {
        assert_eq!(Amount::whole(25_000).permille(30, Currency::Xof), Amount::whole(750));
        assert_eq!(Amount::whole(1_001).permille(30, Currency::Xof), Amount::whole(30));
        assert_eq!(Amount::whole(1_001).permille(30, Currency::Eur).text(), "30.03");
    }
}
