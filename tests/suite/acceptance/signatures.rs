//! Only the exact bytes that lomi signed are accepted.

use lomi_client::webhook::{LEGACY_HEADER, V1_HEADER, WebhookSecret, sign, sign_v1};
use serde_json::Value;
use tests::{Answer, TestApp};

async fn assert_nothing_changed(app: &TestApp, order_id: &str, answer: &Answer) {
    assert_eq!(answer.problem(), (401, "unauthorized".to_owned()));
    assert_eq!(app.order_status(order_id).await, "open");
    assert!(app.table.items("EVT#").await.is_empty() && app.table.items("QUARANTINE#").await.is_empty());
    assert!(app.table.items("OUTBOX#").await.is_empty());
}

#[tokio::test]
async fn a_forged_body_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await;
    let bytes = event.bytes();
    let secret = WebhookSecret::parse(app.stack.webhook_secret()).unwrap();
    let genuine = sign(&secret, bytes.as_bytes());
    let forger = WebhookSecret::parse("whsec_guessed_by_somebody").unwrap();
    let forged = sign(&forger, bytes.as_bytes());
    let cut: String = genuine.chars().skip(2).collect();
    let dated = sign_v1(&forger, 1_781_946_847, bytes.as_bytes());
    for headers in [
        vec![],
        vec![(LEGACY_HEADER, forged.as_str())],
        vec![(LEGACY_HEADER, "")],
        vec![(LEGACY_HEADER, "sha256=")],
        vec![(LEGACY_HEADER, cut.as_str())],
        vec![(V1_HEADER, genuine.as_str())],
        vec![(V1_HEADER, dated.as_str())],
        vec![("x-lomi-event", "PAYMENT_SUCCEEDED"), ("authorization", genuine.as_str())],
    ] {
        let answer = app.post_webhook(&bytes, &headers).await;
        assert_nothing_changed(&app, &order.order_id, &answer).await;
    }
    let changed = bytes.replace("12500", "12501");
    assert_ne!(changed, bytes);
    let answer = app.post_webhook(&changed, &[(LEGACY_HEADER, &genuine)]).await;
    assert_nothing_changed(&app, &order.order_id, &answer).await;
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    app.audit().await;
}

#[tokio::test]
async fn a_reserialised_body_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let bytes = app.pay_silently(&order, "wave").await.bytes();
    let genuine = sign(&WebhookSecret::parse(app.stack.webhook_secret()).unwrap(), bytes.as_bytes());
    let value: Value = serde_json::from_str(&bytes).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    for other in [pretty, format!("{bytes}\n"), format!(" {bytes}"), bytes.replace(":12500", ":12500.0")] {
        assert_ne!(other, bytes);
        let answer = app.post_webhook(&other, &[(LEGACY_HEADER, &genuine)]).await;
        assert_nothing_changed(&app, &order.order_id, &answer).await;
    }
    app.audit().await;
}

#[tokio::test]
async fn a_relay_that_reserialises_loses_no_payment() {
    let app = TestApp::start().await;
    app.lomi.webhook_fault("reserialised", Value::Null).await;
    let order = app.open_order().await;
    app.pay(&order, "wave").await;
    let what = "lomi. gives up";
    let refused = tests::eventually(what, async || {
        app.lomi.outbox().await.pop().filter(|dispatch| dispatch["status"] == "dead_letter")
    });
    assert_eq!(refused.await["attempts"][0]["response_status"], 401);
    assert_eq!(app.order_status(&order.order_id).await, "open");
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    app.audit().await;
}

#[tokio::test]
async fn either_signature_header_is_accepted() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let bytes = app.pay_silently(&order, "card").await.bytes();
    let secret = WebhookSecret::parse(app.stack.webhook_secret()).unwrap();
    let legacy = sign(&secret, bytes.as_bytes());
    let dated = sign_v1(&secret, 1_781_946_847, bytes.as_bytes());
    for (headers, outcome) in [
        (vec![(V1_HEADER, dated.as_str())], "applied"),
        (vec![(LEGACY_HEADER, legacy.as_str())], "duplicate"),
        (vec![(LEGACY_HEADER, legacy.as_str()), (V1_HEADER, "t=1,v1=00")], "duplicate"),
    ] {
        assert_eq!(app.post_webhook(&bytes, &headers).await.outcome(), outcome, "{headers:?}");
    }
    app.audit().await;
}

#[tokio::test]
async fn the_unsigned_event_name_header_is_ignored() {
    let app = TestApp::start().await;
    let secret = WebhookSecret::parse(app.stack.webhook_secret()).unwrap();
    let (paid, failed) = (app.open_order().await, app.open_order().await);
    let success = app.pay_silently(&paid, "wave").await.bytes();
    let failure =
        app.pay_silently(&failed, "wave").await.with("/event", "PAYMENT_FAILED").with("/data/status", "failed");
    for (bytes, said) in [(success, "PAYMENT_FAILED"), (failure.bytes(), "PAYMENT_SUCCEEDED")] {
        let headers = [(LEGACY_HEADER, &*sign(&secret, bytes.as_bytes())), ("x-lomi-event", said)];
        assert_eq!(app.post_webhook(&bytes, &headers).await.outcome(), "applied");
    }
    assert_eq!(app.order_status(&paid.order_id).await, "paid");
    assert_eq!(app.order_status(&failed.order_id).await, "failed_attempt");
    // The second payment is true all the same, and is found.
    assert!(app.make_due(&failed.order_id).await);
    app.reconcile().await;
    assert_eq!(app.order_status(&failed.order_id).await, "paid");
    app.audit().await;
}
