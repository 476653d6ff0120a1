//! Republishes the events of an order to the merchant's own systems.

use serde_json::{Value, json};
use tests::TestApp;

/// `event_type/replays` of each republished event.
async fn republished(app: &TestApp, order_id: &str) -> Vec<String> {
    let json = app.republish(order_id).await.expect(200).json();
    let replayed = json["replayed"].as_array().expect("a list").iter();
    replayed.map(|event| format!("{}/{}", event["event_type"].as_str().unwrap_or_default(), event["replays"])).collect()
}

#[tokio::test]
async fn every_event_is_republished_under_its_own_id() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("wave").await;
    app.refund(&order.order_id, &json!({ "amount": 1_000 }), "refund").await.expect(201);
    let before = app.table.items(&format!("OUTBOX#{}#", order.order_id)).await;
    assert_eq!(before.len(), 2, "{before:?}");
    let known = app.order(&order.order_id).await;
    assert_eq!(republished(&app, &order.order_id).await, ["order.paid/1", "order.refunded/1"]);
    assert_eq!(republished(&app, &order.order_id).await, ["order.paid/2", "order.refunded/2"]);
    let mut after = app.table.items(&format!("OUTBOX#{}#", order.order_id)).await;
    after.iter_mut().for_each(|item| item["replays"] = json!(0));
    assert_eq!(after, before, "nothing but the count has changed");
    assert_eq!(app.order(&order.order_id).await, known, "the order is not touched");
    app.audit().await;
}

#[tokio::test]
async fn an_order_without_events_republishes_nothing() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    assert_eq!(republished(&app, &order.order_id).await, Vec::<String>::new());
    for id in ["unknown", "ord_00000000000000000000000000000000"] {
        assert_eq!(app.republish(id).await.problem(), (404, "not_found".to_owned()), "{id}");
    }
    app.audit().await;
}

#[tokio::test]
async fn a_republished_event_of_an_older_release_is_completed() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("wave").await;
    let pk = format!("OUTBOX#{}#order.paid", order.order_id);
    let new = app.table.take(&pk, "OUTBOX").await;
    let mut old = new.clone();
    let members = old.as_object_mut().expect("an item");
    for name in ["occurred_at", "reference", "refund_id", "link_code", "beyond_link_limit", "overpaid"] {
        assert!(members.remove(name).is_some(), "{name}");
    }
    for name in ["paid_after_cancel", "replays"] {
        assert!(members.remove(name).is_some(), "{name}");
    }
    members.insert("occurred_at_ms".to_owned(), json!(1_795_167_600_000_i64));
    app.table.put(&old).await;
    assert_eq!(republished(&app, &order.order_id).await, ["order.paid/1"]);
    let completed = app.table.item(&pk, "OUTBOX").await.expect("it is there");
    let lacks = |name: &&String| completed.get(name.as_str()).is_none_or(Value::is_null);
    assert_eq!(new.as_object().expect("an item").keys().find(lacks), None);
    app.audit().await;
}
