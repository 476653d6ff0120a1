//! Further fields of the merchant's answer, under the names of lomi's documents of 2025.
//!
//! All come from the request or from the stored answer, so the shopper's contact is shown without being stored.

use checkout::sessions::{CheckoutMode, CreateCheckout, PageDetails, Pricing};
use domain::LomiCart;
use lambda_kit::create::Kept;
use lomi_client::{ProductId, SubscriptionId};
use serde::Serialize;
use store::Operation;

#[derive(Serialize)]
pub(crate) struct Beside<'a> {
    url: Option<String>,
    success_url: String,
    cancel_url: String,
    allowed_providers: &'a [String],
    title: Option<&'a str>,
    public_description: Option<&'a str>,
    customer_email: Option<&'a str>,
    customer_name: Option<&'a str>,
    customer_phone: Option<&'a str>,
    product_id: Option<&'a str>,
    subscription_id: Option<&'a str>,
    allow_coupon_code: bool,
}

impl<'a> Beside<'a> {
    pub(crate) fn of(create: &'a CreateCheckout, kept: Kept) -> Option<Self> {
        let CheckoutMode::Page(page) = &create.mode else { return None };
        let is_merchants = create.operation == Operation::CreateCheckoutSessionAsAdmin;
        is_merchants.then(|| Self {
            url: kept.checkout_url,
            success_url: page.success_url.as_sent(),
            cancel_url: page.cancel_url.as_sent(),
            allowed_providers: &page.allowed_providers,
            title: create.details.title.as_deref(),
            public_description: page.public_description.as_deref(),
            customer_email: page.customer.email.as_deref(),
            customer_name: page.customer.name.as_deref(),
            customer_phone: page.customer.phone.as_deref(),
            product_id: product_id(page, &create.pricing),
            subscription_id: page.records.subscription_id.as_ref().map(SubscriptionId::as_str),
            allow_coupon_code: create.details.allows_coupons,
        })
    }
}

/// The product that sets the price, or that is recorded beside an amount.
fn product_id<'a>(page: &'a PageDetails, pricing: &'a Pricing) -> Option<&'a str> {
    match pricing {
        Pricing::Lomi(LomiCart::Product { product_id, .. }, _) => Some(product_id),
        _ => page.records.product_id.as_ref().map(ProductId::as_str),
    }
}
