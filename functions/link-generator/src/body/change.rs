//! The change of a native link.

use checkout::units::to_lomi;
use domain::{Currency, MAX_DESCRIPTION_CHARS, MAX_TITLE_CHARS, RedirectPolicy, Timestamp};
use lambda_kit::fields::{FieldErrors, Label, allowed_url, check_labels, check_text, money};
use lambda_kit::problem::Problem;
use lomi_client::UpdatePaymentLink;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The fields to change; an absent field stays unchanged.
#[derive(Deserialize)]
pub(crate) struct Change {
    title: Option<String>,
    description: Option<String>,
    amount: Option<i64>,
    currency_code: Option<String>,
    is_active: Option<bool>,
    expires_at: Option<String>,
    success_url: Option<String>,
    cancel_url: Option<String>,
    allow_coupon_code: Option<bool>,
    allow_quantity: Option<bool>,
    require_name: Option<bool>,
    require_email: Option<bool>,
    require_phone: Option<bool>,
    require_billing_address: Option<bool>,
    single_use: Option<bool>,
    metadata: Option<BTreeMap<String, Label>>,
}

/// The request to lomi, and the currency of its amount.
pub(crate) struct Wanted {
    pub(crate) changes: UpdatePaymentLink,
    pub(crate) currency: Option<Currency>,
}

impl Wanted {
    /// Whether only labels change. This stack stores them, so lomi need not support changes.
    pub(crate) fn is_of_labels_only(&self) -> bool {
        UpdatePaymentLink { metadata: None, ..self.changes.clone() } == UpdatePaymentLink::default()
    }
}

impl Change {
    pub(crate) fn check(self, redirects: &RedirectPolicy) -> Result<Wanted, Problem> {
        let mut errors = FieldErrors::default();
        self.check_texts(&mut errors);
        for (url, pointer) in [(&self.success_url, "/success_url"), (&self.cancel_url, "/cancel_url")] {
            if let Some(url) = url {
                allowed_url(redirects, url, pointer, &mut errors);
            }
        }
        let goes_along = self.currency_code.is_none() || self.amount.is_some();
        errors.unless(goes_along, "/currency_code", "Allowed with amount only.", "Autorisé avec amount seulement.");
        let names_money = self.amount.is_some() || self.currency_code.is_some();
        let money = self.amount.map(|amount| money(amount, self.currency_code.as_deref(), &mut errors));
        let money = money.flatten();
        let changes = UpdatePaymentLink {
            title: self.title.map(|title| title.trim().to_owned()),
            description: self.description,
            amount: money.and_then(to_lomi),
            is_active: self.is_active,
            expires_at: self.expires_at,
            success_url: self.success_url,
            cancel_url: self.cancel_url,
            allow_coupon_code: self.allow_coupon_code,
            allow_quantity: self.allow_quantity,
            require_name: self.require_name,
            require_email: self.require_email,
            require_phone: self.require_phone,
            require_billing_address: self.require_billing_address,
            single_use: self.single_use,
            metadata: self.metadata.map(|labels| check_labels(&labels, &mut errors)),
        };
        let changes_something = names_money || changes != UpdatePaymentLink::default();
        errors.unless(
            changes_something,
            "",
            "Send at least one field to change.",
            "Envoyez au moins un champ à modifier.",
        );
        let changes = errors.none_or(Some(changes))?;
        Ok(Wanted { changes, currency: money.map(domain::Money::currency) })
    }

    fn check_texts(&self, errors: &mut FieldErrors) {
        let is_title = |title: &str| {
            let title = title.trim();
            !title.is_empty() && title.chars().count() <= MAX_TITLE_CHARS && !title.contains(char::is_control)
        };
        let title = self.title.as_deref();
        errors.unless(title.is_none_or(is_title), "/title", "1 to 200 characters.", "De 1 à 200 caractères.");
        let bounds = ("At most 2000 characters.", "2000 caractères au plus.");
        check_text(self.description.as_deref(), MAX_DESCRIPTION_CHARS, "/description", bounds, errors);
        let is_time = |text: &String| Timestamp::parse_rfc3339(text).is_some();
        errors.unless(
            self.expires_at.as_ref().is_none_or(is_time),
            "/expires_at",
            "An RFC 3339 time, such as 2026-12-31T23:59:59Z.",
            "Une date RFC 3339, par exemple 2026-12-31T23:59:59Z.",
        );
    }
}
