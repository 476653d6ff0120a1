//! Currency codes, open to currencies that lomi may add.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Three upper-case letters, as in ISO 4217. lomi accepts XOF, USD and EUR; the type does not check that, so a new
/// currency needs no new release.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CurrencyCode([u8; 3]);

/// The text is not three upper-case ASCII letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency code is three upper-case letters")]
pub struct CurrencyCodeError;

impl CurrencyCode {
    /// The West African CFA franc: no decimals, whole francs in all of lomi's API.
    pub const XOF: Self = Self(*b"XOF");
    /// The US dollar.
    pub const USD: Self = Self(*b"USD");
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// Reads three upper-case letters.
    pub fn parse(text: &str) -> Result<Self, CurrencyCodeError> {
        let letters: [u8; 3] = text.as_bytes().try_into().map_err(|_| CurrencyCodeError)?;
        let upper = letters.iter().all(u8::is_ascii_uppercase);
        upper.then_some(Self(letters)).ok_or(CurrencyCodeError)
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        // Upper-case ASCII by construction, so this is never the fallback.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for CurrencyCode {
    type Err = CurrencyCodeError;

    fn from_str(text: &str) -> Result<Self, CurrencyCodeError> {
        Self::parse(text)
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CurrencyCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_upper_case_letters_and_nothing_else() {
        assert_eq!(CurrencyCode::parse("XOF"), Ok(CurrencyCode::XOF));
        assert_eq!(CurrencyCode::parse("GNF").unwrap().as_str(), "GNF");
        for wrong in ["xof", "XO", "XOFF", "X0F", "", "é1"] {
            assert_eq!(CurrencyCode::parse(wrong), Err(CurrencyCodeError), "{wrong}");
        }
    }
}
