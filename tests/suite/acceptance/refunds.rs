//! Refunds by the merchant.

use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Answer, TestApp, eventually};

/// Counts the refund requests that reach lomi, without changing them.
async fn count_refunds_at_lomi(app: &TestApp) {
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "latency_ms", "arg": 1, "times": null })).await;
}

async fn told(app: &TestApp, order_id: &str) -> Vec<String> {
    let mut events = app.outbox(order_id).await;
    events.sort();
    events
}

fn statuses(answer: &Answer) -> (String, String) {
    let json = answer.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&json["refund"]["status"]), text(&json["order"]["status"]))
}

fn both(refund: &str, order: &str) -> (String, String) {
    (refund.to_owned(), order.to_owned())
}

#[tokio::test]
async fn lomis_events_do_not_double_a_full_refund() {
    let app = TestApp::start().await;
    let (order, transaction_id) = app.paid_order("card").await;
    app.keep_out_of_logs("Rupture de stock");
    let answer = app.refund(&order.order_id, &json!({ "reason": "Rupture de stock" }), "k").await.expect(201);
    assert_eq!(statuses(&answer), both("completed", "refunded"));
    let refund = &answer.json()["refund"];
    assert_eq!((&refund["amount"], &refund["transaction_id"]), (&json!(12_500), &json!(transaction_id)));
    let at_lomi = app.lomi.refunds().await.remove(0);
    assert_eq!((&at_lomi["refund_id"], &at_lomi["reason"]), (&refund["refund_id"], &json!("Rupture de stock")));
    assert_eq!(told(&app, &order.order_id).await, ["order.paid", "order.refunded"]);

    app.lomi.run_outbox().await;
    let sent = app.lomi.outbox().await;
    assert!(sent.iter().any(|row| row["event"] == "REFUND_COMPLETED" && row["status"] == "delivered"), "{sent:?}");
    assert_eq!(app.refunds(&order.order_id).await, *std::slice::from_ref(refund));
    assert_eq!(told(&app, &order.order_id).await, ["order.paid", "order.refunded"]);
    let shown = app.status(&order).await.expect(200).json();
    assert_eq!((&shown["status"], &shown["amount_refunded"]), (&json!("refunded"), &json!(12_500)));
    app.audit().await;
}

#[tokio::test]
async fn a_payment_is_refunded_in_parts_to_zero() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("wave").await;
    let first = app.refund(&order.order_id, &json!({ "amount": 5_000 }), "a").await.expect(201);
    assert_eq!(statuses(&first), both("completed", "partially_refunded"));
    assert_eq!(first.json()["order"]["amount_refunded"], 5_000);
    let rest = app.refund(&order.order_id, &json!({}), "b").await.expect(201);
    assert_eq!(statuses(&rest), both("completed", "refunded"));
    assert_eq!(rest.json()["refund"]["amount"], 7_500);
    let nothing = app.refund(&order.order_id, &json!({}), "c").await;
    assert_eq!(nothing.problem(), (409, "refund_exceeds_payment".to_owned()));
    assert_eq!(told(&app, &order.order_id).await, ["order.paid", "order.refunded", "order.refunded"]);
    app.audit().await;
}

#[tokio::test]
async fn a_refund_above_the_remainder_is_refused_before_the_call() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    app.refund(&order.order_id, &json!({ "amount": 12_000 }), "a").await.expect(201);
    count_refunds_at_lomi(&app).await;
    for amount in [501, 12_500, 1_000_000_000_000_i64] {
        let answer = app.refund(&order.order_id, &json!({ "amount": amount }), &app.fresh_key()).await;
        assert_eq!(answer.problem(), (409, "refund_exceeds_payment".to_owned()), "{amount}");
    }
    assert_eq!((app.lomi.faults_fired().await, app.lomi.refunds().await.len()), (0, 1));
    app.refund(&order.order_id, &json!({ "amount": 500 }), "b").await.expect(201);
    app.audit().await;
}

