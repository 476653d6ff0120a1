//! lomi answers, but its answer says nothing about the order: the order does not change.

use serde_json::json;
use tests::TestApp;

/// A paid order without events whose page has ended.
async fn paid_unheard_and_over(app: &TestApp) -> String {
    let order = app.open_order().await;
    app.lomi.lose_webhooks().await;
    app.pay(&order, "wave").await;
    app.outlive(&order.order_id).await;
    order.order_id
}

async fn is_paid_as_soon_as_lomi_answers(app: TestApp, order_id: &str) {
    app.lomi.clear_faults().await;
    assert!(app.make_due(order_id).await, "the order is still due");
    app.reconcile().await;
    assert_eq!(app.order_status(order_id).await, "paid");
    assert_eq!(app.outbox(order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn a_key_that_lost_its_rights_ends_no_order() {
    for status in [400, 403, 404] {
        let app = TestApp::start().await;
        let order_id = paid_unheard_and_over(&app).await;
        for target in ["GET /transactions", "GET /checkout-sessions/{id}"] {
            app.lomi.fault(json!({ "target": target, "kind": "status", "arg": status, "times": null })).await;
        }
        assert!(app.stack.invoke_scheduled("reconciler").await.is_err(), "somebody has to know of the {status}");
        assert!(app.lomi.faults_fired().await >= 2);
        assert_eq!(app.order_status(&order_id).await, "open", "{status} is no news of a payment");
        is_paid_as_soon_as_lomi_answers(app, &order_id).await;
    }
}

#[tokio::test]
async fn a_refused_list_is_reported_and_ends_no_completed_page() {
    let app = TestApp::start().await;
    let order_id = paid_unheard_and_over(&app).await;
    app.lomi.fault(json!({ "target": "GET /transactions", "kind": "status", "arg": 403, "times": null })).await;
    assert!(app.stack.invoke_scheduled("reconciler").await.is_err(), "somebody has to know");
    assert_eq!(app.order_status(&order_id).await, "open", "its money may be held, and it may be paid");
    is_paid_as_soon_as_lomi_answers(app, &order_id).await;
}

#[tokio::test]
async fn an_unknown_page_with_a_readable_list_ends_its_order() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.outlive(&order.order_id).await;
    let gone = json!({ "target": "GET /checkout-sessions/{id}", "kind": "status", "arg": 404, "times": null });
    app.lomi.fault(gone).await;
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "expired");
    app.audit().await;
}

#[tokio::test]
async fn a_payment_refunded_before_its_event_is_recorded() {
    for method in ["card", "wave"] {
        let app = TestApp::start().await;
        let order = app.open_order().await;
        app.lomi.lose_webhooks().await;
        let transaction_id = app.pay(&order, method).await;
        app.refund_at_lomi(&transaction_id, 12_500).await;
        assert!(app.make_due(&order.order_id).await);
        app.reconcile().await;
        assert_eq!(app.order_status(&order.order_id).await, "refunded", "{method}");
        let mut told = app.outbox(&order.order_id).await;
        told.sort();
        assert_eq!(told, ["order.paid", "order.refunded"]);
        app.audit().await;
    }
}

#[tokio::test]
async fn a_refunded_payment_waits_for_its_refunded_amount() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi.lose_webhooks().await;
    let transaction_id = app.pay(&order, "card").await;
    app.refund_at_lomi(&transaction_id, 12_500).await;
    app.lomi.fault(json!({ "target": "GET /refunds", "kind": "status", "arg": 503, "times": null })).await;
    app.outlive(&order.order_id).await;
    assert!(app.stack.invoke_scheduled("reconciler").await.is_err());
    assert_eq!(app.order_status(&order.order_id).await, "open");
    assert!(app.outbox(&order.order_id).await.is_empty(), "nobody ships for money that may be gone");
    app.lomi.clear_faults().await;
    assert!(app.make_due(&order.order_id).await, "it is still looked at");
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "refunded");
    app.audit().await;
}

#[tokio::test]
async fn an_unexplained_refund_raises_an_alarm() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi.lose_webhooks().await;
    let transaction_id = app.pay(&order, "card").await;
    let refund_id = app.refund_at_lomi(&transaction_id, 12_500).await;
    app.keep_refund_secret(&refund_id);
    app.lomi.fault(json!({ "target": "GET /refunds", "kind": "empty_list", "times": null })).await;
    for _ in 0..2 {
        app.make_due(&order.order_id).await;
        app.reconcile().await;
    }
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    assert_eq!(app.quarantined().await, ["refund_unknown"]);
    let rung = app.stack.logs().into_iter().filter(|line| line.line.contains("\"Quarantined\":1")).count();
    assert_eq!(rung, 1, "once");
    app.audit().await;
}

#[tokio::test]
async fn a_forgotten_page_ends_its_order_however_late() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let long_ago_ms = app.order(&order.order_id).await["created_at_ms"].as_i64().unwrap() - 3 * 3_600_000;
    let key = format!("ORDER#{}", order.order_id);
    assert!(app.table.set_number(&key, "ORDER", "expires_at_ms", long_ago_ms).await);
    let gone = json!({ "target": "GET /checkout-sessions/{id}", "kind": "status", "arg": 404, "times": null });
    app.lomi.fault(gone).await;
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    let stored = app.order(&order.order_id).await;
    assert_eq!(stored["status"], "expired");
    assert!(stored["due_at_ms"].is_null(), "nothing more can come");
    app.audit().await;
}

#[tokio::test]
async fn a_refunded_card_payment_without_events_is_recorded() {
    let app = TestApp::start().await;
    let card = app.open_card_order().await;
    app.lomi.lose_webhooks().await;
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    let transaction = app.lomi.transactions().await.remove(0);
    app.refund_at_lomi(transaction["transaction_id"].as_str().unwrap(), card.order.amount).await;
    app.outlive(&card.order.order_id).await;
    app.reconcile().await;
    assert_eq!(app.order_status(&card.order.order_id).await, "refunded");
    app.audit().await;
}
