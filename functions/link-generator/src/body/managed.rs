//! The fields of a managed link.

use super::{Body, Kind, OpenAmount, only_with};
use checkout::payment_links::NewLink;
use domain::{Currency, LinkPrice, Price, Timestamp};
use lambda_kit::fields::{Asked, Caller, FieldErrors, PricingFields, check_labels, money};
use lambda_kit::problem::Problem;
use std::num::NonZeroU32;

/// More than one link is ever paid.
const MAX_PAYMENTS: u32 = 1_000_000;

impl Body {
    pub(super) fn into_managed(
        self,
        expires_at: Option<Timestamp>,
        mut errors: FieldErrors,
    ) -> Result<NewLink, Problem> {
        let foreign = [
            (self.link_type.is_some(), "/link_type"),
            (self.product_id.is_some(), "/product_id"),
            (self.price_id.is_some(), "/price_id"),
            (self.allow_coupon_code.is_some(), "/allow_coupon_code"),
            (self.allow_quantity.is_some(), "/allow_quantity"),
            (self.require_name.is_some(), "/require_name"),
            (self.require_email.is_some(), "/require_email"),
            (self.require_phone.is_some(), "/require_phone"),
            (self.require_billing_address.is_some(), "/require_billing_address"),
            (self.single_use.is_some(), "/single_use"),
        ];
        only_with(Kind::Native, &foreign, &mut errors);
        let is_count = self.max_payments.is_none_or(|max| max <= NonZeroU32::new(MAX_PAYMENTS).unwrap_or(max));
        errors.unless(is_count, "/max_payments", "1 to 1 000 000.", "De 1 à 1 000 000.");
        let metadata = check_labels(&self.metadata.unwrap_or_default(), &mut errors);
        let priced = self.currency_code.is_none() || self.amount.is_some();
        errors.unless(priced, "/currency_code", "Allowed with amount only.", "Autorisé avec amount seulement.");
        let price = match (self.amount, self.open_amount, self.items) {
            (Some(amount), None, None) => {
                let money = money(amount, self.currency_code.as_deref(), &mut errors);
                money.map(|money| LinkPrice::Amount(Price::Fixed(money)))
            }
            (None, Some(open), None) => open.check(&mut errors).map(LinkPrice::Amount),
            (None, None, Some(items)) => {
                let fields = PricingFields { items: Some(items), ..PricingFields::default() };
                match Asked::read(Caller::Merchant, fields, &mut errors) {
                    Some(Asked::Catalog(lines)) => Some(LinkPrice::Items(lines)),
                    _ => None,
                }
            }
            _ => {
                errors.add(
                    "",
                    "Send exactly one of amount, open_amount and items.",
                    "Envoyez exactement un champ parmi amount, open_amount et items.",
                );
                None
            }
        };
        let price = errors.none_or(price)?;
        Ok(NewLink {
            title: self.title.trim().to_owned(),
            description: self.description,
            price,
            max_payments: self.max_payments,
            expires_at,
            metadata,
            success_url: self.success_url,
            cancel_url: self.cancel_url,
        })
    }
}

impl OpenAmount {
    fn check(&self, errors: &mut FieldErrors) -> Option<Price> {
        let currency = Currency::from_code(&self.currency_code);
        errors.unless(currency.is_some(), "/open_amount/currency_code", "One of XOF, USD, EUR.", "XOF, USD ou EUR.");
        let price = Price::from_parts(currency?, None, Some(self.min), Some(self.max));
        errors.unless(
            price.is_some(),
            "/open_amount",
            "min and max must be positive integers in minor units, min at most max.",
            "min et max doivent être des entiers positifs en unités mineures, min inférieur ou égal à max.",
        );
        price
    }
}
