//! Card forms when lomi, the network or our own processes fail. lomi's intents never expire: the stack must cancel
//! those that nobody may pay any more.

use serde_json::{Value, json};
use tests::{CardOrder, TestApp, eventually};

const CREATE: &str = "create-payment-intent";

fn on_charge(kind: &str, when: &str, arg: Value) -> Value {
    json!({ "target": "POST /charge/card", "kind": kind, "when": when, "arg": arg, "times": null })
}

#[tokio::test]
async fn after_a_lost_answer_the_retry_returns_the_same_intent() {
    let app = TestApp::start().await;
    for fault in [
        on_charge("commit_then_500", "before", Value::Null),
        on_charge("drop_connection", "after", Value::Null),
        on_charge("truncated_json", "after", Value::Null),
    ] {
        let (cart, key) = (app.card_cart(1), app.fresh_key());
        let before = app.lomi.intents().await.len();
        app.lomi.fault(fault.clone()).await;
        assert_eq!(app.create_intent(&cart, &key).await.problem(), (503, "provider_unavailable".to_owned()), "{fault}");
        app.lomi.clear_faults().await;
        let orders = app.orders().await;
        let order_id = orders.iter().find(|order| order["status"] == "in_doubt").unwrap()["order_id"].as_str().unwrap();
        app.end_lease(order_id).await;
        let card = CardOrder::of(&app.create_intent(&cart, &key).await);
        assert_eq!(card.order.order_id, order_id, "{fault}");
        assert_eq!(app.lomi.intents().await.len(), before + 1, "{fault}");
        app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
        app.wait_for(order_id, "paid").await;
    }
    app.audit().await;
}

/// The server of June 2026 ignores the key: a repeated call creates a second intent.
#[tokio::test]
async fn only_one_client_secret_is_ever_returned() {
    let app = TestApp::start().await;
    app.lomi.profile("june2026").await;
    app.lomi.fault(json!({ "target": "POST /charge/card", "kind": "drop_connection", "when": "after" })).await;
    let answer = app.create_intent(&app.card_cart(1), "k").await;
    let card = CardOrder::of(&answer);
    assert_eq!(app.create_intent(&app.card_cart(1), "k").await.expect(201).body, answer.body);
    let intents = app.lomi.intents().await;
    assert_eq!(intents.len(), 2, "one of them is in nobody's hands");
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    app.wait_for(&card.order.order_id, "paid").await;
    app.audit().await;
}

#[tokio::test]
async fn a_late_card_form_process_cancels_its_intent() {
    let app = TestApp::start().await;
    app.lomi.profile("june2026").await;
    app.lomi.fault(json!({ "target": "POST /charge/card", "kind": "latency_ms", "when": "after", "arg": 1_000 })).await;
    let cart = app.card_cart(1);
    let (zombie, finished) = tokio::join!(app.create_intent(&cart, "k"), async {
        let intent = eventually("lomi. makes an intent", async || app.lomi.intents().await.pop()).await;
        let order_id = intent["metadata"]["order_id"].as_str().unwrap().to_owned();
        app.stack.freeze(CREATE).await.unwrap();
        app.end_lease(&order_id).await;
        let finished = CardOrder::of(&app.create_intent(&cart, "k").await);
        app.stack.thaw(CREATE).await.unwrap();
        finished
    });
    assert_eq!(zombie.problem(), (409, "idempotency_in_progress".to_owned()));
    let stored = app.order(&finished.order.order_id).await;
    let orphans = stored["orphaned_intents"].as_array().unwrap();
    assert_eq!(orphans.len(), 1, "{stored}");
    assert_eq!(stored["payment_intent_id"], *finished.intent_id);
    let orphan = orphans[0].as_str().unwrap().to_owned();

    assert!(app.make_due(&finished.order.order_id).await);
    app.reconcile().await;
    let intents = app.lomi.intents().await;
    let status = |id: &str| intents.iter().find(|intent| intent["id"] == id).unwrap()["status"].clone();
    assert_eq!((status(&orphan), status(&finished.intent_id)), (json!("canceled"), json!("requires_payment_method")));
    assert_eq!(app.order(&finished.order.order_id).await["orphaned_intents"], json!([]));
    app.lomi.confirm_card(&finished.intent_id, &finished.client_secret).await;
    app.wait_for(&finished.order.order_id, "paid").await;
    app.audit().await;
}

