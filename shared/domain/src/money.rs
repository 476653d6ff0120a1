//! Money as integers in the currency's minor unit (ISO 4217). There is no float in this crate.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The largest amount that this backend accepts, in minor units: more than any real purchase, and small enough that a
/// sum of [`crate::MAX_CART_LINES`] lines cannot overflow.
pub const MAX_AMOUNT_MINOR: i64 = 1_000_000_000_000;

/// A currency that lomi can charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// West African CFA franc: no minor unit, 10000 is ten thousand francs.
    Xof,
    /// US dollar, in cents.
    Usd,
    /// Euro, in cents.
    Eur,
}

impl Currency {
    /// Every currency that lomi can charge.
    pub const ALL: [Self; 3] = [Self::Xof, Self::Usd, Self::Eur];

    /// The ISO 4217 alphabetic code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Xof => "XOF",
            Self::Usd => "USD",
            Self::Eur => "EUR",
        }
    }

    /// How many decimals separate the minor from the major unit (ISO 4217).
    #[must_use]
    pub const fn exponent(self) -> u8 {
        match self {
            Self::Xof => 0,
            Self::Usd | Self::Eur => 2,
        }
    }

    /// The currency with this exact upper-case code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code() == code)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A positive amount in one currency, 1 to [`MAX_AMOUNT_MINOR`] minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    amount_minor: i64,
    currency: Currency,
}

impl Money {
    /// `None` unless `1 <= amount_minor <= MAX_AMOUNT_MINOR`.
    #[must_use]
    pub const fn new(amount_minor: i64, currency: Currency) -> Option<Self> {
        if amount_minor >= 1 && amount_minor <= MAX_AMOUNT_MINOR { Some(Self { amount_minor, currency }) } else { None }
    }

    /// Whether the amount reaches lomi's minimum for cards: 1000 francs, 50 cents of a dollar or of a euro (lomi's
    /// documentation of card charges).
    #[must_use]
    pub const fn is_chargeable_by_card(self) -> bool {
        self.amount_minor
            >= match self.currency {
                Currency::Xof => 1_000,
                Currency::Usd | Currency::Eur => 50,
            }
    }

    /// The amount in the currency's minor unit.
    #[must_use]
    pub const fn amount_minor(self) -> i64 {
        self.amount_minor
    }

    /// The currency of the amount.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// This amount `quantity` times, `None` beyond [`MAX_AMOUNT_MINOR`].
    #[must_use]
    pub fn times(self, quantity: u32) -> Option<Self> {
        let amount_minor = self.amount_minor.checked_mul(i64::from(quantity))?;
        Self::new(amount_minor, self.currency)
    }

    /// The sum, `None` for two currencies or beyond [`MAX_AMOUNT_MINOR`].
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Self::new(self.amount_minor.checked_add(other.amount_minor)?, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn money_is_positive_and_bounded() {
        for amount_minor in [i64::MIN, -1, 0, MAX_AMOUNT_MINOR + 1, i64::MAX] {
            assert_eq!(Money::new(amount_minor, Currency::Xof), None);
        }
    }

    #[test]
    fn francs_and_euros_do_not_add_up() {
        let (francs, euros) = (Money::new(1, Currency::Xof), Money::new(1, Currency::Eur));
        assert_eq!(francs.unwrap().plus(euros.unwrap()), None);
    }

    proptest! {
        #[test]
        fn a_product_is_exact_or_refused(amount in 1..=MAX_AMOUNT_MINOR, quantity in 0u32..) {
            let exact = i128::from(amount) * i128::from(quantity);
            let money = Money::new(amount, Currency::Xof).unwrap().times(quantity);
            let expected = (1..=i128::from(MAX_AMOUNT_MINOR)).contains(&exact).then_some(exact);
            prop_assert_eq!(money.map(|m| i128::from(m.amount_minor())), expected);
        }
    }
}
