//! Since API 1.2.0 a payment has two ids at lomi: a UUID, and the `txn_...` of the dashboard. lomi does not document
//! which one an event contains. Both name the same payment.

use lomi_sandbox::fixtures::PRICE_A;
use serde_json::{Value, json};
use tests::{Created, TestApp};

const DECLINED_CARD: &str = "4000000000000002";

/// An app beside a lomi that names payments by their public ids alone.
async fn app() -> TestApp {
    let app = TestApp::start().await;
    app.lomi.quirks(json!({ "payments_by_public_id": true })).await;
    app
}

async fn public_id(app: &TestApp, transaction_id: &str) -> String {
    let (url, secret) = (&app.stack.urls().lomi, app.secret("LOMI_SECRET_KEY_ID"));
    let row = app.http.get(&format!("{url}/transactions/{transaction_id}"), &[("x-api-key", &secret)]).await;
    row.expect(200).json()["public_id"].as_str().expect("a public id").to_owned()
}

/// The order's payments: the id under which each counts, and the rest of the payment.
async fn payments(app: &TestApp, order: &Created) -> Vec<(String, Value)> {
    let path = format!("/admin/orders/{}", order.order_id);
    let detail = app.admin("GET", &path, &Value::Null).await.expect(200).json();
    let shown =
        |payment: &Value| (payment["transaction_id"].as_str().unwrap().to_owned(), payment["public_id"].clone());
    detail["payments"].as_array().expect("payments").iter().map(shown).collect()
}

/// A paid order of 12 500 francs whose events contained public ids only.
async fn paid_order(app: &TestApp) -> (Created, String) {
    let order = app.open_order().await;
    let transaction_id = app.pay(&order, "card").await;
    app.lomi.run_outbox().await;
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    (order, transaction_id)
}

#[tokio::test]
async fn a_payment_with_a_public_id_counts_once() {
    let app = app().await;
    for method in ["wave", "card"] {
        let order = app.open_order().await;
        let transaction_id = app.pay(&order, method).await;
        let event = app.announced(&transaction_id).await;
        app.lomi.run_outbox().await;
        assert_eq!(app.order_status(&order.order_id).await, "open", "lomi. is asked first");
        assert_eq!(app.quarantine("").await[0]["reason"], "payment_unidentified");

        app.reconcile().await;
        assert_eq!(app.timeline(&order.order_id).await.last().unwrap(), "paid/poll");
        assert!(app.quarantine("").await.is_empty(), "it is answered");
        let public_id = public_id(&app, &transaction_id).await;
        assert_eq!(payments(&app, &order).await, [(transaction_id.clone(), json!(public_id))]);

        let by_uuid = event.clone().with("/data/transaction_id", transaction_id.clone());
        for told in [event, by_uuid.clone(), by_uuid.with("/data/public_id", public_id)] {
            app.deliver(&told.in_envelope(2)).await;
        }
        app.reconcile().await;
        let stored = app.order(&order.order_id).await;
        assert_eq!((&stored["status"], &stored["overpaid"]), (&json!("paid"), &json!(false)));
    }
    app.audit().await;
}

#[tokio::test]
async fn a_payment_by_uuid_then_public_id_counts_once() {
    let app = TestApp::start().await;
    let (order, transaction_id) = app.paid_order("wave").await;
    let event = app.announced(&transaction_id).await;
    let told = event.with("/data/transaction_id", public_id(&app, &transaction_id).await);
    assert_eq!(app.deliver(&told.clone()).await.outcome(), "quarantined");
    assert_eq!(app.deliver(&told.without("/data/organization_id")).await.outcome(), "quarantined");
    app.reconcile().await;
    assert!(app.quarantine("").await.is_empty());
    let stored = app.order(&order.order_id).await;
    assert_eq!((&stored["status"], &stored["overpaid"]), (&json!("paid"), &json!(false)));
    app.audit().await;
}

