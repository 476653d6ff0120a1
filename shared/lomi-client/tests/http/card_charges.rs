//! Card charges in the shapes and under the paths of every generation.

use crate::support::{Lomi, OBJECT_ID, Reply, json, key, received, unsent};
use lomi_client::{
    Amount, AppearanceTheme, BillingAddress, Buyer, CardChargeStatus, CardRoutes, CreateCardCharge, CurrencyCode,
    CustomerId, ErrorKind, NewCardCharge, Outcome, PaymentIntentId, ProductId, SubscriptionId, TransactionStatus,
};

const FIRST: &str = r#"{"success":true,"data":{"id":"pi_3QxYk6","client_secret":"pi_3QxYk6_secret_canary","amount":3811,"currency":"eur","original_amount":25000,"original_currency":"XOF","status":"requires_payment_method"}}"#;
const CURRENT: &str = r#"{"success":true,"data":{"id":"pi_3QxYk6","client_secret":"pi_3QxYk6_secret_canary","amount":3811.0,"currency":"eur","original_amount":"25000.00","original_currency":"XOF","status":"requires_payment_method","appearance":{"theme":"flat","border_radius":8}}}"#;

fn guest() -> Buyer {
    Buyer::Guest { customer_email: "awa@shop.example".to_owned(), customer_name: "Awa Diop".to_owned() }
}

fn charge() -> CreateCardCharge {
    CreateCardCharge::new(Amount::from_scaled(25_000, 0).unwrap(), CurrencyCode::XOF, guest())
}

fn id() -> PaymentIntentId {
    PaymentIntentId::parse("pi_3QxYk6").unwrap()
}

async fn created(body: &str) -> NewCardCharge {
    let lomi = Lomi::start(vec![json("201 Created", body)]).await;
    lomi.client().card_charges().create(&charge(), key()).send().await.unwrap()
}

#[tokio::test]
async fn a_charge_separates_merchant_and_processor_amounts() {
    for body in [FIRST, CURRENT] {
        let new = created(body).await;
        assert_eq!(new.client_secret.expose(), "pi_3QxYk6_secret_canary");
        assert_eq!(new.charge.payment_intent_id, id());
        assert_eq!(new.charge.status, CardChargeStatus::RequiresPaymentMethod);
        assert_eq!(new.charge.original_amount, Amount::from_scaled(25_000, 0));
        assert_eq!(new.charge.original_currency, Some(CurrencyCode::XOF));
        assert_eq!(new.charge.processor_amount_minor, Amount::from_scaled(3_811, 0));
        assert_eq!(new.charge.processor_currency, Some(CurrencyCode::EUR));
    }
    let appearance = created(CURRENT).await.appearance.unwrap();
    assert_eq!((appearance.theme.as_deref(), appearance.border_radius_px), (Some("flat"), Some(8)));
    assert_eq!((appearance.billing_address, created(FIRST).await.appearance), (None, None));
}

#[tokio::test]
async fn a_charge_without_its_secret_is_unusable_and_may_exist() {
    let without = FIRST.replace("client_secret", "secret");
    let lomi = Lomi::start(vec![json("201 Created", &without)]).await;
    let client = lomi.builder().max_attempts(1).build().unwrap();
    let error = client.card_charges().create(&charge(), key()).send().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::UnusableAnswer, Outcome::Unknown));
}

