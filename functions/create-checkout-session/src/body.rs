//! The request body, and the rules of its members.

use crate::customer::{self, Contact};
use crate::pricing::{Asked, Item, LineItem};
use domain::{AllowedUrl, MAX_DESCRIPTION_CHARS, MAX_TITLE_CHARS, RedirectError, RedirectPolicy};
use edge::language::Text;
use edge::problem::{FieldError, Problem};
use flows::create_checkout::PageDetails;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

const MAX_METADATA_KEYS: usize = 20;
const MAX_METADATA_KEY_BYTES: usize = 40;
const MAX_METADATA_VALUE_CHARS: usize = 500;
/// lomi. repeats metadata in every row and event of the payment: fifty rows must fit into what is read of a page.
const MAX_METADATA_BYTES: usize = 4096;
const MAX_PROVIDERS: usize = 16;
const MAX_EXPIRATION_MINUTES: u32 = 24 * 60;
/// Ours: they lead a payment back to its order.
const RESERVED_METADATA: [&str; 2] = ["order_id", "payment_environment"];

/// Who asks. Only the merchant's own backend may name an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Storefront,
    Merchant,
}

#[derive(Deserialize)]
pub(crate) struct Body {
    success_url: String,
    cancel_url: String,
    items: Option<Vec<Item>>,
    line_items: Option<Vec<LineItem>>,
    product_id: Option<String>,
    price_id: Option<String>,
    quantity: Option<u32>,
    cart_token: Option<String>,
    amount: Option<i64>,
    currency_code: Option<String>,
    #[serde(default)]
    allowed_providers: Vec<String>,
    title: Option<String>,
    public_description: Option<String>,
    customer_email: Option<String>,
    customer_name: Option<String>,
    customer_phone: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    expiration_minutes: Option<NonZeroU32>,
}

/// Collects what is wrong, so that a developer mends it in one round.
#[derive(Default)]
pub(crate) struct Faults(Vec<FieldError>);

impl Faults {
    pub(crate) fn add(&mut self, pointer: impl Into<String>, en: &'static str, fr: &'static str) {
        self.0.push(FieldError { pointer: pointer.into(), detail: Text { en, fr } });
    }

    pub(crate) fn unless(&mut self, holds: bool, pointer: &str, en: &'static str, fr: &'static str) {
        if !holds {
            self.add(pointer, en, fr);
        }
    }
}

impl Body {
    pub(crate) fn check(self, caller: Caller, redirects: &RedirectPolicy) -> Result<(PageDetails, Asked), Problem> {
        let mut faults = Faults::default();
        let success_url = allowed(redirects, &self.success_url, "/success_url", &mut faults);
        let cancel_url = allowed(redirects, &self.cancel_url, "/cancel_url", &mut faults);
        self.check_texts(&mut faults);
        check_metadata(&self.metadata, &mut faults);
        let contact = Contact { email: self.customer_email, name: self.customer_name, phone: self.customer_phone };
        let customer = customer::check(contact, &mut faults);
        let asked = Asked::read(
            caller,
            (self.items, self.line_items),
            (self.product_id, self.price_id, self.quantity),
            self.cart_token,
            (self.amount, self.currency_code),
            &mut faults,
        );
        let (Some(success_url), Some(cancel_url), Some(asked), true) =
            (success_url, cancel_url, asked, faults.0.is_empty())
        else {
            return Err(Problem::invalid_members(faults.0));
        };
        let page = PageDetails {
            success_url,
            cancel_url,
            allowed_providers: self.allowed_providers,
            title: self.title,
            public_description: self.public_description,
            customer,
            metadata: self.metadata,
            expiration_minutes: self.expiration_minutes,
        };
        Ok((page, asked))
    }

    fn check_texts(&self, faults: &mut Faults) {
        let within = |text: &Option<String>, max| text.as_ref().is_none_or(|text| text.chars().count() <= max);
        faults.unless(
            within(&self.title, MAX_TITLE_CHARS),
            "/title",
            "At most 200 characters.",
            "200 caractères au plus.",
        );
        let description = within(&self.public_description, MAX_DESCRIPTION_CHARS);
        faults.unless(description, "/public_description", "At most 2000 characters.", "2000 caractères au plus.");
        let code =
            |text: &String| (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        let providers = self.allowed_providers.len() <= MAX_PROVIDERS && self.allowed_providers.iter().all(code);
        faults.unless(
            providers,
            "/allowed_providers",
            "At most 16 provider codes such as WAVE or MTN.",
            "16 codes de fournisseur au plus, par exemple WAVE ou MTN.",
        );
        let minutes = self.expiration_minutes.is_none_or(|minutes| minutes.get() <= MAX_EXPIRATION_MINUTES);
        faults.unless(minutes, "/expiration_minutes", "1 to 1440 minutes.", "De 1 à 1440 minutes.");
    }
}

fn allowed(redirects: &RedirectPolicy, raw: &str, pointer: &str, faults: &mut Faults) -> Option<AllowedUrl> {
    match redirects.allow(raw) {
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

fn check_metadata(metadata: &BTreeMap<String, String>, faults: &mut Faults) {
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
        let short = value.chars().count() <= MAX_METADATA_VALUE_CHARS;
        faults.unless(short, &pointer, "At most 500 characters.", "500 caractères au plus.");
    }
}
