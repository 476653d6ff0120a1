//! Coupons of the merchant at lomi: an order whose page takes coupons may be paid for less than its price, but only
//! by a payment that our own key has read.

use serde_json::{Value, json};
use tests::{Created, TestApp};

const PRICE: i64 = 10_000;

async fn order(app: &TestApp) -> Created {
    let mut body = app.body(json!({ "amount": PRICE, "currency_code": "XOF", "allow_coupon_code": true }));
    // The first generation opens no page without providers.
    body["allowed_providers"] = json!(["WAVE", "STRIPE"]);
    Created::of(&app.create_as_admin(&body, &app.fresh_key()).await)
}

async fn pay(app: &TestApp, order: &Created, method: &str, coupon: Option<&str>) -> Value {
    let form = json!({ "method": method, "coupon": coupon });
    app.lomi.pay_with(&order.session_id, &form).await
}

async fn detail(app: &TestApp, order: &Created) -> Value {
    let path = format!("/admin/orders/{}", order.order_id);
    app.admin("GET", &path, &Value::Null).await.expect(200).json()
}

async fn told(app: &TestApp, order: &Created) -> Value {
    let key = format!("OUTBOX#{}#order.paid", order.order_id);
    app.table.item(&key, "OUTBOX").await.expect("the event")["amount"].clone()
}

#[tokio::test]
async fn with_a_coupon_an_order_is_paid_for_less() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        for (in_gross, untold, method) in [(false, false, "wave"), (true, true, "card"), (false, true, "card")] {
            let quirks = json!({ "coupons_in_gross": in_gross, "list_discounts_dropped": untold });
            app.lomi.quirks(quirks).await;
            let order = order(&app).await;
            pay(&app, &order, method, Some("MOINS10")).await;
            app.lomi.run_outbox().await;
            assert_eq!(app.order_status(&order.order_id).await, "open", "{profile}: lomi. is asked first");
            app.reconcile().await;
            let paid = detail(&app, &order).await;
            assert_eq!((&paid["status"], &paid["amount"]), (&json!("paid"), &json!(PRICE)), "{profile} {in_gross}");
            assert_eq!(paid["payments"][0]["discount_amount"], 1_000, "{profile} {in_gross}");
            assert_eq!(told(&app, &order).await, 9_000, "what was paid");
            assert!(app.quarantine("").await.is_empty(), "it is answered");

            let all = app.refund(&order.order_id, &json!({}), &app.fresh_key()).await.expect(201).json();
            assert_eq!(all["refund"]["amount"], 9_000, "no more than was paid");
            assert_eq!(app.order_status(&order.order_id).await, "refunded");
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn no_event_alone_pays_an_order_that_takes_coupons() {
    let app = TestApp::start().await;
    let order = order(&app).await;
    pay(&app, &order, "card", None).await;
    app.lomi.run_outbox().await;
    assert_eq!(app.quarantined().await, ["discount_unproven"]);
    assert_eq!(app.order_status(&order.order_id).await, "open");
    app.reconcile().await;
    let paid = detail(&app, &order).await;
    assert_eq!((&paid["status"], &paid["payments"][0]["discount_amount"]), (&json!("paid"), &json!(0)));
    assert_eq!(told(&app, &order).await, PRICE);
    app.audit().await;
}

#[tokio::test]
async fn a_coupon_can_make_an_order_free() {
    let app = TestApp::start().await;
    for in_gross in [false, true] {
        app.lomi.quirks(json!({ "coupons_in_gross": in_gross })).await;
        let order = order(&app).await;
        pay(&app, &order, "wave", Some("GRATUIT")).await;
        app.lomi.run_outbox().await;
        app.reconcile().await;
        let paid = detail(&app, &order).await;
        assert_eq!((&paid["status"], &paid["payments"][0]["discount_amount"]), (&json!("paid"), &json!(PRICE)));
        assert_eq!(told(&app, &order).await, 0);
        assert!(app.quarantine("").await.is_empty(), "it is answered");
    }
    app.audit().await;
}

#[tokio::test]
async fn only_the_merchant_allows_coupons() {
    let app = TestApp::start().await;
    let mut body = app.cart(1);
    body["allow_coupon_code"] = json!(true);
    let refused = app.create(&body, "coupon").await.expect(400).json();
    assert_eq!(refused["errors"][0]["pointer"], "/allow_coupon_code");
    let order = app.open_order().await;
    assert_eq!(pay(&app, &order, "wave", Some("MOINS10")).await["code"], "coupon_not_allowed");
    assert_eq!(app.lomi.sessions().await.last().expect("a page")["allow_coupon_code"], json!(false));
    app.audit().await;
}

/// lomi reports the page as completed, and its list cannot be read: the paid amount is unknown.
#[tokio::test]
async fn a_completed_page_with_coupons_pays_nothing() {
    let app = TestApp::start().await;
    app.lomi.lose_webhooks().await;
    let order = order(&app).await;
    let paid = pay(&app, &order, "wave", Some("MOINS10")).await;
    app.lomi.unlabel(paid["transaction_id"].as_str().expect("a payment")).await;
    app.outlive(&order.order_id).await;
    app.reconcile().await;
    assert_ne!(app.order_status(&order.order_id).await, "paid");
    assert_eq!(app.quarantined().await, ["payment_unexplained"]);
    app.audit().await;
}
