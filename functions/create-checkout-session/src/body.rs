//! The request body, and the rules of its fields.

use checkout::sessions::{CheckoutMode, PageDetails, PageRecords, RequiredFields};
use domain::{Currency, MAX_DESCRIPTION_CHARS, MAX_REFERENCE_CHARS, MAX_TITLE_CHARS, OrderDetails, RedirectPolicy};
use lambda_kit::fields::{
    Asked, Caller, Contact, FieldErrors, Item, Label, LineItem, PricingFields, PublicPrices, Whole, allowed_url,
    check_text, details_of, is_lomi_id, is_uuid, only_merchant,
};
use lambda_kit::problem::Problem;
use lomi_client::{PlanId, ProductId, SubscriptionId};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

const MAX_PROVIDERS: usize = 16;
const MAX_EXPIRATION_MINUTES: u32 = 24 * 60;

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
    amount: Option<Whole>,
    currency_code: Option<String>,
    allowed_providers: Option<Vec<String>>,
    title: Option<String>,
    payment_reference: Option<String>,
    public_description: Option<String>,
    customer_id: Option<String>,
    customer_email: Option<String>,
    customer_name: Option<String>,
    customer_phone: Option<String>,
    subscription_id: Option<String>,
    plan_id: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, Label>,
    expiration_minutes: Option<NonZeroU32>,
    require_name: Option<bool>,
    require_email: Option<bool>,
    require_phone: Option<bool>,
    require_billing_address: Option<bool>,
    allow_coupon_code: Option<bool>,
}

impl Body {
    pub(crate) fn check(
        mut self,
        caller: Caller,
        redirects: &RedirectPolicy,
        (prices, default_currency): (&PublicPrices, Currency),
    ) -> Result<(CheckoutMode, OrderDetails, Asked), Problem> {
        let mut errors = FieldErrors::default();
        let success_url = allowed_url(redirects, &self.success_url, "/success_url", &mut errors);
        let cancel_url = allowed_url(redirects, &self.cancel_url, "/cancel_url", &mut errors);
        self.check_texts(&mut errors);
        self.check_providers(caller, &mut errors);
        only_merchant(caller, &self.merchants_own(), &mut errors);
        let details = details_of(caller, &self.metadata, &mut errors);
        let records = self.records(caller, &mut errors);
        if let Some(id) = &self.customer_id {
            is_uuid(id, "/customer_id", &mut errors);
        }
        let required = self.required_fields(&mut errors);
        let contact = Contact { email: self.customer_email, name: self.customer_name, phone: self.customer_phone };
        let customer = contact.check(&mut errors);
        let pricing = PricingFields {
            items: self.items,
            line_items: self.line_items,
            product_id: self.product_id,
            price_id: self.price_id,
            quantity: self.quantity,
            cart_token: self.cart_token,
            amount: self.amount,
            currency_code: self.currency_code,
            default_currency: Some(default_currency),
        };
        let asked = Asked::read(caller, pricing, &mut errors);
        if let Some(asked) = &asked {
            prices.check(caller, asked, &mut errors);
        }
        let urls_and_price = success_url.zip(cancel_url).zip(asked);
        let ((success_url, cancel_url), asked) = errors.none_or(urls_and_price)?;
        let page = PageDetails {
            success_url,
            cancel_url,
            allowed_providers: self.allowed_providers.unwrap_or_default(),
            public_description: self.public_description,
            customer,
            expiration_minutes: self.expiration_minutes,
            required,
            records,
        };
        let details = OrderDetails {
            title: self.title,
            reference: self.payment_reference,
            customer_id: self.customer_id,
            allows_coupons: self.allow_coupon_code.unwrap_or_default(),
            ..details
        };
        Ok((CheckoutMode::Page(Box::new(page)), details, asked))
    }

