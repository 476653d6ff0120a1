//! An operator syncs orders, lists refunds in doubt, and resends deliveries.

use serde_json::{Value, json};
use tests::{Created, TestApp, eventually};

#[tokio::test]
async fn a_sync_marks_an_order_paid_after_a_lost_event() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    assert_eq!(app.asked(&order.order_id).await, Vec::<String>::new(), "nobody has paid");
    let before = app.order(&order.order_id).await;
    app.pay_silently(&order, "wave").await;
    let answer = app.ask(&order.order_id).await.expect(200).json();
    assert_eq!(before["version"], 2, "asking wrote nothing");
    assert_eq!((&answer["order"]["status"], &answer["changes"][0]["what"]), (&json!("paid"), &json!("paid")));
    let paid = app.order(&order.order_id).await;
    for _ in 0..3 {
        assert_eq!(app.asked(&order.order_id).await, Vec::<String>::new());
    }
    assert_eq!(app.order(&order.order_id).await, paid, "asking changes nothing more");
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn a_sync_finds_a_late_payment_of_an_order_no_longer_due() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi.lose_webhooks().await;
    app.lomi.expire(&order.session_id).await;
    app.outlive(&order.order_id).await;
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "expired");
    app.lomi.late_approve(&order.session_id).await;
    assert_eq!(app.asked(&order.order_id).await, ["paid/poll"]);
    app.audit().await;
}

#[tokio::test]
async fn a_sync_finds_a_second_payment_and_a_card_payment() {
    let app = TestApp::start().await;
    app.lomi.quirks(json!({ "allow_double_pay": true })).await;
    let order = app.open_order().await;
    app.pay_silently(&order, "wave").await;
    assert_eq!(app.asked(&order.order_id).await, ["paid/poll"]);
    app.pay_silently(&order, "mtn").await;
    assert_eq!(app.asked(&order.order_id).await, ["paid_again/poll"]);

    let card = app.open_card_order().await;
    app.lomi.lose_webhooks().await;
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    assert_eq!(app.asked(&card.order.order_id).await, ["paid/poll"]);
    assert_eq!(app.order(&card.order.order_id).await["payments"].as_object().map(|payments| payments.len()), Some(1));
    app.audit().await;
}

#[tokio::test]
async fn a_sync_reports_an_unreachable_lomi_and_unknown_orders() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi.fault(json!({ "target": "*", "kind": "status", "arg": 500, "times": null })).await;
    assert_eq!(app.ask(&order.order_id).await.problem(), (503, "provider_unavailable".to_owned()));
    app.lomi.clear_faults().await;
    for id in ["unknown", "ord_00000000000000000000000000000000", "ORD_00000000000000000000000000000000"] {
        assert_eq!(app.ask(id).await.problem(), (404, "not_found".to_owned()), "{id}");
    }
    app.audit().await;
}

/// The orders of `GET /admin/orders?{query}`.
async fn listed(app: &TestApp, query: &str) -> Vec<Value> {
    let page = app.admin("GET", &format!("/admin/orders?{query}"), &Value::Null).await.expect(200).json();
    page["data"].as_array().cloned().expect("a list")
}

#[tokio::test]
async fn an_order_in_doubt_shows_since_when_and_its_polls() {
    let app = TestApp::start().await;
    app.open_order().await;
    app.lomi.fault(json!({ "target": "POST /checkout-sessions", "kind": "drop_connection", "times": null })).await;
    app.create(&app.cart(1), "doubt").await.expect(503);
    app.lomi.clear_faults().await;
    let rows = listed(&app, "status=in_doubt").await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let since = rows[0]["in_doubt_since"].as_str().expect("a time");
    assert!(since >= rows[0]["created_at"].as_str().expect("a time"));
    assert!(rows[0]["attempt_number"].as_u64().is_some_and(|number| number >= 1), "{}", rows[0]);
    let id = rows[0]["order_id"].as_str().expect("an id");
    let detail = app.admin("GET", &format!("/admin/orders/{id}"), &Value::Null).await.expect(200).json();
    assert_eq!(detail["in_doubt_since"], since);
    assert!(listed(&app, "status=open").await.iter().all(|row| row["in_doubt_since"].is_null()));
    app.audit().await;
}

