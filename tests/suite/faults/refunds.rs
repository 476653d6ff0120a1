//! Refunds while something fails: never a second one, and never one that is missing in the order.

use serde_json::{Value, json};
use tests::{Created, TestApp, eventually};

const ORDERS: &str = "orders";

fn on_refund(kind: &str, when: &str, arg: Value) -> Value {
    json!({ "target": "POST /refunds", "kind": kind, "when": when, "arg": arg, "times": null })
}

/// The only refund of the order, as the back office shows it.
async fn only_refund(app: &TestApp, order: &Created) -> Value {
    let refunds = app.refunds(&order.order_id).await;
    let [refund] = &refunds[..] else { panic!("{refunds:?}") };
    refund.clone()
}

#[tokio::test]
async fn a_refund_with_a_lost_answer_is_found_and_made_once() {
    for profile in ["current", "june2026"] {
        let app = TestApp::start().await;
        app.lomi.profile(profile).await;
        for fault in [
            on_refund("commit_then_500", "before", Value::Null),
            on_refund("html_502", "after", Value::Null),
            on_refund("drop_connection", "after", Value::Null),
            on_refund("truncated_json", "after", Value::Null),
        ] {
            let (order, _) = app.paid_order("card").await;
            let before = app.lomi.refunds().await.len();
            app.lomi.lose_webhooks().await;
            app.lomi.fault(fault.clone()).await;
            let answer = app.refund(&order.order_id, &json!({ "amount": 5_000 }), "k").await.expect(202).json();
            assert_eq!(answer["refund"]["status"], "in_doubt", "{fault}");
            // A repeated request creates no second refund.
            let again = app.refund(&order.order_id, &json!({ "amount": 5_000 }), "k").await.expect(202);
            assert_eq!(again.header("idempotency-replayed"), "true");
            app.lomi.clear_faults().await;
            app.lomi.lose_webhooks().await;
            assert!(app.make_due(&order.order_id).await, "a refund in doubt keeps its order due");
            app.reconcile().await;
            let refund = only_refund(&app, &order).await;
            assert_eq!((&refund["status"], &refund["id"]), (&json!("completed"), &answer["refund"]["id"]), "{fault}");
            assert_eq!(app.order_status(&order.order_id).await, "partially_refunded", "{fault}");
            app.refund(&order.order_id, &json!({ "amount": 5_000 }), "k").await.expect(201);
            assert_eq!(app.lomi.refunds().await.len(), before + 1, "{fault}");
            app.lomi.clear_faults().await;
        }
        app.audit().await;
    }
}

#[tokio::test]
async fn an_event_resolves_a_refund_in_doubt() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    app.lomi.fault(on_refund("commit_then_500", "before", Value::Null)).await;
    let answer = app.refund(&order.order_id, &json!({}), "k").await;
    assert!([201, 202].contains(&answer.status), "{}", answer.text());
    app.wait_for(&order.order_id, "refunded").await;
    let refund = only_refund(&app, &order).await;
    assert_eq!((&refund["status"], &refund["id"]), (&json!("completed"), &answer.json()["refund"]["id"]));
    app.audit().await;
}

#[tokio::test]
async fn a_refund_that_never_reached_lomi_is_released() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    app.lomi.fault(on_refund("status", "before", json!(500))).await;
    app.refund(&order.order_id, &json!({}), "a").await.expect(202);
    app.lomi.clear_faults().await;
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    assert_eq!(only_refund(&app, &order).await["status"], "in_doubt", "lomi. may still be at it");
    let other = app.refund(&order.order_id, &json!({}), "b").await;
    assert_eq!(other.problem(), (409, "refund_exceeds_payment".to_owned()), "it may have happened");

    app.age_refunds(&order.order_id).await;
    app.reconcile().await;
    assert_eq!(only_refund(&app, &order).await["status"], "failed");
    assert!(app.lomi.refunds().await.is_empty());
    let answer = app.refund(&order.order_id, &json!({}), "b").await.expect(201).json();
    assert_eq!(answer["order"]["status"], "refunded");
    assert_eq!(app.lomi.refunds().await.len(), 1);
    app.audit().await;
}

