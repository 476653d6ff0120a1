//! The requests of shops and back offices, as the handlers pass them to the use cases.

use checkout::refunds::RefundOrder;
use checkout::sessions::{
    CardDetails, CheckoutMode, CreateCheckout, PageDetails, PageRecords, Pricing, RequiredFields,
};
use domain::{Currency, Fingerprint, IdempotencyKey, Money, OrderDetails, OrderId, RedirectPolicy};
use lomi_client::{Buyer, CustomerDetails};
use serde_json::json;
use store::Operation;

use crate::time;

const SHOP: &str = "https://shop.example";

/// A hosted page for this amount in francs.
#[must_use]
pub fn page(key: &str, francs: i64) -> CreateCheckout {
    let policy = RedirectPolicy::new([SHOP], false).expect("an origin");
    let url = |path: &str| policy.allow(&format!("{SHOP}/{path}")).expect("an allowed address");
    let page = PageDetails {
        success_url: url("thanks"),
        cancel_url: url("cart"),
        allowed_providers: ["WAVE", "MTN", "STRIPE"].map(str::to_owned).to_vec(),
        public_description: None,
        customer: CustomerDetails::default(),
        expiration_minutes: None,
        required: RequiredFields::default(),
        records: PageRecords::default(),
    };
    create(Operation::CreateCheckoutSessionAsAdmin, key, francs, CheckoutMode::Page(Box::new(page)))
}

const CART_KEY: &str = "0123456789abcdef0123456789abcdef";
/// Longer than any simulated shopper needs.
const CART_LIFE_S: i64 = 12 * 60 * 60;

/// The same request for a cart that the merchant's backend signed once, under this `jti`.
#[must_use]
pub fn signed(request: CreateCheckout, cart: &str, francs: i64) -> CreateCheckout {
    let exp = time::START_MS / 1000 + CART_LIFE_S;
    let claims = json!({ "amount": francs, "currency_code": "XOF", "exp": exp, "jti": cart });
    let token = tests::cart_token::sign(&claims, CART_KEY);
    let fingerprint = Fingerprint::of(request.operation.as_str(), &json!({ "cart_token": token }));
    let pricing = Pricing::Signed { token, key: CART_KEY.as_bytes().to_vec() };
    CreateCheckout { fingerprint, pricing, ..request }
}

/// A card form for this amount in francs.
#[must_use]
pub fn card(key: &str, francs: i64) -> CreateCheckout {
    let card = CardDetails {
        buyer: Buyer::Guest { customer_email: "ada@shop.example".to_owned(), customer_name: "Ada".to_owned() },
        customer_phone: None,
        description: None,
        payment_reference: None,
        product_id: None,
        subscription_id: None,
        quantity: None,
        appearance_theme: None,
        appearance_border_radius_px: None,
        appearance_billing_address: None,
        publishable_key: None,
    };
    create(Operation::CreatePaymentIntentAsAdmin, key, francs, CheckoutMode::Card(Box::new(card)))
}

fn create(operation: Operation, key: &str, francs: i64, mode: CheckoutMode) -> CreateCheckout {
    CreateCheckout {
        operation,
        idempotency_key: IdempotencyKey::parse(key).expect("a key"),
        fingerprint: Fingerprint::of(operation.as_str(), &json!({ "amount": francs })),
        pricing: Pricing::Merchant(Money::new(francs, Currency::Xof).expect("an amount")),
        details: OrderDetails {
            title: Some("A cart".to_owned()),
            shopper_notes: [("gift".to_owned(), "For Ada".to_owned())].into(),
            ..OrderDetails::default()
        },
        mode,
    }
}

/// A refund of the order's only payment: this amount in francs, or the whole remainder when `None`.
#[must_use]
pub fn refund(order_id: &str, key: &str, francs: Option<i64>) -> RefundOrder {
    RefundOrder {
        order_id: OrderId::parse(order_id).expect("an order's id"),
        idempotency_key: IdempotencyKey::parse(key).expect("a key"),
        fingerprint: Fingerprint::of("refund", &json!({ "amount": francs })),
        transaction_id: None,
        amount_minor: francs,
        reason: None,
        confirmed_phone: None,
    }
}
