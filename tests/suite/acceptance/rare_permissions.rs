//! The reconciler, a shopper's status page, an operator and a cancellation can each find a payment. Each of them
//! makes all writes that follow from it.

use serde_json::{Value, json};
use tests::{TestApp, eventually};

async fn misprice(app: &TestApp, order_id: &str, amount: i64) {
    assert!(app.table.set_number(&format!("ORDER#{order_id}"), "ORDER", "amount", amount).await);
}

/// A payment by one of the shop's links without an event: the order, and the token in the page's return URL.
async fn paid_by_link(app: &TestApp) -> (String, String, String) {
    app.lomi.lose_webhooks().await;
    let success_url = format!("{}/return.html#{{ORDER_ID}}.{{ORDER_TOKEN}}", app.origin);
    let code = app.link(json!({ "success_url": success_url })).await;
    let led = app.led(&code).await;
    let sessions = app.lomi.sessions().await;
    let session = sessions.iter().find(|session| session["checkout_session_id"] == *led.session_id).unwrap();
    let token = session["success_url"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
    app.keep_out_of_logs(&token);
    assert_eq!(app.lomi.pay(&led.session_id, "wave").await["step"], "paid");
    (code, led.order_id, token)
}

async fn payments_by(app: &TestApp, code: &str) -> Value {
    app.table.item(&format!("LINK#{code}"), "LINK").await.unwrap()["paid_count"].clone()
}

#[tokio::test]
async fn a_payment_found_by_a_status_read_counts_at_its_link() {
    let app = TestApp::start().await;
    let (code, order_id, token) = paid_by_link(&app).await;
    assert_eq!(app.status_with(&order_id, &token).await.expect(200).json()["status"], "paid");
    assert_eq!(payments_by(&app, &code).await, 1);
    app.audit().await;
}

#[tokio::test]
async fn a_payment_found_by_a_sync_counts_at_its_link() {
    let app = TestApp::start().await;
    let (code, order_id, _) = paid_by_link(&app).await;
    assert_eq!(app.asked(&order_id).await, ["paid/poll"]);
    assert_eq!(payments_by(&app, &code).await, 1);
    app.audit().await;
}

#[tokio::test]
async fn a_mismatch_found_by_a_status_read_is_quarantined() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    misprice(&app, &order.order_id, 12_499).await;
    app.pay_silently(&order, "wave").await;
    assert_eq!(app.status(&order).await.expect(200).json()["status"], "open");
    assert_eq!(app.quarantined().await, ["amount"]);
    misprice(&app, &order.order_id, 12_500).await;
    app.audit().await;
}

#[tokio::test]
async fn a_mismatch_found_by_a_sync_is_quarantined() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    misprice(&app, &order.order_id, 12_499).await;
    app.pay_silently(&order, "wave").await;
    let _ = app.ask(&order.order_id).await.expect(200);
    assert_eq!(app.quarantined().await, ["amount"]);
    misprice(&app, &order.order_id, 12_500).await;
    app.audit().await;
}

#[tokio::test]
async fn a_mismatch_found_by_a_cancellation_is_quarantined() {
    let app = TestApp::start().await;
    app.lomi.lose_webhooks().await;
    let card = app.open_card_order().await;
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    misprice(&app, &card.order.order_id, 12_499).await;
    let _ = app.cancel_intent(&card.intent_id).await;
    assert_eq!(app.quarantined().await, ["amount"]);
    misprice(&app, &card.order.order_id, 12_500).await;
    app.audit().await;
}

#[tokio::test]
async fn an_unattributed_native_payment_is_replayed_by_hand() {
    let app = TestApp::start().await;
    let body =
        json!({ "kind": "native", "link_type": "instant", "title": "Don", "currency_code": "XOF", "amount": 7_500 });
    let link = app.post_link(&body, "link").await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let session = app.lomi.follow_link(&link).await;
    let step = app.lomi.pay(&session, "wave").await;
    app.lomi.run_outbox().await;
    // lomi fails on this payment until its case is closed.
    let question = format!("ATTRIBUTION#{}", step["transaction_id"].as_str().unwrap());
    assert!(app.table.set_number(&question, "ATTRIBUTION", "attempts", 7).await);
    app.lomi.fault(json!({ "target": "GET /transactions/{id}", "kind": "status", "arg": 500, "times": null })).await;
    app.reconcile().await;
    app.lomi.clear_faults().await;
    let waiting = app.quarantine("").await.into_iter().find(|item| item["source"] == "poll").expect("given up");
    assert_eq!(app.replayed(waiting["quarantine_id"].as_str().unwrap()).await, "applied");
    let orders = app.orders().await;
    assert_eq!((orders.len(), &orders[0]["status"]), (1, &json!("paid")));
    app.audit().await;
}

#[tokio::test]
async fn a_conflict_while_a_link_opens_still_yields_its_page() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    app.lomi.fault(json!({ "target": "POST /checkout-sessions", "kind": "latency_ms", "arg": 1_000 })).await;
    let moved = async {
        let order = eventually("the order is there", async || app.orders().await.into_iter().next()).await;
        let (key, version) = (order["PK"].as_str().unwrap().to_owned(), order["version"].as_i64().unwrap());
        assert!(app.table.set_number(&key, "ORDER", "version", version + 1).await);
    };
    let (led, ()) = tokio::join!(app.follow(&code, "fr"), moved);
    let _ = led.expect(303);
    assert_eq!(app.orders().await[0]["status"], "open");
    app.audit().await;
}
