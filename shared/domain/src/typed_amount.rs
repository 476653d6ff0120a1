//! Parses amounts that a person types. Every form of the backend uses this parser.
//!
//! French writes `1 234,50`, English `1,234.50`, and many people write `1.234`. A text that could mean two amounts is
//! refused, so that the person types it again.

use crate::{Currency, Money};

/// The longest text that is parsed, in characters.
const MAX_CHARS: usize = 32;
/// Group separators: space, no-break space, narrow no-break space, thin space.
const SPACES: [char; 4] = [' ', '\u{a0}', '\u{202f}', '\u{2009}'];
/// How many digits a group has.
const GROUP_DIGITS: usize = 3;

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypedAmountError {
    /// It has two readings that differ by a factor of 1000, as `10.000` or `1,234`.
    #[error("the text can be read in two ways")]
    Ambiguous,
    /// It is not a number, has groups other than thousands, or has more decimals than the currency.
    #[error("the text is no amount of the currency")]
    Unreadable,
    /// It is zero, or more than [`MAX_AMOUNT_MINOR`](crate::MAX_AMOUNT_MINOR).
    #[error("the amount is out of range")]
    OutOfRange,
}

impl Money {
    /// Parses an amount in major units: francs for XOF, dollars or euros with up to two decimals.
    ///
    /// Accepts plain digits, or groups of three separated by spaces, points or commas, and decimals after a point or a
    /// comma. One point or comma followed by three digits is ambiguous in every currency. A sign, an exponent or a
    /// currency name is refused.
    pub fn from_typed(text: &str, currency: Currency) -> Result<Self, TypedAmountError> {
        if text.chars().count() > MAX_CHARS {
            return Err(TypedAmountError::Unreadable);
        }
        let plain: String = text.trim().chars().map(|c| if SPACES.contains(&c) { ' ' } else { c }).collect();
        let groups: Vec<&str> = plain.split([' ', '.', ',']).collect();
        let marks: Vec<char> = plain.chars().filter(|c| matches!(c, ' ' | '.' | ',')).collect();
        let is_number = groups.iter().all(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
        if !is_number {
            return Err(TypedAmountError::Unreadable);
        }
        let (thousands, decimals) = split(&groups, &marks)?;
        minor_units(thousands, decimals, currency)
    }
}

/// Splits the groups from the decimals, which are empty when there are none.
fn split<'a, 'b>(groups: &'b [&'a str], marks: &[char]) -> Result<(&'b [&'a str], &'a str), TypedAmountError> {
    let Some((last, others)) = marks.split_last() else { return Ok((groups, "")) };
    let is_one_kind = others.iter().all(|mark| Some(mark) == others.first());
    let is_space_or_repeated = *last == ' ' || others.contains(last);
    match groups {
        _ if !is_one_kind || (is_space_or_repeated && others.iter().any(|mark| mark != last)) => {
            Err(TypedAmountError::Unreadable)
        }
        _ if is_space_or_repeated => Ok((groups, "")),
        [_, decimals] if decimals.len() == GROUP_DIGITS => Err(TypedAmountError::Ambiguous),
        [thousands @ .., decimals] => Ok((thousands, *decimals)),
        [] => Err(TypedAmountError::Unreadable),
    }
}

