//! DynamoDB is unreachable.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{TestApp, eventually};
use tokio::time::Instant;

/// lomi closes a connection to an endpoint that does not answer in this time.
const LOMIS_PATIENCE: Duration = Duration::from_secs(4);

#[tokio::test]
async fn while_the_store_is_down_no_webhook_is_acknowledged() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.dynamodb.cut();
    app.pay(&order, "wave").await;
    let waiting = eventually("lomi. is asked to come again", async || {
        app.lomi.outbox().await.pop().filter(|dispatch| dispatch["attempts"][0]["response_status"].is_u64())
    });
    let waiting = waiting.await;
    assert_eq!((&waiting["attempts"][0]["response_status"], &waiting["status"]), (&503.into(), &"pending".into()));
    app.dynamodb.mend();
    app.lomi.run_outbox().await;
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}

#[tokio::test]
async fn a_webhook_during_an_outage_gets_a_retry_after() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "card").await;
    app.dynamodb.cut();
    let answer = app.deliver(&event).await;
    assert_eq!(answer.problem(), (503, "store_unavailable".to_owned()));
    assert_eq!(answer.header("retry-after"), "1");
    // A forged event is refused, outage or not.
    assert_eq!(app.deliver_signed_with(&event, "whsec_guessed_by_somebody").await.status, 401);
    app.dynamodb.mend();
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    app.audit().await;
}

#[tokio::test]
async fn a_hanging_store_is_answered_before_lomis_timeout() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "card").await;
    app.dynamodb.hold();
    let began = Instant::now();
    let answer = app.deliver(&event).await;
    assert_eq!(answer.problem(), (503, "store_unavailable".to_owned()));
    assert!(began.elapsed() < LOMIS_PATIENCE, "{:?}", began.elapsed());
    assert!(app.dynamodb.held() > 0);
    app.dynamodb.mend();
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    app.audit().await;
}

#[tokio::test]
async fn an_unconfirmed_event_is_a_duplicate_on_redelivery() {
    let app = TestApp::start().await;
    app.dynamodb.mute();
    // Stored without reading an order: the answer of its one write is lost.
    let payout = tests::Event::new("PAYOUT_COMPLETED", json!({ "transaction_id": "payout-1" }));
    let payout = payout.with("/data/environment", "test");
    assert_eq!(app.deliver(&payout).await.problem(), (503, "store_unavailable".to_owned()));
    app.dynamodb.mend();
    assert_eq!(app.table.items("EVT#").await.len(), 1, "it was written all the same");
    assert_eq!(app.deliver(&payout).await.outcome(), "duplicate");
    app.audit().await;
}

#[tokio::test]
async fn an_unconfirmed_write_is_answered_by_the_retry() {
    let app = TestApp::start().await;
    let hold = json!({ "target": "POST /checkout-sessions", "kind": "latency_ms", "when": "after", "arg": 1000 });
    app.lomi.fault(hold).await;
    let cart = app.cart(1);
    let (answer, ()) = tokio::join!(app.create(&cart, "k"), async {
        eventually("lomi. opens a page", async || app.lomi.sessions().await.pop()).await;
        app.dynamodb.mute();
    });
    assert_eq!(answer.problem(), (503, "store_unavailable".to_owned()));
    app.dynamodb.mend();
    let again = app.create(&cart, "k").await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true", "the work was done, only its answer was lost");
    assert_eq!((app.orders().await.len(), app.lomi.sessions().await.len()), (1, 1));
    app.audit().await;
}

#[tokio::test]
async fn while_the_store_is_down_lomi_is_not_called() {
    let app = TestApp::start().await;
    app.dynamodb.cut();
    let answer = app.create(&app.cart(1), "k").await;
    assert_eq!(answer.problem(), (503, "store_unavailable".to_owned()));
    assert!(app.lomi.sessions().await.is_empty());
    app.dynamodb.mend();
    app.create(&app.cart(1), "k").await.expect(201);
    assert_eq!((app.orders().await.len(), app.lomi.sessions().await.len()), (1, 1));
    app.audit().await;
}

#[tokio::test]
async fn an_outage_after_the_page_opened_makes_no_second_page() {
    let app = TestApp::start().await;
    let hold = json!({ "target": "POST /checkout-sessions", "kind": "latency_ms", "when": "after", "arg": 1000 });
    app.lomi.fault(hold).await;
    let cart = app.cart(1);
    let (answer, order_id) = tokio::join!(app.create(&cart, "k"), async {
        let session = eventually("lomi. opens a page", async || app.lomi.sessions().await.pop()).await;
        app.dynamodb.cut();
        session["metadata"]["order_id"].as_str().unwrap().to_owned()
    });
    assert_eq!(answer.problem(), (503, "store_unavailable".to_owned()));
    app.dynamodb.mend();
    app.end_lease(&order_id).await;
    let order = tests::Created::of(&app.create(&cart, "k").await);
    assert_eq!((order.order_id.as_str(), app.lomi.sessions().await.len()), (order_id.as_str(), 1));
    app.pay(&order, "mtn").await;
    app.wait_for(&order_id, "paid").await;
    app.audit().await;
}

#[tokio::test]
async fn reads_during_an_outage_get_a_retry_after() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.dynamodb.cut();
    for answer in [
        app.status(&order).await,
        app.cancel(&order).await,
        app.http.get(&app.url("/products"), &[]).await,
        app.admin("GET", "/admin/orders", &Value::Null).await,
        app.admin("GET", "/admin/products/PAGNE-WAX-6Y", &Value::Null).await,
    ] {
        assert_eq!(answer.problem(), (503, "store_unavailable".to_owned()));
        assert!(!answer.header("retry-after").is_empty());
    }
    assert!(app.stack.invoke_scheduled("reconciler").await.is_err(), "a run that could do nothing is an error");
    app.dynamodb.mend();
    app.status(&order).await.expect(200);
    app.audit().await;
}
