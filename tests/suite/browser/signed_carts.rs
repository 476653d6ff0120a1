//! `checkout.js` with carts that the merchant's backend signs anew each time, as on a shop's own page.

use serde_json::{Value, json};
use tests::TestApp;
use tests::cart_token::{in_s, sign};

use super::driver::{Browser, browse};
use super::shop::AWA;

const OPEN: &str = "const { api, cart } = arguments[0];
    return import('/checkout.js').then(({ createCheckout }) => createCheckout({ api, language: () => 'fr' }).createPaymentIntent(cart))";

/// Requests a card form for this amount in francs, in a freshly signed cart.
async fn open(app: &TestApp, browser: &Browser, francs: i64, expires_in_s: i64) -> Value {
    let claims = json!({ "amount": francs, "currency_code": "XOF", "reference": "A-7", "exp": in_s(expires_in_s) });
    let token = sign(&claims, &app.secret("CART_TOKEN_SECRET_ID"));
    app.keep_out_of_logs(&token);
    let cart = app.card_body(json!({ "cart_token": token }));
    browser.run(OPEN, json!({ "api": app.stack.urls().gateway, "cart": cart })).await
}

fn text(opened: &Value, name: &str) -> String {
    opened[name].as_str().unwrap_or_else(|| panic!("no {name}: {opened}")).to_owned()
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_re_signed_cart_is_never_paid_twice() {
    browse(AWA, async |app, browser| {
        browser.open("").await;
        let first = open(app, browser, 18_500, 600).await;
        // The page was reloaded, and the backend signed again: the previous order is abandoned.
        let second = open(app, browser, 18_500, 700).await;
        assert_ne!(first["order_id"], second["order_id"]);
        assert_eq!(app.order_status(&text(&first, "order_id")).await, "cancelled");
        app.lomi.confirm_card(&text(&second, "payment_intent_id"), &text(&second, "client_secret")).await;
        app.wait_for(&text(&second, "order_id"), "paid").await;
        // The shopper never saw the receipt and clicks once more.
        let third = open(app, browser, 18_500, 800).await;
        assert_eq!((&third["order_id"], &third["client_secret"]), (&second["order_id"], &Value::Null));
        let other = open(app, browser, 9_000, 800).await;
        assert!(other["client_secret"].is_string(), "another cart is another purchase: {other}");
        assert_eq!(app.orders().await.len(), 3);
    })
    .await;
}
