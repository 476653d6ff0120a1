//! Processes that are killed or frozen at the worst moment.

use serde_json::json;
use tests::{Created, TestApp, eventually};

const CREATE: &str = "create-checkout-session";

/// lomi opens the page and delays its answer.
async fn hold_the_answer(app: &TestApp, ms: u32) {
    app.lomi
        .fault(json!({ "target": "POST /checkout-sessions", "kind": "latency_ms", "when": "after", "arg": ms }))
        .await;
}

/// The only order and the only session, before any answer to the client.
async fn opened_at_lomi(app: &TestApp) -> (String, String) {
    let session = eventually("lomi. opens a page", async || app.lomi.sessions().await.pop()).await;
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (text(&session["metadata"]["order_id"]), text(&session["checkout_session_id"]))
}

#[tokio::test]
async fn a_kill_after_lomis_answer_makes_no_second_page() {
    let app = TestApp::start().await;
    hold_the_answer(&app, 5_000).await;
    let cart = app.cart(1);
    let (broken, order_id) = tokio::join!(app.create(&cart, "k"), async {
        let (order_id, _) = opened_at_lomi(&app).await;
        app.stack.kill(CREATE).await.unwrap();
        order_id
    });
    assert_eq!(broken.status, 500, "the gateway lost its function");
    assert_eq!(app.order_status(&order_id).await, "creating");
    assert_eq!(app.create(&cart, "k").await.problem(), (409, "idempotency_in_progress".to_owned()));

    app.end_lease(&order_id).await;
    let order = Created::of(&app.create(&cart, "k").await);
    assert_eq!(order.order_id, order_id);
    assert_eq!((app.orders().await.len(), app.lomi.sessions().await.len()), (1, 1));
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    app.audit().await;
}

#[tokio::test]
async fn a_kill_before_lomis_work_makes_no_second_order() {
    let app = TestApp::start().await;
    app.lomi.fault(json!({ "target": "POST /checkout-sessions", "kind": "latency_ms", "arg": 5_000 })).await;
    let cart = app.cart(1);
    let (broken, ()) = tokio::join!(app.create(&cart, "k"), async {
        eventually("lomi. is asked", async || (app.lomi.faults_fired().await == 1).then_some(())).await;
        app.stack.kill(CREATE).await.unwrap();
    });
    assert_eq!(broken.status, 500);
    let order_id = app.orders().await[0]["order_id"].as_str().unwrap().to_owned();
    app.end_lease(&order_id).await;
    let order = Created::of(&app.create(&cart, "k").await);
    assert_eq!((order.order_id.as_str(), app.lomi.sessions().await.len()), (order_id.as_str(), 1));
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    app.audit().await;
}

#[tokio::test]
async fn an_abandoned_order_is_found_by_the_reconciler() {
    let app = TestApp::start().await;
    hold_the_answer(&app, 5_000).await;
    let cart = app.cart(1);
    let (_, order_id) = tokio::join!(app.create(&cart, "k"), async {
        let (order_id, _) = opened_at_lomi(&app).await;
        app.stack.kill(CREATE).await.unwrap();
        order_id
    });
    assert!(app.make_due(&order_id).await, "an unfinished order is due from its first moment");
    app.reconcile().await;
    assert_eq!(app.order_status(&order_id).await, "in_doubt");
    // The shopper retries after all.
    app.end_lease(&order_id).await;
    let order = Created::of(&app.create(&cart, "k").await);
    assert_eq!((order.order_id.as_str(), app.lomi.sessions().await.len()), (order_id.as_str(), 1));
    assert_eq!(app.order_status(&order_id).await, "open");
    app.audit().await;
}

