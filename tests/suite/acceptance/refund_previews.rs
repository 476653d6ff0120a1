//! lomi (API 1.2.0) previews a refund before it executes it: two calls, and the second moves the money.

use futures::future::join;
use serde_json::{Value, json};
use tests::{TestApp, eventually};

const PREVIEW: &str = "POST /refunds (preview)";

async fn strike_preview(app: &TestApp, kind: &str, arg: Value) {
    app.lomi.fault(json!({ "target": PREVIEW, "kind": kind, "arg": arg })).await;
}

async fn stored_refund(app: &TestApp, order_id: &str) -> Value {
    let order = app.order(order_id).await;
    let refunds = order["refunds"].as_object().expect("refunds");
    refunds.values().next().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_refund_is_written_before_it_is_executed() {
    let app = TestApp::start().await;
    let (order, transaction_id) = app.paid_order("card").await;
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "drop_connection", "when": "before" })).await;
    let body = json!({ "amount": 5_000, "reason": "Cup broken" });
    let lost = app.refund(&order.order_id, &body, "k").await.expect(202).json();
    assert_eq!(lost["refund"]["status"], "in_doubt");
    let kept = stored_refund(&app, &order.order_id).await["execution"].clone();
    assert_eq!(kept["idempotency_key"], lost["refund"]["id"]);
    let sent: Value = serde_json::from_str(kept["body"].as_str().unwrap()).unwrap();
    assert_eq!((&sent["transaction_id"], &sent["amount"]), (&json!(transaction_id), &json!(5_000)));
    let token = sent["confirmation_token"].as_str().unwrap();
    app.keep_out_of_logs(token);
    assert!(!app.refunds(&order.order_id).await[0].to_string().contains(token), "nobody is shown it");
    app.audit().await;
}

#[tokio::test]
async fn a_refund_with_a_lost_preview_is_in_doubt() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    strike_preview(&app, "drop_connection", Value::Null).await;
    let lost = app.refund(&order.order_id, &json!({}), "k").await.expect(202).json();
    assert_eq!(lost["refund"]["status"], "in_doubt", "an older lomi. would have carried it out");
    assert_eq!(app.lomi.refunds().await, Vec::<Value>::new());
    app.age_refunds(&order.order_id).await;
    app.reconcile().await;
    assert_eq!(app.refunds(&order.order_id).await[0]["status"], "failed");
    app.refund(&order.order_id, &json!({}), "anew").await.expect(201);
    app.audit().await;
}

#[tokio::test]
async fn a_refused_preview_leaves_the_key_free() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    strike_preview(&app, "status", json!(429)).await;
    let busy = app.refund(&order.order_id, &json!({}), "k").await;
    assert_eq!(busy.problem(), (503, "provider_unavailable".to_owned()));
    app.refund(&order.order_id, &json!({}), "k").await.expect(201);
    assert_eq!(app.lomi.refunds().await.len(), 1);
    app.audit().await;
}

#[tokio::test]
async fn a_throttled_execution_is_retried_with_the_same_key() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("wave").await;
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "status", "arg": 429 })).await;
    let busy = app.refund(&order.order_id, &json!({ "amount": 5_000 }), "k").await;
    assert_eq!(busy.problem(), (503, "provider_unavailable".to_owned()));
    app.refund(&order.order_id, &json!({ "amount": 5_000 }), "k").await.expect(201);
    assert_eq!(app.lomi.payouts().await.len(), 1);
    app.audit().await;
}

/// lomi may bind a token to the key of its preview, or repeat the preview under the same key. Under each rule there
/// is one refund.
#[tokio::test]
async fn every_rule_for_preview_tokens_ends_in_one_refund() {
    let app = TestApp::start().await;
    let quirks = ["refund_token_bound_to_key", "refund_token_unseen_by_keys"];
    for quirk in quirks {
        app.lomi.quirks(json!({ quirk: true })).await;
        let (order, transaction_id) = app.paid_order("wave").await;
        for (key, amount) in [("a", 5_000), ("b", 7_500)] {
            app.refund(&order.order_id, &json!({ "amount": amount }), key).await.expect(201);
        }
        let made = app.lomi.refunds().await;
        let sum: i64 = made
            .iter()
            .filter(|row| row["transaction_id"] == transaction_id.as_str())
            .filter_map(|row| row["amount"].as_i64())
            .sum();
        assert_eq!(sum, 12_500, "{quirk}");
        app.lomi.quirks(json!({ quirk: false })).await;
    }
    app.audit().await;
}

/// Under both rules at once no refund can be executed: no money has moved, and the key is free again.
#[tokio::test]
async fn an_always_refused_preview_token_moves_nothing() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "status", "arg": { "status": 400, "message": "confirmation_token expired" }, "times": 2 })).await;
    let refused = app.refund(&order.order_id, &json!({}), "k").await;
    assert_eq!(refused.problem(), (503, "provider_unavailable".to_owned()));
    assert_eq!(app.lomi.refunds().await, Vec::<Value>::new());
    app.refund(&order.order_id, &json!({}), "k").await.expect(201);
    app.audit().await;
}

#[tokio::test]
async fn a_preview_that_differs_is_not_executed() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    let others = [
        json!({ "amount": 50_000 }),
        json!({ "currency_code": "EUR" }),
        json!({ "transaction_id": "7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11" }),
        json!({ "fee_amount": 5_000 }),
    ];
    for (number, other) in others.into_iter().enumerate() {
        app.lomi.quirks(json!({ "refund_preview_shows": other })).await;
        let refused = app.refund(&order.order_id, &json!({ "amount": 5_000 }), &format!("k{number}")).await;
        assert_eq!(refused.problem(), (502, "provider_rejected".to_owned()), "{other}");
    }
    assert_eq!(app.lomi.refunds().await, Vec::<Value>::new());
    app.lomi.quirks(json!({ "refund_preview_shows": { "amount": null, "fee_amount": 150 } })).await;
    app.refund(&order.order_id, &json!({ "amount": 5_000 }), "k").await.expect(201);
    app.audit().await;
}

/// A process is frozen between the two calls, its request counts as lost, and another caller has been told so.
#[tokio::test]
async fn a_request_considered_lost_executes_nothing() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    strike_preview(&app, "latency_ms", json!(3_000)).await;
    let (body, id) = (json!({}), order.order_id.as_str());
    let asleep = async { app.refund(id, &body, "k").await };
    let others = async {
        eventually("the refund is reserved", async || {
            let refund = stored_refund(&app, id).await;
            (!refund.is_null()).then_some(())
        })
        .await;
        app.end_refund_leases(id).await;
        app.refund(id, &body, "k").await.expect(202).json()
    };
    let (late, told) = join(asleep, others).await;
    assert_eq!(told["refund"]["status"], "in_doubt");
    assert_eq!(late.problem(), (409, "idempotency_in_progress".to_owned()));
    assert_eq!(app.lomi.refunds().await, Vec::<Value>::new(), "it was not the sleeper's to send any more");
    assert_eq!(app.refunds(id).await[0]["status"], "failed", "what was shown does not vanish");
    app.refund(id, &body, "anew").await.expect(201);
    app.audit().await;
}
