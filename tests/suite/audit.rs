//! The auditor can fail: each test breaks a book on purpose.

use serde_json::{Value, json};
use tests::TestApp;

#[tokio::test]
#[should_panic(expected = "nothing proves that order")]
async fn an_order_that_is_paid_without_proof_is_found() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    rewrite(&app, &order.order_id, &[("status", "paid".into()), ("due_at_ms", Value::Null)]).await;
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "has 0 order.paid events")]
async fn a_paid_order_without_its_event_is_found() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.pay_silently(&order, "card").await;
    rewrite(&app, &order.order_id, &[("status", "paid".into()), ("due_at_ms", Value::Null)]).await;
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "has 1 order.paid events")]
async fn a_paid_event_of_an_unpaid_order_is_found() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    rewrite(&app, &order.order_id, &[("status", "expired".into())]).await;
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "paid 2 orders")]
async fn a_signed_cart_that_is_sold_twice_is_found() {
    let app = TestApp::start().await;
    for _ in 0..2 {
        let (order, _) = app.paid_order("card").await;
        rewrite(&app, &order.order_id, &[("cart_token_id", "one".into())]).await;
    }
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "is lost")]
async fn a_payment_that_counts_nowhere_is_found() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.pay_silently(&order, "wave").await;
    // No longer due: the reconciler will never poll it again.
    rewrite(&app, &order.order_id, &[("status", "expired".into()), ("due_at_ms", Value::Null)]).await;
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "and it waits for nobody")]
async fn an_unresolved_quarantined_event_is_found() {
    let app = TestApp::start().await;
    assert_eq!(app.deliver_bytes("not json").await.outcome(), "quarantined");
    let mut item = app.table.items("QUARANTINE#").await.remove(0);
    item["resolved_at_ms"] = 1.into();
    item["listing_pk"] = "QUARANTINE#resolved".into();
    app.table.put(&item).await;
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "and here: None")]
async fn refunded_money_missing_from_its_order_is_found() {
    let app = TestApp::start().await;
    let (_, transaction_id) = app.paid_order("card").await;
    app.lomi.lose_webhooks().await;
    app.refund_at_lomi(&transaction_id, 5_000).await;
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "did not tell once of refund")]
async fn a_refund_without_its_event_is_found() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    app.lomi.lose_webhooks().await;
    app.refund(&order.order_id, &serde_json::json!({}), "k").await.expect(201);
    let mut refunds = app.order(&order.order_id).await["refunds"].clone();
    let another = "00000000-0000-4000-8000-000000000000";
    refunds.as_object_mut().unwrap().values_mut().for_each(|refund| refund["refund_id"] = another.into());
    rewrite(&app, &order.order_id, &[("refunds", refunds)]).await;
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "its money says")]
async fn a_status_that_does_not_follow_from_the_money_is_found() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    app.refund(&order.order_id, &serde_json::json!({ "amount": 500 }), "k").await.expect(201);
    rewrite(&app, &order.order_id, &[("status", "refunded".into())]).await;
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "was answered and is gone")]
async fn an_answered_refund_missing_at_lomi_is_found() {
    let app = TestApp::start().await;
    let (order, _) = app.paid_order("card").await;
    app.refund(&order.order_id, &json!({ "amount": 500 }), "k").await.expect(201);
    app.lomi.run_outbox().await;
    let refunds = app.order(&order.order_id).await["refunds"].take();
    let row = refunds.as_object().and_then(|refunds| refunds.values().next()).expect("the refund");
    rewrite(&app, &order.order_id, &[("refunds", json!({ "another": row }))]).await;
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "was paid 2 times and nothing says so")]
async fn a_second_payment_without_a_flag_is_found() {
    let app = TestApp::start().await;
    app.lomi.quirks(json!({ "allow_double_pay": true })).await;
    let order = app.open_order().await;
    app.pay(&order, "card").await;
    app.pay(&order, "wave").await;
    app.lomi.run_outbox().await;
    rewrite(&app, &order.order_id, &[("overpaid", false.into())]).await;
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "orders logs")]
async fn a_secret_in_a_log_line_is_found() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    // Order ids may be logged; here one plays a secret.
    app.keep_out_of_logs(&order.order_id);
    app.status(&order).await.expect(200);
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "401 to an authentic delivery")]
async fn a_refusal_of_an_authentic_delivery_is_found() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await;
    // The merchant mistyped the secret: lomi's signatures look forged.
    app.stack.secrets().set(app.secret_id("LOMI_WEBHOOK_SECRET_ID"), "whsec_mistyped_by_the_merchant");
    app.stack.kill("webhook-handler").await.unwrap();
    app.deliver(&event).await.expect(401);
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "made 2 customers")]
async fn a_customer_created_twice_by_one_request_is_found() {
    let app = TestApp::start().await;
    let customer = json!({ "name": "Awa", "metadata": { "request": app.key("key-1") } });
    app.admin("POST", "/admin/customers", &customer).await.expect(201);
    app.create_customer(&customer).await.expect(201);
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "is not at lomi.")]
async fn an_answered_customer_missing_at_lomi_is_found() {
    let app = TestApp::start().await;
    app.named_customer("Awa").await;
    app.http.send("POST", &format!("{}/_sim/reset", app.stack.urls().lomi), &[], "").await.expect(200);
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "paid orders and counts 2")]
async fn a_payment_that_counts_twice_at_its_link_is_found() {
    let app = TestApp::start().await;
    let code = app.link(serde_json::json!({})).await;
    app.pay_led(&app.led(&code).await, "wave").await;
    assert!(app.table.set_number(&format!("LINK#{code}"), "LINK", "paid_count", 2).await);
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "flagged orders and a surplus of 0")]
async fn a_flag_without_a_surplus_is_found() {
    let app = TestApp::start().await;
    let led = app.led(&app.link(serde_json::json!({})).await).await;
    app.pay_led(&led, "wave").await;
    rewrite(&app, &led.order_id, &[("beyond_link_limit", true.into())]).await;
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "took more payments than it takes")]
async fn a_link_that_took_too_many_payments_is_found() {
    let app = TestApp::start().await;
    let code = app.link(serde_json::json!({ "max_payments": 5 })).await;
    for _ in 0..2 {
        app.pay_led(&app.led(&code).await, "wave").await;
    }
    assert!(app.table.set_number(&format!("LINK#{code}"), "LINK", "max_payments", 1).await);
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "a browser named order")]
async fn browser_text_in_an_event_is_found() {
    let app = TestApp::start().await;
    let mut cart = app.cart(1);
    cart["metadata"] = json!({ "gift": "A-1007" });
    let order = tests::Created::of(&app.create(&cart, "k").await);
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    let mut event = app.table.items("OUTBOX#").await.remove(0);
    event["reference"] = json!("A-1007");
    app.table.put(&event).await;
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "lomi has a browser's gift as metadata")]
async fn browser_text_in_lomis_metadata_is_found() {
    let app = TestApp::start().await;
    let mut cart = app.cart(1);
    cart["metadata"] = json!({ "gift": "Pour Fatou" });
    let order = tests::Created::of(&app.create(&cart, "k").await);
    let leaked = json!({ "amount": 100, "currency_code": "XOF", "metadata": { "order_id": order.order_id, "gift": "" },
        "success_url": app.origin, "cancel_url": app.origin });
    let url = format!("{}/checkout-sessions", app.stack.urls().lomi);
    app.http.send_json("POST", &url, &[("x-api-key", lomi_sandbox::fixtures::TEST_KEY_A)], &leaked).await.expect(201);
    app.audit().await;
}

#[tokio::test]
#[should_panic(expected = "a test ends with")]
async fn a_test_without_an_audit_is_found() {
    drop(TestApp::start().await);
}

/// Overwrites attributes of the order, once no other process will write it; null removes one.
async fn rewrite(app: &TestApp, order_id: &str, changes: &[(&str, Value)]) {
    app.lomi.run_outbox().await;
    let mut order = app.order(order_id).await;
    let members = order.as_object_mut().unwrap();
    for (name, value) in changes {
        match value {
            Value::Null => drop(members.remove(*name)),
            value => drop(members.insert((*name).to_owned(), value.clone())),
        }
    }
    app.table.put(&order).await;
}
