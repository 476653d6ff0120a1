//! Every generation of lomi.'s API, and every habit of it that has been seen.

use serde_json::json;
use tests::{Created, TestApp};

/// An open order. The oldest generation wants to be told which rails to offer; the others do not mind.
async fn open_order(app: &TestApp, key: &str) -> Created {
    let mut body = app.cart(1);
    body["allowed_providers"] = json!(["WAVE", "MTN", "STRIPE"]);
    Created::of(&app.create(&body, key).await)
}

#[tokio::test]
async fn a_shopper_can_pay_whichever_generation_lomi_speaks() {
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
async fn a_shopper_can_pay_whichever_habit_lomi_has() {
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