#[tokio::test]
async fn a_pending_refund_without_events_is_polled() {
    let app = TestApp::start().await;
    let (order, transaction_id) = app.paid_order("card").await;
    app.lomi.lose_webhooks().await;
    app.refund_at_lomi(&transaction_id, 5_000).await;
    let created = app.announced_refund("REFUND_CREATED", &transaction_id).await;
    assert_eq!(app.deliver(&created).await.outcome(), "applied");
    assert_eq!(only_refund(&app, &order).await["status"], "pending");
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    assert_eq!(only_refund(&app, &order).await["status"], "completed");
    assert_eq!(app.order_status(&order.order_id).await, "partially_refunded");
    let timeline = app.timeline(&order.order_id).await;
    assert_eq!(timeline[timeline.len() - 2..], ["refund_pending/webhook", "refunded/poll"]);
    app.audit().await;
}

#[tokio::test]
async fn no_refund_is_released_while_lomi_is_unreachable() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    app.lomi.lose_webhooks().await;
    app.lomi.fault(on_refund("commit_then_500", "before", Value::Null)).await;
    app.refund(&order.order_id, &json!({}), "k").await.expect(202);
    for (kind, arg, is_an_error) in
        [("status", json!(500), true), ("truncated_json", Value::Null, false), ("status", json!(401), false)]
    {
        app.lomi.clear_faults().await;
        app.lomi.lose_webhooks().await;
        app.lomi.fault(json!({ "target": "GET /refunds", "kind": kind, "arg": arg, "times": null })).await;
        app.age_refunds(&order.order_id).await;
        assert_eq!(app.stack.invoke_scheduled("reconciler").await.is_err(), is_an_error, "{kind} {arg}");
        assert_eq!(only_refund(&app, &order).await["status"], "in_doubt", "{kind} {arg}");
    }
    app.lomi.clear_faults().await;
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    assert_eq!(only_refund(&app, &order).await["status"], "completed");
    app.audit().await;
}

#[tokio::test]
async fn a_throttled_refund_is_retried_under_the_same_key() {
    let app = TestApp::start().await;
    for arg in [json!({ "status": 429, "retry_after_s": 7 }), json!(401), json!(403)] {
        let (order, _) = app.paid_order("card").await;
        app.lomi.fault(on_refund("status", "before", arg.clone())).await;
        let answer = app.refund(&order.order_id, &json!({}), "k").await;
        assert_eq!(answer.problem(), (503, "provider_unavailable".to_owned()), "{arg}");
        assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 2);
        assert!(app.refunds(&order.order_id).await.is_empty(), "{arg}");
        app.lomi.clear_faults().await;
        app.refund(&order.order_id, &json!({}), "k").await.expect(201);
    }
    assert_eq!(app.lomi.refunds().await.len(), 3);
    app.audit().await;
}

async fn killed_at_work(app: &TestApp, order: &Created, when: &str) {
    app.lomi.lose_webhooks().await;
    app.lomi.fault(on_refund("latency_ms", when, json!(5_000))).await;
    let body = json!({});
    let (broken, ()) = tokio::join!(app.refund(&order.order_id, &body, "k"), async {
        eventually("lomi. is asked", async || {
            let is_asked = match when {
                "after" => !app.lomi.refunds().await.is_empty(),
                _ => app.lomi.faults_fired().await > 0,
            };
            is_asked.then_some(())
        })
        .await;
        app.stack.kill(ORDERS).await.unwrap();
    });
    assert_eq!(broken.status, 500, "the gateway lost its function");
    app.lomi.clear_faults().await;
    let again = app.refund(&order.order_id, &json!({}), "k").await;
    assert_eq!(again.problem(), (409, "idempotency_in_progress".to_owned()));
}

#[tokio::test]
async fn a_kill_after_lomi_recorded_the_refund_only_delays_it() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    killed_at_work(&app, &order, "after").await;
    app.end_refund_leases(&order.order_id).await;
    app.lomi.lose_webhooks().await;
    app.reconcile().await;
    let refund = only_refund(&app, &order).await;
    assert_eq!(refund["status"], "completed");
    assert_eq!(app.lomi.refunds().await.len(), 1);
    let answer = app.refund(&order.order_id, &json!({}), "k").await.expect(201);
    assert_eq!(answer.json()["refund"], refund);
    app.audit().await;
}

