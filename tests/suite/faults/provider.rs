//! lomi is down, slow, confused or refuses.

use serde_json::{Value, json};
use tests::{Created, Gate, Setup, TestApp};
use tokio::net::TcpSocket;

fn on_create(kind: &str, when: &str, arg: Value) -> Value {
    json!({ "target": "POST /checkout-sessions", "kind": kind, "when": when, "arg": arg, "times": null })
}

/// A create that fails while `fault` lasts, and the same create afterwards: the same order, one page, paid once.
async fn fails_then_completes(app: &TestApp, fault: Value) {
    let (cart, key) = (app.cart(1), app.fresh_key());
    let pages_before = app.lomi.sessions().await.len();
    app.lomi.fault(fault.clone()).await;
    let answer = app.create(&cart, &key).await;
    assert_eq!(answer.problem(), (503, "provider_unavailable".to_owned()), "{fault}");
    assert_eq!(answer.json()["retryable"], true, "{fault}");
    let wait_s: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&wait_s), "{fault}: {wait_s}");
    assert!(app.lomi.faults_fired().await >= 1, "{fault}");
    app.lomi.clear_faults().await;

    let orders = app.orders().await;
    let unfinished: Vec<_> = orders.iter().filter(|order| order["checkout_session_id"].is_null()).collect();
    let [unfinished] = unfinished[..] else { panic!("{fault}: {unfinished:?}") };
    let order_id = unfinished["order_id"].as_str().unwrap();
    app.end_lease(order_id).await;
    let order = Created::of(&app.create(&cart, &key).await);
    assert_eq!(order.order_id, order_id, "{fault}");
    assert_eq!(app.lomi.sessions().await.len(), pages_before + 1, "{fault}");
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
}

#[tokio::test]
async fn a_create_during_an_outage_completes_on_retry() {
    let app = TestApp::start().await;
    for fault in [
        on_create("status", "before", json!(503)),
        on_create("status", "before", json!({ "status": 429, "retry_after_s": 60 })),
        on_create("html_502", "before", Value::Null),
        on_create("drop_connection", "before", Value::Null),
    ] {
        fails_then_completes(&app, fault).await;
    }
    app.audit().await;
}

#[tokio::test]
async fn after_a_lost_answer_the_retry_finds_the_open_page() {
    let app = TestApp::start().await;
    for fault in [
        on_create("commit_then_500", "before", Value::Null),
        on_create("status", "after", json!(500)),
        on_create("html_502", "after", Value::Null),
        on_create("drop_connection", "after", Value::Null),
        on_create("truncated_json", "after", Value::Null),
    ] {
        fails_then_completes(&app, fault).await;
    }
    app.audit().await;
}

#[tokio::test]
async fn a_hanging_lomi_is_abandoned_before_the_timeout() {
    let app = TestApp::start().await;
    fails_then_completes(&app, on_create("hang", "after", Value::Null)).await;
    app.audit().await;
}

#[tokio::test]
async fn a_single_hiccup_of_lomi_is_not_seen_by_the_shopper() {
    let app = TestApp::start().await;
    for (kind, when, arg) in [
        ("status", "before", json!(500)),
        ("drop_connection", "after", Value::Null),
        ("commit_then_500", "before", Value::Null),
        ("status", "before", json!({ "status": 429, "retry_after_s": 1 })),
    ] {
        app.lomi.fault(json!({ "target": "POST /checkout-sessions", "kind": kind, "when": when, "arg": arg })).await;
        let before = app.lomi.sessions().await.len();
        app.open_order().await;
        assert_eq!(app.lomi.sessions().await.len(), before + 1, "{kind}");
    }
    assert_eq!(app.lomi.faults_fired().await, 4);
    app.audit().await;
}

#[tokio::test]
async fn an_unreachable_lomi_has_opened_nothing() {
    // Bound and not listening: connections are refused until it listens.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let app = TestApp::start_with(Setup { lomi_url: Some(url), ..Setup::default() }).await;
    let answer = app.create(&app.cart(1), "k").await;
    assert_eq!(answer.problem(), (503, "provider_unavailable".to_owned()));
    let order_id = app.orders().await[0]["order_id"].as_str().unwrap().to_owned();
    assert_eq!(app.order_status(&order_id).await, "creating", "nothing was sent, so nothing is in doubt");

    let gate = Gate::serve(socket.listen(64).unwrap());
    gate.lead_to(&app.stack.urls().lomi);
    app.end_lease(&order_id).await;
    let order = Created::of(&app.create(&app.cart(1), "k").await);
    assert_eq!(order.order_id, order_id);
    app.audit().await;
}

#[tokio::test]
async fn a_refusal_is_retried_only_by_the_shop() {
    let app = TestApp::start().await;
    for status in [400, 422] {
        app.lomi.fault(on_create("status", "before", json!(status))).await;
        let key = app.fresh_key();
        let answer = app.create(&app.cart(1), &key).await;
        assert_eq!(answer.problem(), (502, "provider_rejected".to_owned()), "{status}");
        assert_eq!(app.lomi.faults_fired().await, 1, "{status}: a refusal is an answer");
        app.lomi.clear_faults().await;
        let rejected = app.orders().await.into_iter().find(|order| order["status"] == "rejected");
        let order_id = rejected.unwrap()["order_id"].as_str().unwrap().to_owned();
        let order = Created::of(&app.create(&app.cart(1), &key).await);
        assert_eq!(order.order_id, order_id, "{status}");
    }
    app.audit().await;
}

/// A key that was rotated a moment ago is read within a minute: the shop only has to retry.
#[tokio::test]
async fn an_order_continues_after_a_refused_lomi_key() {
    let app = TestApp::start().await;
    for status in [401, 403] {
        app.lomi.fault(on_create("status", "before", json!(status))).await;
        let key = app.fresh_key();
        let answer = app.create(&app.cart(1), &key).await;
        assert_eq!(answer.problem(), (503, "provider_unavailable".to_owned()), "{status}");
        assert_eq!(app.lomi.faults_fired().await, 1, "{status}: a refusal is an answer");
        app.lomi.clear_faults().await;
        let waiting = app.orders().await.into_iter().find(|order| order["status"] == "creating");
        let order_id = waiting.unwrap()["order_id"].as_str().unwrap().to_owned();
        app.end_lease(&order_id).await;
        assert_eq!(Created::of(&app.create(&app.cart(1), &key).await).order_id, order_id, "{status}");
    }
    app.audit().await;
}

#[tokio::test]
async fn an_early_retry_is_refused_with_a_wait() {
    let app = TestApp::start().await;
    app.lomi.fault(on_create("status", "before", json!(503))).await;
    app.create(&app.cart(1), "k").await.expect(503);
    app.lomi.clear_faults().await;
    let early = app.create(&app.cart(1), "k").await;
    assert_eq!(early.problem(), (409, "idempotency_in_progress".to_owned()));
    assert!(early.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert!(app.lomi.sessions().await.is_empty());
    app.audit().await;
}
