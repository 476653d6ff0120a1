//! Money as text, in lomi's unit and in minor units.

use checkout::units;
use domain::{Currency, MAX_AMOUNT_MINOR, Money};
use lambda_kit::language::Language;
use lomi_client::{Amount, CurrencyCode};

#[path = "../../../functions/link-generator/src/amount.rs"]
mod form;

/// Any text taken as an amount, and numbers made of its bytes.
pub fn money(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        what_is_read_is_what_is_written(text);
        what_is_typed_is_what_is_charged(text);
    }
    let (left, right) = (integer(data.get(..8)), integer(data.get(8..16)));
    sums_and_products_are_exact_or_refused(left, right);
    sums_and_products_are_exact_or_refused(left.rem_euclid(MAX_AMOUNT_MINOR), right.rem_euclid(1000));
}

fn integer(bytes: Option<&[u8]>) -> i64 {
    bytes.and_then(|bytes| bytes.try_into().ok()).map(i64::from_le_bytes).unwrap_or_default()
}

fn what_is_read_is_what_is_written(text: &str) {
    let Ok(amount) = text.parse::<Amount>() else { return };
    let printed = amount.to_string();
    assert_eq!(value_of(&printed), value_of(text), "{text} was read as {printed}");
    assert_eq!(printed.parse(), Ok(amount));
    assert!(serde_json::to_string(&amount).is_ok_and(|json| json == printed), "{printed}");
    for json in [printed.clone(), format!("\"{printed}\"")] {
        assert!(serde_json::from_str::<Amount>(&json).is_ok_and(|read| read == amount), "{json}");
    }
    for scale in 0..=18 {
        if let Some(units) = amount.to_scaled(scale) {
            assert_eq!(Amount::from_scaled(units, scale), Some(amount), "{printed} at scale {scale}");
        }
    }
    for currency in Currency::ALL {
        charges_exactly(amount, currency);
    }
}

/// Our minor units and lomi's number convert to each other exactly, or not at all.
fn charges_exactly(amount: Amount, currency: Currency) {
    let code = CurrencyCode::parse(currency.code()).ok();
    let minor = units::minor_units(Some(amount), code.as_ref());
    if let Some(money) = minor.and_then(|minor| Money::new(minor, currency)) {
        assert_eq!(units::to_lomi(money), Some(amount), "{amount} {currency}");
        for language in [Language::English, Language::French] {
            let shown = form::shown(money, language);
            let typed = shown.split('\u{a0}').next().unwrap_or_default();
            assert_eq!(Money::from_typed(typed, currency), Ok(money), "{shown}");
        }
    }
    let other_exponent = Currency::ALL.into_iter().find(|other| other.exponent() != currency.exponent());
    let other = other_exponent.and_then(|other| CurrencyCode::parse(other.code()).ok());
    let elsewhere = units::minor_units(Some(amount), other.as_ref());
    assert!(minor.is_none() || minor == Some(0) || minor != elsewhere, "{amount} is the same in every currency");
}

/// A typed amount is read to the last digit or refused. Three digits behind a lone separator are always refused.
fn what_is_typed_is_what_is_charged(text: &str) {
    for currency in Currency::ALL {
        let Ok(money) = Money::from_typed(text, currency) else { continue };
        let bare: String = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
        let (whole, decimals) = match bare.rsplit_once(['.', ',']) {
            Some((whole, decimals)) if decimals.len() < 3 => (whole, decimals),
            _ => (bare.as_str(), ""),
        };
        let plain = format!("{}.{decimals}", whole.replace(['.', ','], ""));
        let read = format!("{}e-{}", money.amount_minor(), currency.exponent());
        assert_eq!(value_of(&read), value_of(&plain), "{text} {currency}");
        let behind_a_lone_mark = text.trim().split_once(['.', ',']).map_or("", |(_, rest)| rest);
        assert!(behind_a_lone_mark.len() != 3 || behind_a_lone_mark.contains(['.', ',', ' ']), "{text} {currency}");
    }
}

fn sums_and_products_are_exact_or_refused(left: i64, right: i64) {
    let sellable = |exact: i128| (1..=i128::from(MAX_AMOUNT_MINOR)).contains(&exact).then_some(exact);
    let money = |minor| Money::new(minor, Currency::Xof);
    assert_eq!(money(left).map(exact), sellable(left.into()));
    let Some(amount) = money(left) else { return };
    if let Ok(quantity) = u32::try_from(right) {
        assert_eq!(amount.times(quantity).map(exact), sellable(i128::from(left) * i128::from(quantity)));
    }
    if let Some(other) = money(right) {
        assert_eq!(amount.plus(other).map(exact), sellable(i128::from(left) + i128::from(right)));
        assert_eq!(amount.plus(other), other.plus(amount));
    }
    let euros = Money::new(right, Currency::Eur);
    assert_eq!(euros.and_then(|euros| amount.plus(euros)), None);
}

fn exact(money: Money) -> i128 {
    money.amount_minor().into()
}

/// The normalised value of a decimal number: sign, digits without zeros at either end, and the power of ten of the
/// last digit. Implemented on text, so that it shares no mistake with the code under test.
fn value_of(text: &str) -> Option<(bool, String, i64)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (is_negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{decimals}");
    let digits = all.trim_end_matches('0');
    let zeros = i64::try_from(all.len() - digits.len()).ok()?;
    let power = exponent.parse::<i64>().ok()? - i64::try_from(decimals.len()).ok()? + zeros;
    let digits = digits.trim_start_matches('0');
    Some(if digits.is_empty() { (false, String::new(), 0) } else { (is_negative, digits.to_owned(), power) })
}
