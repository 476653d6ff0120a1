//! The members that several routes take, each with its rule: one place says what a redirect, a price or a note may be.

mod contact;
mod labels;
mod pricing;
mod typed_amount;
mod whole;

pub use contact::{Contact, is_email, is_name, is_phone, normal_phone};
pub use domain::{Label, is_legible};
pub use labels::{check_labels, details_of};
pub use pricing::{Asked, Caller, Item, LineItem, PricingMembers, PublicPrices, money};
pub use typed_amount::typed_amount;
pub use whole::Whole;

use crate::language::Text;
use crate::problem::{FieldError, Problem};
use domain::{AllowedUrl, RedirectError, RedirectPolicy};
use lomi_client::{CustomerId, PriceId};

/// Collects what is wrong, so that a developer mends it in one round.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// The member at `pointer` is not what it has to be.
    pub fn add(&mut self, pointer: impl Into<String>, en: &'static str, fr: &'static str) {
        self.0.push(FieldError { pointer: pointer.into(), detail: Text { en, fr } });
    }

    /// The same, unless it is.
    pub fn unless(&mut self, holds: bool, pointer: &str, en: &'static str, fr: &'static str) {
        if !holds {
            self.add(pointer, en, fr);
        }
    }

    /// `value`, if nothing is wrong.
    ///
    /// # Errors
    /// `validation_failed` with everything that is wrong. A missing value must have been reported.
    pub fn none_or<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Problem::invalid_fields(self.0)),
        }
    }
}

/// A legible text of at most `max_chars` characters; `en` and `fr` say so.
pub fn check_text(
    text: Option<&str>,
    max_chars: usize,
    pointer: &str,
    (en, fr): (&'static str, &'static str),
    faults: &mut FieldErrors,
) {
    faults.unless(text.is_none_or(|text| text.chars().count() <= max_chars && is_legible(text)), pointer, en, fr);
}

/// A UUID as lomi. gives them, where it takes nothing else.
pub fn is_uuid(text: &str, pointer: &str, faults: &mut FieldErrors) -> bool {
    let fits = CustomerId::parse(text).is_ok_and(|id| id.is_uuid());
    faults.unless(fits, pointer, "A UUID of lomi.", "Un UUID de lomi.");
    fits
}

/// An id as lomi. gives them: a UUID, or a public id such as `price_...`.
pub fn is_lomi_id(text: &str, pointer: &str, faults: &mut FieldErrors) -> bool {
    let fits = PriceId::parse(text).is_ok();
    faults.unless(fits, pointer, "An id of lomi.", "Un identifiant de lomi.");
    fits
}

/// A UUID of version 4, which lomi. wants where a card pays. `None` for a missing one, and for a wrong one that is reported.
pub fn version_4_id<T, E>(
    text: Option<&str>,
    pointer: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
    faults: &mut FieldErrors,
) -> Option<T> {
    let text = text?;
    let is_uuid = CustomerId::parse(text).is_ok_and(|id| id.is_uuid());
    let id = parse(text).ok().filter(|_| is_uuid && text.as_bytes().get(14) == Some(&b'4'));
    faults.unless(id.is_some(), pointer, "A UUID of version 4.", "Un UUID de version 4.");
    id
}

/// An address that a shopper may be sent to.
pub fn allowed_url(policy: &RedirectPolicy, raw: &str, pointer: &str, faults: &mut FieldErrors) -> Option<AllowedUrl> {
    match policy.allow(raw) {
        Ok(url) => return Some(url),
        Err(RedirectError::NotAUrl) => {
            faults.add(pointer, "Not a URL that can be relied upon.", "Ce n'est pas une URL fiable.");
        }
        Err(RedirectError::NotAllowed) => faults.add(
            pointer,
            "The origin is not on this stack's list (AllowedOrigins).",
            "L'origine n'est pas dans la liste de ce déploiement (AllowedOrigins).",
        ),
    }
    None
}

/// Refuses on a public route the fields, of those present, that only the merchant's own backend may set: they would reach
/// lomi's records, or the merchant's systems as the merchant's own word.
pub fn only_merchant(caller: Caller, present: &[(bool, &str)], faults: &mut FieldErrors) {
    for (_, pointer) in present.iter().filter(|(is_there, _)| *is_there && caller == Caller::Storefront) {
        faults.add(
            *pointer,
            "Only your own backend sets this: on /admin, or a reference in a signed cart_token.",
            "Seul votre propre backend fixe ce champ : sur /admin, ou par la référence d'un cart_token signé.",
        );
    }
}
