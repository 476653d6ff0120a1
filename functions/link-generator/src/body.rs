//! The request body, and the rules of its members: those of our links, and those of lomi.'s, checked before any call.

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
    // Of a managed link.
    open_amount: Option<OpenAmount>,
    items: Option<Vec<Item>>,
    max_payments: Option<NonZeroU32>,
    // Of a native link.
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

/// The shopper chooses within these bounds, in minor units.
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

/// A link to be made.
pub(crate) enum Wanted {
    Managed(NewLink),
    Native(Box<CreatePaymentLink>),
}

impl Body {
    pub(crate) fn check(self, redirects: &RedirectPolicy) -> Result<Wanted, Problem> {
        let mut faults = FieldErrors::default();
        self.check_texts(&mut faults);
        for (url, pointer) in [(&self.success_url, "/success_url"), (&self.cancel_url, "/cancel_url")] {
            if let Some(url) = url {
                allowed_url(redirects, url, pointer, &mut faults);
            }
        }
        let expires_at = self.expires_at.as_deref().map(Timestamp::parse_rfc3339);
        faults.unless(
            expires_at != Some(None),
            "/expires_at",
            "A time as in 2026-12-31T23:59:59Z.",
            "Un moment, par exemple 2026-12-31T23:59:59Z.",
        );
        // A body as in lomi.'s document has a type of link and no kind.
        let kind = if self.link_type.is_some() { Kind::Native } else { Kind::Managed };
        match self.kind.unwrap_or(kind) {
            Kind::Managed => self.into_managed(expires_at.flatten(), faults).map(Wanted::Managed),
            Kind::Native => self.into_native(expires_at.flatten(), faults).map(|link| Wanted::Native(Box::new(link))),
        }
    }

    fn check_texts(&self, faults: &mut FieldErrors) {
        let title = self.title.trim();
        let fits = !title.is_empty() && title.chars().count() <= MAX_TITLE_CHARS && !title.contains(char::is_control);
        faults.unless(fits, "/title", "1 to 200 characters.", "De 1 à 200 caractères.");
        let text = self.description.as_deref();
        let bounds = ("At most 2000 characters.", "2000 caractères au plus.");
        check_text(text, MAX_DESCRIPTION_CHARS, "/description", bounds, faults);
    }
}

/// Refuses the members that are there and belong to the other kind.
fn only_with(kind: Kind, present: &[(bool, &str)], faults: &mut FieldErrors) {
    for (_, pointer) in present.iter().filter(|(is_there, _)| *is_there) {
        match kind {
            Kind::Managed => {
                faults.add(*pointer, "Goes with kind managed only.", "Va avec kind managed seulement.");
            }
            Kind::Native => faults.add(*pointer, "Goes with kind native only.", "Va avec kind native seulement."),
        }
    }
}