    /// The fields that only the merchant's backend may set: they reach lomi's records and the merchant's events.
    const fn merchants_own(&self) -> [(bool, &'static str); 4] {
        [
            (self.payment_reference.is_some(), "/payment_reference"),
            (self.subscription_id.is_some(), "/subscription_id"),
            (self.plan_id.is_some(), "/plan_id"),
            (self.allow_coupon_code.is_some(), "/allow_coupon_code"),
        ]
    }

    /// The ids that lomi records with the session. A product beside an amount is only recorded: the amount sets the
    /// price.
    fn records(&mut self, caller: Caller, errors: &mut FieldErrors) -> PageRecords {
        let is_priced = caller == Caller::Merchant && self.amount.is_some();
        let product_id = self.product_id.take_if(|_| is_priced).filter(|id| is_lomi_id(id, "/product_id", errors));
        let subscription_id = self.subscription_id.as_deref().filter(|id| is_uuid(id, "/subscription_id", errors));
        let plan_id = self.plan_id.as_deref().filter(|id| is_uuid(id, "/plan_id", errors));
        PageRecords {
            product_id: product_id.and_then(|id| ProductId::parse(&id).ok()),
            subscription_id: subscription_id.and_then(|id| SubscriptionId::parse(id).ok()),
            plan_id: plan_id.and_then(|id| PlanId::parse(id).ok()),
        }
    }

    /// lomi refuses a page on which the shopper need not give a name, an e-mail or a phone number.
    fn required_fields(&self, errors: &mut FieldErrors) -> RequiredFields {
        let usual = RequiredFields::default();
        let required = RequiredFields {
            name: self.require_name.unwrap_or(usual.name),
            email: self.require_email.unwrap_or(usual.email),
            phone: self.require_phone.unwrap_or(usual.phone),
            billing_address: self.require_billing_address.unwrap_or(usual.billing_address),
        };
        let asks_for_one = required.name || required.email || required.phone;
        errors.unless(
            asks_for_one || self.customer_name.is_some() || self.customer_id.is_some(),
            "/require_name",
            "Require a name, an e-mail or a phone number, or send customer_name or customer_id.",
            "Exigez un nom, un e-mail ou un téléphone, ou envoyez customer_name ou customer_id.",
        );
        required
    }

    fn check_texts(&self, errors: &mut FieldErrors) {
        let title = ("At most 200 characters.", "200 caractères au plus.");
        check_text(self.title.as_deref(), MAX_TITLE_CHARS, "/title", title, errors);
        let reference = self.payment_reference.as_deref();
        check_text(reference, MAX_REFERENCE_CHARS, "/payment_reference", title, errors);
        let description = ("At most 2000 characters.", "2000 caractères au plus.");
        let text = self.public_description.as_deref();
        check_text(text, MAX_DESCRIPTION_CHARS, "/public_description", description, errors);
        let minutes = self.expiration_minutes.is_none_or(|minutes| minutes.get() <= MAX_EXPIRATION_MINUTES);
        errors.unless(minutes, "/expiration_minutes", "1 to 1440 minutes.", "De 1 à 1440 minutes.");
    }

    /// An empty list means no payment method. lomi's documents of 2025 refuse it, and so does the admin route; on the
    /// public route it counts as absent.
    fn check_providers(&self, caller: Caller, errors: &mut FieldErrors) {
        let providers = self.allowed_providers.as_deref().unwrap_or_default();
        let is_empty = self.allowed_providers.as_ref().is_some_and(Vec::is_empty);
        errors.unless(
            !is_empty || caller == Caller::Storefront,
            "/allowed_providers",
            "Send at least one provider code, or omit the field to offer all of yours.",
            "Envoyez au moins un code de fournisseur, ou omettez le champ pour proposer tous les vôtres.",
        );
        let code =
            |text: &String| (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        errors.unless(
            providers.len() <= MAX_PROVIDERS && providers.iter().all(code),
            "/allowed_providers",
            "At most 16 provider codes such as WAVE or MTN.",
            "16 codes de fournisseur au plus, par exemple WAVE ou MTN.",
        );
    }
}
