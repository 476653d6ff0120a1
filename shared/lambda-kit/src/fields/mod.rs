//! The body fields that several routes take, each with its rule.

mod contact;
mod labels;
mod pricing;
mod typed_amount;
mod whole;

pub use contact::{Contact, is_email, is_name, is_phone, normal_phone};
pub use domain::{Label, is_legible};
pub use labels::{check_labels, details_of};
pub use pricing::{Asked, Caller, Item, LineItem, PricingFields, PublicPrices, money};
pub use typed_amount::typed_amount;
pub use whole::Whole;

use crate::language::Text;
use crate::problem::{FieldError, Problem};
use domain::{AllowedUrl, RedirectError, RedirectPolicy};
use lomi_client::{CustomerId, PriceId};

/// Collects the errors of a body, so that a developer can fix them all at once.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Adds an error at `pointer`; `en` and `fr` say what the field must be.
    pub fn add(&mut self, pointer: impl Into<String>, en: &'static str, fr: &'static str) {
        self.0.push(FieldError { pointer: pointer.into(), detail: Text { en, fr } });
    }

    /// [`Self::add`], unless `holds`.
    pub fn unless(&mut self, holds: bool, pointer: &str, en: &'static str, fr: &'static str) {
        if !holds {
            self.add(pointer, en, fr);
        }
    }

    /// `value`, if there are no errors.
    ///
    /// # Errors
    /// `validation_failed` with all errors. The caller must have added one when `value` is `None`.
    pub fn none_or<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Problem::invalid_fields(self.0)),
        }
    }
}

/// Checks for a legible text of at most `max_chars` characters.
pub fn check_text(
    text: Option<&str>,
    max_chars: usize,
    pointer: &str,
    (en, fr): (&'static str, &'static str),
    errors: &mut FieldErrors,
) {
    errors.unless(text.is_none_or(|text| text.chars().count() <= max_chars && is_legible(text)), pointer, en, fr);
}

/// A lomi id where lomi accepts a UUID only.
pub fn is_uuid(text: &str, pointer: &str, errors: &mut FieldErrors) -> bool {
    let fits = CustomerId::parse(text).is_ok_and(|id| id.is_uuid());
    errors.unless(fits, pointer, "Must be a UUID of lomi.", "Doit être un UUID de lomi.");
    fits
}

/// A lomi id: a UUID, or a public id such as `price_...`.
pub fn is_lomi_id(text: &str, pointer: &str, errors: &mut FieldErrors) -> bool {
    let fits = PriceId::parse(text).is_ok();
    errors.unless(fits, pointer, "Must be an id of lomi.", "Doit être un identifiant de lomi.");
    fits
}

/// A UUID of version 4, which lomi requires for card charges. `None` when it is absent, and when it is wrong and
/// reported.
pub fn version_4_id<T, E>(
    text: Option<&str>,
    pointer: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
    errors: &mut FieldErrors,
) -> Option<T> {
    let text = text?;
    let is_uuid = CustomerId::parse(text).is_ok_and(|id| id.is_uuid());
    let id = parse(text).ok().filter(|_| is_uuid && text.as_bytes().get(14) == Some(&b'4'));
    errors.unless(id.is_some(), pointer, "Must be a UUID of version 4.", "Doit être un UUID de version 4.");
    id
}

/// A URL that a shopper may be redirected to.
pub fn allowed_url(policy: &RedirectPolicy, raw: &str, pointer: &str, errors: &mut FieldErrors) -> Option<AllowedUrl> {
    match policy.allow(raw) {
        Ok(url) => return Some(url),
        Err(RedirectError::NotAUrl) => {
            errors.add(pointer, "Not a valid URL.", "URL non valide.");
        }
        Err(RedirectError::NotAllowed) => errors.add(
            pointer,
            "This origin is not allowed (AllowedOrigins).",
            "Cette origine n'est pas autorisée (AllowedOrigins).",
        ),
    }
    None
}

/// Refuses on a public route the fields that only the merchant's backend may set: lomi's records and the merchant's own
/// systems would take them for the merchant's.
pub fn only_merchant(caller: Caller, present: &[(bool, &str)], errors: &mut FieldErrors) {
    for (_, pointer) in present.iter().filter(|(is_there, _)| *is_there && caller == Caller::Storefront) {
        errors.add(
            *pointer,
            "Only your own backend may set this: on /admin, or as the reference of a signed cart_token.",
            "Seul votre propre backend peut fixer ce champ : sur /admin, ou comme référence d'un cart_token signé.",
        );
    }
}
