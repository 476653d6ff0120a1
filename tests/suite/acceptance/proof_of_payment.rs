//! What counts as proof of a payment.

use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Event, Setup, TestApp, eventually};

#[tokio::test]
async fn concurrent_copies_of_a_webhook_pay_once() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await;
    let answers = join_all((0..5).map(|_| app.deliver(&event))).await;
    let mut outcomes: Vec<String> = answers.iter().map(tests::Answer::outcome).collect();
    outcomes.sort();
    assert_eq!(outcomes, ["applied", "duplicate", "duplicate", "duplicate", "duplicate"]);
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    assert_eq!(app.order(&order.order_id).await["payments"].as_object().unwrap().len(), 1);
    app.audit().await;
}

#[tokio::test]
async fn a_webhook_with_changing_envelope_ids_pays_once() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "card").await;
    assert_eq!(app.deliver(&event.clone().in_envelope(1)).await.outcome(), "applied");
    for number in 2..6 {
        assert_eq!(app.deliver(&event.clone().in_envelope(number)).await.outcome(), "duplicate");
    }
    let order = app.order(&order.order_id).await;
    assert_eq!((&order["status"], &order["overpaid"]), (&json!("paid"), &json!(false)));
    app.audit().await;
}

#[tokio::test]
async fn concurrent_payments_of_an_order_are_all_counted() {
    let app = TestApp::start().await;
    app.lomi.quirks(json!({ "allow_double_pay": true })).await;
    let order = app.open_order().await;
    let mut events = Vec::new();
    for method in ["card", "wave", "mtn", "wave"] {
        events.push(app.pay_silently(&order, method).await);
    }
    let answers = join_all(events.iter().map(|event| app.deliver(event))).await;
    assert!(answers.iter().all(|answer| answer.outcome() == "applied"));
    let stored = app.order(&order.order_id).await;
    assert_eq!(stored["payments"].as_object().unwrap().len(), 4);
    assert_eq!(stored["overpaid"], true);
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn copies_of_an_event_under_new_ids_pay_once() {
    let app = TestApp::start().await;
    app.lomi.webhook_fault("duplicate", json!({ "copies": 4, "new_id": true })).await;
    let order = app.open_order().await;
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    app.lomi.run_outbox().await;
    let sent = app.lomi.outbox().await;
    assert_eq!(sent.len(), 5);
    assert!(sent.iter().all(|dispatch| dispatch["status"] == "delivered"), "{sent:?}");
    assert_eq!(app.order(&order.order_id).await["overpaid"], false);
    app.audit().await;
}

#[tokio::test]
async fn a_mismatched_event_is_quarantined() {
    let app = TestApp::start().await;
    for (pointer, value, reason, flagged) in [
        ("/data/gross_amount", json!(12_499), "amount", true),
        ("/data/gross_amount", json!(12_501), "amount", true),
        ("/data/gross_amount", json!("12500.5"), "amount_unreadable", false),
        ("/data/currency_code", json!("EUR"), "currency", true),
        ("/data/currency_code", json!("GHS"), "amount_unreadable", false),
        ("/data/environment", json!("live"), "environment", false),
        ("/data/checkout_session_id", json!("11111111-2222-4333-8444-555555555555"), "payment_ref", false),
        ("/data/status", json!("pending"), "status_disagrees", false),
    ] {
        let order = app.open_order().await;
        let event = app.pay_silently(&order, "card").await.with(pointer, value.clone());
        let before = app.quarantined().await.len();
        assert_eq!(app.deliver(&event).await.outcome(), "quarantined", "{pointer} {value}");
        let stored = app.order(&order.order_id).await;
        assert_eq!((&stored["status"], &stored["mismatch"]), (&json!("open"), &json!(flagged)), "{pointer} {value}");
        let kept = app.quarantined().await;
        assert!(kept.len() == before + 1 && kept.contains(&reason.to_owned()), "{pointer} {value}: {kept:?}");
        assert!(app.outbox(&order.order_id).await.is_empty());
    }
    app.audit().await;
}

#[tokio::test]
async fn every_faulty_event_is_still_acknowledged() {
    let app = TestApp::start().await;
    for kind in [
        "wrong_amount",
        "wrong_currency",
        "other_environment",
        "unknown_order",
        "foreign_org",
        "numbers_as_strings",
        "extra_fields",
        "alias_event",
        "header_event_mismatch",
        "upper_hex",
        "legacy_only",
        "v1_only",
        "stale_t",
    ] {
        app.lomi.webhook_fault(kind, Value::Null).await;
        let order = app.open_order().await;
        app.pay(&order, "wave").await;
        let dispatch = eventually("lomi. delivers", async || {
            app.lomi.outbox().await.pop().filter(|dispatch| dispatch["status"] == "delivered")
        });
        let answer = dispatch.await["attempts"][0]["response_body"].as_str().unwrap_or_default().to_owned();
        let quarantined =
            ["wrong_amount", "wrong_currency", "other_environment", "unknown_order", "foreign_org"].contains(&kind);
        assert_eq!(answer.contains("quarantined"), quarantined, "{kind}: {answer}");
        assert_eq!(app.order_status(&order.order_id).await, if quarantined { "open" } else { "paid" }, "{kind}");
        app.lomi.clear_faults().await;
    }
    app.audit().await;
}

#[tokio::test]
async fn the_transaction_of_one_order_cannot_pay_another() {
    let app = TestApp::start().await;
    let (a, b) = (app.open_order().await, app.open_order().await);
    // A card event names its session, which is not that of A.
    let of_b = app.pay_silently(&b, "card").await;
    let naming_a = of_b.clone().with("/data/metadata/order_id", a.order_id.as_str());
    assert_eq!(app.deliver(&naming_a).await.outcome(), "quarantined");
    assert_eq!(app.deliver(&of_b).await.outcome(), "applied");
    assert_eq!(app.order_status(&a.order_id).await, "open");
    assert_eq!(app.order_status(&b.order_id).await, "paid");
    app.audit().await;
}

#[tokio::test]
async fn one_transaction_cannot_pay_two_orders() {
    let app = TestApp::start().await;
    let (a, b) = (app.open_order().await, app.open_order().await);
    // A mobile-money event names no session: only the transaction identifies the order.
    let of_b = app.pay_silently(&b, "mtn").await;
    assert_eq!(app.deliver(&of_b).await.outcome(), "applied");
    let naming_a = of_b.with("/data/metadata/order_id", a.order_id.as_str()).in_envelope(2);
    assert_eq!(app.deliver(&naming_a).await.outcome(), "duplicate");
    assert_eq!(app.order_status(&a.order_id).await, "open");
    assert!(app.outbox(&a.order_id).await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn an_event_that_names_only_its_session_finds_its_order() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "card").await.without("/data/metadata/order_id");
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    app.audit().await;
}

#[tokio::test]
async fn an_event_for_an_unknown_order_is_quarantined() {
    let app = TestApp::start().await;
    let data = json!({
        "transaction_id": "11111111-2222-4333-8444-555555555555", "status": "completed", "gross_amount": 500,
        "currency_code": "XOF", "metadata": { "order_id": "somebody-elses", "payment_environment": "test" },
    });
    let event = Event::new("PAYMENT_SUCCEEDED", data);
    assert_eq!(app.deliver(&event).await.outcome(), "quarantined");
    assert_eq!(app.deliver(&event.without("/data/metadata")).await.outcome(), "quarantined");
    assert_eq!(app.quarantined().await, ["unknown_order"], "the same transaction is kept once");
    app.audit().await;
}

#[tokio::test]
async fn an_irrelevant_event_is_acknowledged() {
    let app = TestApp::start().await;
    for name in ["PAYOUT_COMPLETED", "SUBSCRIPTION_RENEWED", "something.nobody.knows", "PAYMENT_CREATED"] {
        let event = Event::new(name, json!({ "transaction_id": name, "metadata": { "payment_environment": "test" } }));
        assert_eq!(app.deliver(&event).await.outcome(), "ignored", "{name}");
        assert_eq!(app.deliver(&event).await.outcome(), "duplicate", "{name}");
    }
    assert!(app.orders().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn each_event_of_an_unknown_object_is_quarantined_once() {
    let app = TestApp::start().await;
    let news = |status: &str| Event::new("PAYOUT_FAILED", json!({ "transaction_id": "tx-1", "status": status }));
    for status in ["pending", "returned", "lost"] {
        assert_eq!(app.deliver(&news(status)).await.outcome(), "ignored", "{status}");
        assert_eq!(app.deliver(&news(status).in_envelope(7)).await.outcome(), "duplicate", "{status}");
    }
    assert_eq!(app.table.items("EVT#UNAPPLIED#PAYOUT_FAILED#").await.len(), 3);
    app.audit().await;
}

#[tokio::test]
async fn the_test_button_in_the_dashboard_succeeds() {
    let app = TestApp::start().await;
    let key = app.secret("LOMI_SECRET_KEY_ID");
    let lomi = app.stack.urls().lomi.clone();
    let headers = [("x-api-key", key.as_str())];
    let webhooks = app.http.get(&format!("{lomi}/webhooks"), &headers).await.expect(200).json();
    let id = webhooks[0]["webhook_id"].as_str().unwrap();
    let answer = app.http.send("POST", &format!("{lomi}/webhooks/{id}/test"), &headers, "").await;
    assert_eq!(answer.expect(200).json()["success"], true);
    assert!(app.orders().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn an_unreadable_authentic_body_is_quarantined() {
    let app = TestApp::start().await;
    for bytes in ["", "null", "[]", "{}", "not json", "{\"event\":5}", "{\"event\":\"PAYMENT_SUCCEEDED\"}"] {
        assert_eq!(app.deliver_bytes(bytes).await.outcome(), "quarantined", "{bytes:?}");
    }
    assert_eq!(app.quarantined().await.len(), 7);
    app.audit().await;
}

#[tokio::test]
async fn a_test_payment_pays_nothing_on_a_live_stack() {
    // No live key is sent to the simulator, so the order is copied from a sandbox stack.
    let sandbox = TestApp::start().await;
    let made = sandbox.open_order().await;
    let mut order = sandbox.order(&made.order_id).await;
    sandbox.audit().await;
    order["environment"] = "live".into();

    let app = TestApp::start_with(Setup { live: true, ..Setup::default() }).await;
    app.table.put(&order).await;
    let data = json!({
        "transaction_id": "11111111-2222-4333-8444-555555555555", "status": "completed", "gross_amount": 12_500,
        "currency_code": "XOF", "environment": "live", "metadata": { "order_id": made.order_id },
    });
    let event = Event::new("PAYMENT_SUCCEEDED", data);
    assert_eq!(app.deliver(&event.clone().with("/data/environment", "test")).await.outcome(), "quarantined");
    // lomi does send test events without an environment to live endpoints: such an event proves nothing.
    assert_eq!(app.deliver(&event.clone().without("/data/environment")).await.outcome(), "quarantined");
    assert_eq!(app.quarantined().await, ["environment", "environment_unproven"]);
    assert_eq!(app.order_status(&made.order_id).await, "open");
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    assert_eq!(app.order_status(&made.order_id).await, "paid");
    app.audit().await;
}
