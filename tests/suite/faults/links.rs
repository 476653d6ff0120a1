//! Payment links while something fails.

use serde_json::{Value, json};
use tests::{TestApp, eventually};

#[tokio::test]
async fn a_kill_while_a_link_opens_costs_only_a_retry() {
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
async fn a_link_payment_during_an_outage_counts_on_redelivery() {
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
async fn a_link_written_without_confirmation_is_returned_on_retry() {
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
async fn without_a_lomi_key_a_link_opens_no_order() {
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
async fn labels_that_were_not_stored_are_not_shown() {
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
