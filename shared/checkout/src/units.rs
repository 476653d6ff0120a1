//! Converts between our minor units and lomi's numbers.
//!
//! XOF is whole francs in every source. For USD and EUR lomi's material is contradictory. Its server (June 2026) stores
//! `numeric(…,2)` and documents amounts such as `0.50 EUR`, so this code sends and expects a major unit with decimals.
//! Read one live session back before selling in those currencies.

use domain::{Currency, Discount, Environment, MAX_AMOUNT_MINOR, Money};
use lomi_client::{Amount, CurrencyCode};

/// The amount in lomi's unit.
#[must_use]
pub fn to_lomi(money: Money) -> Option<Amount> {
    Amount::from_scaled(money.amount_minor(), money.currency().exponent())
}

/// The money of lomi's number. `None` unless it is an exact amount of a known currency.
pub(crate) fn from_lomi(amount: Option<Amount>, currency: Option<&CurrencyCode>) -> Option<Money> {
    from_lomi_in(amount?, Currency::from_code(currency?.as_str())?)
}

/// The same in a currency that lomi does not repeat.
pub(crate) fn from_lomi_in(amount: Amount, currency: Currency) -> Option<Money> {
    Money::new(amount.to_scaled(currency.exponent())?, currency)
}

/// The gross amount in minor units, which may be 0, and the discount. `None` when the gross amount or its currency is
/// unknown.
pub(crate) fn paid_from_lomi(
    gross: Option<Amount>,
    discount: Option<Amount>,
    currency: Option<&CurrencyCode>,
) -> Option<(i64, Currency, Discount)> {
    let known = Currency::from_code(currency?.as_str())?;
    let gross_minor = minor_units(gross, currency).filter(|minor| (0..=MAX_AMOUNT_MINOR).contains(minor))?;
    let minor = minor_units(discount, currency).and_then(|minor| u64::try_from(minor).ok());
    let otherwise = if discount.is_some() { Discount::Unreadable } else { Discount::NotReported };
    Some((gross_minor, known, minor.map_or(otherwise, Discount::Minor)))
}

/// lomi's number in our minor units, for display: 0 and negative numbers too. `None` when it is not a whole number of
/// minor units, or the currency is unknown.
#[must_use]
pub fn minor_units(amount: Option<Amount>, currency: Option<&CurrencyCode>) -> Option<i64> {
    amount?.to_scaled(Currency::from_code(currency?.as_str())?.exponent())
}

pub(crate) const fn environment_from_lomi(environment: lomi_client::Environment) -> Environment {
    match environment {
        lomi_client::Environment::Test => Environment::Sandbox,
        lomi_client::Environment::Live => Environment::Live,
    }
}

/// lomi's name of an environment in `metadata.payment_environment`.
pub(crate) const fn environment_to_lomi(environment: Environment) -> &'static str {
    match environment {
        Environment::Sandbox => "test",
        Environment::Live => "live",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, currency: &str) -> Option<Money> {
        let amount: Amount = serde_json::from_str(json).unwrap();
        from_lomi(Some(amount), Some(&CurrencyCode::parse(currency).unwrap()))
    }

    #[test]
    fn francs_are_whole_and_euros_have_cents() {
        assert_eq!(read("25000", "XOF"), Money::new(25_000, Currency::Xof));
        assert_eq!(read("25000.0", "XOF"), Money::new(25_000, Currency::Xof));
        assert_eq!(read("25000.5", "XOF"), None);
        assert_eq!(read("19.99", "EUR"), Money::new(1999, Currency::Eur));
        assert_eq!(read("19.999", "EUR"), None);
        assert_eq!(read("5", "GHS"), None);
    }

    #[test]
    fn an_amount_survives_the_conversion_to_lomis_units() {
        for money in [Money::new(25_000, Currency::Xof).unwrap(), Money::new(1999, Currency::Usd).unwrap()] {
            let wire = serde_json::to_string(&to_lomi(money).unwrap()).unwrap();
            assert_eq!(read(&wire, money.currency().code()), Some(money));
        }
    }
}
