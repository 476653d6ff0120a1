//! An operator's requests, interrupted in the middle and repeated.

use serde_json::{Value, json};
use tests::{TestApp, eventually};

const OPERATIONS: &str = "operations";

#[tokio::test]
async fn a_kill_during_a_resend_pays_once() {
    let app = TestApp::start().await;
    app.lomi.webhook_fault("bad_signature", Value::Null).await;
    let order = app.open_order().await;
    app.pay(&order, "wave").await;
    eventually("lomi. gives up", async || {
        app.lomi.outbox().await.iter().all(|row| row["status"] == "dead_letter").then_some(())
    })
    .await;
    app.lomi.clear_faults().await;
    let retry = "POST /webhooks/{id}/deliveries/{log_id}/retry";
    app.lomi.fault(json!({ "target": retry, "kind": "latency_ms", "when": "after", "arg": 5_000 })).await;
    let wish = json!({});
    let (broken, _) = tokio::join!(app.resend(&wish), async {
        app.wait_for(&order.order_id, "paid").await;
        app.stack.kill(OPERATIONS).await.expect("it runs");
    });
    assert_eq!(broken.status, 500, "the gateway lost its function");
    assert_eq!(app.resent(&json!({})).await, (0, 1, Vec::new()), "it did arrive, and is on record");
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn a_kill_during_a_replay_pays_once() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await;
    app.deliver_too_early(&order.order_id, &event).await;
    let id = app.only_quarantined().await;
    // The table does not answer; then the process is killed.
    app.dynamodb.hold();
    let (broken, ()) = tokio::join!(app.replay(&id), async {
        eventually("the table is asked", async || (app.dynamodb.held() >= 1).then_some(())).await;
        app.stack.kill(OPERATIONS).await.expect("it runs");
    });
    assert_eq!(broken.status, 500, "the gateway lost its function");
    app.dynamodb.mend();
    assert_eq!(app.order_status(&order.order_id).await, "open");
    assert_eq!(app.replayed(&id).await, "applied");
    assert_eq!(app.replayed(&id).await, "duplicate");
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn an_event_is_replayed_while_lomi_is_down() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await;
    app.deliver_too_early(&order.order_id, &event).await;
    app.lomi.fault(json!({ "target": "*", "kind": "status", "arg": 500, "times": null })).await;
    assert_eq!(app.replayed(&app.only_quarantined().await).await, "applied");
    assert_eq!(app.resend(&json!({})).await.problem(), (503, "provider_unavailable".to_owned()));
    app.lomi.clear_faults().await;
    app.audit().await;
}

#[tokio::test]
async fn a_failing_list_hides_no_card_payment_or_refund() {
    let app = TestApp::start().await;
    let (refunded, _) = app.paid_order("card").await;
    let card = app.open_card_order().await;
    app.lomi.lose_webhooks().await;
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "commit_then_500" })).await;
    app.refund(&refunded.order_id, &json!({ "amount": 5_000 }), "k").await.expect(202);
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    app.lomi.fault(json!({ "target": "GET /transactions", "kind": "status", "arg": 500, "times": null })).await;
    assert_eq!(app.asked(&card.order.order_id).await, ["paid/poll"]);
    assert_eq!(app.asked(&refunded.order_id).await, ["refunded/poll"]);
    let again = app.ask(&refunded.order_id).await.problem();
    assert_eq!(again, (503, "provider_unavailable".to_owned()), "that nothing more happened is not known");
    app.lomi.clear_faults().await;
    app.audit().await;
}

#[tokio::test]
async fn a_sync_that_fails_late_still_counts_its_findings() {
    let app = TestApp::start().await;
    app.lomi.quirks(json!({ "allow_double_pay": true })).await;
    let (order, _) = app.paid_order("card").await;
    app.lomi.lose_webhooks().await;
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "commit_then_500" })).await;
    app.refund(&order.order_id, &json!({ "amount": 5_000 }), "k").await.expect(202);
    app.pay(&order, "card").await;
    app.lomi.fault(json!({ "target": "GET /refunds", "kind": "status", "arg": 500, "times": null })).await;
    assert_eq!(app.asked(&order.order_id).await, ["paid_again/poll"]);
    let line = app.last_line(OPERATIONS);
    assert_eq!(line["Overpaid"], 1, "{line}");
    app.lomi.clear_faults().await;
    app.audit().await;
}
