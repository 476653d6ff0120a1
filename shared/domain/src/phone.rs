//! A phone number: shown as written, compared by its digits.

use std::fmt;

/// How many digits a number has (E.164 allows at most 15).
const DIGITS: std::ops::RangeInclusive<usize> = 6..=15;
/// The longest written form, in characters.
const MAX_CHARS: usize = 32;

/// A phone number. Personal data: `Debug` hides it.
#[derive(Clone)]
pub struct PhoneNumber {
    written: String,
    digits: String,
}

impl PhoneNumber {
    /// Accepts spaces, dots, dashes and parentheses, and an optional `+` or `00` before the country code. `None` unless
    /// the rest is 6 to 15 digits. A number without its country code equals no international number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let written = text.trim();
        let marks = |c: &char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '.' | '-' | '(' | ')');
        let bare: String = written.chars().filter(|c| !marks(c)).collect();
        let digits = bare.strip_prefix('+').or_else(|| bare.strip_prefix("00")).unwrap_or(&bare);
        let is_number = DIGITS.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let fits = is_number && written.chars().count() <= MAX_CHARS;
        fits.then(|| Self { written: written.to_owned(), digits: digits.to_owned() })
    }

    /// The number as written. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.written
    }
}

impl PartialEq for PhoneNumber {
    fn eq(&self, other: &Self) -> bool {
        self.digits == other.digits
    }
}

impl Eq for PhoneNumber {}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_phone_number_in_several_spellings_is_one() {
        let number = PhoneNumber::parse("+2250700000000").unwrap();
        for written in ["002250700000000", "+225 07 00 00 00 00", "225-07.00(00)0000", " +2250700000000 "] {
            assert_eq!(PhoneNumber::parse(written), Some(number.clone()), "{written}");
        }
        assert_eq!(format!("{number:?} {}", number.expose()), "PhoneNumber(..) +2250700000000");
    }

    #[test]
    fn a_number_without_its_country_code_differs() {
        let number = PhoneNumber::parse("+2250700000000");
        for other in ["+2250700000001", "0700000000", "+221 0700000000"] {
            assert_ne!(PhoneNumber::parse(other), number, "{other}");
        }
    }

    #[test]
    fn a_text_without_a_phone_number_is_none() {
        for text in ["", "+", "n/a", "12345", "+22507000000001234", "+2250700000000x", "٠٧٠٠٠٠٠٠"] {
            assert_eq!(PhoneNumber::parse(text), None, "{text}");
        }
    }
}
