//! The request body, and the rules of its fields for managed and native links, checked before any call.

mod change;
mod managed;
mod native;

pub(crate) use change::Change;

use checkout::payment_links::NewLink;
use domain::{MAX_DESCRIPTION_CHARS, MAX_TITLE_CHARS, RedirectPolicy, Timestamp};
use lambda_kit::fields::{FieldErrors, Item, Label, allowed_url, check_text};
use lambda_kit::problem::Problem;
use lomi_client::CreatePaymentLink;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Managed,
    Native,
}

#[derive(Deserialize)]
pub(crate) struct Body {
    kind: Option<Kind>,
    title: String,
    description: Option<String>,
    amount: Option<i64>,
    currency_code: Option<String>,
    expires_at: Option<String>,
    success_url: Option<String>,
    cancel_url: Option<String>,
    metadata: Option<BTreeMap<String, Label>>,
    // Managed links only.
    open_amount: Option<OpenAmount>,
    items: Option<Vec<Item>>,
    max_payments: Option<NonZeroU32>,
    // Native links only.
    link_type: Option<NativeType>,
    product_id: Option<String>,
    price_id: Option<String>,
    allow_coupon_code: Option<bool>,
    allow_quantity: Option<bool>,
    require_name: Option<bool>,
    require_email: Option<bool>,
    require_phone: Option<bool>,
    require_billing_address: Option<bool>,
    single_use: Option<bool>,
}

/// The bounds of an amount that the shopper chooses, in minor units.
#[derive(Deserialize)]
struct OpenAmount {
    currency_code: String,
    min: i64,
    max: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NativeType {
    Product,
    Instant,
}

pub(crate) enum Wanted {
    Managed(NewLink),
    Native(Box<CreatePaymentLink>),
}

impl Body {
    pub(crate) fn check(self, redirects: &RedirectPolicy) -> Result<Wanted, Problem> {
        let mut errors = FieldErrors::default();
        self.check_texts(&mut errors);
        for (url, pointer) in [(&self.success_url, "/success_url"), (&self.cancel_url, "/cancel_url")] {
            if let Some(url) = url {
                allowed_url(redirects, url, pointer, &mut errors);
            }
        }
        let expires_at = self.expires_at.as_deref().map(Timestamp::parse_rfc3339);
        errors.unless(
            expires_at != Some(None),
            "/expires_at",
            "An RFC 3339 time, such as 2026-12-31T23:59:59Z.",
            "Une date RFC 3339, par exemple 2026-12-31T23:59:59Z.",
        );
        // A body from lomi's documents has `link_type` and no `kind`.
        let kind = if self.link_type.is_some() { Kind::Native } else { Kind::Managed };
        match self.kind.unwrap_or(kind) {
            Kind::Managed => self.into_managed(expires_at.flatten(), errors).map(Wanted::Managed),
            Kind::Native => self.into_native(expires_at.flatten(), errors).map(|link| Wanted::Native(Box::new(link))),
        }
    }

    fn check_texts(&self, errors: &mut FieldErrors) {
        let title = self.title.trim();
        let fits = !title.is_empty() && title.chars().count() <= MAX_TITLE_CHARS && !title.contains(char::is_control);
        errors.unless(fits, "/title", "1 to 200 characters.", "De 1 à 200 caractères.");
        let text = self.description.as_deref();
        let bounds = ("At most 2000 characters.", "2000 caractères au plus.");
        check_text(text, MAX_DESCRIPTION_CHARS, "/description", bounds, errors);
    }
}

/// Refuses the fields in `present` that belong to `kind`, which is not the kind of this link.
fn only_with(kind: Kind, present: &[(bool, &str)], errors: &mut FieldErrors) {
    for (_, pointer) in present.iter().filter(|(is_there, _)| *is_there) {
        match kind {
            Kind::Managed => {
                errors.add(*pointer, "Allowed with kind managed only.", "Autorisé avec kind managed seulement.");
            }
            Kind::Native => {
                errors.add(*pointer, "Allowed with kind native only.", "Autorisé avec kind native seulement.")
            }
        }
    }
}
