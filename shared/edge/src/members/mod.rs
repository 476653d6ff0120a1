//! The members that several routes take, each with its rule: one place says what a redirect, a price or a note may be.

mod contact;
mod pricing;

pub use contact::{Contact, is_email, is_name, is_phone, normal_phone};
pub use pricing::{Asked, Caller, Item, LineItem, PricingMembers, money};

use crate::language::Text;
use crate::problem::{FieldError, Problem};
use domain::{AllowedUrl, RedirectError, RedirectPolicy};
use std::collections::BTreeMap;

const MAX_METADATA_KEYS: usize = 20;
const MAX_METADATA_KEY_BYTES: usize = 40;
const MAX_METADATA_VALUE_CHARS: usize = 500;
/// lomi. repeats metadata in every row and event of the payment: fifty rows must fit into what is read of a page.
const MAX_METADATA_BYTES: usize = 4096;
/// Ours, which lead a payment back to its order, and lomi.'s: on a card charge lomi. lets the caller's metadata replace its own,
/// and sends the events to the organisation that stands there.
const RESERVED_METADATA: [&str; 10] = [
    "order_id",
    "payment_environment",
    "payment_reference",
    "organization_id",
    "merchant_id",
    "environment",
    "customer_id",
    "source",
    "original_amount",
    "original_currency",
];

/// Collects what is wrong, so that a developer mends it in one round.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
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
            _ => Err(Problem::invalid_members(self.0)),
        }
    }
}

/// A legible text of at most `max_chars` characters; `en` and `fr` say so.
pub fn check_text(
    text: Option<&str>,
    max_chars: usize,
    pointer: &str,
    (en, fr): (&'static str, &'static str),
    faults: &mut Faults,
) {
    faults.unless(text.is_none_or(|text| text.chars().count() <= max_chars && is_legible(text)), pointer, en, fr);
}

/// No control characters but the ends of lines and tabs: what lomi.'s database cannot keep looks like an outage.
#[must_use]
pub fn is_legible(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// A UUID as lomi. gives them.
pub fn is_uuid(text: &str, pointer: &str, faults: &mut Faults) -> bool {
    let fits = lomi_client::PriceId::parse(text).is_ok();
    faults.unless(fits, pointer, "A UUID of lomi.", "Un UUID de lomi.");
    fits
}

/// A UUID of version 4, which lomi. wants where a card pays. `None` for a missing one, and for a wrong one that is reported.
pub fn version_4_id<T, E>(
    text: Option<&str>,
    pointer: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
    faults: &mut Faults,
) -> Option<T> {
    let text = text?;
    let id = parse(text).ok().filter(|_| text.as_bytes().get(14) == Some(&b'4'));
    faults.unless(id.is_some(), pointer, "A UUID of version 4.", "Un UUID de version 4.");
    id
}

/// An address that a shopper may be sent to.
pub fn allowed_url(policy: &RedirectPolicy, raw: &str, pointer: &str, faults: &mut Faults) -> Option<AllowedUrl> {
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

/// The merchant's own notes: at most 20, 4096 bytes in all, and none of the names that are ours or lomi.'s.
pub fn check_metadata(metadata: &BTreeMap<String, String>, faults: &mut Faults) {
    let count = metadata.len() <= MAX_METADATA_KEYS;
    faults.unless(count, "/metadata", "At most 20 members.", "20 membres au plus.");
    let size: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    faults.unless(
        size <= MAX_METADATA_BYTES,
        "/metadata",
        "At most 4096 bytes in all.",
        "4096 octets au plus en tout.",
    );
    for (name, value) in metadata {
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        // lomi. drops what begins with stripe_ without a word.
        let kept = !RESERVED_METADATA.contains(&name.as_str()) && !name.starts_with("stripe_");
        let fits = plain && (1..=MAX_METADATA_KEY_BYTES).contains(&name.len()) && kept;
        // The pointer names the object when the name itself is not fit to be repeated.
        let pointer = if plain { format!("/metadata/{name}") } else { "/metadata".to_owned() };
        faults.unless(
            fits,
            &pointer,
            "A name is 1 to 40 letters, digits, dots, dashes or underscores, and not one of ours.",
            "Un nom compte 1 à 40 lettres, chiffres, points, tirets ou soulignés, et n'est pas un des nôtres.",
        );
        let short = value.chars().count() <= MAX_METADATA_VALUE_CHARS && is_legible(value);
        faults.unless(short, &pointer, "At most 500 characters.", "500 caractères au plus.");
    }
}
