//! From the cart to the paid order.

use serde_json::Value;
use tests::TestApp;

#[tokio::test]
async fn a_shopper_pays_and_the_order_turns_paid() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let transaction_id = app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    let shown = app.status(&order).await.expect(200).json();
    assert_eq!(shown["status"], "paid");
    assert_eq!(shown["payment"]["transaction_id"], transaction_id.as_str());
    assert_eq!(shown["payment"]["provider_code"], "STRIPE");
    assert_eq!(shown["poll_after_ms"], Value::Null);
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    assert_eq!(app.timeline(&order.order_id).await, ["created/storefront", "opened/lomi", "paid/webhook"]);
    app.audit().await;
}

#[tokio::test]
async fn mobile_money_events_without_an_environment_pay() {
    let app = TestApp::start().await;
    for (method, provider) in [("wave", "WAVE"), ("mtn", "MTN")] {
        let order = app.open_order().await;
        app.pay(&order, method).await;
        app.wait_for(&order.order_id, "paid").await;
        let shown = app.status(&order).await.expect(200).json();
        assert_eq!(shown["payment"]["provider_code"], provider);
        assert_eq!(shown["payment"]["payment_method_code"], "MOBILE_MONEY");
    }
    app.audit().await;
}

#[tokio::test]
async fn the_shopper_returns_to_a_page_that_knows_its_order() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let step = app.lomi.pay(&order.session_id, "card").await;
    let expected = format!("{}/return.html#{}.{}", app.origin, order.order_id, order.order_token);
    assert_eq!(step["redirect"], expected.as_str());
    app.wait_for(&order.order_id, "paid").await;
    app.audit().await;
}

#[tokio::test]
async fn lomi_receives_exactly_the_order_of_the_shop() {
    let app = TestApp::start().await;
    let mut body = app.cart(2);
    body["title"] = "Panier d’Awa".into();
    body["metadata"] = serde_json::json!({ "panier": "A-1007" });
    let order = tests::Created::of(&app.create(&body, "k").await);
    let session = app.lomi.sessions().await.remove(0);
    assert_eq!(session["amount"].to_string().trim_end_matches(".0"), "25000");
    assert_eq!(session["currency_code"], "XOF");
    assert_eq!(session["title"], "Panier d’Awa");
    assert_eq!(session["customer_email"], tests::EMAIL);
    assert_eq!(session["metadata"]["order_id"], order.order_id.as_str());
    assert_eq!(session["metadata"]["payment_environment"], "test");
    assert_eq!(session["metadata"]["panier"], serde_json::Value::Null, "a shopper's note stays here");
    app.audit().await;
}

#[tokio::test]
async fn the_shoppers_contact_is_not_kept_with_the_order() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    for prefix in ["ORDER#", "IDEM#", "REF#", "OUTBOX#"] {
        let items = format!("{:?}", app.table.items(prefix).await);
        for contact in [tests::EMAIL, tests::NAME, tests::PHONE] {
            assert!(!items.contains(contact), "{prefix} holds {contact}");
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn two_purchases_are_two_orders() {
    let app = TestApp::start().await;
    let (one, other) = (app.open_order().await, app.open_order().await);
    assert_ne!(one.order_id, other.order_id);
    assert_ne!(one.order_token, other.order_token);
    app.pay(&other, "card").await;
    app.wait_for(&other.order_id, "paid").await;
    assert_eq!(app.order_status(&one.order_id).await, "open");
    app.audit().await;
}
