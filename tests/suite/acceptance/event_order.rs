//! Events in every order: the status only moves forward.

use serde_json::json;
use tests::{Event, TestApp, eventually};

#[tokio::test]
async fn a_shopper_who_cancels_and_then_pays_has_paid() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    assert_eq!(app.cancel(&order).await.expect(200).json()["status"], "cancelled");
    app.pay(&order, "card").await;
    let paid = app.wait_for(&order.order_id, "paid").await;
    assert_eq!(paid["paid_after_cancel"], true);
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn a_shopper_who_pays_and_then_cancels_has_paid() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    let shown = app.cancel(&order).await.expect(200).json();
    assert_eq!((&shown["status"], &shown["paid_after_cancel"]), (&json!("paid"), &json!(false)));
    app.audit().await;
}

#[tokio::test]
async fn cancelling_twice_is_cancelling_once() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let first = app.cancel(&order).await.expect(200).json();
    let again = app.cancel(&order).await.expect(200).json();
    assert_eq!((&again["status"], &again["updated_at"]), (&first["status"], &first["updated_at"]));
    app.audit().await;
}

#[tokio::test]
async fn after_a_decline_a_second_attempt_pays() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let declined = json!({ "method": "card", "outcome": "decline" });
    assert_eq!(app.lomi.pay_with(&order.session_id, &declined).await["step"], "declined");
    app.wait_for(&order.order_id, "failed_attempt").await;
    let shown = app.status(&order).await.expect(200).json();
    assert!(shown["poll_after_ms"].is_i64(), "a failed try is not the end");
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    app.audit().await;
}

#[tokio::test]
async fn a_failure_after_success_changes_nothing() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let success = app.pay_silently(&order, "card").await;
    let failure = success.clone().with("/event", "PAYMENT_FAILED").with("/data/status", "failed").in_envelope(2);
    assert_eq!(app.deliver(&success).await.outcome(), "applied");
    assert_eq!(app.deliver(&failure).await.outcome(), "ignored");
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    app.audit().await;
}

#[tokio::test]
async fn success_and_failure_end_the_same_in_either_order() {
    let app = TestApp::start().await;
    let (one, other) = (app.open_order().await, app.open_order().await);
    for (order, failure_first) in [(&one, true), (&other, false)] {
        let success = app.pay_silently(order, "wave").await;
        let failure = success.clone().with("/event", "PAYMENT_FAILED").with("/data/status", "failed").in_envelope(2);
        let events = if failure_first { [failure, success] } else { [success, failure] };
        for event in &events {
            app.deliver(event).await.expect(200);
        }
    }
    for order in [&one, &other] {
        let order = app.order(&order.order_id).await;
        assert_eq!((&order["status"], &order["overpaid"]), (&json!("paid"), &json!(false)));
    }
    app.audit().await;
}

#[tokio::test]
async fn a_second_payment_is_flagged_and_fulfilled_only_once() {
    let app = TestApp::start().await;
    app.lomi.quirks(json!({ "allow_double_pay": true })).await;
    let order = app.open_order().await;
    let first = app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    let second = app.pay(&order, "wave").await;
    let paid = eventually("the second payment is known", async || {
        Some(app.order(&order.order_id).await).filter(|order| order["overpaid"] == true)
    });
    let paid = paid.await;
    assert_eq!(paid["status"], "paid");
    assert!(paid["payments"].get(&first).is_some() && paid["payments"].get(&second).is_some());
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    assert_eq!(app.status(&order).await.expect(200).json()["overpaid"], true);
    app.audit().await;
}

#[tokio::test]
async fn an_order_expires_only_after_lomi_confirms_it() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi.expire(&order.session_id).await;
    app.outlive(&order.order_id).await;
    let question = json!({ "target": "GET /checkout-sessions/{id}", "kind": "latency_ms", "arg": 1, "times": null });
    app.lomi.fault(question).await;
    app.reconcile().await;
    assert_eq!(app.lomi.faults_fired().await, 1, "lomi. was not asked about the session");
    assert_eq!(app.order_status(&order.order_id).await, "expired");
    assert_eq!(app.timeline(&order.order_id).await.last().unwrap(), "expired/reconciler");
    app.audit().await;
}

#[tokio::test]
async fn a_payment_after_expiry_marks_the_order_paid() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi.expire(&order.session_id).await;
    app.outlive(&order.order_id).await;
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "expired");
    app.lomi.late_approve(&order.session_id).await;
    app.wait_for(&order.order_id, "paid").await;
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn a_last_second_payment_is_found_before_expiry() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi.lose_webhooks().await;
    app.pay(&order, "wave").await;
    app.outlive(&order.order_id).await;
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    app.audit().await;
}

#[tokio::test]
async fn an_unlisted_payment_is_found_by_reading_its_page() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi.lose_webhooks().await;
    app.pay(&order, "wave").await;
    app.settle_by_page(&order.order_id).await;
    let paid = app.order(&order.order_id).await;
    assert_eq!((&paid["status"], &paid["completed_unnamed"]), (&json!("paid"), &json!(true)));
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn a_page_event_pays_nothing_and_triggers_a_poll() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let payment = app.pay_silently(&order, "wave").await;
    let session = app.lomi.sessions().await.remove(0);
    let session = Event::new("checkout.session.completed", session);
    assert_eq!(app.deliver(&session).await.outcome(), "ignored");
    assert_eq!(app.order_status(&order.order_id).await, "open");
    app.reconcile().await;
    assert_eq!(app.timeline(&order.order_id).await.last().unwrap(), "paid/poll");
    assert_eq!(app.deliver(&payment).await.outcome(), "duplicate");
    assert_eq!(app.deliver(&session).await.outcome(), "duplicate");
    let paid = app.order(&order.order_id).await;
    assert_eq!((&paid["payments"].as_object().unwrap().len(), &paid["overpaid"]), (&1, &json!(false)));
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}

/// A page that lomi reports as ended is polled at once; a page reported as paid without a payment pays nothing.
#[tokio::test]
async fn an_ended_page_is_polled_at_once() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let session = app.lomi.sessions().await.remove(0);
    for name in ["checkout.session.expired", "checkout.session.completed"] {
        assert_eq!(app.deliver(&Event::new(name, session.clone())).await.outcome(), "ignored");
    }
    let stored = app.order(&order.order_id).await;
    assert_eq!((&stored["status"], &stored["due_at_ms"]), (&json!("open"), &stored["updated_at_ms"]));
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "open");
    assert!(app.quarantine("").await.is_empty());
    app.audit().await;
}
