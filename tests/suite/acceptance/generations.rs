//! Every generation of lomi's API, and every quirk that has been observed.

use lomi_sandbox::fixtures::{PRICE_A, PRODUCT_A};
use serde_json::json;
use tests::{Created, Setup, TestApp, eventually};

/// An open order. The oldest generation requires the providers; the others ignore them.
async fn open_order(app: &TestApp, key: &str) -> Created {
    let mut body = app.cart(1);
    body["allowed_providers"] = json!(["WAVE", "MTN", "STRIPE"]);
    Created::of(&app.create(&body, key).await)
}

#[tokio::test]
async fn a_shopper_can_pay_in_every_generation() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        for method in ["card", "wave", "mtn"] {
            let order = open_order(&app, &app.fresh_key()).await;
            app.pay(&order, method).await;
            let paid = app.wait_for(&order.order_id, "paid").await;
            assert_eq!(paid["overpaid"], false, "{profile} {method}");
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn a_shopper_can_pay_under_every_quirk_of_lomi() {
    let app = TestApp::start().await;
    for quirk in [
        "decimal_numbers",
        "id_churn",
        "list_mixes_environments",
        "list_places_ignored",
        "lists_page_as_before",
        "omit_env_marker",
        "session_events",
        "session_get_narrow",
        "webhook_before_redirect",
    ] {
        app.lomi.profile("current").await;
        app.lomi.quirks(json!({ quirk: true })).await;
        let order = app.open_order().await;
        app.pay(&order, "wave").await;
        let paid = app.wait_for(&order.order_id, "paid").await;
        assert_eq!(paid["overpaid"], false, "{quirk}");
    }
    app.audit().await;
}

#[tokio::test]
async fn the_return_page_finds_the_payment_in_every_generation() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        app.lomi.lose_webhooks().await;
        let order = open_order(&app, &app.fresh_key()).await;
        app.pay(&order, "wave").await;
        assert_eq!(app.status(&order).await.expect(200).json()["status"], "paid", "{profile}");
        app.lomi.clear_faults().await;
    }
    app.audit().await;
}

#[tokio::test]
async fn a_retry_gets_the_same_page_in_every_generation() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        let before = app.lomi.sessions().await.len();
        let hiccup = json!({ "target": "POST /checkout-sessions", "kind": "drop_connection", "when": "after" });
        app.lomi.fault(hiccup).await;
        let key = app.fresh_key();
        let order = open_order(&app, &key).await;
        assert_eq!(app.lomi.sessions().await.len(), before + 1, "{profile}");
        assert_eq!(open_order(&app, &key).await, order, "{profile}");
    }
    app.audit().await;
}

/// The pricing modes and their results: 12 500 francs by our prices, 5 000 by lomi's.
fn pricings(app: &TestApp) -> [(&'static str, serde_json::Value, i64); 5] {
    let line = json!({ "price_id": PRICE_A, "quantity": 2 });
    [
        ("items", app.cart(1)["items"].clone(), 12_500),
        ("line_items", json!([line]), 10_000),
        ("price_id", json!(PRICE_A), 5_000),
        ("product_id", json!(PRODUCT_A), 5_000),
        ("amount", json!(7_000), 7_000),
    ]
}

fn priced_by(app: &TestApp, name: &str, value: &serde_json::Value) -> serde_json::Value {
    let mut pricing = json!({ name: value });
    if name == "amount" {
        pricing["currency_code"] = json!("XOF");
    }
    let mut body = app.body(pricing);
    body["allowed_providers"] = json!(["WAVE", "MTN", "STRIPE"]);
    body
}

#[tokio::test]
async fn every_pricing_mode_sells_in_every_generation() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        for (name, value, francs) in pricings(&app) {
            let answer = app.create_as_admin(&priced_by(&app, name, &value), &app.fresh_key()).await;
            // The oldest generation has no prices of its own: it requires an amount with a product, and knows no line
            // items.
            if profile == "seeds" && ["line_items", "price_id", "product_id"].contains(&name) {
                assert_eq!(answer.problem(), (502, "provider_rejected".to_owned()), "{name}");
                continue;
            }
            let order = Created::of(&answer.expect(201));
            assert_eq!(order.amount, francs, "{profile} {name}");
            app.pay(&order, "wave").await;
            app.wait_for(&order.order_id, "paid").await;
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn lomi_priced_carts_use_the_merchants_currency() {
    let app = TestApp::start_with(Setup { default_currency: "EUR", ..Setup::default() }).await;
    let body = priced_by(&app, "price_id", &json!(PRICE_A));
    let order = app.create(&body, "converted").await.expect(201).json();
    assert_eq!((&order["amount"], &order["currency_code"]), (&json!(762), &json!("EUR")), "5 000 francs");
    // A price in another currency than the requested one is refused.
    app.lomi.quirks(json!({ "prices_converted": false })).await;
    let answer = app.create(&body, "kept").await;
    assert_eq!(answer.problem(), (502, "provider_rejected".to_owned()));
    let orders = app.orders().await;
    assert_eq!(orders.iter().filter(|order| order["status"] == "open").count(), 1, "nobody gets the other page");
    app.audit().await;
}

/// A purchase, a missed delivery that is resent, the payer in the customer list, and a refund by the id that lomi's
/// dashboard shows.
#[tokio::test]
async fn a_day_in_the_shop_is_the_same_in_every_generation() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        let order = open_order(&app, &app.fresh_key()).await;
        app.lomi.quirks(json!({ "session_events": false })).await;
        app.lomi.webhook_fault("bad_signature", json!(null)).await;
        let transaction_id = app.pay(&order, "card").await;
        eventually("lomi. gives up", async || {
            app.lomi.outbox().await.last().is_some_and(|row| row["status"] == "dead_letter").then_some(())
        })
        .await;
        app.lomi.clear_faults().await;
        assert_eq!(app.order_status(&order.order_id).await, "open", "{profile}");
        let (sent_again, _, failed) = app.resent(&json!({})).await;
        assert_eq!((sent_again, failed.len()), (1, 0), "{profile}");
        assert_eq!(app.timeline(&order.order_id).await.last().unwrap(), "paid/webhook", "{profile}");

        let row = app.lomi.transactions().await.pop().expect("a payment");
        let listed = app.admin("GET", "/admin/customers?limit=50", &serde_json::Value::Null).await.expect(200).json();
        let customers = listed["data"].as_array().expect("customers");
        let is_payer = |customer: &&serde_json::Value| customer["customer_id"] == row["customer_id"];
        assert_eq!(customers.iter().filter(is_payer).count(), 1, "{profile}");

        // Only the newest dashboard shows another id than the API.
        let shown = if profile == "current" { row["public_id"].clone() } else { json!(transaction_id) };
        let back = app.refund(&order.order_id, &json!({ "transaction_id": shown }), &app.fresh_key()).await;
        assert_eq!(back.expect(201).json()["refund"]["status"], "completed", "{profile}");
        assert_eq!(app.order_status(&order.order_id).await, "refunded", "{profile}");
    }
    app.audit().await;
}