#[tokio::test]
async fn a_failure_with_a_public_id_is_verified() {
    let app = app().await;
    let card = app.open_card_order().await;
    app.lomi.present_card(&card.intent_id, &card.client_secret, DECLINED_CARD).await;
    app.lomi.run_outbox().await;
    assert_eq!(app.order_status(&card.order.order_id).await, "open");
    app.reconcile().await;
    assert_eq!(app.timeline(&card.order.order_id).await.last().unwrap(), "payment_failed/poll");
    assert!(app.quarantine("").await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_payment_without_an_order_raises_one_alarm() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await;
    let made_up = event.with("/data/transaction_id", "txn_7KQ2MB9RWX4TZD");
    assert_eq!(app.deliver(&made_up).await.outcome(), "quarantined");
    for _ in 0..3 {
        app.table.set_number("ATTRIBUTION#txn_7KQ2MB9RWX4TZD", "ATTRIBUTION", "due_at_ms", 0).await;
        app.reconcile().await;
    }
    assert_eq!(app.quarantined().await, ["payment_unidentified", "unattributed_payment"]);
    app.audit().await;
}

#[tokio::test]
async fn a_refund_takes_either_id_of_its_payment() {
    let app = app().await;
    let (order, transaction_id) = paid_order(&app).await;
    let public_id = public_id(&app, &transaction_id).await;
    for (id, key) in [(&public_id, "a"), (&transaction_id, "b")] {
        let body = json!({ "amount": 5_000, "transaction_id": id });
        let refund = app.refund(&order.order_id, &body, key).await.expect(201).json()["refund"].clone();
        assert_eq!((&refund["status"], &refund["transaction_id"]), (&json!("completed"), &json!(transaction_id)));
    }
    let unknown = json!({ "amount": 1_000, "transaction_id": "txn_7KQ2MB9RWX4TZD" });
    assert_eq!(app.refund(&order.order_id, &unknown, "c").await.status, 400);
    app.audit().await;
}

#[tokio::test]
async fn a_lost_refund_is_found_by_the_public_id_of_its_payment() {
    let app = app().await;
    let (order, _) = paid_order(&app).await;
    app.lomi.lose_webhooks().await;
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "commit_then_500" })).await;
    app.refund(&order.order_id, &json!({ "amount": 5_000 }), "k").await.expect(202);
    app.age_refunds(&order.order_id).await;
    app.reconcile().await;
    let refunds = app.refunds(&order.order_id).await;
    assert_eq!((refunds.len(), &refunds[0]["status"]), (1, &json!("completed")));
    app.audit().await;
}

#[tokio::test]
async fn a_dashboard_refund_with_a_public_id_is_counted() {
    let app = app().await;
    let (order, transaction_id) = paid_order(&app).await;
    app.refund_at_lomi(&transaction_id, 5_000).await;
    app.lomi.run_outbox().await;
    app.reconcile().await;
    let stored = app.order(&order.order_id).await;
    assert_eq!(stored["status"], "partially_refunded");
    assert_eq!(app.refunds(&order.order_id).await[0]["transaction_id"], json!(transaction_id));
    assert!(app.quarantine("").await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_price_is_sold_by_its_public_id_too() {
    let app = TestApp::start().await;
    let sold = app.create(&app.body(json!({ "price_id": PRICE_A })), "by-uuid").await.expect(201).json();
    let url = format!("{}/checkout-sessions/{}", app.stack.urls().lomi, sold["checkout_session_id"].as_str().unwrap());
    let session = app.http.get(&url, &[("x-api-key", &app.secret("LOMI_SECRET_KEY_ID"))]).await.expect(200).json();
    let public_id = session["price_id"].as_str().expect("lomi. shows it").to_owned();
    assert!(public_id.starts_with("price_"), "{public_id}");
    let line = json!({ "price_id": public_id, "quantity": 1 });
    for (name, pricing) in [("alone", json!({ "price_id": public_id })), ("line", json!({ "line_items": [line] }))] {
        let again = app.create(&app.body(pricing), name).await.expect(201).json();
        assert_eq!(again["amount"], sold["amount"]);
    }
    app.audit().await;
}
