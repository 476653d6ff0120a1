//! lomi's refund events, in any order and number.

use serde_json::{Value, json};
use tests::{Created, Event, TestApp};

/// The state that must not depend on the order of the events.
async fn end_state(app: &TestApp, order_id: &str) -> Value {
    let order = app.order(order_id).await;
    let refunds: Vec<_> = app.refunds(order_id).await.into_iter().map(|row| row["status"].clone()).collect();
    let mut told = app.outbox(order_id).await;
    told.sort();
    let payments = order["payments"].as_object().unwrap().len();
    json!([order["status"], order["overpaid"], order["mismatch"], payments, refunds, told])
}

/// An order that was paid at lomi and partly refunded in the dashboard, without delivered events. Returns the
/// payment's event and the refund's two.
async fn silent_refund(app: &TestApp, amount: i64) -> (Created, [Event; 3]) {
    let order = app.open_order().await;
    let payment = app.pay_silently(&order, "card").await;
    app.lomi.lose_webhooks().await;
    let transaction_id = app.lomi.transactions().await.pop().unwrap()["transaction_id"].as_str().unwrap().to_owned();
    app.refund_at_lomi(&transaction_id, amount).await;
    let metadata = json!({ "order_id": order.order_id });
    let created =
        app.announced_refund("REFUND_CREATED", &transaction_id).await.with("/data/metadata", metadata.clone());
    let completed = app.announced_refund("REFUND_COMPLETED", &transaction_id).await.with("/data/metadata", metadata);
    app.lomi.clear_faults().await;
    (order, [payment, created, completed])
}

fn permutations(length: usize) -> Vec<Vec<usize>> {
    if length == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(length - 1);
    let insert = |tail: &Vec<usize>, at: usize| {
        let mut whole = tail.clone();
        whole.insert(at, length - 1);
        whole
    };
    shorter.iter().flat_map(|tail| (0..length).map(|at| insert(tail, at)).collect::<Vec<_>>()).collect()
}

#[tokio::test]
async fn payment_and_refund_events_end_the_same_in_every_order() {
    let app = TestApp::start().await;
    let all = permutations(4);
    assert_eq!(all.len(), 24);
    for order_of_events in all {
        let (order, [payment, created, completed]) = silent_refund(&app, 5_000).await;
        let failed = payment.clone().with("/event", "PAYMENT_FAILED").with("/data/status", "failed");
        let events = [payment, created, completed, failed];
        for index in order_of_events.iter().chain(&order_of_events) {
            app.deliver(&events[*index]).await.expect(200);
        }
        let expected = json!(["partially_refunded", false, false, 1, ["completed"], ["order.paid", "order.refunded"]]);
        assert_eq!(end_state(&app, &order.order_id).await, expected, "{order_of_events:?}");
    }
    app.audit().await;
}

#[tokio::test]
async fn a_dashboard_refund_is_matched_by_its_payment() {
    let app = TestApp::start().await;
    let (order, transaction_id) = app.paid_order("wave").await;
    let refund_id = app.refund_at_lomi(&transaction_id, 12_500).await;
    let stored = app.wait_for(&order.order_id, "refunded").await;
    assert_eq!(stored["refunds"][&refund_id]["amount_minor"], 12_500);
    let none = app.refund(&order.order_id, &json!({}), "k").await;
    assert_eq!(none.problem(), (409, "refund_exceeds_payment".to_owned()));
    let timeline = app.timeline(&order.order_id).await;
    assert!(timeline.contains(&"refunded/webhook".to_owned()), "{timeline:?}");
    app.audit().await;
}

#[tokio::test]
async fn a_refund_that_fails_after_completion_counts_no_more() {
    let app = TestApp::start().await;
    let (order, transaction_id) = app.paid_order("card").await;
    let made = app.refund(&order.order_id, &json!({}), "k").await.expect(201).json();
    let refund_id = made["refund"]["refund_id"].as_str().unwrap();
    app.lomi.run_outbox().await;
    app.lomi.fail_refund(refund_id).await;
    app.lomi.run_outbox().await;
    let stored = app.wait_for(&order.order_id, "paid").await;
    assert_eq!(stored["due_at_ms"].is_null(), stored["due_shard"].is_null());
    let mut told = app.outbox(&order.order_id).await;
    told.sort();
    assert_eq!(told, ["order.paid", "order.refund_failed", "order.refunded"]);
    // A late copy of the success is older than the failure.
    let late = app.announced_refund("REFUND_COMPLETED", &transaction_id).await;
    assert!(["duplicate", "ignored"].contains(&app.deliver(&late).await.outcome().as_str()));
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    let again = app.refund(&order.order_id, &json!({}), "k").await.expect(201).json();
    assert_eq!(again["refund"]["status"], "failed");
    app.audit().await;
}

