//! Amounts as text for people.

use domain::{Currency, Money};
use lambda_kit::language::Language;
use std::fmt::Write;

/// Between groups of thousands: a narrow no-break space.
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
    fn an_amount_is_formatted_for_its_language() {
        let shown =
            |amount, currency, language| shown(money(amount, currency), language).replace(['\u{202f}', '\u{a0}'], " ");
        assert_eq!(shown(1_234_500, Currency::Xof, Language::French), "1 234 500 FCFA");
        assert_eq!(shown(500, Currency::Xof, Language::English), "500 FCFA");
        assert_eq!(shown(123_405, Currency::Eur, Language::French), "1 234,05 EUR");
        assert_eq!(shown(5, Currency::Usd, Language::English), "0.05 USD");
    }

    #[test]
    fn a_displayed_amount_parses_to_the_same_amount() {
        for amount in [money(1_234_500, Currency::Xof), money(123_405, Currency::Eur), money(7, Currency::Usd)] {
            for language in [Language::French, Language::English] {
                let text = shown(amount, language);
                let (typed, _) = text.split_once('\u{a0}').unwrap();
                assert_eq!(Money::from_typed(typed, amount.currency()), Ok(amount), "{text}");
            }
        }
    }
}
