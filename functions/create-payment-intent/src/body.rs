//! The request body, and the rules of its fields.

use crate::appearance;
use checkout::sessions::{CardDetails, CheckoutMode};
use domain::{Currency, MAX_REFERENCE_CHARS, MAX_TITLE_CHARS, OrderDetails};
use lambda_kit::fields::{
    Asked, Caller, Contact, FieldErrors, Item, Label, PricingFields, Whole, check_text, details_of, only_merchant,
    version_4_id,
};
use lambda_kit::problem::Problem;
use lomi_client::{Buyer, CustomerDetails, CustomerId, ProductId, SubscriptionId};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

const MAX_DESCRIPTION_CHARS: usize = 500;
const MAX_QUANTITY: i64 = 1_000_000;

#[derive(Deserialize)]
pub(crate) struct Body {
    items: Option<Vec<Item>>,
    cart_token: Option<String>,
    amount: Option<Whole>,
    currency_code: Option<String>,
    /// The older name of `currency_code`.
    currency: Option<String>,
    customer_id: Option<String>,
    customer_email: Option<String>,
    customer_name: Option<String>,
    customer_phone: Option<String>,
    title: Option<String>,
    description: Option<String>,
    payment_reference: Option<String>,
    product_id: Option<String>,
    subscription_id: Option<String>,
    quantity: Option<Whole>,
    #[serde(default)]
    metadata: BTreeMap<String, Label>,
    appearance_theme: Option<String>,
    appearance_border_radius: Option<u32>,
    appearance_billing_address: Option<String>,
}

impl Body {
    pub(crate) fn check(
        self,
        caller: Caller,
        default_currency: Currency,
        publishable_key: Option<String>,
    ) -> Result<(CheckoutMode, OrderDetails, Asked), Problem> {
        let mut errors = FieldErrors::default();
        self.check_texts(&mut errors);
        only_merchant(caller, &self.merchants_own(), &mut errors);
        let details = details_of(caller, &self.metadata, &mut errors);
        let quantity = self.quantity(&mut errors);
        let currency_code = self.currency_code(caller, &mut errors);
        let customer = version_4_id(self.customer_id.as_deref(), "/customer_id", CustomerId::parse, &mut errors);
        let contact = Contact { email: self.customer_email, name: self.customer_name, phone: self.customer_phone };
        let contact = contact.check(&mut errors);
        let customer_phone = contact.phone.clone();
        let buyer = buyer(customer, contact, self.customer_id.is_some(), &mut errors);
        let product_id = self.product_id.as_deref();
        let product_id = version_4_id(product_id, "/product_id", ProductId::parse, &mut errors);
        let subscription_id = self.subscription_id.as_deref();
        let subscription_id = version_4_id(subscription_id, "/subscription_id", SubscriptionId::parse, &mut errors);
        let look = self.appearance_theme.as_deref();
        let appearance_theme = appearance::theme(look, &mut errors);
        let appearance_border_radius_px = appearance::border_radius_px(self.appearance_border_radius, &mut errors);
        let address = self.appearance_billing_address.as_deref();
        let appearance_billing_address = appearance::billing_address(address, &mut errors);
        let card = buyer.map(|buyer| CardDetails {
            buyer,
            customer_phone,
            description: self.description,
            payment_reference: self.payment_reference.clone(),
            product_id,
            subscription_id,
            quantity,
            appearance_theme,
            appearance_border_radius_px,
            appearance_billing_address,
            publishable_key,
        });
        let pricing = PricingFields {
            items: self.items,
            cart_token: self.cart_token,
            amount: self.amount,
            currency_code,
            default_currency: Some(default_currency),
            ..PricingFields::default()
        };
        let asked = Asked::read(caller, pricing, &mut errors);
        let (card, asked) = errors.none_or(card.zip(asked))?;
        let details = OrderDetails {
            title: self.title,
            reference: self.payment_reference,
            customer_id: self.customer_id,
            ..details
        };
        Ok((CheckoutMode::Card(Box::new(card)), details, asked))
    }

    /// The currency by either of its names. A storefront may not send one.
    fn currency_code(&self, caller: Caller, errors: &mut FieldErrors) -> Option<String> {
        let (code, alias) =
            (self.currency_code.as_ref(), self.currency.as_ref().filter(|_| caller == Caller::Merchant));
        errors.unless(
            code.is_none() || alias.is_none() || code == alias,
            "/currency",
            "Contradicts currency_code: send one of the two.",
            "Contredit currency_code : n'envoyez que l'un des deux.",
        );
        let priced = alias.is_none() || self.amount.is_some();
        errors.unless(priced, "/currency", "Allowed with amount only.", "Autorisé avec amount seulement.");
        code.or(alias.filter(|_| priced)).cloned()
    }

    fn quantity(&self, errors: &mut FieldErrors) -> Option<NonZeroU32> {
        let number = self.quantity?.get().filter(|number| (1..=MAX_QUANTITY).contains(number));
        let quantity = number.and_then(|number| u32::try_from(number).ok()).and_then(NonZeroU32::new);
        let (en, fr) = ("A whole number, 1 to 1000000.", "Un nombre entier, de 1 à 1000000.");
        errors.unless(quantity.is_some(), "/quantity", en, fr);
        quantity
    }

    /// The fields that only the merchant's backend may set: lomi records them as the merchant's, and `currency` is part
    /// of a price.
    const fn merchants_own(&self) -> [(bool, &'static str); 5] {
        [
            (self.currency.is_some(), "/currency"),
            (self.payment_reference.is_some(), "/payment_reference"),
            (self.product_id.is_some(), "/product_id"),
            (self.subscription_id.is_some(), "/subscription_id"),
            (self.quantity.is_some(), "/quantity"),
        ]
    }

    fn check_texts(&self, errors: &mut FieldErrors) {
        let up_to_200 = ("At most 200 characters.", "200 caractères au plus.");
        let up_to_500 = ("At most 500 characters.", "500 caractères au plus.");
        check_text(self.title.as_deref(), MAX_TITLE_CHARS, "/title", up_to_200, errors);
        check_text(self.description.as_deref(), MAX_DESCRIPTION_CHARS, "/description", up_to_500, errors);
        let reference = self.payment_reference.as_deref();
        check_text(reference, MAX_REFERENCE_CHARS, "/payment_reference", up_to_200, errors);
    }
}

/// lomi refuses a charge without a customer id or the contact to create a customer.
fn buyer(
    customer: Option<CustomerId>,
    contact: CustomerDetails,
    is_customer_named: bool,
    errors: &mut FieldErrors,
) -> Option<Buyer> {
    if is_customer_named {
        return customer.map(|customer_id| Buyer::Customer { customer_id });
    }
    match (contact.email, contact.name) {
        (Some(customer_email), Some(customer_name)) => Some(Buyer::Guest { customer_email, customer_name }),
        (None, Some(_)) => {
            errors.add("/customer_email", "Required with customer_name.", "Obligatoire avec customer_name.");
            None
        }
        (Some(_), None) => {
            errors.add("/customer_name", "Required with customer_email.", "Obligatoire avec customer_email.");
            None
        }
        (None, None) => {
            errors.add(
                "/customer_id",
                "Name the payer: customer_id, or customer_email and customer_name.",
                "Indiquez qui paie : customer_id, ou customer_email et customer_name.",
            );
            None
        }
    }
}