fn minor_units(thousands: &[&str], decimals: &str, currency: Currency) -> Result<Money, TypedAmountError> {
    let places = usize::from(currency.exponent());
    let first_digits = thousands.first().map_or(0, |group| group.len());
    let mut rest = thousands.iter().skip(1);
    let is_grouped = thousands.len() == 1 || first_digits <= GROUP_DIGITS;
    let is_in_threes = is_grouped && rest.all(|group| group.len() == GROUP_DIGITS);
    let units = thousands.concat();
    // `010` is a typing mistake, and the intended amount is unknown.
    let is_plain = units == "0" || !units.starts_with('0');
    if !is_in_threes || !is_plain || decimals.len() > places {
        return Err(TypedAmountError::Unreadable);
    }
    // There are only digits: parsing fails only when there are too many.
    let minor = format!("{units}{decimals:0<places$}").parse().map_err(|_| TypedAmountError::OutOfRange)?;
    Money::new(minor, currency).ok_or(TypedAmountError::OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;
    use TypedAmountError::{Ambiguous, OutOfRange, Unreadable};
    use proptest::prelude::*;

    fn typed(text: &str, currency: Currency) -> Result<i64, TypedAmountError> {
        Money::from_typed(text, currency).map(Money::amount_minor)
    }

    #[test]
    fn francs_are_read_with_the_groups_of_both_languages() {
        for text in ["10000", " 10 000 ", "10\u{a0}000", "10\u{202f}000", "10\u{2009}000"] {
            assert_eq!(typed(text, Currency::Xof), Ok(10_000), "{text}");
        }
        for text in ["1 234 567", "1,234,567", "1.234.567", "1234567"] {
            assert_eq!(typed(text, Currency::Xof), Ok(1_234_567), "{text}");
        }
    }

    #[test]
    fn cents_are_read_with_the_points_of_both_languages() {
        for text in ["1234,50", "1234.50", "1 234,50", "1,234.50", "1.234,50", "1234,5", "1\u{202f}234.5"] {
            for currency in [Currency::Eur, Currency::Usd] {
                assert_eq!(typed(text, currency), Ok(123_450), "{text}");
            }
        }
        assert_eq!(typed("0,05", Currency::Eur), Ok(5));
        assert_eq!(typed("1,234,567", Currency::Eur), Ok(123_456_700));
        assert_eq!(typed("12", Currency::Usd), Ok(1_200));
    }

    #[test]
    fn an_ambiguous_amount_is_refused() {
        for text in ["10.000", "10,000", "1,234", "1.234", "0.500", "1234.567"] {
            for currency in Currency::ALL {
                assert_eq!(typed(text, currency), Err(Ambiguous), "{text} {currency}");
            }
        }
    }

    #[test]
    fn a_text_without_an_amount_is_refused() {
        for text in [
            "",
            " ",
            ".",
            "5.",
            ",5",
            "-5",
            "+5",
            "1e3",
            "5.5.5",
            "10 00",
            "1000 000",
            "10  000",
            "1,23,456",
            "1 234 56",
            "1,234 567",
            "1 234.567,8",
            "1.234,567.8",
            "5000 F",
            "XOF 5",
            "007",
            "0 500",
            "٥٠٠",
            "5\u{2212}",
            "0x10",
            "12,505,0",
        ] {
            for currency in Currency::ALL {
                assert_eq!(typed(text, currency), Err(Unreadable), "{text} {currency}");
            }
        }
        for text in ["12,50", "12.5", "10 000,00", "1,234.5"] {
            assert_eq!(typed(text, Currency::Xof), Err(Unreadable), "{text}");
        }
        for text in ["12.5055", "1 234,567"] {
            assert_eq!(typed(text, Currency::Eur), Err(Unreadable), "{text}");
        }
    }

    #[test]
    fn zero_and_too_large_amounts_are_out_of_range() {
        for text in ["0", "1 000 000 000 001", "99999999999999999999999"] {
            assert_eq!(typed(text, Currency::Xof), Err(OutOfRange), "{text}");
        }
        assert_eq!(typed("0,00", Currency::Eur), Err(OutOfRange));
        assert_eq!(typed(&"9".repeat(33), Currency::Xof), Err(Unreadable));
    }

    fn grouped(units: i64, mark: char) -> String {
        let digits = units.to_string();
        let mut text = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(mark);
            }
            text.push(digit);
        }
        text
    }

    proptest! {
        #[test]
        fn an_amount_is_read_as_written_or_not_at_all(minor in 1..=1_000_000_000_000_i64, mark in 0..4_usize, point in 0..2_usize) {
            let (mark, point) = ([' ', '\u{202f}', ',', '.'][mark], [',', '.'][point]);
            let francs = typed(&grouped(minor, mark), Currency::Xof);
            prop_assert!(francs == Ok(minor) || (francs == Err(Ambiguous) && minor < 1_000_000));
            let text = format!("{}{point}{:02}", grouped(minor / 100, mark), minor % 100);
            let cents = typed(&text, Currency::Eur);
            prop_assert!(cents == Ok(minor) || (mark == point && cents == Err(Unreadable)), "{text}: {cents:?}");
        }

        #[test]
        fn no_text_is_read_as_more_digits_than_it_has(text in "[0-9 .,]{0,14}") {
            if let Ok(minor) = typed(&text, Currency::Eur) {
                let digits = text.chars().filter(char::is_ascii_digit).count();
                prop_assert!(minor.to_string().len() <= digits + 2);
            }
        }
    }
}