#[tokio::test]
async fn a_kill_after_the_intent_makes_no_second_secret() {
    let app = TestApp::start().await;
    app.lomi.fault(json!({ "target": "POST /charge/card", "kind": "latency_ms", "when": "after", "arg": 5_000 })).await;
    let cart = app.card_cart(1);
    let (broken, order_id) = tokio::join!(app.create_intent(&cart, "k"), async {
        let intent = eventually("lomi. makes an intent", async || app.lomi.intents().await.pop()).await;
        app.stack.kill(CREATE).await.unwrap();
        intent["metadata"]["order_id"].as_str().unwrap().to_owned()
    });
    assert_eq!(broken.status, 500);
    app.end_lease(&order_id).await;
    let card = CardOrder::of(&app.create_intent(&cart, "k").await);
    assert_eq!((card.order.order_id.as_str(), app.lomi.intents().await.len()), (order_id.as_str(), 1));
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    app.wait_for(&order_id, "paid").await;
    app.audit().await;
}

#[tokio::test]
async fn a_card_payment_is_found_without_any_event() {
    let app = TestApp::start().await;
    app.lomi.lose_webhooks().await;
    let (seen, unseen) = (app.open_card_order().await, app.open_card_order().await);
    for card in [&seen, &unseen] {
        app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    }
    assert_eq!(app.status(&seen.order).await.expect(200).json()["status"], "paid");
    assert!(app.make_due(&unseen.order.order_id).await);
    app.reconcile().await;
    for card in [&seen, &unseen] {
        let order = app.order(&card.order.order_id).await;
        assert_eq!((&order["status"], order["payments"].as_object().unwrap().len()), (&json!("paid"), 1));
    }
    app.audit().await;
}

#[tokio::test]
async fn an_ended_order_ends_its_card_form() {
    let app = TestApp::start().await;
    let (late, given_up) = (app.open_card_order().await, app.open_card_order().await);
    app.outlive(&late.order.order_id).await;
    app.cancel(&given_up.order).await.expect(200);
    assert!(app.make_due(&given_up.order.order_id).await);
    app.reconcile().await;
    for (card, status) in [(&late, "expired"), (&given_up, "cancelled")] {
        assert_eq!(app.order_status(&card.order.order_id).await, status);
        assert_eq!(app.intent(card).await["status"], "canceled", "{status}");
        let refused = app.lomi.present_card(&card.intent_id, &card.client_secret, "4242424242424242").await;
        assert_eq!(refused["error"]["code"], "payment_intent_unexpected_state");
    }
    app.audit().await;
}

#[tokio::test]
async fn a_card_form_that_stays_open_does_not_expire() {
    let app = TestApp::start().await;
    let card = app.open_card_order().await;
    app.outlive(&card.order.order_id).await;
    let cancel = "POST /charge/card/{id}/cancel";
    app.lomi.fault(json!({ "target": cancel, "kind": "status", "arg": 500, "times": null })).await;
    app.reconcile().await;
    assert!(app.lomi.faults_fired().await >= 1);
    assert_eq!(app.order_status(&card.order.order_id).await, "open");
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    app.wait_for(&card.order.order_id, "paid").await;
    app.audit().await;
}

/// The reconciler works through a queue of orders: one that lomi fails on must not block its head.
#[tokio::test]
async fn a_failing_order_goes_to_the_end_of_the_queue() {
    let app = TestApp::start().await;
    let stuck = app.open_card_order().await;
    app.outlive(&stuck.order.order_id).await;
    let others = [app.open_order().await, app.open_order().await, app.open_order().await, app.open_order().await];
    for order in &others {
        app.outlive(&order.order_id).await;
    }
    for target in ["POST /charge/card/{id}/cancel", "GET /charge/card/{id}"] {
        app.lomi.fault(json!({ "target": target, "kind": "status", "arg": 500, "times": null })).await;
    }
    assert!(app.stack.invoke_scheduled("reconciler").await.is_err(), "somebody is told");
    for order in &others {
        assert_eq!(app.order_status(&order.order_id).await, "expired");
    }
    let left = app.order(&stuck.order.order_id).await;
    assert_eq!(left["status"], "open", "lomi. may still take money on it");
    let updated_ms = left["updated_at_ms"].as_i64().unwrap();
    assert!(left["due_at_ms"].as_i64().unwrap() >= updated_ms + 60_000, "{left}");
    app.audit().await;
}
