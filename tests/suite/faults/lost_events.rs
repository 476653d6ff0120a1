//! No event at all, or a late one.

use serde_json::json;
use tests::{Created, TestApp, eventually};

#[tokio::test]
async fn the_reconciler_finds_a_payment_without_webhook() {
    let app = TestApp::start().await;
    app.lomi.lose_webhooks().await;
    let mut orders = Vec::new();
    for method in ["card", "wave", "mtn"] {
        let order = app.open_order().await;
        app.pay(&order, method).await;
        assert!(app.make_due(&order.order_id).await);
        orders.push(order);
    }
    let unpaid = app.open_order().await;
    assert!(app.make_due(&unpaid.order_id).await);
    app.reconcile().await;
    for order in &orders {
        assert_eq!(app.order_status(&order.order_id).await, "paid");
        assert_eq!(app.timeline(&order.order_id).await.last().unwrap(), "paid/poll");
        assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    }
    assert_eq!(app.order_status(&unpaid.order_id).await, "open");
    app.audit().await;
}

#[tokio::test]
async fn a_new_order_is_due_before_its_payment() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let stored = app.order(&order.order_id).await;
    let wait_ms = stored["due_at_ms"].as_i64().unwrap() - stored["created_at_ms"].as_i64().unwrap();
    assert!((0..=5 * 60 * 1000).contains(&wait_ms), "due after {wait_ms} ms");
    assert!(stored["due_shard"].is_string());
    app.pay(&order, "card").await;
    let paid = app.wait_for(&order.order_id, "paid").await;
    let (due_at_ms, end_ms) = (paid["due_at_ms"].as_i64().unwrap(), paid["expires_at_ms"].as_i64().unwrap());
    assert!(due_at_ms > end_ms, "a paid order is looked at once more, when its page has ended");
    app.audit().await;
}

#[tokio::test]
async fn a_second_payment_without_event_is_found() {
    let app = TestApp::start().await;
    app.lomi.quirks(json!({ "allow_double_pay": true })).await;
    let order = app.open_order().await;
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    app.lomi.lose_webhooks().await;
    let second = app.pay(&order, "wave").await;
    app.outlive(&order.order_id).await;
    app.reconcile().await;
    let stored = app.order(&order.order_id).await;
    assert_eq!((&stored["status"], &stored["overpaid"]), (&json!("paid"), &json!(true)));
    assert!(stored["payments"].get(&second).is_some());
    let (due_at_ms, end_ms) = (stored["due_at_ms"].as_i64().unwrap(), stored["expires_at_ms"].as_i64().unwrap());
    assert!(due_at_ms > end_ms + 2 * 60 * 60 * 1000, "once more, when lomi. completes nothing of it any more");
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn an_event_and_two_reconcilers_at_once_pay_once() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "card").await;
    assert!(app.make_due(&order.order_id).await);
    let (answer, (), (), shown) =
        tokio::join!(app.deliver(&event), app.reconcile(), app.reconcile(), app.status(&order));
    assert!(["applied", "duplicate"].contains(&answer.outcome().as_str()));
    shown.expect(200);
    let paid = app.order(&order.order_id).await;
    assert_eq!((&paid["status"], &paid["overpaid"]), (&json!("paid"), &json!(false)));
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn a_webhook_after_the_reconciler_changes_nothing() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await;
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    let before = app.order(&order.order_id).await;
    assert_eq!(before["status"], "paid");
    let outcome = app.deliver(&event).await.outcome();
    assert!(["duplicate", "ignored"].contains(&outcome.as_str()), "{outcome}");
    assert_eq!(app.order(&order.order_id).await, before);
    app.audit().await;
}

#[tokio::test]
async fn an_order_stays_due_while_lomi_is_unreachable() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi.lose_webhooks().await;
    app.pay(&order, "wave").await;
    app.lomi.clear_faults().await;
    app.lomi.fault(json!({ "target": "*", "kind": "status", "arg": 503, "times": null })).await;
    assert!(app.make_due(&order.order_id).await);
    assert!(app.stack.invoke_scheduled("reconciler").await.is_err(), "a run that could do nothing is an error");
    assert!(app.lomi.faults_fired().await >= 1);
    assert_eq!(app.order_status(&order.order_id).await, "open");
    app.lomi.clear_faults().await;
    assert!(app.make_due(&order.order_id).await, "the order is still due");
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    app.audit().await;
}

