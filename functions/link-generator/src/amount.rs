//! Amounts as people write them and type them.

use domain::{Currency, Money};
use edge::language::Language;
use std::fmt::Write;

/// Between groups of thousands: a space that does not break the line.
const GROUP: char = '\u{202f}';

/// `12 500 FCFA`, `12,50 EUR` in French, `12.50 EUR` in English.
pub(crate) fn shown(money: Money, language: Language) -> String {
    let (units, rest) = split(money);
    let mut text = grouped(units);
    if let Some(rest) = rest {
        let point = if language == Language::French { ',' } else { '.' };
        let _ = write!(text, "{point}{rest}");
    }
    let name = if money.currency() == Currency::Xof { "FCFA" } else { money.currency().code() };
    format!("{text}\u{a0}{name}")
}

/// `12500`, `12.50`: what a number field of a form takes.
pub(crate) fn plain(money: Money) -> String {
    match split(money) {
        (units, Some(rest)) => format!("{units}.{rest}"),
        (units, None) => units.to_string(),
    }
}

/// What was typed into a number field, in minor units. `None` for what is no such number.
pub(crate) fn typed(text: &str, currency: Currency) -> Option<i64> {
    let places = usize::from(currency.exponent());
    let (units, rest) = text.trim().split_once(['.', ',']).unwrap_or((text.trim(), ""));
    let is_number = !units.is_empty() && units.len() <= 15 && units.chars().chain(rest.chars()).all(is_digit);
    let fits = is_number && rest.len() <= places;
    fits.then(|| format!("{units}{rest:0<places$}").parse().ok()).flatten()
}

const fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Major units, and the digits after the point where the currency has some.
fn split(money: Money) -> (i64, Option<String>) {
    let exponent = u32::from(money.currency().exponent());
    let factor = 10_i64.pow(exponent);
    let (units, rest) = (money.amount_minor() / factor, money.amount_minor() % factor);
    let places = usize::from(money.currency().exponent());
    (units, (exponent > 0).then(|| format!("{rest:0>places$}")))
}

fn grouped(units: i64) -> String {
    let digits = units.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(GROUP);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: i64, currency: Currency) -> Money {
        Money::new(amount, currency).unwrap()
    }

    #[test]
    fn an_amount_is_written_as_its_readers_write_it() {
        let shown =
            |amount, currency, language| shown(money(amount, currency), language).replace(['\u{202f}', '\u{a0}'], " ");
        assert_eq!(shown(1_234_500, Currency::Xof, Language::French), "1 234 500 FCFA");
        assert_eq!(shown(500, Currency::Xof, Language::English), "500 FCFA");
        assert_eq!(shown(123_405, Currency::Eur, Language::French), "1 234,05 EUR");
        assert_eq!(shown(5, Currency::Usd, Language::English), "0.05 USD");
    }

    #[test]
    fn what_is_typed_is_read_to_the_last_digit_or_not_at_all() {
        assert_eq!(typed("5000", Currency::Xof), Some(5000));
        assert_eq!(typed("12.5", Currency::Eur), Some(1250));
        assert_eq!(typed("12,05", Currency::Eur), Some(1205));
        assert_eq!(typed("12", Currency::Usd), Some(1200));
        for wrong in ["", ".", "-5", "5.5.5", "1e3", "5 000", "9999999999999999"] {
            assert_eq!(typed(wrong, Currency::Xof), None, "{wrong}");
        }
        assert_eq!(typed("5.5", Currency::Xof), None);
        assert_eq!(typed("5.555", Currency::Eur), None);
    }

    #[test]
    fn a_form_is_filled_with_what_it_reads_back() {
        for amount in [money(5000, Currency::Xof), money(1205, Currency::Eur), money(7, Currency::Usd)] {
            assert_eq!(typed(&plain(amount), amount.currency()), Some(amount.amount_minor()));
        }
    }
}