#[tokio::test]
async fn of_concurrent_full_refunds_exactly_one_reaches_lomi() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    count_refunds_at_lomi(&app).await;
    let body = json!({ "amount": 12_500 });
    let keys: Vec<_> = (0..10).map(|_| app.fresh_key()).collect();
    let answers = join_all(keys.iter().map(|key| app.refund(&order.order_id, &body, key))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (1, 9));
    for answer in refused {
        assert_eq!(answer.problem(), (409, "refund_exceeds_payment".to_owned()));
    }
    assert_eq!((app.lomi.faults_fired().await, app.lomi.refunds().await.len()), (1, 1));
    app.audit().await;
}

#[tokio::test]
async fn a_key_sent_concurrently_makes_one_refund() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    let body = json!({ "amount": 5_000 });
    let answers = join_all((0..5).map(|_| app.refund(&order.order_id, &body, "k"))).await;
    for answer in &answers {
        if answer.status != 201 {
            assert_eq!(answer.problem(), (409, "idempotency_in_progress".to_owned()));
        }
    }
    assert!(answers.iter().any(|answer| answer.status == 201));
    let again = app.refund(&order.order_id, &body, "k").await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(statuses(&again), both("completed", "partially_refunded"));
    assert_eq!(app.lomi.refunds().await.len(), 1);
    app.audit().await;
}

#[tokio::test]
async fn a_key_belongs_to_one_request_about_one_order() {
    let app = TestApp::start().await;
    let (one, _) = app.paid_order("card").await;
    let (other, _) = app.paid_order("card").await;
    app.refund(&one.order_id, &json!({ "amount": 5_000 }), "k").await.expect(201);
    for body in [json!({ "amount": 5_001 }), json!({}), json!({ "amount": 5_000, "reason": "x" })] {
        let answer = app.refund(&one.order_id, &body, "k").await;
        assert_eq!(answer.problem(), (422, "idempotency_key_reused".to_owned()), "{body}");
    }
    let elsewhere = app.refund(&other.order_id, &json!({ "amount": 5_000 }), "k").await.expect(201);
    assert_eq!(elsewhere.header("idempotency-replayed"), "");
    assert_eq!(app.lomi.refunds().await.len(), 2);
    app.audit().await;
}

#[tokio::test]
async fn refunding_a_second_payment_keeps_the_order_paid() {
    let app = TestApp::start().await;
    app.lomi.quirks(json!({ "allow_double_pay": true })).await;
    let (order, first) = app.paid_order("card").await;
    let second = app.pay(&order, "wave").await;
    eventually("the second payment is known", async || {
        (app.order(&order.order_id).await["overpaid"] == true).then_some(())
    })
    .await;
    let which = app.refund(&order.order_id, &json!({}), "a").await;
    assert_eq!((which.status, which.pointers()), (400, vec!["/transaction_id".to_owned()]));
    let back = app.refund(&order.order_id, &json!({ "transaction_id": second }), "b").await.expect(201);
    assert_eq!(statuses(&back), both("completed", "paid"));
    // The remainder of the first payment belongs to the first only.
    let more = app.refund(&order.order_id, &json!({ "transaction_id": second, "amount": 1 }), "c").await;
    assert_eq!(more.problem(), (409, "refund_exceeds_payment".to_owned()));
    let part = json!({ "transaction_id": first, "amount": 500 });
    assert_eq!(statuses(&app.refund(&order.order_id, &part, "d").await), both("completed", "partially_refunded"));
    app.audit().await;
}

#[tokio::test]
async fn an_impossible_refund_is_refused_before_the_call() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    count_refunds_at_lomi(&app).await;
    let open = app.open_order().await;
    let unpaid = app.refund(&open.order_id, &json!({}), "k").await;
    assert_eq!(unpaid.problem(), (409, "order_closed".to_owned()));
    for unknown in ["unknown", "ord_00000000000000000000000000000000"] {
        assert_eq!(app.refund(unknown, &json!({}), "k").await.problem(), (404, "not_found".to_owned()));
    }
    for (body, pointer) in [
        (json!({ "amount": 0 }), "/amount"),
        (json!({ "amount": -5 }), "/amount"),
        (json!({ "amount": 1.5 }), "/amount"),
        (json!({ "transaction_id": "x" }), "/transaction_id"),
        (json!({ "transaction_id": "11111111-2222-4333-8444-555555555555" }), "/transaction_id"),
        (json!({ "reason": "é".repeat(501) }), "/reason"),
        (json!({ "raison": "" }), "/raison"),
    ] {
        let answer = app.refund(&order.order_id, &body, &app.fresh_key()).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{body}");
    }
    assert_eq!(app.lomi.faults_fired().await, 0);
    assert_eq!(app.order(&order.order_id).await["refunds"], json!({}));
    app.audit().await;
}