#[tokio::test]
async fn the_client_secret_shows_in_no_debug_and_in_no_error() {
    let shown = format!("{:?}", created(CURRENT).await);
    assert!(!shown.contains("canary"), "{shown}");
    let lomi = Lomi::start(vec![json("201 Created", &FIRST.replace("\"id\"", "\"_id\""))]).await;
    let client = lomi.builder().max_attempts(1).build().unwrap();
    let error = client.card_charges().create(&charge(), key()).send().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[tokio::test]
async fn every_field_is_sent_under_its_own_name() {
    let uuid = "b1c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e";
    let full = CreateCardCharge {
        customer_phone: Some("+2250700000000".to_owned()),
        description: Some("Order A-1007".to_owned()),
        payment_reference: Some("A-1007".to_owned()),
        product_id: Some(ProductId::parse(uuid).unwrap()),
        subscription_id: Some(SubscriptionId::parse(uuid).unwrap()),
        quantity: 2.try_into().ok(),
        metadata: [("order_id".to_owned(), "A-1007".to_owned())].into(),
        appearance_theme: Some(AppearanceTheme::Dark),
        appearance_border_radius_px: Some(8),
        appearance_billing_address: Some(BillingAddress::Never),
        ..charge()
    };
    let request = received(json("201 Created", CURRENT), async |client| {
        client.card_charges().create(&full, key()).send().await.unwrap();
    });
    let request = request.await;
    assert_eq!(request.line, "POST /charge/card HTTP/1.1");
    assert_eq!(request.headers["idempotency-key"], "order-A-1007");
    let expected = format!(
        r#"{{"amount":25000,"currency_code":"XOF","customer_email":"awa@shop.example","customer_name":"Awa Diop","customer_phone":"+2250700000000","description":"Order A-1007","payment_reference":"A-1007","product_id":"{uuid}","subscription_id":"{uuid}","quantity":2,"metadata":{{"order_id":"A-1007"}},"appearance_theme":"dark","appearance_border_radius":8,"appearance_billing_address":"never"}}"#
    );
    assert_eq!(request.body, expected);
}

#[tokio::test]
async fn a_customer_id_replaces_email_and_name() {
    let buyer = Buyer::Customer { customer_id: CustomerId::parse(OBJECT_ID).unwrap() };
    let charge = CreateCardCharge::new("19.5".parse().unwrap(), CurrencyCode::EUR, buyer);
    let request = received(json("201 Created", CURRENT), async |client| {
        client.card_charges().create(&charge, key()).send().await.unwrap();
    });
    let expected = format!(r#"{{"amount":19.5,"currency_code":"EUR","customer_id":"{OBJECT_ID}"}}"#);
    assert_eq!(request.await.body, expected);
}

#[tokio::test]
async fn the_older_card_path_applies_to_every_call() {
    let replies = vec![
        json("201 Created", FIRST),
        json("200 OK", FIRST),
        json("201 Created", r#"{"success":true,"data":{"id":"pi_3QxYk6","status":"canceled"}}"#),
    ];
    let lomi = Lomi::start(replies).await;
    let client = lomi.builder().card_routes(CardRoutes::PaymentIntents).build().unwrap();
    let charges = client.card_charges();
    charges.create(&charge(), key()).send().await.unwrap();
    charges.get(&id()).send().await.unwrap();
    assert_eq!(charges.cancel(&id()).send().await.unwrap(), CardChargeStatus::Canceled);
    let lines: Vec<_> = lomi.received().into_iter().map(|request| request.line).collect();
    assert_eq!(
        lines,
        [
            "POST /payment-intents HTTP/1.1",
            "GET /payment-intents/pi_3QxYk6 HTTP/1.1",
            "POST /payment-intents/pi_3QxYk6/cancel HTTP/1.1",
        ]
    );
}

#[tokio::test]
async fn a_read_carries_its_transaction_if_lomi_has_one() {
    let found = format!(r#""transaction":{{"transaction_id":"{OBJECT_ID}","status":"completed"}}"#);
    for (transaction, status) in [(found.as_str(), Some(TransactionStatus::Completed)), (r#""transaction":null"#, None)]
    {
        let body =
            FIRST.replace(r#""status":"requires_payment_method""#, &format!(r#""status":"succeeded",{transaction}"#));
        let lomi = Lomi::start(vec![json("200 OK", &body)]).await;
        let charge = lomi.client().card_charges().get(&id()).send().await.unwrap();
        assert_eq!(charge.status, CardChargeStatus::Succeeded);
        assert_eq!(charge.transaction.and_then(|transaction| transaction.status), status);
        assert!(charge.client_secret.is_some());
        assert_eq!(lomi.received()[0].line, "GET /charge/card/pi_3QxYk6 HTTP/1.1");
    }
}

#[tokio::test]
async fn a_lost_charge_is_retried_and_a_lost_cancel_is_not() {
    let lomi = Lomi::start(vec![Reply::Drop, json("201 Created", CURRENT)]).await;
    lomi.client().card_charges().create(&charge(), key()).send().await.unwrap();
    assert_eq!(lomi.count(), 2);
    let lomi = Lomi::start(vec![Reply::Drop, json("201 Created", CURRENT)]).await;
    let error = lomi.client().card_charges().cancel(&id()).send().await.unwrap_err();
    assert_eq!((error.outcome(), lomi.count()), (Outcome::Unknown, 1));
}

#[tokio::test]
async fn a_disabled_card_provider_is_a_503_of_unknown_outcome() {
    let muted = r#"{"error":{"code":"service_unavailable","message":"off"}}"#;
    let lomi = Lomi::start(vec![json("503 Service Unavailable", muted)]).await;
    let client = lomi.builder().max_attempts(1).build().unwrap();
    let error = client.card_charges().create(&charge(), key()).send().await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(503), Some("service_unavailable")));
}

#[tokio::test]
async fn a_charge_that_lomi_would_refuse_is_not_sent() {
    let not_version_4 = "0d6f5f5e-7f0b-1c59-8c1b-8c7c0e1f2a33";
    let guest =
        |email: &str, name: &str| Buyer::Guest { customer_email: email.to_owned(), customer_name: name.to_owned() };
    let stranger = Buyer::Customer { customer_id: CustomerId::parse(not_version_4).unwrap() };
    let product_id = ProductId::parse(not_version_4).ok();
    let subscription_id = SubscriptionId::parse(not_version_4).ok();
    let broken = [
        ("amount", CreateCardCharge { amount: Amount::from_scaled(0, 0).unwrap(), ..charge() }),
        ("customer_phone", CreateCardCharge { customer_phone: Some(" ".to_owned()), ..charge() }),
        ("customer_id", CreateCardCharge { buyer: stranger, ..charge() }),
        ("customer_email", CreateCardCharge { buyer: guest("awa", "Awa"), ..charge() }),
        ("customer_name", CreateCardCharge { buyer: guest("awa@shop.example", " "), ..charge() }),
        ("product_id", CreateCardCharge { product_id, ..charge() }),
        ("subscription_id", CreateCardCharge { subscription_id, ..charge() }),
    ];
    let lomi = Lomi::start(vec![json("201 Created", CURRENT)]).await;
    for (field, charge) in broken {
        let error = lomi.client().card_charges().create(&charge, key()).send().await.unwrap_err();
        assert_eq!(unsent(&error), field);
    }
    assert_eq!(lomi.count(), 0);
}