#[tokio::test]
async fn a_kill_before_the_refund_leaves_a_doubt_that_ends() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    killed_at_work(&app, &order, "before").await;
    let id = only_refund(&app, &order).await["id"].as_str().unwrap().to_owned();
    let running = app.release_refund(&order.order_id, &id).await;
    assert_eq!(running.problem(), (409, "refund_not_releasable".to_owned()), "it may be on its way");
    app.end_refund_leases(&order.order_id).await;
    // A retry under the same key returns the refund in doubt.
    let answer = app.refund(&order.order_id, &json!({}), "k").await.expect(202);
    assert_eq!(answer.json()["refund"]["status"], "in_doubt");
    let alarms = app.stack.logs().iter().filter(|line| line.line.contains("\"RefundInDoubt\":1")).count();
    assert_eq!(alarms, 1);
    app.age_refunds(&order.order_id).await;
    app.reconcile().await;
    assert_eq!(only_refund(&app, &order).await["status"], "failed");
    assert!(app.lomi.refunds().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_process_that_wakes_after_the_reconciler_agrees_with_it() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    app.lomi.lose_webhooks().await;
    app.lomi.fault(on_refund("latency_ms", "after", json!(1_000))).await;
    let body = json!({});
    let (late, ()) = tokio::join!(app.refund(&order.order_id, &body, "k"), async {
        eventually("lomi. records it", async || (!app.lomi.refunds().await.is_empty()).then_some(())).await;
        app.stack.freeze(ORDERS).await.unwrap();
        let mut stored = app.order(&order.order_id).await;
        stored["refunds"].as_object_mut().unwrap().values_mut().for_each(|r| r["request"]["lease_until_ms"] = 0.into());
        app.table.put(&stored).await;
        assert!(app.make_due(&order.order_id).await);
        app.reconcile().await;
        app.stack.thaw(ORDERS).await.unwrap();
    });
    assert_eq!(late.expect(201).json()["refund"]["status"], "completed");
    assert_eq!(app.lomi.refunds().await.len(), 1);
    assert_eq!(app.outbox(&order.order_id).await.iter().filter(|event| *event == "order.refunded").count(), 1);
    app.audit().await;
}

#[tokio::test]
async fn a_concurrent_dashboard_refund_is_not_matched_to_ours() {
    let app = TestApp::start().await;
    let (order, transaction_id) = app.paid_order("card").await;
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "latency_ms", "arg": 1_500 })).await;
    let body = json!({ "amount": 5_000 });
    let (ours, theirs) = tokio::join!(app.refund(&order.order_id, &body, "k"), async {
        eventually("ours is on its way", async || (app.lomi.faults_fired().await == 1).then_some(())).await;
        let theirs = app.refund_at_lomi(&transaction_id, 5_000).await;
        app.lomi.run_outbox().await;
        theirs
    });
    let ours = ours.expect(201).json();
    assert_ne!(ours["refund"]["refund_id"], theirs.as_str());
    app.lomi.run_outbox().await;
    let refunds = app.refunds(&order.order_id).await;
    assert_eq!(refunds.len(), 2, "{refunds:?}");
    assert!(refunds.iter().all(|refund| refund["status"] == "completed"), "{refunds:?}");
    assert!(refunds.iter().any(|refund| refund["id"] == theirs.as_str()));
    assert_eq!(app.status(&order).await.expect(200).json()["amount_refunded"], 10_000);
    app.audit().await;
}

#[tokio::test]
async fn without_the_table_no_refund_reaches_lomi() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    app.dynamodb.cut();
    let answer = app.refund(&order.order_id, &json!({}), "k").await;
    assert_eq!(answer.problem(), (503, "store_unavailable".to_owned()));
    assert!(app.lomi.refunds().await.is_empty());
    app.dynamodb.mend();
    app.refund(&order.order_id, &json!({}), "k").await.expect(201);
    app.audit().await;
}