#[tokio::test]
async fn a_wrong_amount_event_does_not_hide_the_payment() {
    let app = TestApp::start().await;
    app.lomi.webhook_fault("wrong_amount", json!(1)).await;
    let order = app.open_order().await;
    app.pay(&order, "wave").await;
    eventually("the event is put aside", async || (app.quarantined().await == ["amount"]).then_some(())).await;
    assert_eq!(app.order_status(&order.order_id).await, "open");
    // A poll of lomi returns the true amount.
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    let paid = app.order(&order.order_id).await;
    assert_eq!((&paid["status"], &paid["mismatch"]), (&json!("paid"), &json!(true)));
    app.audit().await;
}

#[tokio::test]
async fn a_payment_on_a_never_returned_page_still_counts() {
    let app = TestApp::start().await;
    // Every answer of lomi is lost, so the stack never learns the session's id.
    let lost =
        json!({ "target": "POST /checkout-sessions", "kind": "drop_connection", "when": "after", "times": null });
    app.lomi.fault(lost).await;
    let answer = app.create(&app.cart(1), "k").await;
    assert_eq!(answer.problem(), (503, "provider_unavailable".to_owned()));
    let session = app.lomi.sessions().await.remove(0);
    let order_id = session["metadata"]["order_id"].as_str().unwrap().to_owned();
    assert_eq!(app.order_status(&order_id).await, "in_doubt");
    app.lomi.clear_faults().await;
    app.lomi.lose_webhooks().await;
    app.lomi.pay(session["checkout_session_id"].as_str().unwrap(), "card").await;
    assert!(app.make_due(&order_id).await);
    app.reconcile().await;
    assert_eq!(app.order_status(&order_id).await, "paid");
    // The shopper's own retry must not open a second page for a paid order.
    app.end_lease(&order_id).await;
    assert_eq!(app.create(&app.cart(1), "k").await.problem(), (409, "order_closed".to_owned()));
    assert_eq!(app.lomi.sessions().await.len(), 1);
    app.audit().await;
}

#[tokio::test]
async fn an_abandoned_payment_that_is_approved_later_pays() {
    let app = TestApp::start().await;
    let order: Created = app.open_order().await;
    let step = app.lomi.pay_with(&order.session_id, &json!({ "method": "card", "outcome": "abandon" })).await;
    assert_eq!(step["step"], "waiting");
    assert_eq!(app.status(&order).await.expect(200).json()["status"], "open");
    app.lomi.late_approve(&order.session_id).await;
    app.wait_for(&order.order_id, "paid").await;
    app.audit().await;
}

/// Pays one page, which is no order's, several times.
async fn others_pay(app: &TestApp, times: u32) {
    let key = app.secret("LOMI_SECRET_KEY_ID");
    let page = json!({ "amount": 500, "currency_code": "XOF", "success_url": "https://shop.example/", "cancel_url": "https://shop.example/" });
    let url = format!("{}/checkout-sessions", app.stack.urls().lomi);
    let headers = [("x-api-key", key.as_str()), ("idempotency-key", "others")];
    let session = app.http.send_json("POST", &url, &headers, &page).await.expect(201).json();
    app.lomi.quirks(json!({ "allow_double_pay": true })).await;
    for _ in 0..times {
        app.lomi.pay(session["checkout_session_id"].as_str().unwrap(), "wave").await;
    }
}

#[tokio::test]
async fn a_paid_pages_transaction_is_polled_until_found() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.pay_silently(&order, "card").await;
    app.lomi.lose_webhooks().await;
    app.settle_by_page(&order.order_id).await;
    // The next poll happens while lomi's list is unreadable.
    app.lomi.fault(json!({ "target": "GET /transactions", "kind": "truncated_json", "times": null })).await;
    assert!(app.make_due(&order.order_id).await, "a payment without a name keeps its order due");
    assert!(app.stack.invoke_scheduled("reconciler").await.is_err(), "somebody has to know");
    assert!(app.order(&order.order_id).await["payments"].as_object().unwrap().is_empty());
    // Later the list has more than a page of newer payments.
    app.lomi.clear_faults().await;
    app.lomi.lose_webhooks().await;
    others_pay(&app, 51).await;
    assert!(app.make_due(&order.order_id).await, "a payment without a name keeps its order due");
    app.reconcile().await;
    let stored = app.order(&order.order_id).await;
    assert_eq!(stored["payments"].as_object().unwrap().len(), 1, "{stored}");
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.refund(&order.order_id, &json!({}), "k").await.expect(201);
    app.audit().await;
}
