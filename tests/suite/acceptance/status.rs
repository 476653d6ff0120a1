//! The order as the return page sees it.

use serde_json::{Value, json};
use tests::TestApp;

#[tokio::test]
async fn an_open_order_says_when_to_poll_again() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let answer = app.status(&order).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let shown = answer.json();
    assert_eq!(
        (&shown["status"], &shown["amount"], &shown["currency_code"]),
        (&json!("open"), &json!(12_500), &json!("XOF"))
    );
    assert_eq!(shown["payment"], Value::Null);
    assert!(shown["poll_after_ms"].as_i64().unwrap() >= 1000);
    app.audit().await;
}

#[tokio::test]
async fn the_return_page_turns_paid_without_a_webhook() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi.lose_webhooks().await;
    app.pay(&order, "wave").await;
    let shown = app.status(&order).await.expect(200).json();
    assert_eq!(shown["status"], "paid");
    assert_eq!(app.timeline(&order.order_id).await.last().unwrap(), "paid/poll");
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn repeated_status_reads_call_lomi_once() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    // Counts the calls without changing them.
    let count = json!({ "target": "GET /checkout-sessions/{id}", "kind": "latency_ms", "arg": 1, "times": null });
    app.lomi.fault(count).await;
    for _ in 0..10 {
        app.status(&order).await.expect(200);
    }
    assert_eq!(app.lomi.faults_fired().await, 1);
    app.audit().await;
}

#[tokio::test]
async fn an_order_is_readable_while_lomi_is_down() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi.fault(json!({ "target": "*", "kind": "drop_connection", "times": null })).await;
    assert_eq!(app.status(&order).await.expect(200).json()["status"], "open");
    assert!(app.lomi.faults_fired().await >= 1, "lomi. must have been asked");
    app.audit().await;
}

#[tokio::test]
async fn a_wrong_token_and_an_unknown_order_answer_alike() {
    let app = TestApp::start().await;
    let (order, other) = (app.open_order().await, app.open_order().await);
    let mut stranger = order.order_id.clone();
    let last = stranger.pop();
    stranger.push(if last == Some('a') { 'b' } else { 'a' });
    let mut shapes = Vec::new();
    for (id, token) in [
        (order.order_id.as_str(), other.order_token.as_str()),
        (&order.order_id, "wrong"),
        (&order.order_id, ""),
        (&stranger, &order.order_token),
        ("not-an-id", &order.order_token),
        ("%00", "x"),
    ] {
        let answer = app.status_with(id, token).await;
        let mut json = answer.json();
        json.as_object_mut().unwrap().remove("request_id");
        let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        shapes.push((answer.status, json, names));
    }
    assert_eq!(shapes[0].0, 404);
    assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:#?}");
    app.audit().await;
}

#[tokio::test]
async fn a_wrong_token_cancels_nothing() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let mut stranger = app.open_order().await;
    stranger.order_id.clone_from(&order.order_id);
    assert_eq!(app.cancel(&stranger).await.problem(), (404, "not_found".to_owned()));
    assert_eq!(app.order_status(&order.order_id).await, "open");
    app.audit().await;
}