#[tokio::test]
async fn a_webhook_before_the_order_is_open_pays_it() {
    let app = TestApp::start().await;
    hold_the_answer(&app, 2_000).await;
    let cart = app.cart(1);
    let (answer, order_id) = tokio::join!(app.create(&cart, "k"), async {
        let (order_id, session_id) = opened_at_lomi(&app).await;
        app.stack.freeze(CREATE).await.unwrap();
        assert_eq!(app.order_status(&order_id).await, "creating");
        assert_eq!(app.lomi.pay(&session_id, "wave").await["step"], "paid");
        app.wait_for(&order_id, "paid").await;
        app.stack.thaw(CREATE).await.unwrap();
        order_id
    });
    let order = Created::of(&answer);
    assert_eq!((order.order_id.as_str(), answer.json()["status"].clone()), (order_id.as_str(), json!("paid")));
    let stored = app.order(&order_id).await;
    assert_eq!((&stored["status"], &stored["checkout_session_id"]), (&json!("paid"), &json!(order.session_id)));
    assert_eq!(app.outbox(&order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn a_process_that_wakes_after_its_lease_returns_nothing() {
    let app = TestApp::start().await;
    hold_the_answer(&app, 1_000).await;
    let cart = app.cart(1);
    let (zombie, finished) = tokio::join!(app.create(&cart, "k"), async {
        let (order_id, _) = opened_at_lomi(&app).await;
        app.stack.freeze(CREATE).await.unwrap();
        app.end_lease(&order_id).await;
        let finished = app.create(&cart, "k").await.expect(201);
        app.stack.thaw(CREATE).await.unwrap();
        finished
    });
    assert_eq!(zombie.problem(), (409, "idempotency_in_progress".to_owned()));
    assert_eq!(app.create(&cart, "k").await.expect(201).body, finished.body);
    assert_eq!((app.orders().await.len(), app.lomi.sessions().await.len()), (1, 1));
    app.audit().await;
}

/// Frozen inside its call to lomi, the process misses every later event of the order.
#[tokio::test]
async fn a_zombie_process_changes_nothing_after_the_order_is_done() {
    let app = TestApp::start().await;
    app.lomi.fault(json!({ "target": "POST /checkout-sessions", "kind": "latency_ms", "arg": 600 })).await;
    let cart = app.cart(1);
    let (zombie, (finished, before)) = tokio::join!(app.create(&cart, "k"), async {
        eventually("lomi. is asked", async || (app.lomi.faults_fired().await == 1).then_some(())).await;
        let asleep = app.stack.at_work(CREATE).unwrap().pop().expect("the call is under way").freeze().await.unwrap();
        let (order_id, _) = opened_at_lomi(&app).await;
        app.end_lease(&order_id).await;
        let finished = app.create(&cart, "k").await.expect(201);
        let order = Created::of(&finished);
        app.pay(&order, "wave").await;
        app.wait_for(&order.order_id, "paid").await;
        app.refund(&order.order_id, &json!({ "amount": 500 }), "refund").await.expect(201);
        app.wait_for(&order.order_id, "partially_refunded").await;
        app.lomi.run_outbox().await;
        let before = everything(&app).await;
        assert!(asleep.thaw().await, "it had not answered when it was woken");
        (finished, before)
    });
    assert_eq!(zombie.problem(), (409, "idempotency_in_progress".to_owned()));
    assert_eq!(everything(&app).await, before);
    assert_eq!(app.create(&cart, "k").await.expect(201).body, finished.body);
    assert_eq!((app.orders().await.len(), app.lomi.sessions().await.len()), (1, 1));
    app.audit().await;
}

async fn everything(app: &TestApp) -> Vec<String> {
    let mut items: Vec<_> = app.table.items("").await.iter().map(ToString::to_string).collect();
    items.sort();
    items
}

#[tokio::test]
async fn a_killed_webhook_handler_gets_the_event_again() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await;
    app.dynamodb.hold();
    let (broken, ()) = tokio::join!(app.deliver(&event), async {
        eventually("the handler asks DynamoDB", async || (app.dynamodb.held() > 0).then_some(())).await;
        app.stack.kill("webhook-handler").await.unwrap();
    });
    assert_eq!(broken.status, 500, "lomi. comes again after a 5xx");
    app.dynamodb.mend();
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}
