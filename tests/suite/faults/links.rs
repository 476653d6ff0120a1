//! Payment links while something fails.

use serde_json::{Value, json};
use tests::{TestApp, eventually};

#[tokio::test]
async fn a_kill_before_the_shopper_is_led_costs_another_try_and_no_payment() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "max_payments": 1 })).await;
    app.lomi.fault(json!({ "target": "POST /checkout-sessions", "kind": "latency_ms", "arg": 5_000 })).await;
    let (broken, ()) = tokio::join!(app.follow(&code, "fr"), async {
        eventually("lomi. is asked", async || (app.lomi.faults_fired().await == 1).then_some(())).await;
        app.stack.kill("link-generator").await.unwrap();
    });
    assert_eq!(broken.status, 500, "the gateway lost its function");
    app.pay_led(&app.led(&code).await, "wave").await;
    let link = app.shown_link(&code).await;
    assert_eq!((&link["opened_count"], &link["paid_count"]), (&json!(2), &json!(1)));
    app.audit().await;
}

#[tokio::test]
async fn a_payment_that_meets_an_outage_is_counted_when_it_is_told_of_again() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "max_payments": 1 })).await;
    let led = app.led(&code).await;
    app.lomi.lose_webhooks().await;
    let step = app.lomi.pay(&led.session_id, "wave").await;
    let event = app.announced(step["transaction_id"].as_str().unwrap()).await;
    app.lomi.clear_faults().await;
    for _ in 0..2 {
        app.dynamodb.mute();
        assert_eq!(app.deliver(&event).await.status, 503);
        app.dynamodb.mend();
    }
    app.deliver(&event).await.expect(200);
    let link = app.shown_link(&code).await;
    assert_eq!((&link["paid_count"], &link["surplus_count"]), (&json!(1), &json!(0)));
    app.audit().await;
}

#[tokio::test]
async fn a_link_that_was_written_while_the_answer_was_lost_is_the_answer_when_it_is_asked_for_again() {
    let app = TestApp::start().await;
    let body = app.link_body(json!({}));
    let other = app.link(json!({})).await;
    app.dynamodb.cut();
    assert_eq!(app.post_link(&body, "k").await.problem(), (503, "store_unavailable".to_owned()));
    app.dynamodb.mend();
    let made = app.post_link(&body, "k").await.expect(201);
    assert_eq!(app.post_link(&body, "k").await.body, made.body);
    assert_ne!(made.json()["code"], other.as_str());
    assert_eq!(app.table.items("LINK#").await.len(), 2);
    app.audit().await;
}

/// A rotated or missing lomi key is our error: the shopper gets a page and nothing is written.
#[tokio::test]
async fn without_a_key_for_lomi_nobody_is_led_and_nothing_is_ordered() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    app.stack.secrets().set_unreachable(true);
    app.stack.kill("link-generator").await.unwrap();
    let page = app.follow(&code, "fr").await.expect(503);
    assert!(page.text().contains("Réessayer"));
    assert!(app.orders().await.is_empty());
    app.stack.secrets().set_unreachable(false);
    app.audit().await;
}

#[tokio::test]
async fn labels_that_could_not_be_kept_are_not_shown_as_kept() {
    let app = TestApp::start().await;
    let labels = json!({ "campagne": "rentrée" });
    let body =
        json!({ "link_type": "instant", "title": "Don", "currency_code": "XOF", "amount": 5_000, "metadata": labels });
    app.lomi.fault(json!({ "target": "POST /payment-links", "kind": "latency_ms", "arg": 1_500 })).await;
    let (answer, ()) = tokio::join!(app.post_link(&body, "k"), async {
        eventually("lomi. is asked", async || (app.lomi.faults_fired().await == 1).then_some(())).await;
        app.dynamodb.cut();
    });
    assert_eq!(answer.problem(), (502, "outcome_unknown".to_owned()));
    app.dynamodb.mend();
    let list = app.admin("GET", "/admin/payment-links?kind=native", &Value::Null).await.expect(200).json();
    let path = format!("/admin/payment-links/{}", list["data"][0]["id"].as_str().expect("lomi. made the link"));
    let given = app.admin("PATCH", &path, &json!({ "metadata": labels })).await.expect(200).json();
    assert_eq!(given["metadata"], labels, "found in the list, and labelled");
    app.audit().await;
}
