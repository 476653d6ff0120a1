//! Error texts for amounts that a person typed.

use crate::language::Text;
use domain::{Currency, Money, TypedAmountError};

/// Reads an amount that a person typed in major units of the currency.
///
/// # Errors
/// A text for that person, with an example.
pub fn typed_amount(text: &str, currency: Currency) -> Result<Money, Text> {
    Money::from_typed(text, currency).map_err(|error| refusal(error, currency))
}

const fn refusal(error: TypedAmountError, currency: Currency) -> Text {
    match (error, currency) {
        (TypedAmountError::Ambiguous, Currency::Xof) => Text {
            en: "This amount can be read in two ways. For ten thousand francs, write 10000 or 10 000.",
            fr: "Ce montant peut se lire de deux façons. Pour dix mille francs, écrivez 10000 ou 10 000.",
        },
        (TypedAmountError::Ambiguous, Currency::Usd | Currency::Eur) => Text {
            en: "This amount can be read in two ways. Write for example 1234.50 or 1 234,50.",
            fr: "Ce montant peut se lire de deux façons. Écrivez par exemple 1234,50 ou 1 234,50.",
        },
        (TypedAmountError::Unreadable, Currency::Xof) => Text {
            en: "Not an amount in francs. Write for example 10000 or 10 000, without decimals.",
            fr: "Ce n'est pas un montant en francs. Écrivez par exemple 10000 ou 10 000, sans décimales.",
        },
        (TypedAmountError::Unreadable, Currency::Usd | Currency::Eur) => Text {
            en: "Not an amount. Write for example 1234.50 or 1 234,50.",
            fr: "Ce n'est pas un montant. Écrivez par exemple 1234,50 ou 1 234,50.",
        },
        (TypedAmountError::OutOfRange, Currency::Xof) => Text {
            en: "The amount is out of range: 1 franc to 1 000 000 000 000 francs.",
            fr: "Le montant est hors limites : de 1 franc à 1 000 000 000 000 de francs.",
        },
        (TypedAmountError::OutOfRange, Currency::Usd | Currency::Eur) => Text {
            en: "The amount is out of range: 0.01 to 10 000 000 000.00.",
            fr: "Le montant est hors limites : de 0,01 à 10 000 000 000,00.",
        },
    }
}