#[tokio::test]
async fn refunds_in_doubt_are_found_and_synced() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    app.paid_order("wave").await;
    app.lomi.lose_webhooks().await;
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "commit_then_500" })).await;
    app.refund(&order.order_id, &json!({ "amount": 5_000 }), "k").await.expect(202);
    for (query, count) in
        [("refunds=in_doubt", 1), ("refunds=in_doubt&status=paid", 1), ("refunds=in_doubt&status=refunded", 0)]
    {
        let rows = listed(&app, query).await;
        assert_eq!(rows.len(), count, "{query}");
        assert!(rows.iter().all(|row| row["order_id"] == order.order_id && row["refunds_in_doubt"] == 1), "{query}");
    }
    assert_eq!((listed(&app, "status=paid").await.len(), listed(&app, "").await.len()), (2, 2), "each is listed once");
    assert_eq!(app.asked(&order.order_id).await, ["refunded/poll"]);
    assert_eq!(listed(&app, "refunds=in_doubt").await, Vec::<Value>::new());
    assert_eq!(listed(&app, "status=partially_refunded").await.len(), 1);
    app.audit().await;
}

/// Paid orders whose events this stack refused, so that lomi logged the failure.
async fn missed(app: &TestApp, count: usize) -> Vec<Created> {
    app.lomi.webhook_fault("bad_signature", Value::Null).await;
    let mut orders = Vec::new();
    for _ in 0..count {
        let order = app.open_order().await;
        app.pay(&order, "wave").await;
        orders.push(order);
    }
    eventually("lomi. gives up", async || {
        let outbox = app.lomi.outbox().await;
        (outbox.len() == count && outbox.iter().all(|row| row["status"] == "dead_letter")).then_some(())
    })
    .await;
    app.lomi.clear_faults().await;
    orders
}

#[tokio::test]
async fn only_unrecorded_failed_deliveries_are_resent() {
    let app = TestApp::start().await;
    let orders = missed(&app, 2).await;
    assert_eq!(app.asked(&orders[0].order_id).await, ["paid/poll"]);
    assert_eq!(app.resent(&json!({})).await, (1, 1, Vec::new()));
    assert_eq!(app.timeline(&orders[1].order_id).await, ["created/storefront", "opened/lomi", "paid/webhook"]);
    assert_eq!(app.resent(&json!({})).await, (0, 2, Vec::new()), "nothing is left to send");
    for order in &orders {
        assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    }
    app.audit().await;
}

#[tokio::test]
async fn a_failed_delivery_is_resent_in_every_generation() {
    for profile in ["current", "june2026", "seeds"] {
        let app = TestApp::start().await;
        let order = app.open_order().await;
        app.lomi.profile(profile).await;
        app.lomi.quirks(json!({ "session_events": false })).await;
        app.lomi.webhook_fault("bad_signature", Value::Null).await;
        app.pay(&order, "wave").await;
        eventually("lomi. gives up", async || {
            app.lomi.outbox().await.iter().all(|row| row["status"] == "dead_letter").then_some(())
        })
        .await;
        app.lomi.clear_faults().await;
        assert_eq!(app.resent(&json!({})).await, (1, 0, Vec::new()), "{profile}");
        assert_eq!(app.resent(&json!({})).await, (0, 1, Vec::new()), "{profile}");
        assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
        app.audit().await;
    }
}