#[tokio::test]
async fn an_order_takes_a_bounded_number_of_refunds() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    for number in 0..20 {
        app.refund(&order.order_id, &json!({ "amount": 10 }), &format!("k{number}")).await.expect(201);
    }
    let answer = app.refund(&order.order_id, &json!({ "amount": 10 }), "k20").await;
    assert_eq!(answer.problem(), (409, "order_closed".to_owned()));
    assert_eq!(app.refund(&order.order_id, &json!({ "amount": 10 }), "k7").await.status, 201, "a repeat is not new");
    assert_eq!(app.lomi.refunds().await.len(), 20);
    app.audit().await;
}

#[tokio::test]
async fn a_refund_without_a_known_transaction_is_retried_later() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let payment = app.pay_silently(&order, "wave").await;
    app.settle_by_page(&order.order_id).await;
    let early = app.refund(&order.order_id, &json!({}), "k").await;
    assert_eq!(early.problem(), (409, "payment_unidentified".to_owned()));
    assert_eq!((early.json()["retryable"].clone(), early.header("retry-after")), (json!(true), "60"));
    assert_eq!(app.deliver(&payment).await.outcome(), "applied");
    assert_eq!(statuses(&app.refund(&order.order_id, &json!({}), "k").await), both("completed", "refunded"));
    app.audit().await;
}

#[tokio::test]
async fn a_refund_refused_by_lomi_releases_its_amount() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "status", "arg": 400 })).await;
    let refused = app.refund(&order.order_id, &json!({}), "a").await;
    assert_eq!(refused.problem(), (502, "provider_rejected".to_owned()));
    let again = app.refund(&order.order_id, &json!({}), "a").await;
    assert_eq!(again.problem(), (502, "provider_rejected".to_owned()), "the key stays spent");
    assert_eq!(app.refunds(&order.order_id).await[0]["status"], "failed");
    assert!(app.lomi.refunds().await.is_empty());
    assert_eq!(statuses(&app.refund(&order.order_id, &json!({}), "b").await), both("completed", "refunded"));
    app.audit().await;
}

/// A refund that no list shows, on a server that does not show it on the payment: for cards lomi enforces the limit
/// itself.
#[tokio::test]
async fn an_unseen_refund_is_not_refunded_again() {
    let app = TestApp::start().await;
    app.lomi.profile("june2026").await;
    let (order, transaction_id) = app.paid_order("card").await;
    app.keep_refund_secret(&app.refund_at_lomi(&transaction_id, 10_000).await);
    app.lomi.fault(json!({ "target": "GET /refunds", "kind": "empty_list", "times": 2 })).await;
    let refused = app.refund(&order.order_id, &json!({ "amount": 5_000 }), "a").await;
    assert_eq!(refused.problem(), (502, "provider_rejected".to_owned()));
    app.refund(&order.order_id, &json!({ "amount": 2_500 }), "b").await.expect(201);
    assert_eq!(app.lomi.refunds().await.len(), 2);
    app.audit().await;
}

#[tokio::test]
async fn refunds_work_in_every_generation_and_language() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026"] {
        app.lomi.profile(profile).await;
        for method in ["card", "wave"] {
            let (order, _) = app.paid_order(method).await;
            let part = app.refund(&order.order_id, &json!({ "amount": 2_500 }), "k").await;
            assert_eq!(statuses(&part), both("completed", "partially_refunded"), "{profile} {method}");
            let (url, bearer) = (app.url(&format!("/admin/orders/{}/refunds", order.order_id)), app.admin_bearer());
            let headers = [("idempotency-key", "f"), ("authorization", &bearer), ("accept-language", "fr")];
            let french = app.http.send_json("POST", &url, &headers, &json!({ "amount": 10_001 })).await.expect(409);
            assert_eq!(french.json()["title"], "Remboursement supérieur au paiement");
        }
    }
    app.audit().await;
}
