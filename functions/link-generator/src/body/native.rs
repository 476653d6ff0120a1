//! The fields of a native link.

use super::{Body, Kind, NativeType, only_with};
use checkout::units::to_lomi;
use domain::{Currency, Timestamp};
use lambda_kit::fields::{FieldErrors, check_labels, money};
use lambda_kit::problem::Problem;
use lomi_client::{CreatePaymentLink, CurrencyCode, LinkTarget, PriceId, ProductId};

impl Body {
    pub(super) fn into_native(
        self,
        expires_at: Option<Timestamp>,
        mut errors: FieldErrors,
    ) -> Result<CreatePaymentLink, Problem> {
        let foreign = [
            (self.open_amount.is_some(), "/open_amount"),
            (self.items.is_some(), "/items"),
            (self.max_payments.is_some(), "/max_payments"),
        ];
        only_with(Kind::Managed, &foreign, &mut errors);
        let metadata = self.metadata.as_ref().map(|labels| check_labels(labels, &mut errors)).unwrap_or_default();
        let code = self.currency_code.as_deref();
        let currency = code.and_then(Currency::from_code).and_then(|known| CurrencyCode::parse(known.code()).ok());
        errors.unless(currency.is_some(), "/currency_code", "One of XOF, USD, EUR.", "XOF, USD ou EUR.");
        let target = match self.link_type {
            Some(NativeType::Instant) => self.instant(&mut errors),
            Some(NativeType::Product) => self.product(&mut errors),
            None => {
                errors.add("/link_type", "product or instant.", "product ou instant.");
                None
            }
        };
        let (target, currency) = errors.none_or(target.zip(currency))?;
        Ok(CreatePaymentLink {
            description: self.description,
            allow_coupon_code: self.allow_coupon_code,
            allow_quantity: self.allow_quantity,
            require_name: Some(self.require_name.unwrap_or(true)),
            require_email: Some(self.require_email.unwrap_or(true)),
            require_phone: Some(self.require_phone.unwrap_or(false)),
            require_billing_address: Some(self.require_billing_address.unwrap_or(false)),
            single_use: self.single_use,
            expires_at: expires_at.map(Timestamp::to_rfc3339),
            success_url: self.success_url,
            cancel_url: self.cancel_url,
            metadata,
            ..CreatePaymentLink::new(target, self.title.trim(), currency)
        })
    }

    fn instant(&self, errors: &mut FieldErrors) -> Option<LinkTarget> {
        for (is_there, pointer) in [(self.product_id.is_some(), "/product_id"), (self.price_id.is_some(), "/price_id")]
        {
            errors.unless(
                !is_there,
                pointer,
                "Allowed with link_type product only.",
                "Autorisé avec link_type product seulement.",
            );
        }
        let Some(amount) = self.amount else {
            errors.add("/amount", "An instant link needs an amount.", "Un lien instantané exige un montant.");
            return None;
        };
        // The caller has reported an invalid currency.
        let currency = self.currency_code.as_deref().filter(|code| Currency::from_code(code).is_some())?;
        let money = money(amount, Some(currency), errors)?;
        Some(LinkTarget::Instant { amount: to_lomi(money)? })
    }

    fn product(&self, errors: &mut FieldErrors) -> Option<LinkTarget> {
        errors.unless(
            self.amount.is_none(),
            "/amount",
            "lomi. sets the price of a product.",
            "lomi. fixe le prix d'un produit.",
        );
        let price_id = self.price_id.as_deref().filter(|id| is_id(id, "price_", "/price_id", errors));
        let Some(product_id) = self.product_id.as_deref() else {
            errors.add("/product_id", "A product link needs a product.", "Un lien produit exige un produit.");
            return None;
        };
        is_id(product_id, "prod_", "/product_id", errors);
        let product_id = ProductId::parse(product_id).ok()?;
        Some(LinkTarget::Product { product_id, price_id: price_id.and_then(|id| PriceId::parse(id).ok()) })
    }
}

/// Checks for a UUID, or for a public id with `prefix`. lomi answers anything else with a refusal or a 500.
fn is_id(text: &str, prefix: &str, pointer: &str, errors: &mut FieldErrors) -> bool {
    let fits = ProductId::parse(text).is_ok_and(|id| id.is_uuid() || id.as_str().starts_with(prefix));
    errors.unless(fits, pointer, "Must be an id of lomi.", "Doit être un identifiant de lomi.");
    fits
}
