//! The time since the last webhook.

use serde_json::{Value, json};
use tests::{Event, TestApp};

const PK: &str = "HEARTBEAT#webhook";

async fn received_at_ms(app: &TestApp) -> Option<i64> {
    app.table.item(PK, "HEARTBEAT").await.map(|item| item["received_at_ms"].as_i64().expect("a time"))
}

#[tokio::test]
async fn every_authentic_event_updates_the_heartbeat() {
    let app = TestApp::start().await;
    app.reconcile().await;
    let before = app.last_line("reconciler");
    assert_eq!(before.get("SecondsSinceWebhook"), None, "lomi. was never heard of: {before}");
    assert_eq!(app.deliver(&Event::new("PAYOUT_CREATED", json!({}))).await.outcome(), "ignored");
    let first = received_at_ms(&app).await.expect("it is noted");
    app.deliver(&Event::new("PAYOUT_CREATED", json!({ "n": 2 }))).await.expect(200);
    assert_eq!(received_at_ms(&app).await, Some(first), "not twice within a minute");
    assert!(app.table.set_number(PK, "HEARTBEAT", "received_at_ms", first - 3_600_000).await);
    app.reconcile().await;
    let line = app.last_line("reconciler");
    assert!((3_600..3_900).contains(&line["SecondsSinceWebhook"].as_i64().expect("a measurement")), "{line}");
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().expect("metrics");
    assert!(metrics.contains(&json!({ "Name": "SecondsSinceWebhook", "Unit": "Seconds" })), "{line}");
    app.audit().await;
}

/// A stack with a refused lomi key may be one that gets no webhooks, either.
#[tokio::test]
async fn a_failed_run_still_measures_the_time_since_a_webhook() {
    let app = TestApp::start().await;
    app.deliver(&Event::new("PAYOUT_CREATED", json!({}))).await.expect(200);
    let id = app.secret_id("LOMI_SECRET_KEY_ID").to_owned();
    let key = app.secret("LOMI_SECRET_KEY_ID");
    app.stack.secrets().set(&id, "no key at all");
    app.stack.kill("reconciler").await.expect("a function");
    assert!(app.stack.invoke_scheduled("reconciler").await.is_err(), "the run fails");
    let line = app.last_line("reconciler");
    assert!((0..60).contains(&line["SecondsSinceWebhook"].as_i64().expect("a measurement")), "{line}");
    app.stack.secrets().set(&id, &key);
    app.stack.kill("reconciler").await.expect("a function");
    app.audit().await;
}

#[tokio::test]
async fn the_time_of_the_last_event_only_moves_forward() {
    let app = TestApp::start().await;
    let later = json!({ "PK": PK, "SK": "HEARTBEAT", "received_at_ms": 4_000_000_000_000_i64 });
    app.table.put(&later).await;
    app.deliver(&Event::new("PAYOUT_CREATED", json!({}))).await.expect(200);
    assert_eq!(app.table.item(PK, "HEARTBEAT").await, Some(later));
    app.reconcile().await;
    assert_eq!(app.last_line("reconciler")["SecondsSinceWebhook"], 0, "a silence is never negative");
    app.audit().await;
}

#[tokio::test]
async fn an_unsigned_event_is_no_heartbeat() {
    let app = TestApp::start().await;
    let event = Event::new("PAYOUT_CREATED", json!({}));
    app.deliver_signed_with(&event, "whsec_of_somebody_else_0123456789").await.expect(401);
    assert_eq!(received_at_ms(&app).await, None);
    app.audit().await;
}

/// The heartbeat cannot be written: its time is not comparable with any time.
#[tokio::test]
async fn a_failed_heartbeat_write_loses_no_event() {
    let app = TestApp::start().await;
    let broken = json!({ "PK": PK, "SK": "HEARTBEAT", "received_at_ms": "no number" });
    app.table.put(&broken).await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await;
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    assert_eq!(app.table.item(PK, "HEARTBEAT").await, Some(broken));
    app.reconcile().await;
    assert_eq!(app.last_line("reconciler").get("SecondsSinceWebhook"), None);
    let (_, checks) = app.health().await;
    assert_eq!((&checks["table"]["state"], &checks["last_webhook"]["state"]), (&json!("ok"), &json!("unknown")));
    assert_eq!(checks["last_webhook"]["seen_at"], Value::Null);
    app.audit().await;
}

/// A small shop with a broken webhook: lomi sends one event per order and takes the refusal as final.
#[tokio::test]
async fn an_order_paid_without_webhook_is_counted_once() {
    for (heard, counted) in [(false, 1), (true, 0)] {
        let app = TestApp::start().await;
        let order = app.open_order().await;
        app.lomi.lose_webhooks().await;
        app.pay(&order, "wave").await;
        assert!(app.make_due(&order.order_id).await);
        app.reconcile().await;
        assert_eq!(app.timeline(&order.order_id).await.last().unwrap(), "paid/poll");
        if heard {
            app.deliver(&Event::new("PAYOUT_CREATED", json!({}))).await.expect(200);
        }
        let long_ago_ms = app.order(&order.order_id).await["created_at_ms"].as_i64().unwrap() - 3 * 3_600_000;
        let key = format!("ORDER#{}", order.order_id);
        assert!(app.table.set_number(&key, "ORDER", "expires_at_ms", long_ago_ms).await);
        for expected in [counted, 0] {
            app.make_due(&order.order_id).await;
            app.reconcile().await;
            assert_eq!(app.last_line("reconciler")["PaidWithoutWebhook"].as_i64().unwrap_or_default(), expected);
        }
        app.audit().await;
    }
}
