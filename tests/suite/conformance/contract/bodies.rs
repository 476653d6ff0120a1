//! Every member that the client can send. A member that is added there has to be added here.

use std::num::NonZeroU32;

use lomi_client::webhook::EventKind;
use lomi_client::{
    AppearanceTheme, BillingAddress, Buyer, ConfirmationToken, CreateCardCharge, CreateCheckoutSession, CreateCustomer,
    CreatePaymentLink, CreateRefund, CreateWebhookEndpoint, CurrencyCode, CustomerDetails, CustomerProfile, LineItem,
    LinkTarget, RefundType, SubscriptionAction, UpdateCustomer, UpdateWebhookEndpoint,
};
use lomi_sandbox::{Profile, fixtures};

use crate::conformance::context::{Context, NOBODY, francs, key};

/// Whether lomi. does what is asked is not the point: the wire looks at what was sent.
pub(super) async fn in_current() {
    let context = Context::start(Profile::Current).await;
    let client = &context.client;
    drop(client.checkout_sessions().create(&session()).send().await);
    drop(client.card_charges().create(&charge(), key("charge")).send().await);
    for target in [LinkTarget::Instant { amount: francs(5_000) }, product()] {
        drop(client.payment_links().create(&link(target)).send().await);
    }
    drop(client.refunds().create(&refund(), key("refund")).send().await);
    let (name, metadata) = ("Ada".to_owned(), [("tier".to_owned(), 1.into())].into());
    let customer = CreateCustomer { name, profile: profile(), metadata };
    drop(client.customers().create(&customer).send().await);
    let CreateCustomer { name, profile, metadata } = customer;
    let changes = UpdateCustomer { name: Some(name), profile, metadata: Some(metadata), ..Default::default() };
    drop(client.customers().update(&NOBODY.parse().unwrap(), &changes).send().await);
    drop(client.webhook_endpoints().create(&endpoint()).send().await);
    let CreateWebhookEndpoint { url, authorized_events, description: _, metadata } = endpoint();
    let changes = UpdateWebhookEndpoint {
        url: Some(url),
        authorized_events: Some(authorized_events),
        is_active: Some(false),
        metadata: Some(metadata),
    };
    drop(client.webhook_endpoints().update(&NOBODY.parse().unwrap(), &changes).send().await);
}

#[tokio::test]
async fn every_field_that_the_client_sends_is_in_the_contract() {
    in_current().await;
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn session() -> CreateCheckoutSession {
    CreateCheckoutSession {
        success_url: "https://shop.example/ok".to_owned(),
        cancel_url: "https://shop.example/cart".to_owned(),
        allowed_providers: vec!["WAVE".to_owned()],
        amount: Some(francs(25_000)),
        currency_code: Some(CurrencyCode::XOF),
        title: some("Order A-1007"),
        public_description: some("Two baskets"),
        customer: CustomerDetails {
            name: some("Ada"),
            email: some("ada@shop.example"),
            phone: some("+221771234567"),
            city: some("Dakar"),
            country: some("Senegal"),
            address: some("Rue 1"),
            postal_code: some("10000"),
        },
        customer_id: Some(fixtures::CUSTOMER_A.parse().unwrap()),
        product_id: Some(fixtures::PRODUCT_A.parse().unwrap()),
        price_id: Some(fixtures::PRICE_A.parse().unwrap()),
        quantity: NonZeroU32::new(2),
        allow_quantity: Some(true),
        line_items: vec![LineItem { price_id: fixtures::PRICE_A.parse().unwrap(), quantity: NonZeroU32::MIN }],
        subscription_id: Some(NOBODY.parse().unwrap()),
        plan_id: Some(NOBODY.parse().unwrap()),
        payment_link_id: Some(NOBODY.parse().unwrap()),
        metadata: [("order_id".to_owned(), "A-1007".to_owned())].into(),
        expiration_minutes: NonZeroU32::new(30),
        allow_coupon_code: true,
        require_name: Some(true),
        require_email: Some(false),
        require_phone: Some(true),
        require_billing_address: Some(true),
        integration_source: some("system"),
    }
}

fn charge() -> CreateCardCharge {
    CreateCardCharge {
        amount: francs(25_000),
        currency_code: CurrencyCode::XOF,
        buyer: Buyer::Guest { customer_email: "ada@shop.example".to_owned(), customer_name: "Ada".to_owned() },
        customer_phone: some("+221771234567"),
        description: some("Two baskets"),
        payment_reference: some("A-1007"),
        product_id: Some(NOBODY.parse().unwrap()),
        subscription_id: Some(NOBODY.parse().unwrap()),
        quantity: NonZeroU32::new(2),
        metadata: [("order_id".to_owned(), "A-1007".to_owned())].into(),
        appearance_theme: Some(AppearanceTheme::Dark),
        appearance_border_radius_px: Some(4),
        appearance_billing_address: Some(BillingAddress::Never),
    }
}

fn refund() -> CreateRefund {
    CreateRefund {
        transaction_id: NOBODY.parse().unwrap(),
        amount: francs(1_000),
        reason: some("Cup broken"),
        refund_type: Some(RefundType::Partial),
        subscription_action: Some(SubscriptionAction::Pause),
        confirmation_token: ConfirmationToken::parse("ct_of_nothing"),
    }
}

fn product() -> LinkTarget {
    let price_id = Some(fixtures::PRICE_A.parse().unwrap());
    LinkTarget::Product { product_id: fixtures::PRODUCT_A.parse().unwrap(), price_id }
}

fn link(target: LinkTarget) -> CreatePaymentLink {
    CreatePaymentLink {
        target,
        title: "Donation".to_owned(),
        currency_code: CurrencyCode::XOF,
        description: some("For the school"),
        allow_coupon_code: Some(true),
        allow_quantity: Some(true),
        require_name: Some(true),
        require_email: Some(false),
        require_phone: Some(true),
        require_billing_address: Some(true),
        single_use: Some(true),
        expires_at: some("2099-12-31T23:59:59Z"),
        success_url: some("https://shop.example/ok"),
        cancel_url: some("https://shop.example/cart"),
        metadata: [("chaos".to_owned(), "school".to_owned())].into(),
    }
}

fn profile() -> CustomerProfile {
    CustomerProfile {
        email: some("ada@shop.example"),
        phone_number: some("+221771234567"),
        whatsapp_number: some("+221771234567"),
        country: some("Senegal"),
        city: some("Dakar"),
        address: some("Rue 1"),
        postal_code: some("10000"),
        is_business: Some(false),
    }
}

fn endpoint() -> CreateWebhookEndpoint {
    CreateWebhookEndpoint {
        url: "https://shop.example/hook".to_owned(),
        authorized_events: vec![EventKind::PaymentSucceeded],
        description: some("the shop's"),
        metadata: [("team".to_owned(), "shop".to_owned())].into(),
    }
}