#[tokio::test]
async fn a_bulk_resend_is_bounded_and_continues_by_cursor() {
    let app = TestApp::start().await;
    let orders = missed(&app, 3).await;
    let first = app.resend(&json!({ "limit": 2 })).await.expect(200).json();
    assert_eq!(first["replayed"].as_array().map(Vec::len), Some(2));
    let next = first["next_cursor"].as_str().expect("there is more");
    let second = app.resend(&json!({ "limit": 2, "cursor": next })).await.expect(200).json();
    assert_eq!((second["replayed"].as_array().map(Vec::len), &second["next_cursor"]), (Some(1), &Value::Null));
    for order in &orders {
        assert_eq!(app.order_status(&order.order_id).await, "paid");
    }
    app.audit().await;
}

#[tokio::test]
async fn a_resend_skips_failed_events_and_other_endpoints() {
    let app = TestApp::start().await;
    let (key, lomi) = (app.secret("LOMI_SECRET_KEY_ID"), app.stack.urls().lomi.clone());
    let other =
        json!({ "url": format!("{}/elsewhere", app.stack.urls().gateway), "authorized_events": ["PAYMENT_SUCCEEDED"] });
    let made =
        app.http.send_json("POST", &format!("{lomi}/webhooks"), &[("x-api-key", &key)], &other).await.expect(201);
    let order = app.open_order().await;
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    app.lomi.run_outbox().await;
    let tries =
        async || app.lomi.outbox().await.iter().filter_map(|row| row["attempts"].as_array().map(Vec::len)).sum();
    let before: usize = tries().await;
    assert_eq!(app.resent(&json!({})).await, (0, 0, Vec::new()));
    assert_eq!(app.resend(&json!({})).await.expect(200).json()["endpoints"], 1);
    assert_eq!(tries().await, before, "other systems of the merchant's are sent nothing");
    let path = format!("{lomi}/webhooks/{}", made.json()["webhook_id"].as_str().expect("an id"));
    app.http.send("DELETE", &path, &[("x-api-key", &key)], "").await.expect(200);
    app.audit().await;
}

#[tokio::test]
async fn a_delivery_that_fails_again_holds_up_no_other() {
    let app = TestApp::start().await;
    let orders = missed(&app, 3).await;
    let retry = "POST /webhooks/{id}/deliveries/{log_id}/retry";
    for (status, outcome) in [(400, "refused"), (500, "unknown")] {
        app.lomi.fault(json!({ "target": retry, "kind": "status", "arg": status })).await;
        let (sent, _, failed) = app.resent(&json!({ "limit": 2 })).await;
        assert_eq!((sent, failed.len(), &failed[0]["outcome"]), (1, 1, &json!(outcome)), "{status}");
    }
    assert_eq!(app.resent(&json!({})).await, (1, 2, Vec::new()), "what failed is found again");
    for order in &orders {
        assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    }
    app.audit().await;
}

#[tokio::test]
async fn a_refused_or_unknown_resend_is_reported_once() {
    let app = TestApp::start().await;
    let orders = missed(&app, 1).await;
    assert_eq!(app.resent(&json!({ "since": "2100-01-01T00:00:00Z" })).await, (0, 0, Vec::new()));
    app.lomi.webhook_fault("bad_signature", Value::Null).await;
    let (sent, _, failed) = app.resent(&json!({ "limit": 1 })).await;
    assert_eq!((sent, failed.len(), &failed[0]["outcome"]), (0, 1, &json!("refused")));
    app.lomi.clear_faults().await;

    let retry = "POST /webhooks/{id}/deliveries/{log_id}/retry";
    app.lomi.fault(json!({ "target": retry, "kind": "commit_then_500", "times": null })).await;
    let (sent, _, failed) = app.resent(&json!({ "limit": 1 })).await;
    assert_eq!((sent, failed.len(), &failed[0]["outcome"]), (0, 1, &json!("unknown")));
    assert_eq!(app.lomi.faults_fired().await, 1, "it is not asked for again by itself");
    app.lomi.clear_faults().await;
    assert_eq!(app.order_status(&orders[0].order_id).await, "paid", "it did arrive");
    let (sent, skipped, failed) = app.resent(&json!({})).await;
    assert_eq!((sent, skipped >= 1, failed), (0, true, Vec::new()));
    app.audit().await;
}