#[tokio::test]
async fn a_failed_refund_event_may_arrive_before_the_completed() {
    let app = TestApp::start().await;
    let (order, [payment, created, completed]) = silent_refund(&app, 12_500).await;
    let failed = completed.clone().with("/event", "REFUND_FAILED").with("/data/status", "failed");
    let refund_id = app.lomi.refunds().await[0]["refund_id"].as_str().unwrap().to_owned();
    app.lomi.lose_webhooks().await;
    app.lomi.fail_refund(&refund_id).await;
    for event in [payment, created, failed, completed] {
        app.deliver(&event).await.expect(200);
    }
    assert_eq!(end_state(&app, &order.order_id).await, json!(["paid", false, false, 1, ["failed"], ["order.paid"]]));
    app.audit().await;
}

#[tokio::test]
async fn older_refund_event_names_mean_the_same() {
    let app = TestApp::start().await;
    let (order, [payment, created, completed]) = silent_refund(&app, 12_500).await;
    app.deliver(&payment).await.expect(200);
    assert_eq!(app.deliver(&created.with("/event", "refund.created")).await.outcome(), "applied");
    assert_eq!(app.refunds(&order.order_id).await[0]["status"], "pending");
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    assert_eq!(app.deliver(&completed.clone().with("/event", "refund.completed")).await.outcome(), "applied");
    assert_eq!(app.deliver(&completed.in_envelope(2)).await.outcome(), "duplicate");
    assert_eq!(app.order_status(&order.order_id).await, "refunded");
    app.audit().await;
}

#[tokio::test]
async fn a_refund_event_without_a_payment_is_quarantined() {
    let app = TestApp::start().await;
    let (order, [payment, _, completed]) = silent_refund(&app, 12_500).await;
    let stranger = completed.clone().with("/data/metadata", json!({}));
    assert_eq!(app.deliver(&stranger).await.outcome(), "quarantined");
    app.deliver(&payment).await.expect(200);
    for event in [
        completed.clone().without("/data/refund_id"),
        completed.clone().without("/data/transaction_id"),
        completed.clone().with("/data/environment", "live"),
        completed.clone().with("/data/amount", "12500.5"),
        completed.clone().with("/data/currency_code", "EUR"),
        completed.clone().with("/data/metadata/order_id", "ord_00000000000000000000000000000000"),
        completed.clone().without("/data/refunded_amount").without("/data/amount"),
    ] {
        assert_eq!(app.deliver(&event).await.outcome(), "quarantined", "{event:?}");
    }
    let kept = app.quarantined().await;
    for reason in [
        "unknown_payment",
        "no_refund",
        "no_transaction",
        "environment",
        "amount_unreadable",
        "currency",
        "unknown_order",
    ] {
        assert!(kept.contains(&reason.to_owned()), "{reason} is not in {kept:?}");
    }
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    // The quarantined event does not block the true one.
    assert_eq!(app.deliver(&completed).await.outcome(), "applied");
    assert_eq!(app.order_status(&order.order_id).await, "refunded");
    app.audit().await;
}

#[tokio::test]
async fn a_refund_above_the_payment_counts_when_lomi_confirms_it() {
    let app = TestApp::start().await;
    let (order, [payment, _, completed]) = silent_refund(&app, 12_500).await;
    app.deliver(&payment).await.expect(200);
    app.deliver(&completed).await.expect(200);
    let second = completed.with("/data/refund_id", "11111111-2222-4333-8444-555555555555").in_envelope(2);
    assert_eq!(app.deliver(&second).await.outcome(), "applied");
    let shown = app.status(&order).await.expect(200).json();
    assert_eq!((&shown["status"], &shown["amount_refunded"]), (&json!("refunded"), &json!(25_000)));
    let alarm = app.stack.logs().iter().any(|line| line.line.contains("\"OverRefunded\":1"));
    assert!(alarm, "nobody is told that too much went back");
    app.audit().await;
}

/// lomi's refund names its payment and none of our ids: until the payment is known, an attribution case is open.
#[tokio::test]
async fn a_refund_event_before_its_payment_is_not_lost() {
    let app = TestApp::start().await;
    for is_payment_told in [true, false] {
        let (order, [payment, _, completed]) = silent_refund(&app, 5_000).await;
        let nameless = completed.with("/data/metadata", json!({}));
        assert_eq!(app.deliver(&nameless).await.outcome(), "quarantined");
        if is_payment_told {
            assert_eq!(app.deliver(&payment).await.outcome(), "applied");
        }
        app.reconcile().await;
        let expected = json!(["partially_refunded", false, false, 1, ["completed"], ["order.paid", "order.refunded"]]);
        assert_eq!(end_state(&app, &order.order_id).await, expected, "payment told: {is_payment_told}");
    }
    assert_eq!(app.quarantine("").await, Vec::<Value>::new(), "nobody has to look at what was used after all");
    app.audit().await;
}
